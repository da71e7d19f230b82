"""Speech that is heard while it is made: at once, only once paid, never repeated, and left without a trace."""

import pytest
from tests.support.listening import assert_flat, assert_heard_at_once, assert_leaving_closes, assert_nothing_repeated
from tests.support.speech import LOSSES, SpeechDesk, assert_paid_once
from tests.support.worlds import World
from tests.xai.desk import Desk

from tarash.testkit.xai import XaiSimulator

PIECE = b"\xff\xf3" + bytes(1022)


@pytest.fixture
def speech(world: World, vendor: XaiSimulator) -> SpeechDesk:
    return SpeechDesk(world, "xai", vendor, {"tts": Desk.usual["tts"]})


def test_the_first_sound_comes_before_the_last_is_sent(speech: SpeechDesk) -> None:
    assert_heard_at_once(speech, PIECE, PIECE)


def test_leaving_early_closes_the_connection(speech: SpeechDesk) -> None:
    assert_leaving_closes(speech, PIECE)


def test_no_sound_is_repeated_after_a_fallback(speech: SpeechDesk) -> None:
    assert_nothing_repeated(speech, PIECE)


def test_a_long_stream_needs_little_memory(speech: SpeechDesk) -> None:
    assert_flat(speech, PIECE * 64)


@pytest.mark.parametrize("loss", [loss for loss in LOSSES if loss != "cut"])
def test_a_stream_that_is_lost_is_paid_once(speech: SpeechDesk, loss: str) -> None:
    assert_paid_once(speech, "stream", loss)
