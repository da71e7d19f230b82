"""Bodies as recorded or documented, each landing in its class. The last column: may another provider be tried?"""

from typing import Any

import pytest
from tests.luma.desk import MODELS, OLDER_MODELS, Desk

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
from tarash.testkit.luma import GenerationOutcome, LumaSimulator, errors
from tarash.testkit.steps import Answer

Row = tuple[Answer, type[TarashException], str, bool]
MANY = [{"loc": ["body", "keyframes", number], "msg": f"Wrong {number}", "type": "x"} for number in range(9)]

TABLE: dict[str, Row] = {
    "bad field": (
        errors.invalid(["video", "duration"], "Input should be '5s' or '10s'"),
        ValidationError,
        r"body\.video\.duration: Input should be '5s' or '10s'\. Nothing was paid",
        False,
    ),
    "many bad fields": (errors.error(422, MANY), ValidationError, r"keyframes\.4: Wrong 4\. Nothing", False),
    "fields without words": (
        errors.error(422, [{"loc": "?", "type": "missing"}, 1]),
        ValidationError,
        r"request: missing\.",
        False,
    ),
    "no prompt": (errors.error(400, "Prompt is required"), ValidationError, "Prompt is required. Nothing", False),
    "short prompt": (
        errors.error(400, "Prompt is shorter than 3 characters."),
        ValidationError,
        "shorter than 3",
        False,
    ),
    "loop": (errors.error(400, "Loop is not supported with frame1"), ValidationError, "Loop is not", False),
    "moderated at once": (errors.moderated(), ContentModerationError, "refused the content.*blacklist", False),
    "moderated, as 422": (
        errors.error(422, "Advanced prompt moderation failed"),
        ContentModerationError,
        "moderation failed",
        False,
    ),
    "moderated, as 403": (errors.error(403, "Blacklisted words"), ContentModerationError, "Blacklisted", False),
    "no balance, as 402": (errors.no_credits(agents=True), InsufficientCreditsError, "no money left.*Top it", False),
    "no credits, as 400": (errors.no_credits(agents=False), InsufficientCreditsError, "Insufficient credits", False),
    "402 of any words": (errors.error(402, "Payment required"), InsufficientCreditsError, "Payment", False),
    "budget, as 403": (errors.error(403, "Monthly budget exhausted"), InsufficientCreditsError, "budget", False),
    "no credits, as 429": (errors.error(429, "Not enough credits"), InsufficientCreditsError, "Not enough", False),
    "wrong key": (errors.unauthorized(), HTTPError, "HTTP 401.*keys of their own", False),
    "suspended": (errors.suspended(), HTTPError, "HTTP 403.*suspended", False),
    "not found": (errors.no_path(), HTTPError, "HTTP 404: Not Found", False),
    "wrong method": (errors.no_method(), HTTPError, "HTTP 405", False),
    "too large": (errors.error(413, "Payload too large"), ValidationError, "Payload too large", False),
    "server": (errors.error(500, "Internal server error"), HTTPError, "HTTP 500", True),
    "overloaded": (errors.overloaded(503), HTTPError, "HTTP 503", True),
    "HTML of a proxy": (errors.proxy_page(502), SubmitOutcomeUnknownError, "It is unknown", True),
    "HTML of a proxy, 404": (errors.proxy_page(404), HTTPError, "HTTP 404", False),
    "another shape": (Answer(500, json={"error": "x"}), SubmitOutcomeUnknownError, "It is unknown", True),
    "an empty detail": (Answer(500, json={"detail": ""}), SubmitOutcomeUnknownError, "It is unknown", True),
}
WORKS = [*MODELS.items(), *OLDER_MODELS.items()]
both = pytest.mark.parametrize("model", ["ray-3.2", "ray-2"])


@pytest.mark.parametrize(("kind", "model"), WORKS)
@pytest.mark.parametrize("name", TABLE)
def test_a_refusal_lands_in_its_class(desk: Desk, ledger: Ledger, name: str, kind: str, model: str) -> None:
    answer, expected, message, retryable = TABLE[name]
    desk.vendor.fail_next("create", answer, times=None)
    with pytest.raises(TarashException, match=message) as caught:
        desk.generate(kind, model=model)
    error = caught.value
    assert type(error) is expected
    assert error.retryable is retryable
    assert (error.provider, error.model) == ("luma", model)
    assert error.raw_response
    assert ledger.posts == 1
    assert getattr(error, "status_code", answer.status) == answer.status


