"""Length of MP3 streams: from the summary that VBR encoders put into the first frame, or by counting frames.

The summaries were never standardised. Layouts after the LAME project's description of the Info tag, and Fraunhofer's
of VBRI.
"""

from struct import pack, unpack_from

from tarash.tarash_gateway._audio.frames import (
    LAYER_3,
    MPEG_1,
    Frame,
    find_frame,
    read_adts_frame,
    read_mpeg_frame,
    skip_id3,
    walk_frames,
    walk_seconds,
)

_VBRI_OFFSET = 36
_HAS_FRAMES, _HAS_BYTES, _HAS_TABLE, _HAS_QUALITY = 1, 2, 4, 8
# No frame is shorter (8 kbit/s at 24 kHz); a summary that promises more frames than would fit is not believed.
_SHORTEST_FRAME = 24
# Index of 64 (MPEG 1) or 40 kbit/s: at least 96 bytes a frame at any sample rate, and a summary needs 52.
_SUMMARY_RATE = 5


def mp3_seconds(data: bytes) -> float | None:
    start = find_frame(data, skip_id3(data), read_mpeg_frame)
    frame = None if start is None else read_mpeg_frame(data, start)
    if start is None or frame is None:
        return None
    summary = _find_xing(data, start)
    if summary is not None:
        return _xing_seconds(data, start, summary, frame) or walk_seconds(data, start + frame.length, read_mpeg_frame)
    return _vbri_seconds(data, start, frame) or walk_seconds(data, start, read_mpeg_frame)


def mp3_sound(data: bytes) -> list[bytes] | None:
    """The frames that sound, without tags and without a summary; None where no frame is found."""
    start = find_frame(data, skip_id3(data), read_mpeg_frame)
    frame = None if start is None else read_mpeg_frame(data, start)
    if start is None or frame is None:
        return None
    if _find_xing(data, start) is not None or data.startswith(b"VBRI", start + _VBRI_OFFSET):
        start += frame.length
    return [data[at : at + one.length] for at, one in walk_frames(data, start, read_mpeg_frame)]


def with_summary(frames: list[bytes]) -> bytes:
    """Frames of one stream behind a silent one that tells how many they are, so that every player knows the length."""
    first = bytearray(frames[0][:4])
    # No checksum, no padding, and a bit rate at which the summary fits into the frame.
    first[1] |= 1
    first[2] = _SUMMARY_RATE << 4 | first[2] & 0x0D
    silent = read_mpeg_frame(bytes(first), 0)
    if silent is None or first[1] >> 1 & 3 != LAYER_3:
        return b"".join(frames)
    size = silent.length + sum(map(len, frames))
    summary = b"Xing" + pack(">3I", _HAS_FRAMES | _HAS_BYTES, len(frames), size)
    return b"".join([(bytes(first) + bytes(_side_information(first)) + summary).ljust(silent.length, b"\0"), *frames])


def _side_information(header: bytes | bytearray) -> int:
    """Bytes between the header of a frame and its sound (layer III)."""
    mono = header[3] >> 6 == 3
    return (17 if mono else 32) if header[1] >> 3 & 3 == MPEG_1 else (9 if mono else 17)


def adts_seconds(data: bytes) -> float | None:
    start = find_frame(data, skip_id3(data), read_adts_frame)
    return None if start is None else walk_seconds(data, start, read_adts_frame)


def _find_xing(data: bytes, start: int) -> int | None:
    """Offset of the Xing or Info tag, which stands where the sound would be: behind header and side information."""
    for checksum in (0, 2):
        position = start + 4 + checksum + _side_information(data[start : start + 4])
        if data[position : position + 4] in (b"Xing", b"Info"):
            return position
    return None


def _xing_seconds(data: bytes, start: int, tag: int, frame: Frame) -> float | None:
    """Seconds according to the tag, less the silence the encoder added; None if it does not say or cannot be true."""
    flags: int
    frames: int
    flags, frames, stream_bytes = unpack_from(">3I", data, tag + 4)
    if not flags & _HAS_FRAMES or not _is_plausible(frames, data):
        return None
    cut_short = flags & _HAS_BYTES and stream_bytes > len(data) - start
    if cut_short:
        return None
    samples = frames * frame.samples
    silence = _encoder_silence(data, tag, flags)
    return (samples - silence if silence < samples else samples) / frame.sample_rate


def _encoder_silence(data: bytes, tag: int, flags: int) -> int:
    """Samples of delay and padding noted in the extension that LAME and libavcodec append to the tag."""
    sizes = ((_HAS_FRAMES, 4), (_HAS_BYTES, 4), (_HAS_TABLE, 100), (_HAS_QUALITY, 4))
    extension = tag + 8 + sum(size for flag, size in sizes if flags & flag)
    if data[extension : extension + 4] not in (b"LAME", b"Lavf", b"Lavc"):
        return 0
    both = int.from_bytes(data[extension + 21 : extension + 24], "big")
    return (both >> 12) + (both & 0xFFF)


def _vbri_seconds(data: bytes, start: int, frame: Frame) -> float | None:
    position = start + _VBRI_OFFSET
    if data[position : position + 4] != b"VBRI":
        return None
    (frames,) = unpack_from(">I", data, position + 14)
    return frames * frame.samples / frame.sample_rate if _is_plausible(frames, data) else None


def _is_plausible(frames: int, data: bytes) -> bool:
    return 0 < frames <= len(data) // _SHORTEST_FRAME
