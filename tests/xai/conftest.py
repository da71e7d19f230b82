from collections.abc import Generator

import pytest
from tests.support.worlds import World
from tests.xai.desk import Desk

from tarash.testkit.clock import VirtualClock
from tarash.testkit.ledger import Ledger
from tarash.testkit.xai import XaiSimulator


@pytest.fixture
def vendor(virtual_clock: VirtualClock, ledger: Ledger) -> Generator[XaiSimulator]:
    """A simulator whose videos wait two seconds and run twenty."""
    with XaiSimulator(clock=virtual_clock, ledger=ledger, queue_seconds=2, run_seconds=20) as simulator:
        yield simulator


@pytest.fixture
def desk(world: World, vendor: XaiSimulator) -> Desk:
    return Desk(world, vendor)
