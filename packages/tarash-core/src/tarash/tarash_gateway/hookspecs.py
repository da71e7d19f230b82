"""What a plugin may implement (pluggy project name `tarash`, entry point group `tarash.providers`).

Give the entry point the id of your provider as its name, and let it name a module or an object with the hook
implementations. It is imported when its provider is first asked for, never before.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

import pluggy

from tarash.tarash_gateway.models import AttemptMetadata, Job
from tarash.tarash_gateway.providers.base import ModelInfo
from tarash.tarash_gateway.providers.field_mappers import FieldMapping

PROJECT = "tarash"
ENTRY_POINTS = "tarash.providers"

hookspec = pluggy.HookspecMarker(PROJECT)
hookimpl = pluggy.HookimplMarker(PROJECT)


@hookspec
def tarash_providers() -> Mapping[str, Any]:
    """Handlers by provider id: `Provider` objects, or objects with `generate_*` methods. Called once. Since 0.1."""
    return {}


class ProviderPlugin:
    """A plugin that has providers and nothing else: `plugin = ProviderPlugin({"acme": AcmeProvider()})`."""

    def __init__(self, providers: Mapping[str, Any]) -> None:
        self._providers = providers

    @hookimpl
    def tarash_providers(self) -> Mapping[str, Any]:
        return self._providers


@hookspec
def tarash_field_mappings() -> Mapping[str, Mapping[str, FieldMapping]]:
    """Field mappings by provider id, then by model id or prefix. They win over the provider's own. Since 0.1."""
    return {}


@hookspec
def tarash_models() -> Iterable[tuple[str, ModelInfo]]:
    """Descriptions of models as (provider id, info), beside those of the provider itself. Since 0.1."""
    return ()


@hookspec
def tarash_attempt_started(provider: str, model: str, attempt_number: int) -> None:
    """A provider of the chain is about to be tried. Observers may not block; what they raise is logged. Since 0.1."""


@hookspec
def tarash_attempt_finished(attempt: AttemptMetadata) -> None:
    """A provider of the chain succeeded or failed. Since 0.1."""


@hookspec
def tarash_job_submitted(job: Job) -> None:
    """A paid submit was accepted. A journal that stores `job.to_json()` here can resume after a crash. Since 0.1."""


@hookspec
def tarash_job_polled(job: Job, running: bool, progress: float | None) -> None:
    """The provider was asked for the state of a job, and it goes on. Since 0.1."""


@hookspec
def tarash_job_finished(job: Job | None, response: Any) -> None:
    """A job ended with a result. Since 0.1."""


@hookspec
def tarash_job_failed(job: Job | None, error: Exception) -> None:
    """A job, or the attempt to submit one, ended with an error. Since 0.1."""
