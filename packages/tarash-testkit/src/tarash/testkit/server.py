"""A scripted HTTP/1.1 server on 127.0.0.1: records what it is sent, and plays every fault exactly as told."""

import asyncio
import contextlib
import itertools
import socket
import ssl
import threading
from collections.abc import Callable, Generator, Iterable
from dataclasses import dataclass
from types import TracebackType
from typing import TYPE_CHECKING, Self

from tarash.testkit._connection import Connection
from tarash.testkit._player import ScriptError
from tarash.testkit.clock import VirtualClock
from tarash.testkit.ledger import Ledger
from tarash.testkit.requests import RecordedRequest, RequestLog
from tarash.testkit.scripts import Moment, Script, ScriptBook, request_matcher
from tarash.testkit.steps import Answer, Played, Step

if TYPE_CHECKING:
    from tarash.testkit.tls import LocalAuthority

__all__ = ["ConnectionCounts", "Handler", "ScriptError", "ScriptedServer", "refused_port"]

Handler = Callable[[RecordedRequest], Played]

_BACKLOG = 4096
_JOIN_SECONDS = 10.0


@dataclass(frozen=True)
class ConnectionCounts:
    """Connections opened so far, open at this moment, and open at once at the most."""

    opened: int = 0
    open: int = 0
    peak: int = 0


