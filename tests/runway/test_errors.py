"""Bodies as recorded or documented, each landing in its class. The last column: may another provider be tried?"""

from typing import Any

import pytest
from tests.runway.desk import FILM, Desk

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
from tarash.testkit.runway import RunwaySimulator, TaskOutcome, errors
from tarash.testkit.steps import Answer

Row = tuple[Answer, type[TarashException], str, bool]

MODERATION_ISSUE = errors.issue("invalid_enum_value", ["contentModeration", "publicFigureThreshold"], "Invalid")
CREDIT_ISSUE = errors.issue("custom", ["promptText"], "credits are no subject")
MANY = [errors.issue("invalid_type", ["references", number, "uri"], f"Required {number}") for number in range(9)]

TABLE: dict[str, Row] = {
    "bad value": (
        errors.invalid_field("ratio", "Expected one of 1280:720", "invalid_enum_value"),
        ValidationError,
        "Validation of body failed; ratio: Expected one of 1280:720. Nothing was paid",
        False,
    ),
    "too long": (errors.invalid_field("promptText", "too long", "too_big"), ValidationError, "too long", False),
    "unknown parameter": (
        errors.invalid(errors.issue("unrecognized_keys", [], "Unrecognized key(s): style")),
        ValidationError,
        "body: Unrecognized key",
        False,
    ),
    "many issues": (errors.invalid(*MANY), ValidationError, r"references\.4\.uri: Required 4\. Nothing", False),
    "issues without texts": (
        errors.error(400, "Validation of body failed", issues=[{"code": "invalid_union", "path": ["model"]}, 1]),
        ValidationError,
        "model: invalid_union",
        False,
    ),
    "issues that are none": (errors.error(400, "Bad", issues="?"), ValidationError, "Bad. Nothing was paid", False),
    "no credits, as 400": (errors.no_credits(), InsufficientCreditsError, "not enough credits.*Buy some", False),
    "no credits, as 402": (errors.error(402, "Payment required"), InsufficientCreditsError, "Payment", False),
    "no credits, as 403": (errors.error(403, "Out of credits"), InsufficientCreditsError, "Out of credits", False),
    "a field that speaks of credits": (errors.invalid(CREDIT_ISSUE), ValidationError, "no subject", False),
    "content refused at once": (
        errors.error(400, "The prompt did not pass content moderation."),
        ContentModerationError,
        "refused the content.*Nothing was paid",
        False,
    ),
    "a bad moderation setting": (errors.invalid(MODERATION_ISSUE), ValidationError, "contentModeration", False),
    "wrong key": (errors.unauthorized(), HTTPError, "HTTP 401.*Check the key", False),
    "forbidden": (errors.error(403, "Not for this tier"), HTTPError, "HTTP 403: Not for this tier", False),
    "not found": (errors.no_path(), HTTPError, "HTTP 404: Not found", False),
    "wrong method": (errors.no_method(), HTTPError, "HTTP 405.*Check base_url", False),
    "too large": (errors.error(413, "Payload too large"), ValidationError, "Payload too large", False),
    "wrong type": (errors.error(415, "JSON only"), ValidationError, "JSON only", False),
    "unprocessable": (errors.error(422, "No"), ValidationError, "No. Nothing", False),
    "server": (errors.error(500, "Internal server error"), HTTPError, "HTTP 500", True),
    "overloaded": (errors.overloaded(502), HTTPError, "HTTP 502", True),
    "HTML of a proxy": (errors.proxy_page(502), SubmitOutcomeUnknownError, "It is unknown", True),
    "HTML of a proxy, 404": (errors.proxy_page(404), HTTPError, "HTTP 404", False),
    "another shape": (Answer(500, json={"error": {"code": 500}}), SubmitOutcomeUnknownError, "It is unknown", True),
}
WORKS = [("text_to_video", "video"), ("text_to_image", "image"), ("text_to_speech", "tts"), ("speech_to_speech", "sts")]


@pytest.mark.parametrize(("operation", "kind"), WORKS)
@pytest.mark.parametrize("name", TABLE)
def test_a_refusal_lands_in_its_class(desk: Desk, ledger: Ledger, name: str, operation: str, kind: str) -> None:
    answer, expected, message, retryable = TABLE[name]
    desk.vendor.fail_next(operation, answer, times=None)
    with pytest.raises(TarashException, match=message) as caught:
        desk.generate(kind)
    error = caught.value
    assert type(error) is expected
    assert error.retryable is retryable
    assert (error.provider, error.model) == ("runway", desk.config(kind).model)
    assert error.raw_response
    assert ledger.posts == 1
    assert getattr(error, "status_code", answer.status) == answer.status


