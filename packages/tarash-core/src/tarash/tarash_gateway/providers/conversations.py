"""Speech in the messages of a WebSocket."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any

from pydantic_core import from_json

from tarash.tarash_gateway.exceptions import ProtocolError
from tarash.tarash_gateway.messages import as_object
from tarash.tarash_gateway.models import AudioChunk
from tarash.tarash_gateway.providers.sounds import Reader


class JsonFrames:
    """Messages that are one JSON object each. `is_last` knows the one after which nothing comes.

    Without `is_last` the vendor ends a conversation by closing the connection.
    """

    def __init__(self, read: Reader, is_last: Callable[[Mapping[str, Any]], bool] | None = None) -> None:
        self.finished = False
        self._read, self._is_last = read, is_last

    def feed(self, data: bytes) -> Sequence[AudioChunk]:
        try:
            message = as_object(from_json(data), "a message")
        except ValueError:
            raise ProtocolError("A message of the conversation cannot be read.") from None
        chunk = self._read(message)
        self.finished = self._is_last is not None and self._is_last(message)
        return () if chunk is None else (chunk,)

    def finish(self) -> Sequence[AudioChunk]:
        if self._is_last is not None and not self.finished:
            raise ProtocolError("The other side closed the connection before the last sound.")
        return ()
