"""What the `tarash jobs` commands do."""

import sys
import time
from collections.abc import Callable
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

from tarash.cli import documents
from tarash.cli.cancelling import CANCELLED
from tarash.cli.delivery import deliver
from tarash.cli.exits import ExitCode
from tarash.cli.journal import Journal, kept_jobs, read_job
from tarash.cli.orders import CONFIGS, ENOUGH_POLLS, build, extension_for, mock_config
from tarash.cli.output import columns, seconds_text, shown, shown_path
from tarash.cli.targets import choose_target, slug
from tarash.cli.work import Reporter, perform
from tarash.tarash_gateway import Job, cancel, poll, resume
from tarash.tarash_gateway.exceptions import ValidationError
from tarash.tarash_gateway.models import GenerationConfig

_CANCEL_WORDS = {
    "cancelled": CANCELLED,
    "too_late": "Too late: the job is finished.",
    "impossible": "This provider cannot stop the job; it goes on.",
}


@dataclass(frozen=True)
class Patience:
    """How long to wait; None leaves it to the core's defaults for the kind of work. In seconds."""

    timeout: float | None = None
    poll_interval: float | None = None
    on_timeout: str | None = None


def config_for(job: Job, patience: Patience) -> GenerationConfig:
    """A configuration that fits the job. The job is signed with the account's key: a forged one is refused."""
    given = {name: value for name, value in asdict(patience).items() if value is not None}
    config: GenerationConfig = build(
        CONFIGS[job.kind],
        {
            **given,
            "provider": job.provider,
            "model": job.model,
            "base_url": job.base_url,
            "max_poll_attempts": ENOUGH_POLLS,
            "mock": mock_config() if job.is_mock else None,
        },
    )
    return config


def _read(argument: str) -> Job:
    return read_job(argument, sys.stdin.buffer if sys.stdin else None)


def resume_job(
    argument: str, output: str | None, force: bool, patience: Patience, *, as_json: bool, quiet: bool
) -> int:
    journal = Journal()
    reporter = Reporter(as_json=as_json, quiet=quiet, journal=journal)

    def work() -> int:
        job = _read(argument)
        name = slug(f"{job.provider} {job.kind} {job.request_id[-8:]}", job.kind)
        target = choose_target(output, name, extension_for(job.kind), len(job.states), force)
        reporter.output = str(target.path)
        config = config_for(job, patience)

        journal.adopt(job)

        def wait(callback: Callable[[Any], None]) -> Any:
            return resume(job, config, on_progress=callback)

        return deliver(wait, reporter, journal, target, attempts=0)

    return perform(reporter, work)


def show_status(argument: str, *, as_json: bool) -> int:
    reporter = Reporter(as_json=as_json, journal=Journal())

    def work() -> int:
        job = _read(argument)
        update = poll(job, config_for(job, Patience()))
        percent = "" if update.progress_percent is None else f" ({update.progress_percent} %)"
        facts = {
            **_job_facts(job),
            "status": update.status,
            "progress_percent": update.progress_percent,
            "output": documents.links(update.result) if update.result is not None else [],
            "warnings": reporter.warnings,
        }
        lines = [f"{shown(update.status)}{percent}"]
        if update.result is not None:
            lines.append("'tarash jobs resume' saves the result.")
        reporter.result(lines, facts)
        return ExitCode.DONE

    return perform(reporter, work)


def cancel_job(argument: str, *, as_json: bool) -> int:
    journal = Journal()
    reporter = Reporter(as_json=as_json, journal=journal)

    def work() -> int:
        job = _read(argument)
        outcome = cancel(job, config_for(job, Patience()))
        code = ExitCode.DONE if outcome == "cancelled" else ExitCode.FAILED
        if code is ExitCode.DONE:
            journal.settle(job)
        facts = {
            **_job_facts(job),
            "ok": code is ExitCode.DONE,
            "exit_code": int(code),
            "outcome": outcome,
            "warnings": reporter.warnings,
        }
        reporter.result([_CANCEL_WORDS.get(outcome, shown(outcome))], facts)
        return code

    return perform(reporter, work)


def _job_facts(job: Job) -> dict[str, Any]:
    return {
        "ok": True,
        "exit_code": 0,
        "provider": job.provider,
        "model": job.model,
        "kind": job.kind,
        "request_id": job.request_id,
    }


def show_kept(*, as_json: bool) -> int:
    reporter = Reporter(as_json=as_json)

    def work() -> int:
        found = [(path, job) for path in kept_jobs() if (job := _readable(path)) is not None]
        rows = [
            (job.request_id, job.kind, f"{job.provider}:{job.model}", _age(job), shown_path(path))
            for path, job in found
        ]
        facts = [{**_job_facts(job), "created_at": job.created_at, "file": str(path)} for path, job in found]
        reporter.result(columns(rows) if rows else ["No jobs are kept here."], {"ok": True, "jobs": facts})
        return ExitCode.DONE

    return perform(reporter, work)


def _readable(path: Path) -> Job | None:
    try:
        return read_job(str(path), None)
    except ValidationError:
        return None


def _age(job: Job) -> str:
    return f"{seconds_text(max(0.0, time.time() - job.created_at))} ago"
