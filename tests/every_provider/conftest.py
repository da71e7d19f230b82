"""Every provider's simulator with one purchase of each kind of work, in both worlds."""

from collections.abc import Generator

import pytest
from tests.every_provider.shop import ORDERS, RUN_SECONDS, Shop, shop_for
from tests.support.worlds import World

from tarash.testkit.clock import VirtualClock
from tarash.testkit.ledger import Ledger


@pytest.fixture(params=ORDERS, ids="-".join)
def shop(request: pytest.FixtureRequest, world: World, virtual_clock: VirtualClock, ledger: Ledger) -> Generator[Shop]:
    """One kind of work of one provider, whose jobs run for two seconds."""
    with shop_for(request.param, world, virtual_clock, ledger, run_seconds=RUN_SECONDS) as one:
        yield one
