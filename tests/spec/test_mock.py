"""The mock, as promised: models, rules, callbacks and metadata, without a network."""

import base64
from collections.abc import Callable
from typing import Any

import pydantic
import pytest
from tests.support.worlds import World

from tarash.tarash_gateway import models
from tarash.tarash_gateway.exceptions import GenerationFailedError, HTTPError, TarashException
from tarash.tarash_gateway.mock import MockConfig, MockPollingConfig, MockResponse
from tarash.tarash_gateway.models import (
    AudioGenerationConfig,
    GenerationConfig,
    ImageGenerationConfig,
    ImageGenerationRequest,
    STSRequest,
    TTSRequest,
    VideoGenerationConfig,
    VideoGenerationRequest,
    VideoGenerationResponse,
)
from tarash.testkit.clock import VirtualClock

LINK = "https://media.example/mine.mp4"
REQUEST = VideoGenerationRequest(prompt="a cat")

WORK: dict[str, tuple[type[GenerationConfig], Any]] = {
    "generate_video": (VideoGenerationConfig, REQUEST),
    "generate_image": (ImageGenerationConfig, ImageGenerationRequest(prompt="a cat")),
    "generate_tts": (AudioGenerationConfig, TTSRequest(text="hello")),
    "generate_sts": (AudioGenerationConfig, STSRequest(audio=b"sound", voice_id="v")),
}


def mocked(*responses: MockResponse, polling: MockPollingConfig | None = None, **changes: Any) -> VideoGenerationConfig:
    mock = MockConfig(enabled=True, responses=list(responses) or None, polling=polling)
    return VideoGenerationConfig.model_validate({"provider": "fal", "model": "fal-ai/veo3", "mock": mock, **changes})


def generate(world: World, config: VideoGenerationConfig, callback: Any = None) -> VideoGenerationResponse:
    response: VideoGenerationResponse = world.call("generate_video", config, REQUEST, callback)
    return response


def test_the_models_and_their_defaults() -> None:
    assert (MockConfig(enabled=True).responses, MockConfig(enabled=True).polling) == (None, None)
    response = MockResponse()
    assert (response.weight, response.mock_response, response.output_video, response.output_video_type) == (
        1.0,
        None,
        None,
        "url",
    )
    assert response.error is None
    polling = MockPollingConfig()
    assert polling.enabled is True
    assert polling.status_sequence == ["queued", "processing", "completed"]
    assert polling.delay_between_updates == 0.5
    assert (polling.progress_percentages, polling.custom_updates) == (None, None)
    assert models.MockConfig is MockConfig


READY = VideoGenerationResponse(request_id="mine", video=LINK)


@pytest.mark.parametrize(
    "fields",
    [
        {"mock_response": READY, "output_video": LINK},
        {"mock_response": READY, "error": GenerationFailedError("x")},
        {"output_video": LINK, "error": GenerationFailedError("x")},
        {"video_url": LINK, "error": GenerationFailedError("x")},
        {"mock_response": READY, "output_video": LINK, "error": GenerationFailedError("x")},
        {"weight": 0},
        {"weight": -1},
        {"weight": float("inf")},
        {"output_video_type": "file"},
        {"output_video": "not media"},
        {"mock_response": {"video": LINK}},
    ],
)
def test_a_response_has_at_most_one_outcome_and_a_positive_weight(fields: dict[str, Any]) -> None:
    with pytest.raises(pydantic.ValidationError):
        MockResponse(**fields)


@pytest.mark.parametrize(
    "fields",
    [
        {"progress_percentages": [0, 100]},
        {"progress_percentages": [0, 30, 60, 100]},
        {"custom_updates": [{}]},
        {"status_sequence": ["completed"], "progress_percentages": [0, 50, 100]},
        {"status_sequence": ["queued", "completed"], "custom_updates": [{}, {}, {}]},
        {"status_sequence": ["running"]},
        {"delay_between_updates": -1},
    ],
)
def test_lengths_must_match_the_sequence(fields: dict[str, Any]) -> None:
    with pytest.raises(pydantic.ValidationError):
        MockPollingConfig(**fields)


@pytest.mark.parametrize("work", WORK)
def test_every_kind_of_work_can_be_mocked(world: World, work: str) -> None:
    config, request = WORK[work]
    response = world.call(work, config(provider="fal", model="m", mock=MockConfig(enabled=True)), request)
    assert (response.status, response.is_mock) == ("completed", True)
    assert response.outputs()
    assert response.execution_metadata.successful_attempt == 1
    if work in ("generate_tts", "generate_sts"):
        assert len(base64.b64decode(response.audio, validate=True)) > 1000


def test_a_mock_that_is_switched_off_is_none(world: World) -> None:
    config = VideoGenerationConfig(provider="no-such-provider", mock=MockConfig(enabled=False))
    with pytest.raises(TarashException, match="no-such-provider"):
        generate(world, config)


@pytest.mark.parametrize("ratio", ["16:9", "9:16", "1:1", "4:3", "21:9"])
def test_by_itself_it_matches_the_aspect_ratio(world: World, ratio: str) -> None:
    request = VideoGenerationRequest(prompt="x", aspect_ratio=ratio)
    assert world.call("generate_video", mocked(), request).aspect_ratio == ratio


