"""The two worlds in which the driver runs.

Everything that differs between sync and async is here, in `transport`, `websocket` or `texts`.

The driver is written once as `async def`. Under `SyncRuntime` its coroutines never suspend, so `run_sync` steps them to
the end without any event loop, also inside a running one. Under `AsyncRuntime` they await.
"""

from __future__ import annotations

import contextlib
import inspect
import threading
from collections.abc import Awaitable, Callable, Coroutine, Mapping
from typing import TYPE_CHECKING, Any, TypeVar

from tarash.tarash_gateway.clock import current_clock
from tarash.tarash_gateway.messages import Request, Response
from tarash.tarash_gateway.runtime import Socket, Stream, TextSource, Work
from tarash.tarash_gateway.transports import loop_transport, shared_transport, websocket_client

if TYPE_CHECKING:
    from tarash.tarash_gateway.encoding import WireRequest

Result = TypeVar("Result")


def run_sync(work: Coroutine[Any, Any, Result]) -> Result:
    """Step a coroutine that never suspends to its end."""
    try:
        work.send(None)
    except StopIteration as end:
        return end.value  # type: ignore[no-any-return]
    work.close()
    raise RuntimeError("a coroutine suspended in the sync world: something awaited an event loop")


def _prepare(request: Request, credentials: Mapping[str, str], allow_loopback: bool) -> WireRequest:
    # Imported here: the HTTP client comes with the first call, not with `import tarash`.
    from tarash.tarash_gateway.encoding import prepare

    return prepare(request, credentials, allow_loopback=allow_loopback)


class SyncRuntime:
    """Blocks the calling thread."""

    def __init__(self) -> None:
        self.clock = current_clock()
        self._callbacks: _CallbackLoop | None = None

    def prepare(self, request: Request, credentials: Mapping[str, str], *, allow_loopback: bool) -> WireRequest:
        return _prepare(request, credentials, allow_loopback)

    async def send(self, wire: WireRequest, timeout: float) -> Response:
        response: Response = shared_transport().send(wire, timeout)
        return response

    async def open(self, wire: WireRequest, timeout: float) -> Stream:
        return _SyncStream(shared_transport().open(wire, timeout))

    async def dial(self, wire: WireRequest, timeout: float) -> Socket | Response:
        socket: Socket | Response = websocket_client().open_socket(wire, timeout)
        return socket

    def start(self, work: Coroutine[Any, Any, None]) -> Work:
        return _ThreadWork(work)

    def read_text(self, text: Any) -> TextSource:
        from tarash.tarash_gateway.texts import SyncTextPieces

        return SyncTextPieces(text)

    async def sleep(self, seconds: float) -> None:
        self.clock.sleep(seconds)

    async def run(self, function: Callable[..., Result], *arguments: Any) -> Result:
        return function(*arguments)

    async def notify(self, callback: Callable[[Any], Any], update: Any) -> None:
        result = callback(update)
        if inspect.isawaitable(result):
            self._callbacks = self._callbacks or _CallbackLoop()
            self._callbacks.run(result)

    async def call_either(self, plain: Any, awaitable: Any, *arguments: Any) -> Any:
        return plain(*arguments) if plain else _run_in_thread(awaitable, *arguments)

    async def complete(
        self, work: Coroutine[Any, Any, Result], grace: float, on_stop: Callable[[], None] = lambda: None
    ) -> tuple[Result | None, BaseException | None]:
        try:
            return await work, None
        except Exception:
            raise
        except BaseException as stop:
            on_stop()
            return None, stop

    def close(self) -> None:
        if self._callbacks:
            self._callbacks.close()


class _ThreadWork:
    """Work in a thread of its own, which does not keep the process alive."""

    def __init__(self, work: Coroutine[Any, Any, None]) -> None:
        import contextvars

        context = contextvars.copy_context()
        threading.Thread(target=context.run, args=(run_sync, work), name="tarash-text", daemon=True).start()

    async def stop(self) -> None:
        """Nothing can end a thread that stands in the caller's own iterator; it ends when that comes back."""


class _TaskWork:
    """Work in a task of the running event loop."""

    def __init__(self, work: Coroutine[Any, Any, None]) -> None:
        import asyncio

        self._task = asyncio.ensure_future(work)

    async def stop(self) -> None:
        import asyncio

        self._task.cancel()
        await asyncio.wait({self._task})


class _SyncStream:
    """A blocking stream, with the face that the driver knows."""

    def __init__(self, stream: Any) -> None:
        self._stream = stream
        self.head: Response = stream.head

    async def read(self, timeout: float, least: int = 0) -> bytes:
        data: bytes = self._stream.read(timeout, least)
        return data

    async def close(self) -> None:
        self._stream.close()


