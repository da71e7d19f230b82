"""One POST for one request, whatever happens to its answer."""

from typing import Any

import pytest
from tests.support.speech import LOSSES, SpeechDesk, assert_paid_once

from tarash.tarash_gateway.exceptions import HTTPError
from tarash.testkit.cartesia import errors
from tarash.testkit.steps import Redirect

pytestmark = pytest.mark.filterwarnings("ignore::tarash.tarash_gateway.exceptions.TarashWarning")
TIMED: dict[str, Any] = {"provider_config": {"timings": True}}


@pytest.mark.parametrize("loss", LOSSES)
@pytest.mark.parametrize("kind", ["tts", "sts"])
def test_a_lost_answer_is_paid_for_once(desk: SpeechDesk, kind: str, loss: str) -> None:
    assert_paid_once(desk, kind, loss)


@pytest.mark.parametrize("loss", LOSSES)
def test_and_so_is_a_lost_stream_of_events(desk: SpeechDesk, loss: str) -> None:
    assert_paid_once(desk, "stream", loss, **TIMED)


@pytest.mark.parametrize("kind", ["tts", "sts"])
@pytest.mark.parametrize("status", [500, 502, 504])
def test_a_failure_of_the_vendor_is_a_refusal(desk: SpeechDesk, kind: str, status: int) -> None:
    desk.vendor.fail_next(kind, errors.busy(status).answer(), times=None)
    with pytest.raises(HTTPError) as caught:
        desk.generate(kind)
    assert (caught.value.status_code, caught.value.retryable, desk.vendor.ledger.posts) == (status, True, 1)


def test_a_redirect_is_not_followed(desk: SpeechDesk) -> None:
    desk.vendor.fail_next("tts", Redirect("http://127.0.0.1:9/elsewhere", 307))
    with pytest.raises(HTTPError, match="HTTP 307"):
        desk.generate("tts")
    assert desk.vendor.ledger.posts == 1
