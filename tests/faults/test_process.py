"""Threads, event loops, forks and long lives of one process (D3, D6)."""

import asyncio
import contextvars
import gc
import threading
from collections.abc import Generator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import pytest
from tests.support.bench import KEY, REQUEST, Bench
from tests.support.child import Child
from tests.support.moments import eventually

from tarash import tarash_gateway as tarash
from tarash.tarash_gateway.clock import use_clock
from tarash.tarash_gateway.models import VideoGenerationConfig, VideoGenerationRequest, VideoGenerationResponse
from tarash.testkit.clock import VirtualClock
from tarash.testkit.server import ScriptedServer
from tarash.testkit.steps import Answer, Hang

only_sync = pytest.mark.parametrize("world", ["sync"], indirect=True)
only_async = pytest.mark.parametrize("world", ["async"], indirect=True)

Result = tuple[str, VideoGenerationResponse]


def check(bench: Bench, results: list[Result], count: int) -> None:
    """Every caller got the film of their own prompt, and paid once."""
    assert len(results) == count
    assert len({prompt for prompt, _ in results}) == count
    for prompt, response in results:
        assert response.job is not None
        [job] = response.job.provider_ids
        assert bench.studio.prompts[job] == prompt
        assert response.video == f"{bench.server.url}/films/{job}.mp4"
    assert (bench.posts, bench.charges) == (count, count)


def one(bench: Bench, prompt: str) -> Result:
    with use_clock(VirtualClock()):
        return prompt, tarash.generate_video(bench.config(), VideoGenerationRequest(prompt=prompt))


async def one_later(bench: Bench, prompt: str) -> Result:
    return prompt, await tarash.generate_video_async(bench.config(), VideoGenerationRequest(prompt=prompt))


# --- D3: threads and loops


@only_sync
def test_sixteen_threads_on_the_sync_interface(bench: Bench) -> None:
    bench.most_connections = 16
    with ThreadPoolExecutor(16) as pool:
        results = list(pool.map(lambda number: one(bench, f"prompt {number}"), range(160)))
    check(bench, results, 160)


@only_async
def test_many_event_loops_one_after_the_other(bench: Bench) -> None:
    results = [asyncio.run(one_later(bench, f"prompt {number}")) for number in range(40)]
    check(bench, results, 40)
    assert bench.server.connections.opened == 40
    assert eventually(lambda: bench.server.connections.open == 0)


@only_async
def test_event_loops_in_several_threads(bench: Bench) -> None:
    bench.most_connections = 48

    async def several(thread: int) -> list[Result]:
        return list(await asyncio.gather(*(one_later(bench, f"prompt {thread}.{number}") for number in range(6))))

    def run(thread: int) -> list[Result]:
        with use_clock(VirtualClock()):
            return asyncio.run(several(thread)) + asyncio.run(several(thread + 100))

    with ThreadPoolExecutor(8) as pool:
        results = [result for found in pool.map(run, range(8)) for result in found]
    check(bench, results, 96)
    assert eventually(lambda: bench.server.connections.open == 0)


@only_async
@pytest.mark.filterwarnings("ignore::ResourceWarning", "ignore::pytest.PytestUnraisableExceptionWarning")
def test_event_loops_that_are_closed_without_ceremony(bench: Bench) -> None:
    """`asyncio.run` winds a loop up; whoever only closes it must not lose descriptors for ever."""
    bench.most_connections = 30
    results: list[Result] = []
    for number in range(30):
        loop = asyncio.new_event_loop()
        results.append(loop.run_until_complete(one_later(bench, f"prompt {number}")))
        loop.close()
    results.append(asyncio.run(one_later(bench, "the last")))
    gc.collect()
    check(bench, results, 31)
    assert eventually(lambda: bench.server.connections.open == 0)


