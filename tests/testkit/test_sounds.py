"""The speech that simulators serve really is what it says."""

import pytest
from tests.support.speech import heard

from tarash.testkit.elevenlabs import ElevenLabsSimulator
from tarash.testkit.sounds import FORMS, seconds_in, sound
from tarash.testkit.speech import in_pieces, spoken_seconds

RATES = (8000, 16_000, 24_000, 48_000)
CODECS = {"float": "pcm_f32le", "wav": "pcm", "wav float": "pcm_f32le", "wav ulaw": "ulaw", "wav alaw": "alaw"}


@pytest.mark.parametrize("rate", RATES)
@pytest.mark.parametrize("form", [form for form in FORMS if form != "float"])
def test_a_sound_decodes_as_what_was_asked_for(form: str, rate: int) -> None:
    found = heard(sound(form, rate, seconds=0.5), form, rate)
    # Opus always decodes at 48,000 Hz; AAC fills its last frame.
    assert found.sample_rate == (48_000 if form == "opus" else rate)
    assert (found.codec, found.channels) == (CODECS.get(form, form), 1)
    assert found.seconds == pytest.approx(0.5, abs=0.15 if form == "aac" else 0.01)


def test_stereo_and_a_bit_rate() -> None:
    small, large = (sound("mp3", 44_100, bitrate, channels=2) for bitrate in (64, 192))
    assert heard(large, "mp3").channels == 2
    assert len(large) > 2 * len(small)


def test_an_unknown_form_has_no_sound() -> None:
    with pytest.raises(KeyError):
        sound("midi", 44_100)


@pytest.mark.parametrize("form", ["mp3", "wav", "flac", "opus"])
def test_the_length_of_a_recording(form: str) -> None:
    assert seconds_in(sound(form, 48_000, seconds=0.7)) == pytest.approx(0.7, abs=0.01)


@pytest.mark.parametrize("recording", [b"", b"text", sound("wav", 8000)[:44]])
def test_what_is_no_recording_has_no_length(recording: bytes) -> None:
    with pytest.raises(ValueError, match="recording"):
        seconds_in(recording)


def test_pieces_joined_are_the_whole() -> None:
    assert [list(in_pieces(b"x" * length)) for length in (0, 1, 9)] == [[], [b"x"], [b"xxx"] * 3]
    assert (spoken_seconds("Hi"), spoken_seconds("x" * 30), spoken_seconds("x" * 999)) == (0.3, 1.5, 3.0)


def test_only_what_a_vendor_has_can_fail() -> None:
    with ElevenLabsSimulator() as simulator, pytest.raises(ValueError, match="'video' is none of models, stream, sts"):
        simulator.fail_next("video", times=None)
