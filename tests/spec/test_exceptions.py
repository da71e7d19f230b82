"""The promised exceptions: which there are, what they carry, and which of them let a fallback chain go on."""

import asyncio
from collections.abc import Callable
from typing import Any

import pydantic
import pytest

from tarash.tarash_gateway.exceptions import (
    ContentModerationError,
    GenerationFailedError,
    HTTPConnectionError,
    HTTPError,
    TarashException,
    TimeoutError,
    ValidationError,
    handle_video_generation_errors,
    is_retryable_error,
)
from tarash.tarash_gateway.models import VideoGenerationRequest

PROMISED = [
    TarashException,
    GenerationFailedError,
    TimeoutError,
    HTTPConnectionError,
    HTTPError,
    ValidationError,
    ContentModerationError,
]

RETRYABLE = [
    GenerationFailedError("x"),
    TimeoutError("x", timeout_seconds=600),
    HTTPConnectionError("x"),
    *(HTTPError("x", status_code=status) for status in (429, 500, 502, 503, 504)),
]

FINAL = [
    *(HTTPError("x", status_code=status) for status in (400, 401, 403, 404)),
    HTTPError("x"),
    ValidationError("x"),
    ContentModerationError("x"),
    TarashException("x"),
    Exception("x"),
    ValueError("x"),
    KeyboardInterrupt(),
]


@pytest.mark.parametrize("kind", PROMISED)
def test_five_attributes_by_position_and_by_name(kind: type[TarashException]) -> None:
    names = ("provider", "model", "request_id", "raw_response")
    values: dict[str, Any] = dict(zip(names, ("fal", "fal-ai/veo3", "request-1", {"detail": "no"}), strict=True))
    for error in (kind("the message", *values.values()), kind("the message", **values)):
        assert isinstance(error, TarashException)
        assert error.message == str(error) == "the message"
        assert {name: getattr(error, name) for name in names} == values
    bare = kind("the message")
    assert [getattr(bare, name) for name in names] == [None] * 4


def test_what_two_of_them_carry_besides() -> None:
    assert TimeoutError("x", timeout_seconds=600).timeout_seconds == 600
    assert TimeoutError("x").timeout_seconds is None
    assert HTTPError("x", status_code=503).status_code == 503
    assert HTTPError("x").status_code is None


@pytest.mark.parametrize("error", RETRYABLE, ids=repr)
def test_retryable(error: BaseException) -> None:
    assert is_retryable_error(error) is True


@pytest.mark.parametrize("error", FINAL, ids=repr)
def test_not_retryable(error: BaseException) -> None:
    assert is_retryable_error(error) is False


class Handler:
    """A custom handler whose methods are decorated."""

    @handle_video_generation_errors
    def plain(self, action: Callable[[], Any]) -> Any:
        """Plain."""
        return action()

    @handle_video_generation_errors
    async def awaited(self, action: Callable[[], Any]) -> Any:
        """Awaited."""
        return action()

    def call(self, half: str, action: Callable[[], Any]) -> Any:
        return self.plain(action) if half == "plain" else asyncio.run(self.awaited(action))


def raising(error: BaseException) -> Callable[[], Any]:
    def action() -> Any:
        raise error

    return action


@pytest.mark.parametrize("half", ["plain", "awaited"])
def test_the_decorator_lets_results_and_known_errors_pass(half: str) -> None:
    assert Handler().call(half, lambda: "result") == "result"
    for error in [*RETRYABLE, *FINAL[:8]]:
        with pytest.raises(type(error)) as caught:
            Handler().call(half, raising(error))
        assert caught.value is error
    with pytest.raises(pydantic.ValidationError):
        Handler().call(half, lambda: VideoGenerationRequest(prompt=3))  # type: ignore[arg-type]


@pytest.mark.parametrize("half", ["plain", "awaited"])
@pytest.mark.parametrize("error", [ValueError("no"), KeyError("no"), RuntimeError("no"), OSError("no")], ids=repr)
def test_the_decorator_wraps_anything_else(half: str, error: Exception) -> None:
    with pytest.raises(TarashException) as caught:
        Handler().call(half, raising(error))
    assert type(caught.value) is TarashException
    assert caught.value.__cause__ is error
    assert "no" in str(caught.value)
    assert not is_retryable_error(caught.value)


@pytest.mark.parametrize("half", ["plain", "awaited"])
def test_the_decorator_never_swallows_an_interruption(half: str) -> None:
    with pytest.raises((KeyboardInterrupt, SystemExit)):
        Handler().call(half, raising(SystemExit(3)))


def test_the_decorated_method_keeps_its_name() -> None:
    assert (Handler.plain.__name__, Handler.plain.__doc__) == ("plain", "Plain.")
    assert (Handler.awaited.__name__, Handler.awaited.__doc__) == ("awaited", "Awaited.")
