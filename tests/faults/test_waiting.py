"""What a job may report while it is waited for, how it may end, and when the waiting does (B6 to B13)."""

import logging
import socket
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from typing import Any

import pytest
from tests.support.bench import Bench
from tests.support.moments import real_time

from tarash.tarash_gateway.exceptions import (
    ContentModerationError,
    GenerationFailedError,
    SubmitOutcomeUnknownError,
    TimeoutError,
)
from tarash.tarash_gateway.models import VideoGenerationRequest, VideoGenerationUpdate
from tarash.testkit.server import ScriptedServer
from tarash.testkit.steps import Answer, Close, Delay, Do, Drip, EndlessBody, Hang, Normal, Reset, Step

NEVER = 10**9
"""More polls than any test waits for."""


def status(state: str, **more: Any) -> Answer:
    return Answer(json={"id": "job-1", "status": state, **more})


# --- B6: progress

PERCENTAGES: dict[str, tuple[list[Any], list[int | None]]] = {
    "rising": ([0, 10, 55.5, 99], [0, 10, 55, 99]),
    "falling": ([50, 20, 60, 10], [50, 50, 60, 60]),
    "too large": ([101, 1e9, 1e308], [100, 100, 100]),
    "negative": ([-1, -1e308, 5], [0, 0, 5]),
    "none": ([None, None], [None, None]),
    "none in between": ([10, None, 20], [10, 10, 20]),
    "text": (["50", "50%", "", "half"], [None, None, None, None]),
    "true": ([True, False, 3], [None, None, 3]),
    "lists and objects": ([[50], {"value": 50}, 7], [None, None, 7]),
}
RAW_PERCENTAGES = ["NaN", "Infinity", "-Infinity", "1e999", "9" * 4000, "-" + "9" * 4000]


@pytest.mark.parametrize("told", PERCENTAGES)
def test_progress_never_decreases(bench: Bench, told: str) -> None:
    values, expected = PERCENTAGES[told]
    for value in values:
        bench.on_poll(status("running", percent=value))
    bench.studio.polls_needed = 1
    updates: list[VideoGenerationUpdate] = []
    response = bench.generate(updates.append)
    assert [update.progress_percent for update in updates] == [*expected, 100]
    assert [update.status for update in updates] == ["processing"] * len(values) + ["completed"]
    assert updates[-1].result is response
    assert all(update.request_id == response.request_id for update in updates)


@pytest.mark.parametrize("value", RAW_PERCENTAGES)
def test_numbers_beyond_all_are_no_progress(bench: Bench, value: str) -> None:
    bench.on_poll(status("running", percent=5))
    bench.on_poll(Answer(body=f'{{"id": "job-1", "status": "running", "percent": {value}}}'))
    updates: list[VideoGenerationUpdate] = []
    bench.generate(updates.append)
    assert updates[1].progress_percent in (5, 100)


@pytest.mark.parametrize("told", PERCENTAGES)
def test_a_single_poll_gives_a_sane_percentage(bench: Bench, told: str) -> None:
    job = bench.submit()
    for value in PERCENTAGES[told][0]:
        bench.on_poll(status("running", percent=value))
        update = bench.world.call("poll", job, bench.config())
        assert update.status == "processing"
        assert update.progress_percent is None or 0 <= update.progress_percent <= 100
        assert update.progress_percent is None or type(update.progress_percent) is int


def test_a_job_that_runs_does_not_queue_again(bench: Bench) -> None:
    states = ["waiting", "running", "waiting", "paused", "running"]
    for state in states:
        bench.on_poll(status(state))
    bench.studio.polls_needed = 1
    seen: list[str] = []
    bench.generate(lambda update: seen.append(update.status))
    assert seen == ["queued", "processing", "processing", "processing", "processing", "completed"]


