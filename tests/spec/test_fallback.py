"""Fallback chains: the order, what lets them go on, and the story that is told of all attempts."""

from collections.abc import Generator
from typing import Any

import pytest
from tests.support.worlds import World

from tarash.tarash_gateway.exceptions import (
    ContentModerationError,
    GenerationFailedError,
    HTTPConnectionError,
    HTTPError,
    TarashException,
    TimeoutError,
    ValidationError,
)
from tarash.tarash_gateway.mock import MockConfig, MockResponse
from tarash.tarash_gateway.models import VideoGenerationConfig, VideoGenerationRequest

REQUEST = VideoGenerationRequest(prompt="a cat")
BUSY = HTTPError("busy", status_code=503)


def link(name: str, error: TarashException | None = None, *fallbacks: VideoGenerationConfig) -> VideoGenerationConfig:
    response = MockResponse(error=error) if error else MockResponse(output_video=f"https://media.example/{name}")
    return VideoGenerationConfig(
        provider=name, model=f"model-{name}", mock=MockConfig(responses=[response]), fallback_configs=list(fallbacks)
    )


def story(metadata: Any) -> Generator[tuple[str, str]]:
    for number, attempt in enumerate(metadata.attempts, 1):
        assert attempt.attempt_number == number
        assert attempt.model == f"model-{attempt.provider}"
        yield attempt.provider, attempt.status


def test_first_success_wins(world: World) -> None:
    chain = link("a", BUSY, link("b", GenerationFailedError("no")), link("c"), link("d"))
    response = world.call("generate_video", chain, REQUEST)
    assert response.video == "https://media.example/c"
    metadata = response.execution_metadata
    assert list(story(metadata)) == [("a", "failed"), ("b", "failed"), ("c", "success")]
    assert (metadata.total_attempts, metadata.successful_attempt, metadata.configs_in_chain) == (3, 3, 4)
    assert metadata.fallback_triggered is True
    assert [one.error_type for one in metadata.attempts] == ["HTTPError", "GenerationFailedError", None]
    assert [one.error_message for one in metadata.attempts] == ["busy", "no", None]
    assert [one.is_retryable for one in metadata.attempts] == [True, True, None]


def test_the_chain_is_walked_depth_first(world: World) -> None:
    chain = link("a", BUSY, link("b", BUSY, link("c", BUSY, link("d", BUSY)), link("e", BUSY)), link("f", BUSY))
    with pytest.raises(HTTPError) as caught:
        world.call("generate_video", chain, REQUEST)
    assert [provider for provider, _ in story(caught.value.execution_metadata)] == list("abcdef")


@pytest.mark.parametrize(
    "error",
    [
        GenerationFailedError("x"),
        TimeoutError("x"),
        HTTPConnectionError("x"),
        *(HTTPError("x", status_code=status) for status in (429, 500, 502, 503, 504)),
    ],
    ids=repr,
)
def test_a_retryable_error_moves_on(world: World, error: TarashException) -> None:
    response = world.call("generate_video", link("a", error, link("b")), REQUEST)
    assert response.execution_metadata.successful_attempt == 2


@pytest.mark.parametrize(
    "error",
    [
        ValidationError("x"),
        ContentModerationError("x"),
        TarashException("x"),
        *(HTTPError("x", status_code=status) for status in (400, 401, 403, 404)),
    ],
    ids=repr,
)
def test_any_other_error_stops_the_chain_at_once(world: World, error: TarashException) -> None:
    with pytest.raises(type(error)) as caught:
        world.call("generate_video", link("a", BUSY, link("b", error), link("c")), REQUEST)
    metadata = caught.value.execution_metadata
    assert metadata is not None
    assert list(story(metadata)) == [("a", "failed"), ("b", "failed")]
    assert (metadata.total_attempts, metadata.successful_attempt, metadata.configs_in_chain) == (2, None, 3)
    assert metadata.attempts[-1].is_retryable is False


def test_when_all_fail_the_last_error_is_raised_with_the_story_of_all(world: World) -> None:
    chain = link("a", GenerationFailedError("first"), link("b", TimeoutError("second")), link("c", BUSY))
    with pytest.raises(HTTPError, match="busy") as caught:
        world.call("generate_video", chain, REQUEST)
    assert caught.value.provider == "c"
    metadata = caught.value.execution_metadata
    assert metadata is not None
    assert [one.error_message for one in metadata.attempts] == ["first", "second", "busy"]
    assert metadata.fallback_triggered is True


def test_a_single_failure_tells_its_story_too(world: World) -> None:
    with pytest.raises(GenerationFailedError) as caught:
        world.call("generate_video", link("a", GenerationFailedError("x")), REQUEST)
    metadata = caught.value.execution_metadata
    assert metadata is not None
    assert (metadata.total_attempts, metadata.fallback_triggered, metadata.configs_in_chain) == (1, False, 1)


def test_an_empty_list_of_fallbacks_is_none(world: World) -> None:
    config = link("a").model_copy(update={"fallback_configs": []})
    assert world.call("generate_video", config, REQUEST).execution_metadata.configs_in_chain == 1
