"""Listening to what the core does, through its observer hooks."""

import contextlib
from collections.abc import Generator

from tarash.cli.progress import Progress
from tarash.tarash_gateway.hookspecs import hookimpl
from tarash.tarash_gateway.plugins import registry


class AttemptObserver:
    """Shows which provider of the chain is being tried."""

    def __init__(self, progress: Progress) -> None:
        self._progress = progress

    @hookimpl
    def tarash_attempt_started(self, provider: str, model: str, attempt_number: int) -> None:
        self._progress.attempt(provider, model, attempt_number)


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
