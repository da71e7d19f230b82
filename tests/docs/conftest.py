"""The vendors of the documentation's snippets, as simulators."""

from collections.abc import Generator
from pathlib import Path

import pytest

from tarash.providers.google import GoogleProvider
from tarash.providers.stability import StabilityProvider
from tarash.providers.xai import XaiProvider
from tarash.tarash_gateway import register_provider
from tarash.tarash_gateway.models import GenerationConfig
from tarash.testkit.clock import VirtualClock
from tarash.testkit.google import GoogleSimulator
from tarash.testkit.ledger import Ledger
from tarash.testkit.luma import LumaSimulator
from tarash.testkit.openai import OpenAISimulator
from tarash.testkit.runway import RunwaySimulator
from tarash.testkit.stability import StabilitySimulator
from tarash.testkit.xai import XaiSimulator


@pytest.fixture(autouse=True)
def google_here(
    virtual_clock: VirtualClock,
    ledger: Ledger,
    tmp_path_factory: pytest.TempPathFactory,
    monkeypatch: pytest.MonkeyPatch,
) -> Generator[GoogleSimulator]:
    """The provider `google`, with the simulator in place of Google's own hosts and of the token service."""
    with GoogleSimulator(clock=virtual_clock, ledger=ledger) as simulator:

        class SimulatedGoogle(GoogleProvider):
            base_url = simulator.url

            def default_base_url(self, config: GenerationConfig) -> str:
                return simulator.url

        login = simulator.write_user_login(Path(tmp_path_factory.mktemp("google"), "login.json"))
        monkeypatch.setenv("GOOGLE_APPLICATION_CREDENTIALS", str(login))
        monkeypatch.setenv("GOOGLE_API_KEY", simulator.key)
        register_provider("google", SimulatedGoogle())
        yield simulator
        register_provider("google", GoogleProvider())


@pytest.fixture(autouse=True)
def openai_here(
    virtual_clock: VirtualClock, ledger: Ledger, monkeypatch: pytest.MonkeyPatch
) -> Generator[OpenAISimulator]:
    """The simulator in place of OpenAI and of an Azure resource: their addresses stand in the environment."""
    with OpenAISimulator(clock=virtual_clock, ledger=ledger) as simulator:
        monkeypatch.setenv("OPENAI_BASE_URL", simulator.base_url)
        monkeypatch.setenv("AZURE_OPENAI_ENDPOINT", simulator.azure_endpoint)
        for name in ("OPENAI_API_KEY", "AZURE_OPENAI_API_KEY"):
            monkeypatch.setenv(name, simulator.key)
        yield simulator


@pytest.fixture(autouse=True)
def runway_here(
    virtual_clock: VirtualClock, ledger: Ledger, monkeypatch: pytest.MonkeyPatch
) -> Generator[RunwaySimulator]:
    """The simulator in place of Runway: its address stands in the environment."""
    with RunwaySimulator(clock=virtual_clock, ledger=ledger) as simulator:
        monkeypatch.setenv("RUNWAYML_BASE_URL", simulator.base_url)
        monkeypatch.setenv("RUNWAYML_API_SECRET", simulator.key)
        yield simulator


@pytest.fixture(autouse=True)
def luma_here(virtual_clock: VirtualClock, ledger: Ledger, monkeypatch: pytest.MonkeyPatch) -> Generator[LumaSimulator]:
    """The simulator in place of both of Luma's interfaces: their addresses stand in the environment."""
    with LumaSimulator(clock=virtual_clock, ledger=ledger) as simulator:
        monkeypatch.setenv("LUMA_BASE_URL", simulator.base_url)
        monkeypatch.setenv("LUMA_AGENTS_API_KEY", simulator.key)
        monkeypatch.setenv("LUMAAI_BASE_URL", simulator.dream_machine_url)
        monkeypatch.setenv("LUMAAI_API_KEY", simulator.dream_machine_key)
        yield simulator


@pytest.fixture(autouse=True)
def xai_here(virtual_clock: VirtualClock, ledger: Ledger, monkeypatch: pytest.MonkeyPatch) -> Generator[XaiSimulator]:
    """The provider `xai`, with the simulator in place of the vendor's own host."""
    with XaiSimulator(clock=virtual_clock, ledger=ledger) as simulator:

        class SimulatedXai(XaiProvider):
            base_url = simulator.base_url

        monkeypatch.setenv("XAI_API_KEY", simulator.key)
        register_provider("xai", SimulatedXai())
        yield simulator
        register_provider("xai", XaiProvider())


@pytest.fixture(autouse=True)
def stability_here(
    virtual_clock: VirtualClock, ledger: Ledger, monkeypatch: pytest.MonkeyPatch
) -> Generator[StabilitySimulator]:
    """The provider `stability`, with the simulator in place of the vendor's host."""
    with StabilitySimulator(clock=virtual_clock, ledger=ledger) as simulator:

        class SimulatedStability(StabilityProvider):
            base_url = simulator.base_url

        monkeypatch.setenv("STABILITY_API_KEY", simulator.key)
        register_provider("stability", SimulatedStability())
        yield simulator
        register_provider("stability", StabilityProvider())
