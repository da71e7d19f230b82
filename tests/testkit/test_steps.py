"""Every step, seen from the other end of a plain socket."""

import gzip
import http.client
import socket
import threading
import time
import zlib
from collections.abc import Callable

import pytest

from tarash.testkit.clock import VirtualClock
from tarash.testkit.ledger import Ledger
from tarash.testkit.server import ScriptedServer
from tarash.testkit.steps import (
    Alter,
    Answer,
    Charge,
    Chunk,
    Close,
    CutBody,
    CutChunked,
    DecompressionBomb,
    Delay,
    Do,
    Drip,
    EndlessBody,
    Finish,
    Gate,
    Hang,
    Hold,
    Normal,
    Perform,
    Raw,
    Redirect,
    Reset,
    Start,
    Step,
)

Connect = Callable[[ScriptedServer], socket.socket]
RawExchange = Callable[..., bytes]
ASK = b"GET /thing HTTP/1.1\r\nHost: simulator\r\n\r\n"


@pytest.fixture
def play(server: ScriptedServer, raw: RawExchange) -> Callable[..., bytes]:
    """Plays steps for one request, and returns what the client gets until the connection ends."""

    def run(*steps: Step) -> bytes:
        server.script("GET", "/thing", *steps)
        return raw(server)

    return run


def test_an_answer_is_complete(play: Callable[..., bytes]) -> None:
    said = play(Answer(201, {"X-One": "1"}, "héllo"), Close())
    assert said == "HTTP/1.1 201 Created\r\nX-One: 1\r\nContent-Length: 6\r\n\r\nhéllo".encode()


def test_json_gets_its_type_unless_told_otherwise(play: Callable[..., bytes]) -> None:
    assert b"Content-Type: application/json\r\n" in play(Answer(json=None), Close())
    assert play(Answer(json=None), Close()).endswith(b"\r\n\r\nnull")
    said = play(Answer(headers=[("content-type", "text/html"), ("content-length", "1")], json={}), Close())
    assert said == b"HTTP/1.1 200 OK\r\ncontent-type: text/html\r\ncontent-length: 1\r\n\r\n{}"


@pytest.mark.parametrize(("status", "phrase"), [(299, b"Unknown"), (422, b"Unprocessable"), (499, b"Unknown")])
def test_any_status_can_be_answered(play: Callable[..., bytes], status: int, phrase: bytes) -> None:
    assert play(Answer(status), Close()).startswith(b"HTTP/1.1 %d %b" % (status, phrase))


def test_a_reason_can_be_given(play: Callable[..., bytes]) -> None:
    assert play(Answer(200, reason="Fine"), Close()).startswith(b"HTTP/1.1 200 Fine\r\n")


@pytest.mark.parametrize("status", [204, 304])
def test_some_answers_have_no_body(play: Callable[..., bytes], status: int) -> None:
    assert b"Content-Length" not in play(Answer(status), Close())


def test_headers_can_be_replaced() -> None:
    answer = Answer(headers=[("A", "1"), ("B", "2")]).with_headers(("a", "3"), ("C", "4"))
    assert answer.header_items == [("B", "2"), ("a", "3"), ("C", "4")]
    assert (answer.header("A"), answer.header("x")) == ("3", None)


def test_a_redirect_names_the_new_place(play: Callable[..., bytes]) -> None:
    said = play(Redirect("http://elsewhere.invalid/x", 308), Close())
    assert said.startswith(b"HTTP/1.1 308 Permanent Redirect\r\nLocation: http://elsewhere.invalid/x\r\n")


def test_raw_bytes_are_sent_as_they_are(play: Callable[..., bytes]) -> None:
    assert play(Raw(b"ICY 200\n\xff"), Raw(b"more"), Close()) == b"ICY 200\n\xffmore"


def test_a_chunked_answer(play: Callable[..., bytes]) -> None:
    said = play(Start(200, {"X": "y"}), Chunk(b"abc"), Chunk(b""), Chunk(b"0123456789abcdef"), Finish(), Close())
    head, body = said.split(b"\r\n\r\n", 1)
    assert head == b"HTTP/1.1 200 OK\r\nX: y\r\nTransfer-Encoding: chunked"
    assert body == b"3\r\nabc\r\n10\r\n0123456789abcdef\r\n0\r\n\r\n"


def test_a_charge_is_booked(play: Callable[..., bytes], book: Ledger) -> None:
    play(Charge("job-9", 2.5), Close())
    assert [(entry.job_id, entry.amount) for entry in book.entries] == [("job-9", 2.5)]


def test_a_delay_moves_the_virtual_clock_only(play: Callable[..., bytes], clock: VirtualClock) -> None:
    before, really_before = clock.monotonic(), time.monotonic()
    play(Delay(3600), Close())
    assert clock.monotonic() == before + 3600
    assert time.monotonic() - really_before < 5


