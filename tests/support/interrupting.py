"""Cancelling the task that waits for tarash, at a moment that the other end of the wire chooses."""

import asyncio
from typing import Any

import pytest
from tests.support.bench import REQUEST, Bench
from tests.support.worlds import AsyncWorld

from tarash import tarash_gateway as tarash


class Interruption:
    """`trigger` cancels the task, from any thread. Afterwards `notes` holds what the exception had to tell."""

    def __init__(self, bench: Bench) -> None:
        self._bench = bench
        self.notes: list[str] = []

    def trigger(self) -> None:
        self._loop.call_soon_threadsafe(self._task.cancel)

    def trigger_twice(self) -> None:
        """Cancel again when the task has had time to notice the first cancellation."""
        self.trigger()
        self._loop.call_soon_threadsafe(self._loop.call_later, 0.05, self._task.cancel)

    def run(self, function: str = "generate_video_async", *arguments: Any, **config: Any) -> None:
        """Call tarash. The task must end as cancelled."""
        assert isinstance(self._bench.world, AsyncWorld)
        given = arguments or (self._bench.config(**config), REQUEST)
        with pytest.raises(asyncio.CancelledError) as info:
            self._bench.world.run(lambda: self._main(getattr(tarash, function)(*given)))
        self.notes = getattr(info.value, "__notes__", [])

    async def _main(self, work: Any) -> Any:
        self._loop = asyncio.get_running_loop()
        self._task = asyncio.ensure_future(work)
        return await self._task
