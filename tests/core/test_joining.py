"""Pieces of sound in one file: it decodes from end to end, and lasts as long as the pieces together."""

import base64
import io
from itertools import pairwise

import av
import pytest
from tests.support.speech import heard

from tarash.tarash_gateway.audio_duration import audio_duration
from tarash.tarash_gateway.joining import JOINABLE, join_sounds
from tarash.testkit.sounds import sound

SECONDS = (1.0, 0.4, 1.3)
RATES = {"mp3": (8000, 16_000, 24_000, 44_100, 48_000), "opus": (24_000, 48_000), "ulaw": (8000,), "alaw": (8000,)}
TYPES = {"pcm": "audio/pcm", "ulaw": "audio/basic", "alaw": "audio/x-alaw"}
CASES = [(form, rate) for form in JOINABLE for rate in RATES.get(form, (16_000, 24_000))]


@pytest.mark.parametrize("channels", [1, 2])
@pytest.mark.parametrize(("form", "rate"), CASES)
def test_the_joined_file_decodes_and_lasts_as_long(form: str, rate: int, channels: int) -> None:
    if channels == 2 and form in TYPES:
        pytest.skip("samples without a header do not tell their channels")
    pieces = [sound(form, rate, seconds=seconds, channels=channels) for seconds in SECONDS]
    joined = join_sounds(pieces, TYPES.get(form))
    single, whole = heard(pieces[0], form, rate), heard(joined, form, rate)
    assert whole[:4] == single[:4]
    # Encoders add silence around each piece, at most two frames of it.
    silence = 2 * 1152 / rate * len(pieces) if form in ("mp3", "aac") else 0.01
    assert sum(SECONDS) - 0.01 <= whole.seconds <= sum(SECONDS) + silence
    assert audio_duration(joined, TYPES.get(form), rate) == pytest.approx(whole.seconds, abs=0.06)


@pytest.mark.parametrize("bitrate", [32, 64, 192])
def test_an_mp3_says_how_long_it_is(bitrate: int) -> None:
    joined = join_sounds([sound("mp3", 44_100, bitrate, seconds) for seconds in SECONDS])
    assert (joined.count(b"Xing"), joined.count(b"Info"), joined.count(b"ID3")) == (1, 0, 0)
    with av.open(io.BytesIO(joined)) as reader:
        assert (reader.duration or 0) / 1e6 == pytest.approx(heard(joined, "mp3").seconds, abs=0.06)


def test_pieces_of_different_bit_rates_are_one_mp3() -> None:
    joined = join_sounds([sound("mp3", 44_100, 192, 2.0), sound("mp3", 44_100, 32, 2.0)])
    with av.open(io.BytesIO(joined)) as reader:
        assert (reader.duration or 0) / 1e6 == pytest.approx(4.0, abs=0.15)


def test_a_wav_has_one_header_with_true_sizes() -> None:
    pieces = [sound("wav", 16_000, seconds=seconds) for seconds in SECONDS]
    endless = pieces[0].replace(b"data\x00\x7d\x00\x00", b"data\xff\xff\xff\xff")
    assert endless != pieces[0]
    for first in (pieces[0], endless):
        joined = join_sounds([first, *pieces[1:]])
        assert joined.count(b"RIFF") == 1
        assert int.from_bytes(joined[4:8], "little") == len(joined) - 8
        assert heard(joined, "wav").seconds == pytest.approx(sum(SECONDS))


def test_the_streams_of_a_chain_have_numbers_of_their_own() -> None:
    piece = sound("opus", 48_000, seconds=1.0)
    joined = join_sounds([piece, piece, piece])
    pages = [joined[at : at + 18] for at in range(len(joined)) if joined[at : at + 4] == b"OggS"]
    serials = [page[14:18] for page in pages]
    assert len(set(serials)) == 3
    assert sum(one != other for one, other in pairwise(serials)) == 2
    assert heard(joined, "opus").seconds == pytest.approx(3.0, abs=0.01)


def test_one_piece_stays_as_it_is() -> None:
    assert join_sounds([b"whatever"]) == b"whatever"


@pytest.mark.parametrize(
    ("pieces", "reason"),
    [
        ([sound("mp3", 24_000), sound("wav", 24_000)], "they differ: audio/mpeg, audio/wav"),
        ([sound("wav", 24_000), sound("wav", 16_000)], "differ"),
        ([sound("wav", 24_000), sound("wav float", 24_000)], "differ"),
        ([sound("wav", 24_000), sound("wav", 24_000, channels=2)], "differ"),
        ([sound("mp3", 24_000), sound("mp3", 44_100)], "differ in sample rate"),
        ([sound("mp3", 24_000), sound("mp3", 24_000, channels=2)], "channels"),
        ([sound("flac", 24_000), sound("flac", 24_000)], "audio/flac cannot be joined"),
        ([base64.b64decode("AAAAIGZ0eXBNNEEg") + bytes(40)] * 2, "cannot be joined"),
    ],
)
def test_what_cannot_be_one_file_is_refused(pieces: list[bytes], reason: str) -> None:
    with pytest.raises(ValueError, match=reason):
        join_sounds(pieces)
