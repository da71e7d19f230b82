"""The server itself: recording, keep-alive, scripts, strictness, and that nothing of it is left over."""

import asyncio
import http.client
import json
import select
import socket
import threading
from collections.abc import Callable, Iterator

import pytest

from tarash.testkit.ledger import Ledger
from tarash.testkit.requests import RecordedRequest
from tarash.testkit.server import ConnectionCounts, ScriptedServer, refused_port
from tarash.testkit.steps import Answer, Charge, Close, Delay, Hang, Normal, Played, Reset, Step

Connect = Callable[[ScriptedServer], socket.socket]
Raw = Callable[..., bytes]


def call(
    server: ScriptedServer, method: str, target: str, body: bytes | None = None, headers: dict[str, str] | None = None
) -> tuple[int, bytes]:
    connection = http.client.HTTPConnection("127.0.0.1", server.port, timeout=10)
    try:
        connection.request(method, target, body, headers or {})
        answer = connection.getresponse()
        return answer.status, answer.read()
    finally:
        connection.close()


def test_a_request_is_recorded_as_it_was_sent(server: ScriptedServer) -> None:
    status, body = call(server, "POST", "/a%2Fb/c?x=1&x=2&empty=", b'{"n": 1}', {"X-Twice": "one", "Accept": "*/*"})

    assert (status, json.loads(body)) == (200, {"path": "/a%2Fb/c"})
    [request] = server.requests
    assert (request.method, request.path, request.segments) == ("POST", "/a%2Fb/c", ["a/b", "c"])
    assert request.raw_target == "/a%2Fb/c?x=1&x=2&empty="
    assert request.query == [("x", "1"), ("x", "2"), ("empty", "")]
    assert request.query_value("x") == "2"
    assert request.json == {"n": 1}
    assert request.body == b'{"n": 1}'
    assert request.headers["x-twice"] == "one"
    assert "X-TWICE" in request.headers
    assert "x-other" not in request.headers
    assert (request.number, request.connection, request.origin) == (1, 1, server.url)
    assert request.complete


def test_repeated_headers_are_kept_apart_and_joined(server: ScriptedServer, raw: Raw) -> None:
    raw(server, b"GET / HTTP/1.1\r\nHost: x\r\nA: 1\r\na: 2\r\nConnection: close\r\n\r\n")
    headers = server.requests[0].headers
    assert headers.get_all("A") == ["1", "2"]
    assert headers["a"] == "1, 2"
    assert headers.items()[1:3] == (("A", "1"), ("a", "2"))
    assert headers.get("b") is None
    with pytest.raises(KeyError):
        headers["b"]


def test_forms_and_multipart_bodies_can_be_read(server: ScriptedServer) -> None:
    call(server, "POST", "/", b"a=1&b=x+y", {"Content-Type": "application/x-www-form-urlencoded"})
    binary = b"\r\n\x00\xff--\r\nframe"
    body = (
        b'--XX\r\nContent-Disposition: form-data; name="prompt"\r\n\r\na cat\r\n'
        b'--XX\r\nContent-Disposition: form-data; name="image"; filename="cat.png"\r\nContent-Type: image/png\r\n\r\n'
        + binary
        + b"\r\n--XX--\r\n"
    )
    call(server, "POST", "/", body, {"Content-Type": "multipart/form-data; boundary=XX"})

    form, multipart = server.requests
    assert form.form == [("a", "1"), ("b", "x y")]
    with pytest.raises(ValueError, match="not multipart"):
        _ = form.parts
    prompt, image = multipart.parts
    assert (prompt.name, prompt.text, prompt.file_name) == ("prompt", "a cat", None)
    assert (image.name, image.file_name, image.content_type, image.content) == (
        "image",
        "cat.png",
        "image/png",
        binary,
    )


@pytest.mark.parametrize("body", [b"", b"--XX\r\n", b"junk--XX\r\n\r\n\r\n--XX--", b"--XX\r\nno end of head\r\n--XX--"])
def test_a_broken_multipart_body_is_not_read(server: ScriptedServer, body: bytes) -> None:
    call(server, "POST", "/", body, {"Content-Type": "multipart/form-data; boundary=XX"})
    with pytest.raises(ValueError, match="multipart"):
        _ = server.requests[0].parts


