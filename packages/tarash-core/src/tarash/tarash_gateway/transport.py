"""The only package that knows an HTTP client. It sends one prepared request and reads one answer; it decides nothing.

The client is httpx, or httpx2 (its maintained continuation, with the same interface) where that is installed. Its URL
and body encoding is used, and the connection pool below it (httpcore) directly: cookies, redirects and authentication
of a general client are things that must not happen here.
"""

from __future__ import annotations

import asyncio
import contextlib
import sys
import time
import traceback
import zlib
from collections.abc import AsyncIterator, Callable, Generator, Iterator
from typing import Any

from tarash.tarash_gateway.encoding import WireRequest, read_file
from tarash.tarash_gateway.exceptions import HTTPConnectionError, ProtocolError
from tarash.tarash_gateway.messages import File, Response
from tarash.tarash_gateway.network import (
    Exchange,
    current_exchange,
    httpcore,
    proxy_for,
    refuse_private_literal,
)
from tarash.tarash_gateway.pools import Host, Route, make_pool
from tarash.tarash_gateway.secrets import without_query

CHUNK = 65536
CONNECT_TIMEOUT = 15.0


@contextlib.contextmanager
def _translated(exchange: Exchange, url: str) -> Generator[None]:
    """Turn the client's errors into ours, with the one fact that matters for money: was anything written?"""
    token, before = current_exchange.set(exchange), sys.exception()
    try:
        yield
    except (httpcore.ConnectionNotAvailable, httpcore.NetworkError, httpcore.TimeoutException) as error:
        raise _lost(exchange, url, _alone(error, before)) from None
    except (httpcore.ProtocolError, httpcore.UnsupportedProtocol, httpcore.ProxyError) as error:
        raise _lost(exchange, url, _alone(error, before)) from None
    except (OSError, UnicodeError) as error:
        # UnicodeError: what the resolver says of a host name that no name can be.
        raise _lost(exchange, url, _alone(error, before)) from None
    finally:
        current_exchange.reset(token)


def _alone(error: BaseException, before: BaseException | None) -> BaseException:
    """The error apart from the one that was being handled before the exchange began: that one is somebody else's."""
    link = error
    while link.__context__ is not None and link.__context__ is not before:
        link = link.__context__
    link.__context__ = None
    return error


def _lost(exchange: Exchange, url: str, error: BaseException) -> HTTPConnectionError:
    what = _said(error)
    place = without_query(url)
    if exchange.written:
        lost = HTTPConnectionError(f"No complete answer came from {place}: {what}.")
    else:
        lost = HTTPConnectionError(
            f"Could not reach {place}: {what}. Nothing was sent; check the network and base_url."
        )
    lost.request_sent = exchange.written
    _forget(error)
    return lost


def _forget(error: BaseException | None) -> None:
    """Empty the client's errors and their frames: headers, bodies and what the other side said stand there."""
    while error is not None:
        traceback.clear_frames(error.__traceback__)
        error.args = ()
        error = error.__context__


def _said(error: BaseException) -> str:
    """What the machine said: an event loop's client only tells that all attempts failed, and hides why."""
    inner = error if isinstance(error, OSError) else error.__cause__ or error.__context__
    while isinstance(inner, OSError | ExceptionGroup):
        error = inner.exceptions[0] if isinstance(inner, ExceptionGroup) else inner
        inner = error.__cause__
    if isinstance(error, TimeoutError):
        return "timed out"
    return str(error).rstrip(".") or type(error).__name__


def _head(raw: Any) -> Response:
    headers: dict[str, str] = {}
    for name, value in raw.headers:
        key, text = name.decode("latin-1").lower(), value.decode("latin-1")
        headers[key] = f"{headers[key]}, {text}" if key in headers else text
    return Response(raw.status, headers)


