"""The conformance tests pass with a third party's provider, and notice each of the flaws that others have."""

import logging
from collections.abc import Callable, Generator, Mapping
from itertools import count
from pathlib import Path
from typing import ClassVar

import pytest
from pydantic import JsonValue
from tests.support.acme import Acme, Videos
from tests.support.studio import AcmeStudio

from tarash.tarash_gateway import register_provider
from tarash.tarash_gateway.exceptions import GenerationFailedError, ProtocolError
from tarash.tarash_gateway.messages import Cancellation, Done, Json, Output, Pending, Request, Step, text_at
from tarash.tarash_gateway.models import Kind, VideoGenerationConfig, VideoGenerationRequest
from tarash.tarash_gateway.providers.base import Call, Credentials, Operation
from tarash.testkit.clock import VirtualClock
from tarash.testkit.conformance import ProviderConformance, Purchase
from tarash.testkit.conformance.money import Bills
from tarash.testkit.conformance.secrecy import Ear
from tarash.testkit.conformance.shop import Shop
from tarash.testkit.ledger import Ledger
from tarash.testkit.requests import RecordedRequest
from tarash.testkit.server import ScriptedServer
from tarash.testkit.steps import Answer, Played
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


# --- a provider that exchanges its key for tokens


class AcmeWithTokens(Acme):
    """`lifetime` is how many seconds a token lives."""

    lifetime: ClassVar[float]

    def authenticate(self, call: Call, key: str | None) -> Step[Credentials]:
        answer = yield Request("POST", f"{call.base_url}/token", headers={"X-Acme-Key": key or ""})
        token = text_at(answer.object(), "token")
        return Credentials({"Authorization": f"Bearer {token}"}, self.lifetime, token)


class LongTokens(AcmeWithTokens):
    lifetime = 3600.0


class ShortTokens(AcmeWithTokens):
    lifetime = 45.0


class Cashier:
    """Stands before the studio: gives tokens for the key, and lets nobody pass without one that lives."""

    def __init__(self, studio: AcmeStudio, clock: VirtualClock, lifetime: float) -> None:
        self.studio, self.clock, self.lifetime = studio, clock, lifetime
        self.numbers, self.ends = count(1), dict[str, float]()

    def __call__(self, request: RecordedRequest) -> Played:
        if request.segments == ["token"]:
            return self.token(request.headers.get("x-acme-key"))
        token = (request.headers.get("authorization") or "").removeprefix("Bearer ")
        if self.clock.monotonic() >= self.ends.get(token, 0):
            return Answer(401, json={"problem": "no such token"})
        return self.studio(request)

    def token(self, key: str | None) -> Answer:
        if key != KEY:
            return Answer(401, json={"problem": "wrong key"})
        token = f"session-token-{next(self.numbers)}"
        self.ends[token] = self.clock.monotonic() + self.lifetime
        return Answer(json={"token": token})


class TestAcmeWithTokens(ProviderConformance):
    @pytest.fixture(params=[LongTokens, ShortTokens])
    def purchase(self, request: pytest.FixtureRequest, studio: ScriptedServer, virtual_clock: VirtualClock) -> Purchase:
        register_provider("acme", request.param())
        assert isinstance(studio.handler, AcmeStudio)
        studio.handler = Cashier(studio.handler, virtual_clock, request.param.lifetime)
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


class BuysAgain(Videos):
    """Takes a job that is not found, or that cannot be asked for, for one that never was."""

    def poll(self, call: Call, state: JsonValue) -> Step[Pending | Done]:
        answer = yield Request("GET", self._url(call, state), accept=frozenset({404, 500}))
        return (yield from super().poll(call, state) if answer.ok else self.submit(call))


class GivesUp(Videos):
    """Takes a state that it does not know for the end."""

    def poll(self, call: Call, state: JsonValue) -> Step[Pending | Done]:
        seen = yield from super().poll(call, state)
        if isinstance(seen, Pending) and seen.unknown:
            raise GenerationFailedError(f"The job ended: {seen.unknown[:80]}")
        return seen


class Ignores(Videos):
    """Buys the same whatever is asked for."""

    def submit(self, call: Call) -> Step[Pending | Done]:
        url = f"{call.base_url}/videos/film-1"
        answer = yield Request("POST", url, body=Json({"prompt": "a cat"}), billable=True)
        return Pending({"id": text_at(answer.object(), "id")})


class Remembers(Videos):
    """Keeps in memory where the job is to be asked for."""

    def __init__(self) -> None:
        self._links: dict[str, str] = {}

    def submit(self, call: Call) -> Step[Pending | Done]:
        accepted = yield from super().submit(call)
        assert isinstance(accepted, Pending)
        self._links[self._id(accepted.state)] = super()._url(call, accepted.state)
        return accepted

    def _url(self, call: Call, state: JsonValue) -> str:
        if self._id(state) not in self._links:
            raise ProtocolError("There is no link to this job.")
        return self._links[self._id(state)]


class Memory(Acme):
    """Stands in the module, where another process finds it."""

    operations: Mapping[Kind, Operation] = {"video": Remembers()}


def at_acme(videos: type[Videos]) -> type[Acme]:
    return type(videos.__name__, (Acme,), {"operations": {"video": videos()}})


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


def refused_polls(shop: Shop, log: pytest.LogCaptureFixture, folder: Path) -> None:
    ProviderConformance().test_polls_that_are_refused_buy_nothing(shop)


def unknown_states(shop: Shop, log: pytest.LogCaptureFixture, folder: Path) -> None:
    ProviderConformance().test_a_state_that_was_never_seen_ends_nothing(shop)


def another_process(shop: Shop, log: pytest.LogCaptureFixture, folder: Path) -> None:
    ProviderConformance().test_a_job_is_finished_by_another_process(shop)


def what_is_asked(shop: Shop, log: pytest.LogCaptureFixture, folder: Path) -> None:
    ProviderConformance().test_what_is_paid_for_is_what_was_asked_for(shop)


FLAWS: dict[type[Acme], Callable[[Shop, pytest.LogCaptureFixture, Path], None]] = {
    at_acme(PaysTwice): lost_requests,
    at_acme(Loses): hostile,
    at_acme(Stumbles): hostile,
    at_acme(Believes): mistaken,
    at_acme(Boasts): patience,
    at_acme(Tells): secrecy,
    at_acme(BuysAgain): refused_polls,
    at_acme(GivesUp): unknown_states,
    at_acme(Ignores): what_is_asked,
    Memory: another_process,
}


@pytest.mark.parametrize("flaw", FLAWS, ids=lambda flaw: flaw.__name__)
def test_a_flaw_is_noticed(
    flaw: type[Acme], studio: ScriptedServer, caplog: pytest.LogCaptureFixture, tmp_path: Path
) -> None:
    register_provider("flawed", flaw())
    shop = Shop(SyncWorld(), purchase_at(studio, "flawed"))
    with caplog.at_level(logging.DEBUG), pytest.raises(AssertionError):
        FLAWS[flaw](shop, caplog, tmp_path)
