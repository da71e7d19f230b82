"""A WebSocket server on 127.0.0.1 for vendors that speak while they are written to: recorder, faults, ledger.

Needs the extra `tarash-testkit[websocket]`.
"""

import asyncio
import json
import logging
import threading
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from http import HTTPStatus
from types import TracebackType
from typing import TYPE_CHECKING, Any, Protocol, Self
from urllib.parse import parse_qsl, urlsplit

from websockets.asyncio.server import ServerConnection, serve
from websockets.datastructures import Headers
from websockets.exceptions import ConnectionClosed
from websockets.http11 import Request, Response

from tarash.testkit.ledger import Ledger
from tarash.testkit.steps import Answer, Gate

if TYPE_CHECKING:
    from tarash.testkit.tls import LocalAuthority

_JOIN_SECONDS = 10.0
# What is said is recorded; a test that looks through the logs looks for what clients write.
_log = logging.getLogger("tarash.testkit.websockets")
_log.setLevel(logging.WARNING)


@dataclass(eq=False)
class Visit:
    """One connection: how it was asked for, and the messages that came. `headers` are in lower case."""

    path: str
    query: list[tuple[str, str]]
    headers: dict[str, str]
    messages: list[Any] = field(default_factory=list)
    left: threading.Event = field(default_factory=threading.Event)
    """Set when the client has left."""

    @property
    def asked(self) -> dict[str, str]:
        return dict(self.query)


class Talk(Protocol):
    """One conversation of a vendor: what it answers to each message. It does no input or output of its own."""

    finished: bool
    """True when the vendor closes the connection, after what it has answered."""

    def hear(self, message: Any) -> Sequence[Mapping[str, Any] | bytes]: ...


class SpokenVendor(Protocol):
    """A vendor. `greet` gives the refusal of a handshake, or None."""

    def greet(self, visit: Visit) -> Answer | None: ...

    def talk(self, visit: Visit, ledger: Ledger) -> Talk: ...


@dataclass(frozen=True)
class Refuse:
    """Answers the next handshake like this."""

    answer: Answer


@dataclass(frozen=True)
class Say:
    """Sends `message` in place of the vendor's answer number `after`, and closes with `code`."""

    message: Any
    after: int = 0
    code: int = 1008


@dataclass(frozen=True)
class Drop:
    """Breaks the connection (RST) after so many of the vendor's answers; with `hang_up` it is closed in order."""

    after: int = 0
    hang_up: bool = False


@dataclass(frozen=True)
class Mute:
    """Says nothing more after so many of the vendor's answers."""

    after: int = 0


@dataclass(frozen=True)
class Wait:
    """Waits at `gate` before the vendor's answer number `before`."""

    gate: Gate
    before: int


@dataclass(frozen=True)
class Deaf:
    """Takes nothing more from the network once the handshake is over."""


Fault = Refuse | Say | Drop | Mute | Wait | Deaf


