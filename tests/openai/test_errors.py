"""Bodies as recorded or documented, each landing in its class. The last column: may another provider be tried?"""

from typing import Any

import pytest
from tests.openai.desk import Desk

from tarash.tarash_gateway.exceptions import (
    ContentModerationError,
    GenerationFailedError,
    HTTPError,
    InsufficientCreditsError,
    JobNotFoundError,
    SubmitOutcomeUnknownError,
    TarashException,
    ValidationError,
)
from tarash.testkit.ledger import Ledger
from tarash.testkit.openai import VideoOutcome, errors
from tarash.testkit.steps import Answer

Row = tuple[Answer, type[TarashException], str, bool]

TABLE: dict[str, Row] = {
    "bad value": (
        errors.invalid_value("size", "'9x9'"),
        ValidationError,
        r"'size'.*\(code invalid_value, param size\)",
        False,
    ),
    "wrong type": (errors.error(400, "invalid_type", param="input_reference"), ValidationError, "invalid_type", False),
    "unknown parameter": (errors.unknown_parameter("seed"), ValidationError, "Unknown parameter: 'seed'", False),
    "too large": (errors.error(413, None, "Request too large."), ValidationError, "Request too large", False),
    "unprocessable": (errors.error(422, None, "No."), ValidationError, "No.", False),
    "wrong key": (errors.unauthorized(), HTTPError, "HTTP 401.*Check the key", False),
    "not from here": (errors.error(403, None, "Country not supported"), HTTPError, "HTTP 403.*Country", False),
    "unknown model": (errors.unknown_model("x"), HTTPError, "HTTP 404.*does not exist.*Check the model", False),
    "conflict": (errors.error(409, None, "locked"), HTTPError, "HTTP 409: locked", False),
    "no quota as 429": (errors.no_quota(), InsufficientCreditsError, "no money or quota.*Top it up", False),
    "no balance": (errors.error(429, "credit_balance_exhausted"), InsufficientCreditsError, "no money", False),
    "hard limit as 400": (errors.error(400, "billing_hard_limit_reached"), InsufficientCreditsError, "no money", False),
    "payment required": (errors.error(402, None, "Pay."), InsufficientCreditsError, "Pay.", False),
    "image moderated": (
        errors.moderation_blocked(["sexual", "violence"], "output"),
        ContentModerationError,
        "sexual, violence, found in the output",
        False,
    ),
    "image moderated, without details": (
        errors.error(400, "moderation_blocked", kind="image_generation_user_error"),
        ContentModerationError,
        "refused the content",
        False,
    ),
    "DALL-E's policy": (errors.content_policy_violation(), ContentModerationError, "safety system", False),
    "Azure's filter": (errors.azure_filtered(), ContentModerationError, r"\(violence\)", False),
    "Azure's filter, chat style": (
        errors.azure_filtered(chat_style=True, category="self_harm"),
        ContentModerationError,
        r"\(self_harm\)",
        False,
    ),
    "only the inner code": (
        Answer(400, json={"error": {"message": "no", "innererror": {"code": "ResponsibleAIPolicyViolation"}}}),
        ContentModerationError,
        "no",
        False,
    ),
    "wrong deployment": (errors.deployment_not_found(), HTTPError, "DeploymentNotFound", False),
    "wrong path at Azure": (errors.azure_not_found(), HTTPError, "Resource not found", False),
    "blocked at Azure": (
        errors.error(403, "Forbidden", "temporarily blocked"),
        HTTPError,
        "temporarily blocked",
        False,
    ),
    "Azure's front door": (errors.front_door(401, "Access denied"), HTTPError, "HTTP 401: Access denied", False),
    "server": (errors.server_error(), HTTPError, "HTTP 500", True),
    "overloaded": (errors.server_error(503, "server_is_overloaded"), HTTPError, "HTTP 503", True),
    "numeric code of a gateway": (
        Answer(500, json={"error": {"code": 500, "message": "bang"}}),
        HTTPError,
        "bang",
        True,
    ),
    "text as error": (Answer(400, json={"error": "bad model"}), ValidationError, "bad model", False),
    "text of a proxy": (
        Answer(503, json={"error": "no healthy upstream"}),
        SubmitOutcomeUnknownError,
        "It is unknown",
        True,
    ),
    "HTML of a proxy": (errors.proxy_page(502), SubmitOutcomeUnknownError, "It is unknown", True),
    "HTML of a proxy, 404": (errors.proxy_page(404), HTTPError, "HTTP 404", False),
}


@pytest.mark.parametrize("provider", ["openai", "azure-openai"])
@pytest.mark.parametrize(("operation", "kind"), [("generate", "image"), ("speech", "tts"), ("create", "video")])
@pytest.mark.parametrize("name", TABLE)
def test_a_refusal_lands_in_its_class(
    desk: Desk, ledger: Ledger, name: str, operation: str, kind: str, provider: str
) -> None:
    answer, expected, message, retryable = TABLE[name]
    desk.vendor.fail_next(operation, answer, times=None)
    with pytest.raises(TarashException, match=message) as caught:
        desk.generate(kind, provider=provider)
    error = caught.value
    assert type(error) is expected
    assert error.retryable is retryable
    assert (error.provider, error.model) == (provider, desk.config(kind).model)
    assert error.raw_response
    assert ledger.posts == 1
    assert getattr(error, "status_code", answer.status) in (answer.status, None)


