"""The only module that names a WebSocket client. It opens one connection, and passes frames; it decides nothing.

The client is `websockets` (the extra `tarash-core[websocket]`). Proxies, certificates and headers are those of the HTTP
transport, and redirects are not followed: they could carry a key to another host.
"""

from __future__ import annotations

import asyncio
import contextlib
import logging
import threading
from typing import Any

from websockets.asyncio.client import ClientConnection as AsyncConnection
from websockets.asyncio.client import connect as connect_async
from websockets.exceptions import ConnectionClosed, ConnectionClosedOK, InvalidStatus, WebSocketException
from websockets.sync.client import ClientConnection, connect

from tarash.tarash_gateway.encoding import WireRequest
from tarash.tarash_gateway.exceptions import HTTPConnectionError
from tarash.tarash_gateway.messages import Response
from tarash.tarash_gateway.network import proxy_for
from tarash.tarash_gateway.pools import ssl_context
from tarash.tarash_gateway.secrets import without_query

CLOSE_SECONDS = 0.01
"""The other side may take so long to say goodbye; then the socket is closed."""
LARGEST_FRAME = 16 * 1024 * 1024
FRAMES_AHEAD = 256
"""So many frames may wait for a caller who listens slowly; then the other side is held back."""

_OF_HTTP = frozenset({b"host", b"accept", b"accept-encoding", b"content-length"})

# At level DEBUG the client writes down the headers of the handshake, and the key is one of them. What goes wrong it
# raises; besides, it logs an error when data comes in at the moment of closing, which is none.
_log = logging.getLogger("tarash.websocket")
_log.setLevel(logging.CRITICAL)


class _Refused(Exception):  # noqa: N818 - an answer on its way, not an error
    """The handshake was answered with another status. No exception of the client: a redirect of those is followed."""

    def __init__(self, refusal: InvalidStatus) -> None:
        super().__init__()
        self.response = _read(refusal.response)


def _read(raw: Any) -> Response:
    headers = {name.lower(): value for name, value in raw.headers.raw_items()}
    return Response(raw.status_code, headers, bytes(raw.body or b""))


class _Connection(ClientConnection):
    def handshake(self, *arguments: Any, **named: Any) -> None:
        try:
            super().handshake(*arguments, **named)
        except InvalidStatus as refusal:
            raise _Refused(refusal) from None


class _AsyncConnection(AsyncConnection):
    async def handshake(self, *arguments: Any, **named: Any) -> None:
        try:
            await super().handshake(*arguments, **named)
        except InvalidStatus as refusal:
            raise _Refused(refusal) from None


def _options(wire: WireRequest, timeout: float) -> dict[str, Any]:
    headers = [(name.decode("ascii"), value.decode("ascii")) for name, value in wire.headers if name not in _OF_HTTP]
    secure = {"ssl": ssl_context()} if wire.url.scheme == b"https" else {}
    return {
        **secure,
        "additional_headers": headers,
        "user_agent_header": None,
        "proxy": proxy_for(wire.url),
        "open_timeout": timeout,
        # A caller who listens slowly holds the answers to pings back, too: that is no reason to break off.
        "ping_interval": None,
        "close_timeout": CLOSE_SECONDS,
        "max_size": LARGEST_FRAME,
        "max_queue": FRAMES_AHEAD,
        "logger": _log,
    }


def _address(wire: WireRequest) -> str:
    return "ws" + bytes(wire.url).decode("ascii").removeprefix("http")


def _unreachable(wire: WireRequest, error: Exception) -> HTTPConnectionError:
    said = "timed out" if isinstance(error, TimeoutError) else str(error).rstrip(".") or type(error).__name__
    place = without_query(wire.request.url)
    return HTTPConnectionError(f"No WebSocket to {place}: {said}. No text was sent; check the network and base_url.")


def _broken(error: Exception) -> HTTPConnectionError:
    told = error.rcvd if isinstance(error, ConnectionClosed) else None
    how = f" with code {told.code} {told.reason}".rstrip() if told else ""
    return HTTPConnectionError(f"The other side broke the connection off{how}.")


# SSLError is an OSError; ImportError: a SOCKS proxy needs a package of its own.
_FAILURES = (OSError, WebSocketException, EOFError, ValueError, ImportError)


def open_socket(wire: WireRequest, timeout: float) -> SyncSocket | Response:
    """Open a connection within `timeout` seconds; the answer of the other side when it refuses.

    Raises `HTTPConnectionError`.
    """
    try:
        manager = connect(_address(wire), create_connection=_Connection, **_options(wire, timeout))
        return SyncSocket(manager.__enter__())
    except _Refused as refused:
        return refused.response
    except _FAILURES as error:
        raise _unreachable(wire, error) from None


async def open_socket_async(wire: WireRequest, timeout: float) -> AsyncSocket | Response:
    """`open_socket`, awaited."""
    try:
        return AsyncSocket(
            await connect_async(_address(wire), create_connection=_AsyncConnection, **_options(wire, timeout))
        )
    except _Refused as refused:
        return refused.response
    except _FAILURES as error:
        raise _unreachable(wire, error) from None


class SyncSocket:
    """A connection of the calling threads: one may send while another receives."""

    def __init__(self, connection: ClientConnection) -> None:
        self._connection = connection
        self._sending = threading.Lock()

    async def send(self, text: str) -> None:
        with self._sending:
            try:
                self._connection.send(text)
            except (ConnectionClosed, OSError) as error:
                raise _broken(error) from None

    async def receive(self, timeout: float) -> bytes | None:
        try:
            return self._connection.recv(timeout, decode=False)
        except ConnectionClosedOK:
            return None
        except ConnectionClosed as error:
            raise _broken(error) from None

    async def close(self) -> None:
        if self._sending.acquire(blocking=False):
            self._sending.release()
            self._connection.close()
        else:
            # The other side takes nothing any more: a goodbye would wait behind what is being sent.
            self._connection.close_socket()


class AsyncSocket:
    """A connection of the running event loop: one task may send while another receives."""

    def __init__(self, connection: AsyncConnection) -> None:
        self._connection = connection

    async def send(self, text: str) -> None:
        try:
            await self._connection.send(text)
        except (ConnectionClosed, OSError) as error:
            raise _broken(error) from None

    async def receive(self, timeout: float) -> bytes | None:
        try:
            async with asyncio.timeout(timeout):
                return await self._connection.recv(decode=False)
        except ConnectionClosedOK:
            return None
        except ConnectionClosed as error:
            raise _broken(error) from None

    async def close(self) -> None:
        try:
            with contextlib.suppress(TimeoutError):
                async with asyncio.timeout(2 * CLOSE_SECONDS):
                    await self._connection.close()
        finally:
            self._connection.transport.abort()
            await self._connection.wait_closed()