class _Body:
    """Decodes and measures a body as it comes. Never holds more than one bounded piece of decompressed data."""

    def __init__(self, head: Response, max_bytes: int) -> None:
        self.left = max_bytes
        self.limit = max_bytes
        encoding = head.headers.get("content-encoding", "").lower()
        if encoding not in ("", "identity", "gzip", "x-gzip", "deflate"):
            raise ProtocolError("The answer is compressed in a way that was not asked for.")
        self.decoder = None if encoding in ("", "identity") else zlib.decompressobj(47 if "gzip" in encoding else 15)
        self.begun = False

    def pieces(self, data: bytes) -> Iterator[bytes]:
        if self.decoder is None:
            yield self._counted(data)
            return
        more = self._is_wanted(data)
        while more:
            try:
                piece = self.decoder.decompress(data, CHUNK)
            except zlib.error as error:
                raise ProtocolError(f"The answer's compression is broken: {error}.") from None
            self.begun = True
            yield self._counted(piece)
            data = self.decoder.unconsumed_tail or self.decoder.unused_data
            # A full piece may have left some of its output inside the decoder, even if no input is left.
            more = self._is_wanted(data) or (len(piece) == CHUNK and not self.decoder.eof)

    def _is_wanted(self, data: bytes) -> bool:
        """Whether compressed data goes on here. It may consist of several files; what else follows one is padding."""
        assert self.decoder is not None
        if self.decoder.eof and data[:1] == b"\x1f":
            self.decoder = zlib.decompressobj(31)
        return bool(data) and not self.decoder.eof

    def finish(self) -> None:
        """Raise `HTTPConnectionError` when compressed data was cut, which its length on the wire does not tell."""
        if self.decoder is not None and self.begun and not self.decoder.eof:
            cut = HTTPConnectionError("The answer was cut inside its compressed data.")
            cut.request_sent = True
            raise cut

    def _counted(self, piece: bytes) -> bytes:
        self.left -= len(piece)
        if self.left < 0:
            raise ProtocolError(f"The answer is longer than the limit of {self.limit} bytes; it was not read further.")
        return piece


def _raw_request(wire: WireRequest, timeout: float, reader: Callable[[File], Any]) -> tuple[Exchange, Any]:
    # A proxy stands where it stands, often in a private network: its own address is not judged.
    judged = wire.request.public_only and proxy_for(wire.url) is None
    exchange = Exchange(time.monotonic() + timeout, judged, wire.allow_loopback)
    limits = {"connect": min(CONNECT_TIMEOUT, timeout), "read": timeout, "write": timeout, "pool": timeout}
    body = wire.body if isinstance(wire.body, bytes) else reader(wire.body)
    return exchange, httpcore.Request(
        wire.request.method, wire.url, headers=wire.headers, content=body, extensions={"timeout": limits}
    )


def _route(wire: WireRequest) -> Route:
    """Links of strangers never share connections with the provider's hosts, whose addresses were not judged."""
    proxy = proxy_for(wire.url)
    if not wire.request.public_only:
        return Route(proxy)
    if proxy is not None:
        # The proxy looks names up and connects; what can be judged here is an address that stands in the link itself.
        refuse_private_literal(wire.url, wire.allow_loopback)
    return Route(proxy, True, wire.allow_loopback)


class _Patience:
    """How long a peer may be waited for. Only waiting counts: a caller who plays the audio may take its time."""

    def __init__(self) -> None:
        self._waited = 0.0
        self._came = 0
        self._since = 0.0

    def begin(self, timeout: float) -> float:
        """Seconds that are left of `timeout`."""
        self._since = time.monotonic()
        return max(0.0, timeout - self._waited)

    def end(self, piece: bytes, least: int) -> bytes:
        self._waited += time.monotonic() - self._since
        self._came += len(piece)
        if self._came >= least:
            self._waited, self._came = 0.0, 0
        return piece


class SyncStream:
    """A body that is read piece by piece in the calling thread."""

    def __init__(self, raw: Any, wire: WireRequest, exchange: Exchange) -> None:
        self.head = _head(raw)
        self._patience = _Patience()
        self._raw, self._exchange, self._url = raw, exchange, wire.request.url
        self._body = _Body(self.head, wire.request.max_bytes)
        self._data = iter(raw.stream)
        self._pieces: Iterator[bytes] = iter(())

    def read(self, timeout: float, least: int = 0) -> bytes:
        self._exchange.deadline = time.monotonic() + self._patience.begin(timeout)
        with _translated(self._exchange, self._url):
            # One piece at a time: all that unpacks from a little data may be more than memory holds.
            while True:
                for piece in self._pieces:
                    if piece:
                        return self._patience.end(piece, least)
                data = next(self._data, None)
                if data is None:
                    break
                self._pieces = self._body.pieces(data)
        self._body.finish()
        return b""

    def close(self) -> None:
        self._raw.close()


