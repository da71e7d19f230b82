import base64
import io
from pathlib import Path
from typing import Any

import av
import pydantic
import pytest
from PIL import Image
from tests.support.worlds import World

from tarash.tarash_gateway.exceptions import GenerationFailedError, ProtocolError, TarashException, ValidationError
from tarash.tarash_gateway.media_forms import decode_data_uri
from tarash.tarash_gateway.mock_media import asset
from tarash.tarash_gateway.models import (
    AudioGenerationConfig,
    AudioOutputFormat,
    ImageGenerationConfig,
    ImageGenerationRequest,
    ImageGenerationResponse,
    Job,
    MockConfig,
    MockPollingConfig,
    MockResponse,
    TTSRequest,
    VideoGenerationConfig,
    VideoGenerationRequest,
    VideoGenerationResponse,
)
from tarash.testkit.clock import VirtualClock

LINK = "https://media.example/mine.mp4"
REQUEST = VideoGenerationRequest(prompt="a cat")
QUICK = MockPollingConfig(delay_between_updates=0)


def config(*responses: MockResponse, polling: MockPollingConfig | None = None, **changes: Any) -> VideoGenerationConfig:
    mock = MockConfig(responses=list(responses) or None, polling=polling)
    return VideoGenerationConfig.model_validate({"provider": "anybody", "model": "m", "mock": mock, **changes})


# --- the automatic success is real media, labelled with what it is


@pytest.mark.parametrize("ratio", ["16:9", "9:16", "1:1", "4:3", "3:4", "21:9", None])
def test_a_video_is_what_its_label_says(world: World, ratio: str | None) -> None:
    response = world.call("generate_video", config(), VideoGenerationRequest(prompt="x", aspect_ratio=ratio))
    data, content_type = decode_data_uri(response.video)
    assert content_type == response.content_type == "video/mp4"
    with av.open(io.BytesIO(data), mode="r") as opened:
        stream = opened.streams.video[0]
        assert response.resolution == f"{min(stream.width, stream.height)}p"
        width, height = map(int, response.aspect_ratio.split(":"))
        assert stream.width / stream.height == pytest.approx(width / height, rel=0.02)
        assert float(opened.duration or 0) / 1_000_000 == pytest.approx(response.duration, abs=0.05)
        assert len(list(opened.decode(video=0))) > 5
    assert response.aspect_ratio == (ratio or "16:9")


@pytest.mark.parametrize("seconds", [0.5, 1, 4, 6.5, 8, 60])
@pytest.mark.parametrize(
    ("asked", "lines"), [("480p", 480), ("720p", 720), ("1080p", 1080), ("360p", 480), ("4k", 1080)]
)
def test_a_video_is_as_long_and_as_large_as_was_asked(world: World, asked: str, lines: int, seconds: float) -> None:
    request = VideoGenerationRequest(prompt="x", resolution=asked, duration_seconds=seconds, aspect_ratio="9:16")
    response = world.call("generate_video", config(), request)
    assert (response.duration, response.resolution) == (seconds, f"{lines}p")
    with av.open(io.BytesIO(decode_data_uri(response.video)[0]), mode="r") as opened:
        stream = opened.streams.video[0]
        assert stream.width == lines
        assert float(opened.duration or 0) / 1_000_000 == pytest.approx(seconds, abs=0.001)
        shown = [float(frame.time or 0) for frame in opened.decode(video=0)]
    assert len(shown) > 5
    assert shown[-1] < seconds


@pytest.mark.parametrize(
    ("fields", "ratio"),
    [
        ({}, 1.0),
        ({"aspect_ratio": "16:9"}, 16 / 9),
        ({"size": "1024x1024"}, 1.0),
        ({"size": "1792x1024"}, 16 / 9),
        ({"size": "1024x1792"}, 9 / 16),
        ({"size": "not a size"}, 1.0),
        ({"size": "auto", "aspect_ratio": "4:3"}, 4 / 3),
    ],
)
def test_images_are_of_the_nearest_shape(world: World, fields: dict[str, Any], ratio: float) -> None:
    images = ImageGenerationConfig(provider="anybody", mock=MockConfig())
    response = world.call("generate_image", images, ImageGenerationRequest(prompt="x", n=3, **fields))
    assert len(response.images) == 3
    with Image.open(io.BytesIO(decode_data_uri(response.images[0])[0])) as image:
        image.load()
        assert image.width / image.height == pytest.approx(ratio, rel=0.05)
    assert response.content_type == "image/png"


@pytest.mark.parametrize("codec", ["mp3", "wav", "flac", "opus", "pcm"])
def test_speech_has_the_codec_that_was_asked_for(world: World, codec: str) -> None:
    speech = AudioGenerationConfig(provider="anybody", mock=MockConfig())
    request = TTSRequest(text="x", output_format=AudioOutputFormat(format=codec))
    response = world.call("generate_tts", speech, request)
    assert base64.b64decode(response.audio) == asset(f"audio.{codec}")
    assert response.duration == pytest.approx(0.75, abs=0.3)


def test_as_many_videos_as_were_asked_for(world: World) -> None:
    response = world.call("generate_video", config(), VideoGenerationRequest(prompt="x", number_of_videos=3))
    assert len(response.videos) == 3


# --- saving


