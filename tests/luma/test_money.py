"""One POST for one generation, whatever happens to it; what was accepted is never lost."""

from pathlib import Path
from typing import Any

import pytest
from tests.luma.desk import FILM, FILM_LINK, LARGE, LINK, PICTURE, Desk
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
from tarash.testkit.luma import GenerationOutcome, errors
from tarash.testkit.steps import Close, CutBody, Redirect, Reset, Step

SUBMITS: dict[str, tuple[str, str, dict[str, Any]]] = {
    "video": ("video", "ray-3.2", {}),
    "edit": ("video", "ray-3.2", {"video": FILM}),
    "reframe": ("video", "ray-3.2", {"video": FILM, "type": "video_reframe"}),
    "image": ("image", "uni-1", {}),
    "image edit": ("image", "uni-1", {"type": "image_edit", "image_list": [as_input(PICTURE)]}),
    "older video": ("video", "ray-2", {}),
    "older modify": ("video", "ray-2", {"video": FILM_LINK}),
    "older image": ("image", "photon-1", {}),
    "older image reframe": (
        "image",
        "photon-1",
        {"generation_type": "reframe_image", "image_list": [LINK], "aspect_ratio": "1:1"},
    ),
}
submits = pytest.mark.parametrize("submit", SUBMITS)
both = pytest.mark.parametrize("model", ["ray-3.2", "ray-2"])


@submits
@pytest.mark.parametrize("loss", LOSSES)
def test_a_lost_answer_is_never_asked_for_twice(desk: Desk, ledger: Ledger, submit: str, loss: str) -> None:
    kind, model, request = SUBMITS[submit]
    script = desk.vendor.fail_next("create", LOSSES[loss], times=None, charged=loss != "cut")
    with pytest.raises(SubmitOutcomeUnknownError) as caught:
        desk.generate(kind, request, model=model, timeout=0.5 if loss == "late" else 60)
    assert caught.value.possibly_billed
    assert (ledger.posts, script.played, ledger.total_charges) == (1, 1, 1)


@both
@pytest.mark.parametrize("status", [500, 502, 503, 504])
def test_a_failure_of_the_vendor_is_a_refusal(desk: Desk, ledger: Ledger, model: str, status: int) -> None:
    desk.vendor.fail_next("create", errors.overloaded(status), times=None)
    with pytest.raises(HTTPError) as caught:
        desk.generate("video", model=model)
    assert (caught.value.status_code, caught.value.retryable, ledger.posts) == (status, True, 1)


@both
def test_a_redirect_is_not_followed(desk: Desk, ledger: Ledger, model: str) -> None:
    desk.vendor.fail_next("create", Redirect("http://127.0.0.1:9/elsewhere", 307))
    with pytest.raises(HTTPError, match="HTTP 307"):
        desk.generate("video", model=model)
    assert ledger.posts == 1


@submits
def test_a_timeout_keeps_the_job_and_resuming_costs_nothing(
    desk: Desk, ledger: Ledger, submit: str, tmp_path: Path
) -> None:
    kind, model, request = SUBMITS[submit]
    desk.vendor.next_generation(GenerationOutcome(run_seconds=500))
    with pytest.raises(TimeoutError) as caught:
        desk.generate(kind, request, model=model, timeout=60)
    assert caught.value.job is not None
    text = caught.value.job.to_json()
    assert desk.vendor.key not in text
    assert desk.vendor.dream_machine_key not in text
    response = desk.ask("resume", Job.from_json(text), timeout=600, max_poll_attempts=1000)
    assert desk.world.save(response, tmp_path / "late").stat().st_size > 100
    assert (ledger.posts, ledger.total_charges, ledger.cancels) == (1, 1, 0)


@both
def test_there_is_no_cancelling_and_that_is_said(desk: Desk, ledger: Ledger, model: str) -> None:
    desk.vendor.next_generation(GenerationOutcome(run_seconds=500))
    with pytest.raises(TimeoutError, match="could not be cancelled and may still be running and billed") as caught:
        desk.generate("video", model=model, timeout=60, on_timeout="cancel")
    assert caught.value.job is not None
    assert (ledger.posts, ledger.requests("DELETE"), len(desk.vendor.generations)) == (1, 0, 1)
    assert desk.ask("cancel", caught.value.job) == "impossible"


