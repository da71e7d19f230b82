"""Each refusal and each failure lands in its class, in both worlds."""

from typing import Any

import pytest
from tests.replicate.desk import Desk

from tarash.tarash_gateway.exceptions import (
    ContentModerationError,
    GenerationFailedError,
    HTTPError,
    InsufficientCreditsError,
    SubmitOutcomeUnknownError,
    TarashException,
    ValidationError,
)
from tarash.testkit.ledger import Ledger
from tarash.testkit.replicate import PredictionOutcome, errors
from tarash.testkit.steps import Answer

TABLE: dict[str, tuple[Answer, type[TarashException], str, bool]] = {
    "no token": (errors.unauthenticated(), HTTPError, "HTTP 401: Unauthenticated.*token", False),
    "no credit": (errors.no_credit(), InsufficientCreditsError, "Top it up", False),
    "forbidden": (errors.error(403, "Forbidden", "You may not."), HTTPError, "HTTP 403", False),
    "unknown model": (errors.not_found(), HTTPError, "HTTP 404.*could not be found", False),
    "too large": (errors.error(413, "Content too large", "Too large."), ValidationError, "Too large", False),
    "invalid input": (errors.invalid_input("prompt", "prompt is required"), ValidationError, "is required", False),
    "fields alone": (
        Answer(422, json={"title": "Bad", "invalid_fields": [{"field": "input.seed", "description": "no number"}]}),
        ValidationError,
        "input.seed: no number",
        False,
    ),
    "bad version": (
        errors.error(422, "Invalid version or not permitted", "No such version."),
        ValidationError,
        "Invalid version",
        False,
    ),
    "flagged": (
        errors.error(422, "Rejected", "The prompt was flagged as sensitive"),
        ContentModerationError,
        "refused",
        False,
    ),
    "server": (errors.error(500, "Internal", "Something broke."), HTTPError, "HTTP 500", True),
    "overloaded": (Answer(503, json={"detail": "Service unavailable."}), HTTPError, "HTTP 503", True),
    "proxy, 502": (Answer(502, body="<html></html>"), SubmitOutcomeUnknownError, "unknown", True),
    "foreign JSON, 500": (Answer(500, json={"message": "bad gateway"}), SubmitOutcomeUnknownError, "unknown", True),
}


@pytest.mark.parametrize("name", TABLE)
def test_a_refusal_lands_in_its_class(desk: Desk, ledger: Ledger, name: str) -> None:
    answer, expected, message, retryable = TABLE[name]
    desk.vendor.fail_next("create", answer, times=None)
    desk.vendor.models.clear()
    with pytest.raises(TarashException, match=message) as caught:
        desk.generate("video")
    assert type(caught.value) is expected
    assert caught.value.retryable is retryable
    assert caught.value.job is None
    assert (ledger.posts, ledger.total_charges) == (1, 0)


FAILURES: dict[str, tuple[dict[str, Any], type[TarashException], str]] = {
    "E005": (
        {"error": "The input or output was flagged as sensitive. Please try again with different inputs. (E005)"},
        ContentModerationError,
        "flagged",
    ),
    "NSFW": ({"error": "NSFW content detected. Try another prompt."}, ContentModerationError, "NSFW"),
    "interrupted": (
        {"error": "Prediction interrupted; please retry (code: PA)"},
        GenerationFailedError,
        "submit it again",
    ),
    "timed out": ({"error": "Prediction timed out"}, GenerationFailedError, "took too long"),
    "out of memory": ({"error": "CUDA out of memory (E1001)"}, GenerationFailedError, "ask for less"),
    "unknown": ({"error": "E1000: unknown"}, GenerationFailedError, "E1000"),
    "no reason": ({"final": "failed"}, GenerationFailedError, "no reason given"),
    "canceled": ({"final": "canceled"}, GenerationFailedError, "it was cancelled"),
    "aborted": ({"final": "aborted"}, GenerationFailedError, "deadline passed"),
}


@pytest.mark.parametrize("name", FAILURES)
def test_a_failed_job_lands_in_its_class(desk: Desk, ledger: Ledger, name: str) -> None:
    outcome, expected, message = FAILURES[name]
    desk.vendor.next_prediction(PredictionOutcome(**outcome))
    with pytest.raises(expected, match=message) as caught:
        desk.generate("video")
    assert caught.value.job is not None
    assert caught.value.raw_response["id"] == caught.value.job.provider_ids[0]
    assert ledger.posts == 1


def test_a_removed_output_is_no_success(desk: Desk) -> None:
    desk.vendor.next_prediction(PredictionOutcome(output={"text": "nothing"}))
    with pytest.raises(TarashException) as caught:
        desk.generate("video")
    assert caught.value.job is not None


@pytest.mark.parametrize(
    "detail",
    [
        {"detail": "Request was throttled.", "retry_after": 7},
        {"detail": "Request was throttled. Your rate limit resets in ~7s."},
    ],
)
def test_a_throttled_submit_waits_as_told(desk: Desk, ledger: Ledger, detail: dict[str, Any]) -> None:
    desk.vendor.fail_next("create", Answer(429, json=detail))
    assert desk.generate("video").status == "completed"
    assert 7 in desk.vendor.clock.sleeps
    assert (ledger.posts, ledger.total_charges) == (2, 1)
