"""Conformance tests for the authors of providers: what every provider promises, tried at yours.

    from tarash.testkit.conformance import ProviderConformance, Purchase

    class TestVideos(ProviderConformance):
        @pytest.fixture
        def purchase(self, virtual_clock, ledger):
            with ScriptedServer(handler, clock=virtual_clock, ledger=ledger) as server:
                config = VideoGenerationConfig(provider="acme", base_url=server.url, api_key="acme-secret-key")
                yield Purchase(server, config, VideoGenerationRequest(prompt="a cat"), run_seconds=15)

The class brings the tests, in both worlds. They buy from your simulated provider, and change, cut or lose its answers:
what a fault costs (`MoneyTests`), what answers with one thing wrong in them do (`HostileAnswerTests`), what becomes of
jobs that take too long (`PatienceTests`) or whose polls fail (`WaitingTests`), and where the key shows
(`SecrecyTests`). Needs `tarash-testkit[pytest]`.
"""

from tarash.testkit.conformance.hostile_answers import HostileAnswerTests
from tarash.testkit.conformance.money import MoneyTests
from tarash.testkit.conformance.patience import PatienceTests
from tarash.testkit.conformance.purchase import Purchase
from tarash.testkit.conformance.secrecy import SecrecyTests
from tarash.testkit.conformance.waiting import WaitingTests

__all__ = [
    "HostileAnswerTests",
    "MoneyTests",
    "PatienceTests",
    "ProviderConformance",
    "Purchase",
    "SecrecyTests",
    "WaitingTests",
]


class ProviderConformance(MoneyTests, WaitingTests, PatienceTests, HostileAnswerTests, SecrecyTests):
    """All of them. A subclass, named `Test…`, has a fixture `purchase`."""
