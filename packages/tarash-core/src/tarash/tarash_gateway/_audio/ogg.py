"""Length of Ogg files: the granule position of each stream's last page is a clock.

Layouts after RFC 3533 (Ogg), RFC 7845 (Opus), the Vorbis I specification and RFC 9639 section 10.1 (FLAC in Ogg).
"""

from collections.abc import Iterator
from dataclasses import dataclass
from struct import unpack_from
from typing import NamedTuple

from tarash.tarash_gateway._audio.flac import read_stream_info

_BEGIN = 2
# "No packet ends on this page."
_NO_GRANULE = -1


class _Page(NamedTuple):
    flags: int
    granule: int
    serial: int
    body: int


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


def _longest(streams: dict[int, _Stream]) -> float:
    return max(stream.seconds() for stream in streams.values())


def _pages(data: bytes) -> Iterator[_Page]:
    position = data.find(b"OggS")
    while 0 <= position <= len(data) - 27:
        flags, granule, serial, segments = unpack_from("<xBqI8xB", data, position + 4)
        body = position + 27 + segments
        yield _Page(flags, granule, serial, body)
        position = data.find(b"OggS", body + sum(data[position + 27 : body]))


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
