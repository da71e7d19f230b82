"""fal in both worlds, with what must hold after every test."""

from collections.abc import Iterator

import pytest
from tests.fal.desk import Desk
from tests.support.worlds import World

from tarash.testkit.clock import VirtualClock
from tarash.testkit.fal import FalSimulator
from tarash.testkit.ledger import Ledger


@pytest.fixture
def fal(world: World, virtual_clock: VirtualClock, ledger: Ledger) -> Iterator[FalSimulator]:
    """A simulator with a port for each of fal's hosts, whose jobs wait two seconds and run four."""
    with FalSimulator(
        clock=virtual_clock, ledger=ledger, separate_hosts=True, queue_seconds=2, run_seconds=4
    ) as simulator:
        yield simulator


@pytest.fixture
def desk(world: World, fal: FalSimulator) -> Iterator[Desk]:
    one = Desk(world, fal)
    yield one
    one.check_the_wire()
