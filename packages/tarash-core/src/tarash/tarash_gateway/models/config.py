"""Configurations: which provider and model, with which key, for how long, and what to do when things go wrong."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Annotated, Any, Literal, Self

from pydantic import AfterValidator, ConfigDict, Field, PlainSerializer, ValidationError

from tarash.tarash_gateway.models.base import Model, without_inputs
from tarash.tarash_gateway.models.mocking import MockConfig
from tarash.tarash_gateway.secrets import SecretText

Seconds = Annotated[int | float, Field(gt=0, allow_inf_nan=False)]
Interval = Annotated[int | float, Field(ge=0, allow_inf_nan=False)]


def clean_key(value: str | None) -> SecretText | None:
    """A key without surrounding blanks. Raises ValueError, whose message never repeats the key."""
    if value is None:
        return None
    # Also here no local variable may show it.
    key = SecretText(value.strip())
    if not key:
        raise ValueError("the key is empty; leave api_key out to read the provider's environment variable")
    if not key.isascii() or not key.isprintable() or " " in key:
        raise ValueError("the key contains a blank, a line break or another character that no key has; copy it again")
    return key


def hide_secrets(options: dict[str, Any]) -> dict[str, Any]:
    """The options, with a `repr` that shows no token, secret or password."""
    return {name: SecretText(value) if _is_secret(name, value) else value for name, value in options.items()}


def without_secrets(options: dict[str, Any]) -> dict[str, Any]:
    return {name: value for name, value in options.items() if not _is_secret(name, value)}


def _is_secret(name: str, value: Any) -> bool:
    return isinstance(value, str) and name.endswith(("token", "secret", "password"))


class GenerationConfig(Model):
    """What all configurations share. Immutable: derive another with `model_copy(update={...})`.

    `timeout` and `poll_interval` are seconds. `base_url` means what the vendor's own SDK means by it.
    The key is in no repr, dump, JSON or pickle of a configuration: a copy that travelled reads the environment again.
    The same holds for texts in `provider_config` whose names end with "token", "secret" or "password".

    `on_timeout`: "keep" leaves the remote job running (resume it with the job in the error), "cancel" stops it.
    `on_unknown_submit`: whether a chain goes on ("fallback") or stops ("raise") after a paid submit without an answer.
    `unsupported_params`: a field that the model cannot take gives a warning ("warn"), an error before paying ("error"),
    or nothing but its entry in the response's `parameters` ("ignore").
    """

    model_config = ConfigDict(frozen=True, extra="forbid")

    provider: str = Field(min_length=1)
    model: str | None = None
    api_key: Annotated[str | None, AfterValidator(clean_key)] = Field(default=None, repr=False, exclude=True)
    base_url: str | None = None
    api_version: str | None = None
    timeout: Seconds = 600
    max_poll_attempts: int = Field(default=120, ge=1)
    poll_interval: Interval = 5
    mock: MockConfig | None = None
    provider_config: Annotated[dict[str, Any], AfterValidator(hide_secrets), PlainSerializer(without_secrets)] = Field(
        default_factory=dict, repr=False
    )
    on_timeout: Literal["keep", "cancel"] = "keep"
    on_unknown_submit: Literal["fallback", "raise"] = "fallback"
    unsupported_params: Literal["warn", "error", "ignore"] = "warn"

    if not TYPE_CHECKING:

        def __init__(self, /, **data: Any) -> None:
            # Whatever fails from here on, the key stands in no local variable that a traceback might show.
            if isinstance(data.get("api_key"), str):
                data["api_key"] = SecretText(data["api_key"])
            super().__init__(**data)

        def __setattr__(self, name: str, value: Any) -> None:
            try:
                super().__setattr__(name, value)
            except ValidationError as error:
                raise without_inputs(error) from None

    def model_copy(self, *, update: Mapping[str, Any] | None = None, deep: bool = False) -> Self:
        """A copy with some fields changed. Raises ValueError for an unusable `api_key`, as the constructor does."""
        if update and "api_key" in update:
            update = {**update, "api_key": clean_key(update["api_key"])}
        if update and isinstance(update.get("provider_config"), dict):
            update = {**update, "provider_config": hide_secrets(update["provider_config"])}
        return super().model_copy(update=update, deep=deep)

    def __getstate__(self) -> dict[Any, Any]:
        state = super().__getstate__()
        kept = {"api_key": None, "provider_config": without_secrets(self.provider_config)}
        return {**state, "__dict__": {**state["__dict__"], **kept}}


class VideoGenerationConfig(GenerationConfig):
    """Configuration of `generate_video` and its relatives."""

    fallback_configs: list[VideoGenerationConfig] | None = None


class ImageGenerationConfig(GenerationConfig):
    """Configuration of `generate_image` and its relatives."""

    timeout: Seconds = 120
    max_poll_attempts: int = Field(default=60, ge=1)
    poll_interval: Interval = 2
    fallback_configs: list[ImageGenerationConfig] | None = None


class AudioGenerationConfig(GenerationConfig):
    """Configuration of `generate_tts`, `generate_sts` and their relatives."""

    timeout: Seconds = 240
    poll_interval: Interval = 2
    fallback_configs: list[AudioGenerationConfig] | None = None
