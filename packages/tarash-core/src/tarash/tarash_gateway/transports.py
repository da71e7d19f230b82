"""The transports that outlive a call: one for the process, and one for each event loop. Imported with the first use."""

from __future__ import annotations

import threading
from collections.abc import AsyncGenerator
from typing import Any

from tarash.tarash_gateway.exceptions import UnsupportedOperationError

_shared: list[Any] = []
_shared_lock = threading.Lock()


def shared_transport() -> Any:
    """The sync transport of this process, made on first use."""
    if not _shared:
        with _shared_lock:
            if not _shared:
                _shared.append(_make_shared_transport())
    return _shared[0]


def _make_shared_transport() -> Any:
    import atexit

    from tarash.tarash_gateway.transport import SyncTransport

    transport = SyncTransport()
    atexit.register(transport.close)
    _forget_after_fork()
    return transport


_loops: Any = None
_fork_watched: list[bool] = []


def _forget_after_fork() -> None:
    """Sockets belong to the process that opened them: a child starts with none of its parent's."""
    import os

    if not _fork_watched and hasattr(os, "register_at_fork"):
        _fork_watched.append(True)
        os.register_at_fork(after_in_child=_shared.clear)


async def loop_transport() -> Any:
    """The async transport of the running event loop, made on first use and closed with the loop."""
    import asyncio

    loop = asyncio.get_running_loop()
    kept = _loop_table().get(loop)
    return kept[0] if kept else await _open_transport(loop)


def _loop_table() -> Any:
    global _loops
    if _loops is None:
        import weakref

        _loops = weakref.WeakKeyDictionary()
    return _loops


async def _open_transport(loop: Any) -> Any:
    from tarash.tarash_gateway.transport import AsyncTransport

    _forget_closed_loops()
    transport = AsyncTransport()
    keeper = _close_with_loop(transport, loop)
    _loop_table()[loop] = (transport, keeper)
    # A started async generator is finalised by the loop's own shutdown, which is how the sockets get closed in time.
    await anext(keeper)
    return transport


def _forget_closed_loops() -> None:
    """Loops that were closed without being wound up: their connections end when nothing holds them any more."""
    table = _loop_table()
    for loop in [loop for loop in list(table) if loop.is_closed()]:
        table.pop(loop, None)


async def _close_with_loop(transport: Any, loop: Any) -> AsyncGenerator[None]:
    try:
        yield
    finally:
        _loop_table().pop(loop, None)
        await transport.close()


def websocket_client() -> Any:
    """The module `websocket`. Raises `UnsupportedOperationError` without the package that it takes."""
    try:
        from tarash.tarash_gateway import websocket
    except ImportError:
        raise UnsupportedOperationError(
            "Text that is still being written goes over a WebSocket, for which a package is missing: "
            "pip install 'tarash-core[websocket]'. Nothing was sent."
        ) from None
    return websocket
