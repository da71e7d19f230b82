"""One POST for one request, whatever happens to its answer."""

import pytest
from tests.support.speech import LOSSES, SpeechDesk, assert_paid_once, assert_sounds

from tarash.tarash_gateway.models import Job

pytestmark = pytest.mark.filterwarnings("ignore::tarash.tarash_gateway.exceptions.TarashWarning")


@pytest.mark.parametrize("loss", LOSSES)
@pytest.mark.parametrize("kind", ["tts", "sts", "stream"])
def test_a_lost_answer_is_paid_for_once(desk: SpeechDesk, kind: str, loss: str) -> None:
    assert_paid_once(desk, kind, loss)


@pytest.mark.parametrize("kind", ["tts", "sts"])
def test_a_job_is_resumed_without_paying_again(desk: SpeechDesk, kind: str) -> None:
    job = desk.world.call(f"submit_{kind}", desk.config(), desk.request(kind))
    text = job.to_json()
    assert desk.vendor.key not in text
    assert_sounds(desk.world.call("resume", Job.from_json(text), desk.config()), "mp3", 48_000)
    assert (desk.vendor.ledger.posts, desk.vendor.ledger.total_charges) == (1, 1)
