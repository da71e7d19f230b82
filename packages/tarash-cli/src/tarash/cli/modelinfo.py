"""What is known of models, as lists and one by one."""

import difflib
from collections.abc import Iterator, Mapping
from typing import Any

from tarash.cli.exits import ExitCode
from tarash.cli.output import columns, shown
from tarash.cli.work import Reporter, perform
from tarash.tarash_gateway.exceptions import PluginError
from tarash.tarash_gateway.models import Kind
from tarash.tarash_gateway.plugins import registry
from tarash.tarash_gateway.providers.base import ModelInfo, Provider
from tarash.tarash_gateway.providers.field_mappers import FieldMapper, FieldMapping, find_mapping

_KINDS: tuple[Kind, ...] = ("video", "image", "tts", "sts")
_NEAREST = 3
_UNKNOWN = "tarash knows nothing about {!r}. Models that are unknown here can be used all the same: -m PROVIDER:{}"
_SHOWN_FIRST = ("type", "required", "allowed", "default", "minimum", "maximum")


def list_models(provider: str | None, kind: str | None, *, as_json: bool) -> int:
    reporter = Reporter(as_json=as_json)

    def work() -> int:
        found = [
            (owner, info)
            for owner in ([provider] if provider else registry.ids())
            for info in _models_of(owner, reporter if provider is None else None)
            if kind is None or kind in info.kinds
        ]
        rows = [_row(owner, info) for owner, info in found]
        facts = [model_facts(owner, info) for owner, info in found]
        lines = columns(rows) if rows else ["No models are known here; any model can be used all the same."]
        reporter.result(lines, {"ok": True, "exit_code": 0, "models": facts, "warnings": reporter.warnings})
        return ExitCode.DONE

    return perform(reporter, work)


def _models_of(provider: str, reporter: Reporter | None) -> list[ModelInfo]:
    """With a reporter, a broken provider is warned of; without one its error is raised."""
    try:
        return list(registry.models(provider))
    except PluginError as error:
        if reporter is None:
            raise
        reporter.warn(str(error))
        return []


def _row(provider: str, info: ModelInfo) -> tuple[str, str, str, str]:
    since = f" since {info.date}" if info.date else ""
    instead = f"use {info.replacement}" if info.replacement else ""
    return f"{provider}:{info.id}", ",".join(info.kinds), f"{info.status}{since}", instead


def model_facts(provider: str, info: ModelInfo) -> dict[str, Any]:
    return {
        "provider": provider,
        "id": info.id,
        "kinds": list(info.kinds),
        "status": info.status,
        "date": info.date,
        "replacement": info.replacement,
        "note": info.note,
    }


def show_model(name: str, *, as_json: bool) -> int:
    reporter = Reporter(as_json=as_json)

    def work() -> int:
        owners, model = _split(name)
        found = [(owner, info) for owner in owners for info in _find(owner, model, reporter)]
        if not found:
            return _unknown(reporter, owners, model)
        described = [(owner, info, parameters_of(owner, info)) for owner, info in found]
        facts = [{**model_facts(owner, info), "parameters": parameters} for owner, info, parameters in described]
        lines = [line for owner, info, parameters in described for line in _lines(owner, info, parameters)]
        reporter.result(lines, {"ok": True, "exit_code": 0, "models": facts, "warnings": reporter.warnings})
        return ExitCode.DONE

    return perform(reporter, work)


def _split(name: str) -> tuple[list[str], str]:
    """[PROVIDER:]ID; what stands before a colon is a provider only if one of that name is installed."""
    provider, colon, model = name.partition(":")
    ids = registry.ids()
    return ([provider], model) if colon and provider in ids else (ids, name)


