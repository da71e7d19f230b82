"""What is known of installed providers."""

import os
from dataclasses import asdict, dataclass, field
from importlib.metadata import PackageNotFoundError, version

from tarash.cli.exits import ExitCode
from tarash.cli.orders import CONFIGS
from tarash.cli.output import columns, shown
from tarash.cli.work import Reporter, perform
from tarash.tarash_gateway.exceptions import TarashException
from tarash.tarash_gateway.plugins import registry
from tarash.tarash_gateway.providers.base import Provider


@dataclass(frozen=True)
class ProviderFacts:
    """One provider id. `keys` says for each environment variable whether it is set; the value is never read out.

    `key_models` names the default models that a variable is read for; the others are for other models.
    """

    id: str
    distributions: list[str]
    kinds: list[str] = field(default_factory=list)
    keys: dict[str, bool] = field(default_factory=dict)
    key_models: dict[str, list[str]] = field(default_factory=dict)
    error: str | None = None

    @property
    def lacks_key(self) -> bool:
        """True when no key is set for the default models."""
        wanted = self.key_models or self.keys
        return bool(wanted) and not any(self.keys[variable] for variable in wanted)

    @property
    def key_words(self) -> str:
        """The variables in words, with their models where not all have the same."""
        models = {variable: ", ".join(self.key_models.get(variable, ["other models"])) for variable in self.keys}
        differ = len(set(models.values())) > 1
        return ", ".join(
            f"{variable} {'is set' if is_set else 'is not set'}{f' (for {models[variable]})' if differ else ''}"
            for variable, is_set in self.keys.items()
        )


def provider_facts(provider: str) -> ProviderFacts:
    """Imports the provider; what goes wrong is in `error`."""
    owners = [_with_version(owner) for owner in registry.owners(provider)]
    try:
        handler = registry.handler(provider)
    except TarashException as error:
        return ProviderFacts(provider, owners, error=shown(error))
    if not isinstance(handler, Provider):
        return ProviderFacts(provider, owners)
    key_models = _key_models(provider, handler)
    variables = dict.fromkeys([*key_models, *handler.key_variables])
    keys = {variable: bool(os.environ.get(variable, "").strip()) for variable in variables}
    return ProviderFacts(provider, owners, sorted(handler.operations), keys, key_models)


def _key_models(provider: str, handler: Provider) -> dict[str, list[str]]:
    """The environment variables that may hold the key for the default models, each with these models."""
    found: dict[str, list[str]] = {}
    for kind, model in handler.default_models.items():
        for variable in handler.key_variables_for(CONFIGS[kind](provider=provider, model=model)):
            models = found.setdefault(variable, [])
            if model not in models:
                models.append(model)
    return found


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
    return facts.id, ", ".join(facts.distributions), state, facts.key_words
