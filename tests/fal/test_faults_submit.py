"""Faults while a job is submitted to fal: what is sent again, what never, and what is found before (A1 to A9)."""

import asyncio
import functools
import gzip
import logging
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from tests.fal.desk import KLING, Desk
from tests.support.pages import DEEP, HTML, PAGE
from tests.support.worlds import AsyncWorld

from tarash import tarash_gateway as tarash
from tarash.tarash_gateway.exceptions import (
    GenerationFailedError,
    HTTPConnectionError,
    HTTPError,
    SubmitOutcomeUnknownError,
    TarashException,
    ValidationError,
)
from tarash.tarash_gateway.models import Job
from tarash.testkit.fal import FalSimulator, errors
from tarash.testkit.ledger import Ledger
from tarash.testkit.server import ScriptedServer, refused_port
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

only_async = pytest.mark.parametrize("world", ["async"], indirect=True)


@pytest.fixture
def second(ledger: Ledger, fal: FalSimulator) -> Iterator[FalSimulator]:
    """Where a fallback leads: fal once more, at another address and with another account."""
    with FalSimulator(clock=fal.clock, ledger=Ledger(), key="second-id:second-secret") as simulator:
        yield simulator


def chain_to(desk: Desk, second: FalSimulator) -> dict[str, Any]:
    return {"fallback_configs": [desk.config(base_url=second.queue_url, api_key=second.key)]}


# --- A1: nothing was sent


@pytest.mark.parametrize("place", ["refused", "unknown"])
def test_what_never_left_is_retried_and_costs_nothing(desk: Desk, second: FalSimulator, place: str) -> None:
    with refused_port() as port:
        url = f"http://127.0.0.1:{port}" if place == "refused" else f"https://{'a' * 60}.invalid"
        error = desk.fails(HTTPConnectionError, base_url=url, timeout=5)
        assert not error.request_sent
        assert not error.possibly_billed
        assert len(desk.clock.sleeps) == 3
        response = desk.generate(base_url=url, timeout=2, **chain_to(desk, second))
    assert [attempt.possibly_billed for attempt in response.execution_metadata.attempts] == [False, False]
    assert (desk.submits, desk.charges) == (0, 0)


# --- A2: what became of it is unknown


def with_id(value: Any, body: dict[str, Any]) -> dict[str, Any]:
    return {**body, "request_id": value}


GZIP = (("Content-Encoding", "gzip"),)
SLOW = ("late", "a head that drips", "a body that drips")
UNREADABLE: dict[str, list[Step]] = {
    "dropped": [Perform(), Close()],
    "reset": [Perform(), Reset()],
    "late": [Perform(), Hang()],
    "a head that drips": [Drip(0.05, Answer(json={"request_id": "x"}), of="header")],
    "a body that drips": [Drip(0.05, Answer(json={"request_id": "x"}))],
    "half a head": [Perform(), Raw(b"HTTP/1.1 200 OK\r\nContent-"), Close()],
    "no HTTP": [Perform(), Raw(b"hello\r\n\r\n"), Close()],
    **{f"{status} in HTML": [Perform(), Answer(status, HTML, PAGE)] for status in (500, 502, 503, 504, 520)},
    "502 without a body": [Perform(), Answer(502)],
    "504 in somebody's JSON": [Perform(), Answer(504, json={"message": "Endpoint request timed out"})],
    "502 in somebody's JSON": [Perform(), Answer(502, json={"error": "bad gateway", "status": "error"})],
    "503 in somebody's JSON": [Perform(), Answer(503, json={"error": {"message": "overloaded"}})],
    "nginx": [Perform(), errors.ingress_error()],
    "200 in HTML": [Perform(), Answer(200, HTML, PAGE)],
    "empty": [Perform(), Answer()],
    "no content": [Perform(), Answer(204)],
    "cut": [CutBody(20)],
    "cut before the body": [CutBody(0)],
    "cut by a reset": [CutBody(20, reset=True)],
    "cut between chunks": [CutChunked(20)],
    "a list": [Perform(), Answer(json=[1])],
    "null": [Perform(), Answer(json=None)],
    "deep": [Perform(), Answer(body=DEEP)],
    "a bomb": [Perform(), DecompressionBomb(65 << 20)],
    "no end": [Perform(), EndlessBody()],
    "half a gzip": [Perform(), Answer(headers=GZIP, body=gzip.compress(b'{"request_id": "x"}')[:-9])],
    **{
        f"request_id {value!r}": [alter_json(functools.partial(with_id, value))]
        for value in (None, "", 7, ["x"], "../../admin", "a?b=c", "a b", "é")
    },
    "no request_id": [alter_json(lambda body: {name: value for name, value in body.items() if name != "request_id"})],
}


