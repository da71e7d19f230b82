"""Faults while a job of fal's is waited for: missed polls, odd states, lost patience, strangers' links (B1 to B13)."""

import contextlib
import json
import logging
import time
from collections.abc import Callable, Iterator
from typing import Any

import pytest
from tests.fal.desk import Desk
from tests.support.pages import DEEP, HTML, PAGE

from tarash.tarash_gateway.clock import SystemClock, use_clock
from tarash.tarash_gateway.exceptions import (
    GenerationFailedError,
    HTTPConnectionError,
    HTTPError,
    JobNotFoundError,
    JobRejectedError,
    ProtocolError,
    TarashException,
    TimeoutError,
)
from tarash.tarash_gateway.models import Job
from tarash.testkit.fal import FalSimulator, Outcome, errors
from tarash.testkit.server import ScriptedServer
from tarash.testkit.steps import (
    Answer,
    Close,
    CutBody,
    CutChunked,
    DecompressionBomb,
    Do,
    Drip,
    EndlessBody,
    Hang,
    Normal,
    Perform,
    Raw,
    Reset,
    Step,
    alter_json,
)

# --- B1, B2: polls that are missed

MISSED: dict[str, list[Step]] = {
    **{f"{status} in HTML": [Answer(status, HTML, PAGE)] for status in (500, 502, 503, 504)},
    "500 of fal": [Answer(500, json={"detail": "Internal Server Error"})],
    "408": [Answer(408, json={"detail": "Request Timeout"})],
    "reset": [Reset()],
    "closed": [Close()],
    "no HTTP": [Raw(b"hello\r\n\r\n"), Close()],
    "cut": [CutBody(10)],
    "cut between chunks": [CutChunked(10)],
    "HTML": [Answer(200, HTML, PAGE)],
    "empty": [Answer()],
    "a list": [Answer(json=[])],
    "a text": [Answer(json="COMPLETED")],
    "deep": [Answer(body=DEEP)],
    "a bomb": [DecompressionBomb(65 << 20)],
    "no end": [EndlessBody()],
}
NO_STATUS: dict[str, list[Step]] = {
    "no status": [Answer(json={})],
    "status null": [Answer(json={"status": None})],
    "status an object": [Answer(json={"status": {"name": "COMPLETED"}})],
    "another job": [alter_json(lambda body: {**body, "request_id": "another", "status": "COMPLETED"})],
}
ON_STATUS = {**MISSED, **NO_STATUS}


@pytest.mark.parametrize("fault", ON_STATUS)
def test_a_failed_poll_is_a_missed_poll(desk: Desk, fault: str) -> None:
    desk.fal.fail_next("status", Normal())
    desk.fal.fail_next("status", *ON_STATUS[fault], times=2)
    assert desk.generate().video
    assert (desk.submits, desk.charges, desk.ledger.cancels) == (1, 1, 0)


@pytest.mark.parametrize("fault", MISSED)
def test_a_failed_look_at_the_result_is_a_missed_poll(desk: Desk, fault: str) -> None:
    desk.fal.fail_next("result", *MISSED[fault], times=2)
    assert desk.generate().video
    assert len(desk.fal.requests("result")) == 3
    assert (desk.submits, desk.charges) == (1, 1)


def test_a_result_that_is_not_quite_there(desk: Desk) -> None:
    desk.fal.fail_next("result", Answer(400, json={"detail": "Request is still in progress"}), times=2)
    assert desk.generate().video
    assert (desk.submits, len(desk.fal.requests("result"))) == (1, 3)


