"""What the simulators of speech vendors have in common: an account, and sound that takes its time."""

import itertools
from collections.abc import Callable, Iterator, Sequence
from typing import Any, TypeVar

from pydantic import BaseModel, ValidationError

from tarash.testkit.clock import VirtualClock
from tarash.testkit.ledger import Ledger
from tarash.testkit.requests import RecordedRequest
from tarash.testkit.steps import Answer, Chunk, Delay, Finish, Played, Start, Step
from tarash.testkit.vendor import Refused, VendorSimulator, issues_in

SECONDS_PER_CHARACTER = 0.05


class SpeechSimulator(VendorSimulator):
    """A vendor of speech, for one `with` block. Speech takes `make_seconds` of virtual time; the ledger counts it.

    `credits` is what the account has (None: enough). A vendor says in `answer` what it does.
    """

    def __init__(
        self,
        key: str,
        clock: VirtualClock | None,
        ledger: Ledger | None,
        *,
        make_seconds: float,
        credits: int | None,  # noqa: A002 - the vendors' word
        keep: int | None,
    ) -> None:
        super().__init__(key, clock, ledger, keep)
        self.credits = credits
        self._make_seconds = make_seconds
        self._numbers = itertools.count(1)

    def handle(self, request: RecordedRequest) -> Played:
        return self.answer(self.operation_of(request), request)

    def answer(self, operation: str | None, request: RecordedRequest) -> Played:
        """Do what is asked. Raises `Refused`."""
        raise NotImplementedError

    def charge(self, cost: float, refusal: Exception) -> int:
        """Book what a request costs, and number it. Raises `refusal` when the account has too little."""
        if self.credits is not None and self.ledger.total_amount + cost > self.credits:
            raise refusal
        number = next(self._numbers)
        self.ledger.charge(f"request-{number}", cost)
        return number

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
        issues = issues_in(error, where)
    except ValueError as error:
        issues = [{"type": "json_invalid", "loc": [where], "msg": str(error)}]
    raise Refused(refusal(issues))