def test_one_connection_serves_many_requests(server: ScriptedServer) -> None:
    connection = http.client.HTTPConnection("127.0.0.1", server.port, timeout=10)
    for number in range(20):
        connection.request("GET", f"/{number}")
        assert json.loads(connection.getresponse().read()) == {"path": f"/{number}"}
    connection.close()
    assert {request.connection for request in server.requests} == {1}
    assert server.connections.opened == 1


def test_requests_may_come_in_pieces_or_together(server: ScriptedServer, connect: Connect) -> None:
    peer = connect(server)
    for byte in b"GET /slow HTTP/1.1\r\nHost: x\r\n\r\n":
        peer.sendall(bytes([byte]))
    peer.recv(4096)
    chunked = (
        b"POST /b HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\n\r\n3\r\nabc\r\n2;e=1\r\nde\r\n0\r\nT: t\r\n\r\n"
    )
    peer.sendall(b"GET /a HTTP/1.1\r\nHost: x\r\n\r\n" + chunked + b"GET /c HTTP/1.0\r\n\r\n")
    while peer.recv(4096):
        pass
    assert [(request.path, request.body) for request in server.requests] == [
        ("/slow", b""),
        ("/a", b""),
        ("/b", b"abcde"),
        ("/c", b""),
    ]


def test_the_client_is_told_to_go_on_when_it_asks(server: ScriptedServer, connect: Connect) -> None:
    peer = connect(server)
    peer.sendall(b"PUT / HTTP/1.1\r\nHost: x\r\nContent-Length: 2\r\nExpect: 100-continue\r\n\r\n")
    assert peer.recv(4096) == b"HTTP/1.1 100 Continue\r\n\r\n"
    peer.sendall(b"ok")
    assert peer.recv(4096).startswith(b"HTTP/1.1 200 OK\r\n")
    assert server.requests[0].body == b"ok"


def test_head_has_no_body_but_its_length(server: ScriptedServer, raw: Raw) -> None:
    said = raw(server, b"HEAD /x HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n")
    assert said.endswith(b"Content-Length: 14\r\n\r\n")


@pytest.mark.parametrize(
    "head",
    [
        b"GET  / HTTP/1.1\r\nHost: x",
        b"GET / HTTP/2.0\r\nHost: x",
        b"GET /caf\xc3\xa9 HTTP/1.1\r\nHost: x",
        b"GET / HTTP/1.1",
        b"GET / HTTP/1.1\r\nHost: x\r\nHost: y",
        b"GET / HTTP/1.1\r\nHost: x\r\nA : b",
        b"GET / HTTP/1.1\r\nHost: x\r\n folded: b",
        b"GET / HTTP/1.1\r\nHost: x\r\nA: b\nC: d",
        b"GET / HTTP/1.1\r\nHost: x\r\nA: b\x00",
        b"GET / HTTP/1.1\r\nHost: x\r\nContent-Length: 1\r\nContent-Length: 2",
        b"GET / HTTP/1.1\r\nHost: x\r\nContent-Length: +1",
        b"GET / HTTP/1.1\r\nHost: x\r\nContent-Length: 3\r\nTransfer-Encoding: chunked",
        b"GET / HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: gzip",
        b"GET / HTTP/1.1\r\nHost: x\r\nA: " + b"b" * 70_000,
    ],
)
def test_what_is_no_proper_request_is_refused_and_noted(server: ScriptedServer, raw: Raw, head: bytes) -> None:
    assert raw(server, head + b"\r\n\r\n").startswith(b"HTTP/1.1 400 ")
    assert len(server.malformed) == 1
    assert len(server.requests) == 0


@pytest.mark.parametrize("chunks", [b"zz\r\n", b"-1\r\n", b"2\r\nabc\r\n", b"2\r\nabXX0\r\n", b"\r\n"])
def test_a_broken_chunk_is_refused(server: ScriptedServer, raw: Raw, chunks: bytes) -> None:
    said = raw(server, b"POST / HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\n\r\n" + chunks + b"\r\n\r\n")
    assert said.startswith(b"HTTP/1.1 400 ")
    assert len(server.requests) == 0


def test_a_script_is_played_before_the_handler_and_used_up(server: ScriptedServer) -> None:
    first = server.script("POST", "/fal-ai/*", Answer(503))
    twice = server.script("*", "/fal-ai/flux/dev", Answer(418), times=2)
    never = server.script("GET", "/elsewhere", Answer(500))

    statuses = [call(server, "POST", "/fal-ai/flux/dev?x=1")[0] for _ in range(4)]

    assert statuses == [503, 418, 418, 200]
    assert (first.played, twice.played, twice.remaining) == (1, 2, 0)
    assert server.scripts.unplayed == [never]


