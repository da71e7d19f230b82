"""No bytes, however damaged or hostile, make the measuring of sound raise, run on or answer nonsense."""

import json
import math
import struct
import time
from importlib.resources import files
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tarash.tarash_gateway.audio_duration import audio_duration

ASSETS = Path(str(files("tarash.tarash_gateway") / "assets"))
MANIFEST = json.loads((ASSETS / "manifest.json").read_text())
OPUS = (ASSETS / "audio.opus").read_bytes()
FLAC = (ASSETS / "audio.flac").read_bytes()

SAMPLES = [(ASSETS / name).read_bytes()[:6_000] for name in MANIFEST] + [
    b"RIFF\xff\xff\xff\xffWAVEds64\x1c\0\0\0" + bytes(28) + (ASSETS / "audio.wav").read_bytes()[12:200],
]


def is_sane(seconds: float | None) -> bool:
    return seconds is None or (math.isfinite(seconds) and 0 <= seconds <= 7 * 86_400)


@settings(deadline=None)
@given(st.binary(max_size=400), st.sampled_from([None, "audio/pcm", "audio/wav"]), st.integers(), st.integers())
def test_any_bytes_are_measured_or_not(data: bytes, content_type: str | None, sample_rate: int, channels: int) -> None:
    assert is_sane(audio_duration(data, content_type, sample_rate, channels))


@settings(deadline=None)
@given(st.binary(max_size=60), st.text(max_size=60))
def test_any_content_type_is_taken(data: bytes, content_type: str) -> None:
    assert is_sane(audio_duration(data, content_type))
    assert is_sane(audio_duration(data, "audio/l16;" + content_type))


@settings(deadline=None)
@given(st.sampled_from(SAMPLES), st.integers(0, 6_000), st.binary(max_size=60), st.integers(0, 6_000))
def test_damaged_files_are_measured_or_not(sample: bytes, place: int, damage: bytes, end: int) -> None:
    damaged = sample[: place % 300] + damage + sample[place % 300 + len(damage) :]
    for data in (damaged, damaged[:end], damaged[:end] + sample):
        assert is_sane(audio_duration(data))


MEGABYTES = 4 << 20
EMPTY_TAG = b"ID3\x04" + bytes(6)
LAST_GRANULE = OPUS.rindex(b"OggS") + 6
# The marker, STREAMINFO marked as the last block, the same rate and channels, and a total of 0.
NO_TOTAL_FLAC = b"fLaC\x80" + FLAC[5:21] + bytes([FLAC[21] & 0xF0]) + bytes(20)
HOSTILE = {
    "sync bits only": b"\xff" * MEGABYTES,
    "headers without frames": EMPTY_TAG + b"\xff\xfb\x90\x00" * (MEGABYTES // 4),
    "two families of frames": (b"\xff\xfb\x90\x00" + bytes(413)) * 2 + b"\xff\xf3\x80\x00" * (MEGABYTES // 4),
    "adts of the smallest length": b"\xff\xf1\x50\x80\x00\xff\xfc" * (MEGABYTES // 7),
    "empty chunks": b"RIFF\0\0\0\0WAVE" + b"junk\0\0\0\0" * (MEGABYTES // 8),
    "empty boxes": b"\0\0\0\x10ftypM4A \0\0\0\0" + b"\0\0\0\x08free" * (MEGABYTES // 8),
    "a box that ends before it begins": b"\0\0\0\x10ftypM4A \0\0\0\0\0\0\0\x01moov" + bytes(8) + b"\0" * 64,
    "ogg pages": (b"OggS\0\x02" + bytes(20) + b"\x01\x08OpusHead\x01\x01") * (MEGABYTES // 38),
    "ogg streams": b"".join(
        b"OggS\0\x02" + bytes(8) + struct.pack("<I", serial) + bytes(8) + b"\x01\x13OpusHead\x01\x01" + bytes(9)
        for serial in range(MEGABYTES // 47)
    ),
    "flac frames": NO_TOTAL_FLAC + b"\xff\xf8\xc9\x08" * (MEGABYTES // 4),
    "granule of centuries": OPUS[:LAST_GRANULE] + b"\xff" * 7 + b"\x7f" + OPUS[LAST_GRANULE + 8 :],
    "tags in tags": EMPTY_TAG * (MEGABYTES // 10),
}


@pytest.mark.parametrize("data", HOSTILE.values(), ids=HOSTILE)
def test_hostile_files_cost_little(data: bytes) -> None:
    before = time.process_time()
    assert is_sane(audio_duration(data))
    # A few hundred milliseconds at most where this was written; without its limits, a reader takes minutes.
    assert time.process_time() - before < 5
