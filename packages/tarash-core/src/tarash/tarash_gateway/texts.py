"""Text that is still being written: the caller's pieces, kept for a second reader, and cut where a voice may pause."""

from __future__ import annotations

import re
import threading
from collections.abc import AsyncIterator, Callable, Iterator
from typing import TYPE_CHECKING, Any

from tarash.tarash_gateway.exceptions import ValidationError
from tarash.tarash_gateway.messages import Unit
from tarash.tarash_gateway.models.request import sendable_text

if TYPE_CHECKING:
    import asyncio


class TextPieces:
    """What was taken of the caller's iterator. The next provider of a chain hears it from the beginning.

    `error` is what the iterator raised: it belongs to the caller, and is raised to him as it is.
    """

    def __init__(self) -> None:
        self.error: BaseException | None = None
        self._taken: list[str] = []
        self._over = False

    def _keep(self, piece: Any) -> None:
        if not isinstance(piece, str):
            self.error = ValidationError(f"The text must come as strings, but {type(piece).__name__} came.")
            return
        try:
            self._taken.append(sendable_text(piece))
        except ValueError as error:
            self.error = ValidationError(f"A piece of the text cannot be sent: {error}.")

    def _asks_no_more(self, index: int) -> bool:
        """True when a piece is there, or none will ever come. Raises the iterator's error."""
        if index < len(self._taken):
            return True
        if self.error is not None:
            raise self.error
        return self._over

    def _at(self, index: int) -> str | None:
        return self._taken[index] if index < len(self._taken) else None


class SyncTextPieces(TextPieces):
    """Pieces of a plain iterator, which is asked in the thread that wants the next piece."""

    def __init__(self, text: Any) -> None:
        super().__init__()
        if hasattr(text, "__aiter__") and not hasattr(text, "__iter__"):
            raise ValidationError("An async iterator of text is for stream_tts_async; nothing was sent.")
        self._iterator = _plain(text)
        # The attempt before may still stand in the iterator when the next one asks.
        self._asking = threading.Lock()

    async def take(self, index: int) -> str | None:
        """The piece with this number; None after the last. Raises what the iterator raises."""
        if not self._asks_no_more(index):
            with self._asking:
                if not self._asks_no_more(index):
                    self._ask()
            self._asks_no_more(index)
        return self._at(index)

    def _ask(self) -> None:
        try:
            self._keep(next(self._iterator))
        except StopIteration:
            self._over = True
        except BaseException as error:
            self.error = error

    async def close(self) -> None:
        """Nothing to end: the iterator is the caller's."""


class AsyncTextPieces(TextPieces):
    """Pieces of an async or plain iterator, which one task asks, however many attempts come to wait for it.

    A plain one is asked with `run`, which calls a function that may block.
    """

    def __init__(self, text: Any, run: Callable[..., Any]) -> None:
        super().__init__()
        self._iterator = aiter(text) if hasattr(text, "__aiter__") else _iterate(_plain(text), run)
        self._asking: asyncio.Task[None] | None = None

    async def take(self, index: int) -> str | None:
        """`SyncTextPieces.take`, awaited."""
        import asyncio

        if not self._asks_no_more(index):
            if self._asking is None or self._asking.done():
                self._asking = asyncio.ensure_future(self._ask())
            # Who waits here may be cancelled; the question itself must live on, or its piece would be lost.
            await asyncio.wait({self._asking})
            self._asks_no_more(index)
        return self._at(index)

    async def _ask(self) -> None:
        try:
            self._keep(await anext(self._iterator))
        except StopAsyncIteration:
            self._over = True
        except BaseException as error:
            self.error = error

    async def close(self) -> None:
        """Cancel an iterator that is being waited for."""
        import asyncio

        if self._asking is not None and not self._asking.done():
            self._asking.cancel()
            await asyncio.wait({self._asking})


def _plain(text: Any) -> Iterator[Any]:
    if isinstance(text, str | bytes) or not hasattr(text, "__iter__"):
        raise ValidationError(
            f"`text` must be an iterator of strings, not {type(text).__name__}; a whole text goes into the request."
        )
    return iter(text)


async def _iterate(iterator: Iterator[Any], run: Callable[..., Any]) -> AsyncIterator[Any]:
    end = object()
    while (piece := await run(next, iterator, end)) is not end:
        yield piece


_BOUNDARIES = {"word": re.compile(r".*\s", re.DOTALL), "sentence": re.compile(r".*[.!?\u2026\u3002]\s", re.DOTALL)}
_SENTENCE_END = re.compile(r"(?<!\d)[.!?\u2026\u3002]\Z")


class Joiner:
    """Joins pieces into units that a vendor takes: as they come, in whole words, or in whole sentences.

    The units joined are the pieces joined. A sentence that ends with its piece does not wait for the next one.
    `longest` cuts units that have more characters, at a space where there is one.
    """

    def __init__(self, unit: Unit = "piece", longest: int | None = None) -> None:
        self._boundary, self._longest = _BOUNDARIES.get(unit), longest
        self._rest = ""

    def feed(self, piece: str) -> list[str]:
        """The units that are complete with this piece."""
        whole = self._rest + piece
        end = len(whole)
        if self._boundary is not None and not _SENTENCE_END.search(whole):
            found = self._boundary.match(whole)
            end = found.end() if found else 0
        self._rest = whole[end:]
        return self._cut(whole[:end])

    def finish(self) -> list[str]:
        """What is left at the end."""
        rest, self._rest = self._rest, ""
        return self._cut(rest)

    def _cut(self, unit: str) -> list[str]:
        units = []
        while self._longest and len(unit) > self._longest:
            at = unit.rfind(" ", 0, self._longest) + 1 or self._longest
            units.append(unit[:at])
            unit = unit[at:]
        return [*units, unit] if unit else units