@pytest.mark.parametrize("fault", UNREADABLE)
def test_a_submit_without_a_readable_answer_is_sent_once(desk: Desk, fault: str) -> None:
    desk.fal.fail_next("submit", *UNREADABLE[fault])
    started = time.monotonic()
    error = desk.fails(SubmitOutcomeUnknownError, timeout=0.3 if fault in SLOW else 300)
    assert time.monotonic() - started < 1.3
    assert desk.submits == 1
    assert desk.charges == (0 if "drips" in fault else 1)
    assert not desk.fal.requests("status")
    assert desk.clock.sleeps == []
    assert (error.retryable, error.possibly_billed, error.job, error.model) == (True, True, None, KLING)
    assert "not sent again" in error.message
    [attempt] = error.execution_metadata.attempts
    assert attempt.possibly_billed


@pytest.mark.parametrize("fault", ["dropped", "502 in HTML", "cut", "no request_id", "late"])
@pytest.mark.parametrize("policy", ["fallback", "raise"])
def test_a_policy_decides_whether_the_chain_goes_on(desk: Desk, second: FalSimulator, fault: str, policy: str) -> None:
    desk.fal.fail_next("submit", *UNREADABLE[fault])
    named = {"on_unknown_submit": policy, "timeout": 0.3 if fault in SLOW else 300, **chain_to(desk, second)}
    if policy == "raise":
        desk.fails(SubmitOutcomeUnknownError, **named)
        assert not second.jobs
    else:
        response = desk.generate(**named)
        assert [attempt.possibly_billed for attempt in response.execution_metadata.attempts] == [True, False]
        assert len(second.jobs) == 1
        second.ledger.assert_key_only_at(second.queue_url, second.key)
    assert (desk.submits, desk.charges) == (1, 1)


# --- A3: told to come back

WAITS: dict[str, tuple[dict[str, str], float | None]] = {
    "seconds": ({"Retry-After": "7"}, 7),
    "a fraction": ({"Retry-After": "1.5"}, 1.5),
    "a date": ({"Retry-After": "Wed, 18 May 2033 03:33:29 GMT"}, 9),
    "milliseconds": ({"retry-after-ms": "2500"}, 2.5),
    "at once": ({"Retry-After": "0"}, None),
    "negative": ({"Retry-After": "-7"}, None),
    "long ago": ({"Retry-After": "Wed, 18 May 1994 03:33:29 GMT"}, None),
    "nonsense": ({"Retry-After": "soon"}, None),
    "not a number": ({"Retry-After": "nan"}, None),
    "endless": ({"Retry-After": "inf"}, None),
    "long digits": ({"Retry-After": "9" * 5000}, None),
    "nothing": ({}, None),
}


@pytest.mark.parametrize("told", WAITS)
def test_a_busy_fal_is_asked_again_as_told(desk: Desk, told: str) -> None:
    headers, wait = WAITS[told]
    busy = errors.rate_limited()
    desk.fal.fail_next("submit", busy.with_headers(*headers.items()))
    desk.generate()
    assert (desk.submits, desk.charges) == (2, 1)
    first = desk.clock.sleeps[0]
    assert first == pytest.approx(wait) if wait else 0 < first <= 1


def test_a_wait_beyond_the_deadline_is_not_begun(desk: Desk) -> None:
    desk.fal.fail_next("submit", errors.rate_limited("3600"), times=None)
    error = desk.fails(HTTPError, timeout=60)
    assert (error.status_code, error.retry_after, error.retryable) == (429, 3600, True)
    assert desk.submits == 1
    assert desk.clock.sleeps == []


def test_a_fal_that_stays_busy_is_left_for_another(desk: Desk, second: FalSimulator) -> None:
    desk.fal.fail_next("submit", errors.rate_limited(), times=None)
    response = desk.generate(**chain_to(desk, second))
    assert response.execution_metadata.successful_attempt == 2
    assert 2 <= desk.submits <= 5
    assert (desk.charges, len(second.jobs)) == (0, 1)


def test_a_queue_that_is_too_long_is_not_joined(desk: Desk) -> None:
    waiting = [desk.submit() for _ in range(3)]
    with desk.failing(HTTPError) as caught:
        desk.submit(options={"max_queue_length": 2}, timeout=1)
    assert caught[0].status_code == 429
    assert len(desk.fal.jobs) == len(waiting)


# --- A5: sent elsewhere


@pytest.mark.parametrize("status", [301, 302, 303, 307, 308])
@pytest.mark.parametrize("where", ["here", "elsewhere"])
def test_a_submit_is_not_sent_on(desk: Desk, status: int, where: str) -> None:
    with ScriptedServer(clock=desk.clock, ledger=desk.ledger) as other:
        target = f"{desk.fal.queue_url}/fal-ai/flux/dev" if where == "here" else f"{other.url}/{KLING}"
        desk.fal.fail_next("submit", Answer(status, {"Location": target}))
        error = desk.fails(HTTPError)
        assert not other.requests
    assert error.status_code == status
    assert (desk.submits, desk.charges) == (1, 0)


