from collections.abc import Generator

import pytest
from tests.openai.desk import Desk
from tests.support.worlds import World

from tarash.testkit.clock import VirtualClock
from tarash.testkit.ledger import Ledger
from tarash.testkit.openai import OpenAISimulator


@pytest.fixture(autouse=True)
def no_settings(monkeypatch: pytest.MonkeyPatch) -> None:
    """Keys are removed for every test; these providers read more than that."""
    names = ("BASE_URL", "ORG_ID", "PROJECT_ID", "WEBHOOK_SECRET", "API_VERSION")
    for name in (*(f"OPENAI_{name}" for name in names), "AZURE_OPENAI_ENDPOINT", "AZURE_OPENAI_AD_TOKEN"):
        monkeypatch.delenv(name, raising=False)


@pytest.fixture
def vendor(virtual_clock: VirtualClock, ledger: Ledger) -> Generator[OpenAISimulator]:
    """A simulator whose videos wait two seconds and run twenty."""
    with OpenAISimulator(clock=virtual_clock, ledger=ledger, queue_seconds=2, run_seconds=20) as simulator:
        yield simulator


@pytest.fixture
def desk(world: World, vendor: OpenAISimulator) -> Desk:
    return Desk(world, vendor)
