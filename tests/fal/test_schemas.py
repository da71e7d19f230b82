"""What is known of an endpoint: its live schema refuses before paying, the bundled catalogue warns, ids are advised."""

import time
from pathlib import Path
from typing import Any

import pytest
from tests.fal.desk import KLING, Desk
from tests.support.worlds import World

from tarash.tarash_gateway.exceptions import HTTPError, ValidationError
from tarash.testkit.clock import VirtualClock
from tarash.testkit.fal import FalSimulator, Outcome, errors
from tarash.testkit.ledger import Ledger
from tarash.testkit.server import refused_port
from tarash.testkit.steps import Answer, CutBody, DecompressionBomb, Hang, Reset, Step, alter_json

NEW = "newlab/film-9/text-to-video"
NEEDY = "newlab/film-9/image-to-video"
SCHEMA = {
    "properties": {
        "prompt": {"type": "string"},
        "duration": {"type": "integer", "enum": [4, 6, 8], "default": 6},
        "aspect_ratio": {"type": "string", "enum": ["16:9", "9:16"]},
        "num_inference_steps": {"type": "integer", "minimum": 1, "maximum": 50},
        "seed": {"anyOf": [{"type": "integer"}, {"type": "null"}]},
        "start_image_url": {"type": "string"},
    },
    "required": ["prompt"],
}


@pytest.fixture(autouse=True)
def published(fal: FalSimulator) -> None:
    fal.register_endpoint(NEW, SCHEMA)
    fal.register_endpoint(NEEDY, {**SCHEMA, "required": ["prompt", "start_image_url"]})
    # Of the real one only so much that the catalogue is seen to know more.
    fal.register_endpoint(KLING, {"properties": {"prompt": {"type": "string"}, "duration": {"type": "string"}}})


def live(desk: Desk, **options: Any) -> dict[str, Any]:
    return {"options": {"schema_url": desk.fal.openapi_url, **options}}


# --- live schemas


def test_a_new_endpoint_needs_no_release(desk: Desk) -> None:
    request = desk.request(duration_seconds=7, aspect_ratio="9:16", seed=1, num_inference_steps=20)
    response = desk.generate(request=request, model=NEW, **live(desk))
    assert desk.sent() == {
        "prompt": "a lighthouse at dawn",
        "duration": 8,
        "aspect_ratio": "9:16",
        "seed": 1,
        "num_inference_steps": 20,
    }
    assert {one.field: one.outcome for one in response.parameters}["duration_seconds"] == "rounded"
    [asked] = desk.fal.requests("openapi")
    assert asked.raw_target == f"/api/openapi/queue/openapi.json?endpoint_id={NEW.replace('/', '%2F')}"
    assert "authorization" not in asked.headers


def test_the_place_of_the_schemas_may_be_named_in_full(desk: Desk) -> None:
    place = f"{desk.fal.openapi_url}/api/openapi/queue/openapi.json"
    desk.generate(request=desk.request(duration_seconds=6), model=NEW, options={"schema_url": place})
    assert desk.sent()["duration"] == 6


REFUSED: dict[str, dict[str, Any]] = {
    "a value that is not allowed": {"aspect_ratio": "21:9"},
    "a missing input": {"aspect_ratio": "16:9"},
}


@pytest.mark.parametrize("mistake", REFUSED)
def test_live_values_refuse_before_paying(desk: Desk, mistake: str) -> None:
    model = NEEDY if mistake == "a missing input" else NEW
    error = desk.fails(ValidationError, request=desk.request(**REFUSED[mistake]), model=model, **live(desk))
    assert "start_image_url" in error.message if model == NEEDY else "16:9, 9:16" in error.message
    assert (desk.submits, desk.charges) == (0, 0)


def test_bundled_values_only_warn(desk: Desk) -> None:
    """The catalogue grows old: what it does not know may be right."""
    desk.generate(
        request=desk.request(aspect_ratio="21:9", prompt="x"), model="fal-ai/kling-video/v2.6/pro/text-to-video"
    )
    assert desk.sent()["aspect_ratio"] == "21:9"
    [warning] = [text for text in desk.warnings if "21:9" in text]
    assert "16:9, 9:16, 1:1" in warning
    assert "old" in warning


