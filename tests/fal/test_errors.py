"""fal's error bodies, in all their shapes, as answers to a submit and as the results of failed jobs.

The bodies are those of fal's documentation pages "Errors" and "Model endpoint errors", and of the OpenAPI documents.
"""

from typing import Any

import pytest
from tests.fal.desk import KLING, Desk

from tarash.tarash_gateway.exceptions import (
    ContentModerationError,
    GenerationFailedError,
    HTTPError,
    InsufficientCreditsError,
    JobNotFoundError,
    SubmitOutcomeUnknownError,
    TarashException,
    TimeoutError,
    ValidationError,
)
from tarash.testkit.fal import Outcome, errors
from tarash.testkit.steps import Answer

Row = tuple[Answer, type[TarashException], str]
"""An answer, what it means, and what people must be told of it."""


def detail(kind: str, message: str, location: tuple[str | int, ...] = ("body", "prompt"), **more: Any) -> Answer:
    return errors.model_error(kind, message, location=location, **more)


WRONG_INPUT = {
    "missing": ("Field required", ("body", "image_url")),
    "value_error": ("Value error, prompt must not be empty", ("body", "prompt")),
    "string_too_long": ("String should have at most 2500 characters", ("body", "prompt")),
    "literal_error": ("Input should be '5' or '10'", ("body", "duration")),
    "greater_than": ("Input should be greater than 0", ("body", "guidance_scale")),
    "greater_than_equal": ("Input should be greater than or equal to 1", ("body", "num_images")),
    "less_than": ("Input should be less than 20", ("body", "guidance_scale")),
    "less_than_equal": ("Input should be less than or equal to 4", ("body", "num_images")),
    "multiple_of": ("Input should be a multiple of 8", ("body", "width")),
    "one_of": ("Input should be one of 480p, 720p", ("body", "resolution")),
    "sequence_too_short": ("The list needs at least 1 item", ("body", "image_urls")),
    "sequence_too_long": ("The list takes at most 4 items", ("body", "image_urls", 4)),
    "image_too_small": ("Image dimensions are too small", ("body", "image_url")),
    "image_too_large": ("Image dimensions are too large", ("body", "image_url")),
    "image_load_error": ("Failed to load the image", ("body", "image_url")),
    "image_aspect_ratio_error": ("Unsupported aspect ratio", ("body", "image_url")),
    "file_download_error": ("Failed to download the file", ("body", "image_url")),
    "file_too_large": ("File size exceeds the limit", ("body", "video_url")),
    "face_detection_error": ("Could not detect a face in the image", ("body", "image_url")),
    "unsupported_image_format": ("Unsupported image format", ("body", "image_url")),
    "unsupported_audio_format": ("Unsupported audio format", ("body", "audio_url")),
    "unsupported_video_format": ("Unsupported video format", ("body", "video_url")),
    "invalid_archive": ("Invalid archive", ("body", "images_data_url")),
    "feature_not_supported": ("This feature is not supported", ("body",)),
}
MODERATED: dict[str, Answer] = {
    "type": detail("content_policy_violation", "The content could not be processed because it was flagged."),
    "type and a partner's reason": detail(
        "content_policy_violation",
        "The content could not be processed.",
        context={"extra_info": {"reason": "partner_validation_failed"}},
    ),
    "among others": errors.model_errors(
        [
            {"loc": ["body", "seed"], "msg": "Field required", "type": "missing"},
            {"loc": ["body", "prompt"], "msg": "flagged", "type": "content_policy_violation"},
        ]
    ),
    "in words": Answer(400, json={"detail": "The prompt violates our content policy."}),
    "in a partner's words": detail("value_error", "Material was flagged by a content checker."),
    "as error_type": Answer(422, json={"detail": "flagged", "error_type": "content_policy_violation"}),
    "in the old shape": Answer(400, json={"error": {"message": "NSFW content detected", "code": 400}}),
}
MODEL_FAILED = {
    "no_media_generated": "No media was generated",
    "generation_timeout": "The generation timed out",
    "internal_server_error": "Internal server error",
    "downstream_service_error": "Downstream service error",
    "downstream_service_unavailable": "Downstream service is unavailable",
    "some_error_of_tomorrow": "Something broke",
}
REQUEST_FAILED = {
    "request_timeout": 504,
    "startup_timeout": 504,
    "runner_scheduling_failure": 503,
    "runner_connection_timeout": 503,
    "runner_disconnected": 503,
    "runner_connection_refused": 503,
    "runner_connection_error": 503,
    "runner_incomplete_response": 502,
    "runner_server_error": 500,
    "internal_error": 500,
}

