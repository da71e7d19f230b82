"""Waiting for a result, saving it, and telling what was done: the same for a new job and for a resumed one."""

import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

from tarash.cli import documents
from tarash.cli.exits import ExitCode
from tarash.cli.journal import Journal, command_for
from tarash.cli.observing import AttemptObserver, observed_by
from tarash.cli.output import shown_path
from tarash.cli.targets import Target, free_path, save_output
from tarash.cli.work import Reporter
from tarash.tarash_gateway.exceptions import DownloadError, PartialResultError, ValidationError

Wait = Callable[[Callable[[Any], None]], Any]


def deliver(
    wait: Wait,
    reporter: Reporter,
    journal: Journal,
    target: Target,
    attempts: int,
    on_saved: Callable[[Path], None] = lambda path: None,
) -> int:
    """Call `wait` with a progress callback, save the outputs of the response, and return the exit code."""
    started = time.monotonic()
    files: list[dict[str, Any]] = []
    with reporter.progress(attempts) as progress, observed_by(journal, AttemptObserver(progress)):
        response, partial = _response(wait, progress.update, target, reporter)
        progress.step("saving")
        problem = _save_all(response, target, files, on_saved)
    if problem is not None:
        return _unsaved(problem, response, reporter, files)
    journal.settle(response.job)
    _tell_of_others(reporter, journal)
    if partial is not None:
        return reporter.failed(partial, files)
    seconds = time.monotonic() - started
    facts = {**documents.response_facts(response, files, seconds), "warnings": reporter.warnings}
    reporter.result(documents.response_lines(response, files, seconds), facts)
    return ExitCode.DONE


def _response(
    wait: Wait, callback: Callable[[Any], None], target: Target, reporter: Reporter
) -> tuple[Any, PartialResultError | None]:
    """The response; when only some of several outputs were made, those, and the error that tells of the others."""
    try:
        return wait(callback), None
    except PartialResultError as error:
        for sound in error.sounds:
            path = free_path(target.path)
            path.write_bytes(sound)
            reporter.note(f"A piece of the speech is in {shown_path(path)}")
        if error.response is None:
            raise
        return error.response, error


def _save_all(
    response: Any, target: Target, files: list[dict[str, Any]], on_saved: Callable[[Path], None]
) -> BaseException | None:
    """Save as many outputs as can be saved, adding to `files`; return the first error, or the interrupt."""
    problem: BaseException | None = None
    for index in range(len(response.outputs())):
        try:
            path = save_output(response, target, index)
            on_saved(path)
            files.append(documents.file_facts(path))
        except KeyboardInterrupt as stop:
            return stop
        except Exception as error:  # noqa: BLE001 - the other outputs are paid for, too
            problem = problem or error
    return problem


def _unsaved(problem: BaseException, response: Any, reporter: Reporter, files: list[dict[str, Any]]) -> int:
    """The result is paid for and could not be saved: without a job to resume, its links are all there is."""
    if isinstance(problem, ValidationError):
        # Nothing was refused before paying here.
        problem = DownloadError(f"{problem} The result is still there.", job=response.job)
    if response.job is None and not reporter.as_json:
        reporter.result([link for link in documents.links(response) if link], {})
    return reporter.failed(problem, files, output=documents.links(response))


def _tell_of_others(reporter: Reporter, journal: Journal) -> None:
    """Jobs of earlier attempts may still be running, and may be billed."""
    for job in list(journal.jobs.values()):
        path = journal.keep(job)
        if path is not None:
            reporter.warn(f"{job.provider} was given up, and may bill its job all the same.")
            reporter.note(f"To see what became of it: {command_for('status', path)}")
