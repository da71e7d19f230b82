"""The frame of every command: one place where output goes, and where every ending becomes an exit code."""

import contextlib
import logging
import os
import sys
import warnings
from collections.abc import Callable, Generator, Iterable, Mapping
from typing import TYPE_CHECKING, Any

import typer

from tarash.cli.exits import signals_as_exceptions
from tarash.cli.output import SteadyStream, document, emit, mute, shown, shown_path
from tarash.cli.progress import Progress

if TYPE_CHECKING:
    from tarash.cli.journal import Journal
    from tarash.tarash_gateway.models import Job


class Reporter:
    """Results go to standard output, everything else to standard error; with `as_json` the result is one document."""

    def __init__(self, *, as_json: bool = False, quiet: bool = False, journal: "Journal | None" = None) -> None:
        self.as_json = as_json
        self.quiet = quiet
        self.journal = journal
        self.warnings: list[str] = []
        self.output: str | None = None
        self._stdout = sys.stdout
        self._stderr = SteadyStream(sys.stderr)
        self._progress: Progress | None = None

    @contextlib.contextmanager
    def progress(self, attempts: int) -> Generator[Progress]:
        """While the block runs, notes appear above the progress."""
        with Progress(attempts, self.quiet) as progress:
            self._progress = progress
            try:
                yield progress
            finally:
                self._progress = None

    def note(self, text: str) -> None:
        if self._progress is not None:
            self._progress.note(text)
        else:
            self._stderr.write(f"{text}\n")
            self._stderr.flush()

    def warn(self, text: str) -> None:
        self.warnings.append(shown(text))
        self.note(f"Warning: {self.warnings[-1]}")

    def result(self, lines: Iterable[str], facts: Mapping[str, Any]) -> None:
        """Raises OSError when standard output cannot be written."""
        text = document(facts) if self.as_json else "".join(f"{line}\n" for line in lines)
        emit(self._stdout, text)

    def write_bytes(self, data: bytes) -> None:
        """Raises `BrokenPipeError` when the reader of standard output went away, OSError when it cannot be written."""
        try:
            self._stdout.buffer.write(data)
            self._stdout.flush()
        except BrokenPipeError:
            mute(self._stdout)
            raise

    # --- bad endings

    def failed(self, error: BaseException, saved: Iterable[Mapping[str, Any]] = (), **more: Any) -> int:
        """Tell of an error and how to go on, and return the exit code. `more` is added to the document."""
        from tarash.cli.documents import attempts_facts
        from tarash.cli.failures import failure_of

        failure = failure_of(error)
        self.note(f"Error: {failure.message}" if failure.exit_code < 128 else failure.message)
        facts = {
            "ok": False,
            "exit_code": int(failure.exit_code),
            "error": {"type": failure.name, "message": failure.message, **failure.details},
            "attempts": attempts_facts(error),
            "warnings": self.warnings,
            "files": list(saved),
            **more,
            **self._care_for_jobs(error),
        }
        if self.as_json:
            self.result((), facts)
        return failure.exit_code

    def _care_for_jobs(self, error: BaseException) -> dict[str, Any]:
        """Keep the job that an error leaves behind, and say how to go on with it."""
        from tarash.cli.cancelling import CANCELLED, was_cancelled
        from tarash.cli.journal import is_over

        job = getattr(error, "job", None) or (self.journal.latest if self.journal else None)
        if job is None or self.journal is None:
            return {}
        if was_cancelled(error):
            self.note(CANCELLED)
        if is_over(error, job):
            self.journal.settle(job)
            return {}
        purpose = "save what was finished before" if was_cancelled(error) else "go on with it"
        return self.hand_over(job, purpose)

    def hand_over(self, job: "Job", purpose: str) -> dict[str, Any]:
        """Keep a job that has something to wait for, tell what to resume it for, and return that as facts."""
        from tarash.cli.documents import job_facts, job_text
        from tarash.cli.journal import command_for

        path = self.journal.keep(job) if self.journal else None
        if path is None:
            self.note(f"The job could not be written to a file. Keep it, and give it to 'tarash jobs': {job_text(job)}")
            return {"job": job_facts(job), "job_file": None, "resume": None}
        command = command_for("resume", path, self.output)
        self.note(f"The job is kept in {shown_path(path)}")
        self.note(f"To {purpose}, without paying again: {command}")
        return {"job": job_facts(job), "job_file": str(path), "resume": command}


def perform(reporter: Reporter, work: Callable[[], int]) -> int:
    """Run a command's work. Whatever it raises is told, and becomes an exit code; usage errors pass."""
    with contextlib.redirect_stdout(sys.stderr), signals_as_exceptions(), _messages_to(reporter):
        try:
            return work()
        except typer.BadParameter:
            raise
        except KeyboardInterrupt as stop:
            return reporter.failed(stop)
        except Exception as error:  # the border: no traceback for people, who may ask for it
            if os.environ.get("TARASH_DEBUG"):
                raise
            return reporter.failed(error)


@contextlib.contextmanager
def _messages_to(reporter: Reporter) -> Generator[None]:
    """Warnings and log lines of tarash appear as warnings of the command."""
    from tarash.tarash_gateway.exceptions import TarashWarning

    handler = _LogHandler(reporter)
    log = logging.getLogger("tarash")
    log.addHandler(handler)
    log.propagate = False
    with warnings.catch_warnings():
        warnings.simplefilter("always", TarashWarning)
        warnings.showwarning = lambda message, *rest, **more: reporter.warn(str(message))
        try:
            yield
        finally:
            log.removeHandler(handler)


class _LogHandler(logging.Handler):
    def __init__(self, reporter: Reporter) -> None:
        super().__init__(logging.WARNING)
        self._reporter = reporter

    def emit(self, record: logging.LogRecord) -> None:
        self._reporter.warn(record.getMessage())
