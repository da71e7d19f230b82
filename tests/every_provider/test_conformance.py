"""The conformance tests of the testkit, for one purchase of each kind of work at every provider's simulator."""

import inspect
from collections.abc import Generator
from typing import Any

import pytest
from tests.support.purchases import CLASSES, PURCHASES

from tarash.testkit.clock import VirtualClock
from tarash.testkit.conformance import ProviderConformance, Purchase
from tarash.testkit.ledger import Ledger
from tarash.testkit.media import wav
from tarash.testkit.simulators import SIMULATORS, find_simulator

ORDERS = [(provider, kind) for provider in SIMULATORS for kind in PURCHASES[provider]]
NEEDED: dict[str, dict[str, Any]] = {"sts": {"audio": {"content": wav().content, "content_type": "audio/wav"}}}
RUN_SECONDS = 15.0
QUEUES = {"fal", "luma", "replicate", "runway"}
"""Providers at which everything is a job; at the others only videos are."""


class TestEveryProvider(ProviderConformance):
    @pytest.fixture(params=ORDERS, ids="-".join)
    def purchase(
        self, request: pytest.FixtureRequest, virtual_clock: VirtualClock, ledger: Ledger
    ) -> Generator[Purchase]:
        provider, kind = request.param
        found, order = find_simulator(provider), PURCHASES[provider][kind]
        pace = {"run_seconds": RUN_SECONDS} if "run_seconds" in inspect.signature(found).parameters else {}
        configuration, wish = CLASSES[kind]
        with found(clock=virtual_clock, ledger=ledger, **pace) as simulator:
            config = configuration(**simulator.settings, model=order.get("model"))
            asked = wish(**order["request"], **NEEDED.get(kind, {}))
            waited_for = kind == "video" or provider in QUEUES
            yield Purchase(simulator.server, config, asked, RUN_SECONDS if waited_for else 0)
