"""The simulator of Stability AI on 127.0.0.1, with a virtual clock, scripted faults and a ledger of credits."""

from tarash.testkit.clock import VirtualClock
from tarash.testkit.ledger import Ledger
from tarash.testkit.requests import RecordedRequest
from tarash.testkit.stability import bodies, errors
from tarash.testkit.stability.shapes import SHAPES, Shape
from tarash.testkit.stability.works import Outcome, Work, Works
from tarash.testkit.steps import Answer, Played
from tarash.testkit.vendor import VendorSimulator

DEFAULT_KEY = "sk-simulated-stability-key-0123456789"
ACCEPTED = ("image/*", "application/json")
IMAGES, RESULTS = "/v2beta/stable-image/", "/v2beta/results/"


class StabilitySimulator(VendorSimulator):
    """Stability AI, for one `with` block: every endpoint below /v2beta/stable-image, results, and the balance.

    Work that is waited for takes `run_seconds` of virtual time. `balance` is the number of credits that the account has
    (None: enough). `new_endpoints` are further ones, as the vendor might publish. The operations are the endpoints
    (`edit/inpaint`), `create` for any of them, `result` and `balance`.
    """

    provider = "stability"

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
        super().__init__(key, clock, ledger, keep)
        self._balance, self._shapes = balance, {**SHAPES, **(new_endpoints or {})}
        self.operations = frozenset({*self._shapes, "create", "result", "balance"})
        self._works = Works(self.clock, self.ledger, run_seconds, balance)

    # What a test arranges and looks at.

    def next_work(self, outcome: Outcome, *, times: int = 1) -> None:
        """Let the next picture, or the next `times`, go like this."""
        for _ in range(times):
            self._works.plan(outcome)

    def forget(self, work_id: str) -> None:
        """Let a piece of work vanish, as the vendor does after a day."""
        self._works.forget(work_id)

    @property
    def works(self) -> list[Work]:
        """Every picture that was charged, oldest first."""
        return list(self._works.all)

    # Answering.

    def operation_of(self, request: RecordedRequest) -> str | None:
        if request.method == "POST" and request.path.startswith(IMAGES):
            return request.path.removeprefix(IMAGES)
        if request.method == "GET" and request.path.startswith(RESULTS):
            return "result"
        return "balance" if (request.method, request.path) == ("GET", "/v1/user/balance") else None

    def asks_for(self, request: RecordedRequest, operation: str) -> bool:
        found = self.operation_of(request)
        return found == operation or (operation == "create" and request.method == "POST" and found is not None)

    def handle(self, request: RecordedRequest) -> Played:
        if request.headers.get("authorization") != f"Bearer {self.key}":
            return errors.unauthorized()
        if request.headers.get("accept", "*/*") not in (*ACCEPTED, "*/*"):
            return errors.bad_request(f"accept: must be one of {', '.join(ACCEPTED)}")
        operation = self.operation_of(request)
        if operation == "result":
            return self._works.fetch(request, request.segments[-1])
        if operation == "balance":
            return Answer(json={"credits": (self._balance or 0.0) - self.ledger.total_amount})
        shape = self._shapes.get(operation or "")
        if operation is None or shape is None:
            return errors.not_found()
        return self._works.start(request, operation, shape, bodies.read(request, shape))
