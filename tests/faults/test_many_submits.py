"""Several submits for one result, and many at once (A7, A8)."""

import asyncio
from typing import Any

import pytest
from tests.support.bench import REQUEST, Bench
from tests.support.pages import HTML, PAGE
from tests.support.variants import PatientAcme
from tests.support.worlds import AsyncWorld

from tarash import tarash_gateway as tarash
from tarash.tarash_gateway import register_provider
from tarash.tarash_gateway.exceptions import (
    ContentModerationError,
    HTTPConnectionError,
    HTTPError,
    InsufficientCreditsError,
    PartialResultError,
    SubmitOutcomeUnknownError,
    TarashException,
    TimeoutError,
)
from tarash.tarash_gateway.models import VideoGenerationRequest
from tarash.testkit.server import ScriptedServer, refused_port
from tarash.testkit.steps import (
    Answer,
    Do,
    Normal,
    Perform,
    Reset,
    Step,
)

# --- A7: several outputs, several submits

THREE = VideoGenerationRequest(prompt="a lighthouse at dawn", number_of_videos=3)
PARTLY: dict[str, tuple[list[Step], type[TarashException], bool]] = {
    "refused": ([Answer(400, json={"problem": "enough"})], HTTPError, False),
    "out of credit": ([Answer(402, json={"problem": "no credit"})], InsufficientCreditsError, False),
    "moderated": ([Answer(403, json={"problem": "policy"})], ContentModerationError, False),
    "an error of the provider": ([Answer(500, json={"problem": "internal"})], HTTPError, False),
    "reset": ([Perform(), Reset()], SubmitOutcomeUnknownError, True),
    "HTML": ([Perform(), Answer(200, HTML, PAGE)], SubmitOutcomeUnknownError, True),
    "502": ([Perform(), Answer(502)], SubmitOutcomeUnknownError, True),
}


def test_several_outputs_are_submitted_one_by_one(bench: Bench) -> None:
    response = bench.generate(request=THREE)
    assert len(set(response.videos)) == 3
    assert (bench.posts, bench.charges) == (3, 3)
    assert response.job is not None
    assert response.job.provider_ids == ["job-1", "job-2", "job-3"]


@pytest.mark.parametrize("fault", PARTLY)
@pytest.mark.parametrize("accepted", [1, 2])
def test_what_was_finished_is_returned_and_nothing_bought_again(bench: Bench, fault: str, accepted: int) -> None:
    steps, cause, billed = PARTLY[fault]
    bench.on_submit(Normal(), times=accepted)
    bench.on_submit(*steps)
    error = bench.fails(PartialResultError, request=THREE, fallback_configs=[bench.config()])

    assert (bench.posts, bench.charges) == (accepted + 1, accepted + billed)
    assert [type(one) for one in error.errors] == [cause]
    assert error.possibly_billed is billed
    assert not error.retryable
    assert len(error.response.videos) == accepted
    expected = [f"job-{number + 1}" for number in range(accepted)]
    assert error.job is not None
    assert error.job.provider_ids == expected

    again = bench.resume(error.job)
    assert again.videos == error.response.videos
    assert bench.posts == accepted + 1


@pytest.mark.parametrize("fault", PARTLY)
def test_whoever_only_submits_several_learns_of_the_missing(bench: Bench, fault: str) -> None:
    steps, cause, billed = PARTLY[fault]
    bench.on_submit(Normal())
    bench.on_submit(*steps)
    with bench.failing(PartialResultError) as caught:
        bench.submit(THREE)
    assert (bench.posts, bench.charges) == (2, 1 + billed)
    assert [type(one) for one in caught[0].errors] == [cause]
    assert len(bench.resume(caught[0].job).videos) == 1


@pytest.mark.parametrize("fault", PARTLY)
def test_when_the_first_fails_there_is_nothing_to_keep(bench: Bench, fault: str) -> None:
    steps, cause, billed = PARTLY[fault]
    bench.on_submit(*steps)
    error = bench.fails(cause, request=THREE)
    assert (bench.posts, error.job, error.possibly_billed) == (1, None, billed)


@pytest.mark.parametrize("reason", ["the machine broke", "content policy"])
def test_one_of_several_jobs_fails(bench: Bench, reason: str) -> None:
    bench.on_poll(Normal())
    bench.on_poll(Answer(json={"id": "job-2", "status": "failed", "reason": reason}))
    error = bench.fails(PartialResultError, request=THREE)
    assert (bench.posts, bench.charges) == (3, 3)
    assert len(error.response.videos) == 2
    assert reason in error.message
    assert error.job is not None
    assert error.job.provider_ids == ["job-1", "job-2", "job-3"]


def test_one_of_several_resumed_jobs_fails(bench: Bench) -> None:
    job = bench.submit(THREE)
    bench.on_poll(Answer(json={"id": "job-1", "status": "failed", "reason": "the machine broke"}))
    with bench.failing(PartialResultError) as caught:
        bench.resume(job)
    assert len(caught[0].response.videos) == 2
    assert bench.posts == 3


# --- A7: one of several is not finished when the wait is over

