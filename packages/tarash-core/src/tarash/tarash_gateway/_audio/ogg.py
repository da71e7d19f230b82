"""Length of Ogg files: the granule position of each stream's last page is a clock.

Layouts after RFC 3533 (Ogg), RFC 7845 (Opus), the Vorbis I specification and RFC 9639 section 10.1 (FLAC in Ogg).
"""

from collections.abc import Iterator
from dataclasses import dataclass
from struct import pack_into, unpack_from
from typing import NamedTuple
from zlib import crc32

from tarash.tarash_gateway._audio.flac import read_stream_info

_BEGIN = 2
# "No packet ends on this page."
_NO_GRANULE = -1
_MIRRORED = bytes(int(f"{byte:08b}"[::-1], 2) for byte in range(256))


class _Page(NamedTuple):
    flags: int
    granule: int
    serial: int
    body: int
    start: int
    end: int


@dataclass(slots=True)
class _Stream:
    """One stream: ticks per second, ticks before the sound begins, and the last position seen."""

    rate: int
    skipped: int = 0
    granule: int = 0

    def seconds(self) -> float:
        return max(0, self.granule - self.skipped) / self.rate


def ogg_seconds(data: bytes) -> float | None:
    """Seconds of the sound. Files that were joined end to end, as streaming servers do, count with all their parts."""
    streams: dict[int, _Stream] = {}
    finished, playing = 0.0, False
    for page in _pages(data):
        if page.flags & _BEGIN and (opened := _open_stream(data, page.body)):
            if playing:
                # Streams that play together all begin before any of them plays, so this is the next part of a chain.
                finished += _longest(streams)
                streams, playing = {}, False
            streams[page.serial] = opened
        elif page.granule != _NO_GRANULE and page.serial in streams:
            streams[page.serial].granule = page.granule
            playing = playing or page.granule > 0
    return finished + _longest(streams) if streams else None


def ogg_serials(data: bytes) -> set[int]:
    """The numbers of all streams in a file."""
    return {page.serial for page in _pages(data)}


def renumbered(data: bytes, numbers: dict[int, int]) -> bytes:
    """The file with other numbers for its streams (old to new): those of a chain must all differ."""
    whole = bytearray(data)
    for page in _pages(data):
        begin, end = page.start, page.end
        pack_into("<I", whole, begin + 14, numbers.get(page.serial, page.serial))
        pack_into("<I", whole, begin + 22, 0)
        pack_into("<I", whole, begin + 22, _checksum(bytes(whole[begin:end])))
    return bytes(whole)


def _checksum(page: bytes) -> int:
    """Ogg's CRC-32: that of zlib with the bits of every byte, and of the result, the other way round."""
    backwards = crc32(page.translate(_MIRRORED), 0xFFFFFFFF) ^ 0xFFFFFFFF
    return int(f"{backwards:032b}"[::-1], 2)


def _longest(streams: dict[int, _Stream]) -> float:
    return max(stream.seconds() for stream in streams.values())


def _pages(data: bytes) -> Iterator[_Page]:
    position = data.find(b"OggS")
    while 0 <= position <= len(data) - 27:
        flags, granule, serial, segments = unpack_from("<xBqI8xB", data, position + 4)
        body = position + 27 + segments
        end = body + sum(data[position + 27 : body])
        yield _Page(flags, granule, serial, body, position, end)
        position = data.find(b"OggS", end)


def _open_stream(data: bytes, body: int) -> _Stream | None:
    """Read the first packet of a stream; None for codecs that do not carry sound."""
    if data.startswith(b"OpusHead", body):
        # Opus counts in 48 kHz ticks whatever the rate of the original.
        return _Stream(48_000, skipped=int.from_bytes(data[body + 10 : body + 12], "little"))
    if data.startswith(b"\x01vorbis", body):
        rate = int.from_bytes(data[body + 12 : body + 16], "little")
        return _Stream(rate) if rate else None
    if data.startswith(b"\x7fFLAC", body):
        info = read_stream_info(data, body + 9)
        return _Stream(info.sample_rate) if info else None
    return None