@only_sync
@pytest.mark.parametrize("callback", ["plain", "async"])
def test_a_sync_call_inside_a_running_loop(bench: Bench, callback: str) -> None:
    """As in a notebook."""
    updates: list[Any] = []

    async def later(update: Any) -> None:
        updates.append(update)

    async def cell() -> Result:
        told = updates.append if callback == "plain" else later
        return "prompt", tarash.generate_video(bench.config(), VideoGenerationRequest(prompt="prompt"), told)

    check(bench, [asyncio.run(cell())], 1)
    assert len(updates) == 3


@only_async
def test_both_worlds_at_once(bench: Bench) -> None:
    bench.most_connections = 20

    async def mixed() -> list[Result]:
        plain = (asyncio.to_thread(one, bench, f"plain {number}") for number in range(8))
        return list(await asyncio.gather(*plain, *(one_later(bench, f"later {number}") for number in range(8))))

    with ThreadPoolExecutor(1) as pool:
        results = pool.submit(contextvars.copy_context().run, asyncio.run, mixed()).result()
    check(bench, results, 16)


def test_a_job_may_change_worlds(bench: Bench) -> None:
    bench.most_connections = 3
    job = bench.submit()
    assert tarash.resume(job, bench.config()).video
    assert asyncio.run(tarash.resume_async(job, bench.config())).video
    assert (bench.posts, bench.charges) == (1, 1)


def test_both_processes_work_after_a_fork(bench: Bench) -> None:
    bench.studio.polls_needed = 1
    bench.most_connections = 3
    with Child(bench.world.name, "fork", bench.config(poll_interval=0.01)) as child:
        report = child.finish()
    assert report["result"] == "VideoGenerationResponse"
    assert (bench.posts, bench.charges) == (3, 3)


# --- D6: a long life


@pytest.mark.parametrize("work", ["generate", "submit"])
def test_the_process_ends_in_silence(bench: Bench, work: str) -> None:
    with Child(bench.world.name, work, bench.config(poll_interval=0.01)) as child:
        assert child.finish()["job"]


def test_the_process_ends_while_a_thread_waits(bench: Bench) -> None:
    bench.on_poll(Answer(json={"id": "job-1", "status": "running"}))
    bench.on_poll(Hang(), times=None)
    with Child(bench.world.name, "leave", bench.config(poll_interval=0.01)) as child:
        assert "error" not in child.finish()
    assert bench.posts == 1


@pytest.fixture
def plain_server(virtual_clock: VirtualClock) -> Generator[ScriptedServer]:
    """A server that remembers next to nothing, so that what grows is ours."""
    answers = {"POST": {"id": "job-1"}, "GET": {"id": "job-1", "status": "done", "url": "http://127.0.0.1:1/x.mp4"}}
    prepared = {method: Answer(json=answer) for method, answer in answers.items()}
    with ScriptedServer(lambda request: prepared[request.method], clock=virtual_clock, keep=1) as server:
        yield server


def measure() -> dict[str, int]:
    gc.collect()
    return {
        "objects": len(gc.get_objects()),
        "descriptors": len(list(Path("/proc/self/fd").iterdir())),
        "threads": threading.active_count(),
    }


def failing(config: VideoGenerationConfig) -> VideoGenerationConfig:
    return config.model_copy(update={"api_key": None, "model": "film/../1"})


@pytest.mark.parametrize("outcome", ["a film", "an error"])
def test_a_thousand_calls_leave_nothing_behind(world: Any, plain_server: ScriptedServer, outcome: str) -> None:
    config = VideoGenerationConfig(provider="acme", api_key=KEY, base_url=plain_server.url)
    config = config if outcome == "a film" else failing(config)

    def calls(count: int) -> None:
        for _ in range(count):
            attempt(world, config)

    calls(100)
    before = measure()
    calls(1000)
    after = measure()
    assert after["objects"] - before["objects"] < 300
    assert after["descriptors"] <= before["descriptors"]
    # A loop's threads for files are made one by one, up to a number that depends on the machine.
    assert after["threads"] <= before["threads"] + 8
    assert plain_server.connections.opened <= 1


def attempt(world: Any, config: VideoGenerationConfig) -> None:
    try:
        assert world.call("generate_video", config, REQUEST).video
    except tarash.exceptions.ValidationError:
        assert config.api_key is None
