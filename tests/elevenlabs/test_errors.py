"""Every shape of the vendor's errors lands in its class, says what to do, and costs nothing more."""

import json

import pytest
from tests.support.speech import SpeechDesk
from tests.support.worlds import in_one_world

from tarash.tarash_gateway.exceptions import (
    ContentModerationError,
    HTTPError,
    InsufficientCreditsError,
    SubmitOutcomeUnknownError,
    TarashException,
    ValidationError,
)
from tarash.testkit.elevenlabs import errors
from tarash.testkit.steps import Answer, Chunk, Close, Finish, Start

pytestmark = pytest.mark.filterwarnings("ignore::tarash.tarash_gateway.exceptions.TarashWarning")
ISSUE = {"type": "missing", "loc": ["body", "text"], "msg": "Field required", "input": {}}
LIBRARY = "Free users cannot use library voices via the API. Please upgrade your subscription."
TERMS = "The content violates our policies and was blocked."

ERRORS: dict[str, tuple[Answer, type[TarashException], str]] = {
    "text too long": (errors.bad_request("text_too_long", "Too long."), ValidationError, "text_too_long"),
    "text too long, older": (
        errors.older(400, "max_character_limit_exceeded", "Too long."),
        ValidationError,
        "Too long",
    ),
    "no such voice, older": (errors.older(400, "voice_not_found", "A voice was not found."), ValidationError, "voice"),
    "plain": (errors.plain(400, "Something is wrong."), ValidationError, "Something is wrong"),
    "too large": (
        errors.error(413, "invalid_request", "request_too_large", "Too large."),
        ValidationError,
        "Too large",
    ),
    "fields": (errors.invalid([ISSUE]), ValidationError, "body.text: Field required"),
    "wrong key": (errors.unauthorized(), HTTPError, "invalid_api_key"),
    "no key, older": (errors.older(401, "needs_authorization", "Neither key nor token."), HTTPError, "Neither"),
    "missing permission": (
        errors.older(401, "missing_permissions", "text_to_speech is missing."),
        HTTPError,
        "missing",
    ),
    "no credits": (errors.no_credits(), InsufficientCreditsError, "needs credits or another plan"),
    "no credits, older": (
        errors.older(401, "quota_exceeded", "12 credits left."),
        InsufficientCreditsError,
        "12 credits",
    ),
    "library voice": (
        errors.error(402, "payment_required", "paid_plan_required", LIBRARY),
        InsufficientCreditsError,
        "upgrade",
    ),
    "plan": (errors.wants_tier("pro"), HTTPError, "for the tier pro"),
    "model not for everybody": (
        errors.error(403, "authorization_error", "model_access_denied", "Not yours."),
        HTTPError,
        "Not yours",
    ),
    "content": (
        errors.error(403, "authorization_error", "content_not_allowed", TERMS),
        ContentModerationError,
        "policies",
    ),
    "content, older": (errors.older(400, "detected_content", TERMS), ContentModerationError, "policies"),
    "no such voice": (errors.no_voice("v1"), HTTPError, "voice_not_found"),
    "no such model": (errors.no_model("m1"), HTTPError, "model_not_found"),
    "conflict": (errors.error(409, "conflict", "already_exists", "Twice."), HTTPError, "Twice"),
    "internal": (errors.error(500, "internal_error", "internal_error", "Broken."), HTTPError, "Broken"),
    "maintenance": (errors.busy(), HTTPError, "maintained"),
    "not the vendor's": (Answer(503, {"Content-Type": "text/html"}, "<html>"), SubmitOutcomeUnknownError, "HTTP 503"),
    "no sound": (Answer(200, json={"detail": []}), SubmitOutcomeUnknownError, "no sound"),
    "nothing": (Answer(200, {"Content-Type": "audio/mpeg"}), SubmitOutcomeUnknownError, "no sound"),
}


@in_one_world
@pytest.mark.parametrize("kind", ["tts", "sts"])
@pytest.mark.parametrize("name", ERRORS)
def test_an_error_lands_in_its_class(desk: SpeechDesk, kind: str, name: str) -> None:
    answer, expected, words = ERRORS[name]
    desk.vendor.fail_next(kind, answer, times=None)
    with pytest.raises(TarashException, match=words) as caught:
        desk.generate(kind)
    error = caught.value
    assert type(error) is expected
    assert (error.provider, desk.vendor.ledger.posts) == ("elevenlabs", 1)
    if isinstance(error, HTTPError):
        assert (error.status_code, error.retryable) == (answer.status, answer.status >= 500)
    if answer.status >= 400 and answer.is_json:
        assert error.raw_response == answer.json
    assert desk.vendor.key not in json.dumps(error.raw_response, default=str) + str(error)


@pytest.mark.parametrize("answer", [errors.too_many(), errors.too_many(retry_after="1")])
def test_a_rate_limit_is_retryable(desk: SpeechDesk, answer: Answer) -> None:
    desk.vendor.fail_next("tts", answer, times=None)
    with pytest.raises(HTTPError, match="concurrent_limit_exceeded") as caught:
        desk.generate("tts")
    assert caught.value.retryable
    assert desk.vendor.ledger.total_charges == 0


@pytest.mark.parametrize("name", ["fields", "wrong key", "no credits", "content", "no such voice", "maintenance"])
def test_a_stream_that_is_refused(desk: SpeechDesk, name: str) -> None:
    answer, expected, words = ERRORS[name]
    desk.vendor.fail_next("stream", answer, times=None)
    with pytest.raises(expected, match=words):
        desk.listen()
    assert desk.vendor.ledger.posts == 1


@pytest.mark.parametrize("line", [b"not json\n", b"[]\n", b'{"audio_base64": "%%%"}\n', b'{"audio_base64": 7}\n'])
def test_a_timed_stream_of_nonsense(desk: SpeechDesk, line: bytes) -> None:
    desk.vendor.fail_next("stream", Start(200), Chunk(line), Finish())
    with pytest.raises(SubmitOutcomeUnknownError):
        desk.listen(provider_config={"timings": True})
    assert desk.vendor.ledger.posts == 1


def test_a_stream_that_breaks_off(desk: SpeechDesk) -> None:
    desk.vendor.fail_next("stream", Start(200), Chunk(b"ID3\4" + b"\0" * 96), Close(), charged=True)
    with pytest.raises(TarashException) as caught:
        desk.listen()
    assert caught.value.possibly_billed
    assert desk.vendor.ledger.posts == 1