@pytest.mark.parametrize("operation", ["status", "result"])
@pytest.mark.parametrize("fault", ["502 in HTML", "reset", "cut", "HTML", "500 of fal"])
def test_beyond_the_grace_the_job_is_handed_over(desk: Desk, operation: str, fault: str) -> None:
    script = desk.fal.fail_next(operation, *MISSED[fault], times=None)
    with pytest.raises(TarashException) as info:
        desk.generate(timeout=3600, max_poll_attempts=1000)
    assert isinstance(info.value, HTTPError | HTTPConnectionError)
    assert info.value.job is not None
    assert desk.clock.monotonic() < 1000 + 300
    script.remaining = 0
    assert desk.ask("resume", info.value.job).video
    assert (desk.submits, desk.charges) == (1, 1)


# --- B3, B4: not ours, not there


@pytest.mark.parametrize("operation", ["status", "result"])
@pytest.mark.parametrize("status", [401, 403])
def test_without_permission_the_wait_ends_at_once(desk: Desk, operation: str, status: int) -> None:
    answer = errors.unauthorized() if status == 401 else errors.forbidden()
    script = desk.fal.fail_next(operation, answer, times=None)
    error = desk.fails(HTTPError)
    assert error.status_code == status
    assert error.job is not None
    assert len(desk.fal.requests(operation)) == 1
    script.remaining = 0
    assert desk.ask("resume", error.job).video
    assert (desk.submits, desk.charges) == (1, 1)


def test_a_job_that_fal_does_not_know_yet(desk: Desk) -> None:
    desk.fal.fail_next("status", errors.unknown_request(), times=3)
    assert desk.generate().video
    assert desk.charges == 1


@pytest.mark.parametrize("operation", ["status", "result"])
def test_a_job_that_fal_knows_no_more(desk: Desk, operation: str) -> None:
    desk.fal.fail_next("status", Normal())
    desk.fal.fail_next(operation, errors.unknown_request(), times=None)
    error = desk.fails(JobNotFoundError)
    assert error.job is not None
    assert len(desk.fal.requests("status")) <= 5


def test_a_job_that_was_forgotten(desk: Desk) -> None:
    job = desk.submit()
    desk.fal.forget(desk.fal.jobs[0].id)
    desk.clock.advance(100)
    with desk.failing(JobNotFoundError) as caught:
        desk.ask("resume", job)
    assert caught[0].job == job


# --- B5: hostile JSON

HOSTILE: dict[str, str] = {
    "a long number": '{"status": "IN_QUEUE", "queue_position": %s}' % ("9" * 5000),
    "NaN": '{"status": "IN_QUEUE", "queue_position": NaN}',
    "infinity": '{"status": "IN_QUEUE", "queue_position": -Infinity}',
    "an exponent": '{"status": "IN_QUEUE", "queue_position": 1e99999}',
    "a key twice": '{"status": "IN_PROGRESS", "status": "IN_QUEUE"}',
    "half a character": '{"status": "IN_QUEUE", "logs": [{"message": "\\ud83d"}]}',
    "not UTF-8": '{"status": "IN_QUEUE", "logs": "\xff\xfe"}',
    "NUL": '{"status": "IN_QUEUE", "logs": "a\\u0000b"}',
    "deep logs": '{"status": "IN_QUEUE", "logs": ' + "[" * 5000 + "]" * 5000 + "}",
    "logs of another kind": '{"status": "IN_PROGRESS", "logs": {"a": [1, null]}, "metrics": "fast"}',
    "a mark before": '\ufeff{"status": "IN_QUEUE"}',
    "an array behind": '{"status": "IN_QUEUE"}[]',
}


@pytest.mark.parametrize("operation", ["status", "result"])
@pytest.mark.parametrize("hostile", HOSTILE)
def test_hostile_json_does_no_harm(desk: Desk, operation: str, hostile: str) -> None:
    body = HOSTILE[hostile].replace('"status": "IN_QUEUE"', '"seed": 1') if operation == "result" else HOSTILE[hostile]
    raw = body.encode("latin-1") if hostile == "not UTF-8" else body.encode()
    desk.fal.fail_next(operation, Answer(body=raw))
    told: list[Any] = []
    with contextlib.suppress(GenerationFailedError):
        # What can be read is an answer: here a result in which there is no video.
        desk.generate(callback=told.append)
    assert told[-1].status == "completed" or operation == "result"
    assert (desk.submits, desk.charges) == (1, 1)
    assert all(update.progress_percent in (None, 100) for update in told)


