"""Faults on the wire, each in both worlds, with what must hold after every one of them."""

from collections.abc import Generator

import pytest
from tests.support.acme import Acme
from tests.support.bench import KEY, Bench
from tests.support.studio import AcmeStudio
from tests.support.worlds import World

from tarash.tarash_gateway import register_provider
from tarash.testkit.clock import VirtualClock
from tarash.testkit.ledger import Ledger
from tarash.testkit.server import ScriptedServer


@pytest.fixture(scope="session", autouse=True)
def acme() -> None:
    register_provider("acme", Acme())


@pytest.fixture
def bench(world: World, virtual_clock: VirtualClock, ledger: Ledger) -> Generator[Bench]:
    """A studio of acme and a world to call it from. Whatever happened: nothing was charged twice, no key strayed."""
    studio = AcmeStudio(ledger)
    with ScriptedServer(studio, clock=virtual_clock, ledger=ledger) as server:
        studio.film_url = f"{server.url}/films"
        one = Bench(world, server, studio)
        yield one
        _check_the_wire(one)


@pytest.fixture
def second(bench: Bench) -> Generator[ScriptedServer]:
    """Where a fallback leads: another studio, with the same ledger."""
    studio = AcmeStudio(bench.ledger)
    with ScriptedServer(studio, clock=bench.clock, ledger=bench.ledger) as server:
        studio.film_url = f"{server.url}/films"
        bench.allowed_origins.append(server.url)
        yield server


def _check_the_wire(bench: Bench) -> None:
    assert not bench.server.malformed
    assert all(bench.ledger.charges(job) == 1 for job in bench.ledger.charged_jobs)
    assert bench.server.connections.peak <= bench.most_connections
    if bench.server.requests:
        bench.ledger.assert_key_only_at(bench.allowed_origins, KEY)
    places = {
        name.lower()
        for origin in bench.ledger.origins
        for name, value in bench.ledger.headers_at(origin)
        if KEY in value
    }
    assert places <= {"x-acme-key"}
