"""Bodies as Google's services give them, each landing in the class that tells callers what to do."""

from typing import Any

import pytest
from tests.google.conftest import Studio

from tarash.tarash_gateway.exceptions import (
    ContentModerationError,
    GenerationFailedError,
    HTTPError,
    InsufficientCreditsError,
    JobRejectedError,
    SubmitOutcomeUnknownError,
    TarashException,
    UnsupportedOperationError,
    ValidationError,
)
from tarash.tarash_gateway.models import AudioGenerationConfig, STSRequest
from tarash.testkit import media
from tarash.testkit.google import Outcome, errors
from tarash.testkit.steps import Answer

VEO = "veo-3.1-lite-generate-001"
VIOLATION = (
    "The prompt could not be submitted because it contains words that violate Google's Responsible AI practices. "
    "Support codes: 58061214"
)

REFUSALS: list[tuple[str, Answer, type[TarashException], bool, str]] = [
    (
        "bad field",
        errors.rpc_error(400, "Bad", details=[errors.bad_request("seed", "too large")]),
        ValidationError,
        False,
        "seed: too large",
    ),
    (
        "location",
        errors.rpc_error(400, "User location is not supported for the API use.", status="FAILED_PRECONDITION"),
        ValidationError,
        False,
        "location",
    ),
    (
        "out of range",
        errors.rpc_error(400, "n must be 1 to 4", status="OUT_OF_RANGE"),
        ValidationError,
        False,
        "1 to 4",
    ),
    (
        "in a list",
        errors.rpc_error(400, "Bad request inside a list", in_list=True),
        ValidationError,
        False,
        "inside a list",
    ),
    ("wrong key", errors.invalid_key(), HTTPError, False, "does not accept the key"),
    ("unauthenticated", errors.unauthenticated(), HTTPError, False, "Check the credentials"),
    ("no permission", errors.rpc_error(403, "Permission denied on resource project"), HTTPError, False, "API enabled"),
    ("no key", errors.no_key(), HTTPError, False, "unregistered callers"),
    (
        "billing off",
        errors.rpc_error(
            403, "This API method requires billing to be enabled.", details=[errors.error_info("BILLING_DISABLED")]
        ),
        InsufficientCreditsError,
        False,
        "cannot pay",
    ),
    (
        "no credits",
        errors.rpc_error(429, "Your prepayment credits are depleted. Please manage your billing."),
        InsufficientCreditsError,
        False,
        "depleted",
    ),
    ("moderated prompt", errors.rpc_error(400, VIOLATION), ContentModerationError, False, "children"),
    (
        "moderated, words only",
        errors.rpc_error(400, "Input was blocked: it violates our usage guidelines."),
        ContentModerationError,
        False,
        "usage guidelines",
    ),
    ("gone", errors.model_not_found("veo-3.1-generate-preview"), HTTPError, False, "not found"),
    ("aborted", errors.rpc_error(409, "Concurrent change"), HTTPError, False, "ABORTED"),
    ("unimplemented", errors.rpc_error(501, "Not here"), HTTPError, True, "UNIMPLEMENTED"),
    ("internal", errors.rpc_error(500, "An internal error has occurred."), HTTPError, True, "INTERNAL"),
    ("overloaded", errors.rpc_error(503, "The model is overloaded."), HTTPError, True, "overloaded"),
    ("too slow", errors.rpc_error(504, "Deadline expired"), HTTPError, True, "DEADLINE_EXCEEDED"),
    (
        "interaction refused",
        errors.interaction_error("invalid_request", "duration is unknown"),
        ValidationError,
        False,
        "duration",
    ),
    (
        "interaction gone",
        errors.interaction_error("not_found", "No such model", 404),
        HTTPError,
        False,
        "No such model",
    ),
    (
        "interaction forbidden",
        errors.interaction_error("permission_denied", "Not for you", 403),
        HTTPError,
        False,
        "Not for you",
    ),
    (
        "interaction moderated",
        errors.interaction_error("content_policy_violation", "Blocked for safety reasons"),
        ContentModerationError,
        False,
        "safety",
    ),
]


