"""The generations: created, asked for, deleted. Both interfaces have them; they tell of them in words of their own."""

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
from tarash.testkit.luma import errors
from tarash.testkit.luma.errors import Refused
from tarash.testkit.luma.outputs import layer, outputs_of, price
from tarash.testkit.media import Media
from tarash.testkit.requests import RecordedRequest
from tarash.testkit.steps import Answer

LINK_SECONDS = 3600.0
RUNNING = {"agents": "processing", "dream-machine": "dreaming"}


@dataclass(frozen=True)
class GenerationOutcome:
    """How a generation goes. `failure` lets it fail; only the Agents API tells the `failure_code`, too.

    `states` are told to the first requests in place of the truth; one that is a mapping is laid over the true answer.
    """

    failure: str | None = None
    failure_code: str | None = None
    states: Sequence[str | Mapping[str, Any]] = ()
    queue_seconds: float | None = None
    run_seconds: float | None = None


@dataclass(eq=False)
class Generation:
    """One generation. `interface` is "agents" or "dream-machine", `kind` "video" or "image", `task` what was asked.

    Points in time are readings of the monotonic clock, in seconds; `cents` is what it costs.
    """

    id: str
    interface: str
    kind: str
    task: str
    body: Mapping[str, Any]
    outcome: GenerationOutcome
    cents: int
    created_at: float
    started_at: float
    finished_at: float
    told: int = 0
    files: list[Media] = field(default_factory=list)

    def state(self, now: float) -> str:
        if now >= self.finished_at:
            failed = self.outcome.failure is not None or self.outcome.failure_code is not None
            return "failed" if failed else "completed"
        return RUNNING[self.interface] if now >= self.started_at else "queued"


class Generations:
    """The generations of one simulator, and the links to what came out of them."""

    def __init__(self, clock: VirtualClock, ledger: Ledger, pace: tuple[float, float], balance: float | None) -> None:
        self._clock, self._ledger, self._pace = clock, ledger, pace
        self.balance = math.inf if balance is None else balance
        self._lock = threading.Lock()
        self._generations: dict[str, Generation] = {}
        self._outcomes: deque[GenerationOutcome] = deque()
        self._links: dict[str, tuple[Media, float]] = {}
        self.link_base = ""

    @property
    def all(self) -> list[Generation]:
        with self._lock:
            return list(self._generations.values())

    def plan(self, outcome: GenerationOutcome) -> None:
        with self._lock:
            self._outcomes.append(outcome)

    def forget(self, generation_id: str) -> None:
        with self._lock:
            del self._generations[generation_id]

    def expire_links(self) -> None:
        with self._lock:
            self._links.clear()

    def has(self, generation_id: str) -> bool:
        return generation_id in self._generations

    # Creating.

    def create(self, interface: str, kind: str, task: str, body: Mapping[str, Any]) -> Answer:
        cost = price(kind, body)
        if cost > self.balance:
            raise Refused(errors.no_credits(agents=interface == "agents"))
        now = self._clock.monotonic()
        with self._lock:
            outcome = self._outcomes.popleft() if self._outcomes else GenerationOutcome()
            started = now + (self._pace[0] if outcome.queue_seconds is None else outcome.queue_seconds)
            finished = started + (self._pace[1] if outcome.run_seconds is None else outcome.run_seconds)
            identity = str(uuid.uuid4())
            made = Generation(identity, interface, kind, task, body, outcome, cost, now, started, finished)
            made.files = outputs_of(kind, body)
            self._generations[identity] = made
            self.balance -= cost
        self._ledger.charge(identity, cost)
        return Answer(201, json=self.truth(made, "queued"))

    # Telling.

    def tell(self, interface: str, generation_id: str) -> Answer:
        generation = self.known(interface, generation_id)
        self._ledger.count("poll", generation.id)
        truth = self.truth(generation)
        if generation.told >= len(generation.outcome.states):
            return Answer(200, json=truth)
        scripted = generation.outcome.states[generation.told]
        generation.told += 1
        return Answer(200, json={**truth, **({"state": scripted} if isinstance(scripted, str) else scripted)})

    def truth(self, generation: Generation, state: str | None = None) -> dict[str, Any]:
        """What there is to say of a generation now (or in another state), in the words of its interface."""
        now = self._clock.monotonic()
        state = state or generation.state(now)
        created = datetime.fromtimestamp(self._clock.wall() - now + generation.created_at, UTC)
        outcome = generation.outcome
        told: dict[str, Any] = {
            "id": generation.id,
            "state": state,
            "created_at": created.isoformat(),
            "model": generation.body.get("model"),
            "failure_reason": (outcome.failure or "Something went wrong.") if state == "failed" else None,
        }
        if generation.interface == "agents":
            output = self._output(generation) if state == "completed" else []
            code = outcome.failure_code if state == "failed" else None
            return {**told, "type": generation.task, "output": output, "failure_code": code}
        links = [self._link(file) for file in generation.files] if state == "completed" else [None]
        return {
            **told,
            "generation_type": generation.kind,
            "assets": {"video": None, "image": None, "progress_video": None, generation.kind: links[0]},
            "request": dict(generation.body),
        }

    def _output(self, generation: Generation) -> list[dict[str, Any]]:
        entries = [{"type": generation.kind, "url": self._link(file, signed=True)} for file in generation.files]
        if generation.task == "layering":
            return [{**entry, "layer": layer(number)} for number, entry in enumerate(entries)]
        return entries

    def _link(self, file: Media, *, signed: bool = False) -> str:
        """A link that anyone can read; the Agents API signs it, for an hour, and makes another for each request."""
        path = f"/assets/{secrets.token_urlsafe(12)}/{file.file_name}"
        until = self._clock.monotonic() + LINK_SECONDS if signed else math.inf
        with self._lock:
            self._links[path] = (file, until)
        return f"{self.link_base}{path}" + (f"?X-Amz-Signature={secrets.token_urlsafe(12)}" if signed else "")

    def download(self, request: RecordedRequest) -> Answer:
        file, until = self._links.get(request.path, (None, 0.0))
        if file is None or until < self._clock.monotonic():
            return Answer(403, {"Content-Type": "text/xml"}, "<Error><Code>AccessDenied</Code></Error>")
        if "authorization" in request.headers:
            return Answer(400, {"Content-Type": "text/xml"}, "<Error><Code>InvalidArgument</Code></Error>")
        self._ledger.count("download", request.path)
        return Answer(200, {"Content-Type": file.content_type}, file.content)

    def list(self, interface: str, limit: int, offset: int) -> Answer:
        every = [one for one in reversed(self.all) if one.interface == interface]
        page = [self.truth(one) for one in every[offset : offset + limit]]
        more = offset + limit < len(every)
        facts = {"has_more": more, "count": len(every), "limit": limit, "offset": offset}
        return Answer(200, json={"generations": page, **facts})

    def delete(self, interface: str, generation_id: str) -> Answer:
        generation = self.known(interface, generation_id)
        self._ledger.count("delete", generation.id)
        self.forget(generation.id)
        return Answer(204)

    def known(self, interface: str, generation_id: str) -> Generation:
        """Raises `Refused` for a generation that the interface does not have."""
        with self._lock:
            generation = self._generations.get(generation_id)
        if generation is None or generation.interface != interface:
            raise Refused(errors.no_generation())
        return generation
