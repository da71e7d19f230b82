"""A chain fal, Replicate, Google with faults at each place: who is asked, who is paid, and what is told of it."""

from collections.abc import Callable
from typing import Any

import pytest
from tests.chain.conftest import ORDER, PAGE, PROXY, SLOW_SECONDS, TIMEOUT, House, Street

from tarash.tarash_gateway.exceptions import (
    ContentModerationError,
    GenerationFailedError,
    HTTPConnectionError,
    HTTPError,
    InsufficientCreditsError,
    SubmitOutcomeUnknownError,
    TarashException,
    TimeoutError,
    ValidationError,
)
from tarash.tarash_gateway.models import Job
from tarash.testkit import fal
from tarash.testkit.server import refused_port
from tarash.testkit.steps import Answer, Close, CutBody, Hang, Reset, Step

PLACES = range(len(ORDER))
places = pytest.mark.parametrize("place", PLACES, ids=ORDER)

Fault = Callable[[House], None]


def lost(step: Step) -> Fault:
    """The job is accepted and charged; what happens to the answer is the step."""
    # A body is cut out of the ordinary answer, so the ordinary work is done for it anyway.
    charged = not isinstance(step, CutBody)
    return lambda house: house.vendor.fail_next(house.submit, step, times=None, charged=charged) and None


def refused(name: str) -> Fault:
    return lambda house: house.vendor.fail_next(house.submit, house.refusals[name], times=None) and None


UNKNOWN: dict[str, Fault] = {
    "dropped": lost(Close()),
    "reset": lost(Reset()),
    "504 of a proxy": lost(Answer(504, body=PAGE)),
    "cut": lost(CutBody(9)),
    "success that is a page": lost(Answer(200, body=PAGE)),
}
MOVES_ON: dict[str, tuple[Fault, type[TarashException], int]] = {
    "busy": (refused("busy"), HTTPError, 0),
    "job failed": (House.failing, GenerationFailedError, 1),
    "too slow": (House.slow, TimeoutError, 1),
}
STOPS: dict[str, tuple[Fault, type[TarashException]]] = {
    "wrong value": (refused("wrong value"), ValidationError),
    "no credit": (refused("no credit"), InsufficientCreditsError),
}


def story(metadata: Any) -> list[tuple[str, str, str | None, bool]]:
    """Who was tried, how it ended, with which error, and whether money may be gone there."""
    assert [attempt.attempt_number for attempt in metadata.attempts] == [*range(1, len(metadata.attempts) + 1)]
    assert metadata.configs_in_chain == len(ORDER)
    return [(one.provider, one.status, one.error_type, one.possibly_billed) for one in metadata.attempts]


def until(place: int, error: type[TarashException], *, billed: bool) -> list[tuple[str, str, str | None, bool]]:
    """The story of a chain whose members all failed alike up to `place`."""
    return [(name, "failed", error.__name__, billed) for name in ORDER[: place + 1]]


def run_into(street: Street, place: int, fault: Fault, **everywhere: Any) -> Any:
    """Hurt every provider up to `place`; the answer of the next one, or the error when there is none."""
    for name in ORDER[: place + 1]:
        fault(street.houses[name])
    if place + 1 < len(ORDER):
        response = street.generate(**everywhere)
        assert response.execution_metadata.successful_attempt == place + 2
        assert response.job.provider == ORDER[place + 1]
        return response
    with pytest.raises(TarashException) as caught:
        street.generate(**everywhere)
    return caught.value


def told_of(ending: Any) -> list[tuple[str, str, str | None, bool]]:
    """The story without the success at its end."""
    return [one for one in story(ending.execution_metadata) if one[1] != "success"]


def counted(place: int, charges: int) -> list[int]:
    """Charges per provider: so many up to `place`, one where it ended well, none behind."""
    return [charges] * (place + 1) + [1] * (place + 1 < len(ORDER)) + [0] * (len(ORDER) - place - 2)


@places
@pytest.mark.parametrize("fault", UNKNOWN)
def test_who_may_have_been_paid_is_left_and_named(street: Street, place: int, fault: str) -> None:
    ending = run_into(street, place, UNKNOWN[fault])
    assert told_of(ending) == until(place, SubmitOutcomeUnknownError, billed=True)
    assert street.submits == street.charges == counted(place, 1)


@places
def test_an_answer_that_is_too_late_is_an_unknown_outcome(street: Street, place: int) -> None:
    for name in ORDER[: place + 1]:
        lost(Hang())(street.houses[name])
    slow = {name: {"timeout": 0.3} for name in ORDER[: place + 1]}
    try:
        ending: Any = street.generate(slow)
    except TarashException as error:
        ending = error
    assert told_of(ending) == until(place, SubmitOutcomeUnknownError, billed=True)
    assert street.submits == street.charges == counted(place, 1)


@places
@pytest.mark.parametrize("fault", UNKNOWN)
def test_the_chain_stops_where_the_outcome_is_unknown_if_that_is_wanted(street: Street, place: int, fault: str) -> None:
    for name in ORDER[:place]:
        refused("busy")(street.houses[name])
    UNKNOWN[fault](street.houses[ORDER[place]])
    with pytest.raises(SubmitOutcomeUnknownError) as caught:
        street.generate(on_unknown_submit="raise")
    assert story(caught.value.execution_metadata) == [
        *until(place - 1, HTTPError, billed=False),
        (ORDER[place], "failed", "SubmitOutcomeUnknownError", True),
    ]
    assert street.charges == [0] * place + [1] + [0] * (len(ORDER) - place - 1)