DELETING: dict[str, Any] = {"model": "ray-2", "provider_config": {"cancel_by_deleting": True}}


def test_a_generation_is_deleted_where_that_is_wanted(desk: Desk, ledger: Ledger) -> None:
    desk.vendor.next_generation(GenerationOutcome(run_seconds=500))
    with pytest.raises(TimeoutError, match="The remote job was cancelled"):
        desk.generate("video", timeout=60, on_timeout="cancel", **DELETING)
    assert (ledger.posts, ledger.requests("DELETE"), desk.vendor.generations) == (1, 1, [])


def test_a_finished_generation_is_fetched_and_not_deleted(desk: Desk, ledger: Ledger) -> None:
    job = desk.submit("video", model="ray-2")
    desk.vendor.clock.advance(100)
    assert desk.ask("cancel", job, **DELETING) == "too_late"
    assert ledger.requests("DELETE") == 0
    assert desk.ask("resume", job).status == "completed"


def test_a_generation_that_somebody_else_deleted_in_between_counts_as_cancelled(desk: Desk) -> None:
    job = desk.submit("video", model="ray-2")
    desk.vendor.fail_next("delete", errors.no_generation())
    assert desk.ask("cancel", job, **DELETING) == "cancelled"


def test_a_generation_that_finishes_as_the_time_ends_is_returned(desk: Desk, ledger: Ledger) -> None:
    desk.vendor.next_generation(GenerationOutcome(states=["processing"] * 5, run_seconds=1))
    response = desk.generate("video", timeout=30, on_timeout="cancel", max_poll_attempts=1)
    assert response.status == "completed"
    assert ledger.posts == 1


@both
@pytest.mark.parametrize("fault", [errors.overloaded(), errors.proxy_page(), Reset(), Close(), CutBody(9)])
def test_missed_polls_do_not_harm_the_job(desk: Desk, ledger: Ledger, model: str, fault: Step) -> None:
    desk.vendor.fail_next("get", fault, times=3)
    assert desk.generate("video", model=model).status == "completed"
    assert ledger.posts == 1


def test_a_poll_without_the_right_key_ends_the_wait_with_the_job(desk: Desk) -> None:
    job = desk.submit("video")
    desk.vendor.fail_next("get", errors.unauthorized(), times=None)
    with pytest.raises(HTTPError, match="HTTP 401") as caught:
        desk.ask("resume", job)
    assert caught.value.job is not None


def test_one_of_three_failing_videos_loses_nothing(desk: Desk, ledger: Ledger) -> None:
    desk.vendor.next_generation(GenerationOutcome())
    desk.vendor.next_generation(GenerationOutcome(failure="Broken.", failure_code="generation_failed"))
    with pytest.raises(GenerationFailedError, match="2 of 3 outputs are there") as caught:
        desk.generate("video", {"number_of_videos": 3})
    assert len(caught.value.response.videos) == 2  # type: ignore[attr-defined]
    assert ledger.posts == 3


@pytest.mark.parametrize("operation", ["announce", "complete", "file"])
def test_uploads_are_free_and_tried_again(desk: Desk, ledger: Ledger, operation: str) -> None:
    desk.vendor.fail_next(operation, errors.overloaded(), times=2)
    assert desk.generate("image", {"image_list": [as_input(LARGE)]}).status == "completed"
    assert (ledger.total_charges, len(desk.vendor.requests("create"))) == (1, 1)


def test_a_key_that_the_vendor_echoes_is_not_shown(desk: Desk) -> None:
    desk.vendor.fail_next("create", errors.error(400, f"Bad key {desk.vendor.key}"))
    with pytest.raises(ValidationError, match="Bad key") as caught:
        desk.generate("image")
    assert desk.vendor.key not in f"{caught.value} {caught.value.raw_response!r}"
