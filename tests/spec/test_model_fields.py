"""The fields, types, defaults and aliases of the models, one row for each promise."""

import typing
from collections.abc import Mapping
from datetime import UTC, datetime, timedelta
from typing import Any

import pydantic
import pytest

from tarash.tarash_gateway import models
from tarash.tarash_gateway.models import (
    AttemptMetadata,
    AudioGenerationConfig,
    AudioOutputFormat,
    ExecutionMetadata,
    ImageGenerationConfig,
    ImageGenerationRequest,
    ImageGenerationResponse,
    ImageGenerationUpdate,
    MockConfig,
    STSRequest,
    STSResponse,
    TTSRequest,
    TTSResponse,
    VideoGenerationConfig,
    VideoGenerationRequest,
    VideoGenerationResponse,
    VideoGenerationUpdate,
)

Model = type[pydantic.BaseModel]

LINK = "https://media.example/a.png"
PNG = "iVBORw0KGgo="
CONTENT = {"content": b"\x89PNG\r\n\x1a\n", "content_type": "image/png"}
NOW = datetime(2030, 1, 1, tzinfo=UTC)

CONFIGS: dict[Model, dict[str, Any]] = {
    VideoGenerationConfig: {"timeout": 600, "max_poll_attempts": 120, "poll_interval": 5},
    ImageGenerationConfig: {"timeout": 120, "max_poll_attempts": 60, "poll_interval": 2},
    AudioGenerationConfig: {"timeout": 240},
}
ALL_CONFIGS = list(CONFIGS)

DEFAULTS: dict[Model, dict[str, Any]] = {
    **{
        config: {
            "api_key": None,
            "base_url": None,
            "api_version": None,
            "mock": None,
            "fallback_configs": None,
            "provider_config": {},
            **own,
        }
        for config, own in CONFIGS.items()
    },
    VideoGenerationRequest: {
        "duration_seconds": None,
        "resolution": None,
        "aspect_ratio": None,
        "generate_audio": None,
        "image_list": [],
        "video": None,
        "seed": None,
        "number_of_videos": 1,
        "negative_prompt": None,
        "enhance_prompt": None,
        "extra_params": {},
    },
    ImageGenerationRequest: {
        "negative_prompt": None,
        "size": None,
        "quality": None,
        "style": None,
        "n": None,
        "aspect_ratio": None,
        "image_list": [],
        "mask_image": None,
        "seed": None,
        "extra_params": {},
    },
    AudioOutputFormat: {"sample_rate": None, "bitrate": None},
    TTSRequest: {
        "voice_id": None,
        "output_format": AudioOutputFormat(format="mp3", sample_rate=44100, bitrate=128),
        "language_code": None,
        "voice_settings": None,
        "extra_params": {},
    },
    STSRequest: {
        "output_format": AudioOutputFormat(format="mp3", sample_rate=44100, bitrate=128),
        "voice_settings": None,
        "extra_params": {},
    },
    VideoGenerationResponse: {
        "duration": None,
        "resolution": None,
        "aspect_ratio": None,
        "content_type": None,
        "audio_url": None,
        "is_mock": False,
        "execution_metadata": None,
    },
    ImageGenerationResponse: {
        "content_type": "image/png",
        "is_mock": False,
        "revised_prompt": None,
        "execution_metadata": None,
    },
    TTSResponse: {"content_type": None, "duration": None, "is_mock": False, "execution_metadata": None},
    STSResponse: {"content_type": None, "duration": None, "is_mock": False, "execution_metadata": None},
    VideoGenerationUpdate: {"progress_percent": None, "update": {}, "result": None, "error": None},
    ImageGenerationUpdate: {"progress_percent": None, "update": {}, "result": None, "error": None},
    AttemptMetadata: {
        "ended_at": None,
        "error_type": None,
        "error_message": None,
        "is_retryable": None,
        "request_id": None,
    },
    ExecutionMetadata: {"successful_attempt": None},
}

