"""One purchase, made again and again while something goes wrong."""

import json
import warnings
from collections import Counter
from collections.abc import Callable, Generator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from itertools import chain
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
    """A request with the simulator's own answer; `charged` when it was this one that was paid for.

    `refused` when a charged one is told that it was not accepted, so that it may be sent again.
    """

    request: RecordedRequest
    answer: Answer
    charged: bool
    refused: bool = False

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


def answered(role: Role, answer: Answer, exchange: Exchange) -> Played:
    """`answer` to every request of a role, and the simulator's own to the others."""
    return answer if role.fits(exchange.request) else exchange.answer


@dataclass(frozen=True)
class Instead:
    """Requests that the simulator does not hear of at all, and what is played to the next of them, so many `times`."""

    wanted: Callable[[RecordedRequest], bool]
    steps: Sequence[Step]
    times: int | None = 1


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
        instead: Instead | None = None,
        callback: Callable[[Any], Any] | None = None,
        **changes: Any,
    ) -> Any:
        """The response, or the error; paid for once at most. `change` makes each answer what it is on the wire."""
        with self._altered(change, instead), self._paying(1):
            return self._call(f"generate_{self.kind}", self.config(**changes), self.purchase.request, callback)

    def submit(self) -> Job:
        """What was accepted, without waiting for it."""
        with self._altered(), self._paying(1):
            job = self._call(f"submit_{self.kind}", self.config(), self.purchase.request)
        assert isinstance(job, Job), job
        return job

    def ask(self, function: str, job: Job, **changes: Any) -> Any:
        """`resume`, `poll` or `cancel`, when all goes well: the result, or the error. Nothing is paid for."""
        with self._altered(), self._paying(0):
            return self._call(function, Job.from_json(job.to_json()), self.config(**changes))

    @contextmanager
    def _altered(self, change: Change = unchanged, instead: Instead | None = None) -> Generator[None]:
        self.exchanges = []
        scripts: ScriptBook = self.purchase.server.scripts
        if instead is not None:
            scripts.add(instead.wanted, tuple(instead.steps), times=instead.times)
        _Counter(self, change).stand_at(scripts)
        try:
            yield
        finally:
            scripts.clear()

    @contextmanager
    def _paying(self, most: int) -> Generator[None]:
        """Whatever happens, no more than this is paid for; what is told to be refused may be bought again."""
        before = self.ledger.total_charges
        yield
        charges = self.ledger.total_charges - before - sum(one.refused for one in self.exchanges)
        sent = [f"{one.request.method} {one.request.path}" for one in self.exchanges]
        assert charges <= most, f"paid {charges} times: {sent}"

    def _call(self, function: str, *arguments: Any) -> Any:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            try:
                return self.world.call(function, *arguments)
            except TarashException as error:
                return error

    def roles(self) -> list[Role]:
        """What the requests of a purchase are for, in order: what only one of three has in its paths is an id."""
        found: list[list[RecordedRequest]] = []
        for _ in range(3):
            outcome = self.buy()
            assert not isinstance(outcome, TarashException), outcome
            found.append([exchange.request for exchange in self.exchanges])
        seen = Counter(place for requests in found for place in {one for each in requests for one in _places(each)})
        roles = [[_role(request, seen) for request in requests] for requests in found]
        # The first is asked in the order in which things are needed. Later ones have kept schemas, and perhaps tokens.
        return [role for role in dict.fromkeys(chain(*roles)) if role in roles[1] or role in roles[2]]

    def sent(self, role: Role) -> int:
        """How many requests of this role have come, heard of by the handler or not."""
        return sum(role.fits(request) for request in self.purchase.server.recorded())

    def paid(self, roles: Sequence[Role]) -> Role:
        """The role of the one paid request of the last purchase."""
        return next(role for role in roles for one in self.exchanges if one.charged and role.fits(one.request))

    def look(self, roles: Sequence[Role]) -> Role:
        """The role of what follows the paid request: how does the job go?"""
        return roles[roles.index(self.paid(roles)) + 1]


_Place = tuple[str, int, int, str]


def _places(request: RecordedRequest) -> list[_Place]:
    """The pieces of a path, each with where it stands."""
    count = len(request.segments)
    return [(request.method, count, number, segment) for number, segment in enumerate(request.segments)]


def _role(request: RecordedRequest, seen: Counter[_Place]) -> Role:
    places = _places(request)
    return Role(request.method, tuple(place[-1] if seen[place] > 1 else None for place in places))


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
        played = self._change(exchange)
        refused = charged and isinstance(played, Answer) and played.status >= 400
        self._shop.exchanges.append(replace(exchange, refused=refused))
        return played
