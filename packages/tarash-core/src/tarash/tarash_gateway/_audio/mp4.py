"""Length of MP4 and QuickTime files, from the movie header (ISO/IEC 14496-12)."""

from collections.abc import Iterator
from itertools import islice
from struct import unpack_from

# Real files have a few boxes at each level, or a few per second of a stream; a hostile one could have millions.
_MOST_BOXES = 10_000


def mp4_seconds(data: bytes) -> float | None:
    """Seconds according to `mvhd`, or `mehd` in fragmented files; None when neither says, as in live streams."""
    movie = _find(data, b"moov", 0, len(data))
    header = movie and _find(data, b"mvhd", *movie)
    if not movie or not header:
        return None
    timescale, duration = _read_movie_header(data, header[0])
    if not duration:
        duration = _fragmented_duration(data, movie)
    return duration / timescale if timescale and duration else None


def _find(data: bytes, name: bytes, start: int, end: int) -> tuple[int, int] | None:
    boxes = islice(_boxes(data, start, end), _MOST_BOXES)
    return next(((body, behind) for box, body, behind in boxes if box == name), None)


def _boxes(data: bytes, position: int, end: int) -> Iterator[tuple[bytes, int, int]]:
    while position + 8 <= end:
        size, name = unpack_from(">I4s", data, position)
        body = position + 8
        if size == 1:
            (size,) = unpack_from(">Q", data, body)
            body += 8
        behind = position + size if size else end
        if behind < body:
            return
        yield name, body, min(behind, end)
        position = behind


def _read_movie_header(data: bytes, body: int) -> tuple[int, int]:
    wide = data[body : body + 1] == b"\x01"
    timescale, duration = unpack_from(">IQ" if wide else ">II", data, body + (20 if wide else 12))
    unknown = 0xFFFFFFFFFFFFFFFF if wide else 0xFFFFFFFF
    return timescale, 0 if duration == unknown else duration


def _fragmented_duration(data: bytes, movie: tuple[int, int]) -> int:
    extends = _find(data, b"mvex", *movie)
    header = extends and _find(data, b"mehd", *extends)
    if not header:
        return 0
    wide = data[header[0] : header[0] + 1] == b"\x01"
    (duration,) = unpack_from(">Q" if wide else ">I", data, header[0] + 4)
    return int(duration)
