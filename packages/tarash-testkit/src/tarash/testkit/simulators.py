"""The simulators by the id of the provider that each stands for."""

import importlib
from collections.abc import Callable, Mapping
from types import TracebackType
from typing import Any, Protocol, Self

from tarash.testkit.clock import VirtualClock
from tarash.testkit.ledger import Ledger
from tarash.testkit.requests import RecordedRequest


class Simulator(Protocol):
    """What all simulators have in common; each has more of its own."""

    key: str
    clock: VirtualClock
    ledger: Ledger

    @property
    def settings(self) -> dict[str, Any]:
        """What a configuration needs to reach this simulator: `**simulator.settings`."""

    def requests(self, operation: str | None = None) -> list[RecordedRequest]:
        """All requests, or those of one operation of the vendor's interface."""
        ...

    def __enter__(self) -> Self: ...

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> None: ...


SIMULATORS: Mapping[str, str] = {
    "azure-openai": "tarash.testkit.openai:AzureOpenAISimulator",
    "fal": "tarash.testkit.fal:FalSimulator",
    "google": "tarash.testkit.google:GoogleSimulator",
    "openai": "tarash.testkit.openai:OpenAISimulator",
    "replicate": "tarash.testkit.replicate:ReplicateSimulator",
    "runway": "tarash.testkit.runway:RunwaySimulator",
}


def find_simulator(provider: str) -> Callable[..., Simulator]:
    """The class of a provider's simulator, imported now. Raises KeyError for a provider that has none."""
    module, _, name = SIMULATORS[provider].partition(":")
    found: Callable[..., Simulator] = getattr(importlib.import_module(module), name)
    return found
