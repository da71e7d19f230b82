import http.client
import json
import socket
from collections.abc import Callable, Generator, Mapping
from dataclasses import dataclass
from email.message import Message
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import pytest

from tarash.testkit.clock import VirtualClock
from tarash.testkit.fal import DEFAULT_KEY, FalSimulator
from tarash.testkit.ledger import Ledger
from tarash.testkit.server import ScriptedServer
from tarash.testkit.steps import Answer

REQUEST = b"GET /thing HTTP/1.1\r\nHost: simulator\r\n\r\n"


@pytest.fixture
def clock() -> VirtualClock:
    return VirtualClock()


@pytest.fixture
def book() -> Ledger:
    return Ledger()


@pytest.fixture
def server(clock: VirtualClock, book: Ledger) -> Generator[ScriptedServer]:
    """A server whose ordinary answer is a short JSON body."""
    with ScriptedServer(lambda request: Answer(json={"path": request.path}), clock=clock, ledger=book) as running:
        yield running


@pytest.fixture
def connect() -> Generator[Callable[[ScriptedServer], socket.socket]]:
    """Opens plain sockets to a server; they are closed after the test."""
    opened: list[socket.socket] = []

    def open_one(server: ScriptedServer) -> socket.socket:
        opened.append(socket.create_connection(("127.0.0.1", server.port), timeout=10))
        return opened[-1]

    yield open_one
    for one in opened:
        one.close()


@pytest.fixture
def raw(connect: Callable[[ScriptedServer], socket.socket]) -> Callable[..., bytes]:
    """Sends bytes to a server and returns everything it says until it ends the connection."""

    def exchange(server: ScriptedServer, data: bytes = REQUEST) -> bytes:
        peer = connect(server)
        peer.sendall(data)
        return read_all(peer)

    return exchange


def read_all(peer: socket.socket) -> bytes:
    pieces: list[bytes] = []
    while piece := peer.recv(65536):
        pieces.append(piece)
    return b"".join(pieces)


@pytest.fixture
def open_descriptors() -> Callable[[], int]:
    """How many descriptors this process holds."""
    return lambda: len(list(Path("/proc/self/fd").iterdir()))


@dataclass(frozen=True)
class Reply:
    """An answer as a plain client gets it."""

    status: int
    headers: Message
    body: bytes

    @property
    def json(self) -> Any:
        return json.loads(self.body)


@pytest.fixture
def ask() -> Callable[..., Reply]:
    """Sends one request with http.client; the simulator's key goes along unless told otherwise."""
    return send


def send(
    method: str,
    url: str,
    body: object = None,
    *,
    key: str | None = DEFAULT_KEY,
    headers: Mapping[str, str] | None = None,
) -> Reply:
    parts = urlsplit(url)
    fields = {"Authorization": f"Key {key}"} if key else {}
    content = body if isinstance(body, bytes | None) else json.dumps(body).encode()
    connection = http.client.HTTPConnection(parts.hostname or "", parts.port, timeout=10)
    try:
        target = parts.path + (f"?{parts.query}" if parts.query else "")
        connection.request(method, target, content, {**fields, **(headers or {})})
        answer = connection.getresponse()
        return Reply(answer.status, answer.headers, answer.read())
    finally:
        connection.close()


@pytest.fixture
def fal(clock: VirtualClock, book: Ledger) -> Generator[FalSimulator]:
    """A simulator whose jobs wait two seconds and run three, with all hosts under one origin."""
    with FalSimulator(clock=clock, ledger=book, queue_seconds=2, run_seconds=3) as simulator:
        yield simulator
