"""One paid POST for one job, whatever happens to it; what was accepted is never lost."""

import pytest
from tests.replicate.desk import Desk

from tarash.tarash_gateway.exceptions import HTTPError, SubmitOutcomeUnknownError, TimeoutError
from tarash.tarash_gateway.models import Job
from tarash.testkit.ledger import Ledger
from tarash.testkit.replicate import PredictionOutcome, errors
from tarash.testkit.steps import Answer, Close, CutBody, Hang, Redirect, Reset, Step

PAGE = "<html></html>"
LOSSES: dict[str, Step] = {
    "dropped": Close(),
    "reset": Reset(),
    "500 of a proxy": Answer(500, body=PAGE),
    "504 of a proxy": Answer(504, body=PAGE),
    "late": Hang(),
    "success without an id": Answer(201, json={"status": "starting"}),
    "success that is no JSON": Answer(201, body=PAGE),
}


@pytest.mark.parametrize("loss", LOSSES)
def test_a_lost_answer_is_never_asked_for_twice(desk: Desk, ledger: Ledger, loss: str) -> None:
    desk.vendor.fail_next("create", LOSSES[loss], times=None, charged=True)
    with pytest.raises(SubmitOutcomeUnknownError) as caught:
        desk.generate("video", timeout=0.5 if loss == "late" else 60)
    assert caught.value.possibly_billed
    assert (ledger.posts, ledger.total_charges) == (1, 1)


def test_a_404_of_something_else_buys_nothing(desk: Desk, ledger: Ledger) -> None:
    desk.vendor.fail_next("create", Answer(404, body=PAGE), times=None)
    with pytest.raises(HTTPError, match="not Replicate"):
        desk.generate("video")
    assert ledger.posts == 1


def test_a_redirect_is_not_followed(desk: Desk, ledger: Ledger) -> None:
    desk.vendor.fail_next("create", Redirect("http://127.0.0.1:9/elsewhere", 307))
    with pytest.raises(HTTPError, match="HTTP 307"):
        desk.generate("video")
    assert ledger.posts == 1


def test_a_timeout_keeps_the_job_and_resuming_costs_nothing(desk: Desk, ledger: Ledger) -> None:
    desk.vendor.next_prediction(PredictionOutcome(run_seconds=500))
    with pytest.raises(TimeoutError) as caught:
        desk.generate("video", timeout=60)
    assert caught.value.job is not None
    text = caught.value.job.to_json()
    assert desk.vendor.key not in text
    assert desk.ask("resume", Job.from_json(text)).status == "completed"
    assert (ledger.posts, ledger.total_charges, ledger.cancels) == (1, 1, 0)


def test_a_timeout_cancels_when_that_is_wanted(desk: Desk, ledger: Ledger) -> None:
    desk.vendor.next_prediction(PredictionOutcome(run_seconds=500))
    with pytest.raises(TimeoutError, match="The remote job was cancelled"):
        desk.generate("video", timeout=60, on_timeout="cancel")
    assert (len(desk.vendor.requests("create")), ledger.cancels) == (1, 1)


def test_a_finished_job_is_not_reported_as_cancelled(desk: Desk) -> None:
    job = desk.submit("video")
    desk.vendor.clock.advance(100)
    assert desk.ask("cancel", job) == "too_late"
    assert desk.ask("resume", job).status == "completed"


@pytest.mark.parametrize("fault", [errors.error(500, "Internal", "x"), Answer(502, body=PAGE), Reset(), CutBody(9)])
def test_missed_polls_do_not_harm_the_job(desk: Desk, ledger: Ledger, fault: Step) -> None:
    desk.vendor.fail_next("get", fault, times=3)
    assert desk.generate("video").status == "completed"
    assert ledger.posts == 1


def test_an_unknown_state_is_waited_through(desk: Desk, ledger: Ledger) -> None:
    desk.vendor.next_prediction(PredictionOutcome(statuses=["booting", "booting", {"status": "processing"}]))
    assert desk.generate("video").status == "completed"
    assert ledger.posts == 1


def test_three_videos_are_three_predictions(desk: Desk, ledger: Ledger) -> None:
    assert len(desk.generate("video", {"number_of_videos": 3}).videos) == 3
    assert ledger.total_charges == ledger.posts == 3