def _find(provider: str, model: str, reporter: Reporter) -> Iterator[ModelInfo]:
    """What a provider, or any plugin, knows of an id."""
    try:
        handler = registry.handler(provider)
    except PluginError as error:
        reporter.warn(str(error))
        return
    listed = {info.id: info for info in registry.models(provider)}
    if isinstance(handler, Provider):
        known = next((info for kind in _KINDS if (info := handler.find_model(model, kind)) is not None), None)
        # A provider may have something to tell of any name, such as that it is ending: that is no model of this name.
        if known is not None and known.id in listed:
            yield known
            return
    if model in listed:
        yield listed[model]


def _unknown(reporter: Reporter, providers: list[str], model: str) -> int:
    known = {f"{owner}:{info.id}": info.id for owner in providers for info in _models_of(owner, reporter)}
    by_id = {bare: full for full, bare in known.items()}
    nearest = [by_id[bare] for bare in difflib.get_close_matches(model, list(by_id), _NEAREST)]
    message = _UNKNOWN.format(shown(model), shown(model))
    lines = [message, *(f"Did you mean {shown(name)}?" for name in nearest)]
    if reporter.as_json:
        error = {"type": "UnknownModel", "message": message}
        facts = {"ok": False, "exit_code": 1, "error": error, "nearest": nearest, "warnings": reporter.warnings}
        reporter.result((), facts)
    else:
        for line in lines:
            reporter.note(line)
    return ExitCode.FAILED


def parameters_of(provider: str, info: ModelInfo) -> dict[str, Any]:
    """The vendor's parameters: as the model's description tells them, else as the provider's mapping fills them."""
    if info.parameters:
        return {name: _plain(value) for name, value in info.parameters.items()}
    return {name: _mapper_facts(mapper) for name, mapper in _mapping(provider, info).items()}


def _mapping(provider: str, info: ModelInfo) -> FieldMapping:
    handler = registry.handler(provider)
    own = [handler.mappings.get(kind, {}) for kind in info.kinds] if isinstance(handler, Provider) else []
    tables = [registry.mappings(provider) or {}, *own]
    return next((mapping for table in tables if (mapping := find_mapping(table, info.id))), {})


def _plain(value: Any) -> Any:
    """A described parameter without the facts that say nothing."""
    if isinstance(value, FieldMapper):
        return _mapper_facts(value)
    if not isinstance(value, Mapping):
        return value
    return {name: fact for name, fact in value.items() if fact not in (None, "", False) and fact != []}


def _mapper_facts(mapper: FieldMapper) -> dict[str, Any]:
    sources = [*mapper.sources, *(f"image_list ({role})" for role in mapper.roles)]
    allowed = list(mapper.allowed) if mapper.allowed is not None else None
    limits = {"minimum": mapper.minimum, "maximum": mapper.maximum}
    facts = {"from": sources, "required": mapper.required, "allowed": allowed, **limits, "always": mapper.constant}
    return {name: fact for name, fact in facts.items() if fact not in (None, False) and fact != []}


def _lines(provider: str, info: ModelInfo, parameters: Mapping[str, Any]) -> Iterator[str]:
    _, kinds, status, instead = _row(provider, info)
    yield shown(f"{provider}:{info.id}")
    yield f"  kinds: {shown(kinds) or 'unknown'}"
    yield f"  status: {shown(status)}{f', {shown(instead)}' if instead else ''}"
    if info.note:
        yield f"  note: {shown(info.note)}"
    if not parameters:
        yield "  parameters: not described here"
        return
    yield "  parameters:"
    rows = [(name, describe(value)) for name, value in parameters.items()]
    yield from (f"    {line}" for line in columns(rows))


def describe(value: Any) -> str:
    """One parameter in words."""
    if not isinstance(value, Mapping):
        return shown(value)
    order = [*(name for name in _SHOWN_FIRST if name in value), *(name for name in value if name not in _SHOWN_FIRST)]
    return ", ".join(_fact(name, value[name]) for name in order)


def _fact(name: str, fact: Any) -> str:
    if name == "type":
        return shown(fact)
    if fact is True:
        return shown(name)
    words = " | ".join(map(shown, fact)) if isinstance(fact, list | tuple) else shown(fact)
    return words if name == "allowed" else f"{shown(name)} {words}"
