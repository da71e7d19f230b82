"""Ctrl-C, cancelled tasks and killed processes, while the submit is on the wire and while waiting (A6, D1)."""

import re
import threading
import time

import pytest
from tests.support.bench import Bench
from tests.support.child import Child
from tests.support.interrupting import Interruption

from tarash.tarash_gateway.models import Job
from tarash.testkit.steps import Answer, Charge, Close, Do, Gate, Hang, Hold, Reset, Step

ACCEPTED = (Charge("job-1"), Answer(json={"id": "job-1"}))


# There are tasks in one world only. The other is interrupted by signals, which need a process of their own.
only_async = pytest.mark.parametrize("world", ["async"], indirect=True)


@pytest.fixture
def interruption(bench: Bench) -> Interruption:
    return Interruption(bench)


def job_in(notes: list[str]) -> Job:
    """The handle that a note carries."""
    [found] = [match for note in notes if (match := re.search(r"\{.*\}", note))]
    return Job.from_json(found[0])


# --- while the submit is on the wire


@only_async
def test_a_cancelled_submit_whose_answer_still_comes_is_cancelled_remotely(
    bench: Bench, interruption: Interruption
) -> None:
    gate = Gate()
    bench.on_submit(Charge("job-1"), Do(interruption.trigger), Do(gate.open), Hold(gate), Answer(json={"id": "job-1"}))
    interruption.run()
    assert (bench.posts, bench.charges, bench.cancels, bench.polls) == (1, 1, 1, 0)
    assert job_in(interruption.notes).provider_ids == ["job-1"]
    assert "cancelled" in interruption.notes[-1]


@only_async
def test_a_cancelled_submit_without_an_answer_is_reported_as_unknown(bench: Bench, interruption: Interruption) -> None:
    bench.on_submit(Charge("job-1"), Do(interruption.trigger), Hang())
    started = time.monotonic()
    interruption.run(timeout=0.4)
    assert time.monotonic() - started < 1.4
    assert (bench.posts, bench.charges, bench.cancels) == (1, 1, 0)
    assert "unknown" in interruption.notes[0]
    assert "acme" in interruption.notes[0]


@only_async
@pytest.mark.parametrize("steps", [(Reset(),), (Close(),), (Answer(502),), (Answer(json={}),)])
def test_a_cancelled_submit_that_then_fails_is_not_sent_again(
    bench: Bench, interruption: Interruption, steps: tuple[Step, ...]
) -> None:
    bench.on_submit(Charge("job-1"), Do(interruption.trigger), *steps)
    interruption.run(fallback_configs=[bench.config()])
    assert (bench.posts, bench.charges, bench.cancels) == (1, 1, 0)
    assert "unknown" in interruption.notes[0]


@only_async
@pytest.mark.parametrize("status", [400, 401, 429])
def test_a_cancelled_submit_that_is_refused_has_cost_nothing(
    bench: Bench, interruption: Interruption, status: int
) -> None:
    bench.on_submit(Do(interruption.trigger), Answer(status, json={"problem": "no"}))
    interruption.run(fallback_configs=[bench.config()])
    assert (bench.posts, bench.charges, bench.cancels) == (1, 0, 0)
    assert "nothing was paid" in interruption.notes[0]


@only_async
def test_whoever_only_submits_gets_the_job_in_the_note(bench: Bench, interruption: Interruption) -> None:
    bench.on_submit(Charge("job-1"), Do(interruption.trigger), Answer(json={"id": "job-1"}))
    interruption.run("submit_video_async")
    assert (bench.posts, bench.charges, bench.cancels) == (1, 1, 1)
    assert job_in(interruption.notes).provider_ids == ["job-1"]


@only_async
def test_an_impatient_caller_is_not_kept(bench: Bench, interruption: Interruption) -> None:
    bench.on_submit(Charge("job-1"), Do(interruption.trigger_twice), Hang())
    started = time.monotonic()
    interruption.run(timeout=60)
    assert time.monotonic() - started < 1
    assert bench.posts == 1
    assert "unknown" in interruption.notes[0]


def test_ctrl_c_while_the_submit_is_on_the_wire(bench: Bench) -> None:
    gate, arrived = Gate(), threading.Event()
    bench.on_submit(Charge("job-1"), Do(arrived.set), Hold(gate), Answer(json={"id": "job-1"}))
    with Child(bench.world.name, "generate", bench.config()) as child:
        assert arrived.wait(10)
        child.interrupt()
        gate.open()
        report = child.finish()
    assert report["error"] == "KeyboardInterrupt"
    assert (bench.posts, bench.charges) == (1, 1)
    if bench.cancels:
        # The answer still came: its job is kept.
        assert job_in(report["notes"]).provider_ids == ["job-1"]
    else:
        assert "unknown" in report["notes"][0]


