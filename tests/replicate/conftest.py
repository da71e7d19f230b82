from collections.abc import Generator

import pytest
from tests.replicate.desk import Desk
from tests.support.worlds import World

from tarash.testkit.clock import VirtualClock
from tarash.testkit.ledger import Ledger
from tarash.testkit.replicate import ReplicateSimulator


@pytest.fixture(autouse=True)
def no_settings(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("REPLICATE_BASE_URL", raising=False)


@pytest.fixture
def vendor(virtual_clock: VirtualClock, ledger: Ledger) -> Generator[ReplicateSimulator]:
    """A simulator whose predictions wait two seconds and run twenty."""
    with ReplicateSimulator(clock=virtual_clock, ledger=ledger, queue_seconds=2, run_seconds=20) as simulator:
        yield simulator


@pytest.fixture
def desk(world: World, vendor: ReplicateSimulator) -> Desk:
    return Desk(world, vendor)