def test_schemas_are_not_asked_for_unless_wanted(desk: Desk) -> None:
    desk.generate(model=NEW)
    desk.generate(model=NEW, **live(desk, live_schema=False))
    assert not desk.fal.requests("openapi")


def test_the_disk_keeps_schemas_for_a_day(desk: Desk) -> None:
    for _ in range(2):
        desk.generate(model=NEW, **live(desk))
    assert len(desk.fal.requests("openapi")) == 1
    desk.clock.advance(25 * 3600)
    desk.generate(model=NEW, **live(desk))
    assert len(desk.fal.requests("openapi")) == 2


@pytest.mark.parametrize("folder", ["/dev/null/cache", "/proc/cache"])
def test_without_a_disk_schemas_are_asked_for_each_time(
    desk: Desk, monkeypatch: pytest.MonkeyPatch, folder: str
) -> None:
    monkeypatch.setenv("TARASH_CACHE_DIR", folder)
    for _ in range(2):
        desk.generate(request=desk.request(duration_seconds=5), model=NEW, **live(desk))
    assert len(desk.fal.requests("openapi")) == 2
    assert desk.sent(1)["duration"] == 6


def test_a_broken_cache_is_as_good_as_none(desk: Desk, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("TARASH_CACHE_DIR", str(tmp_path))
    desk.generate(model=NEW, **live(desk))
    [kept] = tmp_path.iterdir()
    kept.write_bytes(kept.read_bytes()[:40])
    assert desk.generate(request=desk.request(duration_seconds=6), model=NEW, **live(desk)).video


USELESS: dict[str, Step] = {
    "an error": Answer(500),
    "unknown there": errors.not_found(),
    "reset": Reset(),
    "cut": CutBody(200),
    "a page": Answer(body="<html>please log in</html>"),
    "a list": Answer(json=[]),
    "nothing": Answer(json={}),
    "another endpoint": alter_json(lambda body: {**body, "paths": {}}),
    "no inputs": alter_json(lambda body: {**body, "components": {}}),
    "deep": Answer(body='{"paths": ' + "[" * 100_000),
    "a bomb": DecompressionBomb(65 << 20),
    "a redirect": Answer(302, {"Location": "https://evil.example/"}),
}


@pytest.mark.parametrize("fault", USELESS)
def test_without_a_usable_schema_the_catalogue_serves(desk: Desk, fault: str) -> None:
    desk.fal.fail_next("openapi", USELESS[fault])
    desk.generate(request=desk.request(duration_seconds=7, generate_audio=False), **live(desk))
    assert desk.sent() == {"prompt": "a lighthouse at dawn", "duration": "7", "generate_audio": False}
    assert len(desk.fal.requests("openapi")) == 1


def test_a_host_that_refuses_is_not_asked_again_and_again(desk: Desk) -> None:
    with refused_port() as port:
        started = time.monotonic()
        for _ in range(5):
            desk.generate(options={"schema_url": f"http://127.0.0.1:{port}"})
        assert time.monotonic() - started < 2
    assert desk.submits == 5
    assert not [wait for wait in desk.clock.sleeps if wait > 2]


def test_a_silent_host_costs_its_patience_once(desk: Desk) -> None:
    for _ in range(3):
        desk.fal.next_outcome(Outcome(queue_seconds=0, run_seconds=0))
    desk.fal.fail_next("openapi", Hang(), times=None)
    started = time.monotonic()
    for _ in range(3):
        desk.generate(model=NEW, timeout=0.4, **live(desk))
    assert time.monotonic() - started < 2
    assert len(desk.fal.requests("openapi")) == 1
    assert desk.submits == 3


# --- ids

ADVICE = {
    "fal-ai/kling-video/v2.6": ["fal-ai/kling-video/v2.6/pro/text-to-video", "v2.6/pro/image-to-video"],
    "fal-ai/kling-video/v2.1/standard/text-to-video": ["v2.1/standard/image-to-video", "v2.1/master/text-to-video"],
    "fal-ai/flux-2/pro": ["fal-ai/flux-2-pro"],
    "fal-ai/flux-2/flex": ["fal-ai/flux-2-flex"],
    "fal-ai/flux-2/dev": ["fal-ai/flux-2"],
    "fal-ai/flux-pro": ["fal-ai/flux-pro/v1.1"],
    "fal-ai/flux-pro/v1.1-raw": ["fal-ai/flux-pro/v1.1-ultra", "raw"],
    "fal-ai/recraft-v3": ["fal-ai/recraft/v3/text-to-image"],
    "fal-ai/recraft": ["fal-ai/recraft/v3/text-to-image"],
    "fal-ai/ideogram": ["fal-ai/ideogram/v3"],
    "fal-ai/veo3": ["fal-ai/veo3.1", "2026-08-02"],
    "fal-ai/veo3/fast": ["fal-ai/veo3.1/fast"],
    "fal-ai/sora-2/text-to-video": ["2026-08-02"],
    "fal-ai/bytedance/seedance/v1/lite/text-to-video": ["bytedance/seedance-2.0/text-to-video"],
}


@pytest.mark.parametrize("model", ADVICE)
def test_ids_that_are_gone_or_never_were_are_called_with_a_warning(desk: Desk, model: str) -> None:
    kind = "image" if any(name in model for name in ("flux", "recraft", "ideogram")) else "video"
    desk.fal.register_endpoint(model, kind="image" if kind == "image" else "video")
    assert desk.generate(kind, model=model).outputs()
    [warning] = [text for text in desk.warnings if text.startswith(f"{model} is ")]
    assert all(name in warning for name in ADVICE[model])
    assert desk.fal.requests("submit")[0].path == f"/{model}"


@pytest.mark.parametrize("model", [*ADVICE, "fal-ai/kling-vdeo/v3/pro/text-to-video", "fal-ai/flux/devv", KLING[:-6]])
def test_ids_that_fal_does_not_know_are_advised_on(
    world: World, virtual_clock: VirtualClock, ledger: Ledger, model: str
) -> None:
    with FalSimulator(clock=virtual_clock, ledger=ledger, strict=True) as fal:
        desk = Desk(world, fal)
        error = desk.fails(HTTPError, model=model)
    assert error.status_code == 404
    assert "sora" in model or "Did you mean fal-ai/" in error.message or "Did you mean bytedance/" in error.message
    assert ledger.total_charges == 0
    assert desk.submits == 1


GUESSED: dict[str, tuple[str, dict[str, Any], dict[str, Any]]] = {
    "somelab/text-to-video-99": (
        "video",
        {"duration_seconds": 5, "aspect_ratio": "16:9", "seed": 4, "fancy": True},
        {"prompt": "a lighthouse at dawn", "duration": "5", "aspect_ratio": "16:9", "seed": 4, "fancy": True},
    ),
    "somelab/text-to-image-99": (
        "image",
        {"n": 2, "size": "1024x768"},
        {"prompt": "a lighthouse at dawn", "num_images": 2, "image_size": {"width": 1024, "height": 768}},
    ),
    "somelab/speech-99": ("tts", {"voice_id": "Ann"}, {"text": "Hello, lighthouse.", "voice": "Ann"}),
    "somelab/voice-99": (
        "sts",
        {"voice_id": "Ann"},
        {"audio_url": "https://media.example/voice.mp3", "voice": "Ann"},
    ),
}


@pytest.mark.parametrize("model", GUESSED)
def test_an_id_that_nobody_knows_works_all_the_same(desk: Desk, model: str) -> None:
    kind, fields, sent = GUESSED[model]
    assert desk.generate(kind, desk.request(kind, **fields), model=model).outputs()
    assert desk.sent() == sent
    assert desk.warnings == []
