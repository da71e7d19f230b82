"""Listening to what the core does, through its observer hooks."""

import contextlib
from collections.abc import Generator

from tarash.cli.output import first_sentence, shown
from tarash.cli.progress import Progress
from tarash.tarash_gateway.hookspecs import hookimpl
from tarash.tarash_gateway.models import AttemptMetadata
from tarash.tarash_gateway.plugins import registry


class AttemptObserver:
    """Shows which provider of the chain is being tried, and what became of those that failed."""

    def __init__(self, progress: Progress) -> None:
        self._progress = progress

    @hookimpl
    def tarash_attempt_started(self, provider: str, model: str, attempt_number: int) -> None:
        self._progress.attempt(provider, model, attempt_number)

    @hookimpl
    def tarash_attempt_finished(self, attempt: AttemptMetadata) -> None:
        if attempt.status == "failed":
            who = ":".join(filter(None, (attempt.provider, attempt.model)))
            billed = " It may have been billed." if attempt.possibly_billed else ""
            self._progress.attempt_failed(f"{shown(who)} failed: {first_sentence(attempt.error_message)}{billed}")


@contextlib.contextmanager
def observed_by(*observers: object) -> Generator[None]:
    """While the block runs, the observers are told of attempts and jobs."""
    for observer in observers:
        registry.hooks.register(observer)
    try:
        yield
    finally:
        for observer in observers:
            registry.hooks.unregister(observer)
