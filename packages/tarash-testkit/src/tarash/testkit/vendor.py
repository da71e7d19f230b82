"""What the simulators of all vendors have in common: a clock, a ledger, servers for one `with` block, and faults."""

from collections.abc import Callable
from contextlib import ExitStack
from types import TracebackType
from typing import Any, ClassVar, Self

from pydantic import ValidationError

from tarash.testkit.clock import VirtualClock
from tarash.testkit.ledger import Ledger
from tarash.testkit.requests import RecordedRequest
from tarash.testkit.scripts import Moment, Script, ScriptBook
from tarash.testkit.server import ScriptedServer
from tarash.testkit.steps import Answer, Perform, Played, Step

Handler = Callable[[RecordedRequest], Played]


class Refused(Exception):  # noqa: N818 - carries an answer, and is no error of the simulator
    """A request is answered with a refusal."""

    def __init__(self, answer: Answer) -> None:
        super().__init__()
        self.answer = answer


class VendorSimulator:
    """A vendor, for one `with` block.

    A subclass says in `operations` what the vendor has, in `operation_of` what a request asks for, and in `handle` what
    is answered, unless it raises `Refused`. Further hosts of the vendor come from `host`; `begin` is called when all of
    them listen. `keep` is how many requests are remembered, `options` are those of the first host's server.
    """

    provider: ClassVar[str]
    operations: frozenset[str]

    def __init__(
        self, key: str, clock: VirtualClock | None, ledger: Ledger | None, keep: int | None = None, **options: Any
    ) -> None:
        self.key, self.clock, self.ledger = key, clock or VirtualClock(), ledger or Ledger()
        self.scripts = ScriptBook()
        self._keep = keep
        self._hosts: list[ScriptedServer] = []
        self._running = ExitStack()
        self.server = self.host(self.handle, **options)

    def host(self, handler: Handler, **options: Any) -> ScriptedServer:
        """One more host of the vendor, with the same clock, ledger and faults. It listens when the block begins."""
        shared: dict[str, Any] = {"clock": self.clock, "ledger": self.ledger, "scripts": self.scripts}
        server = ScriptedServer(_with_refusals(handler), keep=self._keep, **shared, **options)
        self._hosts.append(server)
        return server

    def __enter__(self) -> Self:
        with ExitStack() as running:
            for host in self._hosts:
                running.enter_context(host)
            self._running = running.pop_all()
        self.begin()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> None:
        self._running.__exit__(kind, error, traceback)

    def begin(self) -> None:
        """What can be done only when the addresses are known."""

    @property
    def base_url(self) -> str:
        """What a client takes for the vendor's own address, without a slash at its end."""
        return self.server.url

    @property
    def settings(self) -> dict[str, Any]:
        """What a configuration needs to reach this simulator: `**simulator.settings`."""
        return {"provider": self.provider, "api_key": self.key, "base_url": self.base_url}

    def fail_next(
        self, operation: str, *steps: Step, times: int | None = 1, charged: bool = False, moment: Moment = "body"
    ) -> Script:
        """Play `steps` for the next request of an operation, or the next `times`; None means for every one.

        With `charged` the simulator does what was asked, and only its answer is lost. Raises ValueError for an
        operation that is none of `operations`.
        """
        if operation not in self.operations:
            raise ValueError(f"{operation!r} is none of {', '.join(sorted(self.operations))}")
        played = (Perform(), *steps) if charged else steps
        return self.scripts.add(lambda request: self.asks_for(request, operation), played, times=times, moment=moment)

    def requests(self, operation: str | None = None) -> list[RecordedRequest]:
        """All requests to the vendor's hosts, or those of one operation, in the order in which each host got them."""
        every = [request for host in self._hosts for request in host.requests.snapshot()]
        return every if operation is None else [request for request in every if self.asks_for(request, operation)]

    def clear_requests(self) -> None:
        for host in self._hosts:
            host.requests.clear()

    def asks_for(self, request: RecordedRequest, operation: str) -> bool:
        return self.operation_of(request) == operation

    def operation_of(self, request: RecordedRequest) -> str | None:
        """What a request asks for; None where the vendor has nothing."""
        raise NotImplementedError

    def handle(self, request: RecordedRequest) -> Played:
        raise NotImplementedError


def proxy_page(status: int = 502) -> Answer:
    """HTML from something in front of the vendor."""
    return Answer(status, {"Content-Type": "text/html"}, f"<html><head><title>{status}</title></head></html>")


def issues_in(error: ValidationError, where: str) -> list[dict[str, Any]]:
    """An issue for each wrong field of a part of the request ("body", "query"), as FastAPI writes them."""
    return [
        {"type": one["type"], "loc": [where, *one["loc"]], "msg": one["msg"]}
        for one in error.errors(include_url=False, include_input=False, include_context=False)
    ]


def _with_refusals(handler: Handler) -> Handler:
    def answer(request: RecordedRequest) -> Played:
        try:
            return handler(request)
        except Refused as refused:
            return refused.answer

    return answer
