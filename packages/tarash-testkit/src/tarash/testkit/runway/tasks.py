"""The tasks: created, asked for, cancelled or deleted."""

import math
import secrets
import threading
import uuid
from collections import deque
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any

from tarash.testkit.clock import VirtualClock
from tarash.testkit.ledger import Ledger
from tarash.testkit.media import Media
from tarash.testkit.requests import RecordedRequest
from tarash.testkit.runway import errors
from tarash.testkit.runway.errors import Refused
from tarash.testkit.runway.outputs import outputs_of, price
from tarash.testkit.steps import Answer

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
class Task:
    """One task. Points in time are readings of the monotonic clock, in seconds."""

    id: str
    endpoint: str
    body: Mapping[str, Any]
    outcome: TaskOutcome
    credits: int
    created_at: float
    started_at: float
    finished_at: float
    told: int = 0
    files: list[Media] = field(default_factory=list)

    def status(self, now: float) -> str:
        if now >= self.finished_at:
            failed = self.outcome.failure is not None or self.outcome.failure_code is not None
            return self.outcome.final or ("FAILED" if failed else "SUCCEEDED")
        if now >= self.started_at:
            return "RUNNING"
        return "THROTTLED" if self.outcome.throttled else "PENDING"

    def progress(self, now: float) -> float:
        length = self.finished_at - self.started_at
        return min(1.0, max(0.0, (now - self.started_at) / length)) if length else 1.0


class Tasks:
    """The tasks of one simulator, and the links to what came out of them."""

    def __init__(self, clock: VirtualClock, ledger: Ledger, pace: tuple[float, float], balance: float | None) -> None:
        self._clock, self._ledger, self._pace = clock, ledger, pace
        self.balance = math.inf if balance is None else balance
        self._lock = threading.Lock()
        self._tasks: dict[str, Task] = {}
        self._outcomes: deque[TaskOutcome] = deque()
        self._links: dict[str, tuple[Media, float]] = {}
        self.link_base = ""

    @property
    def all(self) -> list[Task]:
        with self._lock:
            return list(self._tasks.values())

    def plan(self, outcome: TaskOutcome) -> None:
        with self._lock:
            self._outcomes.append(outcome)

    def forget(self, task_id: str) -> None:
        with self._lock:
            del self._tasks[task_id]

    def expire_links(self) -> None:
        with self._lock:
            self._links.clear()

    # Creating.

    def create(self, endpoint: str, body: dict[str, Any]) -> Answer:
        cost = price(endpoint, body)
        if cost > self.balance:
            raise Refused(errors.no_credits())
        now = self._clock.monotonic()
        with self._lock:
            outcome = self._outcomes.popleft() if self._outcomes else TaskOutcome()
            started = now + (self._pace[0] if outcome.queue_seconds is None else outcome.queue_seconds)
            finished = started + (self._pace[1] if outcome.run_seconds is None else outcome.run_seconds)
            task = Task(str(uuid.uuid4()), endpoint, body, outcome, cost, now, started, finished)
            task.files = outputs_of(endpoint, body)
            self._tasks[task.id] = task
            self.balance -= cost
        self._ledger.charge(task.id, cost)
        return Answer(200, json={"id": task.id, "estimatedCost": {"credits": cost}})

    # Telling.

    def retrieve(self, task_id: str) -> Answer:
        task = self._known(task_id)
        self._ledger.count("poll", task.id)
        truth = self._truth(task)
        if task.told >= len(task.outcome.statuses):
            return Answer(200, json=truth)
        scripted = task.outcome.statuses[task.told]
        task.told += 1
        return Answer(200, json={**truth, **({"status": scripted} if isinstance(scripted, str) else scripted)})

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
            truth["progress"] = task.progress(now)
        if status == "SUCCEEDED":
            links = task.outcome.links
            truth["output"] = [self._link(file) for file in task.files] if links is None else list(links)
        if status == "FAILED":
            truth["failure"] = task.outcome.failure or "Something went wrong."
            code = task.outcome.failure_code
            truth |= {} if code is None else {"failureCode": code}
        return truth

    def _link(self, file: Media) -> str:
        """A fresh link for each request, signed and short-lived."""
        path = f"/outputs/{secrets.token_urlsafe(12)}/{file.file_name}"
        with self._lock:
            self._links[path] = (file, self._clock.monotonic() + LINK_SECONDS)
        return f"{self.link_base}{path}?_jwt={secrets.token_urlsafe(24)}"

    def download(self, request: RecordedRequest) -> Answer:
        file, until = self._links.get(request.path, (None, 0.0))
        if file is None or until < self._clock.monotonic() or not request.query_value("_jwt"):
            return Answer(403, {"Content-Type": "text/xml"}, "<Error><Code>AccessDenied</Code></Error>")
        if "authorization" in request.headers:
            return Answer(400, {"Content-Type": "text/xml"}, "<Error><Code>InvalidArgument</Code></Error>")
        self._ledger.count("download", request.path)
        return Answer(200, {"Content-Type": file.content_type}, file.content)

    # Ending.

    def delete(self, task_id: str) -> Answer:
        """An unfinished task is cancelled, a finished one is deleted; neither is found afterwards."""
        task = self._known(task_id)
        running = task.status(self._clock.monotonic()) in ("PENDING", "THROTTLED", "RUNNING")
        self._ledger.count("cancel" if running else "delete", task.id)
        self.forget(task.id)
        return Answer(204)

    def _known(self, task_id: str) -> Task:
        with self._lock:
            task = self._tasks.get(task_id)
        if task is None:
            raise Refused(errors.no_task())
        return task
