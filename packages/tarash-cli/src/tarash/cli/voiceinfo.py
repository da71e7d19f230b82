"""The voices of providers, as a table or a document."""

from collections.abc import Mapping, Sequence
from typing import Any

from tarash.cli.exits import ExitCode
from tarash.cli.orders import read_chain, read_config
from tarash.cli.output import columns, one_line
from tarash.cli.work import Reporter, perform
from tarash.tarash_gateway import list_voices
from tarash.tarash_gateway.exceptions import PluginError, UnsupportedOperationError, ValidationError
from tarash.tarash_gateway.models import AudioGenerationConfig, Voice
from tarash.tarash_gateway.plugins import registry
from tarash.tarash_gateway.providers.base import Provider

_LONGEST_DESCRIPTION = 60


def list_all_voices(params: Mapping[str, Any]) -> int:
    """Carry out `tarash voices`. Only providers that were named may fail; the others are left out with a note."""
    reporter = Reporter(as_json=params["as_json"])
    named = params["providers"] or (["mock"] if params["mock"] else [])

    def work() -> int:
        configs = _configs(named or registry.ids(), params)
        found = [(one.provider, voice) for one in configs for voice in _voices(one, reporter, strict=bool(named))]
        lines = columns(_row(*pair) for pair in found) if found else ["No voices are known here."]
        facts = [{"provider": provider, **voice.model_dump(mode="json", exclude={"raw"})} for provider, voice in found]
        reporter.result(lines, {"ok": True, "exit_code": 0, "voices": facts, "warnings": reporter.warnings})
        return ExitCode.DONE

    return perform(reporter, work)


def _configs(providers: Sequence[str], params: Mapping[str, Any]) -> list[Any]:
    if not providers:
        return []
    first = read_config("tts", read_chain(providers, mock=False), params)
    assert isinstance(first, AudioGenerationConfig)
    return [first, *(first.fallback_configs or ())]


def _voices(config: AudioGenerationConfig, reporter: Reporter, *, strict: bool) -> list[Voice]:
    try:
        if config.mock is None:
            _check_list(config)
        return list_voices(config)
    except UnsupportedOperationError:
        if strict:
            raise
    except (PluginError, ValidationError) as error:
        if strict:
            raise
        reporter.note(f"{config.provider} is left out: {one_line(error)}")
    return []


def _check_list(config: AudioGenerationConfig) -> None:
    """Raises `UnsupportedOperationError` for a provider without a list: a key would not help."""
    handler = registry.handler(config.provider)
    if not isinstance(handler, Provider) or type(handler).voices is not Provider.voices:
        return
    if not handler.known_voices(config.model or handler.default_models.get("tts")):
        raise UnsupportedOperationError(
            f"{config.provider} has no list of voices in tarash: take the ID of --voice from the vendor's own pages.",
            provider=config.provider,
        )


def _row(provider: str, voice: Voice) -> tuple[str, ...]:
    about = one_line(voice.description or "")
    if len(about) > _LONGEST_DESCRIPTION:
        about = f"{about[: _LONGEST_DESCRIPTION - 3]}..."
    return provider, voice.id, voice.name, ",".join(voice.languages), voice.gender or "", about