@pytest.mark.parametrize(
    ("response", "video"),
    [
        (MockResponse(output_video=LINK), LINK),
        (MockResponse(video_url=LINK), LINK),  # type: ignore[call-arg]
        (MockResponse(output_video="data:video/mp4;base64,YWJj"), "data:video/mp4;base64,YWJj"),
        (
            MockResponse(output_video={"content": b"abc", "content_type": "video/webm"}, output_video_type="content"),
            {"content": b"abc", "content_type": "video/webm"},
        ),
        (
            MockResponse(output_video={"content": b"abc", "content_type": "video/webm"}),
            "data:video/webm;base64,YWJj",
        ),
        (MockResponse(mock_response=READY), LINK),
    ],
)
def test_a_given_video_is_handed_out(world: World, response: MockResponse, video: Any) -> None:
    assert generate(world, mocked(response)).video == video


def test_given_images_and_audio_are_handed_out(world: World) -> None:
    image = MockConfig(responses=[MockResponse(output_image="https://media.example/1.png")])
    config = ImageGenerationConfig(provider="fal", mock=image)
    assert world.call("generate_image", config, ImageGenerationRequest(prompt="x")).images == [
        "https://media.example/1.png"
    ]
    audio = MockConfig(responses=[MockResponse(output_audio={"content": b"abc", "content_type": "audio/wav"})])
    speech = AudioGenerationConfig(provider="fal", mock=audio)
    assert world.call("generate_tts", speech, TTSRequest(text="x")).audio == "YWJj"


def test_id_and_is_mock_are_always_its_own(world: World) -> None:
    ready = VideoGenerationResponse(request_id="mine", video=LINK, is_mock=False, raw_response={"a": 1}, duration=7)
    first, second = (generate(world, mocked(MockResponse(mock_response=ready))) for _ in range(2))
    assert (first.is_mock, first.raw_response, first.duration) == (True, {"a": 1}, 7)
    assert len({"mine", first.request_id, second.request_id}) == 3
    assert (ready.request_id, ready.is_mock) == ("mine", False)


@pytest.mark.parametrize("error", [GenerationFailedError("no"), HTTPError("no", status_code=400)])
def test_a_given_error_is_raised(world: World, error: TarashException) -> None:
    for _ in range(2):
        with pytest.raises(type(error), match="no") as caught:
            generate(world, mocked(MockResponse(error=error)))
        assert caught.value.provider == "fal"


def test_one_is_drawn_for_each_request_by_weight(world: World) -> None:
    responses = [MockResponse(weight=weight, output_video=f"{LINK}?{weight}") for weight in (1, 9)]
    drawn = [str(generate(world, mocked(*responses)).video) for _ in range(200)]
    assert 1 <= drawn.count(f"{LINK}?1") <= 60


def test_without_polling_no_callback_is_called(world: World) -> None:
    updates: list[Any] = []
    generate(world, mocked(), updates.append)
    generate(world, mocked(polling=MockPollingConfig(enabled=False)), updates.append)
    assert updates == []


def test_polling_plays_the_sequence(world: World, virtual_clock: VirtualClock) -> None:
    updates: list[Any] = []
    response = generate(world, mocked(polling=MockPollingConfig()), updates.append)
    assert [update.status for update in updates] == ["queued", "processing", "completed"]
    assert {update.request_id for update in updates} == {response.request_id}
    assert [update.result for update in updates] == [None, None, response]
    assert virtual_clock.sleeps[-2:] == [0.5, 0.5]


def test_polling_plays_what_it_is_given(world: World, virtual_clock: VirtualClock) -> None:
    polling = MockPollingConfig(
        status_sequence=["queued", "processing", "processing", "completed"],
        delay_between_updates=3,
        progress_percentages=[None, 10, 60, 100],
        custom_updates=[{"n": 1}, {"n": 2}, {"n": 3}, {"n": 4}],
    )
    updates: list[Any] = []
    generate(world, mocked(polling=polling), updates.append)
    assert [update.status for update in updates] == polling.status_sequence
    assert [update.progress_percent for update in updates] == [None, 10, 60, 100]
    assert [update.update for update in updates] == polling.custom_updates
    assert virtual_clock.sleeps[-3:] == [3, 3, 3]


def test_a_failed_status_fails(world: World, virtual_clock: VirtualClock) -> None:
    updates: list[Any] = []
    polling = MockPollingConfig(status_sequence=["queued", "failed"])
    with pytest.raises(GenerationFailedError):
        generate(world, mocked(polling=polling), updates.append)
    assert [update.status for update in updates] == ["queued", "failed"]
    assert updates[-1].error


def async_collector(updates: list[Any]) -> Callable[[Any], Any]:
    async def collect(update: Any) -> None:
        updates.append(update)

    return collect


def test_callbacks_may_be_async_in_both_halves(world: World, virtual_clock: VirtualClock) -> None:
    updates: list[Any] = []
    generate(world, mocked(polling=MockPollingConfig()), async_collector(updates))
    assert [update.status for update in updates] == ["queued", "processing", "completed"]


def test_each_configuration_of_a_chain_has_its_own_mock(world: World) -> None:
    fails = [MockResponse(error=HTTPError("busy", status_code=503))]
    second = mocked(MockResponse(error=GenerationFailedError("no")), provider="replicate")
    third = mocked(MockResponse(output_video=LINK), provider="openai")
    response = generate(world, mocked(*fails, fallback_configs=[second, third]))
    assert response.video == LINK
    assert response.execution_metadata is not None
    told = [(one.provider, one.status, one.error_type) for one in response.execution_metadata.attempts]
    assert told == [
        ("fal", "failed", "HTTPError"),
        ("replicate", "failed", "GenerationFailedError"),
        ("openai", "success", None),
    ]
