"""One POST for one job, whatever happens to it; what was accepted is never lost."""

from pathlib import Path
from typing import Any

import pytest
from tests.support.losses import LOSSES
from tests.xai.desk import CLIP_LINK, LINK, Desk

from tarash.tarash_gateway.exceptions import (
    HTTPError,
    PartialResultError,
    SubmitOutcomeUnknownError,
    TimeoutError,
    ValidationError,
)
from tarash.tarash_gateway.models import Job
from tarash.testkit.ledger import Ledger
from tarash.testkit.steps import Alter, Answer, Close, CutBody, Redirect, Reset, Step
from tarash.testkit.xai import VideoOutcome, errors

# As proxies write it; the vendor's own error is an object, or a text beside a code.
LOST = {**LOSSES, "504 with a text": Answer(504, json={"error": "upstream request timeout"})}
SUBMITS: list[tuple[str, str, dict[str, Any]]] = [
    ("generate", "video", {}),
    ("edit", "video", {"video": CLIP_LINK}),
    ("extend", "video", {"video": CLIP_LINK, "operation": "extend"}),
    ("generate_image", "image", {}),
    ("edit_image", "image", {"image_list": [LINK]}),
    ("tts", "tts", {}),
]
submits = pytest.mark.parametrize(("operation", "kind", "request_"), SUBMITS, ids=[row[0] for row in SUBMITS])


@submits
@pytest.mark.parametrize("loss", LOST)
def test_a_lost_answer_is_never_asked_for_twice(
    desk: Desk, ledger: Ledger, operation: str, kind: str, request_: dict[str, Any], loss: str
) -> None:
    script = desk.vendor.fail_next(operation, LOST[loss], times=None, charged=loss != "cut")
    with pytest.raises(SubmitOutcomeUnknownError) as caught:
        desk.generate(kind, request_, timeout=0.5 if loss == "late" else 60)
    assert caught.value.possibly_billed
    assert (ledger.posts, script.played, ledger.total_charges) == (1, 1, 1)


@submits
@pytest.mark.parametrize("status", [500, 503, 504])
def test_a_failure_of_the_vendor_is_a_refusal(
    desk: Desk, ledger: Ledger, operation: str, kind: str, request_: dict[str, Any], status: int
) -> None:
    desk.vendor.fail_next(operation, errors.server_error(status), times=None)
    with pytest.raises(HTTPError) as caught:
        desk.generate(kind, request_)
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


def test_a_job_cannot_be_cancelled_and_that_is_said(desk: Desk, ledger: Ledger) -> None:
    desk.vendor.next_video(VideoOutcome(run_seconds=500))
    with pytest.raises(TimeoutError, match="could not be cancelled and may still be running") as caught:
        desk.generate("video", timeout=60, on_timeout="cancel")
    assert caught.value.job is not None
    assert desk.ask("cancel", caught.value.job) == "impossible"
    assert {request.method for request in desk.vendor.requests()} == {"POST", "GET"}


@pytest.mark.parametrize("kind", ["image", "tts"])
def test_what_was_made_at_once_can_be_resumed_from_json(desk: Desk, ledger: Ledger, kind: str) -> None:
    job = desk.submit(kind)
    response = desk.ask("resume", Job.from_json(job.to_json()))
    assert len(response.outputs()) == 1
    assert (ledger.posts, ledger.total_charges) == (1, 1)


@pytest.mark.parametrize(
    "fault",
    [errors.server_error(), errors.proxy_page(), Reset(), Close(), CutBody(1), Answer(200), Answer(200, json={})],
)
def test_missed_polls_do_not_harm_the_job(desk: Desk, ledger: Ledger, fault: Step) -> None:
    desk.vendor.next_video(VideoOutcome(queue_seconds=0))
    desk.vendor.fail_next("retrieve", fault, times=3)
    assert desk.generate("video").status == "completed"
    assert ledger.posts == 1


def test_a_poll_without_permission_ends_the_wait_with_the_job(desk: Desk) -> None:
    job = desk.submit("video")
    desk.vendor.fail_next("retrieve", errors.no_key(), times=None)
    with pytest.raises(HTTPError, match="HTTP 401") as caught:
        desk.ask("resume", job)
    assert caught.value.job is not None


def test_one_of_three_failing_videos_loses_nothing(desk: Desk, ledger: Ledger) -> None:
    desk.vendor.next_video(VideoOutcome())
    desk.vendor.next_video(VideoOutcome(withheld="answer"))
    with pytest.raises(PartialResultError, match="2 of 3 outputs are there") as caught:
        desk.generate("video", {"number_of_videos": 3})
    assert len(caught.value.response.videos) == 2
    assert ledger.posts == 3


def test_an_upload_that_fails_is_not_paid(desk: Desk, ledger: Ledger, tmp_path: Path) -> None:
    path = tmp_path / "large.mp4"
    path.write_bytes(b"\0\0\0\x18ftypmp42" + bytes(9 * 1024 * 1024))
    desk.vendor.fail_next("upload", errors.invalid("Not today."), times=None)
    with pytest.raises(ValidationError, match="Not today"):
        desk.generate("video", {"video": path})
    assert (ledger.total_charges, desk.vendor.requests("edit")) == (0, [])


def test_a_key_that_the_vendor_echoes_is_not_shown(desk: Desk) -> None:
    def echo(answer: Any) -> Any:
        return errors.invalid(f"Bad key {desk.vendor.key}")

    desk.vendor.fail_next("generate_image", Alter(echo))
    with pytest.raises(ValidationError, match="Bad key") as caught:
        desk.generate("image")
    assert desk.vendor.key not in f"{caught.value} {caught.value.raw_response!r}"
