"""The generations: created, asked for, deleted. Both interfaces have them; they tell of them in words of their own."""

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
from tarash.testkit.luma import errors
from tarash.testkit.luma.outputs import layer, outputs_of, price
from tarash.testkit.media import Media
from tarash.testkit.steps import Answer
from tarash.testkit.vendor import Refused

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
class Generation(Job[GenerationOutcome]):
    """One generation. `interface` is "agents" or "dream-machine", `kind` "video" or "image", `task` what was asked.

    `cents` is what it costs.
    """

    interface: str
    kind: str
    task: str
    body: Mapping[str, Any]
    cents: int
    files: Sequence[Media]

    def state(self, now: float) -> str:
        if now >= self.finished_at:
            failed = self.outcome.failure is not None or self.outcome.failure_code is not None
            return "failed" if failed else "completed"
        return RUNNING[self.interface] if now >= self.started_at else "queued"


class Generations(Jobs[GenerationOutcome, Generation]):
    """The generations of one simulator, and the links to what came out of them."""

    def __init__(self, clock: VirtualClock, ledger: Ledger, pace: tuple[float, float], balance: float | None) -> None:
        super().__init__(clock, pace, GenerationOutcome())
        self._ledger = ledger
        self.balance = math.inf if balance is None else balance
        self.links = Links(clock, ledger)

    # Creating.

    def create(self, interface: str, kind: str, task: str, body: Mapping[str, Any]) -> Answer:
        cost = price(kind, body)
        if cost > self.balance:
            raise Refused(errors.no_credits(agents=interface == "agents"))
        identity, files = str(uuid.uuid4()), outputs_of(kind, body)
        made = self.begin(partial(Generation, interface, kind, task, body, cost, files, id=identity))
        self.balance -= cost
        self._ledger.charge(made.id, cost)
        return Answer(201, json=self.truth(made, "queued"))

    # Telling.

    def tell(self, interface: str, generation_id: str) -> Answer:
        generation = self.known(interface, generation_id)
        self._ledger.count("poll", generation.id)
        return Answer(200, json=generation.tell(self.truth(generation), generation.outcome.states, "state"))

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
        if signed:
            return self.links.make("assets", file, LINK_SECONDS, "X-Amz-Signature")
        return self.links.make("assets", file, math.inf)

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
        generation = self.find(generation_id)
        if generation is None or generation.interface != interface:
            raise Refused(errors.no_generation())
        return generation
