"""Secrecy: the provider tells the key everywhere, in refusals, in headers, in any place of any answer."""

import logging
from collections.abc import Iterator
from functools import partial
from typing import Any

import pytest

from tarash.tarash_gateway.exceptions import TarashException
from tarash.testkit.conformance.mutations import Path, places, replaced
from tarash.testkit.conformance.shop import Exchange, Role, Shop, answered
from tarash.testkit.conformance.suite import Suite
from tarash.testkit.leaks import assert_nowhere, dumps, everything_about
from tarash.testkit.steps import Answer, Played


class Ear:
    """Hears all that comes out of tarash while purchases are made."""

    def __init__(self, shop: Shop, log: pytest.LogCaptureFixture) -> None:
        self.shop, self._log = shop, log
        self._updates: list[Any] = []
        self.redacted = 0
        """How many of the purchases had the key to tell, and told something in its place."""

    def buy(self, change: Any, **config: Any) -> Any:
        """The response or the error, which show the key nowhere; nor do the log and the updates of progress."""
        self._log.clear()
        self._updates.clear()
        outcome = self.shop.buy(change, callback=self._updates.append, **config)
        shown = list(self._shown_by(outcome))
        assert_nowhere(self.shop.purchase.key, *shown)
        self.redacted += any("[redacted]" in text for text in shown)
        return outcome

    def _shown_by(self, outcome: Any) -> Iterator[str]:
        yield self._log.text
        for record in self._log.records:
            yield repr(record.args)
        for update in self._updates:
            yield from (repr(update), *dumps(update))
        if isinstance(outcome, TarashException):
            yield from everything_about(outcome)
        else:
            yield from (repr(outcome), *dumps(outcome), *dumps(outcome.raw_response), *dumps(outcome.provider_metadata))
            yield from dumps(outcome.execution_metadata)
        if outcome.job is not None:
            yield from (repr(outcome.job), outcome.job.to_json())


def echoes(key: str) -> dict[str, Answer]:
    """Refusals without the status, in the shapes of all vendors at once."""
    text = f"Incorrect key provided: {key}."
    told = {"message": text, "code": key, "type": text, "param": key, "status": text, "details": [{"reason": key}]}
    texts = {
        "detail": text,
        "message": text,
        "title": text,
        "name": key,
        "status": "error",
        "issues": [{"message": key}],
    }
    return {
        "an object": Answer(json={"error": told, **texts, "errors": [text]}),
        "a text": Answer(json={"error": text, **texts, "request_id": key}),
        "a list": Answer(json={"detail": [{"msg": text, "loc": ["body", key], "type": key}]}),
        "a page": Answer(headers={"Content-Type": "text/html"}, body=f"<html><title>{text}</title>{key}</html>"),
        "headers": Answer(headers={"X-Request-Id": key, "Authorization": f"Bearer {key}", "Retry-After": key}),
    }


STATUSES = (400, 401, 402, 403, 404, 422, 429, 500, 503)


def telling(role: Role, path: Path, value: Any, exchange: Exchange) -> Played:
    if not role.fits(exchange.request) or exchange.json is None:
        return exchange.answer
    return replaced(exchange.answer, path, value)


def beside(key: str, exchange: Exchange) -> Played:
    """The true answer, and the key next to it."""
    answer = exchange.answer.with_headers(("X-Key", key), ("Set-Cookie", f"key={key}"))
    if not isinstance(exchange.json, dict):
        return answer
    more = {"debug": {"headers": {"Authorization": f"Bearer {key}", key: 1}}}
    return Answer(answer.status, answer.header_items, json={**exchange.json, **more})


class SecrecyTests(Suite):
    """The key is in nothing that comes out of tarash, wherever the provider tells it."""

    @pytest.fixture
    def ear(self, shop: Shop, caplog: pytest.LogCaptureFixture) -> Iterator[Ear]:
        with caplog.at_level(logging.DEBUG):
            yield Ear(shop, caplog)

    def test_a_refusal_that_tells_the_key(self, ear: Ear) -> None:
        """Of the paid request, and of the last one; each status in another shape in each world."""
        roles = ear.shop.roles()
        shapes = list(echoes(ear.shop.purchase.key).values())
        shift = 2 * (ear.shop.world.name == "async")
        outcomes = []
        for number, role in enumerate(dict.fromkeys((ear.shop.paid(roles), roles[-1]))):
            for step, status in enumerate(STATUSES):
                shape = shapes[(step + shift + number) % len(shapes)]
                refusal = Answer(status, shape.header_items, body=shape.content)
                outcomes.append(ear.buy(partial(answered, role, refusal)))
        # Some vendors have another place to look at when the first one knows nothing.
        assert sum(isinstance(one, TarashException) for one in outcomes) >= len(STATUSES) - 2
        assert ear.redacted >= len(STATUSES) - 2

    def test_an_answer_that_tells_the_key_in_any_place(self, ear: Ear) -> None:
        roles, key = ear.shop.roles(), ear.shop.purchase.key
        truth = list(ear.shop.exchanges)
        for role in roles:
            answers = [one.json for one in truth if role.fits(one.request)]
            found = {path: value for answer in answers for path, value in places(answer)}
            for number, (path, value) in enumerate(found.items(), ear.shop.world.name == "async"):
                told = {key: [key]} if number % 2 else f"{value}{key}"
                ear.buy(partial(telling, role, path, told))

    def test_an_answer_with_the_key_beside_it_is_as_good_as_without(self, ear: Ear) -> None:
        response = ear.buy(partial(beside, ear.shop.purchase.key))
        assert not isinstance(response, TarashException), response
