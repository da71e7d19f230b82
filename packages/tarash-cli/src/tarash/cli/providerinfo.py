"""What is known of installed providers."""

import os
from dataclasses import asdict, dataclass, field
from importlib.metadata import PackageNotFoundError, version

from tarash.cli.exits import ExitCode
from tarash.cli.output import columns, shown
from tarash.cli.work import Reporter, perform
from tarash.tarash_gateway.exceptions import TarashException
from tarash.tarash_gateway.plugins import registry
from tarash.tarash_gateway.providers.base import Provider


@dataclass(frozen=True)
class ProviderFacts:
    """One provider id. `keys` says for each environment variable whether it is set; the value is never read out."""

    id: str
    distributions: list[str]
    kinds: list[str] = field(default_factory=list)
    keys: dict[str, bool] = field(default_factory=dict)
    error: str | None = None


def provider_facts(provider: str) -> ProviderFacts:
    """Imports the provider; what goes wrong is in `error`."""
    owners = [_with_version(owner) for owner in registry.owners(provider)]
    try:
        handler = registry.handler(provider)
    except TarashException as error:
        return ProviderFacts(provider, owners, error=shown(error))
    if not isinstance(handler, Provider):
        return ProviderFacts(provider, owners)
    keys = {variable: bool(os.environ.get(variable, "").strip()) for variable in handler.key_variables}
    return ProviderFacts(provider, owners, sorted(handler.operations), keys)


def _with_version(distribution: str) -> str:
    try:
        return f"{distribution} {version(distribution)}"
    except PackageNotFoundError:
        return distribution


def list_providers(*, as_json: bool) -> int:
    reporter = Reporter(as_json=as_json)

    def work() -> int:
        found = [provider_facts(provider) for provider in registry.ids()]
        lines = columns(map(_row, found)) if found else ["No provider is installed: pip install 'tarash-gateway[fal]'"]
        lines += [f"{facts.id}: {facts.error}" for facts in found if facts.error]
        facts = [asdict(one) for one in found]
        reporter.result(lines, {"ok": True, "exit_code": 0, "providers": facts, "warnings": reporter.warnings})
        return ExitCode.DONE

    return perform(reporter, work)


def _row(facts: ProviderFacts) -> tuple[str, str, str, str]:
    state = "cannot be used" if facts.error else ",".join(facts.kinds)
    return facts.id, ", ".join(facts.distributions), state, key_words(facts.keys)


def key_words(keys: dict[str, bool]) -> str:
    return ", ".join(f"{variable} {'is set' if is_set else 'is not set'}" for variable, is_set in keys.items())
