import base64
import http.client
from collections.abc import Generator
from urllib.parse import quote

import pytest

from tarash.testkit.ledger import Ledger
from tarash.testkit.server import ScriptedServer
from tarash.testkit.steps import Answer

KEY = "key-id-0001:s3cret/with+odd=signs"


@pytest.fixture
def other(book: Ledger) -> Generator[ScriptedServer]:
    """A second server with the same ledger."""
    with ScriptedServer(lambda request: Answer(body="other"), ledger=book) as running:
        yield running


def send(server: ScriptedServer, target: str, headers: dict[str, str] | None = None, body: bytes = b"") -> None:
    connection = http.client.HTTPConnection("127.0.0.1", server.port, timeout=10)
    connection.request("POST", target, body, headers or {})
    connection.getresponse().read()
    connection.close()


def test_charges_are_counted_per_job(book: Ledger) -> None:
    book.charge("a")
    book.charge("b", 0.25)
    book.charge("a", 2)
    assert (book.charges("a"), book.charges("b"), book.charges("c")) == (2, 1, 0)
    assert (book.amount("a"), book.total_charges, book.total_amount) == (3.0, 3, 3.25)
    assert book.charged_jobs == ["a", "b"]


def test_events_are_counted_per_job_and_together(book: Ledger) -> None:
    for event, subject in [("poll", "a"), ("poll", "a"), ("poll", "b"), ("cancel", "a"), ("upload", "f")]:
        book.count(event, subject)
    assert (book.polls, book.cancels, book.uploads, book.downloads) == (3, 1, 1, 0)
    assert (book.events("poll", "a"), book.events("poll", "z"), book.events("poll")) == (2, 0, 3)


def test_requests_and_bytes_are_counted_over_all_servers(
    server: ScriptedServer, other: ScriptedServer, book: Ledger
) -> None:
    send(server, "/x")
    send(other, "/y")
    assert (book.posts, book.requests("GET"), book.requests()) == (2, 0, 2)
    answers = (
        b"HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\nother",
        b"".join(
            [b"HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nContent-Length: 14\r\n\r\n", b'{"path": "/x"}']
        ),
    )
    assert book.bytes_served == sum(map(len, answers))


def test_headers_are_kept_per_origin(server: ScriptedServer, other: ScriptedServer, book: Ledger) -> None:
    send(server, "/x", {"X-A": "1"})
    send(server, "/x", {"X-A": "2"})
    send(other, "/y", {"X-B": "3"})
    assert sorted(book.origins) == sorted([server.url, other.url])
    assert {("X-A", "1"), ("X-A", "2")} <= set(book.headers_at(server.url))
    assert ("X-B", "3") not in book.headers_at(server.url)
    assert book.headers_at("http://nowhere") == []


def test_a_key_in_the_right_place_is_fine(server: ScriptedServer, other: ScriptedServer, book: Ledger) -> None:
    send(server, "/x", {"Authorization": f"Key {KEY}"})
    send(other, "/y", {"Accept": "*/*"}, b"body")
    book.assert_key_only_at(server.url, KEY)
    book.assert_key_only_at([server.url, other.url], KEY)


def test_a_key_that_came_nowhere_is_no_proof(server: ScriptedServer, book: Ledger) -> None:
    send(server, "/x")
    with pytest.raises(AssertionError, match="never arrived"):
        book.assert_key_only_at(server.url, KEY)
    with pytest.raises(ValueError, match="no key"):
        book.assert_key_only_at(server.url, "")


@pytest.mark.parametrize(
    ("target", "headers", "body"),
    [
        ("/y", {"Authorization": f"Key {KEY}"}, b""),
        ("/y", {"X-Other": "s3cret/with+odd=signs"}, b""),
        (f"/y?token={quote(KEY, safe='')}", {}, b""),
        (f"/{quote(KEY, safe='/')}", {}, b""),
        ("/y", {}, f'{{"k": "{KEY}"}}'.encode()),
        ("/y", {"Authorization": "Basic " + base64.b64encode(f"u:{KEY}".encode()).decode()}, b""),
        ("/y", {"Authorization": "Basic " + base64.b64encode(f"us:{KEY}".encode()).decode()}, b""),
        ("/y", {"Authorization": "Basic " + base64.b64encode(f"{KEY}:x".encode()).decode()}, b""),
        ("/y", {"Authorization": "Basic " + base64.b64encode(f"u:{KEY}x".encode()).decode()}, b""),
    ],
)
def test_a_key_in_the_wrong_place_is_found(
    server: ScriptedServer, other: ScriptedServer, book: Ledger, target: str, headers: dict[str, str], body: bytes
) -> None:
    send(server, "/x", {"Authorization": f"Key {KEY}"})
    send(other, target, headers, body)
    with pytest.raises(AssertionError, match=f"{other.url}") as raised:
        book.assert_key_only_at(server.url, KEY)
    assert KEY not in str(raised.value)


def test_even_at_its_own_origin_a_key_belongs_into_a_header(server: ScriptedServer, book: Ledger) -> None:
    send(server, f"/x?key={quote(KEY)}", {"Authorization": f"Key {KEY}"})
    with pytest.raises(AssertionError, match="target"):
        book.assert_key_only_at(server.url, KEY)


def test_headers_are_remembered_when_requests_are_not(book: Ledger) -> None:
    with ScriptedServer(keep=1, ledger=book) as server:
        send(server, "/x", {"Authorization": f"Key {KEY}"})
        send(server, "/x")
        with pytest.raises(AssertionError):
            book.assert_key_only_at("http://elsewhere", KEY)
