"""Speech in answers: whole, as JSON lines, or as server-sent events."""

from __future__ import annotations

import base64
import struct
from collections.abc import Callable, Sequence
from typing import Any

from pydantic_core import from_json

from tarash.tarash_gateway.exceptions import ProtocolError
from tarash.tarash_gateway.messages import Done, Output, Response, as_object
from tarash.tarash_gateway.models import AudioChunk, Timing

Reader = Callable[[dict[str, Any]], AudioChunk | None]
"""Makes a chunk of one object of a stream; None for objects that carry no sound."""


def read_sound(answer: Response, content_type: str, headers: Sequence[str] = ()) -> Done:
    """The sound that an answer consists of; the named headers are kept. Raises `ProtocolError` when it is none."""
    told = answer.headers.get("content-type", "")
    if not answer.body or told.startswith(("application/json", "text/")):
        raise ProtocolError(f"The answer is no sound but {len(answer.body)} bytes of {told or 'nothing'}.")
    facts = {name: answer.headers[name] for name in headers if name in answer.headers}
    return Done([Output(data=with_true_sizes(answer.body), content_type=content_type)], facts, {}, facts)


def with_true_sizes(data: bytes) -> bytes:
    """WAV whose header was written before its length was known, with the true sizes; anything else as it is."""
    if data[:4] != b"RIFF" or data[8:12] != b"WAVE":
        return data
    at = data.find(b"data", 12, 4096)
    if at < 0 or int.from_bytes(data[at + 4 : at + 8], "little") <= len(data):
        return data
    whole, sound = struct.pack("<I", len(data) - 8), struct.pack("<I", len(data) - at - 8)
    return data[:4] + whole + data[8 : at + 4] + sound + data[at + 8 :]


def decoded(text: Any) -> bytes:
    """Base64 of an answer. Raises `ProtocolError` when it is none."""
    try:
        return base64.b64decode(text, validate=True)
    except (TypeError, ValueError):
        raise ProtocolError("The audio in the answer is not base64.") from None


def timings(columns: Any, names: tuple[str, str, str], unit: Any = "word") -> tuple[Timing, ...]:
    """Timings from three parallel lists of an object (texts, starts and ends in seconds); none without them."""
    if not isinstance(columns, dict):
        return ()
    lists = [columns.get(name) or [] for name in names]
    return tuple(Timing(str(text), float(start), float(end), unit) for text, start, end in zip(*lists, strict=False))


class JsonLines:
    """One JSON object a line."""

    separator = b"\n"

    def __init__(self, read: Reader) -> None:
        self._read = read
        self._rest = b""

    def feed(self, data: bytes) -> Sequence[AudioChunk]:
        *pieces, self._rest = (self._rest + data.replace(b"\r\n", b"\n")).split(self.separator)
        return [chunk for piece in pieces for chunk in self._chunks(piece)]

    def finish(self) -> Sequence[AudioChunk]:
        rest, self._rest = self._rest, b""
        return list(self._chunks(rest))

    def _chunks(self, piece: bytes) -> Sequence[AudioChunk]:
        text = self.payload(piece)
        if not text.strip():
            return ()
        try:
            value = from_json(text)
        except ValueError:
            raise ProtocolError("A piece of the stream cannot be read.") from None
        chunk = self._read(as_object(value, "a piece of the stream"))
        return () if chunk is None else (chunk,)

    def payload(self, piece: bytes) -> bytes:
        return piece.removeprefix(b"data:")


class EventStream(JsonLines):
    """Server-sent events, each with one JSON object."""

    separator = b"\n\n"

    def payload(self, piece: bytes) -> bytes:
        return b"\n".join(line[5:].strip() for line in piece.split(b"\n") if line.startswith(b"data:"))
