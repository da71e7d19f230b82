"""Speech and changed voices, from the request to the sound that is heard."""

import base64
from pathlib import Path
from typing import Any

import pytest
from tests.cartesia.cases import MODEL, SPELLED, TIMED, VOICE, shape
from tests.support.speech import FORMATS, RECORDING, TEXT, SpeechDesk, assert_kept, assert_sounds, format_name, heard
from tests.support.worlds import in_one_world

from tarash.providers.cartesia.provider import OFFERS
from tarash.tarash_gateway import list_voices
from tarash.tarash_gateway.exceptions import HTTPError, SubmitOutcomeUnknownError, ValidationError
from tarash.tarash_gateway.models import AudioOutputFormat
from tarash.testkit.cartesia import VOICES, CartesiaSimulator, errors
from tarash.testkit.requests import RecordedRequest
from tarash.testkit.server import ScriptedServer
from tarash.testkit.speech import spoken_seconds
from tarash.testkit.steps import Answer, Chunk, CutChunked, Finish, Start

pytestmark = pytest.mark.filterwarnings("ignore::tarash.tarash_gateway.exceptions.TarashWarning")
kinds = pytest.mark.parametrize("kind", ["tts", "sts"])
HEADERLESS = {"audio/pcm": "pcm", "audio/basic": "ulaw", "audio/x-alaw": "alaw"}


@kinds
def test_the_pages_are_kept_by_the_letter(desk: SpeechDesk, kind: str) -> None:
    assert_kept(desk, kind)


@kinds
def test_the_default_format(desk: SpeechDesk, kind: str, tmp_path: Path) -> None:
    response = desk.generate(kind)
    assert_sounds(response, "mp3", 44_100)
    saved = desk.world.save(response, tmp_path / "speech")
    assert (saved.suffix, saved.read_bytes()) == (".mp3", base64.b64decode(response.audio))
    assert response.raw_response["cartesia-request-id"] == "request-1"
    assert desk.vendor.ledger.charges("request-1") == 1


def sent_format(request: RecordedRequest) -> dict[str, Any]:
    if request.path.startswith("/tts"):
        return dict(request.json["output_format"])
    texts = {part.name: part.text for part in request.parts if part.file_name is None}
    return {
        name.removeprefix("output_format[")[:-1]: int(text) if text.isdigit() else text
        for name, text in texts.items()
        if name and name.startswith("output_format")
    }