# --- A6: interrupted


def interrupted(desk: Desk, function: str, *answer: Step) -> list[str]:
    """Cancel the task when its submit has arrived, then play `answer`. Returns the notes of its end."""
    assert isinstance(desk.world, AsyncWorld)

    async def main() -> None:
        loop = asyncio.get_running_loop()
        task: asyncio.Task[Any] = asyncio.ensure_future(getattr(tarash, function)(desk.config(), desk.request()))
        desk.fal.fail_next("submit", Do(lambda: loop.call_soon_threadsafe(task.cancel)), *answer)
        await task

    with pytest.raises(asyncio.CancelledError) as info:
        desk.world.run(main)
    return getattr(info.value, "__notes__", [])


@only_async
@pytest.mark.parametrize("function", ["generate_video_async", "submit_video_async"])
def test_a_cancelled_submit_whose_answer_is_lost_is_unknown(desk: Desk, function: str) -> None:
    notes = interrupted(desk, function, Perform(), Reset())
    assert "unknown" in notes[0]
    assert "fal" in notes[0]
    assert (desk.submits, desk.charges, desk.ledger.cancels) == (1, 1, 0)


@only_async
@pytest.mark.parametrize("function", ["generate_video_async", "submit_video_async"])
def test_a_cancelled_submit_whose_answer_still_comes_keeps_the_job(desk: Desk, function: str) -> None:
    notes = interrupted(desk, function, Normal())
    assert (desk.submits, desk.charges, desk.ledger.cancels) == (1, 1, 1)
    job = Job.from_json(notes[-1][notes[-1].index("{") :])
    assert job.provider_ids == desk.ledger.charged_jobs
    with desk.failing(GenerationFailedError):
        desk.ask("resume", job)
    assert desk.submits == 1


# --- A8: everybody at once


def test_retries_of_many_jobs_are_paid_from_one_purse(desk: Desk) -> None:
    jobs = 200
    desk.fal.fail_next("submit", errors.rate_limited(), times=None)
    if isinstance(desk.world, AsyncWorld):

        async def together() -> list[Any]:
            calls = (tarash.submit_video_async(desk.config(), desk.request()) for _ in range(jobs))
            return await asyncio.gather(*calls, return_exceptions=True)

        ends = desk.world.run(together)
        assert {type(end) for end in ends} == {HTTPError}
    else:
        for _ in range(jobs):
            with pytest.raises(HTTPError):
                tarash.submit_video(desk.config(), desk.request())
    assert jobs <= desk.submits <= jobs * 1.35
    assert desk.charges == 0


# --- A9: found before


def a_file(folder: Path) -> Path:
    (folder / "empty.png").touch()
    return folder / "empty.png"


@pytest.mark.parametrize(
    "mistake",
    [
        *("no key", "a missing file", "an empty file", "a folder", "callback", "option", "base_url", "plain http"),
        *("extra", "half a character", "NaN"),
    ],
)
def test_mistakes_are_found_before_anything_is_sent(desk: Desk, tmp_path: Path, mistake: str) -> None:
    changes: dict[str, Any] = {
        "no key": {"api_key": None},
        "a missing file": {"request": desk.request(image_list=[tmp_path / "a.png"])},
        "an empty file": {"request": desk.request(image_list=[a_file(tmp_path)])},
        "a folder": {"request": desk.request(video=tmp_path)},
        "callback": {"callback": lambda: None},
        "option": {"options": {"priority": 1}},
        "base_url": {"base_url": "queue.fal.run"},
        "plain http": {"base_url": "http://queue.fal.example"},
        "extra": {"request": desk.request(extra_params={"api_key": "x"})},
        "half a character": {"request": desk.request(extra_params={"style": "\ud83d"})},
        "NaN": {"request": desk.request(extra_params={"cfg_scale": float("nan")})},
    }[mistake]
    with pytest.raises(TarashException) as info:
        desk.generate(**changes)
    assert isinstance(info.value, ValidationError), info.value
    assert not desk.fal.requests()
    assert not info.value.possibly_billed


def test_nothing_of_the_key_is_logged(desk: Desk, caplog: pytest.LogCaptureFixture) -> None:
    desk.fal.fail_next("submit", Answer(401, json={"detail": f"No user for key {desk.fal.key}"}))
    with caplog.at_level(logging.DEBUG):
        error = desk.fails(HTTPError)
    assert "[redacted]" in error.message
    assert desk.fal.key not in caplog.text
