"""From the parameters of a command to a configuration and a request, judged by the core's own models."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any

import pydantic
import typer

from tarash.cli import inputs
from tarash.cli.output import shown
from tarash.cli.targets import STANDARD_OUTPUT, Target, choose_target, slug
from tarash.tarash_gateway.exceptions import ValidationError
from tarash.tarash_gateway.mock import MockConfig, MockPollingConfig
from tarash.tarash_gateway.models import (
    AudioGenerationConfig,
    GenerationConfig,
    GenerationRequest,
    ImageGenerationConfig,
    ImageGenerationRequest,
    Kind,
    STSRequest,
    TTSRequest,
    VideoGenerationConfig,
    VideoGenerationRequest,
)

REQUESTS: dict[Kind, type[GenerationRequest]] = {
    "video": VideoGenerationRequest,
    "image": ImageGenerationRequest,
    "tts": TTSRequest,
    "sts": STSRequest,
}
CONFIGS: dict[Kind, type[GenerationConfig]] = {
    "video": VideoGenerationConfig,
    "image": ImageGenerationConfig,
    "tts": AudioGenerationConfig,
    "sts": AudioGenerationConfig,
}
_POLICIES = ("timeout", "poll_interval", "on_timeout", "on_unknown_submit", "unsupported_params")

# The command promises one limit, the timeout; the core's second one, a number of polls, is never reached before it.
ENOUGH_POLLS = 1_000_000_000


@dataclass(frozen=True)
class Order:
    """Everything that a generation needs, read and checked as far as that goes without a provider."""

    kind: Kind
    config: GenerationConfig
    request: Any
    target: Target
    attempts: int
    submit_only: bool
    stream: bool = False
    play: bool = False


def read_order(kind: Kind, params: Mapping[str, Any]) -> Order:
    """Raises `typer.BadParameter` for wrong usage, `ValidationError` for values that cannot be."""
    chain = read_chain(params["models"] or (), params["mock"])
    fields = read_fields(kind, params)
    stream, play = bool(params.get("stream")), bool(params.get("play"))
    if (stream or play) and params["submit_only"]:
        raise typer.BadParameter("--stream and --play want the sound, and --submit-only does not wait for it")
    if stream and params["as_json"] and params["output"] == "-":
        raise typer.BadParameter("--json and '-o -' both want standard output: give one")
    request = build(REQUESTS[kind], fields)
    return Order(
        kind=kind,
        config=read_config(kind, chain, params),
        request=request,
        target=_target(kind, request, params),
        attempts=len(chain),
        submit_only=params["submit_only"],
        stream=stream,
        play=play,
    )


def read_chain(models: Iterable[str], mock: bool) -> list[tuple[str, str | None]]:
    """Provider and model of each link."""
    chain = [_link(text) for text in models]
    if not chain and mock:
        return [("mock", None)]
    if not chain:
        raise typer.BadParameter("say who does the work: -m PROVIDER:MODEL (see 'tarash models'), or --mock")
    return chain


def _link(text: str) -> tuple[str, str | None]:
    provider, colon, model = text.partition(":")
    provider, model = provider.strip(), model.strip()
    if not provider or "/" in provider or (colon and not model):
        raise typer.BadParameter(f"{text[:80]!r} is not of the form PROVIDER:MODEL, such as fal:fal-ai/veo3.1/fast")
    return provider, model or None


def read_fields(kind: Kind, params: Mapping[str, Any]) -> dict[str, Any]:
    """The fields of the request, from options and from -p."""
    names = REQUESTS[kind].model_fields
    given = {name: params[name] for name in names if params.get(name) is not None}
    fields = {name: _READERS[name](value) if name in _READERS else value for name, value in given.items()}
    more = inputs.read_params(params["params"] or ())
    twice = sorted(fields.keys() & more.keys())
    if twice:
        raise typer.BadParameter(f"{', '.join(twice)}: given by an option and by -p")
    return {**fields, **more}


def _whole(seconds: float) -> int | float:
    return int(seconds) if seconds == int(seconds) else seconds


_READERS: dict[str, Any] = {
    "prompt": inputs.read_prompt,
    "negative_prompt": inputs.real_text,
    "text": inputs.read_prompt,
    "audio": inputs.audio,
    "video": inputs.media,
    "mask_image": inputs.media,
    "image_list": lambda images: [inputs.image(image) for image in images],
    "output_format": lambda name: {"format": name},
    "duration_seconds": _whole,
}


def build(model: Any, fields: Mapping[str, Any]) -> Any:
    """Raises `ValidationError` saying which fields are wrong, without their values."""
    try:
        return model(**fields)
    except pydantic.ValidationError as error:
        raise ValidationError("; ".join(_complaint(detail) for detail in error.errors(include_url=False))) from None


def _complaint(detail: Any) -> str:
    where = ".".join(str(part) for part in detail["loc"] if isinstance(part, int) or not part.endswith("]"))
    return shown(f"{where or 'request'}: {detail['msg'].removeprefix('Value error, ')}")


def read_config(kind: Kind, chain: list[tuple[str, str | None]], params: Mapping[str, Any]) -> GenerationConfig:
    """The configuration of the first link, with the others as its fallbacks."""
    common = {name: str(value) if isinstance(value, str) else value for name, value in _policies(params).items()}
    common["max_poll_attempts"] = ENOUGH_POLLS
    common["mock"] = mock_config() if params["mock"] else None
    providers = [provider for provider, _ in chain]
    urls = [_addressed(text, providers) for text in params["base_url"] or ()]
    options = [_addressed(text, providers) for text in params["provider_config"] or ()]
    links = [
        build(
            CONFIGS[kind],
            {
                **common,
                "provider": provider,
                "model": model,
                "base_url": _last([url for to, url in urls if to == provider]),
                "provider_config": _options([pair for to, pair in options if to == provider]),
            },
        )
        for provider, model in chain
    ]
    first: GenerationConfig = links[0]
    return first.model_copy(update={"fallback_configs": links[1:]}) if links[1:] else first


def _policies(params: Mapping[str, Any]) -> dict[str, Any]:
    return {name: params[name] for name in _POLICIES if params.get(name) is not None}


def mock_config() -> MockConfig:
    """The mock, with progress to look at, and without waiting."""
    return MockConfig(enabled=True, polling=MockPollingConfig(delay_between_updates=0))


def _addressed(text: str, providers: list[str]) -> tuple[str, str]:
    """[PROVIDER:]VALUE as (provider, value); the provider may be left out when there is only one."""
    provider, colon, value = text.partition(":")
    if colon and provider in providers:
        return provider, value
    if len(set(providers)) > 1:
        raise typer.BadParameter(f"several providers: say whose this is, such as {providers[0]}:{text[:60]}")
    return providers[0], text


def _last(values: list[str]) -> str | None:
    if len(values) > 1:
        raise typer.BadParameter("--base-url is given twice for one provider")
    return values[0] if values else None


def _options(pairs: list[str]) -> dict[str, Any]:
    return {key: inputs.parsed(value) for key, value in map(inputs.split_pair, pairs)}


def _target(kind: Kind, request: Any, params: Mapping[str, Any]) -> Target:
    if params.get("stream") and params["output"] == "-":
        return STANDARD_OUTPUT
    count = getattr(request, "number_of_videos", None) or getattr(request, "n", None) or 1
    text = getattr(request, "prompt", None) or getattr(request, "text", None) or ""
    name = slug(text, "speech" if kind in ("tts", "sts") else kind)
    return choose_target(params["output"], name, extension_for(kind, request), count, params["force"])


def extension_for(kind: Kind, request: Any = None) -> str:
    """What the file will most likely be; its bytes have the last word."""
    if kind == "video":
        return ".mp4"
    if kind == "image":
        return ".png"
    wanted = getattr(getattr(request, "output_format", None), "format", "mp3")
    return f".{wanted}" if wanted.isalnum() else ".mp3"
