import base64
import copy
import io
import json
import pickle
from pathlib import Path
from typing import Any

import pydantic
import pytest

from tarash.tarash_gateway.exceptions import JobRejectedError
from tarash.tarash_gateway.models import (
    AudioGenerationConfig,
    GenerationConfig,
    GenerationRequest,
    ImageGenerationConfig,
    ImageGenerationRequest,
    ImageGenerationResponse,
    Job,
    MockConfig,
    MockResponse,
    STSRequest,
    TTSRequest,
    TTSResponse,
    VideoGenerationConfig,
    VideoGenerationRequest,
    VideoGenerationResponse,
)
from tarash.tarash_gateway.models.job import MAX_JOB_BYTES

PNG = b"\x89PNG\r\n\x1a\n" + bytes(200_000)
LONG = "x" * 100_000
JOB = Job(
    request_id="r",
    provider="acme",
    model="film-1",
    kind="video",
    base_url="https://api.acme.example",
    created_at=1.5,
    states=[{"pending": {"id": "job-1"}}],
)

# --- configurations


@pytest.mark.parametrize("config", [VideoGenerationConfig, ImageGenerationConfig, AudioGenerationConfig])
def test_policies_have_careful_defaults(config: type[GenerationConfig]) -> None:
    built = config(provider="fal")
    policies = built.on_timeout, built.on_unknown_submit, built.unsupported_params
    assert policies == ("keep", "fallback", "warn")


@pytest.mark.parametrize(
    ("policy", "taken"),
    [
        ("on_timeout", ["keep", "cancel"]),
        ("on_unknown_submit", ["fallback", "raise"]),
        ("unsupported_params", ["warn", "error", "ignore"]),
    ],
)
def test_a_policy_takes_its_own_words_only(policy: str, taken: list[str]) -> None:
    for word in taken:
        assert getattr(VideoGenerationConfig.model_validate({"provider": "fal", policy: word}), policy) == word
    for wrong in ["", "KEEP", "retry", None, True]:
        with pytest.raises(pydantic.ValidationError):
            VideoGenerationConfig.model_validate({"provider": "fal", policy: wrong})


def test_a_configuration_survives_json_and_copies() -> None:
    config = VideoGenerationConfig(
        provider="fal",
        model="m",
        api_key="a-key-of-the-first",
        mock=MockConfig(responses=[MockResponse(weight=2)]),
        provider_config={"gcp_project": "p"},
        fallback_configs=[VideoGenerationConfig(provider="replicate", api_key="a-key-of-the-second", timeout=7)],
    )
    travelled = VideoGenerationConfig.model_validate_json(config.model_dump_json())
    assert travelled.model_dump() == config.model_dump()
    assert travelled.fallback_configs is not None
    assert (travelled.api_key, travelled.fallback_configs[0].api_key) == (None, None)
    for same in (copy.copy(config), copy.deepcopy(config), config.model_copy(), config.model_copy(deep=True)):
        assert same == config
        assert same.api_key == "a-key-of-the-first"


def test_a_default_is_not_shared() -> None:
    first, second = VideoGenerationConfig(provider="fal"), VideoGenerationConfig(provider="fal")
    first.provider_config["a"] = 1
    assert second.provider_config == {}
    request, other = VideoGenerationRequest(prompt="x"), VideoGenerationRequest(prompt="x")
    request.extra_params["a"] = 1
    request.image_list.append({})
    assert (other.extra_params, other.image_list) == ({}, [])
    assert TTSRequest(text="x").output_format is not TTSRequest(text="x").output_format


# --- media


