"""How a generation goes, on standard error: one live line on a terminal, plain lines elsewhere."""

import os
import sys
import time
from types import TracebackType
from typing import Any, Protocol, Self

from tarash.cli.output import SteadyStream, one_line, seconds_text

PLAIN_SECONDS = 30.0
PLAIN_PERCENT = 10
REFRESH_PER_SECOND = 5
_DUMB = ("dumb", "unknown")


class View(Protocol):
    """Where progress is shown."""

    def begin(self, state: "State") -> None: ...

    def changed(self, state: "State") -> None: ...

    def note(self, text: str) -> None: ...

    def end(self) -> None: ...


class State:
    """What is known of the running generation."""

    def __init__(self, attempts: int) -> None:
        self.started = time.monotonic()
        self.attempts = attempts
        self.attempt = 1
        self.name = "preparing"
        self.percent: int | None = None
        self.who = ""

    @property
    def elapsed(self) -> float:
        return time.monotonic() - self.started

    def text(self) -> str:
        percent = "" if self.percent is None else f" {self.percent} %"
        facts = (seconds_text(self.elapsed), f"{self.name}{percent}", self._attempt(), self.who)
        return "  ".join(fact for fact in facts if fact)

    def _attempt(self) -> str:
        return f"attempt {self.attempt} of {self.attempts}" if self.attempts else ""


class Progress:
    """Told by the core of attempts and updates; shows them in one view. Use it as a context manager."""

    def __init__(self, attempts: int, quiet: bool = False) -> None:
        """`attempts` is how many providers may be tried; 0 when a job is only waited for."""
        self.state = State(attempts)
        self._quiet = quiet
        self._view: View = view_for(SteadyStream(sys.stderr), quiet)

    def __enter__(self) -> Self:
        self._view.begin(self.state)
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> None:
        self._view.end()

    def attempt(self, provider: str, model: str, number: int) -> None:
        name = "submitting" if self.state.attempts else "asking"
        self.state.attempt, self.state.name, self.state.percent = number, name, None
        self.state.who = one_line(f"{provider} {model}")
        self._view.changed(self.state)

    def attempt_failed(self, text: str) -> None:
        """Shown for a chain only: of a single attempt the error of the command tells."""
        if self.state.attempts > 1 and not self._quiet:
            self._view.note(text)

    def update(self, update: Any) -> None:
        """The callback of `generate_*`."""
        self.state.name, self.state.percent = one_line(update.status), update.progress_percent
        self._view.changed(self.state)

    def step(self, name: str) -> None:
        self.state.name, self.state.percent = name, None
        self._view.changed(self.state)

    def note(self, text: str) -> None:
        self._view.note(text)


def view_for(stream: SteadyStream, quiet: bool) -> View:
    if quiet:
        return Silent(stream)
    if stream.isatty() and os.environ.get("TERM", "") not in _DUMB:
        return Live(stream)
    return Lines(stream)


class Silent:
    """Shows notes only."""

    def __init__(self, stream: SteadyStream) -> None:
        self._stream = stream

    def begin(self, state: State) -> None:
        """Nothing is shown."""

    def changed(self, state: State) -> None:
        """Nothing is shown."""

    def note(self, text: str) -> None:
        self._stream.write(f"{text}\n")
        self._stream.flush()

    def end(self) -> None:
        """Nothing was shown."""


class Lines(Silent):
    """A line for each change that is worth one, for logs and pipes."""

    _last: tuple[str, int, int] | None = None
    _last_at = 0.0

    def changed(self, state: State) -> None:
        step = (state.name, state.attempt, (state.percent or 0) // PLAIN_PERCENT)
        if step == self._last and time.monotonic() - self._last_at < PLAIN_SECONDS:
            return
        self._last, self._last_at = step, time.monotonic()
        self.note(state.text())


class Live:
    """One line that is drawn again and again, and is gone at the end."""

    def __init__(self, stream: SteadyStream) -> None:
        # Imported here: pipes and scripts never need it.
        from rich.console import Console
        from rich.live import Live as RichLive

        self._console = Console(file=stream, highlight=False, markup=False, emoji=False, soft_wrap=True)  # type: ignore[arg-type]
        self._state: State | None = None
        self._live = RichLive(
            get_renderable=self._line,
            console=self._console,
            refresh_per_second=REFRESH_PER_SECOND,
            transient=True,
            redirect_stdout=False,
            redirect_stderr=False,
        )

    def begin(self, state: State) -> None:
        self._state = state
        self._live.start()

    def changed(self, state: State) -> None:
        self._live.refresh()

    def note(self, text: str) -> None:
        self._console.print(text)

    def end(self) -> None:
        self._live.stop()

    def _line(self) -> Any:
        from rich.text import Text

        state = self._state
        if state is None:
            return Text("")
        spinner = "|/-\\"[int(state.elapsed * 4) % 4]
        # Cropped and not wrapped: a line that wraps could not be drawn over. No "…", which some encodings lack.
        line = Text(no_wrap=True, overflow="crop", end="")
        line.append(f"{spinner} ", "cyan").append(state.text())
        return line
