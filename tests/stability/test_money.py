"""One POST for one picture, whatever happens to it; what was accepted is never lost."""

import base64
from pathlib import Path
from typing import Any

import pytest
from tests.resume.test_killed import waiting
from tests.stability.desk import ONE, PICTURE, PROMPT, SECOND, Desk, as_input, as_style
from tests.support.losses import LOSSES

from tarash.tarash_gateway.exceptions import (
    HTTPError,
    PartialResultError,
    SubmitOutcomeUnknownError,
    TarashException,
    TimeoutError,
    ValidationError,
)
from tarash.tarash_gateway.models import Job
from tarash.testkit.ledger import Ledger
from tarash.testkit.stability import Outcome, StabilitySimulator, errors
from tarash.testkit.steps import Answer, Close, CutBody, Redirect, Reset, Step

SUBMITS: list[tuple[str, str, dict[str, Any]]] = [
    ("stable-image-core", "generate/core", {}),
    ("sd3.5-large", "generate/sd3", ONE),
    ("edit/inpaint", "edit/inpaint", ONE),
    ("upscale/creative", "upscale/creative", ONE),
]
SLOW: dict[str, dict[str, Any]] = {
    "upscale/creative": ONE,
    "edit/replace-background-and-relight": {"image_list": [as_input(PICTURE), as_style(SECOND)]},
}
submits = pytest.mark.parametrize(("model", "operation", "request_"), SUBMITS, ids=[row[0] for row in SUBMITS])
slow = pytest.mark.parametrize("model", SLOW)
POSTS: dict[str, set[int]] = {}


@submits
@pytest.mark.parametrize("loss", LOSSES)
def test_a_lost_answer_is_never_asked_for_twice(
    desk: Desk, ledger: Ledger, model: str, operation: str, request_: dict[str, Any], loss: str
) -> None:
    script = desk.vendor.fail_next(operation, LOSSES[loss], times=None, charged=loss != "cut")
    with pytest.raises(SubmitOutcomeUnknownError) as caught:
        desk.generate(request_, model, timeout=0.5 if loss == "late" else 60)
    assert caught.value.possibly_billed
    assert (ledger.posts, script.played, ledger.total_charges) == (1, 1, 1)
    POSTS.setdefault(loss, set()).add(ledger.posts)


def test_the_posts_of_one_purchase() -> None:
    """Where other vendors' SDKs have a column there is none here: Stability has no SDK."""
    for loss, posts in POSTS.items():
        print(f"{loss:16} tarash {posts}")
    assert all(posts == {1} for posts in POSTS.values())


@submits
@pytest.mark.parametrize("status", [500, 503, 504])
def test_a_failure_of_the_vendor_is_a_refusal(
    desk: Desk, ledger: Ledger, model: str, operation: str, request_: dict[str, Any], status: int
) -> None:
    desk.vendor.fail_next(operation, errors.error(status, "An unexpected error has occurred."), times=None)
    with pytest.raises(HTTPError) as caught:
        desk.generate(request_, model)
    assert (caught.value.status_code, caught.value.retryable, ledger.posts) == (status, True, 1)


@submits
def test_a_redirect_is_not_followed(
    desk: Desk, ledger: Ledger, model: str, operation: str, request_: dict[str, Any]
) -> None:
    desk.vendor.fail_next(operation, Redirect("http://127.0.0.1:9/elsewhere", 307))
    with pytest.raises(HTTPError, match="HTTP 307"):
        desk.generate(request_, model)
    assert ledger.posts == 1


@slow
def test_a_timeout_keeps_the_job_and_resuming_costs_nothing(
    desk: Desk, ledger: Ledger, model: str, tmp_path: Path
) -> None:
    desk.vendor.next_work(Outcome(run_seconds=500))
    with pytest.raises(TimeoutError) as caught:
        desk.generate(SLOW[model], model, timeout=60)
    assert caught.value.job is not None
    text = caught.value.job.to_json()
    assert desk.vendor.key not in text
    response = desk.ask("resume", Job.from_json(text), timeout=600, max_poll_attempts=1000)
    assert desk.world.save(response, tmp_path / "late").read_bytes() == desk.vendor.works[0].content
    assert (ledger.posts, ledger.total_charges) == (1, 1)


