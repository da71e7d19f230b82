"""From a configuration and a request to a plan: everything that can be judged before anything is sent."""

from __future__ import annotations

import inspect
import os
import warnings
from collections.abc import Iterator
from dataclasses import dataclass, replace
from typing import Any
from urllib.parse import urlsplit

from tarash.tarash_gateway.exceptions import TarashWarning, UnsupportedOperationError, ValidationError
from tarash.tarash_gateway.media import Media, load_media
from tarash.tarash_gateway.models import (
    GenerationConfig,
    GenerationRequest,
    ImageGenerationRequest,
    Kind,
    STSRequest,
    TTSRequest,
    VideoGenerationRequest,
)
from tarash.tarash_gateway.models.config import clean_key
from tarash.tarash_gateway.providers.base import Call, ModelInfo, Operation, Provider
from tarash.tarash_gateway.providers.field_mappers import FieldMapping, find_mapping
from tarash.tarash_gateway.secrets import SecretText
from tarash.tarash_gateway.utils import generate_unique_id

_MEDIA_FIELDS = ("video", "mask_image", "audio")
_WORK = {"video": "video", "image": "image", "tts": "text-to-speech", "sts": "speech-to-speech"}


@dataclass(frozen=True)
class Plan:
    """One provider's part of a chain, ready to be carried out. The key is kept out of the representation."""

    config: GenerationConfig
    provider: Provider
    operation: Operation
    call: Call
    key: str | None
    registered: dict[str, FieldMapping] | None
    is_mock: bool = False

    def __repr__(self) -> str:
        return f"Plan({self.call.provider}, {self.call.model})"

    def mapping(self, described: FieldMapping | None) -> FieldMapping | None:
        """The mapping that an application or plugin registered, else what the operation described, else the table."""
        registered = find_mapping(self.registered, self.call.model) if self.registered else None
        table = self.provider.mappings.get(self.call.kind, {})
        return registered or described or find_mapping(table, self.call.model)


_REQUESTS: dict[Kind, type[GenerationRequest]] = {
    "video": VideoGenerationRequest,
    "image": ImageGenerationRequest,
    "tts": TTSRequest,
    "sts": STSRequest,
}


def check_config(config: Any) -> None:
    """Raise `ValidationError` for what is no configuration."""
    if not isinstance(config, GenerationConfig):
        raise ValidationError(f"Expected a configuration such as VideoGenerationConfig, not {_kind_of(config)}.")


def check_request(kind: Kind, request: Any) -> None:
    """Raise `ValidationError` for what is no request for this kind of work."""
    wanted = _REQUESTS[kind]
    if not isinstance(request, wanted):
        raise ValidationError(f"Expected a {wanted.__name__}, not {_kind_of(request)}.")


def _kind_of(value: Any) -> str:
    return f"the class {value.__name__}" if isinstance(value, type) else type(value).__name__


def flatten(config: GenerationConfig) -> Iterator[GenerationConfig]:
    """The chain: the configuration itself, then its fallbacks, depth first."""
    yield config
    for fallback in getattr(config, "fallback_configs", None) or ():
        yield from flatten(fallback)


def load_inputs(request: GenerationRequest) -> Any:
    """The request with every media input read and judged. Raises `ValidationError`."""
    loaded: dict[str, Any] = {
        name: load_media(value) for name in _MEDIA_FIELDS if (value := getattr(request, name, None)) is not None
    }
    if getattr(request, "image_list", None):
        loaded["image_list"] = [{**image, "image": load_media(image["image"])} for image in request.image_list]  # type: ignore[attr-defined]
    for media in (loaded.get("mask_image"), *(image["image"] for image in loaded.get("image_list", ()))):
        _refuse_other_media(media)
    return request.model_copy(update=loaded) if loaded else request


def _refuse_other_media(media: Media | None) -> None:
    """A film or a text among the pictures would be paid for nothing. What stands behind a link is not looked at."""
    if media and not media.url and media.content_type.startswith(("audio/", "video/", "text/")):
        raise ValidationError(
            f"A picture is expected, but one of the inputs is {media.content_type}. Nothing was sent."
        )


def make_plan(
    kind: Kind,
    config: GenerationConfig,
    request: Any,
    provider: Provider,
    registered: dict[str, FieldMapping] | None = None,
    *,
    is_mock: bool = False,
    request_id: str | None = None,
) -> Plan:
    """Judge a configuration. Raises `ValidationError` or `UnsupportedOperationError`; nothing was sent."""
    operation = check_kind(kind, config, provider)
    key = None if is_mock else resolve_key(config, provider)
    call = Call(
        kind=kind,
        provider=config.provider,
        model=_model(kind, config, provider),
        base_url=base_url_of(config, provider),
        request=request,
        request_id=request_id or generate_unique_id(),
        options=config.provider_config,
        api_version=config.api_version,
        has_key=key is not None,
    )
    provider.check(call)
    _judge_model(provider, call)
    return Plan(config, provider, operation, call, key, registered, is_mock)