def test_what_the_mock_made_can_be_saved(world: World, tmp_path: Path) -> None:
    response = world.call("generate_video", config(), REQUEST)
    assert world.save(response, tmp_path / "film") == tmp_path / "film.mp4"
    assert (tmp_path / "film.mp4").read_bytes() == asset("video_16x9_720p.mp4")


def test_a_ready_response_is_saved_with_its_own_video(world: World, tmp_path: Path) -> None:
    ready = VideoGenerationResponse(request_id="r", video=asset("video_9x16_480p.mp4"))
    response = world.call("generate_video", config(MockResponse(mock_response=ready)), REQUEST)
    world.save(response, tmp_path / "film.mp4")
    assert (tmp_path / "film.mp4").read_bytes() == asset("video_9x16_480p.mp4")


# --- what makes no sense


def test_a_ready_response_of_another_kind_is_refused(world: World) -> None:
    image = ImageGenerationResponse(request_id="r", images=["x"])
    with pytest.raises(ValidationError, match="ImageGenerationResponse"):
        world.call("generate_video", config(MockResponse(mock_response=image)), REQUEST)


def test_a_link_to_audio_is_refused_because_a_mock_fetches_nothing() -> None:
    with pytest.raises(pydantic.ValidationError, match="give the audio itself"):
        MockResponse(output_audio="https://media.example/a.mp3")


# --- errors


def test_the_given_error_stays_as_it_was(world: World) -> None:
    error = GenerationFailedError("no", raw_response={"a": 1})
    caught = []
    for provider in ("first", "second"):
        with pytest.raises(GenerationFailedError) as info:
            world.call("generate_video", config(MockResponse(error=error), provider=provider), REQUEST)
        caught.append(info.value)
    assert [one.provider for one in caught] == ["first", "second"]
    assert caught[0].request_id != caught[1].request_id
    assert caught[0].raw_response == {"a": 1}
    assert (error.provider, error.request_id, error.execution_metadata, error.__traceback__) == (None, None, None, None)


@pytest.mark.parametrize("polling", [None, QUICK, MockPollingConfig(status_sequence=["failed"])])
def test_a_foreign_error_comes_wrapped(world: World, polling: MockPollingConfig | None) -> None:
    error = KeyError("a bug of mine")
    with pytest.raises(TarashException, match="a bug of mine") as caught:
        world.call("generate_video", config(MockResponse(error=error), polling=polling), REQUEST)
    assert type(caught.value) is TarashException
    assert caught.value.__cause__ is error


# --- jobs


def test_a_mocked_job_is_polled_resumed_and_cancelled(world: World, virtual_clock: VirtualClock) -> None:
    mocked = config(polling=MockPollingConfig(status_sequence=["queued", "completed"]))
    request = VideoGenerationRequest(prompt="x", aspect_ratio="9:16", number_of_videos=2)
    job = Job.from_json(world.call("submit_video", mocked, request).to_json())
    assert job.is_mock
    assert world.call("poll", job, mocked).status == "queued"
    response = world.call("resume", job, mocked)
    assert (response.aspect_ratio, len(response.videos), response.request_id) == ("9:16", 2, job.request_id)
    assert world.call("cancel", job, mocked) == "cancelled"


def test_a_resumed_job_keeps_what_was_drawn_at_its_submit(world: World, virtual_clock: VirtualClock) -> None:
    mocked = config(*(MockResponse(output_video=f"{LINK}?{number}") for number in range(50)), polling=QUICK)
    job = world.call("submit_video", mocked, REQUEST)
    assert len({world.call("resume", job, mocked).video for _ in range(5)}) == 1


def test_a_job_that_was_done_at_once_is_resumed_too(world: World) -> None:
    job = world.call("submit_video", config(), REQUEST)
    assert world.call("resume", Job.from_json(job.to_json()), config()).content_type == "video/mp4"


def test_a_state_that_the_mock_did_not_write_is_no_crash(world: World, virtual_clock: VirtualClock) -> None:
    from tarash.tarash_gateway.mock import MockOperation

    for state in (None, {}, {"next": "one"}, {"next": 0, "asset": "../secret", "count": 1}, [1]):
        with pytest.raises(ProtocolError):
            next(MockOperation(MockConfig()).poll(None, state))  # type: ignore[arg-type]


# --- together with the rest of tarash


def test_a_mock_needs_neither_a_key_nor_an_installed_provider(world: World) -> None:
    assert world.call("generate_video", config(provider="no-such-provider", model=None), REQUEST).is_mock


def test_the_account_of_parameters_names_what_the_caller_set(world: World) -> None:
    request = VideoGenerationRequest(prompt="x", seed=3, cfg_scale=0.5)  # type: ignore[call-arg]
    response = world.call("generate_video", config(), request)
    told = {(one.field, one.outcome) for one in response.parameters}
    assert told == {("prompt", "sent"), ("seed", "sent"), ("cfg_scale", "sent")}


def test_polling_longer_than_the_timeout_times_out(world: World, virtual_clock: VirtualClock) -> None:
    from tarash.tarash_gateway.exceptions import TimeoutError as JobTimeoutError

    slow = MockPollingConfig(status_sequence=["processing"] * 10, delay_between_updates=30)
    with pytest.raises(JobTimeoutError) as caught:
        world.call("generate_video", config(polling=slow, timeout=100), REQUEST)
    assert caught.value.timeout_seconds == 100
    assert caught.value.job is not None
    assert caught.value.job.is_mock
