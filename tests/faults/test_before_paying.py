"""Mistakes of the caller: found before anything is sent (A9)."""

import os
import tempfile
import warnings
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import pytest
from tests.support.acme import Acme
from tests.support.bench import Bench

from tarash.tarash_gateway import register_provider
from tarash.tarash_gateway.exceptions import (
    ProviderNotFoundError,
    TarashException,
    TarashWarning,
    TimeoutError,
    UnsupportedOperationError,
    ValidationError,
)
from tarash.tarash_gateway.models import Kind, VideoGenerationRequest
from tarash.tarash_gateway.providers.base import ModelInfo, Operation
from tarash.testkit.media import mp4

# --- A9: found before anything is sent


def with_media(value: Any) -> dict[str, Any]:
    return {"request": VideoGenerationRequest(prompt="x", image_list=[value])}


def bad_calls(folder: Path) -> dict[str, dict[str, Any]]:
    """What a caller may get wrong, and every time nothing may be sent."""
    os.mkfifo(folder / "pipe")
    (folder / "empty.png").touch()
    media = {
        "a file that is not there": folder / "missing.png",
        "a folder": folder,
        "a pipe": folder / "pipe",
        "a device": Path("/dev/zero"),
        "an empty file": folder / "empty.png",
    }
    return {
        **{name: with_media(value) for name, value in media.items()},
        "a callback without arguments": {"callback": lambda: None},
        "a callback with two arguments": {"callback": lambda update, more: None},
        "a callback with a required name": {"callback": needs_a_name},
        "a callback that is none": {"callback": "print"},
        "an async callback without arguments": {"callback": takes_nothing_async},
        "a ratio that the model does not know": {
            "request": VideoGenerationRequest(prompt="x", aspect_ratio="21:9"),
        },
        "an ignored parameter where that is an error": {
            "request": VideoGenerationRequest(prompt="x", seed=3),
            "unsupported_params": "error",
        },
        "a base URL that is none": {"base_url": "acme.example"},
        "a base URL with a login": {"base_url": "https://me:secret@acme.example"},
        "a model that leads elsewhere": {"model": "../../admin"},
        "a model with a query": {"model": "film-1?x=1"},
        "no key": {"api_key": None},
    }


def needs_a_name(update: Any, *, name: str) -> None: ...


async def takes_nothing_async() -> None: ...


NAMES = list(bad_calls(Path(tempfile.mkdtemp())))


@pytest.mark.parametrize("mistake", NAMES)
def test_mistakes_are_found_before_anything_is_sent(bench: Bench, tmp_path: Path, mistake: str) -> None:
    error = bench.fails(ValidationError, **bad_calls(tmp_path)[mistake])
    assert not bench.server.requests
    assert not error.retryable
    assert error.job is None


@pytest.mark.parametrize("where", ["missing/film", "file/film", "folder", "taken.mp4", "taken"])
def test_a_bad_place_for_the_result_is_found_before_it_is_fetched(bench: Bench, tmp_path: Path, where: str) -> None:
    (tmp_path / "folder").mkdir()
    (tmp_path / "file").touch()
    (tmp_path / "taken.mp4").touch()
    (tmp_path / "taken").touch()
    response = bench.generate()
    with pytest.raises(ValidationError):
        bench.world.save(response, tmp_path / where)
    assert bench.downloads == 0


def test_a_warning_that_the_program_turns_into_an_error_is_no_mistake_of_the_provider(bench: Bench) -> None:
    with warnings.catch_warnings():
        warnings.simplefilter("error", TarashWarning)
        error = bench.fails(ValidationError, request=VideoGenerationRequest(prompt="x", seed=3))
    assert "seed is ignored" in error.message
    assert "which this program turns into an error" in error.message
    assert bench.posts == 0


class Painter(Acme):
    models = (ModelInfo("picture-1", ("image",)), ModelInfo("film-1", ("video",)))


def test_a_model_for_other_work_is_not_bought(bench: Bench) -> None:
    register_provider("painting-acme", Painter())
    error = bench.fails(ValidationError, provider="painting-acme", model="picture-1")
    assert "picture-1 of painting-acme is for image generation, not for video" in error.message
    for model in ("film-1", "never-heard-of"):
        bench.generate(provider="painting-acme", model=model)
    assert (bench.posts, bench.charges) == (2, 2)


@pytest.mark.parametrize("declared", ["image/png", "video/mp4"])
def test_a_film_among_the_pictures_is_not_sent(bench: Bench, declared: str) -> None:
    film = {"content": mp4().content, "content_type": declared}
    with bench.failing(ValidationError) as caught:
        bench.generate(request=VideoGenerationRequest(prompt="x", image_list=[film]))
    assert "A picture is expected" in caught[0].message
    assert bench.server.requests.total == 0


UNUSABLE: dict[str, tuple[dict[str, Any], type[TarashException]]] = {
    "a provider that nobody knows": ({"provider": "never-heard-of"}, ProviderNotFoundError),
    "other work only": ({"provider": "speaking-only-acme"}, UnsupportedOperationError),
}


@pytest.mark.parametrize("reason", UNUSABLE)
def test_a_fallback_that_could_never_run_is_told_before_paying(bench: Bench, reason: str) -> None:
    class SpeakingOnly(Acme):
        operations: Mapping[Kind, Operation] = {"tts": Operation()}

    register_provider("speaking-only-acme", SpeakingOnly())
    changes, expected = UNUSABLE[reason]
    with pytest.raises(expected):
        bench.generate(fallback_configs=[bench.config(**changes)])
    assert bench.server.requests.total == 0


def test_no_job_is_left_for_a_fallback_without_a_key(bench: Bench) -> None:
    bench.studio.polls_needed = 10**6
    keyless = bench.config(api_key=None)
    error = bench.fails(TimeoutError, timeout=60, fallback_configs=[keyless])
    assert "A fallback was not tried: There is no key for acme" in error.message
    assert error.job is not None
    assert (bench.posts, bench.cancels) == (1, 0)
    bench.studio.polls_needed = 1
    assert bench.resume(error.job).video
    assert bench.generate(fallback_configs=[keyless]).video


def test_the_timeout_is_not_cut_short_by_the_usual_number_of_polls(bench: Bench) -> None:
    bench.studio.polls_needed = 10**6
    error = bench.fails(TimeoutError, timeout=1800, poll_interval=1)
    assert "within 1800 seconds" in error.message
    assert bench.polls > 1000
    error = bench.fails(TimeoutError, timeout=1800, poll_interval=1, max_poll_attempts=50)
    assert "within 50 polls (max_poll_attempts)" in error.message
