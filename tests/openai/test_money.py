"""One POST for one job, whatever happens to it; what was accepted is never lost."""

from pathlib import Path
from typing import Any

import pytest
from tests.openai.desk import PICTURE, Desk
from tests.support.desks import as_input
from tests.support.losses import LOSSES

from tarash.tarash_gateway.exceptions import (
    GenerationFailedError,
    HTTPError,
    SubmitOutcomeUnknownError,
    TimeoutError,
)
from tarash.tarash_gateway.models import Job
from tarash.testkit.ledger import Ledger
from tarash.testkit.openai import VideoOutcome, errors
from tarash.testkit.steps import Alter, Answer, Close, CutBody, Redirect, Reset, Step

# As proxies write it; the vendor's own error is an object.
LOST = {**LOSSES, "504 with a text": Answer(504, json={"error": "upstream request timeout"})}
SUBMITS: list[tuple[str, str, dict[str, Any]]] = [
    ("generate", "image", {}),
    ("edit_image", "image", {"image_list": [as_input(PICTURE)]}),
    ("speech", "tts", {}),
    ("create", "video", {}),
    ("remix", "video", {"video_id": "video_1"}),
]
providers = pytest.mark.parametrize("provider", ["openai", "azure-openai"])
submits = pytest.mark.parametrize(("operation", "kind", "request_"), SUBMITS, ids=[row[0] for row in SUBMITS])


@providers
@submits
@pytest.mark.parametrize("loss", LOST)
def test_a_lost_answer_is_never_asked_for_twice(
    desk: Desk, ledger: Ledger, operation: str, kind: str, request_: dict[str, Any], loss: str, provider: str
) -> None:
    charged = operation != "remix"
    if loss == "cut" and not charged:
        pytest.skip("without a source there is no good answer to cut")
    script = desk.vendor.fail_next(operation, LOST[loss], times=None, charged=charged and loss != "cut")
    with pytest.raises(SubmitOutcomeUnknownError) as caught:
        desk.generate(kind, request_, provider, timeout=0.5 if loss == "late" else 60)
    assert caught.value.possibly_billed
    assert (ledger.posts, script.played) == (1, 1)
    assert ledger.total_charges == (1 if charged else 0)


@providers
@submits
@pytest.mark.parametrize("status", [500, 503, 504])
def test_a_failure_of_the_vendor_is_a_refusal(
    desk: Desk, ledger: Ledger, operation: str, kind: str, request_: dict[str, Any], status: int, provider: str
) -> None:
    desk.vendor.fail_next(operation, errors.server_error(status), times=None)
    with pytest.raises(HTTPError) as caught:
        desk.generate(kind, request_, provider)
    assert (caught.value.status_code, caught.value.retryable, ledger.posts) == (status, True, 1)


@submits
def test_a_redirect_is_not_followed(
    desk: Desk, ledger: Ledger, operation: str, kind: str, request_: dict[str, Any]
) -> None:
    desk.vendor.fail_next(operation, Redirect("http://127.0.0.1:9/elsewhere", 307))
    with pytest.raises(HTTPError, match="HTTP 307"):
        desk.generate(kind, request_)
    assert ledger.posts == 1


def test_a_timeout_keeps_the_job_and_resuming_costs_nothing(desk: Desk, ledger: Ledger, tmp_path: Path) -> None:
    desk.vendor.next_video(VideoOutcome(run_seconds=500))
    with pytest.raises(TimeoutError) as caught:
        desk.generate("video", timeout=60)
    assert caught.value.job is not None
    text = caught.value.job.to_json()
    assert desk.vendor.key not in text
    response = desk.ask("resume", Job.from_json(text))
    assert desk.world.save(response, tmp_path / "late.mp4").stat().st_size > 1000
    assert (ledger.posts, ledger.total_charges, ledger.cancels) == (1, 1, 0)


@providers
def test_a_timeout_deletes_the_job_when_that_is_wanted(desk: Desk, ledger: Ledger, provider: str) -> None:
    desk.vendor.next_video(VideoOutcome(run_seconds=500))
    with pytest.raises(TimeoutError, match="The remote job was cancelled"):
        desk.generate("video", provider=provider, timeout=60, on_timeout="cancel")
    assert (ledger.posts, ledger.cancels) == (1, 1)
    assert desk.vendor.videos == []


def test_a_job_that_cannot_be_deleted_is_reported_so(desk: Desk, ledger: Ledger) -> None:
    desk.vendor.next_video(VideoOutcome(run_seconds=500, deletable=False))
    with pytest.raises(TimeoutError, match="could not be cancelled and may still be running"):
        desk.generate("video", timeout=60, on_timeout="cancel")
    assert ledger.cancels == 1


def test_a_finished_video_is_fetched_and_not_deleted(desk: Desk, ledger: Ledger) -> None:
    job = desk.submit("video")
    desk.vendor.clock.advance(100)
    assert desk.ask("cancel", job) == "too_late"
    assert ledger.cancels == 0
    assert desk.ask("resume", job).status == "completed"


def test_a_job_that_finishes_as_the_time_ends_is_returned(desk: Desk, ledger: Ledger) -> None:
    # Four quick polls and a counted one find it running; the sixth request is the look before the deletion.
    desk.vendor.next_video(VideoOutcome(statuses=["in_progress"] * 5, run_seconds=1))
    response = desk.generate("video", timeout=30, on_timeout="cancel", max_poll_attempts=1)
    assert response.status == "completed"
    assert (ledger.posts, ledger.cancels) == (1, 0)


def test_an_image_job_can_be_resumed_from_json(desk: Desk, ledger: Ledger) -> None:
    job = desk.submit("image")
    response = desk.ask("resume", Job.from_json(job.to_json()))
    assert len(response.images) == 1
    assert (ledger.posts, ledger.total_charges) == (1, 1)


@pytest.mark.parametrize("fault", [errors.server_error(), errors.proxy_page(), Reset(), Close(), CutBody(9)])
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
    desk.vendor.next_video(VideoOutcome())
    desk.vendor.next_video(VideoOutcome(error={"code": "server_error", "message": "Broken."}))
    with pytest.raises(GenerationFailedError, match="2 of 3 outputs are there") as caught:
        desk.generate("video", {"number_of_videos": 3})
    assert len(caught.value.response.videos) == 2  # type: ignore[attr-defined]
    assert ledger.posts == 3


def test_a_key_that_the_vendor_echoes_is_not_shown(desk: Desk) -> None:
    def echo(answer: Any) -> Any:
        return errors.error(400, "invalid_value", f"Bad key {desk.vendor.key}")

    desk.vendor.fail_next("generate", Alter(echo))
    with pytest.raises(Exception, match="Bad key") as caught:
        desk.generate("image")
    assert desk.vendor.key not in f"{caught.value} {caught.value.raw_response!r}"  # type: ignore[attr-defined]
