"""Making something: from the parameters of a command to a saved result, or to a job that somebody resumes."""

from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

from tarash.cli import documents
from tarash.cli.delivery import deliver
from tarash.cli.exits import ExitCode
from tarash.cli.journal import Journal, command_for
from tarash.cli.observing import AttemptObserver, observed_by
from tarash.cli.orders import Order, read_order
from tarash.cli.output import shown, shown_path
from tarash.cli.speaking import playback_for, speak_live
from tarash.cli.work import Reporter, perform
from tarash.tarash_gateway import (
    Job,
    generate_image,
    generate_sts,
    generate_tts,
    generate_video,
    submit_image,
    submit_sts,
    submit_tts,
    submit_video,
)

GENERATE: Mapping[str, Callable[..., Any]] = {
    "video": generate_video,
    "image": generate_image,
    "tts": generate_tts,
    "sts": generate_sts,
}
SUBMIT: Mapping[str, Callable[..., Job]] = {
    "video": submit_video,
    "image": submit_image,
    "tts": submit_tts,
    "sts": submit_sts,
}


def run(kind: Any, params: Mapping[str, Any]) -> int:
    """Carry out one of the generating commands and return its exit code."""
    journal = Journal()
    reporter = Reporter(as_json=params["as_json"], quiet=params["quiet"], journal=journal)

    def work() -> int:
        order = read_order(kind, params)
        reporter.output = str(order.target.path)
        if order.stream:
            return speak_live(order, reporter)
        return submit(order, reporter, journal) if order.submit_only else generate(order, reporter, journal)

    return perform(reporter, work)


def generate(order: Order, reporter: Reporter, journal: Journal) -> int:
    def wait(callback: Callable[[Any], None]) -> Any:
        return GENERATE[order.kind](order.config, order.request, on_progress=callback)

    playback = playback_for(order, live=False)
    files: list[Path] = []
    code = deliver(wait, reporter, journal, order.target, order.attempts, files.append)
    if playback and files and not playback.play(files[0]):
        reporter.warn(f"{playback.player.name} did not play to the end.")
    return code


def submit(order: Order, reporter: Reporter, journal: Journal) -> int:
    """Hand the job over as soon as a provider has accepted it: JSON on standard output, and a file."""
    with reporter.progress(order.attempts) as progress, observed_by(journal, AttemptObserver(progress)):
        job = SUBMIT[order.kind](order.config, order.request)
    path = journal.keep_anyway(job)
    command = command_for("resume", path, reporter.output) if path else None
    reporter.note(f"Accepted by {shown(job.provider)} {shown(job.model)}.")
    if path and command:
        reporter.note(f"The job is kept in {shown_path(path)}")
        reporter.note(f"To wait for it: {command}")
    facts = {
        "ok": True,
        "exit_code": 0,
        "status": "submitted",
        "provider": job.provider,
        "model": job.model,
        "request_id": job.request_id,
        "job": documents.job_facts(job),
        "job_file": str(path) if path else None,
        "resume": command,
        "warnings": reporter.warnings,
    }
    reporter.result([documents.job_text(job)], facts)
    return ExitCode.DONE