@both
@pytest.mark.parametrize(("told", "waited"), [("3", 3.0), (None, None), ("never", None)])
def test_a_rate_limit_is_waited_for(
    desk: Desk, ledger: Ledger, model: str, told: str | None, waited: float | None
) -> None:
    desk.vendor.fail_next("create", errors.rate_limited(told, "Too many concurrent generations"))
    desk.generate("video", model=model)
    assert (ledger.posts, ledger.total_charges) == (2, 1)
    assert waited is None or desk.vendor.clock.sleeps[0] == waited


def test_a_rate_limit_that_stays_is_an_error(desk: Desk, ledger: Ledger) -> None:
    desk.vendor.fail_next("create", errors.rate_limited(), times=None)
    with pytest.raises(HTTPError, match=r"HTTP 429.*may be sent again later") as caught:
        desk.generate("video")
    assert caught.value.retryable
    assert ledger.total_charges == 0


@both
def test_an_empty_account_is_no_validation_error(desk: Desk, model: str) -> None:
    with LumaSimulator(clock=desk.vendor.clock, balance=60) as poor:
        there = Desk(desk.world, poor)
        there.generate("video", model=model)
        with pytest.raises(InsufficientCreditsError) as caught:
            there.generate("video", model=model)
    assert not caught.value.retryable
    assert poor.ledger.total_amount == 50


FAILURES: list[tuple[str, str | None, type[TarashException], str]] = [
    ("Refused.", "content_moderated", ContentModerationError, r"Refused \(content_moderated\)"),
    ("Something broke", "generation_failed", GenerationFailedError, "could not finish the job: Something broke"),
    ("Gone", "output_not_found", GenerationFailedError, "output_not_found"),
    ("Later", "rate_limited", GenerationFailedError, "rate_limited"),
    ("The budget is used up", "budget_exhausted", InsufficientCreditsError, "no money left"),
    ("Too large", "image_too_large", ValidationError, "Change the inputs"),
    ("BMP", "unsupported_format", ValidationError, "Change the inputs"),
    ("Broken", "corrupt_input", ValidationError, "Change the inputs"),
    ("Wrong", "invalid_request", ValidationError, "Change the inputs"),
    ("Anything", "something_new", GenerationFailedError, "something_new"),
    ("Failed by moderation", "something_new", ContentModerationError, "moderation"),
]
OLDER_FAILURES: list[tuple[str, type[TarashException], str]] = [
    ("Frame moderation failed", ContentModerationError, "Frame moderation failed"),
    ("Advanced prompt moderation failed", ContentModerationError, "prompt moderation"),
    ("Prompt holds words of the blacklist", ContentModerationError, "blacklist"),
    ("The input frames could not be read", GenerationFailedError, "could not be read"),
    ("Prompt processing failed", GenerationFailedError, "Prompt processing failed"),
    ("Dispatch error", GenerationFailedError, "Dispatch error"),
]


@pytest.mark.parametrize(("reason", "code", "expected", "message"), FAILURES)
def test_a_generation_that_fails_says_why(
    desk: Desk, ledger: Ledger, reason: str, code: str | None, expected: type[TarashException], message: str
) -> None:
    desk.vendor.next_generation(GenerationOutcome(failure=reason, failure_code=code))
    with pytest.raises(TarashException, match=message) as caught:
        desk.generate("video")
    judge_failure(caught.value, expected, ledger)


@pytest.mark.parametrize(("reason", "expected", "message"), OLDER_FAILURES)
def test_a_generation_of_the_older_interface_says_why_in_words(
    desk: Desk, ledger: Ledger, reason: str, expected: type[TarashException], message: str
) -> None:
    desk.vendor.next_generation(GenerationOutcome(failure=reason))
    with pytest.raises(TarashException, match=message) as caught:
        desk.generate("video", model="ray-2")
    judge_failure(caught.value, expected, ledger)


def judge_failure(error: TarashException, expected: type[TarashException], ledger: Ledger) -> None:
    assert type(error) is expected
    assert error.retryable is (expected is GenerationFailedError)
    assert error.job is not None
    assert error.raw_response["state"] == "failed"
    assert ledger.posts == 1


