"""Speech that is heard while it is made: the bytes that were served, with the times of the words."""

import base64
import json
from typing import Any

import pytest
from tests.hume.cases import USUAL
from tests.support.listening import assert_flat, assert_heard_at_once, assert_leaving_closes, assert_nothing_repeated
from tests.support.speech import (
    TEXT,
    SpeechDesk,
)
from tests.support.worlds import SyncWorld

from tarash.tarash_gateway.models import AudioOutputFormat
from tarash.testkit.hume import HumeSimulator
from tarash.testkit.steps import Chunk, Finish, Start

pytestmark = pytest.mark.filterwarnings("ignore::tarash.tarash_gateway.exceptions.TarashWarning")
TIMED: dict[str, Any] = {"model": "octave-2", "provider_config": {"timings": True}}
PIECE = json.dumps({"type": "audio", "audio": base64.b64encode(b"\0" * 60_000).decode()}).encode() + b"\n"


@pytest.mark.parametrize("form", ["mp3", "wav", "pcm"])
def test_a_stream_is_one_sound(desk: SpeechDesk, form: str) -> None:
    wanted = {"output_format": AudioOutputFormat(format=form)}
    chunks = desk.listen(wanted)
    whole = desk.generate("tts", wanted)
    assert len(chunks) > 1
    assert b"".join(chunk.audio for chunk in chunks) == base64.b64decode(whole.audio)
    assert {(chunk.content_type or "").partition(";")[0] for chunk in chunks} == {
        f"audio/{'mpeg' if form == 'mp3' else form}"
    }
    assert [one.path for one in desk.vendor.server.requests] == ["/v0/tts/stream/json", "/v0/tts"]


def test_a_stream_with_timings(desk: SpeechDesk) -> None:
    chunks = desk.listen(**TIMED)
    timings = [timing for chunk in chunks for timing in chunk.timings]
    assert b"".join(chunk.audio for chunk in chunks) == base64.b64decode(desk.generate("tts").audio)
    assert [timing.text for timing in timings] == TEXT.split()
    assert [timings[0].start, timings[-1].end] == pytest.approx([0, 1.5], abs=0.01)
    assert {timing.unit for timing in timings} == {"word"}


def test_phonemes_are_no_words(desk: SpeechDesk) -> None:
    chunks = desk.listen({"extra_params": {"include_timestamp_types": ["phoneme"]}}, model="octave-2")
    assert not [timing for chunk in chunks for timing in chunk.timings]


SENSELESS = [None, "soon", {"type": "word", "time": {"begin": "soon", "end": 2}}, {"type": "word", "time": {"end": 1}}]


@pytest.mark.parametrize("stamp", SENSELESS)
def test_a_timing_without_sense_does_not_harm_the_sound(desk: SpeechDesk, stamp: object) -> None:
    lines = [{"type": "timestamp", "timestamp": stamp}, {"type": "audio", "audio": "SUQz"}]
    body = b"".join(json.dumps(line).encode() + b"\n" for line in lines)
    desk.vendor.fail_next("stream", Start(200), Chunk(body), Finish())
    chunks = desk.listen()
    assert [(chunk.audio, chunk.timings) for chunk in chunks] == [(b"", ()), (b"ID3", ())]


def test_speech_with_timings(desk: SpeechDesk) -> None:
    [[snippet]] = desk.generate("tts", **TIMED).raw_response["generations"][0]["snippets"]
    assert [stamp["text"] for stamp in snippet["timestamps"]] == TEXT.split()


def test_the_first_sound_is_heard_before_the_last_is_made(desk: SpeechDesk) -> None:
    assert_heard_at_once(desk, PIECE, PIECE)


def test_leaving_early_closes_the_connection(desk: SpeechDesk) -> None:
    assert_leaving_closes(desk, PIECE)


def test_no_sound_is_repeated(desk: SpeechDesk) -> None:
    assert_nothing_repeated(desk, PIECE)


def test_a_long_stream_takes_little_memory(vendor: HumeSimulator) -> None:
    assert_flat(SpeechDesk(SyncWorld(), "hume", vendor, USUAL), PIECE)
