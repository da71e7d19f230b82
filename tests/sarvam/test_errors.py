"""Every shape of the vendor's errors lands in its class, says what to do, and costs nothing more."""

import json

import pytest
from tests.support.speech import SpeechDesk

from tarash.tarash_gateway.exceptions import (
    HTTPError,
    InsufficientCreditsError,
    SubmitOutcomeUnknownError,
    TarashException,
    ValidationError,
)
from tarash.testkit.ledger import Ledger
from tarash.testkit.sarvam import errors
from tarash.testkit.steps import Answer

pytestmark = pytest.mark.filterwarnings("ignore::tarash.tarash_gateway.exceptions.TarashWarning")
INVALID = "invalid_request_error"

ERRORS: dict[str, tuple[Answer, type[TarashException], str]] = {
    "bad request": (errors.bad_request("text: must not be empty."), ValidationError, "must not be empty"),
    "other speaker": (errors.bad_request("Speaker a is not compatible."), ValidationError, "not compatible"),
    "older model": (errors.bad_request("bulbul:v2 is deprecated."), ValidationError, "deprecated"),
    "fields": (errors.error(422, "unprocessable_entity_error", "pace: not a number"), ValidationError, "not a number"),
    "fields, otherwise": (errors.error(422, INVALID, "No."), ValidationError, INVALID),
    "too large": (errors.error(413, INVALID, "Too large."), ValidationError, "Too large"),
    "wrong key": (errors.wrong_key(), HTTPError, "a wrong one is refused with 403"),
    "no key": (errors.error(401, "authentication_error", "No key."), HTTPError, "Check the key"),
    "no credits": (errors.no_credits(), InsufficientCreditsError, "Top it up"),
    "no credits as 402": (
        errors.error(402, INVALID, "Payment required."),
        InsufficientCreditsError,
        "Payment required",
    ),
    "not found": (errors.not_found(), HTTPError, "HTTP 404"),
    "server": (errors.broken(500), HTTPError, "HTTP 500"),
    "model call": (errors.error(500, "model_call_error", "The model failed."), HTTPError, "model_call_error"),
    "billing": (errors.error(503, "billing_service_unavailable_error", "Later."), HTTPError, "billing_service"),
    "gateway": (errors.broken(504), HTTPError, "gateway_timeout_error"),
}


@pytest.mark.parametrize("name", ERRORS)
def test_an_error_lands_in_its_class(desk: SpeechDesk, name: str) -> None:
    answer, expected, words = ERRORS[name]
    desk.vendor.fail_next("tts", answer, times=None)
    with pytest.raises(expected, match=words) as caught:
        desk.generate("tts")
    assert type(caught.value) is expected
    assert "Sarvam" in str(caught.value)
    assert caught.value.raw_response == json.loads(answer.content)
    assert caught.value.retryable == (expected is HTTPError and answer.status >= 500)
    assert (desk.vendor.ledger.posts, desk.vendor.ledger.total_charges) == (1, 0)


@pytest.mark.parametrize("name", ERRORS)
def test_a_refused_stream_is_refused_alike(desk: SpeechDesk, name: str) -> None:
    answer, expected, words = ERRORS[name]
    desk.vendor.fail_next("stream", answer, times=None)
    with pytest.raises(expected, match=words):
        desk.listen()
    assert desk.vendor.ledger.posts == 1


@pytest.mark.parametrize(
    "answer",
    [
        Answer(502, {"Content-Type": "text/html"}, "<html>bad gateway"),
        Answer(504, json={"message": "Endpoint request timed out"}),
        Answer(500, json={"error": "a text"}),
        Answer(200, {"Content-Type": "text/html"}, "<html>"),
        Answer(200, json={"request_id": "r"}),
        Answer(200, json={"audios": []}),
        Answer(200, json={"audios": [None]}),
        Answer(200, json={"audios": [""]}),
        Answer(200, json={"audios": ["no base64!"]}),
    ],
    ids=lambda answer: f"{answer.status} {answer.content[:30].decode()}",
)
def test_what_the_vendor_did_not_say_is_unknown(desk: SpeechDesk, answer: Answer) -> None:
    desk.vendor.fail_next("tts", answer, times=None, charged=True)
    with pytest.raises(SubmitOutcomeUnknownError) as caught:
        desk.generate("tts")
    assert caught.value.possibly_billed
    assert desk.vendor.ledger.posts == 1


def test_too_many_in_a_minute_is_tried_again_and_then_told(desk: SpeechDesk, ledger: Ledger) -> None:
    desk.vendor.fail_next("tts", errors.too_many(), times=None)
    with pytest.raises(HTTPError, match="rate_limit_exceeded_error") as caught:
        desk.generate("tts")
    assert (caught.value.status_code, caught.value.retryable, ledger.total_charges) == (429, True, 0)
    assert ledger.posts > 1
