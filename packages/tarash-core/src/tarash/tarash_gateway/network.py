"""The sockets below the HTTP client, watched: how long an exchange takes, what was written, and where links lead.

- The total time of an exchange: read by read, so that a dripping peer cannot stretch it.
- What was written: only a request of which nothing went out may be sent again.
- Links given by strangers: the address that was judged is the address that is connected to, so neither a redirect nor
  a name that changes between two look-ups leads into a private network.
"""

from __future__ import annotations

import asyncio
import ipaddress
import logging
import os
import re
import socket
import time
import urllib.request
from collections.abc import Iterable, Sequence
from contextvars import ContextVar
from dataclasses import dataclass
from functools import lru_cache
from typing import TYPE_CHECKING, Any

from tarash.tarash_gateway.exceptions import ValidationError

if TYPE_CHECKING:
    import httpcore
    import httpx
else:
    try:
        import httpcore2 as httpcore
        import httpx2 as httpx
    except ImportError:
        import httpcore
        import httpx

__all__ = [
    "AsyncGuardedBackend",
    "Exchange",
    "GuardedBackend",
    "current_exchange",
    "httpcore",
    "httpx",
    "proxy_for",
    "refuse_private_literal",
]

_PIECE = 256 * 1024
_NAT64 = ipaddress.ip_network("64:ff9b::/96")
_GLOBAL_UNICAST = ipaddress.ip_network("2000::/3")


class _WithoutHeaders(logging.Filter):
    """Cuts the client's own log lines, at level DEBUG, before the head of an answer.

    It may echo the key, and it may hold a signed link; the line is written before tarash sees the answer.
    """

    def filter(self, record: logging.LogRecord) -> bool:
        event, _, details = record.getMessage().partition(" ")
        if event.startswith("receive_response_headers.") and event != "receive_response_headers.started":
            status = _STATUS.match(details)
            record.msg, record.args = (f"{event} {status[1]}" if status else event), ()
        return True


_STATUS = re.compile(r"return_value=\(b'HTTP/[\d.]+', (\d+),")
for _protocol in ("http11", "http2"):
    logging.getLogger(f"{httpcore.__name__}.{_protocol}").addFilter(_WithoutHeaders())


@dataclass(slots=True)
class Exchange:
    """One request on the wire. `deadline` is on the machine's monotonic clock: sockets know no other."""

    deadline: float
    public_only: bool = False
    allow_loopback: bool = False
    written: bool = False

    def remaining(self, at_most: float | None = None) -> float:
        left = self.deadline - time.monotonic()
        if left <= 0:
            raise httpcore.ReadTimeout("the whole exchange took too long")
        return left if at_most is None else min(left, at_most)


current_exchange: ContextVar[Exchange] = ContextVar("tarash_exchange")


def is_public(address: str, allow_loopback: bool = False) -> bool:
    """True when an IP address belongs to the public internet (also judged: IPv4 addresses wrapped in IPv6 ones)."""
    ip = ipaddress.ip_address(address.partition("%")[0])
    if isinstance(ip, ipaddress.IPv6Address):
        inner = ip.ipv4_mapped or ip.sixtofour or (ip.teredo[1] if ip.teredo else None)
        if inner is None and ip in _NAT64:
            inner = ipaddress.IPv4Address(int(ip) & 0xFFFFFFFF)
        if inner is not None:
            return is_public(str(inner), allow_loopback)
    if ip.is_loopback:
        return allow_loopback
    if ip.is_multicast or ip.is_reserved:
        return False
    # The whole public internet of version 6 lies there; what ipaddress calls global besides is a matter of its version.
    return ip.is_global and (ip.version == 4 or ip in _GLOBAL_UNICAST)


def judged_address(found: Sequence[Any], host: str, allow_loopback: bool) -> str:
    """The address to connect to, of those that a name stands for. Raises `ValidationError` when any is not public."""
    addresses = [str(entry[4][0]) for entry in found]
    if not addresses or not all(is_public(address, allow_loopback) for address in addresses):
        raise ValidationError(f"The link to {host!r} leads into a private network; it was not opened.")
    return addresses[0]


def refuse_private_literal(url: Any, allow_loopback: bool) -> None:
    """Raise `ValidationError` when the host of a URL is itself the address of a private network."""
    host = url.host.decode("ascii").strip("[]")
    try:
        public = is_public(host, allow_loopback)
    except ValueError:
        return
    if not public:
        raise ValidationError(f"The link to {host!r} leads into a private network; it was not opened.")


