from collections.abc import Generator

import pytest
from tests.luma.desk import Desk
from tests.support.worlds import World

from tarash.testkit.clock import VirtualClock
from tarash.testkit.ledger import Ledger
from tarash.testkit.luma import LumaSimulator


@pytest.fixture(autouse=True)
def no_settings(monkeypatch: pytest.MonkeyPatch) -> None:
    """Keys are removed for every test; the vendor's SDKs read more than that."""
    for name in ("LUMAAI_BASE_URL", "LUMA_BASE_URL", "LUMA_CUSTOM_HEADERS", "LUMAAI_CUSTOM_HEADERS"):
        monkeypatch.delenv(name, raising=False)


@pytest.fixture
def vendor(virtual_clock: VirtualClock, ledger: Ledger) -> Generator[LumaSimulator]:
    """A simulator whose generations wait two seconds and run twenty."""
    with LumaSimulator(clock=virtual_clock, ledger=ledger, queue_seconds=2, run_seconds=20) as simulator:
        yield simulator


@pytest.fixture
def desk(world: World, vendor: LumaSimulator) -> Desk:
    return Desk(world, vendor)