@pytest.mark.parametrize("end", ["done", "failed"])
def test_the_end_is_final(bench: Bench, end: str) -> None:
    bench.on_poll(status(end, reason="broke", url=f"{bench.server.url}/films/job-1.mp4"))
    bench.on_poll(status("running"), times=None)
    seen: list[str] = []
    if end == "done":
        bench.generate(lambda update: seen.append(update.status))
    else:
        with bench.failing(GenerationFailedError):
            bench.generate(lambda update: seen.append(update.status))
    assert bench.polls == 1
    assert seen == ["completed" if end == "done" else "failed"]


# --- B7: states that nobody told us of


@pytest.mark.parametrize("name", ["pondering", "DONE", "Läuft", "done ", "x" * 100_000, "\u202e\x1b[31m", "%s %d {}"])
def test_an_unknown_state_is_waited_for_and_warned_of_once(
    bench: Bench, caplog: pytest.LogCaptureFixture, name: str
) -> None:
    bench.on_poll(status(name), times=5)
    with caplog.at_level(logging.WARNING, "tarash"):
        bench.generate()
    assert (bench.posts, bench.polls) == (1, 8)
    [record] = caplog.records
    assert repr(name[:5])[1:-1] in record.getMessage()
    assert len(record.getMessage()) < 300


@pytest.mark.parametrize("name", ["pondering", "x" * 100_000])
def test_the_final_error_names_the_unknown_state(bench: Bench, name: str) -> None:
    bench.on_poll(status(name), times=None)
    error = bench.fails(TimeoutError, timeout=60)
    assert name[:20] in error.message
    assert len(error.message) < 600
    assert error.job is not None


def test_two_unknown_states_are_two_warnings(bench: Bench, caplog: pytest.LogCaptureFixture) -> None:
    for name in ["pondering", "musing", "pondering", "musing"]:
        bench.on_poll(status(name))
    with caplog.at_level(logging.WARNING, "tarash"):
        bench.generate()
    assert len(caplog.records) == 2


# --- B8, B9: how it may end


@pytest.mark.parametrize("state", ["failed", "expired", "cancelled", "aborted"])
@pytest.mark.parametrize("seen", [0, 2])
def test_a_bad_end_is_told_at_once(bench: Bench, state: str, seen: int) -> None:
    for _ in range(seen):
        bench.on_poll(status("running"))
    bench.on_poll(status(state, reason="the lamp broke", extra=[1, 2]))
    error = bench.fails(GenerationFailedError)
    assert state in error.message
    assert "the lamp broke" in error.message
    assert error.raw_response["extra"] == [1, 2]
    assert (error.provider, error.retryable) == ("acme", True)
    assert error.job is not None
    assert (bench.posts, bench.polls, bench.cancels) == (1, seen + 1, 0)


def test_done_without_any_output(bench: Bench) -> None:
    bench.studio.film_url = None
    error = bench.fails(GenerationFailedError)
    assert "without any output" in error.message
    assert error.raw_response["status"] == "done"
    assert error.job is not None


@pytest.mark.parametrize("reason", ["Content policy violation", "blocked by MODERATION", "nsfw", "forbidden content"])
@pytest.mark.parametrize("state", ["failed", "cancelled", "aborted"])
def test_a_violated_policy_has_its_own_error(bench: Bench, second: ScriptedServer, reason: str, state: str) -> None:
    bench.on_poll(status("running"))
    bench.on_poll(status(state, reason=reason))
    error = bench.fails(ContentModerationError, fallback_configs=[bench.config(base_url=second.url)])
    assert reason in error.message
    assert not error.retryable
    assert error.job is not None
    assert not second.requests


def test_a_failed_job_moves_the_chain(bench: Bench, second: ScriptedServer) -> None:
    bench.on_poll(status("failed", reason="the lamp broke"))
    seen: list[str] = []
    chain = [bench.config(base_url=second.url)]
    response = bench.generate(lambda update: seen.append(update.status), fallback_configs=chain)
    assert str(response.video).startswith(second.url)
    assert seen[-1] == "completed"
    assert "failed" not in seen
    assert (bench.posts, bench.cancels, bench.charges) == (1, 0, 2)


