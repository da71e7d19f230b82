from collections.abc import Generator

import pytest
from tests.cartesia.cases import USUAL
from tests.support.speech import SpeechDesk
from tests.support.worlds import World

from tarash.testkit.cartesia import CartesiaSimulator
from tarash.testkit.clock import VirtualClock
from tarash.testkit.ledger import Ledger


@pytest.fixture(autouse=True)
def no_settings(monkeypatch: pytest.MonkeyPatch) -> None:
    """Keys are removed for every test; the vendor's SDK reads more than that."""
    for name in ("BASE_URL", "CUSTOM_HEADERS"):
        monkeypatch.delenv(f"CARTESIA_{name}", raising=False)


@pytest.fixture
def vendor(virtual_clock: VirtualClock, ledger: Ledger) -> Generator[CartesiaSimulator]:
    with CartesiaSimulator(clock=virtual_clock, ledger=ledger) as simulator:
        yield simulator


@pytest.fixture
def desk(world: World, vendor: CartesiaSimulator) -> SpeechDesk:
    return SpeechDesk(world, "cartesia", vendor, USUAL)
