"""The simulators by the id of the provider that each stands for."""

import importlib
from collections.abc import Callable, Mapping
from types import TracebackType
from typing import Any, Protocol, Self

from tarash.testkit.clock import VirtualClock
from tarash.testkit.ledger import Ledger
from tarash.testkit.requests import RecordedRequest
from tarash.testkit.scripts import Script
from tarash.testkit.server import ScriptedServer
from tarash.testkit.steps import Step


class Simulator(Protocol):
    """What all simulators have in common; each has more of its own."""

    key: str
    clock: VirtualClock
    ledger: Ledger
    server: ScriptedServer
    """The vendor's first host."""

    @property
    def settings(self) -> dict[str, Any]:
        """What a configuration needs to reach this simulator: `**simulator.settings`."""
        ...

    def requests(self, operation: str | None = None) -> list[RecordedRequest]:
        """All requests, or those of one operation of the vendor's interface."""
        ...

    def fail_next(self, operation: str, *steps: Step, times: int | None = 1, charged: bool = False) -> Script:
        """Play `steps` for the next request of an operation, or the next `times`; None means for every one.

        With `charged` the simulator does what was asked, and only its answer is lost.
        """
        ...

    def __enter__(self) -> Self: ...

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> None: ...


SIMULATORS: Mapping[str, str] = {
    "azure-openai": "tarash.testkit.openai:AzureOpenAISimulator",
    "elevenlabs": "tarash.testkit.elevenlabs:ElevenLabsSimulator",
    "cartesia": "tarash.testkit.cartesia:CartesiaSimulator",
    "fal": "tarash.testkit.fal:FalSimulator",
    "google": "tarash.testkit.google:GoogleSimulator",
    "luma": "tarash.testkit.luma:LumaSimulator",
    "hume": "tarash.testkit.hume:HumeSimulator",
    "openai": "tarash.testkit.openai:OpenAISimulator",
    "replicate": "tarash.testkit.replicate:ReplicateSimulator",
    "runway": "tarash.testkit.runway:RunwaySimulator",
    "sarvam": "tarash.testkit.sarvam:SarvamSimulator",
    "stability": "tarash.testkit.stability:StabilitySimulator",
    "xai": "tarash.testkit.xai:XaiSimulator",
}


def find_simulator(provider: str) -> Callable[..., Simulator]:
    """The class of a provider's simulator, imported now. Raises KeyError for a provider that has none."""
    module, _, name = SIMULATORS[provider].partition(":")
    found: Callable[..., Simulator] = getattr(importlib.import_module(module), name)
    return found
