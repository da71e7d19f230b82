"""Speech in answers: whole, as JSON lines, or as server-sent events."""

from __future__ import annotations

import io
import struct
import wave
from collections.abc import Callable, Sequence
from typing import Any

from pydantic_core import from_json

from tarash.tarash_gateway.exceptions import ProtocolError
from tarash.tarash_gateway.messages import Done, Output, Response, as_object, number_or_none
from tarash.tarash_gateway.models import AudioChunk, Timing
from tarash.tarash_gateway.providers.outputs import decoded as decoded

Reader = Callable[[dict[str, Any]], AudioChunk | None]
"""Makes a chunk of one object of a stream; None for objects that carry no sound."""


def read_sound(answer: Response, content_type: str | None, headers: Sequence[str] = ()) -> Done:
    """The sound that an answer consists of; the named headers are kept. Raises `ProtocolError` when it is none."""
    told = answer.headers.get("content-type", "")
    if not answer.body or told.startswith(("application/json", "text/")):
        raise ProtocolError(f"The answer is no sound but {len(answer.body)} bytes of {told or 'nothing'}.")
    facts = told_in(answer, headers)
    return Done([Output(data=with_true_sizes(answer.body), content_type=content_type)], facts, {}, facts)


def told_in(answer: Response, headers: Sequence[str]) -> dict[str, str]:
    """Those of the named headers that an answer has."""
    return {name: answer.headers[name] for name in headers if name in answer.headers}


def with_true_sizes(data: bytes) -> bytes:
    """WAV whose header was written before its length was known, with the true sizes; anything else as it is."""
    if data[:4] != b"RIFF" or data[8:12] != b"WAVE":
        return data
    at = data.find(b"data", 12, 4096)
    if at < 0 or int.from_bytes(data[at + 4 : at + 8], "little") <= len(data):
        return data
    whole, sound = struct.pack("<I", len(data) - 8), struct.pack("<I", len(data) - at - 8)
    return data[:4] + whole + data[8 : at + 4] + sound + data[at + 8 :]


def samples_in(sound: bytes) -> tuple[bytes, int] | None:
    """The bare samples of a WAV file and their rate in Hz; None for anything else."""
    at = sound.find(b"data", 12) if sound[:4] == b"RIFF" else -1
    return (sound[at + 8 :], int.from_bytes(sound[24:28], "little")) if at >= 36 else None


def samples_output(samples: bytes, rate: int, wanted: str) -> Output:
    """Samples of 16 bits, mono, at `rate` Hz: as they are where "pcm" is wanted, else as WAV."""
    seconds = len(samples) / 2 / rate
    if wanted == "pcm":
        return Output(data=samples, content_type=f"audio/pcm;rate={rate}", duration=seconds)
    file = io.BytesIO()
    with wave.open(file, "wb") as writer:
        writer.setnchannels(1)
        writer.setsampwidth(2)
        writer.setframerate(rate)
        writer.writeframes(samples)
    return Output(data=file.getvalue(), content_type="audio/wav")


def timings(columns: Any, names: tuple[str, str, str], unit: Any = "word") -> tuple[Timing, ...]:
    """Timings from three parallel lists of an object (texts, starts and ends in seconds); none without them."""
    texts, starts, ends = (columns.get(name) if isinstance(columns, dict) else None for name in names)
    if not (isinstance(texts, list) and isinstance(starts, list) and isinstance(ends, list)):
        return ()
    found = (timing(text, start, end, unit) for text, start, end in zip(texts, starts, ends, strict=False))
    return tuple(one for one in found if one is not None)


def timing(text: Any, start: Any, end: Any, unit: Any = "word", *, scale: float = 1.0) -> Timing | None:
    """One timing, of numbers that are seconds when multiplied by `scale`; None where they are no numbers.

    A paid sound is not thrown away because of what is told about it.
    """
    begins, ends = number_or_none(start), number_or_none(end)
    return None if begins is None or ends is None else Timing(str(text), begins * scale, ends * scale, unit)


class JsonLines:
    """One JSON object a line. With `is_last`, an object that it is true of must come before the stream ends."""

    separator = b"\n"

    def __init__(self, read: Reader, is_last: Callable[[dict[str, Any]], bool] | None = None) -> None:
        self._read = read
        self._is_last = is_last
        self._complete = is_last is None
        self._rest = b""

    def feed(self, data: bytes) -> Sequence[AudioChunk]:
        # Joined first: the network may have cut a line end in two.
        *pieces, self._rest = (self._rest + data).replace(b"\r\n", b"\n").split(self.separator)
        return [chunk for piece in pieces for chunk in self._chunks(piece)]

    def finish(self) -> Sequence[AudioChunk]:
        rest, self._rest = self._rest, b""
        chunks = list(self._chunks(rest))
        if not self._complete:
            raise ProtocolError("The stream ended before the last of its pieces had come.")
        return chunks

    def _chunks(self, piece: bytes) -> Sequence[AudioChunk]:
        text = self.payload(piece)
        if not text.strip():
            return ()
        try:
            value = from_json(text)
        except ValueError:
            raise ProtocolError("A piece of the stream cannot be read.") from None
        piece_read = as_object(value, "a piece of the stream")
        self._complete = self._complete or bool(self._is_last and self._is_last(piece_read))
        chunk = self._read(piece_read)
        return () if chunk is None else (chunk,)

    def payload(self, piece: bytes) -> bytes:
        return piece.removeprefix(b"data:")


class EventStream(JsonLines):
    """Server-sent events, each with one JSON object."""

    separator = b"\n\n"

    def payload(self, piece: bytes) -> bytes:
        return b"\n".join(line[5:].strip() for line in piece.split(b"\n") if line.startswith(b"data:"))