BOTH: dict[str, Row] = {
    **{
        f"input: {kind}": (detail(kind, text, place), ValidationError, text)
        for kind, (text, place) in WRONG_INPUT.items()
    },
    **{
        f"policy: {name}": (answer, ContentModerationError, "refused the content") for name, answer in MODERATED.items()
    },
    **{
        f"model: {kind}": (
            detail(kind, text, ("body",), status=500 if kind == "some_error_of_tomorrow" else None),
            GenerationFailedError,
            text,
        )
        for kind, text in MODEL_FAILED.items()
    },
    "client_disconnected": (errors.request_error("client_disconnected"), GenerationFailedError, "client_disconnected"),
    "client_cancelled": (errors.request_error("client_cancelled"), GenerationFailedError, "client_cancelled"),
    "bad_request": (errors.request_error("bad_request", "Malformed body"), ValidationError, "Malformed body"),
    "no money": (errors.exhausted_balance(), InsufficientCreditsError, "Top it up"),
    "old shape": (errors.legacy_error("Bad image", 4001), ValidationError, "Bad image"),
    "text alone": (Answer(422, json={"detail": "Unprocessable"}), ValidationError, "Unprocessable"),
    "too large": (Answer(413, json={"detail": "Request Entity Too Large"}), ValidationError, "Too Large"),
    "wrong key": (errors.unauthorized(), HTTPError, "FAL_KEY"),
    "forbidden": (errors.forbidden(), HTTPError, "may not use this endpoint"),
}
SUBMIT: dict[str, Row] = {
    **BOTH,
    **{f"queue: {kind}": (errors.request_error(kind), HTTPError, kind) for kind in REQUEST_FAILED},
    "type in the header alone": (
        Answer(500, {"X-Fal-Error-Type": "internal_error"}, "oops"),
        HTTPError,
        "internal_error",
    ),
    "no money, in another way": (Answer(402, json={"detail": "Payment required"}), InsufficientCreditsError, "Top it"),
    "no money, as a limit": (
        Answer(429, json={"detail": "User is locked. Reason: Exhausted balance."}),
        InsufficientCreditsError,
        "no money left",
    ),
    "unknown endpoint": (errors.not_found(), HTTPError, "Application not found"),
    "not allowed": (Answer(405, json={"detail": "Method Not Allowed"}), HTTPError, "405"),
    "4xx of nobody": (Answer(418, body="I'm a teapot"), HTTPError, "teapot"),
    "5xx of nobody": (errors.ingress_error(502), SubmitOutcomeUnknownError, "not fal"),
    "5xx of a gateway that speaks JSON": (
        Answer(502, json={"message": "Internal server error"}),
        SubmitOutcomeUnknownError,
        "not fal",
    ),
}
RESULT: dict[str, Row] = {
    **BOTH,
    **{f"queue: {kind}": (errors.request_error(kind), GenerationFailedError, kind) for kind in REQUEST_FAILED},
    "unknown request": (errors.unknown_request(), JobNotFoundError, "does not know"),
    "a text that is no JSON": (Answer(400, body="nope"), HTTPError, "400"),
}
RETRYABLE = (GenerationFailedError, SubmitOutcomeUnknownError, TimeoutError)


def check(error: TarashException, row: Row) -> None:
    answer, expected, text = row
    assert type(error) is expected, f"{type(error).__name__}: {error}"
    assert text in error.message
    if isinstance(error, HTTPError):
        assert error.status_code == answer.status
        assert error.retryable is (answer.status >= 500 and expected is HTTPError)
    else:
        assert error.retryable is (expected in RETRYABLE)
    assert error.model == KLING
    assert error.raw_response


@pytest.mark.parametrize("name", SUBMIT)
def test_a_refused_submit(desk: Desk, name: str) -> None:
    row = SUBMIT[name]
    desk.fal.fail_next("submit", row[0])
    error = desk.fails(row[1])
    check(error, row)
    assert (desk.submits, desk.charges, error.job) == (1, 0, None)
    assert error.possibly_billed is (row[1] is SubmitOutcomeUnknownError)


@pytest.mark.parametrize("tell_error", [True, False], ids=["told in the status", "told by the result"])
@pytest.mark.parametrize("name", RESULT)
def test_a_failed_job(desk: Desk, name: str, tell_error: bool) -> None:
    answer, expected, text = RESULT[name]
    desk.fal.next_outcome(Outcome(failure=answer, tell_error=tell_error))
    if tell_error and expected in (HTTPError, JobNotFoundError) and answer.status not in (401, 403):
        # The status has told already what the result does not say clearly.
        expected, text = GenerationFailedError, "could not finish the job"
    error = desk.fails(expected)
    check(error, (answer, expected, text))
    assert (desk.submits, desk.charges) == (1, 1)
    assert error.job is not None
    assert error.job.provider_ids == desk.ledger.charged_jobs


