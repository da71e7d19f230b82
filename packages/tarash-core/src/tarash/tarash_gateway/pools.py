"""Connections, kept for the next request, and bounded however many jobs wait.

An async pool of httpx looks through all its connections and waiters at every request, so its cost grows with their
product: 1,000 jobs over 64 connections of one pool took 39 s of CPU. Here the waiting is done before the pools, at a
semaphore, and a host's connections are spread over pools of eight: the same jobs take a twelfth of that.
"""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import AsyncGenerator
from dataclasses import dataclass
from functools import lru_cache
from typing import Any, NamedTuple

from tarash.tarash_gateway.network import AsyncGuardedBackend, GuardedBackend, httpcore, httpx

KEEPALIVE_SECONDS = 30.0
SHARD = 8
MOST_PER_HOST = 96
"""Connections to one host at once; fewer where the process may open only few files."""

_SYNC_CONNECTIONS = 1000
_SYNC_KEPT = 32


class Route(NamedTuple):
    """How a host is reached: through which proxy, and whether its address is judged first."""

    proxy: str | None
    public_only: bool = False
    allow_loopback: bool = False


@lru_cache(maxsize=1)
def ssl_context() -> Any:
    """The certificates that are trusted. SSL_CERT_FILE and SSL_CERT_DIR are read with the first use."""
    # One for the process: making it costs twenty times a request.
    return httpx.create_ssl_context()


def make_pool(route: Route) -> Any:
    """A pool of blocking connections, shared by threads."""
    options = _options(route, _SYNC_CONNECTIONS, _SYNC_KEPT, GuardedBackend())
    return httpcore.HTTPProxy(route.proxy, **options) if route.proxy else httpcore.ConnectionPool(**options)


def _make_shard(route: Route) -> Any:
    options = _options(route, SHARD, SHARD, AsyncGuardedBackend())
    return httpcore.AsyncHTTPProxy(route.proxy, **options) if route.proxy else httpcore.AsyncConnectionPool(**options)


def _options(route: Route, connections: int, kept: int, backend: Any) -> dict[str, Any]:
    return {
        "ssl_context": ssl_context(),
        "max_connections": connections,
        "max_keepalive_connections": 0 if route.public_only else kept,
        "keepalive_expiry": KEEPALIVE_SECONDS,
        "network_backend": backend,
    }


def connections_allowed() -> int:
    """Connections to one host: a share of the files that this process may open."""
    try:
        import resource

        files, _ = resource.getrlimit(resource.RLIMIT_NOFILE)
    except (ImportError, OSError, ValueError):
        return MOST_PER_HOST
    return max(SHARD, min(MOST_PER_HOST, files // 8)) if files > 0 else MOST_PER_HOST


@dataclass(slots=True)
class _Shard:
    pool: Any
    used: int = 0


class Host:
    """The connections of one event loop to one host."""

    def __init__(self, route: Route) -> None:
        self._route = route
        self._free = asyncio.Semaphore(connections_allowed())
        self._shards: list[_Shard] = []

    @contextlib.asynccontextmanager
    async def connection(self) -> AsyncGenerator[Any]:
        """A pool that has room for one more request; waits until there is one."""
        async with self._free:
            shard = self._roomy()
            shard.used += 1
            try:
                yield shard.pool
            finally:
                shard.used -= 1

    def _roomy(self) -> _Shard:
        # The first with room, so that little traffic keeps few connections open.
        for shard in self._shards:
            if shard.used < SHARD:
                return shard
        self._shards.append(_Shard(_make_shard(self._route)))
        return self._shards[-1]

    async def close(self) -> None:
        for shard in self._shards:
            await shard.pool.aclose()
        self._shards.clear()
