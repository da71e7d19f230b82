"""Hostile answers: every answer of the provider, with each of its places wrong in turn.

What is looked for: errors that are not tarash's own, a second paid POST, a job that is lost, a wait without end, and
results that are none. `TARASH_MUTATIONS` says how many of the wrong values each place has in each world (100: all).
"""

import base64
import os
import time
from collections.abc import Generator, Iterator
from functools import partial
from itertools import count
from pathlib import Path
from typing import Any

import pytest

from tarash.tarash_gateway.exceptions import (
    ContentModerationError,
    GenerationFailedError,
    SubmitOutcomeUnknownError,
    TarashException,
    ValidationError,
)
from tarash.tarash_gateway.models import Job
from tarash.testkit.conformance.mutations import Mutation, mutations_at, mutations_of_body, places
from tarash.testkit.conformance.shop import Exchange, Role, Shop, answered
from tarash.testkit.conformance.suite import Suite
from tarash.testkit.media import png
from tarash.testkit.server import ScriptedServer
from tarash.testkit.steps import Answer, Played

SAMPLE = int(os.environ.get("TARASH_MUTATIONS", "4"))
BODY_SAMPLE = 2 * SAMPLE
MOST_REQUESTS = 60
MOST_SECONDS = 10.0
MOST_LETTERS = 2500


class Inspector:
    """Buys with a wrong answer, and collects what must not be."""

    def __init__(self, shop: Shop, folder: Path) -> None:
        self.shop, self.folder, self.cases = shop, folder, 0
        self.violations: list[str] = []
        self.roles = shop.roles()
        self.truth = list(shop.exchanges)
        self.submit = shop.paid(self.roles)

    def answers_of(self, role: Role) -> list[Exchange]:
        return [one for one in self.truth if role.fits(one.request)]

    def inspect(self, role: Role, mutation: Mutation, times: float) -> None:
        self.cases += 1
        shop, started = self.shop, time.monotonic()
        played = count()

        def change(exchange: Exchange) -> Played:
            if not role.fits(exchange.request) or next(played) >= times:
                return exchange.answer
            return altered(exchange.answer, mutation)

        try:
            outcome = shop.buy(change)
            problems = [*self._problems(role, mutation, outcome)]
            problems += self._spoiled(outcome, mutation)
        except Exception as error:  # noqa: BLE001 - whatever it is, it must not be
            problems = [f"raised {type(error).__name__}: {str(error)[:200]}"]
        if time.monotonic() - started > MOST_SECONDS:
            problems.append("took too long")
        self.violations += [f"{role}: {mutation.name} (x{times}): {problem}" for problem in problems]

    def _problems(self, role: Role, mutation: Mutation, outcome: Any) -> Iterator[str]:
        # With a wrong token the first of them may have been refused.
        sent = [one for one in self.shop.exchanges if self.submit.fits(one.request) and one.answer.status < 400]
        if len(sent) > 1:
            yield f"{len(sent)} paid requests"
        if len(self.shop.exchanges) > MOST_REQUESTS:
            yield f"{len(self.shop.exchanges)} requests"
        if isinstance(outcome, TarashException):
            yield from self._wrong_error(role, mutation, outcome, paid=bool(sent))
        else:
            yield from unusable(outcome)

    def _wrong_error(self, role: Role, mutation: Mutation, error: TarashException, *, paid: bool) -> Iterator[str]:
        if isinstance(error.__cause__, Exception) and not isinstance(error.__cause__, TarashException):
            yield f"{type(error.__cause__).__name__} below {error}"
        if error.provider != self.shop.provider or len(error.message) > MOST_LETTERS or not error.message.isprintable():
            yield f"{error.provider} says {error.message[:100]!r} in {len(error.message)} letters"
        accepted = paid and self.roles.index(role) > self.roles.index(self.submit)
        if error.job is not None:
            # Of one wrong place a job may be read that is none. Of a body that is wrong as a whole it may not, unless
            # the job is over with it.
            waited_for = mutation.path is None and not isinstance(error, GenerationFailedError)
            yield from self._lost(error.job, must_finish=accepted or waited_for)
        elif accepted:
            yield f"no job in {type(error).__name__}: {error}"
        elif paid and not isinstance(error, SubmitOutcomeUnknownError | GenerationFailedError | ContentModerationError):
            yield f"paid, but {type(error).__name__}: {error}"
        elif not paid and isinstance(error, SubmitOutcomeUnknownError):
            yield f"not paid, but {type(error).__name__}: {error}"

    def _lost(self, job: Job, *, must_finish: bool) -> Iterator[str]:
        """When the answers are good again, the job is taken up and finished without another submit."""
        self.shop.clock.advance(300)
        outcome = self.shop.ask("resume", job)
        if must_finish and isinstance(outcome, TarashException):
            yield f"not resumed: {type(outcome).__name__}: {outcome}"

    def _spoiled(self, outcome: Any, mutation: Mutation) -> Iterator[str]:
        """Whatever a wrong link leads to, saving says it in tarash's own words."""
        if mutation.leads_away and not isinstance(outcome, TarashException):
            try:
                self.shop.world.save(outcome, self.folder / f"result-{self.cases}")
            except TarashException as error:
                if isinstance(error, ValidationError):
                    yield f"save: {error}"


