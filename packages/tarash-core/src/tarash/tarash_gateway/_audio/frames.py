"""Frames of MPEG audio (MP3) and of AAC in ADTS: no container, but every frame has a header of its own.

Layouts after ISO/IEC 11172-3 and 13818-3 (MPEG audio), 13818-7 (ADTS) and the ID3v2.4 structure document.
"""

from collections.abc import Callable, Iterator
from typing import NamedTuple


class Frame(NamedTuple):
    """One frame: length in bytes, samples per channel, rate in Hz, and the header bits that its neighbours share."""

    length: int
    samples: int
    sample_rate: int
    family: int


FrameReader = Callable[[bytes, int], Frame | None]

MPEG_1, MPEG_2, MPEG_2_5 = 3, 2, 0
LAYER_3, LAYER_2 = 1, 2

# kbit/s by bit rate index; index 0 (free format) and 15 (forbidden) are not readable.
_KILOBITS = {
    (MPEG_1, LAYER_3): (0, 32, 40, 48, 56, 64, 80, 96, 112, 128, 160, 192, 224, 256, 320, 0),
    (MPEG_1, LAYER_2): (0, 32, 48, 56, 64, 80, 96, 112, 128, 160, 192, 224, 256, 320, 384, 0),
}
_KILOBITS_LOW_RATE = (0, 8, 16, 24, 32, 40, 48, 56, 64, 80, 96, 112, 128, 144, 160, 0)
_MPEG_RATES = {
    MPEG_1: (44_100, 48_000, 32_000, 0),
    MPEG_2: (22_050, 24_000, 16_000, 0),
    MPEG_2_5: (11_025, 12_000, 8_000, 0),
}
_ADTS_RATES = (96_000, 88_200, 64_000, 48_000, 44_100, 32_000, 24_000, 22_050, 16_000, 12_000, 11_025, 8_000, 7_350)
_LONGEST_HEADER = 7

# Gaps are rare and short in real files; this limit in bytes keeps hostile ones from costing a search at every byte.
LONGEST_GAP = 65_536


def read_mpeg_frame(data: bytes, position: int) -> Frame | None:
    """The MPEG audio frame (layer II or III) whose header stands at `position`, or None if there is none."""
    header = int.from_bytes(data[position : position + 4], "big")
    version, layer = header >> 19 & 3, header >> 17 & 3
    if header >> 21 != 0x7FF or version not in _MPEG_RATES or layer not in (LAYER_2, LAYER_3):
        return None
    kilobits = _KILOBITS.get((version, layer), _KILOBITS_LOW_RATE)[header >> 12 & 15]
    sample_rate = _MPEG_RATES[version][header >> 10 & 3]
    if not kilobits or not sample_rate:
        return None
    samples = 576 if layer == LAYER_3 and version != MPEG_1 else 1_152
    length = samples * kilobits * 125 // sample_rate + (header >> 9 & 1)
    # Version, layer and rate: what may not change from frame to frame.
    return Frame(length, samples, sample_rate, header & 0xFFFE0C00)


def read_adts_frame(data: bytes, position: int) -> Frame | None:
    """The AAC frame whose ADTS header stands at `position`, or None if there is none."""
    header = int.from_bytes(data[position : position + 7], "big")
    rate_index, length = header >> 34 & 15, header >> 13 & 0x1FFF
    # Twelve bits of sync, one of version, and a layer that is always 0.
    if header >> 44 != 0xFFF or header >> 41 & 3 or rate_index >= len(_ADTS_RATES) or length < 7:
        return None
    blocks = (header & 3) + 1
    return Frame(length, 1_024 * blocks, _ADTS_RATES[rate_index], header >> 34)


def skip_id3(data: bytes) -> int:
    """The offset behind the ID3v2 tags at the beginning; 0 when there are none. It may lie beyond the end."""
    position = 0
    while data[position : position + 3] == b"ID3" and len(data) >= position + 10:
        size = 0
        for seven_bits in data[position + 6 : position + 10]:
            size = size << 7 | seven_bits & 0x7F
        footer = 10 if data[position + 5] & 0x10 else 0
        position += 10 + size + footer
    return position


def is_frame_start(data: bytes, position: int, read: FrameReader) -> bool:
    """Whether a frame stands here and, as far as the bytes reach, its like behind it: one header proves little."""
    frame = read(data, position)
    if frame is None:
        return False
    behind = position + frame.length
    if len(data) < behind + _LONGEST_HEADER or is_trailer(data, behind):
        return True
    following = read(data, behind)
    return following is not None and following.family == frame.family


def is_trailer(data: bytes, position: int) -> bool:
    """Whether a tag of the kinds that stand behind the sound (ID3v1, APE, a second ID3v2) begins here."""
    return data.startswith((b"TAG", b"APETAGEX", b"ID3"), position)


def find_frame(data: bytes, position: int, read: FrameReader, within: int = LONGEST_GAP) -> int | None:
    """Where the first frame at or behind `position` begins, looking at `within` bytes at most."""
    limit = min(len(data), position + within)
    while (position := data.find(b"\xff", position, limit)) >= 0:
        if is_frame_start(data, position, read):
            return position
        position += 1
    return None


def walk_seconds(data: bytes, position: int, read: FrameReader) -> float | None:
    """Seconds played by all whole frames from the one at `position` on, over gaps and up to the trailing tags."""
    first = read(data, position)
    if first is None:
        return None
    return sum(frame.samples for _, frame in walk_frames(data, position, read)) / first.sample_rate


def walk_frames(data: bytes, position: int, read: FrameReader) -> Iterator[tuple[int, Frame]]:
    """The whole frames from the one at `position` on, and where they begin, over gaps and up to the trailing tags."""
    first, allowance = read(data, position), LONGEST_GAP
    while first is not None and position < len(data):
        frame = read(data, position)
        if frame and frame.family == first.family:
            if position + frame.length <= len(data):
                yield position, frame
            position += frame.length
            continue
        found = None if is_trailer(data, position) else find_frame(data, position + 1, read, allowance)
        if found is None:
            return
        allowance -= found - position
        position = found
