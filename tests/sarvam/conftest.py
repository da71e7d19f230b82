from collections.abc import Generator

import pytest
from tests.sarvam.cases import USUAL
from tests.support.speech import SpeechDesk
from tests.support.worlds import World

from tarash.testkit.clock import VirtualClock
from tarash.testkit.ledger import Ledger
from tarash.testkit.sarvam import SarvamSimulator


@pytest.fixture
def vendor(virtual_clock: VirtualClock, ledger: Ledger) -> Generator[SarvamSimulator]:
    with SarvamSimulator(clock=virtual_clock, ledger=ledger) as simulator:
        yield simulator


@pytest.fixture
def desk(world: World, vendor: SarvamSimulator) -> SpeechDesk:
    return SpeechDesk(world, "sarvam", vendor, USUAL)
