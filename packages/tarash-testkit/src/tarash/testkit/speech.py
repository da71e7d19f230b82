"""What the simulators of speech vendors have in common: one server, one key, operations that tests can let fail."""

from collections.abc import Callable, Iterator, Sequence
from types import TracebackType
from typing import Any, ClassVar, Self, TypeVar

from pydantic import BaseModel, ValidationError

from tarash.testkit.clock import VirtualClock
from tarash.testkit.ledger import Ledger
from tarash.testkit.requests import RecordedRequest
from tarash.testkit.scripts import Moment, Script
from tarash.testkit.server import ScriptedServer
from tarash.testkit.steps import Answer, Chunk, Delay, Finish, Perform, Played, Start, Step

SECONDS_PER_CHARACTER = 0.05


class Refused(Exception):  # noqa: N818 - carries an answer, and is no error of the simulator
    """A request is answered with a refusal."""

    def __init__(self, answer: Answer) -> None:
        super().__init__()
        self.answer = answer


class SpeechSimulator:
    """A vendor of speech, for one `with` block. Speech takes `make_seconds` of virtual time; the ledger counts it.

    A vendor says in `operations` what it has, in `operation_of` what a request asks for, and in `answer` what it does.
    """

    provider: ClassVar[str]
    operations: ClassVar[frozenset[str]]
    default_key: ClassVar[str]

    def __init__(
        self,
        *,
        clock: VirtualClock | None = None,
        ledger: Ledger | None = None,
        key: str | None = None,
        make_seconds: float = 0.0,
        keep: int | None = None,
    ) -> None:
        self.clock, self.ledger, self.key = clock or VirtualClock(), ledger or Ledger(), key or self.default_key
        self._make_seconds = make_seconds
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
        return self.server.scripts.add(self._asks_for(operation), played, times=times, moment=moment)

    def requests(self, operation: str | None = None) -> list[RecordedRequest]:
        """All requests, or those of one operation."""
        every = self.server.requests.snapshot()
        return every if operation is None else [request for request in every if self._asks_for(operation)(request)]

    def operation_of(self, request: RecordedRequest) -> str | None:
        """What a request asks for; None where the vendor has nothing."""
        raise NotImplementedError

    def answer(self, operation: str | None, request: RecordedRequest) -> Played:
        """Do what is asked. Raises `Refused`."""
        raise NotImplementedError

    def _handle(self, request: RecordedRequest) -> Played:
        try:
            return self.answer(self.operation_of(request), request)
        except Refused as refused:
            return refused.answer

    def _asks_for(self, operation: str) -> Callable[[RecordedRequest], bool]:
        return lambda request: self.operation_of(request) == operation

    def later(self, *steps: Step) -> Played:
        """The steps of an answer, after the time that speech takes."""
        return (Delay(self._make_seconds), *steps) if self._make_seconds else steps


def spoken_seconds(text: str) -> float:
    """How long a text is spoken here: in tenths of a second, so that equal sounds are encoded once."""
    return round(min(3.0, max(0.3, SECONDS_PER_CHARACTER * len(text))), 1)


def in_pieces(content: bytes, count: int = 4) -> Iterator[bytes]:
    """The content in `count` pieces, of which the last may be shorter."""
    size = -(-len(content) // count) or 1
    return (content[start : start + size] for start in range(0, len(content), size))


def chunked(headers: dict[str, str], pieces: Iterator[bytes]) -> list[Step]:
    """A chunked answer, a chunk for each piece."""
    return [Start(200, headers), *(Chunk(piece) for piece in pieces), Finish()]


Judged = TypeVar("Judged", bound=BaseModel)


def judged(
    kind: type[Judged], read: Callable[[], Any], where: str, refusal: Callable[[Sequence[dict[str, Any]]], Answer]
) -> Judged:
    """What a request says, as `kind`. Raises `Refused` with an issue for each wrong field, as FastAPI writes them."""
    try:
        return kind.model_validate(read())
    except ValidationError as error:
        issues = [
            {"type": one["type"], "loc": [where, *one["loc"]], "msg": one["msg"]}
            for one in error.errors(include_url=False, include_input=False, include_context=False)
        ]
    except ValueError as error:
        issues = [{"type": "json_invalid", "loc": [where], "msg": str(error)}]
    raise Refused(refusal(issues))
