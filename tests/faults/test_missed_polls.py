"""Polls that fail: missed, fatal, or hostile, while the job itself goes on (B1 to B5)."""

import gzip
import json
from typing import Any

import pytest
from tests.support.bench import Bench
from tests.support.pages import DEEP, HTML, PAGE

from tarash.tarash_gateway.exceptions import (
    HTTPConnectionError,
    HTTPError,
    JobNotFoundError,
    ProtocolError,
    TarashException,
    TimeoutError,
)
from tarash.tarash_gateway.models import VideoGenerationResponse
from tarash.testkit.server import ScriptedServer
from tarash.testkit.steps import (
    Answer,
    Close,
    CutBody,
    CutChunked,
    DecompressionBomb,
    Drip,
    Hang,
    Normal,
    Raw,
    Redirect,
    Reset,
    Step,
)

RUNNING = {"id": "job-1", "status": "running"}
MISSED: dict[str, tuple[list[Step], type[TarashException]]] = {
    **{f"{status}": ([Answer(status)], HTTPError) for status in (408, 425, 429, 500, 502, 503, 504, 520, 599)},
    "503 with a page": ([Answer(503, HTML, PAGE)], HTTPError),
    "500 of the provider": ([Answer(500, json={"problem": "internal"})], HTTPError),
    "429 of the provider": ([Answer(429, json={"problem": "too many polls"})], HTTPError),
    "closed": ([Close()], HTTPConnectionError),
    "reset": ([Reset()], HTTPConnectionError),
    "no HTTP": ([Raw(b"hello\r\n\r\n"), Close()], HTTPConnectionError),
    "cut": ([CutBody(9, Answer(json=RUNNING))], HTTPConnectionError),
    "cut by a reset": ([CutBody(9, Answer(json=RUNNING), reset=True)], HTTPConnectionError),
    "cut between chunks": ([CutChunked(9, Answer(json=RUNNING))], HTTPConnectionError),
    "cut compression": (
        [Answer(headers={"Content-Encoding": "gzip"}, body=gzip.compress(json.dumps(RUNNING).encode())[:-9])],
        HTTPConnectionError,
    ),
    "an encoding not asked for": ([Answer(headers={"Content-Encoding": "br"}, json=RUNNING)], ProtocolError),
    "a page": ([Answer(200, HTML, PAGE)], ProtocolError),
    "nothing": ([Answer()], ProtocolError),
    "no content": ([Answer(204)], ProtocolError),
    "a list": ([Answer(json=[RUNNING])], ProtocolError),
    "a text": ([Answer(json="running")], ProtocolError),
    "null": ([Answer(json=None)], ProtocolError),
    "an empty object": ([Answer(json={})], ProtocolError),
    "no status": ([Answer(json={"id": "job-1"})], ProtocolError),
    "status null": ([Answer(json={**RUNNING, "status": None})], ProtocolError),
    "status a number": ([Answer(json={**RUNNING, "status": 3})], ProtocolError),
    "status an object": ([Answer(json={**RUNNING, "status": {"done": True}})], ProtocolError),
    "another job": ([Answer(json={"id": "job-2", "status": "done", "url": "http://x/y.mp4"})], ProtocolError),
    "another job that failed": ([Answer(json={"id": "job-2", "status": "failed"})], ProtocolError),
    "no id": ([Answer(json={"status": "running"})], ProtocolError),
    "a result that is no link": ([Answer(json={"id": "job-1", "status": "done", "url": ["a"]})], ProtocolError),
    "cut JSON": ([Answer(body='{"id": "job-1", "status": "run')], ProtocolError),
    "deep JSON": ([Answer(body=DEEP)], ProtocolError),
    "deep JSON inside": ([Answer(body='{"id": "job-1", "status": "running", "x": ' + DEEP)], ProtocolError),
    "half a character": ([Answer(body='{"id": "job-1", "status": "running", "x": "\\udead"}')], ProtocolError),
    "bytes that are no text": ([Answer(body=b'{"id": "job-1", "status": "run\xff"}')], ProtocolError),
    "a bomb": ([DecompressionBomb(65 << 20)], ProtocolError),
}


@pytest.mark.parametrize("fault", MISSED)
@pytest.mark.parametrize("seen", [0, 1], ids=["at first", "later"])
def test_a_failed_poll_is_a_missed_poll(bench: Bench, fault: str, seen: int) -> None:
    steps, _ = MISSED[fault]
    missed = 1 if fault == "a bomb" else 3
    if seen:
        bench.on_poll(Normal())
    bench.on_poll(*steps, times=missed)
    response = bench.generate()
    assert response.video == f"{bench.server.url}/films/job-1.mp4"
    assert (bench.posts, bench.charges, bench.cancels) == (1, 1, 0)
    assert bench.polls == missed + 3
    assert bench.ledger.polls == 3


