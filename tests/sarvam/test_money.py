"""One POST for one request, whatever happens to its answer."""

import pytest
from tests.sarvam.cases import shape
from tests.support.speech import LOSSES, SpeechDesk, assert_paid_once

from tarash.tarash_gateway.exceptions import HTTPError, SubmitOutcomeUnknownError
from tarash.testkit.sarvam import errors
from tarash.testkit.steps import Close, Redirect

pytestmark = pytest.mark.filterwarnings("ignore::tarash.tarash_gateway.exceptions.TarashWarning")


@pytest.mark.parametrize("loss", LOSSES)
@pytest.mark.parametrize("kind", ["tts", "stream"])
def test_a_lost_answer_is_paid_for_once(desk: SpeechDesk, kind: str, loss: str) -> None:
    assert_paid_once(desk, kind, loss)


def test_and_so_is_speech_that_is_only_streamed(desk: SpeechDesk) -> None:
    desk.vendor.fail_next("stream", Close(), times=None, charged=True)
    with pytest.raises(SubmitOutcomeUnknownError):
        desk.generate("tts", shape("opus"))
    assert (desk.vendor.ledger.posts, desk.vendor.ledger.total_charges) == (1, 1)


@pytest.mark.parametrize("status", [500, 502, 503, 504])
def test_a_failure_of_the_vendor_is_a_refusal(desk: SpeechDesk, status: int) -> None:
    desk.vendor.fail_next("tts", errors.broken(status), times=None)
    with pytest.raises(HTTPError) as caught:
        desk.generate("tts")
    assert (caught.value.status_code, caught.value.retryable, desk.vendor.ledger.posts) == (status, True, 1)


def test_a_redirect_is_not_followed(desk: SpeechDesk) -> None:
    desk.vendor.fail_next("tts", Redirect("http://127.0.0.1:9/elsewhere", 307))
    with pytest.raises(HTTPError, match="HTTP 307"):
        desk.generate("tts")
    assert desk.vendor.ledger.posts == 1


def test_an_empty_account_is_asked_once(desk: SpeechDesk) -> None:
    desk.vendor.fail_next("tts", errors.no_credits(), times=None)
    with pytest.raises(HTTPError, match="no credits left"):
        desk.generate("tts")
    assert desk.vendor.ledger.posts == 1
