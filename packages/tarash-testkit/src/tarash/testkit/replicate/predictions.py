"""Predictions as the simulator keeps them, and the webhooks that tell of them."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from tarash.testkit.jobs import Job

TERMINAL = ("succeeded", "failed", "canceled", "aborted")


@dataclass(frozen=True)
class PredictionOutcome:
    """How a prediction goes. `error` lets it fail; `final` is its last status; `output` replaces what it makes.

    `statuses` are told to the first requests in place of the truth; one that is a mapping is laid over the true body.
    """

    error: str | None = None
    final: str | None = None
    output: Any = None
    logs: str = ""
    statuses: Sequence[str | Mapping[str, Any]] = ()
    queue_seconds: float | None = None
    run_seconds: float | None = None
    cancelable: bool = True


@dataclass(eq=False)
class Prediction(Job[PredictionOutcome]):
    """One job. `made` is what it makes, unless its outcome says otherwise."""

    model: str
    input: dict[str, Any]
    made: Any
    webhook: str | None = None
    canceled: bool = False

    @property
    def output(self) -> Any:
        return self.made if self.outcome.output is None else self.outcome.output

    def status(self, now: float) -> str:
        if self.canceled:
            return "canceled"
        if now >= self.finished_at:
            return self.outcome.final or ("failed" if self.outcome.error else "succeeded")
        return "processing" if now >= self.started_at else "starting"


@dataclass(frozen=True)
class SignedWebhook:
    """A webhook as the vendor would send it."""

    headers: dict[str, str]
    body: bytes = field(repr=False)