@pytest.mark.parametrize(
    "steps", [(Hang(),), (Drip(0.02, Answer(json=RUNNING)),), (Drip(0.02, Answer(json=RUNNING), of="header"),)]
)
def test_a_poll_without_an_answer_is_a_missed_poll(bench: Bench, steps: tuple[Step, ...]) -> None:
    bench.on_poll(*steps)
    bench.generate(timeout=0.25, poll_interval=0.01)
    assert (bench.posts, bench.charges, bench.polls) == (1, 1, 4)


@pytest.mark.parametrize("fault", [name for name in MISSED if name != "a bomb"])
def test_beyond_the_grace_the_job_is_handed_over(bench: Bench, fault: str) -> None:
    steps, expected = MISSED[fault]
    bench.on_poll(*steps, times=None)
    error = bench.fails(expected, timeout=900)
    assert 120 <= sum(bench.clock.sleeps) <= 190
    assert (bench.posts, bench.charges, bench.cancels) == (1, 1, 0)
    assert (error.provider, error.model) == ("acme", "film-1")
    assert "resume" in error.message
    [attempt] = error.execution_metadata.attempts if error.execution_metadata else []
    assert attempt.possibly_billed

    bench.server.scripts.clear()
    assert bench.resume(error.job).video
    assert (bench.posts, bench.charges) == (1, 1)


@pytest.mark.parametrize("fault", ["503", "reset", "a page"])
def test_the_deadline_comes_before_the_grace(bench: Bench, fault: str) -> None:
    bench.on_poll(*MISSED[fault][0], times=None)
    error = bench.fails(TimeoutError, timeout=60)
    assert sum(bench.clock.sleeps) == pytest.approx(60, abs=1)
    assert error.timeout_seconds == 60
    assert "last polls failed" in error.message
    bench.server.scripts.clear()
    assert bench.resume(error.job).video
    assert bench.posts == 1


@pytest.mark.parametrize("fault", ["503", "reset", "a page"])
def test_one_good_poll_begins_the_grace_anew(bench: Bench, fault: str) -> None:
    bench.studio.polls_needed = 4
    for _ in range(3):
        bench.on_poll(*MISSED[fault][0], times=20)
        bench.on_poll(Normal())
    bench.generate(timeout=900)
    assert sum(bench.clock.sleeps) > 250
    assert (bench.posts, bench.charges, bench.polls) == (1, 1, 64)


@pytest.mark.parametrize("fault", ["503", "reset", "a page"])
def test_before_another_provider_is_paid_the_lost_job_is_cancelled(
    bench: Bench, second: ScriptedServer, fault: str
) -> None:
    bench.on_poll(*MISSED[fault][0], times=None)
    response = bench.generate(timeout=900, fallback_configs=[bench.config(base_url=second.url)])
    assert (bench.posts, bench.cancels, bench.charges) == (1, 1, 2)
    first, _ = response.execution_metadata.attempts if response.execution_metadata else []
    assert first.possibly_billed


# --- B3: not allowed (any more)


@pytest.mark.parametrize("status", [401, 403])
@pytest.mark.parametrize("body", [{"problem": "unknown key"}, None])
@pytest.mark.parametrize("seen", [0, 1])
def test_a_refused_key_ends_the_wait_at_once(bench: Bench, status: int, body: dict[str, Any] | None, seen: int) -> None:
    if seen:
        bench.on_poll(Normal())
    bench.on_poll(Answer(status, json=body) if body else Answer(status, HTML, PAGE), times=None)
    error = bench.fails(HTTPError, fallback_configs=[bench.config()])
    assert (error.status_code, error.retryable) == (status, False)
    assert (bench.posts, bench.polls, bench.cancels) == (1, 1 + seen, 0)
    bench.server.scripts.clear()
    assert bench.resume(error.job).video
    assert (bench.posts, bench.charges) == (1, 1)


# --- B4: not known (yet)


@pytest.mark.parametrize("answer", [Answer(404, json={"problem": "no such job"}), Answer(404, HTML, PAGE), Answer(404)])
@pytest.mark.parametrize("polls", [1, 5])
def test_a_job_may_be_unknown_for_a_while(bench: Bench, answer: Answer, polls: int) -> None:
    bench.on_poll(answer, times=polls)
    bench.generate()
    assert (bench.posts, bench.charges, bench.polls) == (1, 1, polls + 3)


def test_a_job_may_not_be_unknown_for_ever(bench: Bench) -> None:
    bench.on_poll(Answer(404), times=None)
    error = bench.fails(JobNotFoundError, fallback_configs=[bench.config()])
    assert 30 <= sum(bench.clock.sleeps) <= 36
    assert (error.status_code, error.retryable) == (404, False)
    assert error.job is not None
    assert (bench.posts, bench.cancels) == (1, 0)


