"""Three providers in one chain, each a simulator with a ledger of its own, on one clock, in both worlds."""

from collections.abc import Generator
from dataclasses import dataclass
from typing import Any

import pytest
from tests.support.worlds import World

from tarash.tarash_gateway.models import VideoGenerationConfig, VideoGenerationRequest
from tarash.testkit import fal, google, replicate
from tarash.testkit.clock import VirtualClock
from tarash.testkit.ledger import Ledger
from tarash.testkit.steps import Answer, Step

MODELS = {
    "fal": "fal-ai/kling-video/v3/pro/text-to-video",
    "replicate": "google/veo-3.1",
    "google": "gemini-omni-1.1-flash",
}
ORDER = tuple(MODELS)
RUN_SECONDS, SLOW_SECONDS, TIMEOUT = 20.0, 5000.0, 300.0
PAGE = "<html>502</html>"


@dataclass
class House:
    """One provider as the tests see it: how to hurt its next submit, its polls or its job, and what it counted."""

    name: str
    vendor: Any
    submit: str
    poll: str
    refusals: dict[str, Step]
    base_url: str

    @property
    def ledger(self) -> Ledger:
        ledger: Ledger = self.vendor.ledger
        return ledger

    @property
    def submits(self) -> int:
        return len(self.vendor.requests(self.submit))

    def slow(self) -> None:
        self._next(run_seconds=SLOW_SECONDS)

    def stubborn(self) -> None:
        """As `slow`, and whoever wants to cancel the job cannot."""
        self._next(run_seconds=SLOW_SECONDS, **{"cancelable" if self.name == "replicate" else "cancellable": False})

    def failing(self) -> None:
        words = "The worker ran out of memory."
        broken: dict[str, dict[str, Any]] = {
            "fal": {"failure": fal.errors.model_error("downstream_service_error", words)},
            "replicate": {"error": words},
            "google": {"failure": {"code": 13, "message": words}, "end_status": "failed"},
        }
        self._next(**broken[self.name])

    def _next(self, **outcome: Any) -> None:
        match self.name:
            case "fal":
                self.vendor.next_outcome(fal.Outcome(**outcome))
            case "replicate":
                self.vendor.next_prediction(replicate.PredictionOutcome(**outcome))
            case _:
                self.vendor.next_outcome(google.Outcome(**outcome))

    def config(self, **changes: Any) -> VideoGenerationConfig:
        usual: dict[str, Any] = {"provider": self.name, "model": MODELS[self.name], "api_key": self.vendor.key}
        timing = {"base_url": self.base_url, "timeout": TIMEOUT, "poll_interval": 5}
        return VideoGenerationConfig(**{**usual, **timing, **changes})


@dataclass
class Street:
    """The chain fal, Replicate, Google."""

    world: World
    houses: dict[str, House]

    def generate(self, changes: dict[str, dict[str, Any]] | None = None, **everywhere: Any) -> Any:
        """Ask for a video; `changes` are laid over the configuration of single providers."""
        told = changes or {}
        configs = [self.houses[name].config(**{**everywhere, **told.get(name, {})}) for name in ORDER]
        first = configs[0].model_copy(update={"fallback_configs": configs[1:]})
        return self.world.call("generate_video", first, VideoGenerationRequest(prompt="a lighthouse at dawn"))

    @property
    def submits(self) -> list[int]:
        return [self.houses[name].submits for name in ORDER]

    @property
    def charges(self) -> list[int]:
        return [self.houses[name].ledger.total_charges for name in ORDER]


@pytest.fixture
def street(world: World, virtual_clock: VirtualClock) -> Generator[Street]:
    with (
        fal.FalSimulator(clock=virtual_clock, ledger=Ledger(), run_seconds=RUN_SECONDS) as first,
        replicate.ReplicateSimulator(clock=virtual_clock, ledger=Ledger(), run_seconds=RUN_SECONDS) as second,
        google.GoogleSimulator(clock=virtual_clock, ledger=Ledger(), run_seconds=RUN_SECONDS) as third,
    ):
        houses = [
            House("fal", first, "submit", "status", _of_fal(), first.queue_url),
            House("replicate", second, "create", "get", _of_replicate(), second.base_url),
            House("google", third, "create", "read", _of_google(), third.url),
        ]
        one = Street(world, {house.name: house for house in houses})
        yield one
        for house in houses:
            assert all(house.ledger.charges(job) == 1 for job in house.ledger.charged_jobs)
            others = [other.vendor.key for other in houses if other is not house]
            headers = str([house.ledger.headers_at(origin) for origin in house.ledger.origins])
            assert not [key for key in others if key in headers], "a key strayed to another provider"


def _of_fal() -> dict[str, Step]:
    return {
        "busy": fal.errors.request_error("runner_connection_error"),
        "wrong value": fal.errors.model_error("value_error", "seed is too large"),
        "no credit": fal.errors.exhausted_balance(),
    }


def _of_replicate() -> dict[str, Step]:
    return {
        "busy": replicate.errors.error(503, "Service unavailable", "Try again later."),
        "wrong value": replicate.errors.invalid_input("seed", "is too large"),
        "no credit": replicate.errors.no_credit(),
    }


def _of_google() -> dict[str, Step]:
    return {
        "busy": google.errors.rpc_error(503),
        "wrong value": google.errors.rpc_error(400, "seed is too large"),
        "no credit": google.errors.rpc_error(429, "Your prepayment credits are depleted."),
    }


PROXY = Answer(502, body=PAGE)
