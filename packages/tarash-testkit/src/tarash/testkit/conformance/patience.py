"""Patience: jobs that take longer than anybody waits are kept, cancelled, or done after all."""

from itertools import count
from typing import Any

import pytest

from tarash.tarash_gateway.exceptions import GenerationFailedError, JobNotFoundError, TimeoutError
from tarash.testkit.conformance.shop import Exchange, Shop
from tarash.testkit.conformance.suite import Suite
from tarash.testkit.steps import Played

LONG = 30.0
"""Seconds; more than a submit takes."""


def impatient(shop: Shop) -> dict[str, Any]:
    """Changes to a configuration, so that half of the job is waited for."""
    seconds = shop.purchase.run_seconds
    return {"timeout": seconds / 2, "poll_interval": seconds / 5}


def meddling(shop: Shop) -> list[str]:
    """What was asked for after the paid request, other than how the job goes, or a token like the one before it."""
    paid = next(number for number, one in enumerate(shop.exchanges) if one.charged)
    asked = [f"{one.request.method} {one.request.path}" for one in shop.exchanges]
    return [one for one in asked[paid + 1 :] if one not in asked[:paid] and not one.startswith("GET ")]


class PatienceTests(Suite):
    """A job outlives the wait for it; whether it is cancelled is told as it is."""

    def test_a_job_that_takes_too_long_is_kept(self, slow: Shop) -> None:
        error = slow.buy(**impatient(slow))
        assert type(error) is TimeoutError
        assert meddling(slow) == []
        assert "resume" in error.message
        assert error.job is not None
        slow.clock.advance(2 * slow.purchase.run_seconds)
        assert slow.ask("resume", error.job).status == "completed"
        assert slow.ledger.total_charges == 1

    def test_a_job_that_takes_too_long_is_cancelled_where_that_is_wanted_and_possible(self, slow: Shop) -> None:
        error = slow.buy(**impatient(slow), on_timeout="cancel")
        assert type(error) is TimeoutError
        assert error.job is not None
        cancelled = "was cancelled" in error.message
        assert cancelled is not ("could not be cancelled and may still be running" in error.message)
        assert len(meddling(slow)) == cancelled
        slow.clock.advance(2 * slow.purchase.run_seconds)
        end = slow.ask("resume", error.job)
        assert isinstance(end, GenerationFailedError | JobNotFoundError) if cancelled else end.status == "completed"
        assert slow.ledger.total_charges == 1

    @pytest.mark.parametrize("wish", [{"on_timeout": "cancel"}, {"fallback": True}], ids=["cancel", "fallback"])
    def test_a_job_that_is_done_after_all_is_returned(self, slow: Shop, wish: dict[str, Any]) -> None:
        """It looks as if it went on and on, until it is to be cancelled."""
        look = slow.look(slow.roles())
        over, charges, late = slow.clock.monotonic() + LONG, slow.ledger.total_charges, count()
        running: list[Exchange] = []

        def change(exchange: Exchange) -> Played:
            if not look.fits(exchange.request) or (slow.clock.monotonic() >= over and next(late)):
                return exchange.answer
            running.append(exchange)
            return running[0].answer

        more: dict[str, Any] = {"fallback_configs": [slow.config()]} if "fallback" in wish else wish
        response = slow.buy(change, timeout=LONG, **more)
        assert len(running) > 1
        assert not isinstance(response, Exception), response
        assert response.status == "completed"
        assert slow.ledger.total_charges == charges + 1
