"""Pictures that are made: at once, or later, to be asked for by an id."""

import base64
import itertools
from dataclasses import dataclass
from typing import Any

from tarash.testkit import media
from tarash.testkit.clock import VirtualClock
from tarash.testkit.ledger import Ledger
from tarash.testkit.requests import RecordedRequest
from tarash.testkit.stability import errors
from tarash.testkit.stability.bodies import Form
from tarash.testkit.stability.shapes import PRICES, Shape
from tarash.testkit.steps import Answer

KEPT_SECONDS = 24 * 3600.0
UNIT = 16


@dataclass(frozen=True)
class Outcome:
    """How a piece of work goes. `answer` takes the place of a result that was waited for."""

    filtered: bool = False
    run_seconds: float | None = None
    answer: Answer | None = None
    status: str = "in-progress"


@dataclass(frozen=True)
class Work:
    """One picture that was ordered and charged."""

    id: str
    endpoint: str
    content: bytes
    content_type: str
    seed: int
    ready_at: float
    outcome: Outcome


class Works:
    """Makes pictures and books what they cost. Those that are waited for take `run_seconds` of virtual time."""

    def __init__(self, clock: VirtualClock, ledger: Ledger, run_seconds: float, balance: float | None) -> None:
        self._clock, self._ledger, self._run_seconds, self._balance = clock, ledger, run_seconds, balance
        self._numbers = itertools.count(1)
        self._plans: list[Outcome] = []
        self.all: list[Work] = []

    def plan(self, outcome: Outcome) -> None:
        self._plans.append(outcome)

    def start(self, request: RecordedRequest, endpoint: str, shape: Shape, form: Form) -> Answer:
        price = PRICES.get(form.texts.get("model", ""), shape.credits)
        if self._balance is not None and self._ledger.total_amount + price > self._balance:
            return errors.no_credit()
        work = self._make(endpoint, form)
        self.all.append(work)
        self._ledger.charge(work.id, price)
        return Answer(200, json={"id": work.id}) if shape.waits else _result(work, request)

    def fetch(self, request: RecordedRequest, work_id: str) -> Answer:
        self._ledger.count("poll", work_id)
        work = next((work for work in self.all if work.id == work_id), None)
        now = self._clock.monotonic()
        if work is None or now > work.ready_at + KEPT_SECONDS:
            return errors.not_found()
        if now < work.ready_at:
            return Answer(202, json={"id": work.id, "status": work.outcome.status})
        return work.outcome.answer or _result(work, request)

    def forget(self, work_id: str) -> None:
        """Let a piece of work vanish."""
        self.all = [work for work in self.all if work.id != work_id]

    def _make(self, endpoint: str, form: Form) -> Work:
        number = next(self._numbers)
        outcome = self._plans.pop(0) if self._plans else Outcome()
        wanted = form.texts.get("output_format", "png")
        asked = int(form.texts.get("seed", "0"))
        seconds = self._run_seconds if outcome.run_seconds is None else outcome.run_seconds
        return Work(
            id=f"{number:064x}",
            endpoint=endpoint,
            content=picture(form.texts.get("aspect_ratio", "1:1"), wanted, number),
            content_type=f"image/{wanted}",
            seed=asked or 1000 + number,
            ready_at=self._clock.monotonic() + seconds,
            outcome=outcome,
        )


def picture(shape: str, wanted: str, number: int) -> bytes:
    """A small picture of a shape."""
    width, height = (UNIT * int(side) for side in shape.split(":"))
    return media.picture(width, height, wanted, number)


def _result(work: Work, request: RecordedRequest) -> Answer:
    """In the form that the request accepts; without a wish as bytes."""
    reason = "CONTENT_FILTERED" if work.outcome.filtered else "SUCCESS"
    about = {"x-request-id": errors.REQUEST_ID, "finish-reason": reason, "seed": str(work.seed)}
    if request.headers.get("accept") == "application/json":
        told: dict[str, Any] = {"image": base64.b64encode(work.content).decode(), "seed": work.seed}
        return Answer(200, {"x-request-id": errors.REQUEST_ID}, json={**told, "finish_reason": reason})
    return Answer(200, {"Content-Type": work.content_type, **about}, work.content)