@pytest.mark.parametrize(("told", "waited"), [("3", 3.0), (None, None), ("never", None)])
def test_a_rate_limit_is_waited_for(desk: Desk, ledger: Ledger, told: str | None, waited: float | None) -> None:
    desk.vendor.fail_next("create", errors.daily_cap(told))
    desk.generate("video")
    assert (ledger.posts, ledger.total_charges) == (2, 1)
    assert waited is None or desk.vendor.clock.sleeps[0] == waited


def test_a_daily_cap_that_stays_is_an_error(desk: Desk, ledger: Ledger) -> None:
    desk.vendor.fail_next("create", errors.daily_cap(), times=None)
    with pytest.raises(HTTPError, match=r"HTTP 429.*for today; another provider may be tried") as caught:
        desk.generate("video")
    assert caught.value.retryable
    assert ledger.total_charges == 0


def test_an_overload_is_waited_for(desk: Desk, ledger: Ledger) -> None:
    desk.vendor.fail_next("create", errors.overloaded(503))
    desk.generate("video")
    assert (ledger.posts, ledger.total_charges) == (2, 1)


def test_an_empty_account_is_no_validation_error(desk: Desk, ledger: Ledger) -> None:
    with RunwaySimulator(clock=desk.vendor.clock, balance=30) as poor:
        there = Desk(desk.world, poor)
        there.generate("video")
        with pytest.raises(InsufficientCreditsError) as caught:
            there.generate("video", {"duration_seconds": 10})
    assert not caught.value.retryable
    assert poor.ledger.total_amount == 25


FAILURES: list[tuple[str | None, type[TarashException], str]] = [
    ("SAFETY.INPUT.TEXT", ContentModerationError, "The input was refused, and is paid for"),
    ("SAFETY.INPUT.IMAGE", ContentModerationError, "The input was refused"),
    ("SAFETY.INPUT", ContentModerationError, "The input was refused"),
    ("SAFETY.OUTPUT.VIDEO", ContentModerationError, "Another prompt may work"),
    ("SAFETY", ContentModerationError, "Change the prompt or the inputs"),
    ("SAFETY.SOMETHING.NEW", ContentModerationError, "Change the prompt or the inputs"),
    ("INPUT_PREPROCESSING.SAFETY.TEXT", ContentModerationError, "The prompt was refused"),
    ("INPUT_PREPROCESSING.SAFETY.THIRD_PARTY", ContentModerationError, "The filter of the model's maker"),
    ("INPUT_PREPROCESSING.SAFETY.AUDIO", ContentModerationError, "Change the prompt or the inputs"),
    ("THIRD_PARTY.SAFETY", ContentModerationError, "Change the prompt or the inputs"),
    ("INPUT_PREPROCESSING.INTERNAL", GenerationFailedError, "could not handle the input. It may work later"),
    ("THIRD_PARTY.INPUT_VALIDATION", ValidationError, "refused the parameters"),
    ("THIRD_PARTY.INPUT_VALIDATION.RATIO", ValidationError, "refused the parameters"),
    ("THIRD_PARTY.UNAVAILABLE", GenerationFailedError, "could not do it now"),
    ("ASSET.INVALID", ValidationError, "wrong size, format or length"),
    ("ASSETS", GenerationFailedError, "fault of Runway"),
    ("INTERNAL.BAD_OUTPUT.CODE01", GenerationFailedError, "too poor"),
    ("INTERNAL", GenerationFailedError, "fault of Runway"),
    ("SOMETHING.NEW", GenerationFailedError, "fault of Runway"),
    (None, GenerationFailedError, "fault of Runway"),
]


