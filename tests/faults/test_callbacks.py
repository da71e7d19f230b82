"""Callbacks of the caller that misbehave, and results that are not lost for it (D2)."""

import asyncio
import concurrent.futures
import functools
import logging
import threading
from collections.abc import Callable
from typing import Any

import pytest
from tests.support.bench import REQUEST, Bench
from tests.support.interrupting import Interruption
from tests.support.moments import eventually
from tests.support.worlds import AsyncWorld

from tarash import tarash_gateway as tarash
from tarash.tarash_gateway.exceptions import GenerationFailedError, ValidationError
from tarash.tarash_gateway.models import VideoGenerationUpdate
from tarash.testkit.steps import Answer

Update = VideoGenerationUpdate


class Seen:
    """Callbacks of every form; all keep what they are told."""

    def __init__(self) -> None:
        self.updates: list[Update] = []
        self.threads: set[int] = set()

    def plain(self, update: Update) -> None:
        self.updates.append(update)
        self.threads.add(threading.get_ident())

    async def later(self, update: Update) -> None:
        await asyncio.sleep(0)  # noqa: TID251 - gives way to the loop, and waits for nothing
        self.plain(update)

    def forms(self) -> dict[str, Callable[[Any], Any]]:
        class Plain:
            def __call__(_, update: Update) -> None:  # noqa: N805
                self.plain(update)

        class Later:
            async def __call__(_, update: Update) -> None:  # noqa: N805
                await self.later(update)

        return {
            "function": lambda update: self.plain(update),
            "method": self.plain,
            "coroutine function": self.later,
            "function that returns a coroutine": lambda update: self.later(update),
            "function that returns a future": lambda update: asyncio.ensure_future(self.later(update)),
            "object": Plain(),
            "async object": Later(),
            "partial": functools.partial(self.plain),
            "async partial": functools.partial(self.later),
            "built-in": self.updates.append,
            "with defaults": lambda update, more=None, *rest, key=None, **others: self.plain(update),
            "any arguments": lambda *all_of_them: self.plain(*all_of_them),
        }


FORMS = [form for form in Seen().forms() if form != "function that returns a future"]


@pytest.mark.parametrize("form", FORMS)
def test_callbacks_of_every_form_are_told_everything_in_order(bench: Bench, form: str) -> None:
    seen = Seen()
    response = bench.generate(seen.forms()[form])
    assert [update.status for update in seen.updates] == ["processing", "processing", "completed"]
    assert [update.progress_percent for update in seen.updates] == [33, 66, 100]
    assert seen.updates[-1].result is response
    assert bench.posts == 1


@pytest.mark.parametrize("world", ["async"], indirect=True)
def test_a_future_is_awaited(bench: Bench) -> None:
    seen = Seen()

    async def start(update: Update) -> None:
        await asyncio.ensure_future(seen.later(update))

    bench.generate(start)
    assert len(seen.updates) == 3


ERRORS: list[BaseException] = [ValueError("no"), RuntimeError(), KeyError("x"), StopIteration(), StopAsyncIteration()]
ERRORS += [RecursionError(), MemoryError(), ExceptionGroup("many", [ValueError()]), TimeoutError(), UnicodeError()]
ERRORS += [AssertionError(), asyncio.CancelledError(), concurrent.futures.CancelledError()]


@pytest.mark.parametrize("error", ERRORS, ids=lambda error: f"{type(error).__module__}.{type(error).__name__}")
@pytest.mark.parametrize("form", ["plain", "async"])
@pytest.mark.parametrize("moment", ["always", "completed"])
def test_what_a_callback_raises_does_not_cost_the_result(
    bench: Bench, caplog: pytest.LogCaptureFixture, error: BaseException, form: str, moment: str
) -> None:
    calls: list[str] = []

    def plain(update: Update) -> None:
        calls.append(update.status)
        if moment in ("always", update.status):
            raise error

    async def later(update: Update) -> None:
        plain(update)

    with caplog.at_level(logging.WARNING, "tarash"):
        response = bench.generate(plain if form == "plain" else later)
    assert response.video
    assert calls == ["processing", "processing", "completed"]
    assert (bench.posts, bench.polls, bench.cancels) == (1, 3, 0)
    assert len(caplog.records) == 1
    assert "on_progress" in caplog.records[0].getMessage()


def test_a_callback_may_await_what_somebody_cancels(bench: Bench, caplog: pytest.LogCaptureFixture) -> None:
    async def wait_in_vain(update: Update) -> None:
        task = asyncio.ensure_future(asyncio.Event().wait())
        asyncio.get_running_loop().call_soon(task.cancel)
        await task

    with caplog.at_level(logging.WARNING, "tarash"):
        assert bench.generate(wait_in_vain).video
    assert (bench.posts, bench.cancels) == (1, 0)
    assert [record.getMessage().split(";")[0] for record in caplog.records] == ["on_progress raised CancelledError"]


