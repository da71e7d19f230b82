"""Jobs that take longer than anybody waits, at every provider that has any: kept, cancelled, done after all (B12)."""

from collections.abc import Generator
from itertools import count
from typing import Any

import pytest
from tests.every_provider.shop import ORDERS, Exchange, Shop, shop_for
from tests.support.worlds import World

from tarash.tarash_gateway.exceptions import GenerationFailedError, JobNotFoundError, TimeoutError
from tarash.tarash_gateway.models import Kind
from tarash.tarash_gateway.plugins import registry
from tarash.tarash_gateway.providers.base import Operation
from tarash.testkit.clock import VirtualClock
from tarash.testkit.ledger import Ledger
from tarash.testkit.steps import Played

PATIENCE = 30.0
AGES = 10.0**6


def has_jobs(provider: str, kind: Kind) -> bool:
    """Whether any model's work is asked for after the paid request."""
    return type(registry.handler(provider).operations[kind]).poll is not Operation.poll


JOBS = [order for order in ORDERS if has_jobs(*order)]
"""What is, or with some models may be, waited for."""


@pytest.fixture(params=JOBS, ids="-".join)
def slow(request: pytest.FixtureRequest, world: World, virtual_clock: VirtualClock, ledger: Ledger) -> Generator[Shop]:
    """A purchase of what takes ages. Skipped where this model's result is in the answer to the paid request."""
    with shop_for(request.param, world, virtual_clock, ledger, run_seconds=AGES) as one:
        job = one.submit()
        if not any(isinstance(state, dict) and "pending" in state for state in job.states):
            pytest.skip("the result comes at once")
        yield one


def meddling(shop: Shop) -> list[str]:
    """What was asked for after the paid request, other than how the job goes."""
    paid = next(number for number, one in enumerate(shop.exchanges) if one.charged)
    asked = [one.request for one in shop.exchanges[paid + 1 :]]
    return [f"{request.method} {request.path}" for request in asked if request.method != "GET"]


def test_a_job_that_takes_too_long_is_kept(slow: Shop) -> None:
    charges = slow.ledger.total_charges
    error = slow.buy(timeout=PATIENCE)
    assert type(error) is TimeoutError
    assert meddling(slow) == []
    assert "resume" in error.message
    assert error.job is not None
    slow.clock.advance(2 * AGES)
    assert slow.ask("resume", error.job).status == "completed"
    assert slow.ledger.total_charges == charges + 1


def test_a_job_that_takes_too_long_is_cancelled_where_that_is_wanted_and_possible(slow: Shop) -> None:
    charges = slow.ledger.total_charges
    error = slow.buy(timeout=PATIENCE, on_timeout="cancel")
    assert type(error) is TimeoutError
    assert error.job is not None
    cancelled = "was cancelled" in error.message
    assert cancelled is not ("could not be cancelled and may still be running" in error.message)
    assert len(meddling(slow)) == cancelled
    slow.clock.advance(2 * AGES)
    end = slow.ask("resume", error.job)
    assert isinstance(end, GenerationFailedError | JobNotFoundError) if cancelled else end.status == "completed"
    assert slow.ledger.total_charges == charges + 1


@pytest.mark.parametrize("shop", JOBS, ids="-".join, indirect=True)
@pytest.mark.parametrize("wish", [{"on_timeout": "cancel"}, {"fallback": True}], ids=["cancel", "fallback"])
def test_a_job_that_is_done_after_all_is_returned(shop: Shop, wish: dict[str, Any]) -> None:
    """It looks as if it went on and on, until it is to be cancelled."""
    roles = shop.roles()
    after = roles[roles.index(shop.paid(roles)) + 1 :]
    if not after:
        pytest.skip("the result comes at once")
    look = after[0]
    over, charges, late = shop.clock.monotonic() + PATIENCE, shop.ledger.total_charges, count()
    running: list[Exchange] = []

    def change(exchange: Exchange) -> Played:
        if not look.fits(exchange.request) or (shop.clock.monotonic() >= over and next(late)):
            return exchange.answer
        running.append(exchange)
        return running[0].answer

    more = {"fallback_configs": [shop.config()]} if "fallback" in wish else wish
    response = shop.buy(change, timeout=PATIENCE, **more)
    assert len(running) > 1
    assert not isinstance(response, Exception), response
    assert response.status == "completed"
    assert shop.ledger.total_charges == charges + 1
