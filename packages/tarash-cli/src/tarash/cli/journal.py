"""Paid jobs on disk: written when a provider has accepted one, removed when its result is saved or it is cancelled.

Neither Ctrl-C nor a power cut loses a job. The folder is `$TARASH_STATE_DIR/jobs`, else `tarash/jobs` in the user's
state folder.
"""

import contextlib
import os
import re
import shlex
import tempfile
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from tarash.cli.cancelling import was_cancelled
from tarash.cli.output import shown_path
from tarash.tarash_gateway.exceptions import (
    ContentModerationError,
    GenerationFailedError,
    PartialResultError,
    ValidationError,
)
from tarash.tarash_gateway.hookspecs import hookimpl
from tarash.tarash_gateway.models import Job

_PREFIX = "tarash-job-"
_MAX_BYTES = 64 * 1024 * 1024
_UNSAFE = re.compile(r"[^A-Za-z0-9_-]")


def state_folder() -> Path:
    """Raises RuntimeError when there is no home folder to put it in."""
    chosen = os.environ.get("TARASH_STATE_DIR")
    if chosen:
        return Path(chosen) / "jobs"
    state = os.environ.get("XDG_STATE_HOME")
    return (Path(state) if state else Path.home() / ".local" / "state") / "tarash" / "jobs"


def file_name(request_id: str) -> str:
    """A name for a job's file. The id may come from a file that somebody sent: it never leads to another folder."""
    return f"{_PREFIX}{_UNSAFE.sub('_', request_id.removeprefix('tarash-'))[:80]}.json"


def kept_jobs() -> list[Path]:
    """The files of the jobs that are kept here, newest first."""
    try:
        return sorted(
            state_folder().glob(f"{_PREFIX}*.json"), key=lambda path: (path.stat().st_mtime, path.name), reverse=True
        )
    except (OSError, RuntimeError):
        return []


def kept_job(request_id: str) -> Path | None:
    """The file of a job by its id."""
    with contextlib.suppress(OSError, RuntimeError):
        path = state_folder() / file_name(request_id.removeprefix(_PREFIX))
        return path if path.is_file() else None
    return None


def write_privately(folder: Path, name: str, text: str) -> Path:
    """Write a file that appears whole and that only its owner can read. Raises OSError."""
    folder.mkdir(parents=True, exist_ok=True, mode=0o700)
    descriptor, temporary = tempfile.mkstemp(dir=folder, prefix=".tarash-")
    try:
        with os.fdopen(descriptor, "w", encoding="utf-8") as file:
            file.write(text)
            file.flush()
            os.fsync(file.fileno())
        return Path(temporary).replace(folder / name)
    except BaseException:
        Path(temporary).unlink(missing_ok=True)
        raise


class Journal:
    """The jobs of one command. Registered as an observer, it is told of each job that a provider accepts."""

    def __init__(self) -> None:
        self.jobs: dict[str, Job] = {}
        self._paths: dict[str, Path] = {}

    @hookimpl
    def tarash_job_submitted(self, job: Job) -> None:
        self.keep(job)

    @hookimpl
    def tarash_job_polled(self, job: Job) -> None:
        if job.request_id not in self.jobs or self.jobs[job.request_id].states != job.states:
            self.keep(job)

    @hookimpl
    def tarash_job_failed(self, job: Job | None, error: Exception) -> None:
        # A partial result is over only when the finished outputs are saved.
        if job is not None and is_over(error, job) and not isinstance(error, PartialResultError):
            self.settle(job)

    def adopt(self, job: Job) -> None:
        """Take up a job that has a file already: it is written again only when something happens to it."""
        self.jobs[job.request_id] = job

    @property
    def latest(self) -> Job | None:
        """The job that was accepted last and is not settled."""
        return next(reversed(self.jobs.values()), None)

    def keep(self, job: Job) -> Path | None:
        """Write the job, here if the state folder cannot be written, and return where; None when nowhere can be."""
        self.jobs[job.request_id] = job
        if job.is_mock:
            return self._paths.get(job.request_id)
        for folder in _folders():
            with contextlib.suppress(OSError):
                self._paths[job.request_id] = write_privately(folder, file_name(job.request_id), job.to_json())
                break
        return self._paths.get(job.request_id)

    def keep_anyway(self, job: Job) -> Path | None:
        """`keep`, also for a job of the mock: somebody asked for its file."""
        path = self.keep(job)
        if path is None and job.is_mock:
            with contextlib.suppress(OSError, RuntimeError):
                path = write_privately(state_folder(), file_name(job.request_id), job.to_json())
        return path

    def settle(self, job: Job | None) -> None:
        """The job needs nobody's care any more."""
        if job is None:
            return
        self.jobs.pop(job.request_id, None)
        path = self._paths.pop(job.request_id, None) or kept_job(job.request_id)
        if path is not None:
            with contextlib.suppress(OSError):
                path.unlink()


def _folders() -> Iterator[Path]:
    with contextlib.suppress(RuntimeError):
        yield state_folder()
    with contextlib.suppress(OSError):
        yield Path.cwd()


def is_over(error: BaseException, job: Job) -> bool:
    """True when the provider itself says that a job has come to an end: waiting for it is of no use."""
    # Of several parts some may have been finished, and paid for, when an interrupt cancelled the others.
    may_hold_results = isinstance(error, KeyboardInterrupt) and len(job.states) > 1
    cancelled = was_cancelled(error) and not may_hold_results
    return cancelled or isinstance(error, GenerationFailedError | ContentModerationError)


def read_job(argument: str, standard_input: Any) -> Job:
    """The job that an argument names: JSON, a file, '-' or the id of a kept job. Raises `ValidationError`."""
    text = _job_text(argument, standard_input)
    try:
        return Job.from_json(_job_inside(text))
    except ValueError as error:
        raise ValidationError(f"{_shortened(argument)} cannot be used: {error}.") from None


def _job_text(argument: str, standard_input: Any) -> bytes:
    if argument == "-" and standard_input is None:
        raise ValidationError("There is no standard input to read the job from.")
    if argument == "-":
        return bytes(standard_input.read(_MAX_BYTES + 1))
    if argument.lstrip().startswith("{"):
        return argument.encode("utf-8", "surrogateescape")
    path = Path(argument)
    try:
        # Also a pipe of the shell's, <(command); but a device without end is read no further than a job can be long.
        with (path if path.exists() else kept_job(argument) or path).open("rb") as file:
            return file.read(_MAX_BYTES + 1)
    except (OSError, ValueError) as error:
        reason = getattr(error, "strerror", None) or error
        raise ValidationError(
            f"{_shortened(argument)} is neither a job file nor a job that is kept here: {reason}."
        ) from None


def _job_inside(text: bytes) -> bytes:
    """The job of a document that `--json` printed, else the text itself."""
    from pydantic_core import from_json, to_json

    try:
        value = from_json(text)
    except ValueError:
        return text
    inside = value.get("job") if isinstance(value, dict) else None
    return to_json(inside) if isinstance(inside, dict) else text


def _shortened(argument: str) -> str:
    return "The job" if argument == "-" or argument.lstrip().startswith("{") else shown_path(argument)


def command_for(action: str, path: Path, output: str | None = None) -> str:
    """A command line that can be copied into a shell."""
    words = ["tarash", "jobs", action, str(path)]
    return shown_path(shlex.join([*words, "-o", output] if output else words))
