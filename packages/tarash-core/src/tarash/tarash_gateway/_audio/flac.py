"""Length of FLAC files: from STREAMINFO, or from the last frame when the encoder could not go back to fill that in.

Layout after RFC 9639.
"""

from typing import NamedTuple

# Bytes from the end. An encoder's usual frame of 4,608 samples, stereo, 24 bit has 28 kB at the very most.
_LAST_FRAME_WITHIN = 1 << 17
_LONGEST_HEADER = 16
_BLOCK_SIZES = {1: 192, 2: 576, 3: 1152, 4: 2304, 5: 4608} | {code: 1 << code for code in range(8, 16)}


class StreamInfo(NamedTuple):
    """Rate in Hz, total samples per channel (0 if unknown), samples per block of a stream with blocks of one size."""

    sample_rate: int
    samples: int
    block_size: int


def read_stream_info(data: bytes, position: int) -> StreamInfo | None:
    """Read the STREAMINFO block whose marker `fLaC` stands at `position`."""
    body = data[position + 8 : position + 42]
    if data[position : position + 4] != b"fLaC" or len(body) < 34:
        return None
    packed = int.from_bytes(body[10:18], "big")
    sample_rate = packed >> 44
    return StreamInfo(sample_rate, packed & 0xFFFFFFFFF, int.from_bytes(body[:2], "big")) if sample_rate else None


def flac_seconds(data: bytes, position: int = 0) -> float | None:
    info = read_stream_info(data, position)
    if info is None:
        return None
    samples = info.samples or _samples_up_to_last_frame(data, _first_frame(data, position), info)
    return samples / info.sample_rate if samples else None


def _first_frame(data: bytes, position: int) -> int:
    """Where the sound begins: behind the metadata blocks, the last of which is marked by its highest bit."""
    position += 4
    last = False
    while not last and position + 4 <= len(data):
        last = data[position] >= 0x80
        position += 4 + int.from_bytes(data[position + 1 : position + 4], "big")
    return position


def _samples_up_to_last_frame(data: bytes, first: int, info: StreamInfo) -> int | None:
    """Search backwards for the last frame header; its number and size say where the stream ends."""
    common = _common_bits(data, first)
    end, limit = len(data), max(first, len(data) - _LAST_FRAME_WITHIN)
    while (end := data.rfind(b"\xff", limit, end)) >= 0:
        if _common_bits(data, end) == common and (samples := _frame_end(data, end, info)) is not None:
            return samples
    return None


def _common_bits(data: bytes, position: int) -> int:
    """What all frame headers of a stream share: sync, blocking strategy, codes of sample rate and sample size."""
    return int.from_bytes(data[position : position + 4], "big") & 0xFFFF0F0F


def _frame_end(data: bytes, position: int, info: StreamInfo) -> int | None:
    """Samples up to and including the frame whose header stands here; None if by its checksum it is no header."""
    header = data[position : position + _LONGEST_HEADER].ljust(_LONGEST_HEADER + 1, b"\0")
    number, behind = _read_number(header, 4)
    size, behind = _read_block_size(header[2] >> 4, header, behind)
    behind += {12: 1, 13: 2, 14: 2}.get(header[2] & 15, 0)
    if number is None or size is None or _crc_8(header[:behind]) != header[behind]:
        return None
    variable = header[1] & 1
    return size + (number if variable else number * info.block_size)


def _read_number(data: bytes, position: int) -> tuple[int | None, int]:
    """A number in the extended UTF-8 of FLAC: up to seven bytes, 36 bits."""
    first = data[position]
    length = 8 - (first ^ 0xFF).bit_length()
    if length in (1, 8):
        return None, position
    value = first & (0x7F >> length)
    for following in data[position + 1 : position + max(length, 1)]:
        value = value << 6 | following & 0x3F
    return value, position + max(length, 1)


def _read_block_size(code: int, data: bytes, position: int) -> tuple[int | None, int]:
    width = {6: 1, 7: 2}.get(code, 0)
    if width:
        return int.from_bytes(data[position : position + width], "big") + 1, position + width
    return _BLOCK_SIZES.get(code), position


def _crc_8(header: bytes) -> int:
    remainder = 0
    for byte in header:
        remainder ^= byte
        for _ in range(8):
            remainder = (remainder << 1 ^ (0x107 if remainder & 0x80 else 0)) & 0x1FF
    return remainder
