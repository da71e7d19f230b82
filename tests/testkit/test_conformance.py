"""The conformance tests pass with a third party's provider, and notice each of the flaws that others have."""

import logging
from collections.abc import Callable, Generator, Mapping
from pathlib import Path

import pytest
from pydantic import JsonValue
from tests.support.acme import Acme, Videos
from tests.support.studio import AcmeStudio

from tarash.tarash_gateway import register_provider
from tarash.tarash_gateway.messages import Cancellation, Done, Json, Output, Pending, Request, Step, text_at
from tarash.tarash_gateway.models import Kind, VideoGenerationConfig, VideoGenerationRequest
from tarash.tarash_gateway.providers.base import Call, Operation
from tarash.testkit.clock import VirtualClock
from tarash.testkit.conformance import ProviderConformance, Purchase
from tarash.testkit.conformance.money import Bills
from tarash.testkit.conformance.secrecy import Ear
from tarash.testkit.conformance.shop import Shop
from tarash.testkit.ledger import Ledger
from tarash.testkit.server import ScriptedServer
from tarash.testkit.worlds import SyncWorld

KEY = "acme-secret-key"


@pytest.fixture
def studio(virtual_clock: VirtualClock, ledger: Ledger) -> Generator[ScriptedServer]:
    handler = AcmeStudio(ledger, "https://media.example/films", polls_needed=6)
    with ScriptedServer(handler, clock=virtual_clock, ledger=ledger) as server:
        yield server


def purchase_at(studio: ScriptedServer, provider: str = "acme") -> Purchase:
    config = VideoGenerationConfig(provider=provider, base_url=studio.url, api_key=KEY)
    return Purchase(studio, config, VideoGenerationRequest(prompt="a cat"), run_seconds=15)


class TestAcme(ProviderConformance):
    @pytest.fixture
    def purchase(self, studio: ScriptedServer) -> Purchase:
        register_provider("acme", Acme())
        return purchase_at(studio)


# --- providers with one flaw each


class PaysTwice(Videos):
    """Does not say that its submit is paid for."""

    def submit(self, call: Call) -> Step[Pending | Done]:
        answer = yield Request("POST", f"{call.base_url}/videos/film-1", body=Json(call.payload))
        return Pending({"id": text_at(answer.object(), "id")})


class Loses(Videos):
    """Takes an answer without a job for an accepted one."""

    def submit(self, call: Call) -> Step[Pending | Done]:
        answer = yield Request("POST", f"{call.base_url}/videos/film-1", body=Json(call.payload), billable=True)
        return Pending({"id": answer.object_or_empty().get("id")})


class Boasts(Videos):
    """Says that a job was cancelled, and has asked nobody."""

    def cancel(self, call: Call, state: JsonValue) -> Step[Cancellation]:
        return Cancellation.CANCELLED
        yield


class Believes(Videos):
    """Does not look whose job an answer is about."""

    def poll(self, call: Call, state: JsonValue) -> Step[Pending | Done]:
        job = (yield Request("GET", self._url(call, state))).object()
        return Done([Output(url=text_at(job, "url"))], job) if job.get("status") == "done" else Pending(state)


class Stumbles(Videos):
    """Reads answers as if they could only be right."""

    def poll(self, call: Call, state: JsonValue) -> Step[Pending | Done]:
        job = (yield Request("GET", self._url(call, state))).object()
        assert job["status"] in ("running", "done")
        return (yield from super().poll(call, state))


class Tells(Videos):
    """Keeps the key in the job."""

    def submit(self, call: Call) -> Step[Pending | Done]:
        accepted = yield from super().submit(call)
        assert isinstance(accepted, Pending)
        assert isinstance(accepted.state, dict)
        return Pending({**accepted.state, "key": KEY})


def lost_requests(shop: Shop, log: pytest.LogCaptureFixture, folder: Path) -> None:
    ProviderConformance().test_a_lost_or_refused_request_is_not_sent_again(Bills(shop))


def hostile(shop: Shop, log: pytest.LogCaptureFixture, folder: Path) -> None:
    with ScriptedServer(clock=shop.clock, ledger=shop.ledger) as evil:
        ProviderConformance().test_a_hostile_answer_does_no_harm(shop, evil, folder)


def mistaken(shop: Shop, log: pytest.LogCaptureFixture, folder: Path) -> None:
    with ScriptedServer(clock=shop.clock, ledger=shop.ledger) as evil:
        ProviderConformance().test_the_answer_of_another_job_is_not_believed(shop, evil)


def patience(shop: Shop, log: pytest.LogCaptureFixture, folder: Path) -> None:
    ProviderConformance().test_a_job_that_takes_too_long_is_cancelled_where_that_is_wanted_and_possible(shop)


def secrecy(shop: Shop, log: pytest.LogCaptureFixture, folder: Path) -> None:
    ProviderConformance().test_an_answer_with_the_key_beside_it_is_as_good_as_without(Ear(shop, log))


FLAWS: dict[type[Videos], Callable[[Shop, pytest.LogCaptureFixture, Path], None]] = {
    PaysTwice: lost_requests,
    Loses: hostile,
    Stumbles: hostile,
    Believes: mistaken,
    Boasts: patience,
    Tells: secrecy,
}


@pytest.mark.parametrize("flaw", FLAWS, ids=lambda flaw: flaw.__name__)
def test_a_flaw_is_noticed(
    flaw: type[Videos], studio: ScriptedServer, caplog: pytest.LogCaptureFixture, tmp_path: Path
) -> None:
    class Flawed(Acme):
        operations: Mapping[Kind, Operation] = {"video": flaw()}

    register_provider("flawed", Flawed())
    shop = Shop(SyncWorld(), purchase_at(studio, "flawed"))
    with caplog.at_level(logging.DEBUG), pytest.raises(AssertionError):
        FLAWS[flaw](shop, caplog, tmp_path)
