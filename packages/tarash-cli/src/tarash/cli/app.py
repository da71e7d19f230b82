"""The `tarash` command: what it consists of, and what happens around it."""

import sys
from typing import Annotated, NoReturn

import typer

from tarash.cli import catalogue, diagnosis, generate, jobs
from tarash.cli.exits import ExitCode, exit_code_of_interrupt
from tarash.cli.output import SteadyStream, document, emit, prepare_streams

EPILOG = (
    "Exit codes: 0 done, 1 failed, 2 wrong usage, 3 refused before anything was paid, 4 a paid submit got no answer "
    "(look at the provider's dashboard), 5 timed out with a job that can be resumed, 130 interrupted, 143 terminated."
)

app = typer.Typer(
    name="tarash",
    help="Make videos, images and speech with any provider, and look after the jobs that were paid for.",
    epilog=EPILOG,
    no_args_is_help=True,
    # Plain help is quick, and fits every terminal; tracebacks would show local variables.
    rich_markup_mode=None,
    pretty_exceptions_enable=False,
    context_settings={"help_option_names": ["-h", "--help"]},
)


def _show_version(wanted: bool) -> None:
    if not wanted:
        return
    from importlib.metadata import version

    emit(sys.stdout, f"tarash {version('tarash-cli')} (tarash-core {version('tarash-core')})\n")
    raise typer.Exit


@app.callback()
def tarash(
    version: Annotated[bool, typer.Option("--version", callback=_show_version, is_eager=True, help="Show it.")] = False,
) -> None:
    """The options of `tarash` itself."""


app.command()(generate.video)
app.command()(generate.image)
app.command()(generate.speak)
app.command("convert-voice")(generate.convert_voice)
app.add_typer(jobs.app, name="jobs")
app.command()(catalogue.models)
app.command()(catalogue.voices)
app.command()(catalogue.providers)
app.command()(diagnosis.doctor)


def main() -> NoReturn:
    """Run the command line of this process and exit with its code."""
    prepare_streams()
    sys.exit(run(sys.argv[1:]))


def run(arguments: list[str]) -> int:
    """Run a command line and return its exit code."""
    try:
        return int(app(arguments, prog_name="tarash", standalone_mode=False) or 0)
    except KeyboardInterrupt as stop:
        return exit_code_of_interrupt(stop)
    except SystemExit as end:
        # Typer's way to say that nobody reads its help any more.
        if not isinstance(end.__context__, BrokenPipeError):
            raise
        return ExitCode.DONE
    except OSError as error:
        return _cannot_write(error)
    except Exception as error:
        # Typer's usage errors have no public class that all its versions share.
        if not hasattr(error, "format_message"):
            raise
        return _wrong_usage(error, arguments)


def _cannot_write(error: OSError) -> int:
    SteadyStream(sys.stderr).write(f"Error: {error.strerror or error}\n")
    return ExitCode.FAILED


def _wrong_usage(error: Exception, arguments: list[str]) -> int:
    error.show()  # type: ignore[attr-defined]
    if "--json" in arguments:
        facts = {"type": "UsageError", "message": error.format_message()}  # type: ignore[attr-defined]
        emit(sys.stdout, document({"ok": False, "exit_code": int(ExitCode.USAGE), "error": facts}))
    return ExitCode.USAGE
