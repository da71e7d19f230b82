"""Money: what each fault of a paid request costs, in requests and in charges. `pytest -s` prints the table."""

from collections.abc import Generator, Sequence
from dataclasses import dataclass, field
from typing import Any

import pytest

from tarash.tarash_gateway.exceptions import (
    HTTPConnectionError,
    HTTPError,
    SubmitOutcomeUnknownError,
    TarashException,
)
from tarash.testkit.conformance.shop import Shop
from tarash.testkit.conformance.suite import Suite
from tarash.testkit.server import ScriptedServer, refused_port
from tarash.testkit.steps import Answer, Close, CutBody, CutChunked, Hang, Perform, Raw, Reset, Step
from tarash.testkit.vendor import proxy_page

WAIT = 7.0
LATE = 0.25
BUSY = {"error": {"message": "slow down", "code": "busy"}, "detail": "slow down", "message": "slow down"}


@dataclass(frozen=True)
class Fault:
    """What is played to the one paid request, and what must have come of it."""

    steps: Sequence[Step]
    charges: int = 1
    posts: int = 1
    error: type[TarashException] | None = SubmitOutcomeUnknownError
    config: dict[str, Any] = field(default_factory=dict)


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
    "401": Fault([Answer(401, json=BUSY)], charges=0, error=HTTPError),
    "429": Fault([Answer(429, {"Retry-After": str(WAIT)}, json=BUSY)], posts=2, error=None),
}


@dataclass
class Bill:
    """What one purchase cost: paid requests and charges, and the seconds that were waited."""

    outcome: Any
    posts: int
    charges: int
    sleeps: list[float]


class Bills:
    """Purchases with faults in the paid request, and the row of the money table that they make."""

    def __init__(self, shop: Shop) -> None:
        self.shop = shop
        self.submit = shop.paid(shop.roles())
        self._row: dict[str, str] = {}

    def __str__(self) -> str:
        costs = ", ".join(f"{fault} {cost}" for fault, cost in self._row.items())
        return f"{self.shop.provider} {self.shop.kind}, POSTs/charges: {costs}"

    def buy(self, fault: str, steps: Sequence[Step] = (), **config: Any) -> Bill:
        shop = self.shop
        charges, posts, sleeps = shop.ledger.total_charges, shop.sent(self.submit), len(shop.clock.sleeps)
        outcome = shop.buy(instead=(self.submit.fits, steps) if steps else None, **config)
        posts, charges = shop.sent(self.submit) - posts, shop.ledger.total_charges - charges
        self._row[fault] = f"{posts}/{charges}"
        return Bill(outcome, posts, charges, shop.clock.sleeps[sleeps:])


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
            bill = bills.buy(name, fault.steps, **fault.config)
            error = bill.outcome
            assert (bill.posts, bill.charges) == (fault.posts, fault.charges), (name, error)
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