def test_a_rate_limit_is_waited_for_as_told(desk: Desk, ledger: Ledger) -> None:
    desk.vendor.fail_next("generate", errors.rate_limited(retry_after_ms=2500))
    desk.generate("image")
    assert desk.vendor.clock.sleeps == [2.5]
    assert (ledger.posts, ledger.total_charges) == (2, 1)


def test_a_rate_limit_that_stays_is_an_error(desk: Desk, ledger: Ledger) -> None:
    desk.vendor.fail_next("speech", errors.rate_limited(), times=None)
    with pytest.raises(HTTPError, match=r"HTTP 429.*Too many") as caught:
        desk.generate("tts")
    assert caught.value.retryable
    assert ledger.total_charges == 0


@pytest.mark.parametrize(
    ("error", "expected", "message"),
    [
        ({"code": "moderation_blocked", "message": "Blocked."}, ContentModerationError, "Blocked."),
        ({"code": "sentinel_block", "message": "Blocked."}, ContentModerationError, "Blocked."),
        ({"code": "insufficient_quota", "message": "Empty."}, InsufficientCreditsError, "Empty."),
        ({"code": "server_error", "message": "Broken."}, GenerationFailedError, "could not finish the job: Broken."),
        ({}, GenerationFailedError, "its state is 'failed'"),
    ],
)
def test_a_job_that_fails_says_why(
    desk: Desk, ledger: Ledger, error: dict[str, Any], expected: type[TarashException], message: str
) -> None:
    final = "failed" if not error else None
    desk.vendor.next_video(VideoOutcome(error=error or None, final=final))
    with pytest.raises(expected, match=message) as caught:
        desk.generate("video")
    assert caught.value.job is not None
    assert caught.value.raw_response["status"] == "failed"
    assert ledger.posts == 1


@pytest.mark.parametrize("final", ["cancelled", "expired"])
def test_a_job_that_ended_otherwise_is_over_at_once(desk: Desk, final: str) -> None:
    desk.vendor.next_video(VideoOutcome(final=final))
    with pytest.raises(GenerationFailedError, match=f"its state is '{final}'"):
        desk.generate("video")


def test_a_state_that_nobody_knows_is_waited_through(desk: Desk, caplog: pytest.LogCaptureFixture) -> None:
    desk.vendor.next_video(VideoOutcome(statuses=["dreaming", "dreaming"]))
    assert desk.generate("video").status == "completed"
    assert caplog.text.count("dreaming") == 1


def test_an_answer_about_another_video_is_not_believed(desk: Desk, ledger: Ledger) -> None:
    desk.vendor.next_video(VideoOutcome(statuses=[{"id": "video_other", "status": "completed"}]))
    response = desk.generate("video")
    assert response.job.provider_ids == [desk.vendor.videos[0].id]
    assert ledger.posts == 1


def test_a_video_that_vanished_is_not_found(desk: Desk) -> None:
    job = desk.submit("video")
    assert desk.ask("poll", job).status == "queued"
    desk.vendor.forget(job.provider_ids[0])
    desk.vendor.clock.advance(100)
    with pytest.raises(JobNotFoundError, match="does not know this job"):
        desk.ask("resume", job)


def test_a_retired_model_is_named_when_it_is_not_there(desk: Desk) -> None:
    desk.vendor.fail_next("create", errors.unknown_model("sora-2"))
    with pytest.raises(HTTPError, match="sora-2 is retired since 2026-09-24"):
        desk.generate("video")


def test_images_that_the_filter_kept_back_are_moderated(desk: Desk) -> None:
    results = {"violence": {"filtered": True, "severity": "high"}, "hate": {"filtered": False, "severity": "safe"}}
    answer = Answer(200, json={"created": 1, "data": [{"content_filter_results": results}]})
    desk.vendor.fail_next("generate", answer)
    with pytest.raises(ContentModerationError, match="kept the images back: violence"):
        desk.generate("image", provider="azure-openai")


@pytest.mark.parametrize(
    ("kind", "operation", "answer"),
    [
        ("image", "generate", Answer(200, {}, b"")),
        ("image", "generate", Answer(200, json=[1])),
        ("image", "generate", Answer(200, json={"data": [{"b64_json": "%%%"}]})),
        ("image", "generate", Answer(200, {"Content-Type": "text/html"}, b"<html>")),
        ("tts", "speech", Answer(200, {"Content-Type": "audio/mpeg"}, b"")),
        ("tts", "speech", Answer(200, {"Content-Type": "text/html; charset=utf-8"}, b"<html>busy</html>")),
        ("tts", "speech", Answer(200, json={"detail": "?"})),
        ("video", "create", Answer(200, json={"object": "video"})),
        ("video", "create", Answer(200, {}, b"<html>")),
    ],
)
def test_a_success_that_cannot_be_read_may_have_been_paid(
    desk: Desk, ledger: Ledger, kind: str, operation: str, answer: Answer
) -> None:
    desk.vendor.fail_next(operation, answer, charged=True)
    with pytest.raises(SubmitOutcomeUnknownError) as caught:
        desk.generate(kind)
    assert caught.value.possibly_billed
    assert (ledger.posts, ledger.total_charges) == (1, 1)