class ScriptedServer:
    """A server for one `with` block, in a thread of its own.

    `handler` is called in that thread for every request that no script is waiting for, and must not block; it returns
    a step or several. It may be replaced while the server runs. What a handler or script does wrong is kept in
    `failures` and raised when the block ends.

    With an `authority` the server also plays a forward proxy: it answers CONNECT for any host with a certificate for
    that host, so that a client that is given `proxy_environment()` talks to this server while it believes to talk to
    the vendor. With `https` the server's own port speaks TLS, too. `keep` bounds the number of recorded requests.
    """

    def __init__(
        self,
        handler: Handler | None = None,
        *,
        clock: VirtualClock | None = None,
        ledger: Ledger | None = None,
        scripts: ScriptBook | None = None,
        keep: int | None = None,
        authority: "LocalAuthority | None" = None,
        https: bool = False,
    ) -> None:
        if https and authority is None:
            raise ValueError("https needs an authority")
        self.handler: Handler = handler or _not_found
        self.clock = clock or VirtualClock()
        self.ledger = ledger or Ledger()
        self.scripts = scripts or ScriptBook()
        self.requests = RequestLog(keep)
        self.failures: list[BaseException] = []
        self.malformed: list[str] = []
        self._authority, self._https = authority, https
        self._numbers, self._connection_numbers = itertools.count(1), itertools.count(1)
        self._open: set[Connection] = set()
        self._counts = ConnectionCounts()
        self._ready = threading.Event()
        self._thread: threading.Thread | None = None
        self._port = 0
        self.ledger.watch(self)

    def __repr__(self) -> str:
        return f"<ScriptedServer {self.url if self._port else 'not started'} requests={self.requests.total}>"

    def __enter__(self) -> Self:
        return self.start()

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> None:
        self.close()
        if not self.failures:
            return
        if error is not None:
            error.add_note(f"besides, the scripted server failed: {self.failures!r}")
            return
        raise BaseExceptionGroup("the handler or a script of the scripted server failed", self.failures)

    @property
    def url(self) -> str:
        """The origin of this server, such as http://127.0.0.1:40123, without a slash at its end."""
        return f"{'https' if self._https else 'http'}://127.0.0.1:{self.port}"

    @property
    def port(self) -> int:
        if not self._port:
            raise RuntimeError("the server has not been started")
        return self._port

    @property
    def connections(self) -> ConnectionCounts:
        return self._counts

    def start(self) -> Self:
        """Listen; done by `with`. Raises RuntimeError when the server was started before."""
        if self._thread is not None or self._port:
            raise RuntimeError("a scripted server is started once")
        listener = socket.create_server(("127.0.0.1", 0), backlog=_BACKLOG)
        self._port = listener.getsockname()[1]
        self._thread = threading.Thread(target=self._run, args=(listener,), name="tarash-testkit-server", daemon=True)
        self._thread.start()
        self._ready.wait()
        return self

    def close(self) -> None:
        """Break what is still open and end the thread; done by `with`. May be called again."""
        thread, self._thread = self._thread, None
        if thread is None:
            return
        with contextlib.suppress(RuntimeError):
            self._loop.call_soon_threadsafe(self._stop.set)
        thread.join(_JOIN_SECONDS)
        if thread.is_alive():
            raise RuntimeError("the scripted server does not end: a handler seems to block")

    def script(self, method: str, path: str, *steps: Step, times: int | None = 1, moment: Moment = "body") -> Script:
        """Play `steps` for the next request, or the next `times`, that fits; `times=None` means every one.

        `method` may be "*"; `*` in `path` (which has no query) stands for any characters, slashes included. With
        `moment="head"` the steps are played as soon as the head of the request was read.
        """
        return self.scripts.add(request_matcher(method, path), steps, times=times, moment=moment)

    def script_connection(self, *steps: Step, times: int | None = 1) -> Script:
        """Play `steps` when the next connection is opened, before anything is read from it."""
        return self.scripts.add(lambda request: True, steps, times=times, moment="connect")

    def proxy_environment(self) -> dict[str, str]:
        """Environment variables that lead a vendor's SDK here: proxy and trust.

        Raises RuntimeError for a server without an authority.
        """
        if self._authority is None:
            raise RuntimeError("only a server with an authority can be a proxy")
        names = ("HTTP_PROXY", "HTTPS_PROXY", "ALL_PROXY")
        proxies = {spelling: self.url for name in names for spelling in (name, name.lower())}
        return {**proxies, "NO_PROXY": "", "no_proxy": "", **self._authority.environment()}

    def recorded(self) -> Iterable[RecordedRequest]:
        return self.requests.snapshot()

    # Called by connections, in the server's thread.

    def opened(self, connection: Connection) -> int:
        self._open.add(connection)
        counts = self._counts
        self._counts = ConnectionCounts(counts.opened + 1, len(self._open), max(counts.peak, len(self._open)))
        return next(self._connection_numbers)

    def ended(self, connection: Connection) -> None:
        self._open.discard(connection)
        self._counts = ConnectionCounts(self._counts.opened, len(self._open), self._counts.peak)

    def next_number(self) -> int:
        return next(self._numbers)

    def record(self, request: RecordedRequest) -> None:
        self.ledger.saw(request)
        self.requests.add(request)

    def handle(self, request: RecordedRequest) -> Played:
        return self.handler(request)

    def tunnel_context(self, host: str) -> ssl.SSLContext | None:
        return None if self._authority is None else self._authority.context_for(host)

    def failed(self, error: BaseException) -> None:
        self.failures.append(error)

    def misread(self, problem: str) -> None:
        self.malformed.append(problem)

    # The server's thread.

    def _run(self, listener: socket.socket) -> None:
        try:
            asyncio.run(self._serve(listener))
        finally:
            listener.close()
            self._ready.set()

    async def _serve(self, listener: socket.socket) -> None:
        self._loop, self._stop = asyncio.get_running_loop(), asyncio.Event()
        context = self._authority.context_for("127.0.0.1") if self._authority and self._https else None
        server = await self._loop.create_server(lambda: Connection(self), sock=listener, ssl=context, backlog=_BACKLOG)
        self.clock.attach(self._loop)
        self._ready.set()
        await self._stop.wait()
        self.clock.detach(self._loop)
        # The listener is closed last: asyncio loses the sockets of peers that it was just accepting, and such a peer
        # is a task of asyncio before it is a connection of ours.
        while self._open or len(asyncio.all_tasks()) > 1:
            await asyncio.gather(*(connection.end() for connection in list(self._open)))
            await asyncio.sleep(0)  # noqa: TID251
        server.close()


def _not_found(request: RecordedRequest) -> Played:
    return Answer(404, json={"detail": "nothing is scripted for this request"})


@contextlib.contextmanager
def refused_port() -> Generator[int]:
    """A port of 127.0.0.1 that refuses connections as long as the block lasts: it is taken, but nobody listens."""
    with socket.socket() as bound:
        bound.bind(("127.0.0.1", 0))
        yield bound.getsockname()[1]