@pytest.mark.parametrize(("name", "answer", "kind", "retryable", "told"), REFUSALS, ids=[row[0] for row in REFUSALS])
def test_refusals(
    either: Studio, name: str, answer: Answer, kind: type[TarashException], retryable: bool, told: str
) -> None:
    either.google.fail_next("create", answer, times=None)
    with pytest.raises(kind, match=told) as caught:
        either.generate()
    assert type(caught.value) is kind
    assert caught.value.retryable is retryable
    assert caught.value.raw_response
    assert not either.google.ledger.total_charges
    if isinstance(caught.value, HTTPError):
        assert caught.value.status_code == answer.status


def test_a_wait_that_the_body_tells_is_kept(gemini: Studio) -> None:
    busy = errors.rpc_error(429, "Quota exceeded", details=[errors.retry_info("7.5s")])
    gemini.google.fail_next("generate", busy)
    started = gemini.google.clock.monotonic()
    gemini.generate("image")

    assert 7.5 <= gemini.google.clock.monotonic() - started < 8
    assert len(gemini.google.requests("generate")) == 2
    assert gemini.google.ledger.total_charges == 1


def test_a_wait_of_hours_is_an_error_and_not_a_wait(gemini: Studio) -> None:
    gemini.google.fail_next("generate", errors.rpc_error(429, "A day's quota", details=[errors.retry_info("25000s")]))
    started = gemini.google.clock.monotonic()
    with pytest.raises(HTTPError) as caught:
        gemini.generate("image")
    assert (caught.value.status_code, caught.value.retry_after) == (429, 25000)
    assert gemini.google.clock.monotonic() - started < 1


@pytest.mark.parametrize("delay", ["soon", "-3s", "1e400s", "", "3"])
def test_a_wait_that_makes_no_sense_is_not_obeyed(gemini: Studio, delay: str) -> None:
    gemini.google.fail_next("generate", errors.rpc_error(429, "Busy", details=[errors.retry_info(delay)]))
    assert gemini.generate("image").images


ENDS: list[tuple[str, str, Outcome, type[TarashException], str]] = [
    ("prompt blocked", "image", Outcome(block_reason="PROHIBITED_CONTENT"), ContentModerationError, "PROHIBITED"),
    ("prompt blocked for another reason", "image", Outcome(block_reason="OTHER"), ContentModerationError, "OTHER"),
    ("image safety", "image", Outcome(finish_reason="IMAGE_SAFETY"), ContentModerationError, "IMAGE_SAFETY"),
    ("speech safety", "tts", Outcome(finish_reason="SAFETY"), ContentModerationError, "SAFETY"),
    ("recitation", "image", Outcome(finish_reason="IMAGE_RECITATION"), ContentModerationError, "RECITATION"),
    ("no image", "image", Outcome(finish_reason="NO_IMAGE"), GenerationFailedError, "NO_IMAGE"),
    ("other", "tts", Outcome(finish_reason="OTHER"), GenerationFailedError, "OTHER"),
    ("only talk", "image", Outcome(text="I can only describe it."), GenerationFailedError, "only describe"),
    (
        "soft refusal",
        "image",
        Outcome(text="That would violate our content policies."),
        ContentModerationError,
        "violate",
    ),
    (
        "interaction failed",
        "video",
        Outcome(failure={"code": "internal", "message": "Rendering broke"}),
        GenerationFailedError,
        "Rendering broke",
    ),
    (
        "interaction unsafe",
        "video",
        Outcome(failure={"code": "content_filtered", "message": "Blocked by a content filter"}),
        ContentModerationError,
        "filter",
    ),
    ("interaction talks", "video", Outcome(text="I cannot film that."), GenerationFailedError, "cannot film"),
    (
        "interaction incomplete",
        "video",
        Outcome(text="", media=(), end_status="incomplete"),
        GenerationFailedError,
        "incomplete",
    ),
    ("budget", "video", Outcome(media=(), end_status="budget_exceeded"), GenerationFailedError, "budget_exceeded"),
    ("nothing", "video", Outcome(media=()), GenerationFailedError, "without a video"),
]


