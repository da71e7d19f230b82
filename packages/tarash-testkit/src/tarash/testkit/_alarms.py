"""The tasks of one event loop that sleep on a virtual clock, and when to wake them."""

import asyncio
import heapq
import itertools
from typing import Protocol

Loop = asyncio.AbstractEventLoop


class Time(Protocol):
    """The part of a virtual clock that its alarms need."""

    settle: float
    activity: int

    def monotonic(self) -> float: ...

    def advance_to(self, monotonic: float) -> None: ...

    def note_activity(self) -> None: ...

    def ask_servers(self) -> set[Loop]:
        """Let each server's loop have a turn; the set shrinks by those that had it."""
        ...

    @property
    def servers(self) -> frozenset[Loop]: ...


class Alarms:
    """The sleepers, earliest first. Used by one thread only: that of its loop."""

    def __init__(self, clock: Time, loop: Loop) -> None:
        self._clock, self._loop = clock, loop
        self._waiting: list[tuple[float, int, asyncio.Future[None]]] = []
        self._numbers = itertools.count()
        self._pumping = False
        self._unheard: set[Loop] | None = None

    async def wait(self, until: float) -> None:
        alarm: asyncio.Future[None] = self._loop.create_future()
        heapq.heappush(self._waiting, (until, next(self._numbers), alarm))
        self._clock.note_activity()
        self._pump_later()
        await alarm

    def _pump_later(self) -> None:
        if self._pumping or not self._waiting:
            return
        self._pumping = True
        if self._clock.settle:
            self._loop.call_later(self._clock.settle, self._wake_if_quiet, self._clock.activity, self._loop.time())
        else:
            self._loop.call_soon(self._wake_next)

    def _wake_next(self) -> None:
        self._pumping = False
        self._wake_earliest()
        self._pump_later()

    def _wake_if_quiet(self, activity: int, since: float) -> None:
        self._pumping = False
        # A timer that is late tells that meanwhile the loop was at work, and not waiting.
        if self._clock.activity != activity or self._loop.time() - since > 2 * self._clock.settle:
            self._unheard = None
        elif self._unheard is None:
            # A server may have been sent something and not yet had the processor; only its own word counts.
            self._unheard = self._clock.ask_servers()
        elif not self._unheard & self._clock.servers:
            self._unheard = None
            self._wake_all_due()
        self._pump_later()

    def _wake_all_due(self) -> None:
        self._wake_earliest()
        while self._waiting and self._waiting[0][0] <= self._clock.monotonic():
            self._wake_earliest()

    def _wake_earliest(self) -> None:
        while self._waiting:
            until, _, alarm = heapq.heappop(self._waiting)
            # A cancelled sleeper must not move the time of the others.
            if not alarm.done():
                self._clock.advance_to(until)
                alarm.set_result(None)
                return