class WebSocketServer:
    """A vendor's end of WebSockets, for one `with` block, in a thread of its own.

    With an `authority` it speaks TLS. `visits` are all connections so far, refused ones included. Mistakes of the
    vendor's own code are kept in `failures`, and raised when the block ends.
    """

    def __init__(
        self, vendor: SpokenVendor, *, ledger: Ledger | None = None, authority: "LocalAuthority | None" = None
    ) -> None:
        self.vendor, self.ledger = vendor, ledger or Ledger()
        self.visits: list[Visit] = []
        self.failures: list[BaseException] = []
        self._faults: list[Fault] = []
        self._authority = authority
        self._ready = threading.Event()
        self._port = 0
        self._thread = threading.Thread(target=self._run, name="tarash-testkit-websockets", daemon=True)

    def __enter__(self) -> Self:
        self._thread.start()
        self._ready.wait()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> None:
        self._loop.call_soon_threadsafe(self._stop.set)
        self._thread.join(_JOIN_SECONDS)
        if self.failures and error is None:
            raise BaseExceptionGroup("the WebSocket server failed", self.failures)

    @property
    def url(self) -> str:
        """The origin, such as http://127.0.0.1:40123."""
        return f"{'https' if self._authority else 'http'}://127.0.0.1:{self._port}"

    @property
    def socket_url(self) -> str:
        """The origin as a client of WebSockets wants it: ws or wss."""
        return "ws" + self.url.removeprefix("http")

    def fail_next(self, *faults: Fault) -> None:
        """Let these happen to the next connections, one each."""
        self._faults.extend(faults)

    # The server's thread.

    def _run(self) -> None:
        asyncio.run(self._serve())

    async def _serve(self) -> None:
        self._loop, self._stop = asyncio.get_running_loop(), asyncio.Event()
        context = self._authority.context_for("127.0.0.1") if self._authority else None
        options: dict[str, Any] = {
            "process_request": self._greet,
            "ping_interval": None,
            "close_timeout": 0.2,
            "logger": _log,
        }
        async with serve(self._attend, "127.0.0.1", 0, ssl=context, **options) as server:
            self._port = server.sockets[0].getsockname()[1]
            self._ready.set()
            await self._stop.wait()
            for connection in list(server.connections):
                connection.transport.abort()

    async def _greet(self, connection: ServerConnection, request: Request) -> Response | None:
        parts = urlsplit(request.path)
        headers = {name.lower(): value for name, value in request.headers.raw_items()}
        visit = Visit(parts.path, parse_qsl(parts.query, keep_blank_values=True), headers)
        self.visits.append(visit)
        self.ledger.count("handshake")
        refusal = self._scripted_refusal() or self.vendor.greet(visit)
        if refusal is None:
            connection.visit = visit  # type: ignore[attr-defined]
            return None
        visit.left.set()
        return _response(refusal)

    def _scripted_refusal(self) -> Answer | None:
        fault = self._faults[0] if self._faults else None
        if not isinstance(fault, Refuse):
            return None
        self._faults.pop(0)
        return fault.answer

    async def _attend(self, connection: ServerConnection) -> None:
        visit: Visit = connection.visit  # type: ignore[attr-defined]
        fault = self._faults.pop(0) if self._faults else None
        if isinstance(fault, Deaf):
            connection.transport.pause_reading()
        try:
            await self._converse(connection, visit, _Mouth(connection, fault))
        except ConnectionClosed:
            pass
        except Exception as error:  # noqa: BLE001 - it is kept, and raised when the server's block ends
            self.failures.append(error)
        finally:
            await connection.close()
            visit.left.set()

    async def _converse(self, connection: ServerConnection, visit: Visit, mouth: "_Mouth") -> None:
        talk = self.vendor.talk(visit, self.ledger)
        async for raw in connection:
            message = json.loads(raw)
            visit.messages.append(message)
            for answer in talk.hear(message):
                await mouth.say(answer)
            if talk.finished and not mouth.silent:
                return


class _Mouth:
    """What the vendor says, with a fault at its place."""

    def __init__(self, connection: ServerConnection, fault: Fault | None) -> None:
        self._connection, self._fault = connection, fault
        self._said = 0
        self.silent = False

    async def say(self, answer: Mapping[str, Any] | bytes) -> None:
        match self._fault:
            case Say(message, after, code) if self._said == after:
                await self._send(message)
                await self._connection.close(code)
            case Drop(after, hang_up) if self._said == after:
                await self._drop(hang_up)
            case Mute(after) if self._said >= after:
                self.silent = True
            case Wait(gate, before) if self._said == before:
                await _opened(gate)
                await self._send(answer)
            case _:
                await self._send(answer)
        self._said += 1

    async def _send(self, answer: Any) -> None:
        await self._connection.send(answer if isinstance(answer, bytes | str) else json.dumps(answer))

    async def _drop(self, hang_up: bool) -> None:
        if hang_up:
            await self._connection.close()
        else:
            self._connection.transport.abort()
        await self._connection.wait_closed()


async def _opened(gate: Gate) -> None:
    loop, opened = asyncio.get_running_loop(), asyncio.Event()
    wake: Callable[[], object] = lambda: loop.call_soon_threadsafe(opened.set)  # noqa: E731
    gate.on_open(wake)
    await opened.wait()


def _response(answer: Answer) -> Response:
    headers = Headers([*answer.header_items, ("Content-Length", str(len(answer.content))), ("Connection", "close")])
    return Response(answer.status, HTTPStatus(answer.status).phrase, headers, answer.content)
