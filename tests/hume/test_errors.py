"""Every shape of the vendor's errors lands in its class, says what to do, and costs nothing more."""

import json
from typing import Any

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
from tarash.testkit.hume import errors
from tarash.testkit.steps import Answer, Chunk, Close, Finish, Start

pytestmark = pytest.mark.filterwarnings("ignore::tarash.tarash_gateway.exceptions.TarashWarning")
ISSUE = {"loc": ["body", "utterances", 0, "text"], "msg": "Field required", "type": "missing"}
HTML = {"Content-Type": "text/html"}

ERRORS: dict[str, tuple[Answer, type[TarashException], str]] = {
    "fields": (errors.invalid([ISSUE]), ValidationError, r"utterances\.0\.text: Field required"),
    "fields that are not named": (errors.invalid([]), ValidationError, "invalid request"),
    "bad request": (errors.bad_request("Octave 2 needs a voice."), ValidationError, "needs a voice.*E0100"),
    "no such voice": (errors.no_voice("Nobody"), ValidationError, "Nobody was not found"),
    "too large": (errors.error(413, "E0101", "too_large", "The audio is too large."), ValidationError, "too large"),
    "no credits": (errors.no_credits(), InsufficientCreditsError, "has no credits left"),
    "quota": (errors.error(403, "E0301", "usage", "The monthly quota is used up."), InsufficientCreditsError, "quota"),
    "content": (errors.error(400, "E0711", "content", "This violates our policy."), ContentModerationError, "policy"),
    "forbidden": (errors.error(403, "E0109", "forbidden", "Not for this account."), HTTPError, "Not for this"),
    "wrong key": (errors.unauthorized(), HTTPError, "Invalid authentication"),
    "no such path": (errors.no_path(), HTTPError, "no Route matched"),
    "gone": (errors.gateway(410, "This service has ended."), HTTPError, "has ended"),
    "broken": (errors.error(500, "E0000", "internal", "Something went wrong."), HTTPError, "Something went wrong"),
    "busy": (errors.error(503, "E0001", "unavailable", "Come back later."), HTTPError, "Come back later"),
    "a client that is refused": (errors.refused_agent(), HTTPError, "403"),
    "gone, from elsewhere": (Answer(404, HTML, "<html>"), HTTPError, "404"),
    "not the vendor's": (Answer(503, HTML, "<html>"), SubmitOutcomeUnknownError, "HTTP 503"),
}
SOUNDLESS = {
    "no generations": Answer(200, json={"request_id": "r", "generations": []}),
    "no list": Answer(200, json={"generations": "none"}),
    "no object": Answer(200, json=[1]),
    "no audio": Answer(200, json={"generations": [{"duration": 1.0}]}),
    "no base64": Answer(200, json={"generations": [{"audio": "%%%"}]}),
    "no JSON": Answer(200, body="audio"),
}


@in_one_world
@pytest.mark.parametrize("kind", ["tts", "sts"])
@pytest.mark.parametrize("name", ERRORS)
def test_an_error_lands_in_its_class(desk: SpeechDesk, kind: str, name: str) -> None:
    answer, expected, words = ERRORS[name]
    desk.vendor.fail_next(kind, answer, times=None)
    with pytest.raises(TarashException, match=words) as caught:
        desk.generate(kind)
    error: Any = caught.value
    assert type(error) is expected
    assert (error.provider, desk.vendor.ledger.posts) == ("hume", 1)
    if isinstance(error, HTTPError):
        assert (error.status_code, error.retryable) == (answer.status, answer.status >= 500)
    if answer.is_json:
        assert error.raw_response == answer.json
    assert desk.vendor.key not in json.dumps(error.raw_response, default=str) + str(error)


@pytest.mark.parametrize("name", SOUNDLESS)
def test_an_answer_without_sound_may_have_been_paid_for(desk: SpeechDesk, name: str) -> None:
    desk.vendor.fail_next("tts", SOUNDLESS[name], times=None)
    with pytest.raises(SubmitOutcomeUnknownError):
        desk.generate("tts")
    assert desk.vendor.ledger.posts == 1


def test_a_rate_limit_is_retryable(desk: SpeechDesk) -> None:
    desk.vendor.fail_next("tts", errors.too_many(), times=None)
    with pytest.raises(HTTPError, match="rate limit exceeded") as caught:
        desk.generate("tts")
    assert caught.value.retryable
    assert desk.vendor.ledger.total_charges == 0


@pytest.mark.parametrize("name", ["fields", "wrong key", "no credits", "no such voice", "busy"])
def test_a_stream_that_is_refused(desk: SpeechDesk, name: str) -> None:
    answer, expected, words = ERRORS[name]
    desk.vendor.fail_next("stream", answer, times=None)
    with pytest.raises(expected, match=words):
        desk.listen()
    assert desk.vendor.ledger.posts == 1


@pytest.mark.parametrize(
    "line",
    [
        b"not json\n",
        b"[]\n",
        b'{"type": "audio", "audio": "%%%"}\n',
        b'{"type": "audio"}\n',
    ],
)
def test_a_stream_of_nonsense_may_have_been_paid_for(desk: SpeechDesk, line: bytes) -> None:
    desk.vendor.fail_next("stream", Start(200), Chunk(line), Finish())
    with pytest.raises(SubmitOutcomeUnknownError):
        desk.listen()
    assert desk.vendor.ledger.posts == 1


def test_a_stream_that_breaks_off(desk: SpeechDesk) -> None:
    desk.vendor.fail_next("stream", Start(200), Chunk(b'{"type": "audio", "audio": "SUQz"}\n'), Close(), charged=True)
    with pytest.raises(TarashException) as caught:
        desk.listen()
    assert caught.value.possibly_billed
    assert desk.vendor.ledger.posts == 1
