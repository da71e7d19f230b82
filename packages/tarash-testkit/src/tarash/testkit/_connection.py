"""One connection of a scripted server, from its opening to its end."""

import asyncio
import contextlib
import socket
import ssl
import struct
from collections.abc import Iterator
from typing import Protocol

from tarash.testkit._player import Player, ScriptError
from tarash.testkit._reader import MalformedRequestError, RequestHead, RequestReader
from tarash.testkit._wire import render
from tarash.testkit.clock import VirtualClock
from tarash.testkit.ledger import Ledger
from tarash.testkit.requests import Headers, RecordedRequest
from tarash.testkit.scripts import ScriptBook
from tarash.testkit.steps import Answer, Played, Step, as_steps

_RESET_ON_CLOSE = struct.pack("ii", 1, 0)


class Service(Protocol):
    """The server, as its connections see it."""

    clock: VirtualClock
    ledger: Ledger
    scripts: ScriptBook

    @property
    def url(self) -> str: ...
    def opened(self, connection: "Connection") -> int: ...
    def ended(self, connection: "Connection") -> None: ...
    def next_number(self) -> int: ...
    def record(self, request: RecordedRequest) -> None: ...
    def handle(self, request: RecordedRequest) -> Played: ...
    def tunnel_context(self, host: str) -> ssl.SSLContext | None: ...
    def failed(self, error: BaseException) -> None: ...
    def misread(self, problem: str) -> None: ...


