"""Money: what each fault of a paid request costs, in requests and in charges. `pytest -s` prints the table."""

from collections.abc import Generator, Sequence
from dataclasses import dataclass, field, replace
from itertools import pairwise
from typing import Any

import pytest

from tarash.tarash_gateway.exceptions import (
    HTTPConnectionError,
    HTTPError,
    SubmitOutcomeUnknownError,
    TarashException,
)
from tarash.testkit.conformance.shop import Instead, Shop
from tarash.testkit.conformance.suite import Suite
from tarash.testkit.server import ScriptedServer, refused_port
from tarash.testkit.steps import Answer, Close, CutBody, CutChunked, Hang, Perform, Raw, Reset, Step
from tarash.testkit.vendor import proxy_page

WAIT = 7.0
LATE = 0.25
BUSY = {"error": {"message": "slow down", "code": "busy"}, "detail": "slow down", "message": "slow down"}


@dataclass(frozen=True)
class Fault:
    """What is played to the one paid request, so many `times`, and what must have come of it."""

    steps: Sequence[Step]
    charges: int = 1
    posts: int = 1
    error: type[TarashException] | None = SubmitOutcomeUnknownError
    config: dict[str, Any] = field(default_factory=dict)
    times: int | None = 1


def proxy(status: int) -> Fault:
    return Fault([Perform(), proxy_page(status)])


FAULTS: dict[str, Fault] = {
    "dropped": Fault([Perform(), Close()]),
    "dropped unread": Fault([Close()], charges=0),
    "reset": Fault([Perform(), Reset()]),
    **{f"{status} of a proxy": proxy(status) for status in (500, 502, 503, 504)},
    "502 without a body": Fault([Perform(), Answer(502)]),
    "late": Fault([Perform(), Hang()], config={"timeout": LATE}),
    "cut": Fault([CutBody(10)]),
    "cut by a reset": Fault([CutBody(10, reset=True)]),
    "cut between chunks": Fault([CutChunked(10)]),
    "no HTTP": Fault([Perform(), Raw(b"hello\r\n\r\n"), Close()]),
    "200 in HTML": proxy(200),
    "empty": Fault([Perform(), Answer()]),
    "no content": Fault([Perform(), Answer(204)]),
    "401": Fault([Answer(401, json=BUSY)], charges=0, error=HTTPError, times=None),
    "429": Fault([Answer(429, {"Retry-After": str(WAIT)}, json=BUSY)], posts=2, error=None),
}


@dataclass
class Bill:
    """What one purchase cost: paid requests and charges, and the seconds that were waited.

    `renewed`: something else was asked for between two paid requests, such as another token.
    """

    outcome: Any
    posts: int
    charges: int
    sleeps: list[float]
    renewed: bool


class Bills:
    """Purchases with faults in the paid request, and the row of the money table that they make."""

    def __init__(self, shop: Shop) -> None:
        self.shop = shop
        self.submit = shop.paid(shop.roles())
        self._row: dict[str, str] = {}

    def __str__(self) -> str:
        costs = ", ".join(f"{fault} {cost}" for fault, cost in self._row.items())
        return f"{self.shop.provider} {self.shop.kind}, POSTs/charges: {costs}"

    def buy(self, fault: str, steps: Sequence[Step] = (), times: int | None = 1, **config: Any) -> Bill:
        shop, server = self.shop, self.shop.purchase.server
        charges, requests, sleeps = shop.ledger.total_charges, len(server.requests), len(shop.clock.sleeps)
        outcome = shop.buy(instead=Instead(self.submit.fits, steps, times) if steps else None, **config)
        sent = [number for number, one in enumerate(server.requests[requests:]) if self.submit.fits(one)]
        charges = shop.ledger.total_charges - charges
        self._row[fault] = f"{len(sent)}/{charges}"
        renewed = any(other - one > 1 for one, other in pairwise(sent))
        return Bill(outcome, len(sent), charges, shop.clock.sleeps[sleeps:], renewed)


class MoneyTests(Suite):
    """A paid request is sent once, unless it certainly was not accepted."""

    @pytest.fixture
    def bills(self, shop: Shop) -> Generator[Bills]:
        one = Bills(shop)
        yield one
        print(one)  # noqa: T201 - for `pytest -s`

    def test_a_lost_or_refused_request_is_not_sent_again(self, bills: Bills) -> None:
        for name, fault in FAULTS.items():
            if name == "late" and bills.shop.world.name == "sync":
                # It costs real time, so it is played in one world only.
                continue
            bill = bills.buy(name, fault.steps, fault.times, **fault.config)
            error = bill.outcome
            # A token that is refused is exchanged for another, once.
            posts = fault.posts + (bill.renewed and fault.error is not SubmitOutcomeUnknownError)
            assert (bill.posts, bill.charges) == (posts, fault.charges), (name, error)
            assert (type(error) if isinstance(error, TarashException) else None) is fault.error, (name, error)
            if fault.error is SubmitOutcomeUnknownError:
                assert (error.retryable, error.possibly_billed, error.job, bill.sleeps) == (True, True, None, []), name
                assert [one.possibly_billed for one in error.execution_metadata.attempts] == [True], name
            elif fault.error:
                assert not error.possibly_billed, name
            else:
                assert bill.sleeps[0] == WAIT, name

    def test_what_never_left_is_sent_again_and_costs_nothing(self, bills: Bills) -> None:
        place, origin = bills.shop.config().base_url, bills.shop.purchase.origin
        with refused_port() as port:
            bill = bills.buy("refused", base_url=place.replace(origin, f"http://127.0.0.1:{port}"))
        assert (type(bill.outcome), bill.outcome.request_sent) == (HTTPConnectionError, False)
        assert (bill.posts, bill.charges, bill.outcome.possibly_billed) == (0, 0, False)
        assert bill.sleeps

    @pytest.mark.parametrize("status", [307, 308])
    def test_a_submit_is_not_sent_on(self, bills: Bills, status: int) -> None:
        path = "/" + "/".join(str(segment) for segment in bills.submit.segments)
        with ScriptedServer(clock=bills.shop.clock, ledger=bills.shop.ledger) as other:
            for name, target in {"here": path, "elsewhere": f"{other.url}{path}"}.items():
                bill = bills.buy(f"{status} {name}", [Answer(status, {"Location": target})])
                assert isinstance(bill.outcome, HTTPError), bill.outcome
                assert (bill.outcome.status_code, bill.posts, bill.charges) == (status, 1, 0)
            assert not other.requests

    def test_what_is_paid_for_is_what_was_asked_for(self, shop: Shop) -> None:
        if shop.kind == "sts":
            pytest.skip("what is asked for are no words")
        request, field = shop.purchase.request, "text" if shop.kind == "tts" else "prompt"
        for word in ("marigold", "periwinkle"):
            asked = replace(shop.purchase, request=request.model_copy(update={field: word}))
            other = Shop(shop.world, asked)
            outcome = other.buy()
            assert not isinstance(outcome, TarashException), outcome
            paid = next(one.request for one in other.exchanges if one.charged)
            assert word.encode() in paid.body, f"{word!r} was asked for, and {paid.body[:200]!r} paid for"
