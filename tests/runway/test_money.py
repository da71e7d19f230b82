"""One POST for one task, whatever happens to it; what was accepted is never lost."""

from pathlib import Path
from typing import Any

import pytest
from tests.runway.desk import FILM, PICTURE, Desk, as_frame
from tests.support.desks import as_input
from tests.support.losses import LOSSES

from tarash.tarash_gateway.exceptions import (
    GenerationFailedError,
    HTTPError,
    SubmitOutcomeUnknownError,
    TimeoutError,
    ValidationError,
)
from tarash.tarash_gateway.models import Job
from tarash.testkit.ledger import Ledger
from tarash.testkit.runway import TaskOutcome, errors
from tarash.testkit.steps import Close, CutBody, Redirect, Reset, Step

SUBMITS: list[tuple[str, str, dict[str, Any], str]] = [
    ("text_to_video", "video", {}, "gen4.5"),
    ("image_to_video", "video", {"image_list": [as_frame(PICTURE)]}, "gen4_turbo"),
    ("video_to_video", "video", {"video": FILM}, "aleph2"),
    ("character_performance", "video", {"video": FILM, "image_list": [as_input(PICTURE)]}, "act_two"),
    ("text_to_image", "image", {}, "gen4_image"),
    ("text_to_speech", "tts", {}, "eleven_v4"),
    ("sound_effect", "tts", {}, "eleven_text_to_sound_v2"),
    ("speech_to_speech", "sts", {}, "eleven_multilingual_sts_v2"),
]
submits = pytest.mark.parametrize(("operation", "kind", "request_", "model"), SUBMITS, ids=[row[0] for row in SUBMITS])


@submits
@pytest.mark.parametrize("loss", LOSSES)
def test_a_lost_answer_is_never_asked_for_twice(
    desk: Desk, ledger: Ledger, operation: str, kind: str, request_: dict[str, Any], model: str, loss: str
) -> None:
    script = desk.vendor.fail_next(operation, LOSSES[loss], times=None, charged=loss != "cut")
    with pytest.raises(SubmitOutcomeUnknownError) as caught:
        desk.generate(kind, request_, model=model, timeout=0.5 if loss == "late" else 60)
    assert caught.value.possibly_billed
    assert (ledger.posts, script.played, ledger.total_charges) == (1, 1, 1)


@submits
@pytest.mark.parametrize("status", [500, 502, 504])
def test_a_failure_of_the_vendor_is_a_refusal(
    desk: Desk, ledger: Ledger, operation: str, kind: str, request_: dict[str, Any], model: str, status: int
) -> None:
    desk.vendor.fail_next(operation, errors.overloaded(status), times=None)
    with pytest.raises(HTTPError) as caught:
        desk.generate(kind, request_, model=model)
    assert (caught.value.status_code, caught.value.retryable, ledger.posts) == (status, True, 1)


@submits
def test_a_redirect_is_not_followed(
    desk: Desk, ledger: Ledger, operation: str, kind: str, request_: dict[str, Any], model: str
) -> None:
    desk.vendor.fail_next(operation, Redirect("http://127.0.0.1:9/elsewhere", 307))
    with pytest.raises(HTTPError, match="HTTP 307"):
        desk.generate(kind, request_, model=model)
    assert ledger.posts == 1


@submits
def test_a_timeout_keeps_the_job_and_resuming_costs_nothing(
    desk: Desk, ledger: Ledger, operation: str, kind: str, request_: dict[str, Any], model: str, tmp_path: Path
) -> None:
    desk.vendor.next_task(TaskOutcome(run_seconds=500))
    with pytest.raises(TimeoutError) as caught:
        desk.generate(kind, request_, model=model, timeout=60)
    assert caught.value.job is not None
    text = caught.value.job.to_json()
    assert desk.vendor.key not in text
    response = desk.ask("resume", Job.from_json(text), timeout=600, max_poll_attempts=1000, model=model)
    assert desk.world.save(response, tmp_path / "late").stat().st_size > 100
    assert (ledger.posts, ledger.total_charges, ledger.cancels) == (1, 1, 0)