# --- B6, B7: states


def test_a_job_does_not_go_backwards(desk: Desk) -> None:
    desk.fal.next_outcome(Outcome(statuses=["IN_PROGRESS", "IN_QUEUE", "IN_PROGRESS", "IN_QUEUE"]))
    seen: list[str] = []
    desk.generate(callback=lambda update: seen.append(update.status))
    assert seen == ["processing"] * 4 + ["completed"]


def test_the_end_is_final(desk: Desk) -> None:
    desk.fal.next_outcome(Outcome(queue_seconds=0, run_seconds=0))
    desk.generate()
    assert len(desk.fal.requests("status")) == 1


@pytest.mark.parametrize("name", ["PAUSED", "FAILED", "completed", "IN_QUEUE ", "\u202e\x1b[31m", "x" * 50_000])
def test_an_unknown_state_is_waited_for_and_warned_of_once(
    desk: Desk, caplog: pytest.LogCaptureFixture, name: str
) -> None:
    desk.fal.next_outcome(Outcome(statuses=[name] * 3))
    with caplog.at_level(logging.WARNING, "tarash"):
        assert desk.generate().video
    [record] = caplog.records
    assert len(record.getMessage()) < 300
    assert desk.charges == 1


def test_the_final_error_names_the_unknown_state(desk: Desk) -> None:
    desk.fal.next_outcome(Outcome(statuses=["PAUSED"] * 500))
    error = desk.fails(TimeoutError, timeout=60)
    assert "PAUSED" in error.message
    assert error.job is not None


# --- B10: when to ask again


@pytest.mark.parametrize(
    ("told", "wait"), [("7", 7), ("0.001", 0.1), ("3600", 60), ("soon", 0.5), ("-1", 0.5), ("nan", 0.5)]
)
def test_hints_are_obeyed_within_limits(desk: Desk, told: str, wait: float) -> None:
    desk.fal.fail_next("status", errors.rate_limited(told))
    desk.generate(poll_interval=0.5)
    assert desk.clock.sleeps[:2] == [0.5, wait]
    assert desk.submits == 1


# --- B11: a peer that takes its time

SLOW: dict[str, list[Step]] = {
    "silent": [Hang()],
    "dripping head": [Drip(0.05, Answer(json={"status": "IN_QUEUE"}), of="header")],
    "dripping body": [Drip(0.05, Answer(json={"status": "IN_QUEUE"}))],
}


@pytest.mark.parametrize(
    ("operation", "fault"), [("status", "silent"), ("status", "dripping body"), ("result", "dripping head")]
)
def test_a_job_has_one_deadline_however_slow_fal_is(desk: Desk, operation: str, fault: str) -> None:
    desk.fal.next_outcome(Outcome(queue_seconds=0, run_seconds=0))
    script = desk.fal.fail_next(operation, *SLOW[fault], times=None)
    with use_clock(SystemClock()):
        started = time.monotonic()
        error = desk.fails(TimeoutError, timeout=0.3, poll_interval=0.02)
        assert time.monotonic() - started < 2
    assert error.job is not None
    assert (desk.submits, desk.ledger.cancels) == (1, 0)
    script.remaining = 0
    assert desk.ask("resume", error.job).video
    assert desk.charges == 1


# --- B12: the time is over


@pytest.fixture
def slow(desk: Desk) -> Desk:
    """The next job takes longer than anybody waits."""
    desk.fal.next_outcome(Outcome(queue_seconds=5, run_seconds=10**6))
    return desk


