from collections.abc import Generator

import pytest
from tests.stability.desk import Desk
from tests.support.worlds import World

from tarash.testkit.clock import VirtualClock
from tarash.testkit.ledger import Ledger
from tarash.testkit.stability import StabilitySimulator


@pytest.fixture
def vendor(virtual_clock: VirtualClock, ledger: Ledger) -> Generator[StabilitySimulator]:
    """A simulator whose slow work takes twenty-five seconds."""
    with StabilitySimulator(clock=virtual_clock, ledger=ledger, run_seconds=25) as simulator:
        yield simulator


@pytest.fixture
def desk(world: World, vendor: StabilitySimulator) -> Desk:
    return Desk(world, vendor)
