"""The fixtures that all conformance tests share."""

from collections.abc import Generator

import pytest

from tarash.testkit.clock import VirtualClock
from tarash.testkit.conformance.purchase import Purchase
from tarash.testkit.conformance.shop import Shop
from tarash.testkit.worlds import WORLDS, World, opened_world


class Suite:
    """Base of the groups of tests: each runs in the sync world, then in the async one."""

    @pytest.fixture
    def purchase(self) -> Purchase:
        raise NotImplementedError("a conformance test class has a fixture `purchase` that returns a Purchase")

    @pytest.fixture(params=list(WORLDS))
    def world(self, request: pytest.FixtureRequest) -> Generator[World]:
        with opened_world(request.param) as one:
            yield one

    @pytest.fixture
    def shop(self, world: World, virtual_clock: VirtualClock, purchase: Purchase) -> Generator[Shop]:
        """Whatever happens: nothing is malformed, no job is charged twice, the key goes to its own origin only."""
        assert purchase.server.clock is virtual_clock, "give the fixture virtual_clock to the server"
        yield Shop(world, purchase)
        server, ledger = purchase.server, purchase.server.ledger
        assert not server.malformed
        assert all(ledger.charges(job) == 1 for job in ledger.charged_jobs)
        if server.requests.total:
            ledger.assert_key_only_at(purchase.origin, purchase.key)

    @pytest.fixture
    def slow(self, shop: Shop) -> Shop:
        """For tests of what can only be waited for."""
        if not shop.purchase.run_seconds:
            pytest.skip("the result comes at once")
        return shop
