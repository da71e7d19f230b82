"""The jobs of a simulator: how they will go, when they begin and end, and which were accepted."""

import threading
from collections import deque
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Generic, Protocol, TypeVar

from tarash.testkit.clock import VirtualClock


class Course(Protocol):
    """How a job goes: seconds of virtual time before its work begins, and of work; None leaves it to the simulator."""

    @property
    def queue_seconds(self) -> float | None: ...

    @property
    def run_seconds(self) -> float | None: ...


Outcome = TypeVar("Outcome", bound=Course)
Scripted = TypeVar("Scripted")


@dataclass(eq=False, kw_only=True)
class Job(Generic[Outcome]):
    """One job. Points in time are readings of the monotonic clock, in seconds."""

    id: str
    outcome: Outcome
    created_at: float
    started_at: float
    finished_at: float
    told: int = 0

    def share(self, now: float) -> float:
        """How much of the work is done, from 0 to 1."""
        length = self.finished_at - self.started_at
        return min(1.0, max(0.0, (now - self.started_at) / length)) if length else 1.0

    def next_of(self, scripted: Sequence[Scripted]) -> Scripted | None:
        """What is told in place of the truth, one after the other; None when all of it was told."""
        if self.told >= len(scripted):
            return None
        self.told += 1
        return scripted[self.told - 1]

    def tell(
        self, truth: Mapping[str, Any], scripted: Sequence[str | Mapping[str, Any]], name: str = "status"
    ) -> dict[str, Any]:
        """The truth, and laid over it the next of what is scripted: a text takes the place of what is called `name`."""
        over = self.next_of(scripted) or {}
        return {**truth, **({name: over} if isinstance(over, str) else over)}


Kept = TypeVar("Kept", bound=Job[Any])


class Jobs(Generic[Outcome, Kept]):
    """The jobs of one simulator, by id. They wait and run for the seconds of `pace`, unless their outcome says more."""

    def __init__(self, clock: VirtualClock, pace: tuple[float, float], usual: Outcome) -> None:
        self._clock, self._pace, self._usual = clock, pace, usual
        self._lock = threading.Lock()
        self._jobs: dict[str, Kept] = {}
        self._outcomes: deque[Outcome] = deque()

    @property
    def all(self) -> list[Kept]:
        """Every job that was accepted and not forgotten, oldest first."""
        with self._lock:
            return list(self._jobs.values())

    def find(self, job_id: str) -> Kept | None:
        with self._lock:
            return self._jobs.get(job_id)

    def plan(self, outcome: Outcome, times: int = 1) -> None:
        """Let the next job, or the next `times`, go like this."""
        with self._lock:
            self._outcomes.extend([outcome] * times)

    def forget(self, job_id: str) -> None:
        """Let a job vanish. Raises KeyError."""
        with self._lock:
            del self._jobs[job_id]

    def begin(self, make: Callable[..., Kept]) -> Kept:
        """Keep the job that `make` makes of an outcome and the points in time."""
        now, (queue, run) = self._clock.monotonic(), self._pace
        with self._lock:
            outcome = self._outcomes.popleft() if self._outcomes else self._usual
            started = now + (queue if outcome.queue_seconds is None else outcome.queue_seconds)
            finished = started + (run if outcome.run_seconds is None else outcome.run_seconds)
            job = make(outcome=outcome, created_at=now, started_at=started, finished_at=finished)
            self._jobs[job.id] = job
        return job