@both
def test_a_failure_without_a_reason_is_one(desk: Desk, model: str) -> None:
    desk.vendor.next_generation(GenerationOutcome(states=[{"state": "failed", "failure_reason": None}]))
    with pytest.raises(GenerationFailedError, match="no reason given"):
        desk.generate("video", model=model)


@both
def test_a_state_that_nobody_knows_is_waited_through(desk: Desk, caplog: pytest.LogCaptureFixture, model: str) -> None:
    desk.vendor.next_generation(GenerationOutcome(states=["pondering", "pondering"]))
    assert desk.generate("video", model=model).status == "completed"
    assert caplog.text.count("pondering") == 1


@both
def test_an_answer_about_another_generation_is_not_believed(desk: Desk, model: str) -> None:
    link = "https://elsewhere.example/film.mp4"
    other = {
        "id": "another",
        "state": "completed",
        "assets": {"video": link},
        "output": [{"type": "video", "url": link}],
    }
    desk.vendor.next_generation(GenerationOutcome(states=[other]))
    response = desk.generate("video", model=model)
    assert response.job.provider_ids == [desk.vendor.generations[0].id]
    assert "elsewhere" not in response.video


@pytest.mark.parametrize("output", [[], None, [None], [{"type": "video"}], [{"url": 1}], {}, "x"])
@both
def test_a_generation_without_any_output_is_a_failure(desk: Desk, model: str, output: Any) -> None:
    empty = {"state": "completed", "output": output, "assets": output}
    desk.vendor.next_generation(GenerationOutcome(states=[empty]))
    with pytest.raises(GenerationFailedError, match="finished the job without any output"):
        desk.generate("video", model=model)


def test_files_of_another_kind_are_not_taken_for_the_video(desk: Desk) -> None:
    job = desk.submit("video")
    desk.vendor.clock.advance(100)
    exr = {"type": "exr", "url": "https://example.com/a.exr"}
    mine = {"type": "video", "url": "https://example.com/a.mp4"}
    answer = {"id": job.provider_ids[0], "state": "completed", "output": [exr, mine]}
    desk.vendor.fail_next("get", Answer(200, json=answer))
    response = desk.ask("resume", job)
    assert (response.video, response.raw_response["output"]) == (mine["url"], [exr, mine])


@both
def test_a_generation_that_vanished_is_not_found(desk: Desk, model: str) -> None:
    job = desk.submit("video", model=model)
    assert desk.ask("poll", job).status == "queued"
    desk.vendor.forget(job.provider_ids[0])
    desk.vendor.clock.advance(100)
    with pytest.raises(JobNotFoundError, match="does not know this job"):
        desk.ask("resume", job)


def test_a_retired_model_is_named_with_its_replacement(desk: Desk) -> None:
    with pytest.raises(ValidationError, match=r"ray-1-6 is retired\. Use ray-2 instead"):
        desk.generate("video", model="ray-1-6")
    assert desk.vendor.requests("create")[0].json["model"] == "ray-1-6"


@both
@pytest.mark.parametrize(
    "answer",
    [
        Answer(201, {}, b""),
        Answer(201, json=[1]),
        Answer(201, json={"state": "queued"}),
        Answer(201, json={"id": 5}),
        Answer(201, {"Content-Type": "text/html"}, b"<html>"),
    ],
)
def test_a_success_that_cannot_be_read_may_have_been_paid(
    desk: Desk, ledger: Ledger, model: str, answer: Answer
) -> None:
    desk.vendor.fail_next("create", answer, charged=True)
    with pytest.raises(SubmitOutcomeUnknownError) as caught:
        desk.generate("video", model=model)
    assert caught.value.possibly_billed
    assert (ledger.posts, ledger.total_charges) == (1, 1)


@both
def test_an_id_that_could_lead_elsewhere_is_not_asked_for(desk: Desk, ledger: Ledger, model: str) -> None:
    desk.vendor.fail_next("create", Answer(201, json={"id": "../credits"}))
    with pytest.raises(TarashException):
        desk.generate("video", model=model)
    assert desk.vendor.server.requests.matching("GET") == []
    assert ledger.posts == 1