TWO = VideoGenerationRequest(prompt="a lighthouse at dawn", number_of_videos=2)
NEVER = 10**9
"""More polls than any test waits for."""
ENDS: dict[str, tuple[Step, type[TarashException]]] = {
    "the time": (Answer(json={"id": "job-2", "status": "running"}), TimeoutError),
    "the grace": (Answer(503), HTTPError),
    "the grace, without any answer": (Reset(), HTTPConnectionError),
    "the key": (Answer(401, json={"problem": "no such key"}), HTTPError),
}
CANCELLED = {("the time", "cancel"), *((end, "fallback") for end in ENDS if end != "the key")}


@pytest.mark.parametrize("end", ENDS)
@pytest.mark.parametrize("then", ["keep", "cancel", "fallback"])
def test_what_is_finished_when_the_wait_ends_is_returned(
    bench: Bench, second: ScriptedServer, end: str, then: str
) -> None:
    step, cause = ENDS[end]
    bench.studio.polls_needed = 1
    bench.server.script("GET", "/jobs/job-2", step, times=None)
    wishes = {"fallback_configs": [bench.config(base_url=second.url)]} if then == "fallback" else {"on_timeout": then}
    # Without a next provider nothing would be made again: who resumes the job gets all of it.
    error = bench.fails(PartialResultError if then == "fallback" else cause, request=TWO, **wishes)

    if isinstance(error, PartialResultError):
        assert error.response.videos == [f"{bench.server.url}/films/job-1.mp4"]
        assert [type(one) for one in error.errors] == [cause]
        assert error.errors[0].message in error.message
        assert not error.retryable
    assert error.job is not None
    assert error.job.provider_ids == ["job-1", "job-2"]
    assert error.execution_metadata is not None
    assert error.execution_metadata.total_attempts == 1
    is_cancelled = (end, then) in CANCELLED
    assert (bench.posts, bench.charges, bench.cancels) == (2, 2, int(is_cancelled))
    assert not second.requests

    bench.server.scripts.clear()
    if is_cancelled:
        with bench.failing(PartialResultError) as caught:
            bench.resume(error.job)
        assert caught[0].response.videos == [f"{bench.server.url}/films/job-1.mp4"]
    else:
        assert len(bench.resume(error.job).videos) == 2
    assert (bench.posts, bench.charges) == (2, 2)


@pytest.mark.parametrize("finished", ["job-1", "job-2"])
def test_what_is_finished_after_all_is_returned_although_the_other_is_silent(
    bench: Bench, second: ScriptedServer, finished: str
) -> None:
    def finish() -> None:
        bench.studio.polls_needed = 0

    silent = "job-2" if finished == "job-1" else "job-1"
    bench.studio.polls_needed = NEVER
    bench.server.script("GET", f"/jobs/{silent}", Answer(503), times=None)
    bench.server.script("DELETE", f"/jobs/{finished}", Do(finish), Answer(409))
    error = bench.fails(PartialResultError, request=TWO, fallback_configs=[bench.config(base_url=second.url)])
    assert error.response.videos == [f"{bench.server.url}/films/{finished}.mp4"]
    assert (bench.posts, bench.charges, bench.cancels) == (2, 2, 2)
    assert not second.requests


def test_when_nothing_is_finished_the_chain_goes_on(bench: Bench, second: ScriptedServer) -> None:
    bench.studio.polls_needed = NEVER
    response = bench.generate(request=TWO, fallback_configs=[bench.config(base_url=second.url)])
    assert all(str(video).startswith(second.url) for video in response.videos)
    assert (bench.posts, bench.cancels, bench.charges) == (2, 2, 4)


# --- A8: everybody at once

JOBS = 1000
DOWN: dict[str, list[Step]] = {"busy": [Answer(429)], "overloaded": [Answer(503, json={"problem": "overloaded"})]}


def all_at_once(bench: Bench, base_url: str) -> list[type[BaseException]]:
    """1,000 jobs: one after the other in the sync world, all at once in the other. Returns what they ended with."""
    register_provider("patient-acme", PatientAcme())
    config = bench.config(provider="patient-acme", base_url=base_url)
    if isinstance(bench.world, AsyncWorld):

        async def together() -> list[Any]:
            jobs = (tarash.submit_video_async(config, REQUEST) for _ in range(JOBS))
            return await asyncio.gather(*jobs, return_exceptions=True)

        return [type(result) for result in bench.world.run(together)]
    ends: list[type[BaseException]] = []
    for _ in range(JOBS):
        try:
            tarash.submit_video(config, REQUEST)
        except TarashException as error:
            ends.append(type(error))
    return ends


@pytest.mark.parametrize("fault", DOWN)
def test_a_provider_in_trouble_is_not_flooded(bench: Bench, fault: str) -> None:
    # A path of its own: budgets are kept for the whole process, by base URL, and ports come back.
    base = f"{bench.server.url}/{bench.world.name}-{fault}"
    bench.server.script("POST", "*", *DOWN[fault], times=None)
    bench.most_connections = 128
    ends = all_at_once(bench, base)
    assert set(ends) == {HTTPError}
    assert len(ends) == JOBS
    assert JOBS <= bench.posts <= JOBS * 1.03


def test_a_provider_that_is_down_is_not_knocked_at_forever(bench: Bench) -> None:
    with refused_port() as port:
        ends = all_at_once(bench, f"http://127.0.0.1:{port}/{bench.world.name}-down")
    assert set(ends) == {HTTPConnectionError}
    assert len(ends) == JOBS
    assert len(bench.clock.sleeps) <= JOBS * 0.05