@pytest.mark.parametrize(("name", "kind", "outcome", "error", "told"), ENDS, ids=[row[0] for row in ENDS])
def test_ends_without_a_result(
    gemini: Studio, name: str, kind: str, outcome: Outcome, error: type[TarashException], told: str
) -> None:
    gemini.google.next_outcome(outcome)
    with pytest.raises(error, match=told) as caught:
        gemini.generate(kind)
    assert type(caught.value) is error
    assert caught.value.raw_response
    assert gemini.google.ledger.total_charges == 1
    assert (caught.value.job is not None) == (kind == "video")


VEO_ENDS: list[tuple[str, Outcome, type[TarashException], str]] = [
    ("support code", Outcome(failure={"code": 3, "message": VIOLATION}), ContentModerationError, "children"),
    ("load", Outcome(failure={"code": 8, "message": "High load, try later"}), GenerationFailedError, "High load"),
    (
        "all filtered",
        Outcome(media=(), filtered=["Filtered. Support codes: 61493863"]),
        ContentModerationError,
        "violence",
    ),
    ("nothing", Outcome(media=()), GenerationFailedError, "without any output"),
]


@pytest.mark.parametrize(("name", "outcome", "error", "told"), VEO_ENDS, ids=[row[0] for row in VEO_ENDS])
def test_operations_without_a_result(
    either: Studio, name: str, outcome: Outcome, error: type[TarashException], told: str
) -> None:
    either.google.next_outcome(outcome)
    with pytest.raises(error, match=told) as caught:
        either.generate(model=VEO)
    assert type(caught.value) is error
    assert caught.value.job is not None


def test_what_was_not_filtered_is_returned(either: Studio) -> None:
    either.google.next_outcome(Outcome(media=[media.mp4()], filtered=["One video was filtered."]))
    response = either.generate(model=VEO, number_of_videos=2)
    assert len(response.videos) == 1
    assert response.provider_metadata["raiMediaFilteredReasons"] == ["One video was filtered."]


@pytest.mark.filterwarnings("ignore:.*imagen-.* is retired")
def test_filtered_images(either: Studio) -> None:
    either.google.next_outcome(Outcome(media=(), filtered=["Unable to show the image. Support codes: 90789179"]))
    with pytest.raises(ContentModerationError, match="sexual"):
        either.generate("image", model="imagen-4.0-generate-001")


@pytest.mark.parametrize(("kind", "operation"), [("video", "create"), ("image", "generate"), ("tts", "generate")])
@pytest.mark.parametrize("body", [b"", b"{}", b"<html>", b'{"id": 7', b"[]", b'{"candidates": 3}'])
def test_a_good_status_without_a_readable_answer_is_an_unknown_outcome(
    gemini: Studio, kind: str, operation: str, body: bytes
) -> None:
    gemini.google.fail_next(operation, Answer(200, body=body), charged=True)
    with pytest.raises(SubmitOutcomeUnknownError):
        gemini.generate(kind)
    assert gemini.google.ledger.total_charges == len(gemini.google.requests(operation)) == 1


def test_a_retired_model_names_its_successor(gemini: Studio) -> None:
    for model in ("veo-3.1-lite-generate-001", "gemini-omni-1.2-flash"):
        gemini.google.retire(model)
        with pytest.raises(HTTPError, match=r"successor is gemini-omni-1\.1-flash"):
            gemini.generate(model=model)


