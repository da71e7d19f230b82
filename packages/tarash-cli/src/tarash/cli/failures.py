"""From an exception to an exit code, a message, and how to go on."""

from dataclasses import dataclass
from typing import Any

from tarash.cli.cancelling import message_of, was_cancelled
from tarash.cli.exits import ExitCode, exit_code_of_interrupt
from tarash.cli.output import shown
from tarash.tarash_gateway.exceptions import (
    ContentModerationError,
    HTTPError,
    PartialResultError,
    PluginError,
    SubmitOutcomeUnknownError,
    TarashException,
    TimeoutError,
    UnsupportedOperationError,
    ValidationError,
)

_REFUSALS = (ContentModerationError, HTTPError, PluginError, UnsupportedOperationError, ValidationError)


@dataclass(frozen=True)
class Failure:
    """How a command ended badly."""

    exit_code: int
    name: str
    message: str
    details: dict[str, Any]


def failure_of(error: BaseException) -> Failure:
    if isinstance(error, KeyboardInterrupt):
        return _interrupted(error)
    if isinstance(error, TarashException):
        return Failure(exit_code_of(error), type(error).__name__, shown(message_of(error)), _details(error))
    message = shown(error) or "no message"
    if isinstance(error, OSError):
        return Failure(ExitCode.FAILED, type(error).__name__, message, {})
    return Failure(ExitCode.FAILED, type(error).__name__, f"unexpected {type(error).__name__}: {message}", {})


def exit_code_of(error: TarashException) -> ExitCode:
    attempts = error.execution_metadata.attempts if error.execution_metadata else []
    if isinstance(error, TimeoutError) and error.job is not None and not was_cancelled(error):
        return ExitCode.TIMED_OUT
    unknown = any(attempt.error_type == SubmitOutcomeUnknownError.__name__ for attempt in attempts)
    if unknown or isinstance(error, SubmitOutcomeUnknownError):
        return ExitCode.UNKNOWN
    unpaid = error.job is None and not any(attempt.possibly_billed for attempt in attempts)
    # 429 and 5xx are refusals too, but of the moment: the same request may be taken later.
    if unpaid and isinstance(error, _REFUSALS) and not error.retryable:
        return ExitCode.REFUSED
    return ExitCode.FAILED


def _details(error: TarashException) -> dict[str, Any]:
    attempts = error.execution_metadata.attempts if error.execution_metadata else []
    billed = error.possibly_billed or any(attempt.possibly_billed for attempt in attempts)
    return {
        "provider": error.provider,
        "model": error.model,
        "request_id": error.request_id,
        **({"missing": list(error.missing)} if isinstance(error, PartialResultError) and error.missing else {}),
        "status_code": getattr(error, "status_code", None),
        "retryable": bool(error.retryable),
        "possibly_billed": billed,
    }


def _interrupted(stop: KeyboardInterrupt) -> Failure:
    # The core notes what became of the job; the handle at the end of a note is told in another way.
    notes = [note.partition(" Its handle: ")[0] for note in getattr(stop, "__notes__", ())]
    code = exit_code_of_interrupt(stop)
    word = "Interrupted." if code == ExitCode.INTERRUPTED else "Terminated."
    return Failure(code, word.rstrip("."), " ".join([word, *(shown(note) for note in notes)]), {})
