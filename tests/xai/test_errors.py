"""Bodies as recorded or documented, each landing in its class. The last column: may another provider be tried?"""

from typing import Any

import pytest
from tests.xai.desk import CLIP_LINK, Desk

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
from tarash.testkit.steps import Answer
from tarash.testkit.xai import VideoOutcome, errors

MODERATED = errors.moderated()
OLD_MODERATED = errors.error(
    400, "Client specified an invalid argument", "Generated image rejected by content moderation."
)
PATTERN = "Invalid value for `duration`"
REFUSALS: list[tuple[str, Answer, type[TarashException], str, bool]] = [
    ("wrong key", errors.wrong_key(), HTTPError, "HTTP 400.*Incorrect API key.*Check the key", False),
    (
        "wrong key, OpenAI's shape",
        errors.openai_error(401, "invalid_api_key", "Invalid API key."),
        HTTPError,
        "401",
        False,
    ),
    ("no key", errors.no_key(), HTTPError, "HTTP 401.*No key was sent", False),
    ("moderation", MODERATED, ContentModerationError, "refused the content.*charged all the same", False),
    ("moderation, code as a sentence", OLD_MODERATED, ContentModerationError, "content moderation", False),
    ("wrong value", errors.invalid(PATTERN), ValidationError, r"`duration` \(invalid-argument\)", False),
    (
        "wrong value, code as a sentence",
        errors.error(400, "Client specified an invalid argument", PATTERN),
        ValidationError,
        PATTERN,
        False,
    ),
    ("wrong value, OpenAI's shape", errors.openai_error(400, None, PATTERN), ValidationError, PATTERN, False),
    ("wrong schema", errors.unreadable("missing field `prompt`"), ValidationError, "missing field", False),
    ("wrong method", errors.error(405, "method-not-allowed", "Not allowed"), HTTPError, "HTTP 405.*base_url", False),
    ("blocked", errors.error(403, "permission-denied", "Your team is blocked."), HTTPError, "HTTP 403.*team", False),
    ("no credit, 403", errors.no_credit(), InsufficientCreditsError, "no money left", False),
    ("no credit, 429", errors.no_credit(429), InsufficientCreditsError, "spending limit", False),
    ("no credit, 402", errors.error(402, "payment-required", "Pay."), InsufficientCreditsError, "Top it up", False),
    ("unknown model", errors.unknown_model("grok"), HTTPError, "HTTP 404.*does not exist", False),
    ("vendor's own failure", errors.server_error(), HTTPError, "HTTP 500.*Internal error", True),
    ("vendor is busy", errors.error(503, "unavailable", "Overloaded."), HTTPError, "HTTP 503", True),
    ("text of a proxy", Answer(503, json={"error": "no upstream"}), SubmitOutcomeUnknownError, "It is unknown", True),
    (
        "vendor is busy, OpenAI's shape",
        Answer(503, json={"error": {"message": "Overloaded."}}),
        HTTPError,
        "HTTP 503.*Overloaded",
        True,
    ),
    (
        "code without a text",
        Answer(400, json={"code": "invalid-argument", "error": ""}),
        ValidationError,
        "argument",
        False,
    ),
]


@pytest.mark.parametrize("operation", ["generate", "generate_image", "tts"])
@pytest.mark.parametrize(
    ("answer", "kind", "text", "retryable"), [row[1:] for row in REFUSALS], ids=[row[0] for row in REFUSALS]
)
def test_a_refusal_lands_in_its_class(
    desk: Desk, ledger: Ledger, operation: str, answer: Answer, kind: Any, text: str, retryable: bool
) -> None:
    desk.vendor.fail_next(operation, answer, times=None)
    work = {"generate": "video", "generate_image": "image", "tts": "tts"}[operation]
    with pytest.raises(kind, match=text) as caught:
        desk.generate(work)
    assert type(caught.value) is kind
    assert (caught.value.retryable, caught.value.provider, ledger.posts) == (retryable, "xai", 1)
    assert caught.value.raw_response


def test_speech_tells_its_errors_as_text(desk: Desk) -> None:
    desk.vendor.fail_next("tts", errors.speech_error(400, "speed must be between 0.7 and 1.5"))
    with pytest.raises(ValidationError, match=r"xAI refused the request: speed must be between 0.7 and 1.5"):
        desk.generate("tts")


@pytest.mark.parametrize("seconds", [3, None])
def test_too_many_requests_are_waited_out(desk: Desk, ledger: Ledger, seconds: int | None) -> None:
    desk.vendor.fail_next("generate_image", errors.rate_limited(seconds))
    assert desk.generate("image").images
    assert (ledger.posts, ledger.total_charges) == (2, 1)
    assert seconds is None or seconds in desk.vendor.clock.sleeps


def test_missing_credit_is_not_asked_for_again(desk: Desk, ledger: Ledger) -> None:
    desk.vendor.fail_next("generate_image", errors.no_credit(429), times=None)
    with pytest.raises(InsufficientCreditsError):
        desk.generate("image")
    assert ledger.posts == 1


