"""Speech for simulators to serve: a tone, really encoded in the container, codec and sample rate that were asked for.

Needs PyAV: the extra `tarash-testkit[audio]`.
"""

import array
import io
import math
from collections.abc import Iterator
from functools import cache
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from av import AudioFrame

FORMS = {
    "mp3": ("mp3", "libmp3lame"),
    "wav": ("wav", "pcm_s16le"),
    "pcm": ("s16le", "pcm_s16le"),
    "flac": ("flac", "flac"),
    "opus": ("ogg", "libopus"),
    "aac": ("adts", "aac"),
    "ulaw": ("mulaw", "pcm_mulaw"),
    "alaw": ("alaw", "pcm_alaw"),
    "float": ("f32le", "pcm_f32le"),
    "wav float": ("wav", "pcm_f32le"),
    "wav ulaw": ("wav", "pcm_mulaw"),
    "wav alaw": ("wav", "pcm_alaw"),
}
"""Container and codec of each form, as FFmpeg calls them."""
PITCH = 220.0
LOUDNESS = 8000


@cache
def sound(form: str, sample_rate: int, bitrate: int | None = None, seconds: float = 0.5, channels: int = 1) -> bytes:
    """A tone in one of `FORMS`: `sample_rate` in Hz, `bitrate` in kbit/s. Raises KeyError for an unknown form."""
    import av

    container, codec = FORMS[form]
    file = io.BytesIO()
    with av.open(file, "w", format=container) as writer:
        stream = writer.add_stream(codec, rate=sample_rate, layout="stereo" if channels == 2 else "mono")
        assert isinstance(stream, av.AudioStream)
        if bitrate:
            stream.bit_rate = bitrate * 1000
        for frame in _frames(sample_rate, round(seconds * sample_rate), channels):
            writer.mux(stream.encode(frame))
        writer.mux(stream.encode(None))
    return file.getvalue()


def _frames(sample_rate: int, count: int, channels: int, size: int = 8192) -> "Iterator[AudioFrame]":
    from av import AudioFrame

    for start in range(0, count, size):
        numbers = range(start, min(start + size, count))
        tone = (round(LOUDNESS * math.sin(2 * math.pi * PITCH * number / sample_rate)) for number in numbers)
        frame = AudioFrame(format="s16", layout="stereo" if channels == 2 else "mono", samples=len(numbers))
        frame.planes[0].update(array.array("h", [sample for sample in tone for _ in range(channels)]).tobytes())
        frame.sample_rate, frame.pts = sample_rate, start
        yield frame


@cache
def seconds_in(recording: bytes) -> float:
    """How long a recording is, whatever its form. Raises ValueError for what is none."""
    import av
    from av.error import FFmpegError

    try:
        with av.open(io.BytesIO(recording), "r") as reader:
            frames = list(reader.decode(audio=0))
    except (FFmpegError, IndexError):
        raise ValueError("the bytes are no recording") from None
    if not frames:
        raise ValueError("the recording is empty")
    return float(sum(frame.samples / frame.sample_rate for frame in frames))
