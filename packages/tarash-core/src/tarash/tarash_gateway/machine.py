"""What a step asks of this machine and of its caller: a file, a token, the time."""

from __future__ import annotations

import inspect
from collections.abc import Mapping
from typing import Any

from tarash.tarash_gateway.exceptions import ValidationError
from tarash.tarash_gateway.media import open_file
from tarash.tarash_gateway.messages import AskCaller, ReadFile, TellTime
from tarash.tarash_gateway.runtime import Runtime
from tarash.tarash_gateway.secrets import SecretBytes, SecretText

MAX_FILE_BYTES = 1024 * 1024
"""A file that a step reads whole is a small one: credentials, settings."""


async def ask_machine(effect: ReadFile | AskCaller | TellTime, runtime: Runtime, options: Mapping[str, Any]) -> Any:
    """The bytes, the text or the seconds. Raises `ValidationError` when they cannot be had."""
    if isinstance(effect, ReadFile):
        return await runtime.run(_read, effect)
    if isinstance(effect, AskCaller):
        return await _ask(effect.option, runtime, options)
    if isinstance(effect, TellTime):
        return runtime.clock.wall()
    raise TypeError(f"a step yielded {type(effect).__name__}, which is no effect")


def _read(effect: ReadFile) -> bytes | None:
    try:
        with open_file(effect.path.expanduser()) as file:
            data = file.read(MAX_FILE_BYTES + 1)
    except FileNotFoundError:
        if effect.optional:
            return None
        raise ValidationError(f"{effect.path} cannot be read: there is no such file.") from None
    except (OSError, ValueError, RuntimeError) as error:
        # RuntimeError: a home folder that nobody has.
        told = error.strerror if isinstance(error, OSError) else error
        raise ValidationError(f"{effect.path} cannot be read: {told}.") from None
    if len(data) > MAX_FILE_BYTES:
        raise ValidationError(f"{effect.path} is larger than {MAX_FILE_BYTES} bytes.")
    return SecretBytes(data)


async def _ask(option: str, runtime: Runtime, options: Mapping[str, Any]) -> str:
    source = options[option]
    plain, awaitable = (None, source) if inspect.iscoroutinefunction(source) else (source, None)
    try:
        text = await runtime.call_either(plain, awaitable)
    except Exception as error:
        raise ValidationError(f"provider_config[{option!r}] raised {type(error).__name__}: {error}") from error
    if not isinstance(text, str) or not text:
        raise ValidationError(f"provider_config[{option!r}] must return text, not {type(text).__name__}.")
    return SecretText(text)