def test_a_job_that_was_seen_and_is_gone(bench: Bench) -> None:
    bench.on_poll(Normal())
    bench.on_poll(Answer(404, json={"problem": "no such job"}), times=None)
    error = bench.fails(JobNotFoundError)
    assert bench.polls == 2
    assert error.job is not None
    assert "no such job" in error.message


# --- B5: hostile, and yet JSON


def answer_with(member: str) -> Answer:
    """The answer of a finished job, with something odd in it."""
    return Answer(body=f'{{"id": "job-1", "status": "done", "url": "http://127.0.0.1:1/x.mp4", {member}}}')


HOSTILE = {
    "a number of 4,000 digits": f'"x": {"9" * 4000}',
    "a negative number of 4,000 digits": f'"x": -{"9" * 4000}',
    "a fraction of 5,000 digits": f'"x": 0.{"1" * 5000}',
    "an exponent beyond all": '"x": 1e999',
    "an exponent below all": '"x": 1e-999',
    "NaN": '"x": NaN',
    "Infinity": '"x": [Infinity, -Infinity]',
    "the same name twice": '"x": 1, "x": 2',
    "the state twice": '"status": "done"',
    "100 levels": f'"x": {"[" * 100}{"]" * 100}',
    "a text of 2 MB": f'"x": "{"y" * 2_000_000}"',
    "100,000 members": '"x": {' + ", ".join(f'"{number}": 0' for number in range(100_000)) + "}",
    "control characters": '"x": "\\u0000\\u001b[31m\\u202e"',
    "a whole pair": '"x": "\\ud83d\\ude00"',
    "names of Python": '"__class__": "str", "__init__": 1, "model_config": {}, "self": 2',
}


@pytest.mark.parametrize("oddity", HOSTILE)
def test_odd_json_gives_a_usable_response(bench: Bench, oddity: str) -> None:
    updates: list[Any] = []
    bench.on_poll(Normal())
    bench.on_poll(answer_with(HOSTILE[oddity]))
    response = bench.generate(updates.append)
    assert bench.polls == 2
    assert response.video == "http://127.0.0.1:1/x.mp4"
    assert updates[-1].result is response
    assert len(repr(response)) < 20_000
    assert VideoGenerationResponse.model_validate_json(response.model_dump_json()).video == response.video


@pytest.mark.parametrize("oddity", [name for name in HOSTILE if name != "the state twice"])
def test_odd_json_in_a_failure_gives_a_usable_error(bench: Bench, oddity: str) -> None:
    bench.on_poll(Answer(body=f'{{"id": "job-1", "status": "failed", "reason": "broke", {HOSTILE[oddity]}}}'))
    with pytest.raises(TarashException) as info:
        bench.generate()
    assert "broke" in str(info.value)
    assert len(repr(info.value)) < 20_000
    assert info.value.job is not None


BOTTOMLESS = {
    "1000 levels": "[" * 1000 + "]" * 1000,
    "100,000 levels of objects": '{"x":' * 100_000 + "0" + "}" * 100_000,
    "closed wrongly": '{"a": 1]',
    "a number of 5,000 digits": "9" * 5000,
    "a number of a million digits": "-" + "9" * 1_000_000,
}


@pytest.mark.parametrize("oddity", BOTTOMLESS)
def test_bottomless_json_is_a_missed_poll(bench: Bench, oddity: str) -> None:
    bench.on_poll(answer_with(f'"x": {BOTTOMLESS[oddity]}'))
    bench.generate()
    assert (bench.posts, bench.polls) == (1, 4)


# --- B13: another job, another host


@pytest.mark.parametrize("status", [301, 302, 307, 308])
def test_a_poll_is_not_led_elsewhere(bench: Bench, second: ScriptedServer, status: int) -> None:
    bench.on_poll(Redirect(f"{second.url}/jobs/job-1", status))
    error = bench.fails(HTTPError)
    assert error.status_code == status
    assert error.job is not None
    assert not second.requests
    assert (bench.posts, bench.polls) == (1, 1)


def test_a_result_on_another_host_is_told(bench: Bench) -> None:
    bench.on_poll(Answer(json={"id": "job-1", "status": "done", "url": "https://127.0.0.1:1/x"}))
    assert bench.generate().video == "https://127.0.0.1:1/x"


@pytest.mark.parametrize("link", ["ftp://127.0.0.1/x", "file:///etc/passwd", "//x/y", "x.mp4"])
def test_a_result_that_is_no_link_is_asked_for_again(bench: Bench, link: str) -> None:
    bench.on_poll(Answer(json={"id": "job-1", "status": "done", "url": link}))
    assert str(bench.generate().video).startswith(bench.server.url)
    assert bench.posts == 1