@slow
def test_nothing_can_be_cancelled_and_that_is_said(desk: Desk, ledger: Ledger, model: str) -> None:
    desk.vendor.next_work(Outcome(run_seconds=500))
    with pytest.raises(TimeoutError, match="could not be cancelled and may still be running"):
        desk.generate(SLOW[model], model, timeout=60, on_timeout="cancel")
    assert desk.ask("cancel", desk.submit(SLOW[model], model)) == "impossible"
    assert {request.method for request in desk.vendor.requests()} == {"POST", "GET"}


def test_work_that_finishes_as_the_time_ends_is_returned(desk: Desk, ledger: Ledger) -> None:
    desk.vendor.next_work(Outcome(run_seconds=29))
    response = desk.generate(ONE, "upscale/creative", timeout=29.5, on_timeout="cancel")
    assert response.status == "completed"
    assert ledger.posts == 1


def test_a_picture_that_is_there_can_be_kept_as_a_job(desk: Desk, ledger: Ledger, tmp_path: Path) -> None:
    job = Job.from_json(desk.submit().to_json())
    response = desk.ask("resume", job)
    assert desk.world.save(response, tmp_path / "kept").read_bytes() == desk.vendor.works[0].content
    assert (ledger.posts, ledger.total_charges, len(desk.vendor.requests())) == (1, 1, 1)


@slow
def test_a_killed_process_is_taken_over_by_another(
    desk: Desk, vendor: StabilitySimulator, ledger: Ledger, model: str, tmp_path: Path
) -> None:
    config = {**vendor.settings, "model": model, "poll_interval": 0.02}
    link = f"data:image/png;base64,{base64.b64encode(PICTURE).decode()}"
    request = {"prompt": PROMPT, "image_list": [link]}
    with waiting({"kind": "image", "world": desk.world.name, "config": config, "request": request}) as job:
        assert vendor.key not in job.to_json()
        vendor.clock.advance(60)
        response = desk.ask("resume", Job.from_json(job.to_json()))
    assert desk.world.save(response, tmp_path / "made").read_bytes() == vendor.works[0].content
    assert (ledger.posts, ledger.total_charges) == (1, 1)


@pytest.mark.parametrize("fault", [errors.error(500, "No."), errors.proxy_page(), Reset(), Close(), CutBody(9)])
def test_missed_polls_do_not_harm_the_job(desk: Desk, ledger: Ledger, fault: Step) -> None:
    desk.vendor.fail_next("result", fault, times=3)
    assert desk.generate(ONE, "upscale/creative").status == "completed"
    assert ledger.posts == 1


def test_a_rate_limit_of_polls_is_obeyed(desk: Desk, ledger: Ledger) -> None:
    desk.vendor.fail_next("result", errors.too_many())
    assert desk.generate(ONE, "upscale/creative").status == "completed"
    assert desk.vendor.clock.sleeps == [10, 60]


def test_a_poll_without_the_right_key_ends_the_wait_with_the_job(desk: Desk) -> None:
    job = desk.submit(ONE, "upscale/creative")
    desk.vendor.fail_next("result", errors.unauthorized(), times=None)
    with pytest.raises(HTTPError, match="HTTP 401") as caught:
        desk.ask("resume", job)
    assert caught.value.job is not None


@pytest.mark.parametrize(
    ("name", "expected"),
    [
        ("../../v1/user", ValidationError),
        ("a b", ValidationError),
        ("x?y=1", ValidationError),
        ("", SubmitOutcomeUnknownError),
        (7, SubmitOutcomeUnknownError),
    ],
)
def test_an_id_that_leads_elsewhere_is_not_followed(desk: Desk, name: Any, expected: type[TarashException]) -> None:
    desk.vendor.fail_next("upscale/creative", Answer(200, json={"id": name}))
    with pytest.raises(expected):
        desk.generate(ONE, "upscale/creative", timeout=60)
    assert desk.vendor.requests("result") == []


def test_one_of_three_failing_pictures_loses_nothing(desk: Desk, ledger: Ledger) -> None:
    desk.vendor.next_work(Outcome(), times=2)
    desk.vendor.next_work(Outcome(filtered=True))
    with pytest.raises(PartialResultError, match="2 of 3 outputs are there") as caught:
        desk.generate({"n": 3})
    assert len(caught.value.response.images) == 2
    assert ledger.posts == 3


def test_a_key_that_the_vendor_echoes_is_not_shown(desk: Desk) -> None:
    desk.vendor.fail_next("create", errors.bad_request(f"Bad key {desk.vendor.key}"))
    with pytest.raises(ValidationError, match="Bad key") as caught:
        desk.generate()
    assert desk.vendor.key not in f"{caught.value} {caught.value.raw_response!r}"
