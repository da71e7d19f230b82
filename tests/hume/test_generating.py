"""Speech and changed voices, from the request to the sound that is heard."""

import base64
import json
from pathlib import Path
from typing import Any

import pytest
from tests.hume.cases import OWN, USUAL, VOICE
from tests.support.speech import FORMATS, RECORDING, SpeechDesk, assert_kept, assert_sounds, format_name, heard, silence
from tests.support.worlds import SyncWorld, in_one_world

from tarash.tarash_gateway.exceptions import ValidationError
from tarash.tarash_gateway.models import AudioOutputFormat
from tarash.testkit.hume import LIBRARY, OWN_VOICES, HumeSimulator, errors
from tarash.testkit.server import ScriptedServer
from tarash.testkit.steps import Answer

pytestmark = pytest.mark.filterwarnings("ignore::tarash.tarash_gateway.exceptions.TarashWarning")
TIMED: dict[str, Any] = {"model": "octave-2", "provider_config": {"timings": True}}
kinds = pytest.mark.parametrize("kind", ["tts", "sts"])


@kinds
def test_the_pages_are_kept_by_the_letter(desk: SpeechDesk, kind: str) -> None:
    assert_kept(desk, kind)


@kinds
def test_the_default_format(desk: SpeechDesk, kind: str, tmp_path: Path) -> None:
    response = desk.generate(kind)
    assert_sounds(response, "mp3", 48_000)
    saved = desk.world.save(response, tmp_path / "speech")
    assert (saved.suffix, saved.read_bytes()) == (".mp3", base64.b64decode(response.audio))
    assert desk.vendor.ledger.charges("request-1") == 1


@in_one_world
@kinds
@pytest.mark.parametrize("wanted", FORMATS, ids=format_name)
def test_every_format_is_made_or_refused_before_paying(desk: SpeechDesk, kind: str, wanted: AudioOutputFormat) -> None:
    if wanted.format in ("flac", "opus"):
        with pytest.raises(ValidationError, match=f"the vendor makes mp3, wav, pcm, not '{wanted.format}'"):
            desk.generate(kind, {"output_format": wanted})
        assert desk.vendor.ledger.posts == 0
        return
    response = desk.generate(kind, {"output_format": wanted})
    assert_sounds(response, wanted.format, 48_000)
    [outcome] = [one for one in response.parameters if one.field == "output_format"]
    exact = wanted.sample_rate in (None, 48_000) and wanted.bitrate is None
    assert (outcome.outcome != "rounded") == exact, outcome
    assert ("48000 Hz" in str(outcome.reason)) == (wanted.sample_rate not in (None, 48_000))


def test_what_is_told_of_speech(desk: SpeechDesk, tmp_path: Path) -> None:
    response = desk.generate("tts", {"extra_params": {"num_generations": 2}})
    raw = response.raw_response
    assert [generation["generation_id"] for generation in raw["generations"]] == ["request-1-0", "request-1-1"]
    assert raw["generations"][0]["encoding"] == {"format": "mp3", "sample_rate": 48_000}
    assert response.execution_metadata.attempts[0].request_id == "request-1"
    assert response.provider_metadata == {"request_id": "request-1", "generation_id": "request-1-0"}
    assert response.audio not in json.dumps(raw)
    second = desk.world.save(response, tmp_path / "second", index=1)
    assert heard(second.read_bytes(), "mp3").seconds == pytest.approx(raw["generations"][1]["duration"], abs=0.01)


def test_a_long_answer_is_taken(vendor: HumeSimulator) -> None:
    generation = {"audio": base64.b64encode(silence(27)).decode(), "duration": 150.0, "snippets": []}
    vendor.fail_next("tts", Answer(200, json={"request_id": "r", "generations": [generation] * 2}))
    response = SpeechDesk(SyncWorld(), "hume", vendor, USUAL).generate("tts")
    assert (response.duration, len(response.audio) > 36_000_000) == (150.0, True)


def test_one_s_own_voice_is_named_as_such(desk: SpeechDesk) -> None:
    fields = {"voice_id": OWN, "voice_settings": {"provider": "CUSTOM_VOICE"}}
    for kind in ("tts", "sts"):
        assert_sounds(desk.generate(kind, fields), "mp3", 48_000)


def test_a_voice_that_is_designed(desk: SpeechDesk) -> None:
    assert_sounds(desk.generate("tts", {"voice_id": None, "voice_settings": {"description": "old"}}), "mp3", 48_000)
    chunks = desk.listen({"voice_id": None, "voice_settings": {"description": "old"}})
    assert heard(b"".join(chunk.audio for chunk in chunks), "mp3").sample_rate == 48_000


# --- changing voices


def test_a_recording_behind_a_link_is_fetched_without_the_key(desk: SpeechDesk) -> None:
    with ScriptedServer(lambda request: Answer(200, {"Content-Type": "audio/wav"}, RECORDING["content"])) as host:
        assert_sounds(desk.generate("sts", {"audio": f"{host.url}/recording.wav"}), "mp3", 48_000)
        assert "x-hume-api-key" not in host.requests[0].headers
    assert desk.vendor.ledger.posts == 1


def test_a_recording_on_disk(desk: SpeechDesk, tmp_path: Path) -> None:
    path = tmp_path / "recording.wav"
    path.write_bytes(RECORDING["content"])
    assert_sounds(desk.generate("sts", {"audio": path, "voice_id": VOICE}), "mp3", 48_000)


def test_nothing_is_lost_when_the_vendor_is_busy_once(desk: SpeechDesk) -> None:
    desk.vendor.fail_next("tts", errors.too_many())
    assert_sounds(desk.generate("tts"), "mp3", 48_000)
    assert (desk.vendor.ledger.posts, desk.vendor.ledger.total_charges) == (2, 1)


def test_every_page_of_voices_is_listed(desk: SpeechDesk) -> None:
    listed = desk.world.call("list_voices", desk.config())
    assert [(voice.id, voice.name) for voice in listed] == [(voice.id, voice.name) for voice in (*LIBRARY, *OWN_VOICES)]
    assert desk.vendor.ledger.posts == 0
