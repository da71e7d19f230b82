from collections.abc import Generator

import pytest
from tests.hume.cases import USUAL
from tests.support.speech import SpeechDesk
from tests.support.worlds import World

from tarash.testkit.clock import VirtualClock
from tarash.testkit.hume import HumeSimulator
from tarash.testkit.ledger import Ledger


@pytest.fixture
def vendor(virtual_clock: VirtualClock, ledger: Ledger) -> Generator[HumeSimulator]:
    with HumeSimulator(clock=virtual_clock, ledger=ledger) as simulator:
        yield simulator


@pytest.fixture
def desk(world: World, vendor: HumeSimulator) -> SpeechDesk:
    return SpeechDesk(world, "hume", vendor, USUAL)
