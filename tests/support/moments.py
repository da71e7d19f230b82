"""Time, where the real one is the point."""

import threading
import time
from collections.abc import Callable, Generator
from contextlib import contextmanager

from tarash.tarash_gateway.clock import SystemClock, use_clock


@contextmanager
def real_time(limit: float) -> Generator[None]:
    """The block runs on the machine's own clock and must end within `limit` seconds."""
    with use_clock(SystemClock()):
        started = time.monotonic()
        yield
        assert time.monotonic() - started < limit


def eventually(holds: Callable[[], bool], limit: float = 5.0) -> bool:
    """Whether something that another thread does comes true in time."""
    pause, until = threading.Event(), time.monotonic() + limit
    while not holds() and time.monotonic() < until:
        pause.wait(0.005)
    return holds()
