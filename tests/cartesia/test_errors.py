"""Every shape of the vendor's errors lands in its class, says what to do, and costs nothing more."""

from typing import Any

import pytest
from tests.cartesia.cases import TIMED
from tests.support.speech import SpeechDesk
from tests.support.worlds import in_one_world

from tarash.tarash_gateway.exceptions import (
    HTTPError,
    InsufficientCreditsError,
    SubmitOutcomeUnknownError,
    TarashException,
    ValidationError,
)
from tarash.testkit.cartesia import errors
from tarash.testkit.cartesia.errors import Problem
from tarash.testkit.ledger import Ledger
from tarash.testkit.steps import Answer

pytestmark = pytest.mark.filterwarnings("ignore::tarash.tarash_gateway.exceptions.TarashWarning")
MISMATCH = Problem(400, "Voice mismatch", "The voice was made for another model.", "voice_model_mismatch")
TOO_LARGE = Problem(413, "File too large", "The clip is too large.", "file_too_large")
PLAN = Problem(403, "Upgrade required", "Your plan has no voice changer.", "plan_upgrade_required")

ERRORS: dict[str, tuple[Problem, type[TarashException], str]] = {
    "wrong field": (errors.invalid("transcript: must not be empty"), ValidationError, "must not be empty"),
    "wrong key": (errors.unauthorized(), HTTPError, "Check the key"),
    "no credits": (errors.no_credits(), InsufficientCreditsError, "needs credits or another plan"),
    "no credits as 429": (
        Problem(429, "Quota exceeded", "No credits left.", "quota_exceeded"),
        InsufficientCreditsError,
        "No credits left",
    ),
    "plan": (PLAN, InsufficientCreditsError, "another plan"),
    "forbidden": (Problem(403, "Forbidden", "Not yours."), HTTPError, "may not use this"),
    "no voice": (errors.no_voice("nobody"), ValidationError, "There is no voice nobody"),
    "no voice as 400": (Problem(400, "No voice", "No.", "voice_not_found"), ValidationError, "voice_not_found"),
    "no model": (errors.no_model("sonic-9"), ValidationError, "There is no model sonic-9"),
    "voice of another model": (MISMATCH, ValidationError, "made for another model"),
    "language": (errors.no_language("xx"), ValidationError, "does not speak xx"),
    "clip": (errors.bad_audio(), ValidationError, "cannot be read"),
    "too large": (TOO_LARGE, ValidationError, "too large"),
    "fields": (Problem(422, "Unprocessable", "No such field."), ValidationError, "No such field"),
    "server": (errors.busy(500), HTTPError, "HTTP 500"),
    "overloaded": (errors.busy(503), HTTPError, "HTTP 503"),
}


def assert_refused(desk: SpeechDesk, kind: str, expected: type[TarashException], words: str, **changes: Any) -> Any:
    with pytest.raises(expected, match=words) as caught:
        desk.generate(kind, **changes)
    assert type(caught.value) is expected
    assert "Cartesia" in str(caught.value)
    assert desk.vendor.key not in f"{caught.value!r}{caught.value.raw_response}"
    assert (desk.vendor.ledger.posts, desk.vendor.ledger.total_charges) == (1, 0)
    return caught.value


@in_one_world
@pytest.mark.parametrize("kind", ["tts", "sts"])
@pytest.mark.parametrize("name", ERRORS)
def test_an_error_lands_in_its_class(desk: SpeechDesk, kind: str, name: str) -> None:
    problem, expected, words = ERRORS[name]
    desk.vendor.fail_next(kind, problem.answer(), times=None)
    error = assert_refused(desk, kind, expected, words)
    assert error.raw_response == problem.described("request-refused")
    assert error.retryable == (expected is HTTPError and problem.status >= 500)


OLDER = [name for name, (problem, _, _) in ERRORS.items() if problem.status < 500 and problem.code is None]


@pytest.mark.parametrize("name", [*OLDER, "no voice", "no credits"])
def test_the_texts_of_older_versions_are_read_too(desk: SpeechDesk, name: str) -> None:
    problem, expected, words = ERRORS[name]
    desk.vendor.fail_next("tts", problem.answer("2025-04-16"), times=None)
    assert_refused(desk, "tts", expected, words, api_version="2025-04-16")


@pytest.mark.parametrize(
    "answer",
    [
        Answer(500, {"Content-Type": "text/plain"}, "Internal server error: something went wrong"),
        Answer(502, {"Content-Type": "text/html"}, "<html>bad gateway: nginx</html>"),
        Answer(504, json={"message": "Endpoint request timed out"}),
        Answer(503, json=["no", "object"]),
        Answer(200, {"Content-Type": "text/html"}, "<html>"),
        Answer(200, {"Content-Type": "audio/mpeg"}, b""),
    ],
    ids=["older text", "page", "gateway", "list", "page with 200", "nothing with 200"],
)
def test_what_the_vendor_did_not_say_is_unknown(desk: SpeechDesk, answer: Answer) -> None:
    desk.vendor.fail_next("tts", answer, times=None, charged=True)
    with pytest.raises(SubmitOutcomeUnknownError) as caught:
        desk.generate("tts")
    assert caught.value.possibly_billed
    assert desk.vendor.ledger.posts == 1


@pytest.mark.parametrize("name", ERRORS)
def test_a_refused_stream_is_refused_alike(desk: SpeechDesk, name: str) -> None:
    problem, expected, words = ERRORS[name]
    desk.vendor.fail_next("stream", problem.answer(), times=None)
    with pytest.raises(expected, match=words):
        desk.listen(**TIMED)
    assert desk.vendor.ledger.posts == 1


def test_too_many_at_a_time_is_tried_again_and_then_told(desk: SpeechDesk, ledger: Ledger) -> None:
    desk.vendor.fail_next("tts", errors.too_many().answer(), times=None)
    with pytest.raises(HTTPError, match="concurrency_limited") as caught:
        desk.generate("tts")
    assert (caught.value.status_code, caught.value.retryable, ledger.total_charges) == (429, True, 0)
    assert ledger.posts > 1
