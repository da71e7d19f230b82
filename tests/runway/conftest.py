from collections.abc import Generator

import pytest
from tests.runway.desk import Desk
from tests.support.worlds import World

from tarash.testkit.clock import VirtualClock
from tarash.testkit.ledger import Ledger
from tarash.testkit.runway import RunwaySimulator


@pytest.fixture(autouse=True)
def no_settings(monkeypatch: pytest.MonkeyPatch) -> None:
    """Keys are removed for every test; the vendor's SDK reads more than that."""
    for name in ("BASE_URL", "CUSTOM_HEADERS"):
        monkeypatch.delenv(f"RUNWAYML_{name}", raising=False)


@pytest.fixture
def vendor(virtual_clock: VirtualClock, ledger: Ledger) -> Generator[RunwaySimulator]:
    """A simulator whose tasks wait two seconds and run twenty."""
    with RunwaySimulator(clock=virtual_clock, ledger=ledger, queue_seconds=2, run_seconds=20) as simulator:
        yield simulator


@pytest.fixture
def desk(world: World, vendor: RunwaySimulator) -> Desk:
    return Desk(world, vendor)
