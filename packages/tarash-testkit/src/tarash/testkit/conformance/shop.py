"""One purchase, made again and again while something goes wrong."""

import json
import warnings
from collections.abc import Callable, Generator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any

from tarash.tarash_gateway.exceptions import TarashException
from tarash.tarash_gateway.models import Job, Kind
from tarash.testkit.clock import VirtualClock
from tarash.testkit.conformance.purchase import Purchase
from tarash.testkit.ledger import Ledger
from tarash.testkit.requests import RecordedRequest
from tarash.testkit.scripts import ScriptBook
from tarash.testkit.steps import Alter, Answer, Played, Step
from tarash.testkit.worlds import World

USUAL = {"timeout": 300.0, "poll_interval": 20.0}
"""What every purchase is made with, whatever the author's configuration says: seconds."""


@dataclass(frozen=True)
class Exchange:
    """A request with the simulator's own answer; `charged` when it was this one that was paid for."""

    request: RecordedRequest
    answer: Answer
    charged: bool

    @property
    def json(self) -> Any:
        """The answer's body as JSON; None when it is none."""
        try:
            return json.loads(self.answer.content)
        except ValueError:
            return None


@dataclass(frozen=True)
class Role:
    """What a request of a purchase is for: those of the same role differ only in the ids of their paths."""

    method: str
    segments: tuple[str | None, ...]

    def fits(self, request: RecordedRequest) -> bool:
        pairs = zip(self.segments, request.segments, strict=False)
        return (
            (request.method, len(request.segments)) == (self.method, len(self.segments))
            and all(wanted in (None, found) for wanted, found in pairs)
        )  # fmt: skip

    def __str__(self) -> str:
        return f"{self.method} /{'/'.join(segment or '*' for segment in self.segments)}"


Change = Callable[[Exchange], Played]


def unchanged(exchange: Exchange) -> Played:
    return exchange.answer


@dataclass
class Shop:
    """Buys from one of the two worlds. `exchanges` are those of the last purchase."""

    world: World
    purchase: Purchase
    exchanges: list[Exchange] = field(default_factory=list)

    @property
    def provider(self) -> str:
        return self.purchase.config.provider

    @property
    def kind(self) -> Kind:
        return self.purchase.kind

    @property
    def clock(self) -> VirtualClock:
        return self.purchase.server.clock

    @property
    def ledger(self) -> Ledger:
        return self.purchase.server.ledger

    def config(self, **changes: Any) -> Any:
        return self.purchase.config.model_copy(update={**USUAL, **changes})

    def buy(
        self,
        change: Change = unchanged,
        instead: tuple[Callable[[RecordedRequest], bool], Sequence[Step]] | None = None,
        callback: Callable[[Any], Any] | None = None,
        **changes: Any,
    ) -> Any:
        """The response, or the error. `change` makes each answer what it is on the wire.

        `instead`: which request the simulator does not hear of at all, and what is played to the next of them.
        """
        with self._altered(change, instead):
            return self._call(f"generate_{self.kind}", self.config(**changes), self.purchase.request, callback)

    def submit(self) -> Job:
        """What was accepted, without waiting for it."""
        with self._altered(unchanged, None):
            job = self._call(f"submit_{self.kind}", self.config(), self.purchase.request)
        assert isinstance(job, Job), job
        return job

    def ask(self, function: str, job: Job, **changes: Any) -> Any:
        """`resume`, `poll` or `cancel`, as another process would, when all goes well: the result, or the error."""
        with self._altered(unchanged, None):
            return self._call(function, Job.from_json(job.to_json()), self.config(**changes))

    @contextmanager
    def _altered(
        self, change: Change, instead: tuple[Callable[[RecordedRequest], bool], Sequence[Step]] | None
    ) -> Generator[None]:
        self.exchanges = []
        scripts: ScriptBook = self.purchase.server.scripts
        if instead is not None:
            scripts.add(instead[0], tuple(instead[1]))
        _Counter(self, change).stand_at(scripts)
        yield
        scripts.clear()

    def _call(self, function: str, *arguments: Any) -> Any:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            try:
                return self.world.call(function, *arguments)
            except TarashException as error:
                return error

    def roles(self) -> list[Role]:
        """What the requests of a purchase are for, in order: what differs between two purchases are ids."""
        found: list[list[RecordedRequest]] = []
        for _ in range(3):
            outcome = self.buy()
            assert not isinstance(outcome, TarashException), outcome
            found.append([exchange.request for exchange in self.exchanges])
        # The first has filled the cache of schemas.
        pairs = zip(found[1], found[2], strict=True)
        return list(dict.fromkeys(_role(one, other) for one, other in pairs))

    def sent(self, role: Role) -> int:
        """How many requests of this role have come, heard of by the handler or not."""
        return sum(role.fits(request) for request in self.purchase.server.recorded())

    def paid(self, roles: Sequence[Role]) -> Role:
        """The role of the one paid request of the last purchase."""
        return next(role for role in roles for one in self.exchanges if one.charged and role.fits(one.request))


def _role(one: RecordedRequest, other: RecordedRequest) -> Role:
    segments = zip(one.segments, other.segments, strict=True)
    return Role(one.method, tuple(first if first == second else None for first, second in segments))


class _Counter:
    """Stands between the simulator and its clients."""

    def __init__(self, shop: Shop, change: Change) -> None:
        self._shop, self._change = shop, change

    def stand_at(self, scripts: ScriptBook) -> None:
        scripts.add(self._comes, (Alter(self._goes),), times=None)

    def _comes(self, request: RecordedRequest) -> bool:
        self._request, self._charges = request, self._shop.ledger.total_charges
        return True

    def _goes(self, answer: Answer) -> Played:
        charged = self._shop.ledger.total_charges > self._charges
        exchange = Exchange(self._request, answer, charged)
        self._shop.exchanges.append(exchange)
        return self._change(exchange)
