"""The two worlds behind one face, so that one test speaks to both: `world.call("generate_video", ...)`."""

import asyncio
import contextvars
import threading
from collections.abc import Callable, Coroutine, Generator
from contextlib import contextmanager
from pathlib import Path
from typing import Any, Protocol

from tarash import tarash_gateway as tarash
from tarash.tarash_gateway.models import GenerationResponse


class World(Protocol):
    """`call("poll", …)` is `poll(…)`, or `poll_async(…)` awaited. `close` it when it has served."""

    name: str

    def call(self, function: str, *arguments: Any, **named: Any) -> Any: ...

    def save(self, response: GenerationResponse, path: Path | str, **named: Any) -> Path: ...

    def close(self) -> None: ...


class SyncWorld:
    """Calls plain functions."""

    name = "sync"

    def call(self, function: str, *arguments: Any, **named: Any) -> Any:
        return getattr(tarash, function)(*arguments, **named)

    def save(self, response: GenerationResponse, path: Path | str, **named: Any) -> Path:
        return response.save(path, **named)

    def close(self) -> None:
        """Nothing to close: the sockets belong to the process."""


class AsyncWorld:
    """One event loop for as long as the world lasts. After each call no task may be left over."""

    name = "async"

    def __init__(self) -> None:
        self._runner = asyncio.Runner()
        self._runner.get_loop()

    def call(self, function: str, *arguments: Any, **named: Any) -> Any:
        return self.run(lambda: getattr(tarash, f"{function}_async")(*arguments, **named))

    def save(self, response: GenerationResponse, path: Path | str, **named: Any) -> Path:
        saved: Path = self.run(lambda: response.save_async(path, **named))
        return saved

    def run(self, work: Callable[[], Coroutine[Any, Any, Any]]) -> Any:
        # The clock of the test stands in a context variable, and a runner keeps the context it first saw.
        return self._runner.run(_tidy(work), context=contextvars.copy_context())

    def close(self) -> None:
        self._runner.close()


async def _tidy(work: Callable[[], Coroutine[Any, Any, Any]]) -> Any:
    try:
        return await work()
    finally:
        left = asyncio.all_tasks() - {asyncio.current_task()}
        assert not left, f"tasks are left over: {left}"


WORLDS: dict[str, Callable[[], World]] = {"sync": SyncWorld, "async": AsyncWorld}


@contextmanager
def opened_world(name: str) -> Generator[World]:
    """The world "sync" or "async" for one block. Asserts that no thread outlives it."""
    before = set(threading.enumerate())
    world = WORLDS[name]()
    yield world
    world.close()
    left = {thread.name for thread in set(threading.enumerate()) - before}
    assert not left, f"threads are left over: {left}"
