"""`tarash jobs`: looking after jobs that were paid for."""

import typer

from tarash.cli import options as o

app = typer.Typer(
    help="Resume, ask about and cancel jobs that were paid for. They are kept in $TARASH_STATE_DIR/jobs, by default "
    "~/.local/state/tarash/jobs, from the moment a provider accepts them until their result is saved or they are "
    "cancelled there.",
    no_args_is_help=True,
    rich_markup_mode=None,
)


@app.command()
def resume(
    job: o.JobArgument,
    output: o.Output = None,
    force: o.Force = False,
    timeout: o.Timeout = None,
    poll_interval: o.PollInterval = None,
    on_timeout: o.OnTimeoutOption = None,
    as_json: o.AsJson = False,
    quiet: o.Quiet = False,
) -> int:
    """Wait for a job and save its result. Nothing is submitted or paid again."""
    from tarash.cli.jobwork import Patience, resume_job

    patience = Patience(timeout, poll_interval, on_timeout.value if on_timeout else None)
    return resume_job(job, output, force, patience, as_json=as_json, quiet=quiet)


@app.command()
def status(job: o.JobArgument, as_json: o.AsJson = False) -> int:
    """Ask the provider once how a job stands."""
    from tarash.cli.jobwork import show_status

    return show_status(job, as_json=as_json)


@app.command()
def cancel(job: o.JobArgument, as_json: o.AsJson = False) -> int:
    """Ask the provider to stop a job. Exit code 1 when it is too late or impossible."""
    from tarash.cli.jobwork import cancel_job

    return cancel_job(job, as_json=as_json)


@app.command("list")
def list_jobs(as_json: o.AsJson = False) -> int:
    """List the jobs that are kept on this machine, newest first."""
    from tarash.cli.jobwork import show_kept

    return show_kept(as_json=as_json)
