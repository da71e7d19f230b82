"""One purchase of one kind of work at one provider's simulator, bought again and again while something goes wrong."""

import inspect
import json
import warnings
from collections.abc import Callable, Generator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import urlsplit

from tests.support.purchases import CLASSES, PURCHASES
from tests.support.worlds import World

from tarash.tarash_gateway.exceptions import TarashException
from tarash.tarash_gateway.models import Job, Kind
from tarash.testkit.clock import VirtualClock
from tarash.testkit.ledger import Ledger
from tarash.testkit.media import wav
from tarash.testkit.requests import RecordedRequest
from tarash.testkit.scripts import ScriptBook
from tarash.testkit.simulators import SIMULATORS, find_simulator
from tarash.testkit.steps import Alter, Answer, Played, Step

ORDERS: list[tuple[str, Kind]] = [(provider, kind) for provider in SIMULATORS for kind in PURCHASES[provider]]
NEEDED: dict[str, dict[str, Any]] = {"sts": {"audio": {"content": wav().content, "content_type": "audio/wav"}}}

RUN_SECONDS = 2.0
"""How long a remote job runs: long enough to be seen running once."""


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
    """Buys at a simulator from one of the two worlds. `exchanges` are those of the last purchase."""

    world: World
    provider: str
    kind: Kind
    simulator: Any
    exchanges: list[Exchange] = field(default_factory=list)

    @property
    def clock(self) -> VirtualClock:
        clock: VirtualClock = self.simulator.clock
        return clock

    @property
    def ledger(self) -> Ledger:
        ledger: Ledger = self.simulator.ledger
        return ledger

    @property
    def key(self) -> str:
        key: str = self.simulator.key
        return key

    @property
    def origin(self) -> str:
        """The one place that the key may be sent to."""
        parts = urlsplit(self.simulator.settings["base_url"])
        return f"{parts.scheme}://{parts.netloc}"

    def config(self, **changes: Any) -> Any:
        usual = {"model": PURCHASES[self.provider][self.kind].get("model"), "timeout": 300, "poll_interval": 20}
        return CLASSES[self.kind][0](**{**self.simulator.settings, **usual, **changes})

    def request(self) -> Any:
        return CLASSES[self.kind][1](**PURCHASES[self.provider][self.kind]["request"], **NEEDED.get(self.kind, {}))

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
            return self._call(f"generate_{self.kind}", self.config(**changes), self.request(), callback)

    def submit(self) -> Job:
        """What was accepted, without waiting for it."""
        with self._altered(unchanged, None):
            job = self._call(f"submit_{self.kind}", self.config(), self.request())
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
        scripts: ScriptBook = self.simulator.server.scripts
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


@contextmanager
def shop_for(
    order: tuple[str, Kind], world: World, clock: VirtualClock, ledger: Ledger, *, run_seconds: float
) -> Generator[Shop]:
    """A shop with a simulator of its own, whose jobs take so long where it has any.

    Whatever happened: nothing was malformed, no job was charged twice, and the key went to its own origin only.
    """
    provider, kind = order
    found = find_simulator(provider)
    pace = {"run_seconds": run_seconds} if "run_seconds" in inspect.signature(found).parameters else {}
    with found(clock=clock, ledger=ledger, **pace) as simulator:
        one = Shop(world, provider, kind, simulator)
        yield one
        assert not one.simulator.server.malformed
        assert all(ledger.charges(job) == 1 for job in ledger.charged_jobs)
        ledger.assert_key_only_at(one.origin, one.key)