def test_a_script_can_last_and_can_be_removed(server: ScriptedServer) -> None:
    server.script("GET", "/x", Answer(500), times=None)
    assert [call(server, "GET", "/x")[0] for _ in range(5)] == [500] * 5
    server.scripts.clear()
    assert call(server, "GET", "/x")[0] == 200


def test_a_script_must_consist_of_steps(server: ScriptedServer) -> None:
    with pytest.raises(TypeError, match="steps"):
        server.script("GET", "/x")
    with pytest.raises(TypeError, match="steps"):
        server.script("GET", "/x", "Reset")  # type: ignore[arg-type]


def test_steps_follow_each_other(server: ScriptedServer, book: Ledger, raw: Raw) -> None:
    server.script("GET", "/thing", Charge("job-1", 0.5), Delay(30), Charge("job-1", 0.5), Normal(), Close())
    before = server.clock.monotonic()
    assert raw(server).endswith(b'{"path": "/thing"}')
    assert server.clock.monotonic() == before + 30
    assert (book.charges("job-1"), book.amount("job-1")) == (2, 1.0)


def test_a_script_may_answer_before_the_body_was_read(server: ScriptedServer, connect: Connect) -> None:
    server.script("POST", "/upload", Answer(413), moment="head")
    peer = connect(server)
    peer.sendall(b"POST /upload HTTP/1.1\r\nHost: x\r\nContent-Length: 5\r\n\r\n12")
    assert peer.recv(4096).startswith(b"HTTP/1.1 413 ")
    [early] = server.requests
    assert (early.complete, early.body) == (False, b"")
    peer.sendall(b"345GET /next HTTP/1.1\r\nHost: x\r\n\r\n")
    assert peer.recv(4096).startswith(b"HTTP/1.1 200 ")
    assert [request.path for request in server.requests] == ["/upload", "/next"]


def test_a_connection_can_be_broken_while_the_body_is_on_its_way(server: ScriptedServer, connect: Connect) -> None:
    server.script("POST", "/upload", Reset(), moment="head")
    peer = connect(server)
    peer.sendall(b"POST /upload HTTP/1.1\r\nHost: x\r\nContent-Length: 5\r\n\r\n12")
    with pytest.raises(ConnectionResetError):
        peer.recv(1)


def test_a_connection_can_be_broken_before_anything_is_said(server: ScriptedServer, connect: Connect) -> None:
    server.script_connection(Reset())
    with pytest.raises(ConnectionResetError):
        connect(server).recv(1)
    assert call(server, "GET", "/")[0] == 200


def test_a_server_may_accept_and_never_read(server: ScriptedServer, connect: Connect) -> None:
    server.script_connection(Hang())
    peer = connect(server)
    peer.setblocking(False)
    with pytest.raises(BlockingIOError):
        send_without_end(peer)
    assert select.select([], [peer], [], 0.1)[1] == [], "nobody makes room for more"
    assert len(server.requests) == 0


def send_without_end(peer: socket.socket) -> None:
    while True:
        peer.send(b"x" * 65536)


def test_the_handler_may_be_a_generator_and_may_be_replaced(server: ScriptedServer) -> None:
    def slowly(request: RecordedRequest) -> Iterator[Step]:
        yield Delay(3)
        yield Answer(json=server.clock.monotonic())

    server.handler = slowly
    now = server.clock.monotonic()
    assert json.loads(call(server, "GET", "/")[1]) == now + 3


def test_without_a_handler_nothing_is_found() -> None:
    with ScriptedServer() as server:
        assert call(server, "GET", "/")[0] == 404


def broken(request: RecordedRequest) -> Played:
    raise LookupError("a mistake in the test")


def test_a_mistake_in_a_handler_is_raised_when_the_block_ends() -> None:
    with pytest.raises(ExceptionGroup) as raised, ScriptedServer(broken) as server:
        assert call(server, "GET", "/")[0] == 500
    assert raised.group_contains(LookupError, match="a mistake")


def test_a_mistake_in_a_handler_does_not_hide_the_test_failure() -> None:
    with pytest.raises(ZeroDivisionError) as raised, ScriptedServer(broken) as server:
        assert 1 // (call(server, "GET", "/")[0] - 500)
    assert "LookupError" in raised.value.__notes__[0]