def test_anything_can_be_done_in_between(play: Callable[..., bytes], clock: VirtualClock) -> None:
    play(Do(lambda: clock.set_wall(5.0)), Close())
    assert clock.wall() == 5.0


def test_the_connection_can_be_closed_without_an_answer(play: Callable[..., bytes]) -> None:
    assert play(Close()) == b""


def test_the_connection_can_be_reset_without_an_answer(server: ScriptedServer, connect: Connect) -> None:
    server.script("GET", "/thing", Reset())
    peer = connect(server)
    peer.sendall(ASK)
    with pytest.raises(ConnectionResetError):
        peer.recv(1)


def test_a_body_can_be_cut(play: Callable[..., bytes]) -> None:
    assert play(CutBody(4, Answer(body="0123456789"))) == b"HTTP/1.1 200 OK\r\nContent-Length: 10\r\n\r\n0123"
    assert play(CutBody(0, Answer(body="0123456789"))).endswith(b"Content-Length: 10\r\n\r\n")


def test_the_ordinary_answer_can_be_cut(play: Callable[..., bytes]) -> None:
    said = play(CutBody(5))
    assert b"Content-Length: 18\r\n" in said
    assert said.endswith(b'\r\n\r\n{"pat')


def test_a_cut_can_be_a_reset(server: ScriptedServer, connect: Connect) -> None:
    server.script("GET", "/thing", CutBody(3, Answer(body="0123456789"), reset=True))
    peer = connect(server)
    peer.sendall(ASK)
    with pytest.raises(ConnectionResetError):
        read_all(peer)


def read_all(peer: socket.socket) -> bytes:
    pieces: list[bytes] = []
    while piece := peer.recv(65536):
        pieces.append(piece)
    return b"".join(pieces)


def test_a_chunked_body_can_be_cut(play: Callable[..., bytes]) -> None:
    said = play(CutChunked(4, Answer(headers={"Content-Length": "10"}, body="0123456789")))
    assert said == b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n4\r\n0123\r\n"
    assert play(CutChunked(0)).endswith(b"Transfer-Encoding: chunked\r\n\r\n")


def test_a_body_can_drip(server: ScriptedServer, connect: Connect) -> None:
    server.script("GET", "/thing", Drip(0.001, Answer(body="0123456789"), size=3), Close())
    peer = connect(server)
    peer.sendall(ASK)
    pieces: list[bytes] = []
    while piece := peer.recv(65536):
        pieces.append(piece)
    assert b"".join(pieces) == b"HTTP/1.1 200 OK\r\nContent-Length: 10\r\n\r\n0123456789"
    assert len(pieces) > 1


def test_a_head_can_drip(play: Callable[..., bytes]) -> None:
    begun = time.monotonic()
    assert play(Drip(0.0005, of="header"), Close()).endswith(b'{"path": "/thing"}')
    assert time.monotonic() - begun > 0.04, "each of some ninety bytes waits for half a millisecond"


def test_dripping_takes_the_real_time_it_says(play: Callable[..., bytes]) -> None:
    begun = time.monotonic()
    play(Drip(0.01, Answer(body="01234")), Close())
    assert time.monotonic() - begun >= 0.05


def test_dripping_ends_with_its_peer(server: ScriptedServer, connect: Connect) -> None:
    server.script("GET", "/thing", Drip(0.001, Answer(body=b"x" * 100_000_000)))
    peer = connect(server)
    peer.sendall(ASK)
    assert peer.recv(10)
    peer.close()
    assert_soon(lambda: server.connections.open == 0)


def test_dripping_ends_with_the_server(connect: Connect) -> None:
    begun = time.monotonic()
    with ScriptedServer(lambda request: Drip(3600, Answer(body="01"))) as server:
        peer = connect(server)
        peer.sendall(ASK)
        assert peer.recv(10)
    assert time.monotonic() - begun < 5


def test_an_endless_body_does_not_end(server: ScriptedServer, connect: Connect) -> None:
    server.script("GET", "/thing", EndlessBody({"Content-Type": "video/mp4"}))
    peer = connect(server)
    peer.sendall(ASK)
    taken = 0
    while taken < 20 << 20:
        taken += len(peer.recv(1 << 20))
    peer.close()
    assert_soon(lambda: server.connections.open == 0)
    assert server.ledger.bytes_served < 64 << 20, "what nobody takes must not pile up"


def test_an_endless_body_ends_by_itself_at_its_limit(play: Callable[..., bytes]) -> None:
    said = play(EndlessBody(limit=10, block=b"1234"))
    assert said.endswith(b"\r\n\r\n" + b"4\r\n1234\r\n" * 3)