REQUIRED: dict[Model, dict[str, Any]] = {
    **{config: {"provider": "fal", "model": "fal-ai/veo3"} for config in ALL_CONFIGS},
    VideoGenerationRequest: {"prompt": "a cat"},
    ImageGenerationRequest: {"prompt": "a cat"},
    AudioOutputFormat: {"format": "wav"},
    TTSRequest: {"text": "hello"},
    STSRequest: {"audio": LINK, "voice_id": "v"},
    VideoGenerationResponse: {"request_id": "r", "video": LINK, "status": "completed", "raw_response": {}},
    ImageGenerationResponse: {"request_id": "r", "images": [LINK], "status": "completed", "raw_response": {}},
    TTSResponse: {"request_id": "r", "audio": PNG, "status": "completed", "raw_response": {}},
    STSResponse: {"request_id": "r", "audio": PNG, "status": "completed", "raw_response": {}},
    VideoGenerationUpdate: {"request_id": "r", "status": "queued"},
    ImageGenerationUpdate: {"request_id": "r", "status": "queued"},
    AttemptMetadata: {
        "provider": "fal",
        "model": "m",
        "attempt_number": 1,
        "started_at": NOW,
        "status": "success",
    },
    ExecutionMetadata: {"total_attempts": 0, "attempts": [], "fallback_triggered": False, "configs_in_chain": 1},
}

# What nobody can do without. The model may be left out of a configuration (one page's example does), and whoever
# builds a response by hand need not repeat that it is completed.
INDISPENSABLE: dict[Model, list[str]] = {
    **{config: ["provider"] for config in ALL_CONFIGS},
    VideoGenerationRequest: ["prompt"],
    ImageGenerationRequest: ["prompt"],
    TTSRequest: ["text"],
    STSRequest: ["audio", "voice_id"],
    VideoGenerationResponse: ["request_id", "video"],
    ImageGenerationResponse: ["request_id", "images"],
    TTSResponse: ["request_id", "audio"],
    STSResponse: ["request_id", "audio"],
    VideoGenerationUpdate: ["request_id", "status"],
    ImageGenerationUpdate: ["request_id", "status"],
    AttemptMetadata: ["provider", "model", "attempt_number", "started_at", "status"],
    ExecutionMetadata: ["total_attempts"],
}

TAKEN: list[tuple[Model, str, list[Any]]] = [
    *((config, "timeout", [1, 600, 0.5]) for config in ALL_CONFIGS),
    *((config, "poll_interval", [0, 1, 2.5]) for config in ALL_CONFIGS),
    *((config, "max_poll_attempts", [1, 1000]) for config in ALL_CONFIGS),
    *((config, "mock", [None, MockConfig(enabled=True)]) for config in ALL_CONFIGS),
    *((config, "provider_config", [{}, {"gcp_project": "p", "location": "us-central1"}]) for config in ALL_CONFIGS),
    *((config, "base_url", ["https://host", "https://host/path"]) for config in ALL_CONFIGS),
    *((config, "api_version", ["2025-04-01-preview"]) for config in ALL_CONFIGS),
    (VideoGenerationRequest, "duration_seconds", [5, 5.5, None]),
    (VideoGenerationRequest, "resolution", ["360p", "480p", "720p", "1080p", "4k", None]),
    (VideoGenerationRequest, "aspect_ratio", ["16:9", "9:16", "1:1", "4:3", "21:9", None]),
    (VideoGenerationRequest, "generate_audio", [True, False, None]),
    (VideoGenerationRequest, "video", [LINK, PNG, CONTENT, f"data:video/mp4;base64,{PNG}", b"bytes", None]),
    (VideoGenerationRequest, "seed", [0, 7, -1, None]),
    (VideoGenerationRequest, "number_of_videos", [1, 4]),
    (VideoGenerationRequest, "extra_params", [{}, {"cfg_scale": 0.5}]),
    (ImageGenerationRequest, "size", ["1024x1024", None]),
    (ImageGenerationRequest, "quality", ["standard", "hd"]),
    (ImageGenerationRequest, "style", ["vivid", "natural"]),
    (ImageGenerationRequest, "n", [1, 4, None]),
    (ImageGenerationRequest, "mask_image", [LINK, PNG, CONTENT, None]),
    (AudioOutputFormat, "format", ["mp3", "wav", "pcm", "flac", "opus"]),
    (AudioOutputFormat, "sample_rate", [44100, 24000, None]),
    (AudioOutputFormat, "bitrate", [128, 192, None]),
    (TTSRequest, "voice_settings", [{"stability": 0.5, "speed": 1}, None]),
    (TTSRequest, "language_code", ["en", None]),
    (STSRequest, "audio", [b"bytes", LINK, PNG, {"content": b"x", "content_type": "audio/wav"}]),
    (VideoGenerationResponse, "video", [LINK, PNG, CONTENT, b"bytes"]),
    (VideoGenerationResponse, "status", ["completed", "failed"]),
    (ImageGenerationResponse, "status", ["completed", "failed"]),
    (VideoGenerationUpdate, "status", ["queued", "processing", "completed", "failed"]),
    (ImageGenerationUpdate, "status", ["queued", "processing", "completed", "failed"]),
    (VideoGenerationUpdate, "progress_percent", [None, 0, 100]),
    (AttemptMetadata, "status", ["success", "failed", "skipped"]),
]

