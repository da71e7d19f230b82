"""Exit codes, and how an interruption becomes one."""

import contextlib
import signal
from collections.abc import Generator
from enum import IntEnum
from types import FrameType


class ExitCode(IntEnum):
    """What the command tells the shell.

    REFUSED: tarash or the provider refused the request, and nothing was paid. UNKNOWN: a paid submit was left without
    an answer. TIMED_OUT: the job goes on at the provider and can be resumed.
    """

    DONE = 0
    FAILED = 1
    USAGE = 2
    REFUSED = 3
    UNKNOWN = 4
    TIMED_OUT = 5
    INTERRUPTED = 130
    TERMINATED = 143


class Terminated(KeyboardInterrupt):
    """SIGTERM or SIGHUP came. It is an interrupt to everybody who knows what to do about one."""

    def __init__(self, number: int) -> None:
        super().__init__(f"signal {number}")
        self.number = number


def exit_code_of_interrupt(stop: KeyboardInterrupt) -> int:
    return 128 + stop.number if isinstance(stop, Terminated) else ExitCode.INTERRUPTED


@contextlib.contextmanager
def signals_as_exceptions() -> Generator[None]:
    """SIGTERM and SIGHUP unwind the stack as Ctrl-C does, so that a paid job is put in safety first."""
    numbers = [getattr(signal, name) for name in ("SIGTERM", "SIGHUP") if hasattr(signal, name)]
    # Whoever started us with a signal ignored (nohup) wants it to stay ignored.
    before = {number: signal.getsignal(number) for number in numbers}
    taken = [number for number in numbers if before[number] is not signal.SIG_IGN]
    for number in taken:
        signal.signal(number, _terminate)
    try:
        yield
    finally:
        for number in taken:
            signal.signal(number, before[number] or signal.SIG_DFL)


def _terminate(number: int, frame: FrameType | None) -> None:
    raise Terminated(number)