@submits
def test_a_timeout_cancels_the_task_when_that_is_wanted(
    desk: Desk, ledger: Ledger, operation: str, kind: str, request_: dict[str, Any], model: str
) -> None:
    desk.vendor.next_task(TaskOutcome(run_seconds=500))
    with pytest.raises(TimeoutError, match="The remote job was cancelled"):
        desk.generate(kind, request_, model=model, timeout=60, on_timeout="cancel")
    assert (ledger.posts, ledger.cancels, desk.vendor.tasks) == (1, 1, [])


@pytest.mark.parametrize("waiting", [True, False])
def test_a_task_is_cancelled_in_every_state(desk: Desk, ledger: Ledger, waiting: bool) -> None:
    desk.vendor.next_task(TaskOutcome(throttled=True, queue_seconds=50 if waiting else 0, run_seconds=50))
    job = desk.submit("video")
    assert desk.ask("cancel", job) == "cancelled"
    assert (ledger.cancels, ledger.events("delete"), desk.vendor.tasks) == (1, 0, [])


def test_a_finished_task_is_fetched_and_not_deleted(desk: Desk, ledger: Ledger) -> None:
    job = desk.submit("video")
    desk.vendor.clock.advance(100)
    assert desk.ask("cancel", job) == "too_late"
    assert (ledger.cancels, ledger.events("delete")) == (0, 0)
    assert desk.ask("resume", job).status == "completed"


def test_a_task_that_somebody_else_cancelled_in_between_counts_as_cancelled(desk: Desk) -> None:
    desk.vendor.fail_next("delete", errors.no_task())
    assert desk.ask("cancel", desk.submit("video")) == "cancelled"


def test_a_task_that_cannot_be_cancelled_is_reported_so(desk: Desk, ledger: Ledger) -> None:
    desk.vendor.next_task(TaskOutcome(run_seconds=500))
    desk.vendor.fail_next("delete", errors.error(500, "No."), times=None)
    with pytest.raises(TimeoutError, match="could not be cancelled and may still be running"):
        desk.generate("video", timeout=60, on_timeout="cancel")
    assert len(desk.vendor.requests("delete")) == 1


def test_a_task_that_finishes_as_the_time_ends_is_returned(desk: Desk, ledger: Ledger) -> None:
    # Four quick polls and a counted one find it running; the sixth request is the look before the cancelling.
    desk.vendor.next_task(TaskOutcome(statuses=["RUNNING"] * 5, run_seconds=1))
    response = desk.generate("video", timeout=30, on_timeout="cancel", max_poll_attempts=1)
    assert response.status == "completed"
    assert (ledger.posts, ledger.cancels) == (1, 0)


@pytest.mark.parametrize("fault", [errors.overloaded(), errors.proxy_page(), Reset(), Close(), CutBody(9)])
def test_missed_polls_do_not_harm_the_job(desk: Desk, ledger: Ledger, fault: Step) -> None:
    desk.vendor.fail_next("retrieve", fault, times=3)
    assert desk.generate("video").status == "completed"
    assert ledger.posts == 1


def test_a_poll_without_the_right_key_ends_the_wait_with_the_job(desk: Desk) -> None:
    job = desk.submit("video")
    desk.vendor.fail_next("retrieve", errors.unauthorized(), times=None)
    with pytest.raises(HTTPError, match="HTTP 401") as caught:
        desk.ask("resume", job)
    assert caught.value.job is not None


def test_one_of_three_failing_videos_loses_nothing(desk: Desk, ledger: Ledger) -> None:
    desk.vendor.next_task(TaskOutcome())
    desk.vendor.next_task(TaskOutcome(failure="Broken.", failure_code="INTERNAL"))
    with pytest.raises(GenerationFailedError, match="2 of 3 outputs are there") as caught:
        desk.generate("video", {"number_of_videos": 3})
    assert len(caught.value.response.videos) == 2  # type: ignore[attr-defined]
    assert ledger.posts == 3


def test_a_key_that_the_vendor_echoes_is_not_shown(desk: Desk) -> None:
    desk.vendor.fail_next("create", errors.error(400, f"Bad key {desk.vendor.key}"))
    with pytest.raises(ValidationError, match="Bad key") as caught:
        desk.generate("image")
    assert desk.vendor.key not in f"{caught.value} {caught.value.raw_response!r}"
