"""What the core tells of a job that it tried to cancel. It tells it in words, which stand here and nowhere else."""

CANCELLED = "The job was cancelled at the provider, which may bill it all the same."
_INTERRUPTED = "(cancelled there: cancelled)"
_GIVEN_UP = " The remote job was cancelled."
_ADVICE = " It may still finish: resume(error.job, config) goes on waiting without paying again."


def was_cancelled(error: BaseException) -> bool:
    """True when the provider agreed to cancel the job that an error or an interrupt left behind."""
    notes = getattr(error, "__notes__", ())
    return _GIVEN_UP in str(error) or any(_INTERRUPTED in note for note in notes)


def message_of(error: BaseException) -> str:
    """The message; of a job that was cancelled it is without the core's advice to resume it."""
    text = str(error)
    return text.replace(_ADVICE, "") if _GIVEN_UP in text else text
