"""Speech and changed voices, from the request to the sound that is heard."""

import base64
from pathlib import Path
from typing import Any

import pytest
from tests.elevenlabs.cases import SPELLED, USUAL, VOICE
from tests.support.speech import FORMATS, RECORDING, SpeechDesk, assert_kept, assert_sounds, format_name, heard, silence
from tests.support.worlds import SyncWorld, in_one_world

from tarash.providers.elevenlabs.provider import OFFERS
from tarash.tarash_gateway.exceptions import HTTPError, ValidationError
from tarash.tarash_gateway.models import AudioOutputFormat
from tarash.testkit.elevenlabs import VOICES, ElevenLabsSimulator, errors
from tarash.testkit.elevenlabs.catalogue import FORMATS as VENDOR_FORMATS
from tarash.testkit.server import ScriptedServer
from tarash.testkit.sounds import sound
from tarash.testkit.steps import Answer

pytestmark = pytest.mark.filterwarnings("ignore::tarash.tarash_gateway.exceptions.TarashWarning")
TIMED: dict[str, Any] = {"provider_config": {"timings": True}}
kinds = pytest.mark.parametrize("kind", ["tts", "sts"])


@kinds
def test_the_pages_are_kept_by_the_letter(desk: SpeechDesk, kind: str) -> None:
    assert_kept(desk, kind)


@kinds
def test_the_default_format(desk: SpeechDesk, kind: str, tmp_path: Path) -> None:
    response = desk.generate(kind)
    assert_sounds(response, "mp3", 44_100)
    saved = desk.world.save(response, tmp_path / "speech")
    assert (saved.suffix, saved.read_bytes()) == (".mp3", base64.b64decode(response.audio))
    assert response.raw_response["request-id"] == "request-1"
    assert response.execution_metadata.attempts[0].request_id == "request-1"
    assert desk.vendor.ledger.charges("request-1") == 1


@in_one_world
@kinds
@pytest.mark.parametrize("wanted", FORMATS, ids=format_name)
def test_every_format_is_made_or_refused_before_paying(desk: SpeechDesk, kind: str, wanted: AudioOutputFormat) -> None:
    if wanted.format == "flac":
        with pytest.raises(ValidationError, match="the vendor makes mp3, wav, pcm, opus, not 'flac'"):
            desk.generate(kind, {"output_format": wanted})
        assert desk.vendor.ledger.posts == 0
        return
    response = desk.generate(kind, {"output_format": wanted})
    [outcome] = [one for one in response.parameters if one.field == "output_format"]
    made = VENDOR_FORMATS[str(desk.vendor.server.requests[0].query_value("output_format"))]
    assert_sounds(response, wanted.format, made.sample_rate)
    exact = wanted.sample_rate in (None, made.sample_rate) and wanted.bitrate in (None, made.bitrate)
    assert (outcome.outcome != "rounded") == exact, outcome


def test_the_formats_are_those_of_the_vendor() -> None:
    ours = {f"{form}_{one.rate}" + f"_{one.bitrate}" * bool(one.bitrate) for form in OFFERS for one in OFFERS[form]}
    assert ours == set(VENDOR_FORMATS) - {"ulaw_8000", "alaw_8000"}


@kinds
@pytest.mark.parametrize("form", ["ulaw", "alaw"])
def test_a_format_without_a_name_of_ours(desk: SpeechDesk, kind: str, form: str, tmp_path: Path) -> None:
    response = desk.generate(kind, SPELLED[f"{form}_8000"])
    found = heard(base64.b64decode(response.audio), form, 8000)
    assert response.content_type in ("audio/basic;rate=8000", "audio/x-alaw;rate=8000")
    assert response.duration == pytest.approx(found.seconds, abs=0.01)
    assert desk.world.save(response, tmp_path / "speech").stat().st_size == len(base64.b64decode(response.audio))


def test_a_wav_has_its_true_sizes(desk: SpeechDesk) -> None:
    content = base64.b64decode(desk.generate("tts", {"output_format": AudioOutputFormat(format="wav")}).audio)
    assert int.from_bytes(content[4:8], "little") == len(content) - 8


# --- changing voices


def test_the_older_path_is_asked_after_a_404(desk: SpeechDesk, virtual_clock: Any, ledger: Any) -> None:
    with ElevenLabsSimulator(clock=virtual_clock, ledger=ledger, sts_paths=["speech-to-speech"]) as older:
        response = desk.generate("sts", base_url=older.base_url)
        assert_sounds(response, "mp3", 44_100)
        assert [one.segments[1] for one in older.requests()] == ["voice-changer", "speech-to-speech"]
        assert ledger.total_charges == 1


