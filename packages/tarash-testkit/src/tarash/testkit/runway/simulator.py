"""The simulator of Runway: interface and storage on 127.0.0.1, a virtual clock, scripted faults and a ledger."""

from tarash.testkit.clock import VirtualClock
from tarash.testkit.ledger import Ledger
from tarash.testkit.requests import RecordedRequest
from tarash.testkit.runway import bodies, errors, shapes
from tarash.testkit.runway.tasks import Task, TaskOutcome, Tasks
from tarash.testkit.runway.uploads import Upload, Uploads
from tarash.testkit.steps import Answer, Played
from tarash.testkit.vendor import VendorSimulator

DEFAULT_KEY = "key_" + "0123456789abcdef" * 8
VERSION = "2024-11-06"
ENDPOINTS = frozenset(shapes.schemas()["endpoints"])
OPERATIONS = ENDPOINTS | {"create", "retrieve", "delete", "uploads", "storage", "download"}


class RunwaySimulator(VendorSimulator):
    """Runway, for one `with` block.

    Tasks wait `queue_seconds` and run `run_seconds` of virtual time. `balance` is the number of credits that the
    organization has (None: enough). Retired models are refused unless `serve_retired`, and models that never were
    unless `serve_unknown`; the bodies of the latter are not judged. Uploads and results lie on a server of their own
    (`storage`), which refuses requests with a key. The operations are the endpoints that create tasks (`create` for any
    of them), retrieve, delete, uploads, storage and download.
    """

    provider = "runway"
    operations = OPERATIONS

    def __init__(
        self,
        *,
        clock: VirtualClock | None = None,
        ledger: Ledger | None = None,
        key: str = DEFAULT_KEY,
        queue_seconds: float = 0.0,
        run_seconds: float = 0.0,
        balance: float | None = None,
        serve_retired: bool = False,
        serve_unknown: bool = False,
        keep: int | None = None,
    ) -> None:
        super().__init__(key, clock, ledger, keep)
        self.storage = self.host(self._handle_storage)
        self._serve_retired, self._serve_unknown = serve_retired, serve_unknown
        self._tasks = Tasks(self.clock, self.ledger, (queue_seconds, run_seconds), balance)
        self._uploads = Uploads(self.clock, self.ledger)

    def begin(self) -> None:
        self._tasks.links.base = self._uploads.link_base = self.storage.url

    # What a test arranges and looks at.

    def next_task(self, outcome: TaskOutcome, *, times: int = 1) -> None:
        """Let the next task, or the next `times`, go like this."""
        self._tasks.plan(outcome, times)

    def forget(self, task_id: str) -> None:
        """Let a task vanish. Raises KeyError."""
        self._tasks.forget(task_id)

    def expire_links(self) -> None:
        """Let the links to all results end now; a task that is asked for again names new ones."""
        self._tasks.links.expire()

    @property
    def tasks(self) -> list[Task]:
        """Every task that was accepted and not deleted, oldest first."""
        return self._tasks.all

    @property
    def uploads(self) -> list[Upload]:
        """Every upload that was announced, oldest first."""
        return self._uploads.all

    # Answering.

    def operation_of(self, request: RecordedRequest) -> str | None:
        return operation_of(request)

    def asks_for(self, request: RecordedRequest, operation: str) -> bool:
        found = operation_of(request)
        return found == operation or (operation == "create" and found in ENDPOINTS)

    def handle(self, request: RecordedRequest) -> Played:
        if (request.headers.get("authorization") or "") != f"Bearer {self.key}":
            return errors.unauthorized()
        if request.headers.get("x-runway-version") != VERSION:
            return errors.error(400, "The X-Runway-Version header is missing or names no version.")
        return self._answer(request, operation_of(request))

    def _answer(self, request: RecordedRequest, operation: str | None) -> Answer:
        match operation:
            case "retrieve":
                return self._tasks.retrieve(request.segments[-1])
            case "delete":
                return self._tasks.delete(request.segments[-1])
            case "uploads":
                return self._uploads.announce(request)
            case None:
                known = request.segments[1:2] and request.segments[1] in {*ENDPOINTS, "tasks", "uploads"}
                return errors.no_method() if known else errors.no_path()
            case endpoint:
                also = {"retired": self._serve_retired, "unknown": self._serve_unknown}
                return self._tasks.create(endpoint, bodies.read(request, endpoint, self._uploads.has, **also))

    def _handle_storage(self, request: RecordedRequest) -> Played:
        match operation_of(request):
            case "storage":
                return self._uploads.take(request)
            case "download":
                return self._tasks.links.serve(request)
            case _:
                return Answer(404)


def operation_of(request: RecordedRequest) -> str | None:
    """What a request asks for; None where the vendor has nothing."""
    match (request.method, request.segments):
        case ("POST", ["v1", endpoint]) if endpoint in ENDPOINTS or endpoint == "uploads":
            return endpoint
        case ("GET", ["v1", "tasks", _]):
            return "retrieve"
        case ("DELETE", ["v1", "tasks", _]):
            return "delete"
        case ("POST", ["storage", _]):
            return "storage"
        case ("GET", ["outputs", _, _]):
            return "download"
        case _:
            return None