# --- B10: when to ask again

HINTS: dict[str, tuple[Any, float]] = {
    "seconds": (7, 7),
    "a fraction": (0.75, 0.75),
    "too soon": (0.001, 0.1),
    "at once": (0, 0.1),
    "negative": (-5, 0.5),
    "too late": (3600, 60),
    "never": (1e300, 60),
    "text": ("7", 0.5),
    "true": (True, 0.5),
    "null": (None, 0.5),
    "a list": ([7], 0.5),
}


@pytest.mark.parametrize("told", HINTS)
def test_hints_in_the_body_are_obeyed_within_limits(bench: Bench, told: str) -> None:
    value, seconds = HINTS[told]
    bench.on_poll(status("running", retry_after=value))
    bench.generate(poll_interval=0.5)
    assert bench.clock.sleeps[:2] == [0.5, seconds]


@pytest.mark.parametrize("value", ["NaN", "Infinity", "1e999", "9" * 4000])
def test_hints_that_are_no_time(bench: Bench, value: str) -> None:
    bench.on_poll(Answer(body=f'{{"id": "job-1", "status": "running", "retry_after": {value}}}'))
    bench.generate(poll_interval=0.5)
    assert bench.clock.sleeps[:2] == [0.5, 0.5]


HEADERS: dict[str, tuple[dict[str, str], float]] = {
    "seconds": ({"Retry-After": "7"}, 7),
    "milliseconds": ({"retry-after-ms": "1500"}, 1.5),
    "too soon": ({"Retry-After": "0.001"}, 0.1),
    "too late": ({"Retry-After": "3600"}, 60),
    "a date": ({"Retry-After": "Wed, 18 May 2033 03:33:29 GMT"}, 8.5),
    "a date that is over": ({"Retry-After": "Wed, 18 May 2022 03:33:29 GMT"}, 0.5),
    "nonsense": ({"Retry-After": "soon"}, 0.5),
    "negative": ({"Retry-After": "-7"}, 0.5),
    "nothing": ({}, 0.5),
}


@pytest.mark.parametrize("told", HEADERS)
@pytest.mark.parametrize("code", [200, 429, 503])
@pytest.mark.parametrize("resumed", [False, True])
def test_hints_in_the_header_are_obeyed_within_limits(bench: Bench, told: str, code: int, resumed: bool) -> None:
    headers, seconds = HEADERS[told]
    bench.on_poll(Answer(code, headers, json={"id": "job-1", "status": "running"}))
    if resumed:
        bench.resume(bench.submit(), poll_interval=0.5)
    else:
        bench.generate(poll_interval=0.5)
    assert bench.clock.sleeps[:2] == [0.5, pytest.approx(seconds)]
    assert bench.posts == 1


def test_the_body_is_nearer_than_the_header(bench: Bench) -> None:
    bench.on_poll(Answer(headers={"Retry-After": "30"}, json={"id": "job-1", "status": "running", "retry_after": 3}))
    bench.generate(poll_interval=0.5)
    assert bench.clock.sleeps[:2] == [0.5, 3]


def test_hints_do_not_outlast_the_deadline(bench: Bench) -> None:
    bench.on_poll(status("running", retry_after=50), times=None)
    error = bench.fails(TimeoutError, timeout=70)
    assert bench.clock.sleeps == [0.5, 50, pytest.approx(19.5)]
    assert error.job is not None
    assert bench.polls == 3


# --- B11: a peer that takes its time


DRIPPING: dict[str, list[Step]] = {
    "silent": [Hang()],
    "dripping head": [Drip(0.05, status("running"), of="header")],
    "dripping body": [Drip(0.05, status("running"))],
    "endless body": [EndlessBody(block=b"\0", limit=200)],
}