def test_every_model_of_the_first_pages_warns_and_names_its_successor(gemini: Studio) -> None:
    old = {"veo-3.0-generate-preview": "video", "veo-3.0-generate-001": "video", "imagen-3.0-generate-002": "image"}
    old |= {"gemini-2.5-flash-image-preview": "image", "gemini-3-pro-image-preview": "image"}
    for model, kind in old.items():
        with pytest.warns(UserWarning, match=f"{model} is retired.*Use gemini-"):
            gemini.generate(kind, model=model)


CHECKED: list[tuple[str, dict[str, Any], str]] = [
    ("video", {"resolution": "480p"}, "360p, 720p, 1080p, 4k"),
    ("video", {"aspect_ratio": "21:9"}, "16:9, 9:16"),
    ("video", {"image_list": [{"image": media.png().content, "type": "last_frame"}]}, "first frame"),
    ("video", {"webhook_config": {"uris": ["https://a.example"]}}, "reserved"),
    ("video", {"video": "gs://films/cat.mp4"}, "Only Vertex AI"),
    ("image", {"size": "8K"}, "1K, 2K, 4K"),
    ("image", {"size": "wide x tall"}, "WIDTHxHEIGHT"),
    ("image", {"aspect_ratio": "7:5"}, "21:9"),
    ("tts", {"voice_id": "Alloy"}, "Zephyr, Puck"),
    ("tts", {"output_format": {"format": "flac"}}, "wav, pcm"),
    ("tts", {"voice_settings": {"speakers": {"A": "Kore", "B": "Puck", "C": "Leda"}}}, "two at most"),
]


@pytest.mark.parametrize(("kind", "fields", "told"), CHECKED, ids=[f"{row[0]} {next(iter(row[1]))}" for row in CHECKED])
def test_wrong_values_are_refused_before_anything_is_sent(
    gemini: Studio, kind: str, fields: dict[str, Any], told: str
) -> None:
    with pytest.raises(ValidationError, match=told):
        gemini.generate(kind, **fields)
    assert not gemini.google.requests()


@pytest.mark.parametrize("model", ["../files", "veo:predict", "a/b", "veo?x=1", "veo%2f", "models/", "veo\n3", "ü"])
def test_model_ids_that_lead_elsewhere_are_refused(either: Studio, model: str) -> None:
    with pytest.raises(ValidationError, match="model id"):
        either.generate(model=model)
    assert not either.google.requests()


WRONG_OPTIONS: list[tuple[dict[str, Any], str]] = [
    ({"location": "evil.example/#"}, "location"),
    ({"location": ["us"]}, "location"),
    ({"gcp_project": "a/../b?c"}, "gcp_project"),
    ({"output_gcs_uri": "https://a.example"}, "gs://"),
    ({"projekt": "x"}, "does not know: projekt"),
    ({"credentials_path": "/nowhere/at/all.json"}, "cannot be read"),
]


@pytest.mark.parametrize(("options", "told"), WRONG_OPTIONS)
def test_wrong_options_are_refused(vertex: Studio, options: dict[str, Any], told: str) -> None:
    with pytest.raises(ValidationError, match=told):
        vertex.generate(config=vertex.config(provider_config=options))
    assert not vertex.google.requests()


def test_google_has_no_speech_to_speech(gemini: Studio) -> None:
    config = AudioGenerationConfig(provider="google", api_key="k")
    with pytest.raises(UnsupportedOperationError):
        gemini.world.call("generate_sts", config, STSRequest(audio=media.wav().content, voice_id="Kore"))


def test_a_job_of_another_project_is_refused_before_any_request(vertex: Studio) -> None:
    from tarash.tarash_gateway.models import VideoGenerationRequest

    job = vertex.world.call("submit_video", vertex.config(), VideoGenerationRequest(prompt="a cat"))
    before = len(vertex.google.requests())
    with pytest.raises(JobRejectedError, match="another Google Cloud project"):
        vertex.world.call("resume", job, vertex.config(provider_config={"gcp_project": "other-project"}))
    assert len(vertex.google.requests()) == before
