"""The money table: what each fault of a paid submit costs at each provider, in requests and in charges (A1 to A5).

`pytest -s` prints it.
"""

from collections.abc import Callable, Generator, Sequence
from dataclasses import dataclass, field
from typing import Any

import pytest
from tests.every_provider.shop import Role, Shop
from tests.support.pages import HTML, PAGE

from tarash.tarash_gateway.exceptions import (
    HTTPConnectionError,
    HTTPError,
    SubmitOutcomeUnknownError,
    TarashException,
)
from tarash.testkit.server import ScriptedServer, refused_port
from tarash.testkit.steps import Answer, Close, CutBody, CutChunked, Hang, Perform, Raw, Reset, Step

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
    return Fault([Perform(), Answer(status, HTML, PAGE)])


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


class Table:
    """The rows of the money table, printed when all tests of this module are over."""

    def __init__(self) -> None:
        self._rows: dict[tuple[str, str, str], tuple[int, int]] = {}

    def add(self, shop: Shop, fault: str, posts: int, charges: int) -> None:
        self._rows[shop.provider, shop.kind, fault] = posts, charges

    def __str__(self) -> str:
        faults = list(dict.fromkeys(fault for _, _, fault in self._rows))
        orders = list(dict.fromkeys((provider, kind) for provider, kind, _ in self._rows))
        heads = [f"({number}) {fault}" for number, fault in enumerate(faults, 1)]
        lines = ["", "POSTs/charges; " + ", ".join(heads)]
        lines.append(f"{'':20}" + "".join(f"{f'({number})':>6}" for number in range(1, len(faults) + 1)))
        for provider, kind in orders:
            cells = (self._rows.get((provider, kind, fault)) for fault in faults)
            counts = (f"{'/'.join(map(str, cell)) if cell else '':>6}" for cell in cells)
            lines.append(f"{f'{provider} {kind}':20}" + "".join(counts))
        return "\n".join(lines)


@pytest.fixture(scope="module")
def table() -> Generator[Table]:
    one = Table()
    yield one
    print(one)


@dataclass
class Bill:
    """What one purchase cost: paid requests and charges, and the seconds that were waited."""

    outcome: Any
    posts: int
    charges: int
    sleeps: list[float]


def bill(shop: Shop, submit: Role, buy: Callable[[], Any]) -> Bill:
    charges, posts, sleeps = shop.ledger.total_charges, sent(shop, submit), len(shop.clock.sleeps)
    outcome = buy()
    return Bill(outcome, sent(shop, submit) - posts, shop.ledger.total_charges - charges, shop.clock.sleeps[sleeps:])


def sent(shop: Shop, submit: Role) -> int:
    return sum(submit.fits(request) for request in shop.simulator.requests())


def test_the_money_table(shop: Shop, table: Table) -> None:
    submit = shop.paid(shop.roles())
    for name, fault in FAULTS.items():
        if name == "late" and shop.world.name == "sync":
            # It costs real time, so it is played in one world only.
            continue
        told = bill(shop, submit, lambda: shop.buy(instead=(submit.fits, fault.steps), **fault.config))  # noqa: B023
        table.add(shop, name, told.posts, told.charges)
        error = told.outcome if isinstance(told.outcome, TarashException) else None
        assert (told.posts, told.charges) == (fault.posts, fault.charges), (name, error)
        assert type(error) is (fault.error or type(None)), (name, error)
        if fault.error is SubmitOutcomeUnknownError:
            assert (error.retryable, error.possibly_billed, error.job, told.sleeps) == (True, True, None, []), name
            assert [one.possibly_billed for one in error.execution_metadata.attempts] == [True], name
        elif error is not None:
            assert not error.possibly_billed, name
        else:
            assert told.sleeps[0] == WAIT, name


def test_what_never_left_is_sent_again_and_costs_nothing(shop: Shop, table: Table) -> None:
    submit = shop.paid(shop.roles())
    with refused_port() as port:
        place = shop.simulator.settings["base_url"].replace(shop.origin, f"http://127.0.0.1:{port}")
        told = bill(shop, submit, lambda: shop.buy(base_url=place))
    table.add(shop, "refused", told.posts, told.charges)
    assert (type(told.outcome), told.outcome.request_sent) == (HTTPConnectionError, False)
    assert (told.posts, told.charges, told.outcome.possibly_billed) == (0, 0, False)
    assert told.sleeps


@pytest.mark.parametrize("status", [307, 308])
def test_a_submit_is_not_sent_on(shop: Shop, table: Table, status: int) -> None:
    submit = shop.paid(shop.roles())
    with ScriptedServer(clock=shop.clock, ledger=shop.ledger) as other:
        path = f"/{'/'.join(str(segment) for segment in submit.segments)}"
        for name, target in {"here": path, "elsewhere": f"{other.url}{path}"}.items():
            step = Answer(status, {"Location": target})
            told = bill(shop, submit, lambda: shop.buy(instead=(submit.fits, [step])))  # noqa: B023
            table.add(shop, f"{status} {name}", told.posts, told.charges)
            assert isinstance(told.outcome, HTTPError), told.outcome
            assert (told.outcome.status_code, told.posts, told.charges) == (status, 1, 0)
        assert not other.requests
