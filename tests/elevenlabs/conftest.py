from collections.abc import Generator

import pytest
from tests.elevenlabs.cases import USUAL
from tests.support.speech import SpeechDesk
from tests.support.worlds import World

from tarash.testkit.clock import VirtualClock
from tarash.testkit.elevenlabs import ElevenLabsSimulator
from tarash.testkit.ledger import Ledger


@pytest.fixture
def vendor(virtual_clock: VirtualClock, ledger: Ledger) -> Generator[ElevenLabsSimulator]:
    with ElevenLabsSimulator(clock=virtual_clock, ledger=ledger) as simulator:
        yield simulator


@pytest.fixture
def desk(world: World, vendor: ElevenLabsSimulator) -> SpeechDesk:
    return SpeechDesk(world, "elevenlabs", vendor, USUAL)
