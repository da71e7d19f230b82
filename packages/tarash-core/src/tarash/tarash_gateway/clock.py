"""The one clock that everything in tarash reads and waits on.

Deadlines and poll intervals never touch `time` directly, so a test (or a simulator) can put a clock of its own in place
with `use_clock` and play an hour of waiting in a millisecond.
"""

import contextlib
import time
from collections.abc import Generator
from contextvars import ContextVar
from typing import Protocol


class Clock(Protocol):
    """Time as tarash sees it. `monotonic` measures, `wall` only dates things (seconds since the epoch, UTC)."""

    def monotonic(self) -> float: ...

    def wall(self) -> float: ...

    def sleep(self, seconds: float) -> None:
        """Wait in the calling thread."""

    async def sleep_async(self, seconds: float) -> None:
        """Wait in the running event loop."""


class SystemClock:
    """The machine's own clock."""

    def monotonic(self) -> float:
        return time.monotonic()

    def wall(self) -> float:
        return time.time()

    def sleep(self, seconds: float) -> None:
        if seconds > 0:
            time.sleep(seconds)

    async def sleep_async(self, seconds: float) -> None:
        # Imported here: whoever awaits this has an event loop already, and sync users never pay for it.
        import asyncio

        await asyncio.sleep(seconds)


_clock: ContextVar[Clock] = ContextVar("tarash_clock")
_system = SystemClock()


def current_clock() -> Clock:
    return _clock.get(_system)


@contextlib.contextmanager
def use_clock(clock: Clock) -> Generator[Clock]:
    """Let every tarash call made inside the block (in this thread or task) read and wait on `clock`."""
    token = _clock.set(clock)
    try:
        yield clock
    finally:
        _clock.reset(token)