@pytest.mark.parametrize(("code", "expected", "message"), FAILURES)
def test_a_task_that_fails_says_why(
    desk: Desk, ledger: Ledger, code: str | None, expected: type[TarashException], message: str
) -> None:
    desk.vendor.next_task(TaskOutcome(failure="It did not work.", failure_code=code))
    with pytest.raises(TarashException, match=message) as caught:
        desk.generate("video")
    assert type(caught.value) is expected
    assert "It did not work" in str(caught.value)
    assert code is None or f"({code})" in str(caught.value)
    assert caught.value.retryable is (expected is GenerationFailedError)
    assert caught.value.job is not None
    assert caught.value.raw_response["status"] == "FAILED"
    assert ledger.posts == 1


@pytest.mark.parametrize("final", ["CANCELLED", "CANCELED"])
def test_a_task_that_was_cancelled_is_over_at_once(desk: Desk, final: str) -> None:
    desk.vendor.next_task(TaskOutcome(final=final))
    with pytest.raises(GenerationFailedError, match="was cancelled or deleted at Runway"):
        desk.generate("video")


def test_a_state_that_nobody_knows_is_waited_through(desk: Desk, caplog: pytest.LogCaptureFixture) -> None:
    desk.vendor.next_task(TaskOutcome(statuses=["DREAMING", "DREAMING"]))
    assert desk.generate("video").status == "completed"
    assert caplog.text.count("DREAMING") == 1


@pytest.mark.parametrize("progress", [7, -1, "half", None, [1]])
def test_progress_that_makes_no_sense_harms_nothing(desk: Desk, progress: Any) -> None:
    desk.vendor.next_task(TaskOutcome(statuses=[{"status": "RUNNING", "progress": progress}]))
    updates: list[Any] = []
    assert desk.ask("resume", desk.submit("video"), updates.append).status == "completed"
    assert all(one.progress_percent is None or 0 <= one.progress_percent <= 100 for one in updates)


def test_an_answer_about_another_task_is_not_believed(desk: Desk, ledger: Ledger) -> None:
    other = {"id": "another", "status": "SUCCEEDED", "output": ["https://elsewhere.example/film.mp4"]}
    desk.vendor.next_task(TaskOutcome(statuses=[other]))
    response = desk.generate("video")
    assert response.job.provider_ids == [desk.vendor.tasks[0].id]
    assert "elsewhere" not in response.video


@pytest.mark.parametrize("links", [[], None, [None], "https://example.com/film.mp4", {}])
def test_a_task_without_any_output_is_a_failure(desk: Desk, links: Any) -> None:
    desk.vendor.next_task(TaskOutcome(statuses=[{"status": "SUCCEEDED", "output": links}]))
    with pytest.raises(GenerationFailedError, match="finished the job without any output"):
        desk.generate("video")


def test_a_task_that_vanished_is_not_found(desk: Desk) -> None:
    job = desk.submit("video")
    assert desk.ask("poll", job).status == "queued"
    desk.vendor.forget(job.provider_ids[0])
    desk.vendor.clock.advance(100)
    with pytest.raises(JobNotFoundError, match="does not know this job"):
        desk.ask("resume", job)


def test_a_retired_model_is_named_with_its_replacement(desk: Desk) -> None:
    with pytest.raises(ValidationError, match=r"gen4_aleph is retired since 2026-07-30\. Use aleph2 instead"):
        desk.generate("video", {"video": FILM}, model="gen4_aleph")
    assert desk.vendor.requests("video_to_video")[0].json["model"] == "gen4_aleph"


@pytest.mark.parametrize(
    "answer",
    [
        Answer(200, {}, b""),
        Answer(200, json=[1]),
        Answer(200, json={"estimatedCost": {"credits": 5}}),
        Answer(200, json={"id": 5}),
        Answer(200, {"Content-Type": "text/html"}, b"<html>"),
    ],
)
def test_a_success_that_cannot_be_read_may_have_been_paid(desk: Desk, ledger: Ledger, answer: Answer) -> None:
    desk.vendor.fail_next("create", answer, charged=True)
    with pytest.raises(SubmitOutcomeUnknownError) as caught:
        desk.generate("video")
    assert caught.value.possibly_billed
    assert (ledger.posts, ledger.total_charges) == (1, 1)


def test_an_id_that_could_lead_elsewhere_is_not_asked_for(desk: Desk, ledger: Ledger) -> None:
    desk.vendor.fail_next("create", Answer(200, json={"id": "../organization"}))
    with pytest.raises(TarashException):
        desk.generate("video")
    assert desk.vendor.server.requests.matching("GET") == []
    assert ledger.posts == 1