def proxy_for(url: Any) -> str | None:
    """The proxy that the environment (HTTPS_PROXY and so on) wants for a URL."""
    proxies = _environment_proxies()
    if not proxies:
        return None
    host = url.host.decode("ascii")
    proxy = proxies.get(url.scheme.decode("ascii")) or proxies.get("all")
    return None if proxy is None or urllib.request.proxy_bypass(host) else proxy


_PROXY_VARIABLES = tuple(
    variable for name in ("http_proxy", "https_proxy", "all_proxy", "no_proxy") for variable in (name, name.upper())
)


def _environment_proxies() -> dict[str, str]:
    # Walking the whole environment costs half as much as a request, so it is done only when these have changed.
    return _proxies_of(tuple(os.environ.get(variable) for variable in _PROXY_VARIABLES))


@lru_cache(maxsize=4)
def _proxies_of(variables: tuple[str | None, ...]) -> dict[str, str]:
    return {scheme: proxy for scheme, proxy in urllib.request.getproxies().items() if scheme != "no"}


class GuardedStream(httpcore.NetworkStream):
    """A blocking connection."""

    def __init__(self, inner: Any) -> None:
        self._inner = inner

    def read(self, max_bytes: int, timeout: float | None = None) -> bytes:
        return self._inner.read(max_bytes, current_exchange.get().remaining(timeout))  # type: ignore[no-any-return]

    def write(self, buffer: bytes, timeout: float | None = None) -> None:
        # In pieces, because the time is measured anew for each: a peer that reads slowly cannot stretch it either.
        exchange = current_exchange.get()
        for start in range(0, len(buffer), _PIECE):
            left = exchange.remaining(timeout)
            exchange.written = True
            self._inner.write(buffer[start : start + _PIECE], left)

    def close(self) -> None:
        self._inner.close()

    def start_tls(
        self, ssl_context: Any, server_hostname: str | None = None, timeout: float | None = None
    ) -> GuardedStream:
        left = current_exchange.get().remaining(timeout)
        return GuardedStream(self._inner.start_tls(ssl_context, server_hostname, left))

    def get_extra_info(self, info: str) -> Any:
        return self._inner.get_extra_info(info)


class GuardedBackend(httpcore.NetworkBackend):
    """Makes blocking connections."""

    def __init__(self) -> None:
        self._inner = httpcore.SyncBackend()

    def connect_tcp(
        self,
        host: str,
        port: int,
        timeout: float | None = None,
        local_address: str | None = None,
        socket_options: Iterable[Any] | None = None,
    ) -> GuardedStream:
        exchange = current_exchange.get()
        if exchange.public_only:
            found = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)
            host = judged_address(found, host, exchange.allow_loopback)
        left = exchange.remaining(timeout)
        return GuardedStream(self._inner.connect_tcp(host, port, left, local_address, socket_options))


class AsyncGuardedStream(httpcore.AsyncNetworkStream):
    """A connection of an event loop. Its total time is bounded by whoever awaits the exchange."""

    def __init__(self, inner: Any) -> None:
        self._inner = inner

    async def read(self, max_bytes: int, timeout: float | None = None) -> bytes:
        return await self._inner.read(max_bytes, timeout)  # type: ignore[no-any-return]

    async def write(self, buffer: bytes, timeout: float | None = None) -> None:
        exchange = current_exchange.get()
        exchange.written = exchange.written or bool(buffer)
        await self._inner.write(buffer, timeout)

    async def aclose(self) -> None:
        await self._inner.aclose()

    async def start_tls(
        self, ssl_context: Any, server_hostname: str | None = None, timeout: float | None = None
    ) -> AsyncGuardedStream:
        return AsyncGuardedStream(await self._inner.start_tls(ssl_context, server_hostname, timeout))

    def get_extra_info(self, info: str) -> Any:
        return self._inner.get_extra_info(info)


class AsyncGuardedBackend(httpcore.AsyncNetworkBackend):
    """Makes connections of an event loop."""

    def __init__(self) -> None:
        self._inner: Any = httpcore.AnyIOBackend()

    async def connect_tcp(
        self,
        host: str,
        port: int,
        timeout: float | None = None,
        local_address: str | None = None,
        socket_options: Iterable[Any] | None = None,
    ) -> AsyncGuardedStream:
        exchange = current_exchange.get()
        if exchange.public_only:
            found = await asyncio.get_running_loop().getaddrinfo(host, port, type=socket.SOCK_STREAM)
            host = judged_address(found, host, exchange.allow_loopback)
        return AsyncGuardedStream(await self._inner.connect_tcp(host, port, timeout, local_address, socket_options))

    async def sleep(self, seconds: float) -> None:
        await asyncio.sleep(seconds)
