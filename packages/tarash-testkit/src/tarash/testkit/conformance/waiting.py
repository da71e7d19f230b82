"""Waiting: what happens between the paid request and the result neither ends a job nor buys another."""

import re
from collections import defaultdict
from collections.abc import Iterator, Sequence
from functools import partial
from itertools import count
from typing import Any

import pytest

from tarash.tarash_gateway.exceptions import TarashException
from tarash.testkit.conformance.elsewhere import finished_elsewhere
from tarash.testkit.conformance.mutations import Path, places, replaced
from tarash.testkit.conformance.shop import Exchange, Role, Shop
from tarash.testkit.conformance.suite import Suite
from tarash.testkit.steps import Answer, Played

REFUSALS = (401, 404, 429, 500)
TIMES = (3, float("inf"))
SORRY = {"error": {"message": "not now", "code": "sorry"}, "detail": "not now", "message": "not now"}
WORD = re.compile(r"[A-Za-z][A-Za-z _-]*")


def refusing(look: Role, status: int, played: Iterator[int], times: float, exchange: Exchange) -> Played:
    refused = look.fits(exchange.request) and next(played) < times
    return Answer(status, json=SORRY) if refused else exchange.answer


def states(answers: Sequence[Any]) -> dict[Path, set[str]]:
    """The words that say that a job goes on: other ones stand in their places when it has ended."""
    end, found = dict(places(answers[-1])), defaultdict(set)
    for path, value in (one for answer in answers for one in places(answer)):
        last = end.get(path)
        if isinstance(value, str) and isinstance(last, str) and value != last and WORD.fullmatch(value):
            found[path].add(value)
    return found


def renaming(look: Role, path: Path, words: set[str], exchange: Exchange) -> Played:
    goes_on = look.fits(exchange.request) and dict(places(exchange.json)).get(path) in words
    return replaced(exchange.answer, path, "never-seen") if goes_on else exchange.answer


class WaitingTests(Suite):
    """A job ends when its provider says so, in words that are known; until then it can be taken up by anybody."""

    def test_polls_that_are_refused_buy_nothing(self, slow: Shop) -> None:
        roles = slow.roles()
        submit, look = slow.paid(roles), slow.look(roles)
        for status in REFUSALS:
            for times in TIMES:
                sent = slow.sent(submit)
                outcome = slow.buy(partial(refusing, look, status, count(), times))
                assert slow.sent(submit) == sent + 1, f"{status} (x{times})"
                if isinstance(outcome, TarashException):
                    assert outcome.job is not None, f"{status} (x{times}): {outcome}"
                    slow.clock.advance(300)
                    outcome = slow.ask("resume", outcome.job)
                assert not isinstance(outcome, TarashException), f"{status} (x{times}): {outcome}"

    def test_a_state_that_was_never_seen_ends_nothing(self, slow: Shop) -> None:
        look, pause = slow.look(slow.roles()), slow.purchase.run_seconds / 5
        slow.buy(poll_interval=pause)
        found = states([one.json for one in slow.exchanges if look.fits(one.request)])
        if not found:
            pytest.skip("no word says that a job goes on")
        for path, words in found.items():
            outcome = slow.buy(partial(renaming, look, path, words), poll_interval=pause)
            assert not isinstance(outcome, TarashException), f"{words}: {outcome}"

    def test_a_job_is_finished_by_another_process(self, slow: Shop) -> None:
        if slow.world.name == "async":
            pytest.skip("a process costs real time, so it is started in one world only")
        job = slow.submit()
        slow.clock.advance(2 * slow.purchase.run_seconds)
        charges = slow.ledger.total_charges
        assert finished_elsewhere(slow, job) == "completed"
        assert slow.ledger.total_charges == charges