@pytest.mark.parametrize("played", [[Delay(1)], [], ["text"], None])
def test_a_script_without_an_answer_is_a_mistake(played: Played) -> None:
    with pytest.raises(ExceptionGroup), ScriptedServer(lambda request: played) as server:
        assert call(server, "GET", "/")[0] == 500


def test_only_the_newest_requests_are_kept() -> None:
    with ScriptedServer(keep=3) as server:
        for number in range(7):
            call(server, "GET", f"/{number}")
        assert [request.path for request in server.requests] == ["/4", "/5", "/6"]
        assert (server.requests.total, len(server.requests)) == (7, 3)
        server.requests.clear()
        assert (server.requests.total, len(server.requests)) == (0, 0)


def test_a_test_can_wait_until_a_request_has_come(server: ScriptedServer, connect: Connect) -> None:
    server.handler = lambda request: Hang()
    connect(server).sendall(b"GET /x HTTP/1.1\r\nHost: x\r\n\r\n")
    server.requests.wait_for(1)
    assert server.requests.matching("GET", "/*")
    assert not server.requests.matching("POST", "/*")
    with pytest.raises(TimeoutError):
        server.requests.wait_for(2, timeout=0.01)


def test_a_refused_port_refuses() -> None:
    with refused_port() as port, pytest.raises(ConnectionRefusedError):
        socket.create_connection(("127.0.0.1", port), timeout=5)


def test_nothing_is_left_when_the_server_is_closed(open_descriptors: Callable[[], int]) -> None:
    threads, descriptors = threading.active_count(), open_descriptors()
    with ScriptedServer(lambda request: Hang()) as server:
        peers = [socket.create_connection(("127.0.0.1", server.port)) for _ in range(20)]
        for peer in peers[:10]:
            peer.sendall(b"GET / HTTP/1.1\r\nHost: x\r\n\r\n")
        server.requests.wait_for(10)
    for peer in peers:
        assert has_ended(peer)
        peer.close()
    assert (threading.active_count(), open_descriptors()) == (threads, descriptors)
    assert server.connections.open == 0
    server.close()


def has_ended(peer: socket.socket) -> bool:
    peer.settimeout(5)
    try:
        return peer.recv(1) == b""
    except ConnectionResetError:
        return True


def test_peers_that_were_just_accepted_are_not_forgotten(open_descriptors: Callable[[], int]) -> None:
    before = open_descriptors()
    for _ in range(50):
        with ScriptedServer() as server:
            peers = [socket.create_connection(("127.0.0.1", server.port)) for _ in range(3)]
        for peer in peers:
            assert has_ended(peer)
            peer.close()
    assert open_descriptors() == before


def test_a_server_is_started_once() -> None:
    server = ScriptedServer()
    with pytest.raises(RuntimeError, match="not been started"):
        _ = server.url
    with server, pytest.raises(RuntimeError, match="once"):
        server.start()
    with pytest.raises(RuntimeError, match="once"):
        server.start()


def test_connections_are_counted(server: ScriptedServer, connect: Connect) -> None:
    peers = [connect(server) for _ in range(3)]
    wait_until(lambda: server.connections.open == 3)
    for peer in peers[:2]:
        peer.close()
    wait_until(lambda: server.connections.open == 1)
    connect(server)
    wait_until(lambda: server.connections == ConnectionCounts(opened=4, open=2, peak=3))


def wait_until(condition: Callable[[], bool]) -> None:
    """Wait for what the server's thread is about to do; fails after ten seconds."""
    pause = threading.Event()
    for _ in range(2000):
        if condition():
            return
        pause.wait(0.005)
    raise AssertionError("it did not happen")


def test_a_thousand_clients_at_once(server: ScriptedServer) -> None:
    async def one(number: int, all_connected: asyncio.Barrier) -> bytes:
        reader, writer = await asyncio.open_connection("127.0.0.1", server.port)
        await all_connected.wait()
        writer.write(f"GET /{number} HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n".encode())
        said = await reader.read()
        writer.close()
        await writer.wait_closed()
        return said

    async def everybody() -> list[bytes]:
        all_connected = asyncio.Barrier(1000)
        return await asyncio.gather(*(one(number, all_connected) for number in range(1000)))

    answers = asyncio.run(everybody())
    assert all(answer.endswith(f'"/{number}"}}'.encode()) for number, answer in enumerate(answers))
    assert (server.connections.opened, server.connections.peak) == (1000, 1000)
