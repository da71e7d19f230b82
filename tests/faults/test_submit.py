"""Submits of which nothing left, or of which nobody knows what became: what is sent again, and what never (A1, A2)."""

import asyncio
import contextlib
import gzip
import time
from collections.abc import Callable, Iterator
from typing import Any

import pytest
from tests.support.bench import REQUEST, Bench
from tests.support.child import Child
from tests.support.pages import DEEP, HTML, PAGE
from tests.support.worlds import AsyncWorld

from tarash import tarash_gateway as tarash
from tarash.tarash_gateway.exceptions import (
    HTTPConnectionError,
    SubmitOutcomeUnknownError,
)
from tarash.tarash_gateway.pools import connections_allowed
from tarash.testkit.server import ScriptedServer, refused_port
from tarash.testkit.steps import (
    Answer,
    Close,
    CutBody,
    CutChunked,
    DecompressionBomb,
    Drip,
    EndlessBody,
    Hang,
    Perform,
    Raw,
    Reset,
    Step,
)
from tarash.testkit.tls import LocalAuthority

NOWHERE = f"https://{'a' * 60}.invalid"


# --- A1: nothing was sent


@contextlib.contextmanager
def tls(bench: Bench, *steps: Step, https: bool = True) -> Iterator[str]:
    with ScriptedServer(clock=bench.clock, ledger=bench.ledger, authority=LocalAuthority(), https=https) as server:
        if steps:
            server.script_connection(*steps, times=None)
        yield f"https://127.0.0.1:{server.port}"
        assert not server.requests


@contextlib.contextmanager
def refused(bench: Bench) -> Iterator[str]:
    with refused_port() as port:
        yield f"http://127.0.0.1:{port}"


@contextlib.contextmanager
def at(address: str) -> Iterator[str]:
    yield address


UNREACHABLE: dict[str, Callable[[Bench], contextlib.AbstractContextManager[str]]] = {
    "refused": refused,
    "unknown host": lambda bench: at(NOWHERE),
    "host that no resolver takes": lambda bench: at(f"https://{'b' * 64}.invalid"),
    "host with empty labels": lambda bench: at("https://acme..invalid"),
    "certificate of a stranger": tls,
    "no TLS at all": lambda bench: tls(bench, Raw(b"HTTP/1.1 400 Bad Request\r\n\r\n"), Close(), https=False),
    "TLS handshake closed": lambda bench: tls(bench, Close()),
    "TLS handshake reset": lambda bench: tls(bench, Reset()),
    "TLS handshake with garbage": lambda bench: tls(bench, Raw(b"\x15\x03\x01\x00\x02\x02\x28"), Close()),
    "TLS handshake without end": lambda bench: tls(bench, Hang()),
}


@pytest.mark.parametrize("fault", UNREACHABLE)
def test_what_never_left_is_retried_and_then_said_clearly(bench: Bench, fault: str) -> None:
    with UNREACHABLE[fault](bench) as url:
        error = bench.fails(HTTPConnectionError, base_url=url, timeout=0.2 if "without end" in fault else 4)

    assert not error.request_sent
    assert not error.possibly_billed
    assert error.retryable
    assert error.job is None
    assert error.provider == "acme"
    assert "Nothing was sent" in error.message
    assert (bench.posts, bench.charges) == (0, 0)
    assert len(bench.clock.sleeps) == (0 if "without end" in fault else 3)
    assert sum(bench.clock.sleeps) < 4


@pytest.mark.parametrize("fault", UNREACHABLE)
@pytest.mark.parametrize("policy", ["fallback", "raise"])
def test_the_chain_goes_on_when_nothing_was_sent(bench: Bench, fault: str, policy: str) -> None:
    with UNREACHABLE[fault](bench) as url:
        response = bench.generate(
            base_url=url, timeout=0.3, on_unknown_submit=policy, fallback_configs=[bench.config()]
        )

    assert (bench.posts, bench.charges) == (1, 1)
    first, then = response.execution_metadata.attempts
    assert (first.status, first.error_type, first.possibly_billed) == ("failed", "HTTPConnectionError", False)
    assert (then.status, response.execution_metadata.successful_attempt) == ("success", 2)


def test_without_descriptors_nothing_is_sent(bench: Bench) -> None:
    with Child(bench.world.name, "generate", bench.config(), starved=True, virtual=True) as child:
        report = child.finish()
    assert report["error"] == "HTTPConnectionError"
    assert report["request_sent"] is False
    assert "Too many open files" in report["message"]
    assert bench.posts == 0


@pytest.mark.parametrize("world", ["async"], indirect=True)
def test_who_waits_for_a_connection_in_vain_has_sent_nothing(bench: Bench) -> None:
    """Connections to a host are few, however many jobs there are: those behind the ones that hang never get any."""
    bench.most_connections = 128
    bench.on_submit(Perform(), Hang(), times=None)
    lanes = connections_allowed()

    async def together() -> list[Any]:
        # Those that hold all connections outlast those that wait behind them.
        timeouts = [1.5] * lanes + [0.3] * 20
        submits = [tarash.submit_video_async(bench.config(timeout=seconds), REQUEST) for seconds in timeouts]
        return await asyncio.gather(*submits, return_exceptions=True)

    assert isinstance(bench.world, AsyncWorld)
    errors = bench.world.run(together)
    sent = [error for error in errors if type(error) is SubmitOutcomeUnknownError]
    waited = [error for error in errors if type(error) is HTTPConnectionError and not error.request_sent]
    assert (len(sent), len(waited)) == (lanes, 20)
    assert bench.posts == lanes


# --- A2: what became of it is unknown

JSON_HEAD = b"HTTP/1.1 200 OK\r\nContent-Type: application/json\r\n"