def test_a_process_killed_during_the_submit_has_paid_once(bench: Bench) -> None:
    arrived = threading.Event()
    bench.on_submit(Charge("job-1"), Do(arrived.set), Hang())
    with Child(bench.world.name, "generate", bench.config()) as child:
        assert arrived.wait(10)
        child.kill()
    assert (bench.posts, bench.charges, bench.polls) == (1, 1, 0)


# --- while waiting


@only_async
@pytest.mark.parametrize("moment", ["during a poll", "between polls"])
def test_a_cancelled_wait_cancels_the_job_once(bench: Bench, interruption: Interruption, moment: str) -> None:
    bench.on_poll(Do(interruption.trigger), Hang() if moment == "during a poll" else Answer(500))
    interruption.run()
    assert (bench.posts, bench.charges, bench.polls, bench.cancels) == (1, 1, 1, 1)
    job = job_in(interruption.notes)
    assert "cancelled there: cancelled" in interruption.notes[-1]
    assert job.provider_ids == ["job-1"]


CANCEL_FAULTS: dict[str, list[Step]] = {
    "refused": [Answer(400, json={"problem": "no"})],
    "an error": [Answer(500)],
    "reset": [Reset()],
    "closed": [Close()],
    "silent": [Hang()],
    "not JSON": [Answer(503, body="<html>")],
    "too late": [Answer(409)],
}


@only_async
@pytest.mark.parametrize("fault", CANCEL_FAULTS)
def test_cancelling_remotely_is_tried_once_and_bounded(bench: Bench, interruption: Interruption, fault: str) -> None:
    bench.on_poll(Do(interruption.trigger), Hang())
    bench.on_cancel(*CANCEL_FAULTS[fault])
    started = time.monotonic()
    interruption.run(provider_config={"cancel_seconds": 0.3})
    assert time.monotonic() - started < 1.3
    assert (bench.posts, bench.cancels) == (1, 1)
    assert "cancelled there: cancelled" not in interruption.notes[-1]
    job = job_in(interruption.notes)

    bench.resume(job)
    assert (bench.posts, bench.charges) == (1, 1)


@only_async
def test_a_second_cancellation_does_not_wait_for_the_remote_one(bench: Bench, interruption: Interruption) -> None:
    bench.on_poll(Do(interruption.trigger), Hang())
    bench.on_cancel(Do(interruption.trigger), Hang())
    started = time.monotonic()
    interruption.run()
    assert time.monotonic() - started < 1
    assert bench.cancels == 1
    assert job_in(interruption.notes).provider_ids == ["job-1"]


@pytest.mark.parametrize("work", ["generate", "resume"])
@pytest.mark.parametrize("moment", ["during a poll", "between polls"])
def test_ctrl_c_while_waiting(bench: Bench, work: str, moment: str) -> None:
    order = {"job": bench.submit().to_json()} if work == "resume" else {}
    bench.on_poll(
        Hang() if moment == "during a poll" else Answer(json={"id": "job-1", "status": "running"}), times=None
    )
    with Child(bench.world.name, work, bench.config(poll_interval=30), **order) as child:
        bench.server.requests.wait_for(2)
        child.interrupt()
        report = child.finish()
    assert report["error"] == "KeyboardInterrupt"
    assert (bench.posts, bench.charges, bench.cancels) == (1, 1, 1)
    assert job_in(report["notes"]).provider_ids == ["job-1"]


# --- killed while waiting


@pytest.mark.parametrize("submitter", ["sync", "async"])
def test_a_killed_process_is_taken_over_by_another(bench: Bench, submitter: str) -> None:
    with Child(submitter, "submit", bench.config()) as child:
        job = child.finish()["job"]
    bench.on_poll(Hang())
    with Child(bench.world.name, "resume", bench.config(), job=job) as child:
        bench.server.requests.wait_for(2)
        child.kill()
    with Child(bench.world.name, "resume", bench.config(poll_interval=0.01), job=job) as child:
        report = child.finish()
    assert report["result"] == "VideoGenerationResponse"
    assert Job.from_json(report["job"]).provider_ids == ["job-1"]
    assert (bench.posts, bench.charges, bench.cancels) == (1, 1, 0)
    assert bench.ledger.polls == 3