def media_forms(folder: Path) -> list[Any]:
    file = folder / "image.png"
    file.write_bytes(PNG)
    encoded = base64.b64encode(PNG).decode()
    return [
        "https://media.example/a.png?sig=x",
        "HTTP://MEDIA.EXAMPLE/A",
        "gs://bucket/a.png",
        encoded,
        base64.encodebytes(PNG).decode(),
        base64.urlsafe_b64encode(b"\xfb\xff\xfe" * 9 + b"ab").decode().rstrip("="),
        f"data:image/png;base64,{encoded}",
        f"DATA:image/png;charset=utf-8;BASE64,{encoded}",
        {"content": PNG, "content_type": "image/png"},
        {"content": bytearray(PNG), "content_type": "image/png; charset=binary"},
        PNG,
        file,
        io.BytesIO(PNG),
    ]


def test_media_comes_in_many_forms_and_is_kept_as_given(tmp_path: Path) -> None:
    for media in media_forms(tmp_path):
        assert STSRequest(audio=media, voice_id="v").audio is media
        assert ImageGenerationRequest(prompt="x", image_list=[media]).image_list[0]["image"] is media
        assert VideoGenerationRequest(prompt="x", video=media).video is media


def test_a_bytearray_is_kept_as_bytes() -> None:
    assert type(VideoGenerationRequest(prompt="x", video=bytearray(b"abc")).video) is bytes  # type: ignore[arg-type]


def test_requests_travel_as_json_with_their_media(tmp_path: Path) -> None:
    for media in media_forms(tmp_path):
        request = VideoGenerationRequest(prompt="x", video=media, image_list=[media])
        dumped = json.loads(request.model_dump_json())
        assert isinstance(dumped["video"], str)
    assert json.loads(VideoGenerationRequest(prompt="x", video=b"abc").model_dump_json())["video"] == "YWJj"


# --- text that people see


@pytest.mark.parametrize(
    "model",
    [
        VideoGenerationRequest(prompt=LONG, negative_prompt=LONG, video=PNG, extra_params={"deep": [{"a": LONG}]}),
        ImageGenerationRequest(prompt="x", mask_image={"content": PNG, "content_type": "image/png"}),
        ImageGenerationRequest(prompt="x", image_list=[base64.b64encode(PNG).decode()] * 3),
        STSRequest(audio=f"data:audio/wav;base64,{base64.b64encode(PNG).decode()}", voice_id="v"),
        VideoGenerationResponse(request_id="r", video={"content": PNG, "content_type": "video/mp4"}),
        ImageGenerationResponse(request_id="r", images=[LONG]),
        TTSResponse(request_id="r", audio=LONG, raw_response={"audio": LONG}),
    ],
    ids=lambda model: type(model).__name__,
)
def test_a_repr_is_short_whatever_it_shows(model: GenerationRequest) -> None:
    assert len(repr(model)) < 2000
    assert len(str(model)) < 2000


# --- responses


def test_outputs_of_a_response() -> None:
    video = VideoGenerationResponse(request_id="r", video="https://a.example/1.mp4")
    assert video.outputs() == ["https://a.example/1.mp4"]
    several = VideoGenerationResponse(request_id="r", video="https://a.example/1", videos=["https://a.example/1"] * 2)
    assert several.outputs() == ["https://a.example/1"] * 2
    assert ImageGenerationResponse(request_id="r", images=["a", "b"]).outputs() == ["a", "b"]
    assert TTSResponse(request_id="r", audio="YWJj").outputs() == ["YWJj"]


# --- jobs


def test_a_job_is_plain_json() -> None:
    text = JOB.to_json()
    assert Job.from_json(text) == JOB
    assert Job.from_json(text.encode()) == JOB
    assert json.loads(text)["version"] == 1
    assert JOB.provider_ids == ["job-1"]


def test_a_job_cannot_be_changed() -> None:
    with pytest.raises(pydantic.ValidationError):
        JOB.provider = "other"


def altered(**changes: Any) -> str:
    return json.dumps({**json.loads(JOB.to_json()), **changes})