class Connection(asyncio.Protocol):
    """Reads requests one after the other and answers each before it looks at the next."""

    def __init__(self, service: Service) -> None:
        self._service = service
        self._reader = RequestReader()
        self._head: RequestHead | None = None
        self._answered_early = False
        self._task: asyncio.Task[None] | None = None
        self._lost = asyncio.Event()
        self._writable = asyncio.Event()
        self._origin = service.url
        self._transport: asyncio.Transport
        self._writable.set()

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        assert isinstance(transport, asyncio.Transport)
        self._transport = transport
        self._service.clock.note_activity()
        self._number = self._service.opened(self)
        steps = self._service.scripts.take(self._nothing_read(), "connect")
        if steps is not None:
            # Not a byte is taken from the peer, who may notice that while it writes.
            transport.pause_reading()
            self._play(Player(self, "", self._no_handler, self._service.clock, self._service.ledger), iter(steps), None)

    def connection_lost(self, exc: Exception | None) -> None:
        if not self._lost.is_set():
            self._lost.set()
            self._writable.set()
            self._service.ended(self)
            if self._task is not None:
                self._task.cancel()

    def data_received(self, data: bytes) -> None:
        self._service.clock.note_activity()
        self._reader.feed(data)
        self._advance()

    def pause_writing(self) -> None:
        self._writable.clear()

    def resume_writing(self) -> None:
        self._writable.set()

    # What a player needs.

    @property
    def closing(self) -> bool:
        return self._lost.is_set() or self._transport.is_closing()

    def write(self, data: bytes) -> None:
        if not self.closing:
            self._service.clock.note_activity()
            self._service.ledger.served(len(data))
            self._transport.write(data)

    async def drain(self) -> None:
        await self._writable.wait()

    async def lost(self) -> None:
        await self._lost.wait()

    def close(self) -> None:
        self._transport.close()

    def reset(self) -> None:
        with contextlib.suppress(OSError):
            self._transport.get_extra_info("socket").setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, _RESET_ON_CLOSE)
        self._transport.abort()

    async def end(self) -> None:
        """End at once, without sending what is still buffered, and wait until nothing is left of it."""
        task = self._task
        self._transport.abort()
        if task is not None:
            task.cancel()
            await asyncio.gather(task, return_exceptions=True)
        await self._lost.wait()

    # From bytes to requests.

    def _advance(self) -> None:
        try:
            while self._task is None and not self.closing and self._step():
                pass
        except MalformedRequestError as problem:
            self._service.misread(str(problem))
            self.write(b"".join(render(Answer(400, [("Connection", "close")], str(problem)), "GET")))
            self.close()

    def _step(self) -> bool:
        """Do the next thing that the received bytes allow; False when more of them are needed."""
        if self._head is None:
            self._head = self._reader.head()
            if self._head is None:
                return False
            self._answered_early = False
            return self._greet(self._head)
        body = self._reader.body(self._head)
        if body is None:
            return False
        head, self._head = self._head, None
        if not self._answered_early:
            self._respond(head, self._request(head, body))
        return True

    def _greet(self, head: RequestHead) -> bool:
        """What is due when only the head is known. False when the body must not be looked at yet."""
        if head.method == "CONNECT":
            self._head = None
            self._open_tunnel(head)
            return False
        if self._service.scripts.has("head") and self._answers_early(head):
            return True
        if (head.headers.get("expect") or "").lower() == "100-continue":
            self.write(b"HTTP/1.1 100 Continue\r\n\r\n")
        return True

    def _answers_early(self, head: RequestHead) -> bool:
        request = self._request(head, b"", complete=False)
        steps = self._service.scripts.take(request, "head")
        if steps is None:
            return False
        self._answered_early = True
        self._service.record(request)
        self._play(self._player(request), iter(steps), head)
        return True

    def _request(self, head: RequestHead, body: bytes, complete: bool = True) -> RecordedRequest:
        origin, target = self._origin, head.target
        if target.startswith("http://"):
            # The form in which clients ask a proxy.
            authority, slash, rest = target[7:].partition("/")
            origin, target = f"http://{authority}", slash + rest
        return RecordedRequest(
            number=self._service.next_number(),
            connection=self._number,
            origin=origin,
            method=head.method,
            raw_target=target,
            version=head.version,
            headers=head.headers,
            body=body,
            at=self._service.clock.monotonic(),
            complete=complete,
        )

    def _nothing_read(self) -> RecordedRequest:
        return RecordedRequest(0, self._number, self._origin, "", "", "", Headers(), complete=False)

    # From requests to answers.

    def _respond(self, head: RequestHead, request: RecordedRequest) -> None:
        self._service.record(request)
        scripted = self._service.scripts.take(request, "body")
        try:
            played = self._service.handle(request) if scripted is None else scripted
            if not isinstance(played, Answer):
                self._play(self._player(request), as_steps(played), head)
                return
            # By far the most frequent case, and the one that benchmarks measure: it needs no task.
            self._player(request).answer(played)
        except Exception as error:  # noqa: BLE001 - it is kept, and raised when the server's block ends
            self._fail(error)
            return
        self._after(head)

    def _player(self, request: RecordedRequest) -> Player:
        service = self._service
        return Player(self, request.method, lambda: service.handle(request), service.clock, service.ledger)

    def _no_handler(self) -> Played:
        raise ScriptError("no request has been read, so the ordinary handler cannot be asked")

    def _play(self, player: Player, steps: Iterator[Step], head: RequestHead | None) -> None:
        self._task = asyncio.get_running_loop().create_task(self._played(player, steps, head))

    async def _played(self, player: Player, steps: Iterator[Step], head: RequestHead | None) -> None:
        try:
            await player.play(steps)
            if head is not None and not player.answered and not self.closing:
                raise ScriptError("the script came to its end without an answer")
        except Exception as error:  # noqa: BLE001 - it is kept, and raised when the server's block ends
            self._fail(error)
        finally:
            self._task = None
        self._resume_reading()
        self._after(head)
        self._advance()

    def _after(self, head: RequestHead | None) -> None:
        if head is not None and not head.keeps_alive:
            self.close()

    def _fail(self, error: Exception) -> None:
        self._service.failed(error)
        self.write(b"".join(render(Answer(500, [("Connection", "close")], "the handler failed"), "GET")))
        self.close()

    def _resume_reading(self) -> None:
        if not self.closing and not self._transport.is_reading():
            self._transport.resume_reading()

    # Tunnels.

    def _open_tunnel(self, head: RequestHead) -> None:
        host = head.target.rpartition(":")[0]
        context = self._service.tunnel_context(host)
        if context is None:
            self._service.misread(f"CONNECT {head.target}, but this server has no certificates to offer")
            self.write(b"".join(render(Answer(501, [("Connection", "close")]), "GET")))
            self.close()
            return
        self.write(b"HTTP/1.1 200 Connection Established\r\n\r\n")
        self._task = asyncio.get_running_loop().create_task(self._secure(head.target.removesuffix(":443"), context))

    async def _secure(self, authority: str, context: ssl.SSLContext) -> None:
        secured = None
        try:
            secured = await asyncio.get_running_loop().start_tls(self._transport, self, context, server_side=True)
        except OSError as error:
            self._service.misread(f"no TLS with the client for {authority}: {type(error).__name__}")
        finally:
            self._task = None
            if secured is None:
                # Of a handshake that fails, or is broken off, asyncio tells the protocol nothing.
                self.connection_lost(None)
        if secured is not None:
            self._transport, self._origin = secured, f"https://{authority}"
            self._advance()