class _CallbackLoop:
    """An event loop in a thread of its own, for async callbacks of sync calls: it works inside a running loop too."""

    def __init__(self) -> None:
        import asyncio

        self._loop = asyncio.new_event_loop()
        self._thread = threading.Thread(target=self._loop.run_forever, name="tarash-callbacks", daemon=True)
        self._thread.start()

    def run(self, awaitable: Awaitable[Any]) -> None:
        import asyncio

        async def wait() -> None:
            await awaitable

        asyncio.run_coroutine_threadsafe(wait(), self._loop).result()

    def close(self) -> None:
        """End the loop as `asyncio.run` does. A callback that will not end is left behind in its thread."""
        import asyncio

        ending = asyncio.run_coroutine_threadsafe(_wind_up(), self._loop)
        with contextlib.suppress(TimeoutError):
            ending.result(_PATIENCE)
            self._loop.call_soon_threadsafe(self._loop.stop)
            self._thread.join()
            self._loop.close()


_PATIENCE = 5.0


async def _wind_up() -> None:
    """End what callbacks started and left: tasks, connections, threads."""
    import asyncio

    tasks = asyncio.all_tasks() - {asyncio.current_task()}
    for task in tasks:
        task.cancel()
    await asyncio.gather(*tasks, return_exceptions=True)
    loop = asyncio.get_running_loop()
    await loop.shutdown_asyncgens()
    await loop.shutdown_default_executor()


class AsyncRuntime:
    """Awaits in the running event loop."""

    def __init__(self) -> None:
        self.clock = current_clock()

    def prepare(self, request: Request, credentials: Mapping[str, str], *, allow_loopback: bool) -> WireRequest:
        return _prepare(request, credentials, allow_loopback)

    async def send(self, wire: WireRequest, timeout: float) -> Response:
        transport = await loop_transport()
        response: Response = await transport.send(wire, timeout)
        return response

    async def open(self, wire: WireRequest, timeout: float) -> Stream:
        transport = await loop_transport()
        stream: Stream = await transport.open(wire, timeout)
        return stream

    async def dial(self, wire: WireRequest, timeout: float) -> Socket | Response:
        socket: Socket | Response = await websocket_client().open_socket_async(wire, timeout)
        return socket

    def start(self, work: Coroutine[Any, Any, None]) -> Work:
        return _TaskWork(work)

    def read_text(self, text: Any) -> TextSource:
        from tarash.tarash_gateway.texts import AsyncTextPieces

        return AsyncTextPieces(text, self.run)

    async def sleep(self, seconds: float) -> None:
        await self.clock.sleep_async(seconds)

    async def run(self, function: Callable[..., Result], *arguments: Any) -> Result:
        import asyncio

        return await asyncio.to_thread(_called, function, *arguments)

    async def notify(self, callback: Callable[[Any], Any], update: Any) -> None:
        # A plain callback may block, so it runs in a thread; the next update waits for it, so the order is kept.
        result = callback(update) if _is_async(callback) else await self.run(callback, update)
        if inspect.isawaitable(result):
            await result

    async def call_either(self, plain: Any, awaitable: Any, *arguments: Any) -> Any:
        return await (awaitable(*arguments) if awaitable else self.run(plain, *arguments))

    async def complete(
        self, work: Coroutine[Any, Any, Result], grace: float, on_stop: Callable[[], None] = lambda: None
    ) -> tuple[Result | None, BaseException | None]:
        import asyncio

        task = asyncio.ensure_future(work)
        try:
            return await asyncio.shield(task), None
        except asyncio.CancelledError as stop:
            on_stop()
            last = stop
            try:
                await _wait_a_little(task, grace)
            except asyncio.CancelledError as again:
                last = again
            finished = task.done() and not task.cancelled() and task.exception() is None
            return (task.result() if finished else None), last

    def close(self) -> None:
        """Nothing to close: sockets belong to the loop."""


def _called(function: Callable[..., Result], *arguments: Any) -> Result:
    try:
        return function(*arguments)
    except StopIteration as stop:
        # No future can hold a StopIteration: whoever awaits one would wait for ever.
        raise RuntimeError(f"StopIteration: {stop}") from stop


async def _wait_a_little(task: Any, grace: float) -> None:
    import asyncio

    try:
        await asyncio.wait({task}, timeout=grace)
    finally:
        if not task.done():
            task.cancel()
            with contextlib.suppress(BaseException):
                await task


def _is_async(callback: Callable[[Any], Any]) -> bool:
    return inspect.iscoroutinefunction(callback) or inspect.iscoroutinefunction(
        getattr(callback, "__call__", None)  # noqa: B004 - an object with an async __call__
    )


def _run_in_thread(method: Callable[..., Coroutine[Any, Any, Result]], *arguments: Any) -> Result:
    """A plain call of an async method: in a thread with an event loop of its own, which works inside a loop too."""
    import asyncio
    import contextvars

    outcome: list[tuple[Result | None, BaseException | None]] = []

    def work() -> None:
        try:
            outcome.append((asyncio.run(method(*arguments)), None))
        except BaseException as error:
            outcome.append((None, error))

    thread = threading.Thread(target=contextvars.copy_context().run, args=(work,), name="tarash-handler")
    thread.start()
    thread.join()
    result, error = outcome[0]
    if error is not None:
        raise error
    return result  # type: ignore[return-value]
