"""What others wrote: calling the half of a handler that there is, judging what steps return, saying who is at fault."""

from __future__ import annotations

import inspect
import re
from collections.abc import Callable, Mapping
from typing import Any

import pydantic

from tarash.tarash_gateway.exceptions import (
    ProtocolError,
    TarashException,
    TarashWarning,
    UnsupportedOperationError,
    ValidationError,
)
from tarash.tarash_gateway.messages import Cancellation, Done, Output, Pending, Step
from tarash.tarash_gateway.models import (
    GenerationConfig,
    ImageGenerationResponse,
    Kind,
    STSResponse,
    TTSResponse,
    VideoGenerationResponse,
)
from tarash.tarash_gateway.runtime import Runtime

_RESPONSES: dict[Kind, type] = {
    "video": VideoGenerationResponse,
    "image": ImageGenerationResponse,
    "tts": TTSResponse,
    "sts": STSResponse,
}

_FETCHABLE = re.compile(r"https?://[^/?#\s]|data:[^,]*;base64,", re.IGNORECASE)


async def call_handler(
    runtime: Runtime,
    handler: Any,
    kind: Kind,
    config: GenerationConfig,
    request: Any,
    callback: Callable[[Any], Any] | None,
) -> Any:
    """Let a handler's own method do the work. Raises `TarashException` for whatever it does wrong."""
    plain = getattr(handler, f"generate_{kind}", None)
    awaitable = getattr(handler, f"generate_{kind}_async", None)
    if plain is None and awaitable is None:
        raise UnsupportedOperationError(f"{config.provider} has no generate_{kind}.", provider=config.provider)
    arguments = (config, request, callback)
    try:
        response = await runtime.call_either(plain, awaitable, *arguments)
    except (TarashException, pydantic.ValidationError):
        raise
    except NotImplementedError as error:
        message = f"{config.provider} does not implement generate_{kind}. {error}".strip()
        raise UnsupportedOperationError(message, provider=config.provider, model=config.model) from error
    except Exception as error:
        raise owned(config, error) from error
    return _checked(config, kind, response)


def owned(config: GenerationConfig, error: Exception) -> Exception:
    """The error itself when it is one of ours (or pydantic's), else one of ours that names the provider at fault."""
    return error if isinstance(error, pydantic.ValidationError) else blamed(config, error)


def blamed(config: GenerationConfig, error: Exception) -> TarashException:
    """The error itself when it is one of ours, else one of ours; either way it says whose turn it was."""
    if isinstance(error, TarashException):
        error.provider = error.provider or config.provider
        error.model = error.model or config.model
        return error
    if isinstance(error, TarashWarning):
        told = f"{error} That is a warning, which this program turns into an error. Nothing was sent or paid."
        return ValidationError(told, provider=config.provider, model=config.model)
    wrapped = _wrapped(config, f"raised {type(error).__name__}: {error}")
    wrapped.__cause__ = error
    return wrapped


def _checked(config: GenerationConfig, kind: Kind, response: Any) -> Any:
    expected = _RESPONSES[kind]
    if isinstance(response, expected):
        return response
    if inspect.iscoroutine(response):
        response.close()
    raise _wrapped(config, f"returned {type(response).__name__} instead of {expected.__name__}")


def _wrapped(config: GenerationConfig, problem: str) -> TarashException:
    message = f"The handler of {config.provider!r} {problem}. This is a mistake in that handler."
    return TarashException(message, provider=config.provider, model=config.model)


def judged(step: Callable[..., Step[Any]], *arguments: Any) -> Step[Pending | Done]:
    """A step of somebody else's, whose result is looked at before anything is built on it."""
    result = yield from step(*arguments)
    if isinstance(result, Pending):
        return _judged_pending(result)
    if isinstance(result, Done):
        return _judged_done(result)
    raise TypeError(f"its step returned {type(result).__name__} instead of Pending or Done")


def judged_cancellation(step: Callable[..., Step[Any]], *arguments: Any) -> Step[Cancellation]:
    """`judged` for a step that cancels."""
    result = yield from step(*arguments)
    if not isinstance(result, Cancellation):
        raise TypeError(f"its step returned {type(result).__name__} instead of a Cancellation")
    return result


def _judged_pending(pending: Pending) -> Pending:
    if pending.state is None or not _is_json(pending.state):
        raise TypeError("its step returned a state that is not JSON")
    if not isinstance(pending.event, Mapping):
        raise TypeError("its step returned an event that is no mapping")
    return pending


def _judged_done(done: Done) -> Done:
    if not isinstance(done.outputs, list | tuple) or not all(isinstance(output, Output) for output in done.outputs):
        raise TypeError("its step returned outputs that are no list of Output")
    if any(output.url is None and output.data is None for output in done.outputs):
        raise TypeError("its step returned an output with neither a link nor bytes")
    if not all(isinstance(value, Mapping) for value in (done.raw, done.facts, done.metadata)):
        raise TypeError("its step returned a raw answer, facts or metadata that are no mapping")
    for output in done.outputs:
        _refuse_unusable(output)
    return done


def _refuse_unusable(output: Output) -> None:
    """What a result is comes from the provider's answer, so it is the answer that is at fault, not the step."""
    if output.data is not None:
        if not output.data:
            raise ProtocolError("The result in the answer is empty.")
    elif not (_FETCHABLE.match(output.url or "") and (output.url or "").isprintable()):
        raise ProtocolError("The answer names a result that is no link.")


def _is_json(value: Any) -> bool:
    if isinstance(value, dict):
        return all(isinstance(name, str) and _is_json(item) for name, item in value.items())
    if isinstance(value, list):
        return all(_is_json(item) for item in value)
    if isinstance(value, str):
        # Half a character cannot be written down.
        return value.isascii() or value.encode("utf-8", "replace").decode() == value
    return value is None or isinstance(value, int | float)