@places
@pytest.mark.parametrize("fault", MOVES_ON)
def test_what_another_provider_may_do_better_moves_on(street: Street, place: int, fault: str) -> None:
    inflict, error, charges = MOVES_ON[fault]
    ending = run_into(street, place, inflict)
    assert [one[:3] for one in told_of(ending)] == [one[:3] for one in until(place, error, billed=False)]
    assert street.charges == counted(place, charges)
    assert all(submits == 1 for submits, charges in zip(street.submits, street.charges, strict=True) if charges)


@places
@pytest.mark.parametrize("policy", ["keep", "cancel"])
def test_who_is_too_slow_is_cancelled_once_before_the_next_is_paid(street: Street, place: int, policy: str) -> None:
    ending = run_into(street, place, House.slow, on_timeout=policy)
    assert [one[2] for one in told_of(ending)] == ["TimeoutError"] * (place + 1)
    cancels = [1] * (place + 1) + [0] * (len(ORDER) - place - 1)
    # Behind the last one nobody else is paid, so that its job may be kept.
    cancels[-1] = int(place + 1 == len(ORDER) and policy == "cancel")
    assert [street.houses[name].ledger.cancels for name in ORDER] == cancels
    assert street.submits == counted(place, 1)


@places
def test_a_job_that_had_to_be_left_behind_is_named_and_resumed_for_nothing(street: Street, place: int) -> None:
    ending = run_into(street, place, House.stubborn)
    for attempt, name in zip(ending.execution_metadata.attempts, ORDER[: place + 1], strict=False):
        house = street.houses[name]
        assert attempt.job.provider == name
        house.vendor.clock.advance(SLOW_SECONDS)
        found = street.world.call("resume", Job.from_json(attempt.job.to_json()), house.config())
        assert found.status == "completed"
        assert house.submits == 1


@places
@pytest.mark.parametrize("fault", STOPS)
def test_what_nobody_could_do_better_stops_the_chain(street: Street, place: int, fault: str) -> None:
    inflict, error = STOPS[fault]
    for name in ORDER[:place]:
        refused("busy")(street.houses[name])
    inflict(street.houses[ORDER[place]])
    with pytest.raises(error) as caught:
        street.generate()
    assert caught.value.provider == ORDER[place]
    assert [one[2] for one in story(caught.value.execution_metadata)] == ["HTTPError"] * place + [error.__name__]
    assert street.charges == [0] * len(ORDER)
    assert street.submits[place + 1 :] == [0] * (len(ORDER) - place - 1)


@places
def test_a_provider_that_cannot_be_reached_costs_nothing(street: Street, place: int) -> None:
    with refused_port() as port:
        away = {name: {"base_url": f"http://127.0.0.1:{port}"} for name in ORDER[: place + 1]}
        try:
            ending: Any = street.generate(away)
        except HTTPConnectionError as error:
            ending = error
    assert told_of(ending) == until(place, HTTPConnectionError, billed=False)
    assert street.charges == counted(place, 0)


@places
def test_missed_polls_are_no_reason_to_leave(street: Street, place: int) -> None:
    for name in ORDER[:place]:
        refused("busy")(street.houses[name])
    house = street.houses[ORDER[place]]
    house.vendor.fail_next(house.poll, PROXY, times=3)
    response = street.generate()
    assert response.job.provider == house.name
    assert street.charges == [int(name == house.name) for name in ORDER]


def test_each_fault_at_another_place(street: Street) -> None:
    """One loses the answer, one is too slow and is cancelled, one delivers; who may have been paid is told."""
    lost(Close())(street.houses["fal"])
    street.houses["replicate"].slow()
    response = street.generate({"replicate": {"on_timeout": "cancel"}})
    assert [one[:3] for one in story(response.execution_metadata)] == [
        ("fal", "failed", "SubmitOutcomeUnknownError"),
        ("replicate", "failed", "TimeoutError"),
        ("google", "success", None),
    ]
    metadata = response.execution_metadata
    assert (metadata.total_attempts, metadata.successful_attempt, metadata.fallback_triggered) == (3, 3, True)
    assert street.submits == street.charges == [1, 1, 1]
    assert street.houses["replicate"].ledger.cancels == 1


def test_a_job_that_was_done_when_it_was_to_be_cancelled_is_not_left(street: Street) -> None:
    """Nobody else is paid for a video that exists already."""
    house = street.houses["fal"]
    house.vendor.next_outcome(fal.Outcome(run_seconds=TIMEOUT - 1))
    response = street.generate({"fal": {"on_timeout": "cancel", "poll_interval": TIMEOUT}})
    assert response.job.provider == "fal"
    assert street.charges == [1, 0, 0]


def test_a_refused_prompt_is_shown_to_nobody_else(street: Street) -> None:
    street.houses["fal"].vendor.fail_next("submit", fal.errors.model_error("content_policy_violation"), times=None)
    with pytest.raises(ContentModerationError):
        street.generate()
    assert street.submits == [1, 0, 0]
