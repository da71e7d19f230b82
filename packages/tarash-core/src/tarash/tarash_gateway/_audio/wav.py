"""Length of WAV files, including the headers of servers that began to send before they knew how much would follow.

Chunk layout after Microsoft's "Multimedia Programming Interface and Data Specifications 1.0"; RF64 after EBU Tech 3306.
"""

from collections.abc import Iterator
from itertools import islice
from struct import unpack_from
from typing import NamedTuple

_EXTENSIBLE = 0xFFFE
# Integer, float, A-law and mu-law samples: the only formats where bytes and time are in a fixed ratio by definition.
_UNCOMPRESSED = frozenset({1, 3, 6, 7})
# Real files have a handful; a hostile one of nothing but empty chunks would have millions.
_MOST_CHUNKS = 1_000


class _Chunk(NamedTuple):
    name: bytes
    position: int
    size: int


class _Format(NamedTuple):
    uncompressed: bool
    sample_rate: int
    bytes_per_second: int


def wav_seconds(data: bytes) -> float | None:
    """Seconds of sound that the bytes hold: a data chunk that claims more than there is counts as it is."""
    order = ">" if data.startswith(b"RIFX") else "<"
    chunks = {chunk.name: chunk for chunk in islice(_chunks(data, order), _MOST_CHUNKS)}
    if b"fmt " not in chunks or b"data" not in chunks:
        return None
    layout = _read_format(data, chunks[b"fmt "], order)
    samples = 0 if layout.uncompressed else _noted_samples(data, chunks, order)
    if samples and layout.sample_rate:
        return samples / layout.sample_rate
    return _data_bytes(data, chunks, order) / layout.bytes_per_second if layout.bytes_per_second else None


def wav_contents(data: bytes) -> tuple[bytes, bytes] | None:
    """The format chunk and the samples; None for files whose samples cannot simply be put one behind another."""
    chunks = {chunk.name: chunk for chunk in islice(_chunks(data, "<"), _MOST_CHUNKS)}
    if data.startswith(b"RIFX") or b"fmt " not in chunks or b"data" not in chunks:
        return None
    layout, samples = chunks[b"fmt "], chunks[b"data"]
    if not _read_format(data, layout, "<").uncompressed:
        return None
    length = _data_bytes(data, chunks, "<")
    return data[layout.position : layout.position + layout.size], data[samples.position : samples.position + length]


def _chunks(data: bytes, order: str) -> Iterator[_Chunk]:
    position = 12
    while position + 8 <= len(data):
        name, size = unpack_from(order + "4sI", data, position)
        yield _Chunk(name, position + 8, size)
        if name == b"data":
            return
        position += 8 + size + (size & 1)


def _read_format(data: bytes, chunk: _Chunk, order: str) -> _Format:
    tag, channels, sample_rate, bytes_per_second, _, bits = unpack_from(order + "HHIIHH", data, chunk.position)
    if tag == _EXTENSIBLE:
        (tag,) = unpack_from(order + "H", data, chunk.position + 24)
    if tag in _UNCOMPRESSED:
        # Computed, because this redundant field is the one that careless writers get wrong.
        bytes_per_second = sample_rate * channels * ((bits + 7) // 8)
    return _Format(tag in _UNCOMPRESSED, sample_rate, bytes_per_second)


def _noted_samples(data: bytes, chunks: dict[bytes, _Chunk], order: str) -> int:
    """Return what compressed formats note in `fact`: samples per channel, or 0 if that was never filled in."""
    if b"fact" not in chunks:
        return 0
    samples: int
    (samples,) = unpack_from(order + "I", data, chunks[b"fact"].position)
    return 0 if samples == 0xFFFFFFFF else samples


def _data_bytes(data: bytes, chunks: dict[bytes, _Chunk], order: str) -> int:
    # Seen as placeholders: 0, 0x7FFFFFFF, 0xFFFFFFFF and values near it. All but 0 exceed what is there.
    present = len(data) - chunks[b"data"].position
    announced = chunks[b"data"].size
    if announced == 0xFFFFFFFF and b"ds64" in chunks:
        (announced,) = unpack_from(order + "Q", data, chunks[b"ds64"].position + 8)
    if announced == 0 and not _is_total_right(data, order):
        return present
    return min(announced, present)


def _is_total_right(data: bytes, order: str) -> bool:
    """Whether the size of the whole file is told truly: then a data chunk of size 0 is meant so, and not a blank."""
    (total,) = unpack_from(order + "I", data, 4)
    return bool(total + 8 == len(data))
