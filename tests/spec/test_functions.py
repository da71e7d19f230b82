"""The public functions: their names and signatures, and what a plain generation gives back."""

import importlib
import inspect
import re
from typing import Any

import pytest
from tests.support.bench import Bench
from tests.support.worlds import World

from tarash import tarash_gateway
from tarash.tarash_gateway.exceptions import TarashException
from tarash.tarash_gateway.models import (
    AudioGenerationConfig,
    ImageGenerationConfig,
    ImageGenerationRequest,
    MockConfig,
    STSRequest,
    TTSRequest,
    VideoGenerationConfig,
    VideoGenerationRequest,
    VideoGenerationUpdate,
)
from tarash.tarash_gateway.utils import generate_unique_id
from tarash.testkit.steps import Answer

GENERATORS = ["generate_video", "generate_image", "generate_tts", "generate_sts"]
JOB_FUNCTIONS = ["resume", "poll", "cancel"]
SUBMITTERS = ["submit_video", "submit_image", "submit_tts", "submit_sts"]


@pytest.mark.parametrize("name", [*GENERATORS, *SUBMITTERS, *JOB_FUNCTIONS])
def test_every_function_comes_in_two_halves(name: str) -> None:
    plain, awaited = getattr(tarash_gateway, name), getattr(tarash_gateway, f"{name}_async")
    assert not inspect.iscoroutinefunction(plain)
    assert inspect.iscoroutinefunction(awaited)
    assert inspect.signature(plain) == inspect.signature(awaited)


@pytest.mark.parametrize("name", GENERATORS)
def test_the_parameters_of_a_generation(name: str) -> None:
    parameters = inspect.signature(getattr(tarash_gateway, name)).parameters
    assert list(parameters) == ["config", "request", "on_progress"]
    assert parameters["on_progress"].default is None


def test_the_registering_functions_take_what_was_promised() -> None:
    signatures = {
        "register_provider_field_mapping": ["provider", "model_mappings"],
        "get_provider_field_mapping": ["provider"],
    }
    for name, parameters in signatures.items():
        assert list(inspect.signature(getattr(tarash_gateway, name)).parameters) == parameters
    assert list(inspect.signature(tarash_gateway.register_provider).parameters)[1] == "handler"


@pytest.mark.parametrize(
    ("module", "names"),
    [
        (
            "tarash.tarash_gateway",
            ["register_provider", "register_provider_field_mapping", "get_provider_field_mapping"],
        ),
        (
            "tarash.tarash_gateway.models",
            [
                *("ProviderHandler", "VideoGenerationUpdate", "ImageGenerationUpdate", "MediaType", "ImageType"),
                *(
                    "MediaContent",
                    "Resolution",
                    "AspectRatio",
                    "ExecutionMetadata",
                    "AttemptMetadata",
                    "AudioOutputFormat",
                ),
            ],
        ),
        ("tarash.tarash_gateway.mock", ["MockConfig", "MockResponse", "MockPollingConfig"]),
        (
            "tarash.tarash_gateway.exceptions",
            ["TarashException", "is_retryable_error", "handle_video_generation_errors"],
        ),
        ("tarash.tarash_gateway.providers.field_mappers", ["duration_field_mapper", "passthrough_field_mapper"]),
        ("tarash.tarash_gateway.utils", ["generate_unique_id"]),
    ],
)
def test_names_are_where_they_were_promised(module: str, names: list[str]) -> None:
    found = importlib.import_module(module)
    assert [name for name in names if not hasattr(found, name)] == []


def test_unique_ids_are_unique() -> None:
    ids = {generate_unique_id() for _ in range(1000)}
    assert len(ids) == 1000
    assert {type(one) for one in ids} == {str}


def test_a_video_from_request_to_response(bench: Bench) -> None:
    request = VideoGenerationRequest(prompt="a cat", duration_seconds=4, aspect_ratio="16:9")
    updates: list[VideoGenerationUpdate] = []
    response = bench.generate(updates.append, request, model="film-1")

    submit = bench.server.requests.matching("POST")[0]
    assert (submit.path, submit.json) == ("/videos/film-1", {"prompt": "a cat", "seconds": 4, "ratio": "16:9"})
    assert (response.status, response.is_mock, response.content_type) == ("completed", False, "video/mp4")
    assert response.video == f"{bench.server.url}/films/job-1.mp4"
    assert response.raw_response == bench.studio.finished("job-1")
    assert response.request_id not in ("", "job-1")

    assert [type(update) for update in updates] == [VideoGenerationUpdate] * len(updates)
    assert [update.status for update in updates] == ["processing", "processing", "completed"]
    assert [update.progress_percent for update in updates] == [33, 66, 100]
    assert {update.request_id for update in updates} == {response.request_id}
    assert updates[0].update == {"id": "job-1", "status": "running", "percent": 33}
    assert [update.result for update in updates] == [None, None, response]