NOT_JOBS: dict[str, Any] = {
    "nothing": "",
    "no JSON": "job-1",
    "half of one": JOB.to_json()[:-5],
    "a list": "[]",
    "null": "null",
    "an empty object": "{}",
    "too deep": "[" * 100_000,
    "deep inside": altered(states=["x"])[:-1] + ', "account": ' + "[" * 5000 + "]" * 5000 + "}",
    "NaN": altered(created_at=0).replace('"created_at": 0', '"created_at": NaN'),
    "a lone surrogate": altered(request_id="\ud800"),
    "bytes that are no text": b"\xff\xfe\x00",
    "a pickle": pickle.dumps(JOB),
    "the old pickle": pickle.dumps(JOB, protocol=0).decode(),
    "no object at all": None,
    "a dict": {"version": 1},
    "a Job": JOB,
    "another kind": altered(kind="film"),
    "no states": altered(states=[]),
    "states of another shape": altered(states={"id": 1}),
    "an unknown field": altered(api_key="x"),
    "a missing field": json.dumps({key: value for key, value in json.loads(JOB.to_json()).items() if key != "states"}),
    "a newer version": altered(version=2),
    "a newer version with more fields": altered(version=7, region="eu"),
    "version zero": altered(version=0),
    "a version in words": altered(version="one"),
    "too large": " " * (MAX_JOB_BYTES + 1),
}


@pytest.mark.parametrize("text", NOT_JOBS.values(), ids=list(NOT_JOBS))
def test_what_is_no_job_is_refused_in_few_words(text: Any) -> None:
    with pytest.raises(JobRejectedError) as caught:
        Job.from_json(text)
    assert len(str(caught.value)) < 300


@pytest.mark.parametrize("version", [2, 7, 2**70])
def test_a_newer_job_says_what_to_do(version: int) -> None:
    with pytest.raises(JobRejectedError, match=rf"schema version {version}.*Update tarash-core"):
        Job.from_json(altered(version=version, region="eu"))


# --- errors of validation


@pytest.mark.parametrize(
    ("model", "fields"),
    [
        (VideoGenerationRequest, {"prompt": {"a": "the-value"}}),
        (VideoGenerationRequest, {"negative_prompt": "the-value"}),
        (VideoGenerationRequest, {"prompt": "x", "video": "the-value!"}),
        (VideoGenerationRequest, {"prompt": "x", "image_list": ["the-value!"]}),
        (VideoGenerationRequest, {"prompt": "x", "duration_seconds": "the-value"}),
        (VideoGenerationRequest, {"prompt": "the-value\ud800"}),
        (GenerationConfig, {"api_key": "the-value"}),
        (GenerationConfig, {"provider": "x", "the_key": "the-value"}),
        (GenerationConfig, {"provider": "x", "provider_config": "the-value"}),
        (VideoGenerationConfig, {"provider": "x", "fallback_configs": [{"api_key": "the-value"}]}),
        (VideoGenerationConfig, {"provider": "x", "fallback_configs": ["the-value"]}),
        (VideoGenerationConfig, {"provider": "x", "api_key": b"the-value\n\n-"}),
        (VideoGenerationConfig, {"provider": "x", "api_key": ["the-value"]}),
    ],
)
def test_an_error_of_validation_tells_place_and_reason_but_never_the_value(
    model: type[pydantic.BaseModel], fields: dict[str, Any]
) -> None:
    with pytest.raises(pydantic.ValidationError) as built:
        model(**fields)
    with pytest.raises(pydantic.ValidationError) as validated:
        model.model_validate(fields)
    for error in (built.value, validated.value):
        told = [str(error), repr(error), repr(error.errors()), error.json()]
        assert not [text for text in told if "the-value" in text]
        assert error.errors()[0]["msg"]
        assert error.errors()[0]["loc"]


def test_text_that_is_no_json_is_not_repeated_either() -> None:
    with pytest.raises(pydantic.ValidationError) as caught:
        VideoGenerationConfig.model_validate_json('{"provider": "fal", "api_key": "the-value"')
    assert "the-value" not in caught.value.json() + repr(caught.value.errors()) + str(caught.value)
