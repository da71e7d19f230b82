"""Bodies as documented, each landing in its class. The last column: may another provider be tried?"""

from typing import Any

import pytest
from tests.stability.desk import ONE, Desk

from tarash.tarash_gateway.exceptions import (
    ContentModerationError,
    HTTPError,
    InsufficientCreditsError,
    JobNotFoundError,
    SubmitOutcomeUnknownError,
    TarashException,
    ValidationError,
)
from tarash.testkit.ledger import Ledger
from tarash.testkit.stability import Outcome, errors
from tarash.testkit.steps import Answer, Step

Row = tuple[Answer, type[TarashException], str, bool]
PNG_ONLY = {"Content-Type": "image/png"}

TABLE: dict[str, Row] = {
    "bad value": (
        errors.bad_request("aspect_ratio: must be one of 1:1", "seed: must be a number."),
        ValidationError,
        r"aspect_ratio: must be one of 1:1; seed: must be a number \(bad_request\)\. Nothing was paid",
        False,
    ),
    "no reasons": (errors.bad_request(), ValidationError, "no reason given", False),
    "wrong key": (errors.unauthorized(), HTTPError, "HTTP 401.*Check the key", False),
    "no credit": (errors.no_credit(), InsufficientCreditsError, "no credits left.*Buy some", False),
    "no credit by name": (
        errors.error(400, "No credits.", name="payment_required"),
        InsufficientCreditsError,
        "no credits left",
        False,
    ),
    "content refused": (
        errors.moderated(),
        ContentModerationError,
        "refused the content.*Nothing was paid. Change the prompt",
        False,
    ),
    "content refused as 400": (
        errors.error(400, "Flagged.", name="content_moderation"),
        ContentModerationError,
        "Flagged",
        False,
    ),
    "forbidden feature": (errors.error(403, "Not for you."), HTTPError, "HTTP 403.*may not use this", False),
    "not found": (errors.not_found(), HTTPError, "HTTP 404.*Check the model's name", False),
    "too large": (errors.error(413, "Too large."), ValidationError, "Too large", False),
    "not English": (errors.error(422, "English is the only language."), ValidationError, "English", False),
    "server": (errors.error(500, "An unexpected error has occurred."), HTTPError, "HTTP 500", True),
    "server, later": (errors.error(503, "Busy.", name="x"), HTTPError, "HTTP 503", True),
    "HTML of a proxy": (errors.proxy_page(502), SubmitOutcomeUnknownError, "It is unknown", True),
    "HTML of a proxy, 404": (errors.proxy_page(404), HTTPError, "HTTP 404", False),
    "another shape": (Answer(500, json={"message": "no"}), SubmitOutcomeUnknownError, "It is unknown", True),
    "success that is none": (Answer(200, json={"seed": 1}), SubmitOutcomeUnknownError, "no usable 'image'", True),
    "success that is no base64": (Answer(200, json={"image": "?"}), SubmitOutcomeUnknownError, "not base64", True),
    "picture of no bytes": (Answer(200, PNG_ONLY), SubmitOutcomeUnknownError, "picture of no bytes", True),
    "success of a proxy": (errors.proxy_page(200), SubmitOutcomeUnknownError, "not JSON", True),
}
MODELS: list[tuple[str, dict[str, Any]]] = [("stable-image-core", {}), ("edit/inpaint", ONE), ("upscale/creative", ONE)]


@pytest.mark.parametrize(("model", "request_"), MODELS)
@pytest.mark.parametrize("name", TABLE)
def test_a_refusal_lands_in_its_class(
    desk: Desk, ledger: Ledger, name: str, model: str, request_: dict[str, Any]
) -> None:
    answer, expected, message, retryable = TABLE[name]
    desk.vendor.fail_next("create", answer, times=None)
    with pytest.raises(TarashException, match=message) as caught:
        desk.generate(request_, model)
    error = caught.value
    assert type(error) is expected
    assert error.retryable is retryable
    assert (error.provider, error.model) == ("stability", model)
    assert getattr(error, "status_code", answer.status) == answer.status
    assert (ledger.posts, ledger.total_charges) == (1, 0)


@pytest.mark.parametrize("accept", ["json", "image"])
def test_a_blurred_picture_is_no_success(desk: Desk, ledger: Ledger, accept: str) -> None:
    for model, request in MODELS:
        desk.vendor.next_work(Outcome(filtered=True))
        with pytest.raises(ContentModerationError, match=r"blurred by the filter \(CONTENT_FILTERED\)") as caught:
            desk.generate(request, model, provider_config={"accept": accept})
        assert not caught.value.retryable
        assert caught.value.raw_response["finish_reason"] == "CONTENT_FILTERED"
        assert "image" not in caught.value.raw_response
    assert ledger.posts == 3


@pytest.mark.parametrize(("told", "waited"), [("3", 3.0), (None, 60.0)])
def test_a_rate_limit_is_waited_for(desk: Desk, ledger: Ledger, told: str | None, waited: float) -> None:
    desk.vendor.fail_next("create", errors.too_many(told))
    desk.generate()
    assert (ledger.posts, ledger.total_charges) == (2, 1)
    assert desk.vendor.clock.sleeps == [waited]


def test_a_rate_limit_that_outlasts_the_job_s_time_is_an_error(desk: Desk, ledger: Ledger) -> None:
    desk.vendor.fail_next("create", errors.too_many(), times=None)
    with pytest.raises(HTTPError, match=r"HTTP 429.*in a minute") as caught:
        desk.generate(timeout=30)
    assert (caught.value.retryable, caught.value.retry_after, ledger.posts) == (True, 60, 1)


FAILURES: dict[str, tuple[Answer, type[TarashException], str]] = {
    "moderated": (errors.moderated(), ContentModerationError, "refused the content"),
    "bad": (errors.bad_request("creativity: out of range"), ValidationError, "creativity"),
}


@pytest.mark.parametrize("name", FAILURES)
def test_slow_work_that_fails_says_why(desk: Desk, ledger: Ledger, name: str) -> None:
    answer, expected, message = FAILURES[name]
    desk.vendor.next_work(Outcome(answer=answer))
    with pytest.raises(TarashException, match=message) as caught:
        desk.generate(ONE, "upscale/creative")
    assert type(caught.value) is expected
    assert caught.value.job is not None
    assert ledger.posts == 1


def test_work_that_vanished_is_not_found(desk: Desk) -> None:
    job = desk.submit(ONE, "upscale/creative")
    assert desk.ask("poll", job).status == "processing"
    desk.vendor.clock.advance(31)
    desk.vendor.forget(job.provider_ids[0])
    with pytest.raises(JobNotFoundError, match="gone after 24 hours"):
        desk.ask("resume", job)


@pytest.mark.parametrize(("model", "advice"), [("sd3-large", "sd3-large is retired since 2025-04-17. Use sd3.5-large")])
def test_a_retired_model_that_is_refused_names_its_successor(desk: Desk, model: str, advice: str) -> None:
    refusal: Step = errors.bad_request("model: must be one of sd3.5-large")
    desk.vendor.fail_next("create", refusal)
    with pytest.raises(ValidationError, match=advice):
        desk.generate(model=model)