@in_one_world
@kinds
@pytest.mark.parametrize("wanted", FORMATS, ids=format_name)
def test_every_format_is_made_or_refused_before_paying(desk: SpeechDesk, kind: str, wanted: AudioOutputFormat) -> None:
    if wanted.format not in OFFERS:
        with pytest.raises(ValidationError, match=f"the vendor makes mp3, wav, pcm, not '{wanted.format}'"):
            desk.generate(kind, {"output_format": wanted})
        assert desk.vendor.ledger.posts == 0
        return
    response = desk.generate(kind, {"output_format": wanted})
    made = sent_format(desk.vendor.server.requests[0])
    assert_sounds(response, wanted.format, made["sample_rate"])
    [outcome] = [one for one in response.parameters if one.field == "output_format"]
    bitrates = (None, made.get("bit_rate", 0) // 1000)
    exact = wanted.sample_rate in (None, made["sample_rate"]) and wanted.bitrate in bitrates
    assert (outcome.outcome != "rounded") == exact, outcome


@kinds
@pytest.mark.parametrize("name", [name for name in SPELLED if "mulaw" in name or "alaw" in name])
def test_a_format_without_a_name_of_ours(desk: SpeechDesk, kind: str, name: str) -> None:
    response = desk.generate(kind, SPELLED[name][0])
    form = HEADERLESS.get(response.content_type.partition(";")[0], "wav")
    assert (form == "wav") == name.startswith("wav")
    found = heard(base64.b64decode(response.audio), form, 8000)
    assert found.codec in ("ulaw", "alaw")
    assert response.duration == pytest.approx(found.seconds, abs=0.01)


# --- streams


@in_one_world
@pytest.mark.parametrize("name", SPELLED)
def test_a_stream_is_what_was_served(desk: SpeechDesk, name: str) -> None:
    chunks = desk.listen(SPELLED[name][0])
    whole = desk.generate("tts", SPELLED[name][0])
    assert b"".join(chunk.audio for chunk in chunks) == base64.b64decode(whole.audio)
    assert {chunk.content_type for chunk in chunks} == {whole.content_type}
    assert [request.path for request in desk.vendor.server.requests] == ["/tts/bytes", "/tts/bytes"]


@pytest.mark.parametrize("form", ["mp3", "wav", "pcm"])
def test_a_stream_with_timings_is_samples(desk: SpeechDesk, form: str) -> None:
    chunks = desk.listen(shape(form, 24_000), **TIMED)
    audio = b"".join(chunk.audio for chunk in chunks)
    assert heard(audio, "pcm", 24_000).seconds == pytest.approx(spoken_seconds(TEXT), abs=0.01)
    assert {chunk.content_type for chunk in chunks} == {"audio/pcm;rate=24000"}
    timings = [timing for chunk in chunks for timing in chunk.timings]
    assert [timing.text for timing in timings] == TEXT.split()
    assert {timing.unit for timing in timings} == {"word"}
    assert timings[-1].end == pytest.approx(spoken_seconds(TEXT), abs=0.01)


def test_timings_are_only_for_streams(desk: SpeechDesk) -> None:
    assert_sounds(desk.generate("tts", **TIMED), "mp3", 44_100)


def test_an_error_among_events_is_one(desk: SpeechDesk) -> None:
    event = {"type": "error", "done": True, "status_code": 429, **errors.too_many().described("request-9")}
    body = f"data: {Answer(json=event).content.decode()}\n\n".encode()
    desk.vendor.fail_next("stream", Start(200, {"Content-Type": "text/event-stream"}), Chunk(body), Finish())
    with pytest.raises(HTTPError, match="too many requests at a time") as caught:
        desk.listen(**TIMED)
    assert (caught.value.status_code, caught.value.retryable) == (429, True)
    assert caught.value.raw_response["request_id"] == "request-9"


def test_a_stream_without_its_last_event_is_not_whole(desk: SpeechDesk) -> None:
    event = {"type": "chunk", "data": base64.b64encode(bytes(100)).decode(), "done": False}
    body = f"data: {Answer(json=event).content.decode()}\n\n".encode()
    desk.vendor.fail_next("stream", Start(200, {"Content-Type": "text/event-stream"}), Chunk(body), Finish())
    with pytest.raises(SubmitOutcomeUnknownError, match="ended before the last of its pieces") as caught:
        desk.listen(**TIMED)
    assert not caught.value.retryable


def test_a_stream_that_is_cut_is_paid_for(desk: SpeechDesk) -> None:
    desk.vendor.fail_next("tts", CutChunked(1000))
    with pytest.raises(SubmitOutcomeUnknownError) as caught:
        desk.listen()
    assert (caught.value.possibly_billed, desk.vendor.ledger.posts) == (True, 1)


# --- changing voices


def test_a_recording_behind_a_link_is_fetched_without_the_key(desk: SpeechDesk) -> None:
    with ScriptedServer(lambda request: Answer(200, {"Content-Type": "audio/wav"}, RECORDING["content"])) as host:
        assert_sounds(desk.generate("sts", {"audio": f"{host.url}/recording.wav"}), "mp3", 44_100)
        assert "authorization" not in host.requests[0].headers
    assert desk.vendor.ledger.posts == 1


def test_a_link_to_nothing_is_found_before_paying(desk: SpeechDesk) -> None:
    with ScriptedServer() as host, pytest.raises(ValidationError, match="cannot be fetched"):
        desk.generate("sts", {"audio": f"{host.url}/recording.wav"})
    assert desk.vendor.ledger.posts == 0


# --- versions, voices, waiting


@pytest.mark.parametrize("version", ["2024-11-13", "2025-04-16", "2025-11-04", "2026-03-01", "2026-08-14"])
def test_every_version_is_spoken(desk: SpeechDesk, version: str) -> None:
    assert_sounds(desk.generate("tts", api_version=version), "mp3", 44_100)
    assert_sounds(desk.generate("sts", api_version=version), "mp3", 44_100)
    with pytest.raises(ValidationError, match="Voice not found: There is no voice nobody"):
        desk.generate("tts", {"voice_id": "nobody"}, api_version=version)


def test_the_voices_are_all_listed(vendor: CartesiaSimulator, desk: SpeechDesk) -> None:
    voices = desk.world.call("list_voices", desk.config())
    assert [voice.id for voice in voices] == [voice.id for voice in VOICES]
    assert voices[0].languages[0] == "en"
    assert voices[0].preview_url is not None
    assert vendor.ledger.total_charges == 0


def test_a_voice_of_the_list_speaks(vendor: CartesiaSimulator, desk: SpeechDesk) -> None:
    voice = list_voices(desk.config())[-1]
    assert_sounds(desk.generate("tts", {"voice_id": voice.id}), "mp3", 44_100)


def test_nothing_is_lost_when_the_vendor_is_busy_once(desk: SpeechDesk) -> None:
    desk.vendor.fail_next("tts", errors.too_many().answer())
    assert_sounds(desk.generate("tts"), "mp3", 44_100)
    assert (desk.vendor.ledger.posts, desk.vendor.ledger.total_charges) == (2, 1)


def test_the_settings_of_the_simulator_are_enough(vendor: CartesiaSimulator, desk: SpeechDesk) -> None:
    desk.world.call("generate_tts", desk.config(**vendor.settings), desk.request("tts"))
    assert vendor.requests("tts")[0].json["model_id"] == MODEL
    assert vendor.requests("tts")[0].json["voice"] == {"id": VOICE}