REFUSED: list[tuple[Model, str, list[Any]]] = [
    *((config, "provider", ["", None, 3]) for config in ALL_CONFIGS),
    *((config, "timeout", ["soon", None, 0, -1, float("nan"), float("inf")]) for config in ALL_CONFIGS),
    *((config, "max_poll_attempts", [0, -1, None, 1.5]) for config in ALL_CONFIGS),
    *((config, "poll_interval", [-1, "often", float("nan")]) for config in ALL_CONFIGS),
    *((config, "mock", ["yes", 1]) for config in ALL_CONFIGS),
    *((config, "fallback_configs", ["fal", [{"model": "no provider"}], [3]]) for config in ALL_CONFIGS),
    *((config, "api_keys", ["a misspelled field"]) for config in ALL_CONFIGS),
    (VideoGenerationRequest, "prompt", [None, 3]),
    (VideoGenerationRequest, "duration_seconds", ["long", 0, -1]),
    (VideoGenerationRequest, "number_of_videos", [0, -1, None, "many"]),
    (VideoGenerationRequest, "image_list", ["x", [{"image": LINK, "type": "wrong"}], [3], [None]]),
    (VideoGenerationRequest, "video", ["not media", 3, {"content": "text", "content_type": "video/mp4"}, b""]),
    (VideoGenerationRequest, "extra_params", ["x", [1]]),
    (ImageGenerationRequest, "n", [0, -1]),
    (ImageGenerationRequest, "mask_image", ["not media"]),
    (AudioOutputFormat, "sample_rate", [0, -1, "high"]),
    (TTSRequest, "voice_settings", ["loud"]),
    (STSRequest, "voice_id", [None, ""]),
    (VideoGenerationResponse, "status", ["queued"]),
    (VideoGenerationUpdate, "status", ["running"]),
    (AttemptMetadata, "status", ["won"]),
]


def build(model: Model, **changes: Any) -> Any:
    return model(**{**REQUIRED[model], **changes})


@pytest.mark.parametrize("model", DEFAULTS, ids=lambda model: model.__name__)
def test_a_model_needs_no_more_than_was_promised(model: Model) -> None:
    built = build(model)
    assert {name: getattr(built, name) for name in DEFAULTS[model]} == DEFAULTS[model]
    assert {name: getattr(built, name) for name in REQUIRED[model]} == REQUIRED[model]


@pytest.mark.parametrize(("model", "name"), [(model, name) for model in INDISPENSABLE for name in INDISPENSABLE[model]])
def test_a_required_field_may_not_be_left_out(model: Model, name: str) -> None:
    fields = {key: value for key, value in REQUIRED[model].items() if key != name}
    with pytest.raises(pydantic.ValidationError) as caught:
        model(**fields)
    assert [(error["loc"], error["type"]) for error in caught.value.errors()] == [((name,), "missing")]


@pytest.mark.parametrize(("model", "name", "values"), TAKEN)
def test_a_field_takes_what_was_promised(model: Model, name: str, values: list[Any]) -> None:
    for value in values:
        assert getattr(build(model, **{name: value}), name) == value


@pytest.mark.parametrize(("model", "name", "values"), REFUSED)
def test_a_field_refuses_what_it_cannot_mean(model: Model, name: str, values: list[Any]) -> None:
    for value in values:
        with pytest.raises(pydantic.ValidationError) as caught:
            build(model, **{name: value})
        assert caught.value.errors()[0]["loc"][0] == name, value


@pytest.mark.parametrize("config", ALL_CONFIGS)
def test_a_configuration_is_immutable_and_copied_with_changes(config: Model) -> None:
    built = build(config)
    for name in type(built).model_fields:
        with pytest.raises(pydantic.ValidationError):
            setattr(built, name, getattr(built, name))
    copy = built.model_copy(update={"timeout": 7, "api_key": "another"})
    assert (copy.timeout, copy.api_key, copy.provider) == (7, "another", built.provider)
    assert (built.timeout, built.api_key) == (DEFAULTS[config]["timeout"], None)