@pytest.mark.parametrize("fault", DRIPPING)
def test_a_job_has_one_deadline_however_slow_the_peer(bench: Bench, fault: str) -> None:
    bench.on_poll(*DRIPPING[fault], times=None)
    with real_time(1.4):
        error = bench.fails(TimeoutError, timeout=0.4, poll_interval=0.02)
    assert error.job is not None
    assert (bench.posts, bench.charges, bench.cancels) == (1, 1, 0)
    bench.server.scripts.clear()
    assert bench.resume(error.job).video
    assert bench.posts == 1


@pytest.mark.parametrize("fault", ["silent", "dripping head", "dripping body"])
def test_a_submit_has_the_same_deadline(bench: Bench, fault: str) -> None:
    bench.on_submit(*DRIPPING[fault])
    with real_time(1.3):
        bench.fails(SubmitOutcomeUnknownError, timeout=0.3)
    assert bench.posts == 1


@contextmanager
def slow_reader() -> Iterator[int]:
    """A peer that accepts connections and takes a little of what is sent, a few hundred times a second."""
    stop = threading.Event()

    def read(listener: socket.socket) -> None:
        connection, _ = listener.accept()
        with connection, suppress(ConnectionError):
            while not stop.wait(0.003):
                connection.recv(65536)

    with socket.socket() as listener:
        listener.bind(("127.0.0.1", 0))
        listener.listen()
        thread = threading.Thread(target=read, args=(listener,))
        thread.start()
        try:
            yield listener.getsockname()[1]
        finally:
            stop.set()
            thread.join()


def test_a_peer_that_reads_slowly_cannot_stretch_the_submit(bench: Bench) -> None:
    long_prompt = VideoGenerationRequest(prompt="word " * 5_000_000)
    with slow_reader() as port, real_time(1.5):
        error = bench.fails(
            SubmitOutcomeUnknownError, request=long_prompt, base_url=f"http://127.0.0.1:{port}", timeout=0.4
        )
    assert error.possibly_billed


# --- B12: the time is over

LATE: dict[str, tuple[list[Step], str]] = {
    "cancelled": ([Normal()], "was cancelled"),
    "refused": ([Answer(400, json={"problem": "no"})], "could not be cancelled"),
    "forbidden": ([Answer(403)], "could not be cancelled"),
    "not found": ([Answer(404)], "could not be cancelled"),
    "an error": ([Answer(500)], "could not be cancelled"),
    "busy": ([Answer(429, {"Retry-After": "1"})], "could not be cancelled"),
    "reset": ([Reset()], "could not be cancelled"),
    "closed": ([Close()], "could not be cancelled"),
    "silent": ([Hang()], "could not be cancelled"),
}


def test_a_job_that_takes_too_long_is_kept(bench: Bench) -> None:
    bench.studio.polls_needed = NEVER
    error = bench.fails(TimeoutError, timeout=30)
    assert sum(bench.clock.sleeps) == pytest.approx(30)
    assert error.timeout_seconds == 30
    assert "resume" in error.message
    assert (bench.posts, bench.charges, bench.cancels) == (1, 1, 0)
    bench.studio.polls_needed = 1
    assert bench.resume(error.job).video
    assert (bench.posts, bench.charges) == (1, 1)


@pytest.mark.parametrize("end", LATE)
def test_a_job_that_takes_too_long_is_cancelled_where_that_is_wanted(bench: Bench, end: str) -> None:
    steps, told = LATE[end]
    bench.studio.polls_needed = NEVER
    bench.on_cancel(*steps)
    started = time.monotonic()
    error = bench.fails(TimeoutError, timeout=30, on_timeout="cancel", provider_config={"cancel_seconds": 0.2})
    assert time.monotonic() - started < 1.2
    assert told in error.message
    assert error.job is not None
    assert (bench.posts, bench.charges, bench.cancels) == (1, 1, 1)