def test_the_execution_metadata_of_a_plain_success(bench: Bench) -> None:
    response = bench.generate(model="film-1")
    metadata = response.execution_metadata
    assert metadata is not None
    assert (metadata.total_attempts, metadata.successful_attempt, metadata.configs_in_chain) == (1, 1, 1)
    assert metadata.fallback_triggered is False
    [attempt] = metadata.attempts
    assert (attempt.provider, attempt.model, attempt.attempt_number, attempt.status) == ("acme", "film-1", 1, "success")
    assert (attempt.error_type, attempt.error_message, attempt.is_retryable) == (None, None, None)
    assert attempt.started_at.utcoffset() is not None
    assert attempt.ended_at is not None
    assert attempt.elapsed_seconds == metadata.total_elapsed_seconds == sum(bench.clock.sleeps)
    assert metadata.total_elapsed_seconds > 0


def test_an_attempt_names_the_request_as_the_provider_does(bench: Bench) -> None:
    done = [bench.generate(), bench.resume(bench.submit())]
    bench.studio.polls_needed = 1000
    with pytest.raises(TarashException) as late:
        bench.generate(timeout=10)
    bench.on_submit(Answer(400, json={"problem": "no"}))
    with pytest.raises(TarashException) as refused:
        bench.generate()
    told = [one.execution_metadata for one in (*done, late.value, refused.value)]
    assert [one.attempts[0].request_id for one in told if one] == ["job-1", "job-2", "job-3", None]


def test_a_failing_update_carries_the_error(bench: Bench) -> None:
    updates: list[VideoGenerationUpdate] = []
    bench.studio.finished = lambda job: {"id": job, "status": "failed", "reason": "no idea"}  # type: ignore[method-assign]
    with pytest.raises(TarashException, match="no idea"):
        bench.generate(updates.append)
    assert [update.status for update in updates] == ["processing", "processing", "failed"]
    assert "no idea" in (updates[-1].error or "")
    assert updates[-1].result is None


def test_the_model_that_was_used_is_named(bench: Bench) -> None:
    response = bench.generate()
    assert response.execution_metadata is not None
    assert response.execution_metadata.attempts[0].model == "film-1"
    assert response.job is not None
    assert response.job.model == "film-1"


ELSEWHERE: dict[str, tuple[Any, Any]] = {
    "generate_image": (ImageGenerationConfig(provider="acme", api_key="k"), ImageGenerationRequest(prompt="x")),
    "generate_tts": (AudioGenerationConfig(provider="acme", api_key="k"), TTSRequest(text="x")),
    "generate_sts": (AudioGenerationConfig(provider="acme", api_key="k"), STSRequest(audio=b"x", voice_id="v")),
}


@pytest.mark.parametrize("name", ELSEWHERE)
def test_a_kind_of_work_that_a_provider_lacks_is_not_implemented(world: World, name: str) -> None:
    config, request = ELSEWHERE[name]
    for half in (name, name.replace("generate", "submit")):
        with pytest.raises(NotImplementedError) as caught:
            world.call(half, config, request)
        assert isinstance(caught.value, TarashException)
        assert caught.value.provider == "acme"


def test_a_provider_that_nobody_brings_is_named_with_those_that_there_are(world: World) -> None:
    with pytest.raises(TarashException, match=r"'studio-9'.*acme"):
        world.call("generate_video", VideoGenerationConfig(provider="studio-9"), VideoGenerationRequest(prompt="x"))


def test_the_first_example_prints_a_link_or_a_data_uri(world: World) -> None:
    config = VideoGenerationConfig(provider="fal", model="fal-ai/veo3", mock=MockConfig(enabled=True))
    request = VideoGenerationRequest(prompt="x", duration_seconds=4, aspect_ratio="16:9")
    response = world.call("generate_video", config, request)
    assert re.match(r"https://|data:video/mp4;base64,", response.video)
