"""The jobs of the simulated queue, and how they go."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any, Literal

from tarash.testkit.fal import errors
from tarash.testkit.media import Media
from tarash.testkit.steps import Answer

Phase = Literal["IN_QUEUE", "IN_PROGRESS", "COMPLETED"]


@dataclass(frozen=True)
class MediaFile:
    """Stands in an output for a file; served with a link, and with `fields` beside url, type, name and size."""

    media: Media
    fields: Mapping[str, Any] = field(default_factory=dict)


@dataclass(frozen=True)
class Outcome:
    """How a job goes, on the simulator's clock.

    `output` is JSON in which a `MediaFile` may stand anywhere; None is the usual output of the endpoint's kind.
    `failure` (see `tarash.testkit.fal.errors`) makes the job fail: fal then still says COMPLETED, with an error text
    in the status only if `tell_error`, and the result answers with the failure. Times that are None are the
    simulator's. `statuses` are told to the first status requests in place of the truth: a text is a bare status
    value, a mapping is laid over the true body. A job that is not `cancellable` accepts the cancelling and goes on.
    """

    output: Any = None
    failure: Answer | None = None
    queue_seconds: float | None = None
    run_seconds: float | None = None
    logs: Sequence[str] = ()
    statuses: Sequence[str | Mapping[str, Any]] = ()
    tell_error: bool = True
    cancellable: bool = True
    billable_units: float = 1.0


@dataclass(eq=False)
class Job:
    """One accepted job. Times are in seconds, points in time readings of the monotonic clock.

    `queue_base` and `cdn_base` are where its links lead: to the hosts that its sender spoke to.
    """

    id: str
    endpoint: str
    app: str
    input: Any
    outcome: Outcome
    accepted_at: float
    queue_base: str
    cdn_base: str
    queue_seconds: float
    run_seconds: float
    failure: Answer | None = None
    webhook: str | None = None
    cancelled_at: float | None = None
    told: int = 0

    @property
    def started_at(self) -> float:
        return self.accepted_at + self.queue_seconds

    @property
    def finished_at(self) -> float:
        return self.started_at + self.run_seconds if self.cancelled_at is None else self.cancelled_at

    def phase(self, now: float) -> Phase:
        if now >= self.finished_at:
            return "COMPLETED"
        return "IN_PROGRESS" if now >= self.started_at else "IN_QUEUE"

    def next_change(self, now: float) -> float:
        """Seconds until the phase changes; 0 for a job that is finished."""
        change = self.started_at if now < self.started_at else self.finished_at
        return max(0.0, min(change, self.finished_at) - now)

    def cancel(self, now: float) -> bool:
        """Cancel the job as of `now`; False when it is finished already."""
        if self.phase(now) == "COMPLETED":
            return False
        if self.outcome.cancellable:
            self.cancelled_at = now
            self.failure = errors.request_error("client_cancelled", "Request was cancelled by the client")
        return True

    def status(self, now: float) -> dict[str, Any]:
        """The truth about the job, without logs and links."""
        phase = self.phase(now)
        body: dict[str, Any] = {"status": phase, "request_id": self.id}
        if phase == "IN_QUEUE":
            body["queue_position"] = int(self.started_at - now)
        if phase == "COMPLETED":
            body["metrics"] = {"inference_time": self.run_seconds}
            if self.failure is not None and self.outcome.tell_error:
                body.update(errors.error_summary(self.failure))
        return body

    def tell(self, now: float) -> dict[str, Any]:
        """What a status request is told: first what the outcome wants told, then the truth."""
        truth = self.status(now)
        if self.told >= len(self.outcome.statuses):
            return truth
        scripted = self.outcome.statuses[self.told]
        self.told += 1
        if isinstance(scripted, str):
            return {"queue_position": 0, **truth, "status": scripted}
        return {**truth, **scripted}

    def logs(self, now: float, wall: float) -> list[dict[str, str]]:
        """The log lines written so far: they appear evenly over the running time."""
        written: list[dict[str, str]] = []
        for number, message in enumerate(self.outcome.logs):
            at = self.started_at + self.run_seconds * number / len(self.outcome.logs)
            if at <= min(now, self.finished_at):
                when = datetime.fromtimestamp(wall - now + at, UTC).isoformat()
                written.append({"message": message, "level": "INFO", "source": "USER", "timestamp": when})
        return written


def app_of(endpoint: str) -> str:
    """What is kept of an endpoint id in the links of its jobs: owner and app, with a namespace before them."""
    segments = endpoint.split("/")
    return "/".join(segments[: 3 if segments[0] in ("workflows", "comfy") else 2])
