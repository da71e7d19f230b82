"""Scripts: what is played before a server's ordinary handler is asked."""

import threading
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Literal

from tarash.testkit.requests import RecordedRequest, matches
from tarash.testkit.steps import Step

Moment = Literal["body", "head", "connect"]
"""When a script comes into play: when the whole request was read, when only its head was, or before anything was."""


@dataclass(eq=False)
class Script:
    """A scripted sequence of steps. `played` says how often it was used, `remaining` how often it still can be."""

    wanted: Callable[[RecordedRequest], bool]
    steps: tuple[Step, ...]
    moment: Moment = "body"
    remaining: float = 1
    played: int = field(default=0, init=False)


class ScriptBook:
    """The scripts of one server, or of several that share it; the oldest that fits a request is played."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._scripts: list[Script] = []
        self._moments: set[Moment] = set()

    @property
    def unplayed(self) -> list[Script]:
        """The scripts that were never used: a test that scripts a fault may want this to be empty at its end."""
        with self._lock:
            return [script for script in self._scripts if not script.played]

    def add(
        self,
        wanted: Callable[[RecordedRequest], bool],
        steps: tuple[Step, ...],
        *,
        times: int | None = 1,
        moment: Moment = "body",
    ) -> Script:
        if not steps or not all(isinstance(step, Step) for step in steps):
            raise TypeError(f"a script consists of steps, not of {steps!r}")
        script = Script(wanted, steps, moment, float("inf") if times is None else times)
        with self._lock:
            self._scripts.append(script)
            self._moments.add(moment)
        return script

    def has(self, moment: Moment) -> bool:
        """Whether any script was ever meant for this moment; spares the making of a request that nobody looks at."""
        return moment in self._moments

    def take(self, request: RecordedRequest, moment: Moment) -> tuple[Step, ...] | None:
        """The steps to play for `request` at this moment, if any; they are used up by this."""
        if not self.has(moment):
            return None
        with self._lock:
            for script in self._scripts:
                if script.moment == moment and script.remaining > 0 and script.wanted(request):
                    script.remaining -= 1
                    script.played += 1
                    return script.steps
        return None

    def clear(self) -> None:
        with self._lock:
            self._scripts.clear()
            self._moments.clear()


def request_matcher(method: str, path: str) -> Callable[[RecordedRequest], bool]:
    return lambda request: matches(request, method, path)