def test_a_job_that_takes_too_long_is_kept(slow: Desk) -> None:
    error = slow.fails(TimeoutError, timeout=60)
    assert (slow.submits, slow.charges, slow.ledger.cancels) == (1, 1, 0)
    assert "resume" in error.message
    slow.clock.advance(2 * 10**6)
    assert slow.ask("resume", error.job).video
    assert slow.charges == 1


CANCELS: dict[str, tuple[list[Step], str]] = {
    "cancelled": ([Normal()], "was cancelled"),
    "not found": ([errors.unknown_request()], "could not be cancelled"),
    "an error": ([Answer(500)], "could not be cancelled"),
    "reset": ([Reset()], "could not be cancelled"),
    "forbidden": ([errors.forbidden()], "could not be cancelled"),
}


@pytest.mark.parametrize("end", CANCELS)
def test_a_job_that_takes_too_long_is_cancelled_where_that_is_wanted(slow: Desk, end: str) -> None:
    steps, told = CANCELS[end]
    slow.fal.fail_next("cancel", *steps)
    error = slow.fails(TimeoutError, timeout=60, on_timeout="cancel")
    assert told in error.message
    assert len(slow.fal.requests("cancel")) == 1
    assert error.job is not None
    assert (slow.submits, slow.charges) == (1, 1)


def test_a_cancelling_whose_answer_is_lost_shows_in_the_job(slow: Desk) -> None:
    slow.fal.fail_next("cancel", Perform(), Close())
    error = slow.fails(GenerationFailedError, timeout=60, on_timeout="cancel")
    assert "cancelled" in error.message
    assert error.job is not None
    assert slow.ledger.cancels == 1


TOO_LATE: dict[str, Step] = {
    "said so": Answer(400, json={"status": "ALREADY_COMPLETED"}),
    "said so in the other way": Answer(json={"success": False}),
}


@pytest.mark.parametrize("answer", TOO_LATE)
@pytest.mark.parametrize("chain", [False, True])
def test_a_job_that_finished_after_all_is_returned(slow: Desk, answer: str, chain: bool) -> None:
    finish = Do(lambda: slow.clock.advance(2 * 10**6))
    slow.fal.fail_next("cancel", finish, TOO_LATE[answer])
    more: dict[str, Any] = {"fallback_configs": [slow.config()]} if chain else {"on_timeout": "cancel"}
    response = slow.generate(timeout=60, **more)
    assert response.job.provider_ids == [slow.fal.jobs[0].id]
    assert (slow.submits, slow.charges) == (1, 1)


def test_before_another_provider_is_paid_the_late_job_is_cancelled(slow: Desk) -> None:
    response = slow.generate(timeout=60, fallback_configs=[slow.config(model="fal-ai/veo3.1/fast")])
    assert slow.fal.jobs[0].cancelled_at is not None
    assert slow.ledger.cancels == 1
    first, then = response.execution_metadata.attempts
    assert (first.error_type, first.possibly_billed, then.status) == ("TimeoutError", True, "success")


def test_an_error_that_is_being_handled_stays_what_it_was(desk: Desk) -> None:
    """Whoever calls tarash because something else went wrong finds that something as it was."""
    desk.fal.fail_next("status", Reset(), times=2)
    other = FileNotFoundError(2, "No such file", "poster.png")
    try:
        raise other
    except FileNotFoundError:
        assert desk.generate().video
    assert other.args == (2, "No such file")


# --- B13: answers that lead elsewhere


@pytest.fixture
def evil(fal: FalSimulator) -> Iterator[ScriptedServer]:
    """A host that is nobody's business."""
    with ScriptedServer(lambda request: Answer(json={"status": "COMPLETED"}), clock=fal.clock) as server:
        yield server
        assert not server.requests


def job_id_of(link: str) -> str:
    return link.partition("/requests/")[2].partition("/")[0]


