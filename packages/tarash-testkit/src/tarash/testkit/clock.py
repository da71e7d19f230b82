"""A clock that moves only when somebody waits on it or moves it by hand."""

import asyncio
import contextlib
import math
import threading
from weakref import WeakKeyDictionary

from tarash.testkit._alarms import Alarms, Loop

START_WALL = 2_000_000_000.0
"""Wall time of a new clock (2033-05-18 UTC): fixed, and so late that nothing it dates has really expired yet."""

START_MONOTONIC = 1_000.0


class VirtualClock:
    """Implements `tarash.tarash_gateway.clock.Clock` without waiting: an hour of polling takes as long as its requests.

    `sleep` moves the clock on and returns. `sleep_async` gives way to the event loop once and then moves the clock to
    the time the sleeper asked for; when several tasks of one loop sleep, they wake one by one in the order of their
    times, so that a thousand tasks that sleep five seconds together take five seconds and not five thousand.
    Sleepers in different threads do not know of each other: each moves the clock by its own sleep.

    Time also passes for a task whose request is on its way while others sleep. With a thousand jobs behind few
    connections that adds up, so for such runs set `settle` (real seconds, about 0.002): time then stands still until
    this loop and every server with this clock have had nothing to do for so long. Each jump takes twice that time,
    however many sleepers it wakes. Gates and hanging answers of a server do not hold the time up.

    The wall clock goes along with the monotonic one, and can be set apart from it (`set_wall`). Safe to share between
    threads and event loops.
    """

    def __init__(self, *, monotonic: float = START_MONOTONIC, wall: float = START_WALL, settle: float = 0.0) -> None:
        self._lock = threading.Lock()
        self.settle = settle
        self.activity = 0
        self._monotonic = monotonic
        self._wall_ahead = wall - monotonic
        self._sleeps: list[float] = []
        self._alarms: WeakKeyDictionary[Loop, Alarms] = WeakKeyDictionary()
        self._servers: frozenset[Loop] = frozenset()

    def __repr__(self) -> str:
        return f"<VirtualClock monotonic={self._monotonic} wall={self.wall()}>"

    @property
    def sleeps(self) -> list[float]:
        """Every sleep that was asked for so far, in seconds and in order (a copy)."""
        with self._lock:
            return list(self._sleeps)

    def monotonic(self) -> float:
        return self._monotonic

    def wall(self) -> float:
        with self._lock:
            return self._monotonic + self._wall_ahead

    def sleep(self, seconds: float) -> None:
        self._note_sleep(seconds)
        self.advance(seconds)

    async def sleep_async(self, seconds: float) -> None:
        self._note_sleep(seconds)
        loop = asyncio.get_running_loop()
        with self._lock:
            alarms = self._alarms.get(loop)
            if alarms is None:
                alarms = self._alarms[loop] = Alarms(self, loop)
            until = self._monotonic + seconds
        await alarms.wait(until)

    def advance(self, seconds: float) -> None:
        """Move both clocks on by `seconds`. Raises ValueError for a negative or endless time."""
        _check(seconds)
        with self._lock:
            self._monotonic += seconds

    def advance_to(self, monotonic: float) -> None:
        """Move both clocks on until the monotonic one shows `monotonic`; does nothing when it is later already."""
        with self._lock:
            self._monotonic = max(self._monotonic, monotonic)

    def set_wall(self, epoch: float) -> None:
        """Let the wall clock jump to `epoch` (seconds since 1970, UTC). The monotonic clock does not notice."""
        with self._lock:
            self._wall_ahead = epoch - self._monotonic

    # What servers tell, so that a clock with `settle` knows when everything is quiet.

    @property
    def servers(self) -> frozenset[Loop]:
        return self._servers

    def attach(self, server: Loop) -> None:
        with self._lock:
            self._servers |= {server}

    def detach(self, server: Loop) -> None:
        with self._lock:
            self._servers -= {server}

    def note_activity(self) -> None:
        """Something is going on: a server read or said something, or a task fell asleep."""
        self.activity += 1

    def ask_servers(self) -> set[Loop]:
        """Let each server's loop have a turn; the set that is returned shrinks by those that had it."""
        unheard = set(self._servers)
        for server in self._servers:
            # One that is just being closed is not waited for: it leaves `servers`.
            with contextlib.suppress(RuntimeError):
                server.call_soon_threadsafe(server.call_soon, unheard.discard, server)
        return unheard

    def _note_sleep(self, seconds: float) -> None:
        _check(seconds)
        with self._lock:
            self._sleeps.append(seconds)


def _check(seconds: float) -> None:
    if not (math.isfinite(seconds) and seconds >= 0):
        raise ValueError(f"cannot wait for {seconds} seconds")
