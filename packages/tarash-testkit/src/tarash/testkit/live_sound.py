"""One recording that is made while it is being served: a tone, encoded piece by piece.

Needs PyAV: the extra `tarash-testkit[audio]`.
"""

import array
import math
from typing import TYPE_CHECKING

from tarash.testkit.sounds import FORMS, LOUDNESS, PITCH

if TYPE_CHECKING:
    from av import AudioFrame

_FRAME = 1000
# So that each piece comes out at once, and no header is written anew at the end.
_OPTIONS = {
    "mp3": {"write_xing": "0", "id3v2_version": "0"},
    "opus": {"page_duration": "20000"},
}


class _Sink:
    """What the encoder writes to; it cannot go back."""

    def __init__(self) -> None:
        self._data = bytearray()

    def write(self, data: bytes) -> int:
        self._data += data
        return len(data)

    def taken(self) -> bytes:
        data = bytes(self._data)
        self._data.clear()
        return data


class LiveSound:
    """A recording in one of the forms of `sounds`; the pieces joined are one file."""

    def __init__(self, form: str, sample_rate: int, bitrate: int | None = None) -> None:
        import av

        container, codec = FORMS[form]
        self._rate, self._made, self._sink = sample_rate, 0, _Sink()
        options = {"flush_packets": "1", "fflags": "+bitexact", **_OPTIONS.get(form, {})}
        self._writer = av.open(self._sink, "w", format=container, options=options)
        stream = self._writer.add_stream(codec, rate=sample_rate, layout="mono")
        assert isinstance(stream, av.AudioStream)
        self._stream = stream
        if bitrate:
            stream.bit_rate = bitrate * 1000

    def go_on(self, seconds: float) -> bytes:
        """The next piece, of about so many seconds."""
        end = self._made + round(seconds * self._rate)
        while self._made < end:
            self._writer.mux(self._stream.encode(self._frame(min(_FRAME, end - self._made))))
        return self._sink.taken()

    def end(self) -> bytes:
        """What the encoder held back; often nothing."""
        self._writer.mux(self._stream.encode(None))
        self._writer.close()
        return self._sink.taken()

    def __del__(self) -> None:
        # PyAV before 18 crashes when a conversation that broke off leaves an open writer to the garbage collector.
        if hasattr(self, "_writer"):
            self._writer.close()

    def _frame(self, count: int) -> "AudioFrame":
        from av import AudioFrame

        numbers = range(self._made, self._made + count)
        tone = [round(LOUDNESS * math.sin(2 * math.pi * PITCH * number / self._rate)) for number in numbers]
        frame = AudioFrame(format="s16", layout="mono", samples=count)
        frame.planes[0].update(array.array("h", tone).tobytes())
        frame.sample_rate, frame.pts = self._rate, self._made
        self._made += count
        return frame
