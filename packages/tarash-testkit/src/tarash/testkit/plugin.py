"""Fixtures for pytest, found by themselves once tarash-testkit is installed.

Whatever a fixture needs is imported when it is first used: a project that does not use them pays nothing.
"""

from collections.abc import Callable, Generator
from contextlib import ExitStack
from typing import TYPE_CHECKING, Any

import pytest

pytest.register_assert_rewrite("tarash.testkit.conformance", "tarash.testkit.worlds", "tarash.testkit.leaks")

if TYPE_CHECKING:
    from tarash.testkit.clock import VirtualClock
    from tarash.testkit.fal import FalSimulator
    from tarash.testkit.ledger import Ledger
    from tarash.testkit.server import ScriptedServer
    from tarash.testkit.simulators import Simulator


@pytest.fixture
def virtual_clock() -> "Generator[VirtualClock]":
    """A clock that only moves when it is waited on; tarash reads and waits on it for as long as the test lasts."""
    from tarash.tarash_gateway.clock import use_clock
    from tarash.testkit.clock import VirtualClock

    clock = VirtualClock()
    with use_clock(clock):
        yield clock


@pytest.fixture
def ledger() -> "Ledger":
    """The ledger that the servers and simulators of the same test write to."""
    from tarash.testkit.ledger import Ledger

    return Ledger()


@pytest.fixture
def scripted_server(virtual_clock: "VirtualClock", ledger: "Ledger") -> "Generator[ScriptedServer]":
    """A running server that answers 404 until the test scripts something or sets its `handler`."""
    from tarash.testkit.server import ScriptedServer

    with ScriptedServer(clock=virtual_clock, ledger=ledger) as server:
        yield server


@pytest.fixture
def fal_simulator(virtual_clock: "VirtualClock", ledger: "Ledger") -> "Generator[FalSimulator]":
    """A running simulator of fal, all of its hosts under one origin."""
    from tarash.testkit.fal import FalSimulator

    with FalSimulator(clock=virtual_clock, ledger=ledger) as simulator:
        yield simulator


@pytest.fixture
def start_simulator(virtual_clock: "VirtualClock", ledger: "Ledger") -> "Generator[Callable[..., Simulator]]":
    """Starts a provider's simulator for the rest of the test: `start_simulator("runway", run_seconds=3)`.

    What follows the provider's id are options of the simulator's own class. Raises KeyError for a provider that has no
    simulator.
    """
    from tarash.testkit.simulators import find_simulator

    with ExitStack() as running:

        def start(provider: str, **options: Any) -> "Simulator":
            return running.enter_context(find_simulator(provider)(clock=virtual_clock, ledger=ledger, **options))

        yield start
