"""The tasks: created, asked for, cancelled or deleted."""

import math
import uuid
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from functools import partial
from typing import Any

from tarash.testkit.clock import VirtualClock
from tarash.testkit.jobs import Job, Jobs
from tarash.testkit.ledger import Ledger
from tarash.testkit.links import Links
from tarash.testkit.media import Media
from tarash.testkit.runway import errors
from tarash.testkit.runway.outputs import outputs_of, price
from tarash.testkit.steps import Answer
from tarash.testkit.vendor import Refused

LINK_SECONDS = 24 * 3600.0


@dataclass(frozen=True)
class TaskOutcome:
    """How a task goes. `failure` (with a `failure_code`) lets it fail; `throttled` lets it wait as such.

    `statuses` are told to the first requests in place of the truth; one that is a mapping is laid over the true body.
    `links` are told in place of the true ones.
    """

    failure: str | None = None
    failure_code: str | None = None
    final: str | None = None
    throttled: bool = False
    statuses: Sequence[str | Mapping[str, Any]] = ()
    links: Sequence[Any] | None = None
    queue_seconds: float | None = None
    run_seconds: float | None = None


@dataclass(eq=False)
class Task(Job[TaskOutcome]):
    """One task."""

    endpoint: str
    body: Mapping[str, Any]
    credits: int
    files: Sequence[Media]

    def status(self, now: float) -> str:
        if now >= self.finished_at:
            failed = self.outcome.failure is not None or self.outcome.failure_code is not None
            return self.outcome.final or ("FAILED" if failed else "SUCCEEDED")
        if now >= self.started_at:
            return "RUNNING"
        return "THROTTLED" if self.outcome.throttled else "PENDING"


class Tasks(Jobs[TaskOutcome, Task]):
    """The tasks of one simulator, and the links to what came out of them."""

    def __init__(self, clock: VirtualClock, ledger: Ledger, pace: tuple[float, float], balance: float | None) -> None:
        super().__init__(clock, pace, TaskOutcome())
        self._ledger = ledger
        self.balance = math.inf if balance is None else balance
        self.links = Links(clock, ledger)

    # Creating.

    def create(self, endpoint: str, body: dict[str, Any]) -> Answer:
        cost = price(endpoint, body)
        if cost > self.balance:
            raise Refused(errors.no_credits())
        files = outputs_of(endpoint, body)
        task = self.begin(partial(Task, endpoint, body, cost, files, id=str(uuid.uuid4())))
        self.balance -= cost
        self._ledger.charge(task.id, cost)
        return Answer(200, json={"id": task.id, "estimatedCost": {"credits": cost}})

    # Telling.

    def retrieve(self, task_id: str) -> Answer:
        task = self._known(task_id)
        self._ledger.count("poll", task.id)
        return Answer(200, json=task.tell(self._truth(task), task.outcome.statuses))

    def _truth(self, task: Task) -> dict[str, Any]:
        now = self._clock.monotonic()
        status = task.status(now)
        created = datetime.fromtimestamp(self._clock.wall() - now + task.created_at, UTC)
        truth: dict[str, Any] = {"id": task.id, "status": status, "createdAt": created.isoformat()}
        if status in ("PENDING", "THROTTLED", "RUNNING"):
            truth["estimatedCost"] = {"credits": task.credits}
        else:
            truth["cost"] = {"credits": task.credits}
        if status == "RUNNING":
            truth["progress"] = task.share(now)
        if status == "SUCCEEDED":
            links = task.outcome.links
            # Fresh links for each request, signed and short-lived.
            fresh = [self.links.make("outputs", file, LINK_SECONDS, "_jwt") for file in task.files]
            truth["output"] = fresh if links is None else list(links)
        if status == "FAILED":
            truth["failure"] = task.outcome.failure or "Something went wrong."
            code = task.outcome.failure_code
            truth |= {} if code is None else {"failureCode": code}
        return truth

    # Ending.

    def delete(self, task_id: str) -> Answer:
        """An unfinished task is cancelled, a finished one is deleted; neither is found afterwards."""
        task = self._known(task_id)
        running = task.status(self._clock.monotonic()) in ("PENDING", "THROTTLED", "RUNNING")
        self._ledger.count("cancel" if running else "delete", task.id)
        self.forget(task.id)
        return Answer(204)

    def _known(self, task_id: str) -> Task:
        task = self.find(task_id)
        if task is None:
            raise Refused(errors.no_task())
        return task