def page(status: int) -> list[Step]:
    return [Perform(), Answer(status, HTML, PAGE)]


GZIP = (("Content-Encoding", "gzip"),)
UNREADABLE: dict[str, list[Step]] = {
    "closed": [Perform(), Close()],
    "reset": [Perform(), Reset()],
    "no answer in time": [Perform(), Hang()],
    "head without end": [Drip(0.05, Answer(json={"id": "job-1"}), of="header")],
    "body without end": [Drip(0.05, Answer(json={"id": "job-1"}))],
    "half a head": [Perform(), Raw(b"HTTP/1.1 200 OK\r\nContent-Le"), Close()],
    "no HTTP": [Perform(), Raw(b"hello\r\n\r\n"), Close()],
    "a head without measure": [Perform(), Raw(b"HTTP/1.1 200 OK\r\nX: " + b"x" * 500_000), Close()],
    "a broken length": [Perform(), Raw(JSON_HEAD + b"Content-Length: 12, 13\r\n\r\n{}"), Close()],
    "a broken chunk": [Perform(), Raw(JSON_HEAD + b"Transfer-Encoding: chunked\r\n\r\nzz\r\n{}"), Close()],
    **{f"{status} of a proxy": page(status) for status in (500, 502, 503, 504, 520, 599)},
    "502 with nothing": [Perform(), Answer(502)],
    "502 with somebody's JSON": [Perform(), Answer(502, json={"error": {"code": "bad_gateway"}})],
    "502 with JSON that is cut": [Perform(), Answer(502, body='{"problem": ')],
    "cut": [CutBody(5)],
    "cut before the body": [CutBody(0)],
    "cut by a reset": [CutBody(5, reset=True)],
    "cut between chunks": [CutChunked(5)],
    "cut before the chunks": [CutChunked(0, reset=True)],
    "HTML": page(200),
    "HTML, created": page(201),
    "empty": [Perform(), Answer()],
    "no content": [Perform(), Answer(204)],
    "a list": [Perform(), Answer(json=[{"id": "job-1"}])],
    "a text": [Perform(), Answer(json="job-1")],
    "null": [Perform(), Answer(json=None)],
    "no id": [Perform(), Answer(json={"status": "waiting"})],
    "id null": [Perform(), Answer(json={"id": None})],
    "id empty": [Perform(), Answer(json={"id": ""})],
    "id a number": [Perform(), Answer(json={"id": 17})],
    "id an object": [Perform(), Answer(json={"id": {"id": "job-1"}})],
    "not quite JSON": [Perform(), Answer(body="{'id': 'job-1'}")],
    "JSON and more": [Perform(), Answer(body='{"id": "job-1"}{"id": "job-2"}')],
    "JSON in another encoding": [Perform(), Answer(body='{"id": "job-1"}'.encode("utf-16"))],
    "bytes that are no text": [Perform(), Answer(body=b'{"id": "\xff\xfe"}')],
    "half a character": [Perform(), Answer(body='{"id": "\\ud83d"}')],
    "deep JSON": [Perform(), Answer(body=DEEP)],
    "deep JSON inside": [Perform(), Answer(body='{"id": "job-1", "more": ' + DEEP)],
    "a bomb": [Perform(), DecompressionBomb(65 << 20, headers=(("Content-Type", "application/json"),))],
    "a bomb, deflated": [Perform(), DecompressionBomb(65 << 20, "deflate")],
    "no end": [Perform(), EndlessBody()],
    "no gzip": [Perform(), Answer(headers=GZIP, json={"id": "job-1"})],
    "half a gzip": [
        Perform(),
        Answer(headers=GZIP, body=gzip.compress(b'{"id": "j"}')[:-9]),
    ],
    "an encoding not asked for": [Perform(), Answer(headers=(("Content-Encoding", "br"),), json={"id": "job-1"})],
}
SLOW = ("no answer in time", "head without end", "body without end")


@pytest.mark.parametrize("fault", UNREADABLE)
def test_a_submit_without_a_readable_answer_is_sent_once(bench: Bench, fault: str) -> None:
    bench.on_submit(*UNREADABLE[fault])
    started = time.monotonic()
    error = bench.fails(SubmitOutcomeUnknownError, timeout=0.3 if fault in SLOW else 300)

    assert time.monotonic() - started < 1.3
    assert (bench.posts, bench.polls, bench.cancels) == (1, 0, 0)
    assert bench.clock.sleeps == []
    assert error.retryable
    assert error.possibly_billed
    assert error.job is None
    assert (error.provider, error.model) == ("acme", "film-1")
    assert error.request_id
    assert "not sent again" in error.message
    assert len(error.message) < 1000
    [attempt] = error.execution_metadata.attempts
    assert (attempt.possibly_billed, attempt.is_retryable) == (True, True)


@pytest.mark.parametrize("fault", ["reset", "no answer in time", "502 of a proxy", "cut", "HTML", "no id"])
def test_a_policy_decides_whether_the_chain_goes_on(bench: Bench, second: ScriptedServer, fault: str) -> None:
    chain: dict[str, Any] = {
        "timeout": 0.3 if fault in SLOW else 300,
        "fallback_configs": [bench.config(base_url=second.url)],
    }
    bench.on_submit(*UNREADABLE[fault], times=2)
    error = bench.fails(SubmitOutcomeUnknownError, on_unknown_submit="raise", **chain)
    assert (bench.posts, len(second.requests)) == (1, 0)
    assert error.execution_metadata.total_attempts == 1

    response = bench.generate(**chain)
    assert (bench.posts, len(second.requests.matching("POST"))) == (2, 1)
    assert [attempt.possibly_billed for attempt in response.execution_metadata.attempts] == [True, False]