@pytest.mark.parametrize("encoding", ["gzip", "deflate"])
def test_a_bomb_decompresses_to_what_it_promises(server: ScriptedServer, encoding: str) -> None:
    server.script("GET", "/thing", DecompressionBomb(3_000_000, encoding, {"X": "y"}))  # type: ignore[arg-type]
    connection = http.client.HTTPConnection("127.0.0.1", server.port, timeout=10)
    connection.request("GET", "/thing")
    answer = connection.getresponse()
    packed = answer.read()
    connection.close()
    assert (answer.headers["Content-Encoding"], answer.headers["X"]) == (encoding, "y")
    assert len(packed) == int(answer.headers["Content-Length"]) < 5000
    assert (gzip.decompress if encoding == "gzip" else zlib.decompress)(packed) == bytes(3 << 20)


def test_a_big_bomb_leaves_room_for_others(server: ScriptedServer, connect: Connect, raw: RawExchange) -> None:
    server.script("GET", "/thing", DecompressionBomb(4 << 30))
    peer = connect(server)
    peer.sendall(ASK)
    assert raw(server, b"GET /other HTTP/1.0\r\n\r\n").endswith(b'{"path": "/other"}')
    peer.close()
    assert_soon(lambda: server.connections.open == 0)


def test_hanging_ends_with_the_peer(server: ScriptedServer, connect: Connect) -> None:
    server.script("GET", "/thing", Hang())
    peer = connect(server)
    peer.sendall(ASK)
    server.requests.wait_for(1)
    assert server.connections.open == 1
    peer.close()
    assert_soon(lambda: server.connections.open == 0)


def test_a_gate_holds_answers_back(server: ScriptedServer, connect: Connect, raw: RawExchange) -> None:
    gate = Gate()
    server.script("GET", "/thing", Hold(gate), Normal(), Close(), times=None)
    waiting = [connect(server) for _ in range(3)]
    for peer in waiting:
        peer.sendall(ASK)
    server.requests.wait_for(3)
    waiting[0].setblocking(False)
    with pytest.raises(BlockingIOError):
        waiting[0].recv(1)
    waiting[0].settimeout(10)
    gate.open()
    for peer in waiting:
        assert peer.recv(4096).endswith(b'{"path": "/thing"}')
    assert raw(server).endswith(b'{"path": "/thing"}'), "an open gate stays open"


def test_a_gate_may_open_when_nobody_waits_any_more(connect: Connect) -> None:
    gate = Gate()
    with ScriptedServer(lambda request: [Hold(gate), Answer()]) as server:
        connect(server).sendall(ASK)
        server.requests.wait_for(1)
    gate.open()


def test_the_handler_can_work_and_its_answer_be_lost(server: ScriptedServer, connect: Connect, book: Ledger) -> None:
    server.handler = lambda request: [Charge("job-1"), Delay(7), Answer(json={"id": "job-1"})]
    server.script("GET", "/thing", Perform(), Reset())
    before = server.clock.monotonic()
    peer = connect(server)
    peer.sendall(ASK)
    with pytest.raises(ConnectionResetError):
        peer.recv(1)
    assert book.charges("job-1") == 1
    assert server.clock.monotonic() == before + 7


def test_the_ordinary_answer_can_be_altered(play: Callable[..., bytes]) -> None:
    altered = Alter(lambda answer: Answer(answer.status + 1, body=answer.content.upper()))
    assert play(altered, Close()).endswith(b'\r\n\r\n{"PATH": "/THING"}')
    assert play(Alter(lambda answer: (Delay(1), CutBody(2, answer)))).endswith(b'\r\n\r\n{"')


def test_a_chunked_answer_is_altered_as_a_whole(server: ScriptedServer, connect: Connect, book: Ledger) -> None:
    server.handler = lambda request: [Charge("job-1"), Start(200, {"X": "y"}), Chunk(b"ab"), Chunk(b"cd"), Finish()]
    server.script("GET", "/thing", CutBody(3))
    peer = connect(server)
    peer.sendall(ASK)
    said = read_all(peer)
    assert said.endswith(b"Content-Length: 4\r\n\r\nabc")
    assert b"X: y" in said
    assert book.charges("job-1") == 1


@pytest.mark.parametrize("step", [CutBody(1), Perform(), Alter(lambda answer: answer)])
def test_only_an_answer_can_be_altered(step: Step, raw: RawExchange) -> None:
    server = ScriptedServer(lambda request: Hang())
    server.script("GET", "/thing", step)
    with pytest.raises(ExceptionGroup), server:
        assert raw(server).startswith(b"HTTP/1.1 500 ")


def test_an_answer_that_says_close_closes(play: Callable[..., bytes]) -> None:
    assert play(Answer(headers={"Connection": "close"}, body="x")).endswith(b"x")


def assert_soon(condition: Callable[[], bool]) -> None:
    """Wait for what another thread is about to do; fails after ten seconds."""
    waiting = threading.Event()
    for _ in range(2000):
        if condition():
            return
        waiting.wait(0.005)
    raise AssertionError("it did not happen")