class AsyncStream:
    """A body that is read piece by piece in the running event loop."""

    def __init__(self, raw: Any, wire: WireRequest, exchange: Exchange, exits: contextlib.AsyncExitStack) -> None:
        self.head = _head(raw)
        self._patience = _Patience()
        self._exchange, self._url, self._exits = exchange, wire.request.url, exits
        self._body = _Body(self.head, wire.request.max_bytes)
        self._data = aiter(raw.stream)
        self._pieces: Iterator[bytes] = iter(())

    async def read(self, timeout: float, least: int = 0) -> bytes:
        with _translated(self._exchange, self._url):
            async with asyncio.timeout(self._patience.begin(timeout)):
                while True:
                    for piece in self._pieces:
                        if piece:
                            return self._patience.end(piece, least)
                    data = await anext(self._data, None)
                    if data is None:
                        break
                    self._pieces = self._body.pieces(data)
        self._body.finish()
        return b""

    async def close(self) -> None:
        await self._exits.aclose()


class SyncTransport:
    """Sends in the calling thread. Safe to share between threads."""

    def __init__(self) -> None:
        self._pools: dict[Route, Any] = {}

    def send(self, wire: WireRequest, timeout: float) -> Response:
        """Send and read the whole answer within `timeout` seconds.

        Raises `HTTPConnectionError` (see its `request_sent`) and `ProtocolError`.
        """
        exchange, raw_request = _raw_request(wire, timeout, read_file)
        with _translated(exchange, wire.request.url):
            raw = self._pool(_route(wire)).handle_request(raw_request)
            try:
                return self._read(raw, wire.request.max_bytes)
            finally:
                raw.close()

    @staticmethod
    def _read(raw: Any, max_bytes: int) -> Response:
        head = _head(raw)
        body = _Body(head, max_bytes)
        pieces = [piece for data in raw.stream for piece in body.pieces(data)]
        body.finish()
        return Response(head.status, head.headers, b"".join(pieces))

    def open(self, wire: WireRequest, timeout: float) -> SyncStream:
        """Send, and read the head of the answer within `timeout` seconds; the body is read from the stream."""
        exchange, raw_request = _raw_request(wire, timeout, read_file)
        with _translated(exchange, wire.request.url):
            return SyncStream(self._pool(_route(wire)).handle_request(raw_request), wire, exchange)

    def _pool(self, route: Route) -> Any:
        pool = self._pools.get(route)
        return pool or self._pools.setdefault(route, make_pool(route))

    def close(self) -> None:
        for pool in self._pools.values():
            pool.close()
        self._pools.clear()


class AsyncTransport:
    """Sends in the running event loop, to which its sockets belong: one transport for each loop."""

    def __init__(self) -> None:
        self._hosts: dict[Any, Host] = {}

    async def send(self, wire: WireRequest, timeout: float) -> Response:
        """`SyncTransport.send`, awaited."""
        exchange, raw_request = _raw_request(wire, timeout, _read_file_async)
        with _translated(exchange, wire.request.url):
            async with asyncio.timeout(timeout), self._host(wire).connection() as pool:
                raw = await pool.handle_async_request(raw_request)
                try:
                    return await self._read(raw, wire.request.max_bytes)
                finally:
                    await raw.aclose()

    @staticmethod
    async def _read(raw: Any, max_bytes: int) -> Response:
        head = _head(raw)
        body = _Body(head, max_bytes)
        pieces = [piece async for data in raw.stream for piece in body.pieces(data)]
        body.finish()
        return Response(head.status, head.headers, b"".join(pieces))

    async def open(self, wire: WireRequest, timeout: float) -> AsyncStream:
        """`SyncTransport.open`, awaited."""
        exchange, raw_request = _raw_request(wire, timeout, _read_file_async)
        async with contextlib.AsyncExitStack() as exits:
            with _translated(exchange, wire.request.url):
                async with asyncio.timeout(timeout):
                    pool = await exits.enter_async_context(self._host(wire).connection())
                    raw = await pool.handle_async_request(raw_request)
                exits.push_async_callback(raw.aclose)
            return AsyncStream(raw, wire, exchange, exits.pop_all())

    def _host(self, wire: WireRequest) -> Host:
        key = wire.url.scheme, wire.url.host, wire.url.port, _route(wire)
        host = self._hosts.get(key)
        if host is None:
            host = self._hosts[key] = Host(key[3])
        return host

    async def close(self) -> None:
        for host in self._hosts.values():
            await host.close()
        self._hosts.clear()


async def _read_file_async(file: File) -> AsyncIterator[bytes]:
    chunks = read_file(file)
    step: Callable[[], bytes | None] = lambda: next(chunks, None)  # noqa: E731 - a StopIteration cannot cross a thread
    while (data := await asyncio.to_thread(step)) is not None:
        yield data