def altered(answer: Answer, mutation: Mutation) -> Answer:
    if mutation.path is not None and not answer.content.startswith((b"{", b"[")):
        return answer
    kept = [(name, value) for name, value in answer.header_items if name.lower() != "content-length"]
    if answer.is_json:
        kept.append(("Content-Type", "application/json"))
    return Answer(answer.status, kept, body=mutation.apply(answer.content))


def unusable(response: Any) -> Iterator[str]:
    """What is wrong with a response that claims to be complete."""
    if response.status != "completed":
        yield f"status {response.status!r}"
    for output in outputs_of(response):
        if isinstance(output, str) and not output.startswith(("http://", "https://", "data:")):
            base64.b64decode(output, validate=True)
        if not output:
            yield f"an output that is {output!r}"
    if not outputs_of(response):
        yield "no output"
    response.model_dump_json()
    repr(response).encode()
    if response.job is not None:
        Job.from_json(response.job.to_json())


def outputs_of(response: Any) -> list[Any]:
    if hasattr(response, "audio"):
        return [response.audio]
    return list(response.images if hasattr(response, "images") else response.videos or [response.video])


def chosen(mutations: list[Mutation], number: int, shift: int, size: int) -> list[Mutation]:
    """Some of them, others in each place and in each world; together the places see all of them."""
    start = number * size * 2 + shift * size
    return [mutations[(start + step) % len(mutations)] for step in range(min(size, len(mutations)))]


def ids_of(roles: list[Role], exchanges: list[Exchange]) -> list[str]:
    """What jobs are called: the pieces of paths that differ from purchase to purchase."""
    found = []
    for exchange in exchanges:
        for role in roles:
            if role.fits(exchange.request):
                pairs = zip(role.segments, exchange.request.segments, strict=True)
                found += [piece for known, piece in pairs if known is None]
    return list(dict.fromkeys(found))


class HostileAnswerTests(Suite):
    """Whatever is answered: the errors are tarash's own, nothing is paid twice, no job is lost, no wait is endless."""

    @pytest.fixture
    def evil(self, shop: Shop) -> Generator[ScriptedServer]:
        """A host that is nobody's business: it may be asked for a picture, but never with the key."""
        picture = Answer(headers={"Content-Type": "image/png"}, body=png(16, 16).content)
        with ScriptedServer(lambda request: picture, clock=shop.clock, ledger=shop.ledger) as server:
            yield server

    def test_a_hostile_answer_does_no_harm(self, shop: Shop, evil: ScriptedServer, tmp_path: Path) -> None:
        inspector = Inspector(shop, tmp_path)
        shift = ["sync", "async"].index(shop.world.name)
        ids = ids_of(inspector.roles, inspector.truth)
        for role in inspector.roles:
            answers = [one.json for one in inspector.answers_of(role)]
            found = {path: value for answer in answers for path, value in places(answer)}
            for number, (path, value) in enumerate(found.items()):
                all_of_it = mutations_at(path, value, ids, evil.url)
                for step, mutation in enumerate(chosen(all_of_it, number, shift, SAMPLE)):
                    inspector.inspect(role, mutation, times=(1, float("inf"))[(number + step) % 2])
            for step, mutation in enumerate(chosen(mutations_of_body(), len(found), shift, BODY_SAMPLE)):
                inspector.inspect(role, mutation, times=(float("inf"), 1)[step % 2])
        counts = f"{inspector.cases} cases, {len(inspector.violations)} wrong"
        print(f"{shop.provider} {shop.kind} {shop.world.name}: {counts}")  # noqa: T201 - for `pytest -s`
        assert not inspector.violations, "\n".join(inspector.violations)

    def test_the_answer_of_another_job_is_not_believed(self, shop: Shop, evil: ScriptedServer) -> None:
        roles = shop.roles()
        truth = list(shop.exchanges)
        ids = ids_of(roles, truth)
        for role in roles[roles.index(shop.paid(roles)) + 1 :]:
            former = next((one for one in reversed(truth) if role.fits(one.request)), None)
            if former is not None and any(value in ids for _, value in places(former.json)):
                outcome = shop.buy(partial(answered, role, former.answer))
                assert isinstance(outcome, TarashException), role
                assert "another" in outcome.message, outcome
                assert outcome.job is not None
                shop.clock.advance(300)
                assert shop.ask("resume", outcome.job).status == "completed"
