"""The simulator of Stability AI on 127.0.0.1, with a virtual clock, scripted faults and a ledger of credits."""

from collections.abc import Callable
from types import TracebackType
from typing import Any, Self

from tarash.testkit.clock import VirtualClock
from tarash.testkit.ledger import Ledger
from tarash.testkit.requests import RecordedRequest
from tarash.testkit.scripts import Moment, Script
from tarash.testkit.server import ScriptedServer
from tarash.testkit.stability import bodies, errors
from tarash.testkit.stability.errors import Refused
from tarash.testkit.stability.shapes import SHAPES, Shape
from tarash.testkit.stability.works import Outcome, Work, Works
from tarash.testkit.steps import Answer, Perform, Played, Step

DEFAULT_KEY = "sk-simulated-stability-key-0123456789"
ACCEPTED = ("image/*", "application/json")
IMAGES, RESULTS = "/v2beta/stable-image/", "/v2beta/results/"


class StabilitySimulator:
    """Stability AI, for one `with` block: every endpoint below /v2beta/stable-image, results, and the balance.

    Work that is waited for takes `run_seconds` of virtual time. `balance` is the number of credits that the account has
    (None: enough). `new_endpoints` are further ones, as the vendor might publish.
    """

    def __init__(
        self,
        *,
        clock: VirtualClock | None = None,
        ledger: Ledger | None = None,
        key: str = DEFAULT_KEY,
        run_seconds: float = 0.0,
        balance: float | None = None,
        new_endpoints: dict[str, Shape] | None = None,
        keep: int | None = None,
    ) -> None:
        self.clock, self.ledger, self.key = clock or VirtualClock(), ledger or Ledger(), key
        self._balance, self._shapes = balance, {**SHAPES, **(new_endpoints or {})}
        self._works = Works(self.clock, self.ledger, run_seconds, balance)
        self.server = ScriptedServer(self._handle, clock=self.clock, ledger=self.ledger, keep=keep)

    def __enter__(self) -> Self:
        self.server.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> None:
        self.server.__exit__(kind, error, traceback)

    @property
    def base_url(self) -> str:
        """What a client takes for https://api.stability.ai."""
        return self.server.url

    @property
    def settings(self) -> dict[str, Any]:
        """What a configuration needs to reach this simulator: `**simulator.settings`."""
        return {"provider": "stability", "api_key": self.key, "base_url": self.base_url}

    # What a test arranges and looks at.

    def next_work(self, outcome: Outcome, *, times: int = 1) -> None:
        """Let the next picture, or the next `times`, go like this."""
        for _ in range(times):
            self._works.plan(outcome)

    def fail_next(
        self, operation: str, *steps: Step, times: int | None = 1, charged: bool = False, moment: Moment = "body"
    ) -> Script:
        """Play `steps` for the next request of an operation, or the next `times`; None means for every one.

        Operations are the endpoints (`edit/inpaint`), `create` for any of them, `result` and `balance`. With `charged`
        the simulator does what was asked, and only its answer is lost. Raises ValueError for an unknown operation.
        """
        if operation not in {*self._shapes, "create", "result", "balance"}:
            raise ValueError(f"{operation!r} is no operation of Stability AI")
        played = (Perform(), *steps) if charged else steps
        return self.server.scripts.add(_asks_for(operation), played, times=times, moment=moment)

    def forget(self, work_id: str) -> None:
        """Let a piece of work vanish, as the vendor does after a day."""
        self._works.forget(work_id)

    @property
    def works(self) -> list[Work]:
        """Every picture that was charged, oldest first."""
        return list(self._works.all)

    def requests(self, operation: str | None = None) -> list[RecordedRequest]:
        """All requests, or those of one operation."""
        every = self.server.requests.snapshot()
        return every if operation is None else [request for request in every if _asks_for(operation)(request)]

    # Answering.

    def _handle(self, request: RecordedRequest) -> Played:
        if request.headers.get("authorization") != f"Bearer {self.key}":
            return errors.unauthorized()
        if request.headers.get("accept", "*/*") not in (*ACCEPTED, "*/*"):
            return errors.bad_request(f"accept: must be one of {', '.join(ACCEPTED)}")
        operation = _operation(request)
        if operation == "result":
            return self._works.fetch(request, request.segments[-1])
        if operation == "balance":
            return Answer(json={"credits": (self._balance or 0.0) - self.ledger.total_amount})
        shape = self._shapes.get(operation or "")
        if operation is None or shape is None:
            return errors.not_found()
        try:
            return self._works.start(request, operation, shape, bodies.read(request, shape))
        except Refused as refused:
            return refused.answer


def _operation(request: RecordedRequest) -> str | None:
    """Which operation a request asks for; None where the vendor has nothing."""
    if request.method == "POST" and request.path.startswith(IMAGES):
        return request.path.removeprefix(IMAGES)
    if request.method == "GET" and request.path.startswith(RESULTS):
        return "result"
    return "balance" if (request.method, request.path) == ("GET", "/v1/user/balance") else None


def _asks_for(operation: str) -> Callable[[RecordedRequest], bool]:
    def wanted(request: RecordedRequest) -> bool:
        found = _operation(request)
        return found == operation or (operation == "create" and request.method == "POST" and found is not None)

    return wanted