@pytest.mark.parametrize("world", ["async"], indirect=True)
@pytest.mark.parametrize("form", ["plain", "async"])
def test_whoever_is_cancelled_while_a_callback_runs_is_cancelled(bench: Bench, form: str) -> None:
    interruption = Interruption(bench)
    entered: list[str] = []

    def plain(update: Update) -> None:
        entered.append(update.status)
        interruption.trigger()

    async def later(update: Update) -> None:
        plain(update)
        await asyncio.Event().wait()

    interruption.run("generate_video_async", bench.config(), REQUEST, plain if form == "plain" else later)
    assert entered == ["processing"]
    assert (bench.posts, bench.charges, bench.cancels) == (1, 1, 1)
    assert "job-1" in interruption.notes[-1]


@pytest.mark.parametrize("moment", ["processing", "completed"])
def test_a_callback_that_wants_to_end_everything_does(bench: Bench, moment: str) -> None:
    def leave(update: Update) -> None:
        if update.status == moment:
            raise SystemExit(3)

    with pytest.raises(SystemExit) as info:
        bench.generate(leave)
    assert info.value.code == 3
    assert "job-1" in info.value.__notes__[-1]
    assert (bench.posts, bench.cancels) == (1, 1 if moment == "processing" else 0)


@pytest.mark.parametrize("world", ["async"], indirect=True)
@pytest.mark.parametrize("moment", ["processing", "completed"])
def test_a_blocking_callback_does_not_block_the_loop(bench: Bench, moment: str) -> None:
    blocked, released = threading.Event(), threading.Event()

    def block(update: Update) -> None:
        if update.status == moment:
            blocked.set()
            assert released.wait(10), "the event loop was blocked"

    async def both() -> Any:
        job = asyncio.ensure_future(tarash.generate_video_async(bench.config(), REQUEST, block))
        await asyncio.to_thread(blocked.wait, 10)
        # This line is reached only by a loop that runs.
        released.set()
        return await job

    assert isinstance(bench.world, AsyncWorld)
    assert bench.world.run(both).video


@pytest.mark.parametrize("form", ["sync in sync", "async in async", "async in sync", "sync in async"])
def test_a_callback_may_call_tarash(bench: Bench, form: str) -> None:
    """Each progress of the outer job makes another one; all of them are finished, and none is mixed up."""
    inner: list[str] = []

    def plain(update: Update) -> None:
        if update.status == "processing":
            inner.append(str(tarash.generate_video(bench.config(), REQUEST).video))

    async def later(update: Update) -> None:
        if update.status == "processing":
            inner.append(str((await tarash.generate_video_async(bench.config(), REQUEST)).video))

    called, calling = form.split(" in ")
    if calling != bench.world.name:
        return
    bench.most_connections = 4
    response = bench.generate(plain if called == "sync" else later)
    assert response.video == f"{bench.server.url}/films/job-1.mp4"
    assert sorted(inner) == [f"{bench.server.url}/films/job-{number}.mp4" for number in (2, 3)]
    assert (bench.posts, bench.charges) == (3, 3)
    if calling == "sync":
        # What the inner calls opened in a loop of their own is closed with it.
        assert eventually(lambda: bench.server.connections.open == 1)


@pytest.mark.parametrize("world", ["sync"], indirect=True)
def test_what_an_async_callback_starts_ends_with_the_call(bench: Bench) -> None:
    ended = threading.Event()

    async def endless() -> None:
        try:
            await asyncio.Event().wait()
        finally:
            ended.set()

    tasks: list[asyncio.Task[None]] = []

    async def start(update: Update) -> None:
        tasks.append(asyncio.create_task(endless()))
        await asyncio.to_thread(threading.get_ident)

    assert bench.generate(start).video
    assert ended.is_set()
    assert all(task.done() for task in tasks)


@pytest.mark.parametrize("wrong", [lambda: None, lambda a, b: None, lambda *, update: None, 7, "print", object()])
@pytest.mark.parametrize("work", ["generate", "resume"])
def test_a_callback_that_cannot_be_called_is_found_first(bench: Bench, wrong: Any, work: str) -> None:
    job = bench.submit() if work == "resume" else None
    before = len(bench.server.requests)
    with bench.failing(ValidationError) as caught:
        if work == "resume":
            bench.resume(job, wrong)
        else:
            bench.generate(wrong)
    assert "on_progress" in caught[0].message
    assert len(bench.server.requests) == before


def test_a_failed_job_is_told_too(bench: Bench) -> None:
    bench.on_poll(Answer(json={"id": "job-1", "status": "failed", "reason": "the lamp broke"}))
    seen = Seen()
    with bench.failing(GenerationFailedError):
        bench.generate(seen.plain)
    assert [update.status for update in seen.updates] == ["failed"]
    assert "the lamp broke" in str(seen.updates[0].error)