@pytest.mark.parametrize("config", ALL_CONFIGS)
def test_fallbacks_are_configurations_of_the_same_kind_and_nest(config: Model) -> None:
    deepest = build(config, provider="third")
    middle = build(config, provider="second", fallback_configs=[deepest])
    chain = build(config, fallback_configs=[middle])
    assert chain.fallback_configs[0].fallback_configs[0] == deepest
    assert type(build(config, fallback_configs=[{"provider": "fal"}]).fallback_configs[0]) is config


@pytest.mark.parametrize("config", ALL_CONFIGS)
def test_the_model_may_be_left_out(config: Model) -> None:
    assert config(provider="fal").model is None  # type: ignore[attr-defined]


UNKNOWN = {"cfg_scale": 0.5, "camera": {"pan": 1}}


@pytest.mark.parametrize("model", [VideoGenerationRequest, ImageGenerationRequest, TTSRequest, STSRequest])
@pytest.mark.parametrize(
    ("given", "kept"),
    [
        (UNKNOWN, UNKNOWN),
        ({"extra_params": UNKNOWN}, UNKNOWN),
        ({**UNKNOWN, "extra_params": {"other": 1}}, {**UNKNOWN, "other": 1}),
        ({"cfg_scale": 1, "extra_params": {"cfg_scale": 2}}, {"cfg_scale": 1}),
    ],
)
def test_unknown_arguments_are_captured(model: Model, given: Mapping[str, Any], kept: Mapping[str, Any]) -> None:
    assert build(model, **given).extra_params == kept


@pytest.mark.parametrize("media", [LINK, PNG, CONTENT, b"bytes"])
@pytest.mark.parametrize("model", [VideoGenerationRequest, ImageGenerationRequest])
def test_an_image_list_takes_plain_media_as_references(model: Model, media: Any) -> None:
    assert build(model, image_list=[media]).image_list == [{"image": media, "type": "reference"}]


@pytest.mark.parametrize("role", ["reference", "first_frame", "last_frame", "asset", "style"])
@pytest.mark.parametrize("model", [VideoGenerationRequest, ImageGenerationRequest])
def test_an_image_list_takes_images_with_roles(model: Model, role: str) -> None:
    images = [{"image": LINK, "type": role}]
    assert build(model, image_list=images).image_list == images


def test_an_image_list_may_be_none() -> None:
    assert build(VideoGenerationRequest, image_list=None).image_list == []


def test_type_aliases() -> None:
    assert typing.get_args(models.Resolution) == ("360p", "480p", "720p", "1080p", "4k")
    assert typing.get_args(models.AspectRatio) == ("16:9", "9:16", "1:1", "4:3", "21:9")
    assert {str, bytes, models.MediaContent} <= set(typing.get_args(models.MediaType))
    assert set(typing.get_type_hints(models.MediaContent)) == {"content", "content_type"}
    roles = typing.get_args(typing.get_type_hints(models.ImageType)["type"])
    assert roles == ("reference", "first_frame", "last_frame", "asset", "style")


def attempt(number: int, seconds: float | None) -> AttemptMetadata:
    ended = None if seconds is None else NOW + timedelta(seconds=seconds)
    return AttemptMetadata(
        provider="fal", model="m", attempt_number=number, started_at=NOW, ended_at=ended, status="failed"
    )


def test_elapsed_seconds_are_computed() -> None:
    assert attempt(1, 2.5).elapsed_seconds == 2.5
    assert attempt(1, None).elapsed_seconds is None
    metadata = ExecutionMetadata(total_attempts=3, attempts=[attempt(1, 2.5), attempt(2, 1), attempt(3, None)])
    assert metadata.total_elapsed_seconds == 3.5
    assert metadata.model_dump()["total_elapsed_seconds"] == 3.5
    assert metadata.model_dump()["attempts"][0]["elapsed_seconds"] == 2.5


@pytest.mark.parametrize("model", [TTSResponse, STSResponse, VideoGenerationResponse, ImageGenerationResponse])
def test_responses_have_provider_metadata_and_a_raw_response(model: Model) -> None:
    built = build(model, raw_response={"a": 1}, provider_metadata={"b": 2})
    assert (built.raw_response, built.provider_metadata) == ({"a": 1}, {"b": 2})