def test_the_path_can_be_named(desk: SpeechDesk) -> None:
    desk.generate("sts", provider_config={"sts_path": "speech-to-speech"})
    assert [one.segments[1] for one in desk.vendor.server.requests] == ["speech-to-speech"]


def test_an_unknown_voice_is_not_asked_for_twice(desk: SpeechDesk) -> None:
    with pytest.raises(HTTPError, match="voice_not_found"):
        desk.generate("sts", {"voice_id": "nobody"})
    assert desk.vendor.ledger.posts == 1


def test_a_voice_changer_that_is_nowhere(desk: SpeechDesk) -> None:
    desk.vendor.server.script("POST", "/v1/*", Answer(404, {"Content-Type": "text/html"}, "<html>"), times=None)
    with pytest.raises(HTTPError, match="does not know this path") as caught:
        desk.generate("sts")
    assert caught.value.status_code == 404


def test_a_recording_behind_a_link_is_fetched_without_the_key(desk: SpeechDesk) -> None:
    with ScriptedServer(lambda request: Answer(200, {"Content-Type": "audio/wav"}, RECORDING["content"])) as host:
        assert_sounds(desk.generate("sts", {"audio": f"{host.url}/recording.wav"}), "mp3", 44_100)
        assert "xi-api-key" not in host.requests[0].headers
    assert desk.vendor.ledger.posts == 1


def test_a_link_to_nothing_is_found_before_paying(desk: SpeechDesk) -> None:
    with ScriptedServer() as host, pytest.raises(ValidationError, match="cannot be fetched"):
        desk.generate("sts", {"audio": f"{host.url}/recording.wav"})
    assert desk.vendor.ledger.posts == 0


@pytest.mark.parametrize("form", ["base64", "data URI", "path", "file", "bytes"])
def test_the_recording_in_every_form(vendor: ElevenLabsSimulator, form: str, tmp_path: Path) -> None:
    content, path = RECORDING["content"], tmp_path / "recording.wav"
    path.write_bytes(content)
    encoded = base64.b64encode(content).decode()
    with path.open("rb") as file:
        given = {
            "base64": encoded,
            "data URI": f"data:audio/wav;base64,{encoded}",
            "path": path,
            "file": file,
            "bytes": content,
        }
        desk = SpeechDesk(SyncWorld(), "elevenlabs", vendor, {"sts": {"audio": given[form], "voice_id": VOICE}})
        desk.generate("sts")
    [part] = [part for part in vendor.requests("sts")[0].parts if part.name == "audio"]
    assert (part.content, part.file_name, part.content_type) == (content, "input.wav", "audio/wav")


def test_an_hour_of_speech_is_taken(vendor: ElevenLabsSimulator) -> None:
    served = silence(70)
    vendor.fail_next("tts", Answer(200, {"Content-Type": "audio/wav"}, served))
    response = SpeechDesk(SyncWorld(), "elevenlabs", vendor, USUAL).generate("tts")
    assert response.duration == pytest.approx(70e6 / 48_000 / 4)
    assert len(response.audio) > len(served)


def test_a_large_recording_is_sent_from_disk(vendor: ElevenLabsSimulator, tmp_path: Path) -> None:
    path = tmp_path / "recording.wav"
    path.write_bytes(silence(40))
    vendor.fail_next("sts", Answer(200, {"Content-Type": "audio/mpeg"}, sound("mp3", 44_100)))
    SpeechDesk(SyncWorld(), "elevenlabs", vendor, USUAL).generate("sts", {"audio": path})
    assert path.read_bytes() in vendor.requests("sts")[0].body


def test_one_that_is_too_large_is_refused(desk: SpeechDesk, tmp_path: Path) -> None:
    path = tmp_path / "recording.wav"
    path.write_bytes(silence(60))
    with pytest.raises(ValidationError, match="52428800 bytes at most"):
        desk.generate("sts", {"audio": path})
    assert desk.vendor.ledger.posts == 0


def test_nothing_is_lost_when_the_vendor_is_busy_once(desk: SpeechDesk) -> None:
    desk.vendor.fail_next("tts", errors.too_many(retry_after="2"))
    assert_sounds(desk.generate("tts"), "mp3", 44_100)
    assert (desk.vendor.ledger.posts, desk.vendor.ledger.total_charges) == (2, 1)


def test_every_page_of_voices_is_listed(desk: SpeechDesk) -> None:
    listed = desk.world.call("list_voices", desk.config())
    assert [(voice.id, voice.name) for voice in listed] == [(voice.id, voice.name) for voice in VOICES]
    assert desk.vendor.ledger.posts == 0