FAILURES: list[tuple[dict[str, Any], type[TarashException], str, bool]] = [
    ({"error": {"code": "invalid_argument", "message": "Too long."}}, ValidationError, "Too long", False),
    ({"error": {"code": "failed_precondition", "message": "No MP4."}}, ValidationError, "No MP4", False),
    ({"error": {"code": "permission_denied", "message": "No."}}, GenerationFailedError, "key or its team", True),
    ({"error": {"code": "service_unavailable", "message": "Busy."}}, GenerationFailedError, "may work later", True),
    ({"error": {"code": "internal", "message": "Oh."}}, GenerationFailedError, "fault of xAI", True),
    ({"error": {"code": "new_code", "message": "Hm."}}, GenerationFailedError, r"Hm \(new_code\)", True),
    ({"error": {"code": "x", "message": "Rejected by content moderation."}}, ContentModerationError, "Rejected", False),
    ({"error": {"code": "imagine:content-moderated"}}, ContentModerationError, "content-moderated", False),
    ({"expired": True}, GenerationFailedError, "its state is 'expired'", True),
    ({"error": {}}, GenerationFailedError, "no reason given", True),
    ({"withheld": "video"}, ContentModerationError, "is withheld. It is charged", False),
    ({"withheld": "answer"}, ContentModerationError, "Generated video rejected by content moderation.*charged", False),
]


@pytest.mark.parametrize(("outcome", "kind", "text", "retryable"), FAILURES)
def test_a_failed_video_lands_in_its_class(
    desk: Desk, ledger: Ledger, outcome: dict[str, Any], kind: Any, text: str, retryable: bool
) -> None:
    desk.vendor.next_video(VideoOutcome(**outcome))
    with pytest.raises(kind, match=text) as caught:
        desk.generate("video")
    assert type(caught.value) is kind
    assert caught.value.retryable == retryable
    assert caught.value.job is not None
    assert caught.value.raw_response
    assert (ledger.posts, ledger.total_charges) == (1, 1)


def test_moderation_on_the_poll_ends_the_wait_at_once(desk: Desk, ledger: Ledger) -> None:
    desk.vendor.next_video(VideoOutcome(withheld="answer", queue_seconds=0, run_seconds=0))
    with pytest.raises(ContentModerationError) as caught:
        desk.generate("video")
    assert ledger.polls == 1
    assert caught.value.raw_response["usage"] == {"cost_in_usd_ticks": 4_000_000_000}


def test_a_wrong_key_on_the_poll_ends_the_wait_with_the_job(desk: Desk) -> None:
    job = desk.submit("video")
    desk.vendor.fail_next("retrieve", errors.wrong_key(), times=None)
    with pytest.raises(HTTPError, match="Incorrect API key") as caught:
        desk.ask("resume", job)
    assert caught.value.job is not None


def test_pictures_that_are_all_withheld_are_moderated(desk: Desk, ledger: Ledger) -> None:
    desk.vendor.withhold_images(2)
    with pytest.raises(ContentModerationError, match="They are charged all the same"):
        desk.generate("image", {"n": 2})
    assert ledger.posts == 1


def test_a_video_that_vanished_is_not_found(desk: Desk) -> None:
    job = desk.submit("video")
    desk.ask("poll", job)
    desk.vendor.forget(job.provider_ids[0])
    with pytest.raises(JobNotFoundError):
        desk.ask("resume", job)


def test_the_error_of_a_retired_model_names_its_successor(desk: Desk) -> None:
    desk.vendor.fail_next("generate_image", errors.unknown_model("grok-imagine-image-pro"))
    with pytest.raises(HTTPError, match=r"retired since 2026-05-15\. Use grok-imagine-image-2.0"):
        desk.generate("image", model="grok-imagine-image-pro")


def test_another_job_s_answer_is_not_believed(desk: Desk) -> None:
    wrong = {"request_id": "other", "status": "done", "video": {"url": CLIP_LINK}}
    desk.vendor.next_video(VideoOutcome(answers=[wrong], queue_seconds=0, run_seconds=0))
    assert desk.generate("video").video != CLIP_LINK


UNREADABLE = [
    ("video", "generate", Answer(200, json={"id": "wrong name"})),
    ("video", "generate", Answer(200, {}, b"")),
    ("image", "generate_image", Answer(200, json=[1])),
    ("image", "generate_image", Answer(200, json={"data": [{"b64_json": "%%%"}]})),
    ("tts", "tts", Answer(200, {"Content-Type": "audio/mpeg"}, b"")),
    ("tts", "tts", Answer(200, {"Content-Type": "text/html"}, b"<html>busy</html>")),
]


@pytest.mark.parametrize(("kind", "operation", "answer"), UNREADABLE)
def test_a_success_that_cannot_be_read_may_have_been_paid(
    desk: Desk, ledger: Ledger, kind: str, operation: str, answer: Answer
) -> None:
    desk.vendor.fail_next(operation, answer, charged=True)
    with pytest.raises(SubmitOutcomeUnknownError) as caught:
        desk.generate(kind)
    assert caught.value.possibly_billed
    assert (ledger.posts, ledger.total_charges) == (1, 1)