LINKS: dict[str, Callable[[str, str], Any]] = {
    "another port": lambda link, evil: f"{evil}{path_of(link)}",
    "another host": lambda link, evil: f"https://evil.example{path_of(link)}",
    "another scheme": lambda link, evil: link.replace("http://", "https://"),
    "a file": lambda link, evil: f"file://{path_of(link)}",
    "a login": lambda link, evil: link.replace("http://", f"http://{evil.removeprefix('http://')}@"),
    "our host as a login": lambda link, evil: (
        f"http://{link.split('/')[2].partition(':')[0]}:80@{evil.removeprefix('http://')}{path_of(link)}"
    ),
    "a backslash": lambda link, evil: f"{evil}\\@{link.removeprefix('http://')}",
    "no scheme": lambda link, evil: f"//{evil.removeprefix('http://')}{path_of(link)}",
    "another job": lambda link, evil: link.replace(job_id_of(link), "another"),
    "a longer id": lambda link, evil: link.replace(job_id_of(link), job_id_of(link) + "0"),
    "a query": lambda link, evil: f"{link}?to={evil}",
    "a port that is none": lambda link, evil: link.replace(":", ":x", 2),
    "a number": lambda link, evil: 7,
    "nothing": lambda link, evil: None,
    "a list": lambda link, evil: [link],
}


def path_of(link: str) -> str:
    return "/" + link.split("/", 3)[3]


@pytest.mark.parametrize("where", LINKS)
@pytest.mark.parametrize("name", ["status_url", "response_url", "cancel_url"])
def test_links_to_elsewhere_are_not_followed(desk: Desk, evil: ScriptedServer, where: str, name: str) -> None:
    change = alter_json(lambda body: {**body, name: LINKS[where](body[name], evil.url)})
    desk.fal.fail_next("submit", change)
    job = desk.submit()
    assert evil.url not in job.to_json()
    if name == "cancel_url":
        assert desk.ask("cancel", job) == "cancelled"
    else:
        assert desk.ask("resume", job).video
    assert {request.path.split("/")[4] for request in desk.fal.requests() if "/requests/" in request.path} == {
        desk.fal.jobs[0].id
    }
    desk.ledger.assert_key_only_at(desk.fal.queue_url, desk.fal.key)


@pytest.mark.parametrize("operation", ["status", "result", "cancel"])
def test_redirects_are_not_followed_with_the_key(desk: Desk, evil: ScriptedServer, operation: str) -> None:
    job = desk.submit()
    script = desk.fal.fail_next(operation, Answer(302, {"Location": f"{evil.url}/x"}), times=None)
    with pytest.raises(TarashException) as info:
        desk.ask("cancel" if operation == "cancel" else "resume", job, timeout=30)
    assert info.value.job is not None
    script.remaining = 0
    assert desk.ask("resume", job).video
    assert desk.charges == 1


def test_another_jobs_status_is_never_believed(desk: Desk) -> None:
    other = alter_json(lambda body: {**body, "request_id": "another", "status": "COMPLETED"})
    script = desk.fal.fail_next("status", other, times=None)
    error = desk.fails(ProtocolError, timeout=3600, max_poll_attempts=1000)
    assert "another job" in error.message
    assert not desk.fal.requests("result")
    script.remaining = 0
    assert desk.ask("resume", error.job).video
    assert (desk.submits, desk.charges) == (1, 1)


@pytest.mark.parametrize("change", ["states", "base_url", "model", "account"])
def test_a_job_that_was_altered_is_refused_before_any_request(desk: Desk, evil: ScriptedServer, change: str) -> None:
    job = desk.submit()
    before = len(desk.fal.requests())
    stored = json.loads(job.to_json())
    if change == "states":
        stored["states"][0]["pending"]["status_url"] = f"{evil.url}/status"
    else:
        stored[change] = {"base_url": evil.url, "model": "fal-ai/flux/dev", "account": "0" * 16}[change]
    altered = Job.from_json(json.dumps(stored))
    with desk.failing(JobRejectedError):
        desk.call("resume", altered, desk.config())
    assert len(desk.fal.requests()) == before
