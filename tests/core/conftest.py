from collections.abc import Generator

import pytest
from tests.support.acme import Acme
from tests.support.bench import Bench
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
    """A studio of acme, and a world to call it from."""
    studio = AcmeStudio(ledger)
    with ScriptedServer(studio, clock=virtual_clock, ledger=ledger) as server:
        studio.film_url = f"{server.url}/films"
        yield Bench(world, server, studio)
