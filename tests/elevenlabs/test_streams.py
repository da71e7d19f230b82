"""Speech that is heard while it is made: the bytes that were served, with timings where they are wanted."""

import base64
import itertools
import json
from typing import Any

import pytest
from tests.elevenlabs.cases import SPELLED, USUAL, VOICE
from tests.support.listening import assert_flat, assert_heard_at_once, assert_leaving_closes, assert_nothing_repeated
from tests.support.speech import (
    TEXT,
    SpeechDesk,
)
from tests.support.worlds import SyncWorld, in_one_world

from tarash.tarash_gateway.exceptions import ValidationError
from tarash.tarash_gateway.models import AudioOutputFormat
from tarash.testkit.elevenlabs import ElevenLabsSimulator
from tarash.testkit.steps import Chunk, Finish, Start

pytestmark = pytest.mark.filterwarnings("ignore::tarash.tarash_gateway.exceptions.TarashWarning")
TIMED: dict[str, Any] = {"provider_config": {"timings": True}}
PIECES: dict[str, tuple[bytes, dict[str, Any]]] = {
    "raw": (b"ID3" + b"\0" * 59_997, {}),
    "timed": (json.dumps({"audio_base64": base64.b64encode(b"\0" * 60_000).decode()}).encode() + b"\n\n", TIMED),
}
pieces = pytest.mark.parametrize(("piece", "options"), PIECES.values(), ids=list(PIECES))


@in_one_world
@pytest.mark.parametrize("name", [name for name in SPELLED if not name.startswith("wav")])
def test_a_stream_is_what_was_served(desk: SpeechDesk, name: str) -> None:
    chunks = desk.listen(SPELLED[name])
    whole = desk.generate("tts", SPELLED[name])
    assert b"".join(chunk.audio for chunk in chunks) == base64.b64decode(whole.audio)
    assert {chunk.content_type for chunk in chunks} == {whole.content_type}
    assert [one.path for one in desk.vendor.server.requests] == [
        f"/v1/text-to-speech/{VOICE}/stream",
        f"/v1/text-to-speech/{VOICE}",
    ]


def test_no_wav_is_streamed(desk: SpeechDesk) -> None:
    with pytest.raises(ValidationError, match="the vendor makes mp3, pcm, opus, not 'wav'"):
        desk.listen({"output_format": AudioOutputFormat(format="wav")})
    assert desk.vendor.ledger.posts == 0


def test_a_stream_with_timings(desk: SpeechDesk) -> None:
    chunks = desk.listen(**TIMED)
    timings = [timing for chunk in chunks for timing in chunk.timings]
    assert b"".join(chunk.audio for chunk in chunks) == base64.b64decode(desk.generate("tts").audio)
    assert "".join(timing.text for timing in timings) == TEXT
    assert {timing.unit for timing in timings} == {"character"}
    assert all(earlier.end == pytest.approx(later.start) for earlier, later in itertools.pairwise(timings))


COLUMNS = ("characters", "character_start_times_seconds", "character_end_times_seconds")


@pytest.mark.parametrize("columns", [([], 0, 1), ("Hi", [0, 1], [1, 2]), (["H"], ["soon"], [1]), (["H"], [0], None)])
def test_timings_without_sense_do_not_harm_the_sound(desk: SpeechDesk, columns: Any) -> None:
    line = {"audio_base64": "SUQz", "alignment": dict(zip(COLUMNS, columns, strict=True))}
    desk.vendor.fail_next("stream", Start(200), Chunk(json.dumps(line).encode()), Finish())
    assert [(chunk.audio, chunk.timings) for chunk in desk.listen(**TIMED)] == [(b"ID3", ())]


def test_speech_with_timings(desk: SpeechDesk) -> None:
    response = desk.generate("tts", **TIMED)
    assert response.audio == desk.generate("tts").audio
    assert "".join(response.raw_response["alignment"]["characters"]) == TEXT
    assert "audio_base64" not in response.raw_response
    assert response.raw_response["character-cost"] == str(len(TEXT))


@pieces
def test_the_first_sound_is_heard_before_the_last_is_made(desk: SpeechDesk, piece: bytes, options: Any) -> None:
    assert_heard_at_once(desk, piece, piece, **options)


@pieces
def test_leaving_early_closes_the_connection(desk: SpeechDesk, piece: bytes, options: Any) -> None:
    assert_leaving_closes(desk, piece, **options)


@pieces
def test_no_sound_is_repeated(desk: SpeechDesk, piece: bytes, options: Any) -> None:
    assert_nothing_repeated(desk, piece, **options)


def test_a_long_stream_takes_little_memory(desk: SpeechDesk) -> None:
    assert_flat(desk, PIECES["raw"][0])


def test_so_does_one_with_timings(vendor: ElevenLabsSimulator) -> None:
    assert_flat(SpeechDesk(SyncWorld(), "elevenlabs", vendor, USUAL), PIECES["timed"][0], **TIMED)