@pytest.mark.parametrize("name", ["model: no_media_generated", "queue: startup_timeout", "model: generation_timeout"])
def test_the_next_provider_is_asked_after_a_failure(desk: Desk, name: str) -> None:
    desk.fal.next_outcome(Outcome(failure=RESULT[name][0]))
    response = desk.generate(fallback_configs=[desk.config(model="fal-ai/veo3.1/fast")])
    assert [attempt.status for attempt in response.execution_metadata.attempts] == ["failed", "success"]
    assert response.execution_metadata.attempts[0].possibly_billed
    assert (desk.submits, desk.charges) == (2, 2)


@pytest.mark.parametrize("name", ["input: missing", "policy: type", "no money", "wrong key", "bad_request"])
def test_no_other_provider_is_asked_when_the_request_is_wrong(desk: Desk, name: str) -> None:
    desk.fal.fail_next("submit", BOTH[name][0])
    error = desk.fails(BOTH[name][1], fallback_configs=[desk.config(model="fal-ai/veo3.1/fast")])
    assert desk.submits == 1
    assert error.execution_metadata is not None
    assert error.execution_metadata.total_attempts == 1


@pytest.mark.parametrize("kind", ["content_policy_violation", ""])
def test_what_only_the_status_says(desk: Desk, kind: str) -> None:
    """A job that failed, and whose result is gone."""
    told = {"status": "COMPLETED", "error": "Flagged by the partner", **({"error_type": kind} if kind else {})}
    desk.fal.next_outcome(Outcome(statuses=[told] * 9, failure=errors.unknown_request()))
    error = desk.fails(ContentModerationError if kind else GenerationFailedError)
    assert "Flagged by the partner" in error.message


def test_a_status_with_an_error_and_a_result_without_output(desk: Desk) -> None:
    desk.fal.next_outcome(Outcome(statuses=[{"status": "COMPLETED", "error": "Out of memory"}] * 9, output={"seed": 1}))
    assert "Out of memory" in desk.fails(GenerationFailedError).message


def test_a_status_with_an_error_and_a_good_result(desk: Desk) -> None:
    desk.fal.next_outcome(Outcome(statuses=[{"status": "COMPLETED", "error": "Could not report usage"}] * 9))
    assert desk.generate(poll_interval=9).video


@pytest.mark.parametrize(
    "output", [{}, {"seed": 1}, {"video": None}, {"video": {}}, {"video": {"url": ""}}, {"images": []}]
)
def test_completed_without_any_output(desk: Desk, output: dict[str, Any]) -> None:
    desk.fal.next_outcome(Outcome(output=output))
    error = desk.fails(GenerationFailedError)
    assert "without any output" in error.message
    assert error.raw_response == output
    assert (desk.submits, desk.charges) == (1, 1)


def test_several_problems_are_all_told(desk: Desk) -> None:
    problems: list[dict[str, Any]] = [
        {"loc": ["body", "duration"], "msg": "Input should be '5' or '10'", "type": "literal_error"},
        {"loc": ["body", "elements", 0, "frontal_image_url"], "msg": "Field required", "type": "missing"},
    ]
    desk.fal.fail_next("submit", errors.model_errors(problems))
    error = desk.fails(ValidationError)
    assert "duration: Input should be '5' or '10'" in error.message
    assert "elements.0.frontal_image_url: Field required" in error.message


HOSTILE: list[Any] = [
    {"detail": []},
    {"detail": [None, 3, "x"]},
    {"detail": [{}]},
    {"detail": {"msg": "an object"}},
    {"detail": [{"type": ["list"], "msg": {"a": 1}, "loc": "body", "ctx": 3}]},
    {"detail": None, "error": None, "error_type": None},
    {"error": []},
    {"error": {"message": 5, "code": None}},
    {"detail": "", "error_type": ""},
    {"error_type": {"a": 1}},
    [],
    "text",
    None,
]


@pytest.mark.parametrize("body", HOSTILE)
@pytest.mark.parametrize("status", [400, 422, 500])
def test_bodies_in_no_known_shape_are_errors_of_ours_too(desk: Desk, body: Any, status: int) -> None:
    desk.fal.fail_next("submit", Answer(status, json=body))
    with pytest.raises(TarashException) as info:
        desk.generate()
    assert info.value.provider == "fal"
    assert desk.submits == 1
    unreadable = isinstance(info.value, SubmitOutcomeUnknownError)
    assert unreadable is (status == 500 and not isinstance(info.value, HTTPError | GenerationFailedError))


def test_the_table_is_as_long_as_it_should_be() -> None:
    assert len(SUBMIT) >= 20
    assert len(RESULT) >= 20
    assert {type(row[0]) for row in (*SUBMIT.values(), *RESULT.values())} == {Answer}