@pytest.mark.parametrize("on_cancel", [Answer(409), Answer(500), Answer(400), Reset(), Hang()])
@pytest.mark.parametrize("chain", [False, True])
def test_a_job_that_finished_after_all_is_returned(
    bench: Bench, second: ScriptedServer, on_cancel: Step, chain: bool
) -> None:
    def finish() -> None:
        bench.studio.polls_needed = 0

    bench.studio.polls_needed = NEVER
    bench.on_cancel(Do(finish), on_cancel)
    more = {"fallback_configs": [bench.config(base_url=second.url)]} if chain else {"on_timeout": "cancel"}
    response = bench.generate(timeout=30, provider_config={"cancel_seconds": 0.2}, **more)
    assert response.video == f"{bench.server.url}/films/job-1.mp4"
    assert (bench.posts, bench.charges, bench.cancels) == (1, 1, 1)
    assert not second.requests


def test_too_late_to_cancel_and_yet_not_finished(bench: Bench) -> None:
    bench.studio.polls_needed = NEVER
    bench.on_cancel(Answer(409))
    error = bench.fails(TimeoutError, timeout=30, on_timeout="cancel")
    assert error.job is not None
    assert (bench.posts, bench.cancels) == (1, 1)


@pytest.mark.parametrize("end", LATE)
def test_before_another_provider_is_paid_the_late_job_is_cancelled(
    bench: Bench, second: ScriptedServer, end: str
) -> None:
    bench.studio.polls_needed = NEVER
    bench.on_cancel(*LATE[end][0])
    response = bench.generate(
        timeout=30, provider_config={"cancel_seconds": 0.2}, fallback_configs=[bench.config(base_url=second.url)]
    )
    assert str(response.video).startswith(second.url)
    assert (bench.posts, bench.cancels, bench.charges) == (1, 1, 2)
    assert response.execution_metadata is not None
    first, then = response.execution_metadata.attempts
    assert (first.error_type, first.possibly_billed, then.possibly_billed) == ("TimeoutError", True, False)
    assert first.job is not None
    assert first.job.provider_ids == ["job-1"]


def test_no_more_polls_than_were_allowed(bench: Bench) -> None:
    bench.studio.polls_needed = NEVER
    error = bench.fails(TimeoutError, timeout=900, max_poll_attempts=7, poll_interval=10)
    assert 70 <= sum(bench.clock.sleeps) <= 90
    assert 7 <= bench.polls <= 13
    assert error.job is not None


# --- clocks that jump (D5)


@pytest.mark.parametrize("seconds", [3600, 86_400 * 30])
def test_the_first_poll_after_a_long_sleep_counts(bench: Bench, seconds: float) -> None:
    bench.on_poll(Delay(seconds), status("running"))
    bench.studio.polls_needed = 1
    assert bench.generate(timeout=60).video
    assert (bench.posts, bench.polls, bench.cancels) == (1, 2, 0)


def test_after_a_long_sleep_an_unfinished_job_is_handed_over(bench: Bench) -> None:
    bench.on_poll(Delay(3600), status("running"))
    bench.studio.polls_needed = NEVER
    error = bench.fails(TimeoutError, timeout=60)
    assert bench.polls == 2
    assert error.job is not None


@pytest.mark.parametrize("jump", [-1e9, -3600, 3600, 1e9])
def test_the_wall_clock_does_not_measure(bench: Bench, jump: float) -> None:
    bench.studio.polls_needed = NEVER
    bench.on_poll(Do(lambda: bench.clock.set_wall(bench.clock.wall() + jump)), Normal())
    error = bench.fails(TimeoutError, timeout=60)
    assert sum(bench.clock.sleeps) == pytest.approx(60)
    assert error.execution_metadata is not None
    assert error.execution_metadata.total_elapsed_seconds == pytest.approx(60, abs=1)