def check_kind(kind: Kind, config: GenerationConfig, provider: Provider) -> Operation:
    """The provider's operation for this kind of work. Raises `UnsupportedOperationError` where it has none."""
    operation = provider.operations.get(kind)
    if operation is None:
        raise UnsupportedOperationError(
            f"{config.provider} has no {_WORK[kind]} generation in tarash.",
            provider=config.provider,
            model=config.model,
        )
    return operation


def _model(kind: Kind, config: GenerationConfig, provider: Provider) -> str:
    model = config.model or provider.default_models.get(kind)
    if not model:
        raise ValidationError(f"Name a model: {config.provider} has no default for {_WORK[kind]} generation.")
    return model


def base_url_of(config: GenerationConfig, provider: Provider) -> str:
    """The configuration's base URL, else the environment's, else the vendor's. Raises `ValidationError`."""
    variables = provider.base_url_variables_for(config)
    told = (os.environ.get(variable, "").strip() for variable in variables)
    url = config.base_url or next(filter(None, told), "") or provider.default_base_url(config)
    if not url:
        where = " or ".join(variables)
        raise ValidationError(f"{config.provider} needs a base_url{f' (or {where})' if where else ''}.")
    return clean_base_url(url)


def resolve_key(config: GenerationConfig, provider: Provider) -> str | None:
    """The configuration's key, else the provider's own environment variables. Raises `ValidationError`."""
    if config.api_key is not None:
        return _usable_key(config.api_key, "api_key")
    if not provider.wants_key(config):
        return None
    variables = provider.key_variables_for(config)
    for variable in variables:
        value = SecretText(os.environ.get(variable, ""))
        if value.strip():
            return _usable_key(value, f"The environment variable {variable}")
    if provider.key_required:
        where = " or ".join(variables)
        raise ValidationError(
            f"There is no key for {config.provider}: pass api_key{f' or set {where}' if where else ''}.",
            provider=config.provider,
            model=config.model,
        )
    return None


def _usable_key(value: str, where: str) -> str | None:
    try:
        return clean_key(value)
    except ValueError as error:
        raise ValidationError(f"{where} cannot be used: {error}.") from None


def clean_base_url(url: str) -> str:
    """A base URL without a trailing slash. Raises `ValidationError` when it could not be one."""
    try:
        parts = urlsplit(url)
        usable = parts.scheme in ("http", "https") and parts.hostname and not parts.query and not parts.fragment
        _ = parts.port
    except ValueError:
        usable = False
    if not usable or "@" in url or any(char.isspace() for char in url):
        raise ValidationError("base_url must look like https://host or https://host/path, without a login or a query.")
    return url.rstrip("/")


def _judge_model(provider: Provider, call: Call) -> None:
    info = provider.find_model(call.model, call.kind)
    if info is None or call.kind not in info.kinds:
        _refuse_other_kinds(provider, call)
    if info is not None:
        _warn_of_retirement(call, info)


def _refuse_other_kinds(provider: Provider, call: Call) -> None:
    """A model that is known for other work only would be paid for nothing."""
    known = [info for kind in _REQUESTS if (info := provider.find_model(call.model, kind))]
    kinds = {kind for info in known for kind in info.kinds}
    if kinds and call.kind not in kinds:
        work = " and ".join(_WORK[kind] for kind in _WORK if kind in kinds)
        raise ValidationError(
            f"{call.model} of {call.provider} is for {work} generation, not for {_WORK[call.kind]}. Nothing was sent."
        )


def _warn_of_retirement(call: Call, info: ModelInfo) -> None:
    if info.status == "active":
        return
    since = "until" if info.status == "deprecated" else "since"
    date = f" {since} {info.date}" if info.date else ""
    instead = f" Use {info.replacement} instead." if info.replacement else ""
    note = f" {info.note}" if info.note else ""
    warn_caller(f"{call.model} is {info.status} at {call.provider}{date}.{instead}{note}")


def warn_all(messages: list[str], model: str) -> None:
    for message in messages:
        warn_caller(f"{model}: {message}")


def warn_caller(message: str) -> None:
    """Warn at the line that called tarash, so that Python shows it once for each of them."""
    frame, level = inspect.currentframe(), 1
    while frame and str(frame.f_globals.get("__name__")).startswith(("tarash.tarash_gateway", "contextlib")):
        frame, level = frame.f_back, level + 1
    warnings.warn(message, TarashWarning, stacklevel=level)


def with_payload(plan: Plan, payload: dict[str, Any]) -> Plan:
    return replace(plan, call=replace(plan.call, payload=payload))
