"""What the driver needs of the world it runs in. The two worlds are in `runtimes`."""

from __future__ import annotations

from collections.abc import Callable, Coroutine, Mapping
from typing import Any, Protocol, TypeVar

from tarash.tarash_gateway.clock import Clock
from tarash.tarash_gateway.messages import Request, Response

Result = TypeVar("Result")


class Stream(Protocol):
    """An answer whose body is still coming."""

    head: Response

    async def read(self, timeout: float, least: int = 0) -> bytes:
        """The next piece, waiting for `timeout` seconds at most; empty at the proper end.

        With `least`, so many bytes must come within that time, over as many calls as it takes: a peer that drips is
        no better than one that is silent.
        """
        ...

    async def close(self) -> None:
        """Close the connection, at once."""


class Socket(Protocol):
    """An open WebSocket. One may send while another receives."""

    async def send(self, text: str) -> None:
        """Send one message. Raises `HTTPConnectionError`."""

    async def receive(self, timeout: float) -> bytes | None:
        """The next message, None when the other side has closed.

        Raises the builtin `TimeoutError` when none came for `timeout` seconds, and `HTTPConnectionError`.
        """
        ...

    async def close(self) -> None:
        """Close the connection, at once."""


class TextSource(Protocol):
    """A text that is still being written, in numbered pieces that stay: see `texts.TextPieces`."""

    @property
    def error(self) -> BaseException | None:
        """What the iterator raised."""
        ...

    async def take(self, index: int) -> str | None: ...

    async def close(self) -> None: ...


class Work(Protocol):
    """Something that goes on beside its caller."""

    async def stop(self) -> None:
        """End it. What cannot be ended (a thread in somebody else's function) is left to itself."""


class Runtime(Protocol):
    """A world. In the sync one none of these coroutines ever suspends."""

    clock: Clock

    def prepare(self, request: Request, credentials: Mapping[str, str], *, allow_loopback: bool) -> Any:
        """Encode a request once. Raises `ValidationError` for a URL, header or body that cannot be sent."""

    async def send(self, wire: Any, timeout: float) -> Response:
        """Send a prepared request and read the whole answer within `timeout` seconds."""
        ...

    async def open(self, wire: Any, timeout: float) -> Stream:
        """Send a prepared request and read only the head of the answer, within `timeout` seconds."""
        ...

    async def dial(self, wire: Any, timeout: float) -> Socket | Response:
        """Open a WebSocket for a prepared request; the other side's answer when it refuses.

        Raises `HTTPConnectionError`, and `UnsupportedOperationError` without the package that it takes.
        """
        ...

    def start(self, work: Coroutine[Any, Any, None]) -> Work:
        """Do something beside what the caller goes on to do: in a thread, or in a task."""
        ...

    def read_text(self, text: Any) -> TextSource:
        """A caller's iterator of strings. Raises `ValidationError` for what is none in this world."""
        ...

    async def sleep(self, seconds: float) -> None: ...

    async def run(self, function: Callable[..., Result], *arguments: Any) -> Result:
        """Call a function that may block (files)."""
        ...

    async def notify(self, callback: Callable[[Any], Any], update: Any) -> None:
        """Call a user's callback, plain or async."""

    async def call_either(self, plain: Any, awaitable: Any, *arguments: Any) -> Any:
        """Call a user's method in the form that fits this world, or bridge to the other form (either may be None)."""

    async def complete(
        self, work: Coroutine[Any, Any, Result], grace: float, on_stop: Callable[[], None] = lambda: None
    ) -> tuple[Result | None, BaseException | None]:
        """Run paid work: (result, interruption).

        If we are interrupted in between, `on_stop` is called, and the work is given `grace` seconds to end; a second
        interruption ends it at once.
        """
        ...

    def close(self) -> None:
        """Give back what this one call opened."""
