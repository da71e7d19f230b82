"""Video, images and speech from the request to the file on disk, through fal's queue."""

import base64
import itertools
from pathlib import Path
from typing import Any

import pytest
from tests.fal.desk import KINDS, KLING, MODELS, Desk
from tests.support.worlds import World

from tarash.tarash_gateway.exceptions import (
    GenerationFailedError,
    HTTPError,
    InsufficientCreditsError,
    PartialResultError,
    SubmitOutcomeUnknownError,
    TarashException,
    ValidationError,
)
from tarash.tarash_gateway.models import Job, VideoGenerationRequest
from tarash.testkit.clock import VirtualClock
from tarash.testkit.fal import FalSimulator, MediaFile, Outcome, errors
from tarash.testkit.ledger import Ledger
from tarash.testkit.media import mp3, mp4, png
from tarash.testkit.requests import RecordedRequest
from tarash.testkit.steps import Answer, Normal, Perform, Reset, Step, alter_json

TYPES = {"video": "video/mp4", "image": "image/png", "tts": "audio/mpeg", "sts": "audio/mpeg"}
NAMES = {"video": "film.mp4", "image": "picture.png", "tts": "speech.mp3", "sts": "speech.mp3"}


def line(request: RecordedRequest) -> str:
    return f"{request.method} {request.origin}{request.raw_target}"


# --- the whole way


@pytest.mark.parametrize("kind", KINDS)
def test_from_the_request_to_the_file(desk: Desk, kind: str, tmp_path: Path) -> None:
    told: list[Any] = []
    response = desk.generate(kind, callback=told.append)
    path = desk.save(response, tmp_path / "made")

    assert path == tmp_path / f"made{Path(NAMES[kind]).suffix}"
    served = desk.fal.file(link_of(response.raw_response)).content
    assert path.read_bytes() == served
    assert response.content_type == TYPES[kind]
    assert [update.status for update in told] == ["queued", "queued", "processing", "processing", "completed"]
    assert told[-1].result is response
    assert desk.charges == 1
    assert response.job.provider_ids == desk.ledger.charged_jobs
    assert response.execution_metadata.attempts[0].model == MODELS[kind]


def link_of(raw: dict[str, Any]) -> str:
    made = raw.get("video") or raw.get("audio") or raw["images"][0]
    link: str = made["url"]
    return link


def test_the_requests_of_a_job(desk: Desk, tmp_path: Path) -> None:
    desk.save(desk.generate(), tmp_path / "film")
    [job] = desk.fal.jobs
    below = f"{desk.fal.queue_url}/fal-ai/kling-video/requests/{job.id}"
    assert [line(request) for request in desk.fal.requests()] == [
        f"POST {desk.fal.queue_url}/{KLING}",
        *[f"GET {below}/status?logs=1"] * 5,
        f"GET {below}",
        f"GET {desk.fal.file(job_link(desk, job.id)).path}".replace("GET ", f"GET {desk.fal.cdn_url}"),
    ]
    submit, download = desk.fal.requests("submit")[0], desk.fal.requests("download")[0]
    assert submit.headers["authorization"] == f"Key {desk.fal.key}"
    assert submit.headers["content-type"] == "application/json"
    assert submit.json == {"prompt": "a lighthouse at dawn"}
    assert "authorization" not in download.headers
    assert not [name for name, _ in submit.headers.items() if name.startswith("x-")]


def job_link(desk: Desk, job_id: str) -> str:
    return next(path for path in (request.path for request in desk.fal.requests("download")) if job_id in path)


def test_logs_are_told_as_progress(desk: Desk) -> None:
    desk.fal.next_outcome(Outcome(logs=["loading", "rendering", "encoding"]))
    updates: list[Any] = []
    desk.generate(callback=updates.append, poll_interval=1)
    logs = [[entry["message"] for entry in update.update.get("logs") or ()] for update in updates[:-1]]
    assert logs[0] == []
    assert logs[-1] == ["loading", "rendering", "encoding"]
    assert all(earlier == later[: len(earlier)] for earlier, later in itertools.pairwise(logs))
    assert updates[0].update["queue_position"] == 1
    assert all(update.progress_percent is None for update in updates[:-1])
    assert updates[-1].progress_percent == 100


def test_what_the_provider_said_is_in_the_response(desk: Desk) -> None:
    facts = {"width": 1920, "height": 1080, "duration": 5.04, "fps": 24}
    output = {"video": MediaFile(mp4(), facts), "seed": 7, "actual_prompt": "a bright lighthouse", "timings": {"a": 1}}
    desk.fal.next_outcome(Outcome(output=output, billable_units=2.5))
    response = desk.generate()
    assert response.raw_response["video"]["fps"] == 24
    assert (response.duration, response.resolution, response.aspect_ratio) == (5.04, "1080p", "16:9")
    assert response.provider_metadata == {
        "seed": 7,
        "actual_prompt": "a bright lighthouse",
        "timings": {"a": 1},
        "billable_units": "2.5",
    }
    assert response.video == response.videos[0] == response.raw_response["video"]["url"]


def test_speech_is_fetched_and_measured(desk: Desk) -> None:
    response = desk.generate("tts")
    assert base64.b64decode(response.audio) == mp3().content
    assert response.duration == mp3().duration
    assert desk.sent()["output_format"] == "url"


SHAPES: dict[str, tuple[str, Any]] = {
    "a video": ("video", {"video": MediaFile(mp4())}),
    "a list of videos": ("video", {"videos": [MediaFile(mp4()), MediaFile(mp4("9:16"))]}),
    "under another name": ("video", {"final_cut": MediaFile(mp4()), "thumbnail": MediaFile(png())}),
    "deep inside": ("video", {"output": {"result": [{"file": MediaFile(mp4())}]}}),
    "with a first picture": ("video", {"cover": MediaFile(png()), "clip": MediaFile(mp4())}),
    "one image": ("image", {"image": MediaFile(png())}),
    "images": ("image", {"images": [MediaFile(png()), MediaFile(png(32, 32))]}),
    "an image by another name": ("image", {"upscaled": MediaFile(png()), "mask": MediaFile(png(8, 8))}),
    "speech": ("tts", {"audio": MediaFile(mp3())}),
    "speech by another name": ("tts", {"audio_file": MediaFile(mp3()), "text": "Hello"}),
    "a voice": ("sts", {"vocals": MediaFile(mp3())}),
}


SERVED = {"video": mp4(), "image": png(), "tts": mp3(), "sts": mp3()}


@pytest.mark.parametrize("shape", SHAPES)
def test_outputs_are_known_by_their_shape(desk: Desk, shape: str, tmp_path: Path) -> None:
    kind, output = SHAPES[shape]
    desk.fal.next_outcome(Outcome(output=output))
    response = desk.generate(kind)
    assert len(response.outputs()) == (2 if isinstance(output.get("videos") or output.get("images"), list) else 1)
    assert desk.save(response, tmp_path / "made").read_bytes() == SERVED[kind].content


def test_a_link_as_plain_text_and_a_data_uri_are_outputs(desk: Desk, tmp_path: Path) -> None:
    desk.fal.next_outcome(Outcome(output={"image_url": "https://media.example/a.png"}))
    assert desk.generate("image").images == ["https://media.example/a.png"]

    response = desk.generate("image", desk.request("image", sync_mode=True))
    assert response.images[0].startswith("data:image/png;base64,")
    assert desk.save(response, tmp_path / "picture").suffix == ".png"
    assert not desk.fal.requests("download")


def test_all_hosts_may_share_one_origin(world: World, virtual_clock: VirtualClock, ledger: Ledger) -> None:
    with FalSimulator(clock=virtual_clock, ledger=ledger) as fal:
        desk = Desk(world, fal)
        assert desk.generate().video.startswith(fal.cdn_url)
        desk.check_the_wire()


# --- settings


def outcomes(response: Any) -> dict[str, tuple[str, str | None]]:
    return {one.field: (one.outcome, one.parameter) for one in response.parameters}


def test_each_field_is_accounted_for(desk: Desk) -> None:
    request = desk.request(
        duration_seconds=7.4, aspect_ratio="16:9", generate_audio=False, seed=3, negative_prompt="fog", cfg_scale=0.7
    )
    response = desk.generate(request=request)
    assert desk.sent() == {
        "prompt": "a lighthouse at dawn",
        "duration": "7",
        "aspect_ratio": "16:9",
        "generate_audio": False,
        "negative_prompt": "fog",
        "cfg_scale": 0.7,
    }
    assert outcomes(response) == {
        "prompt": ("sent", "prompt"),
        "duration_seconds": ("rounded", "duration"),
        "aspect_ratio": ("sent", "aspect_ratio"),
        "generate_audio": ("sent", "generate_audio"),
        "negative_prompt": ("sent", "negative_prompt"),
        "seed": ("ignored", None),
        "cfg_scale": ("sent", "cfg_scale"),
    }
    assert [warning for warning in desk.warnings if "seed" in warning]


def test_an_ignored_field_may_be_an_error_before_paying(desk: Desk) -> None:
    error = desk.fails(ValidationError, request=desk.request(seed=3), unsupported_params="error")
    assert "seed" in error.message
    assert not desk.fal.requests()


def test_extra_parameters_reach_what_no_field_speaks_of(desk: Desk) -> None:
    """With them every endpoint can be called: here one that makes no media of ours from inputs that no field covers."""
    request = desk.request("image", input_image_url="https://media.example/a.png", target_polycount=30000)
    desk.fal.next_outcome(Outcome(output={"model_mesh": {"url": "https://media.example/a.glb"}}))
    response = desk.generate("image", request, model="fal-ai/meshy/v5/remesh")
    assert desk.sent()["input_image_url"] == "https://media.example/a.png"
    assert desk.sent()["target_polycount"] == 30000
    assert response.images == ["https://media.example/a.glb"]


OPTIONS: list[tuple[dict[str, Any], dict[str, str]]] = [
    ({"priority": "low"}, {"x-fal-queue-priority": "low"}),
    ({"start_timeout": 30}, {"x-fal-request-start-timeout": "30"}),
    ({"runner_hint": "same-runner"}, {"x-fal-runner-hint": "same-runner"}),
    ({"no_retry": True}, {"x-fal-no-retry": "1"}),
    ({"store_io": False}, {"x-fal-store-io": "0"}),
    (
        {"lifecycle": {"expiration_duration_seconds": 3600}},
        {"x-fal-object-lifecycle-preference": '{"expiration_duration_seconds": 3600}'},
    ),
    ({"disable_fallback": True}, {"x-app-fal-disable-fallback": "1"}),
    ({"tags": {"team": "film"}}, {"x-fal-tags": '{"team": "film"}'}),
    ({"priority": "normal", "no_retry": False}, {"x-fal-queue-priority": "normal", "x-fal-no-retry": "0"}),
]


@pytest.mark.parametrize(("options", "headers"), OPTIONS)
def test_options_become_headers_of_the_submit(desk: Desk, options: dict[str, Any], headers: dict[str, str]) -> None:
    desk.generate(options=options)
    submit = desk.fal.requests("submit")[0]
    assert {name: value for name, value in submit.headers.items() if "-fal-" in name} == headers
    assert submit.query == []
    assert desk.sent() == {"prompt": "a lighthouse at dawn"}


def test_options_of_the_query(desk: Desk) -> None:
    desk.submit(options={"webhook_url": "https://me.example/hook?id=1&b=2", "max_queue_length": 5})
    assert desk.fal.requests("submit")[0].query == [
        ("fal_webhook", "https://me.example/hook?id=1&b=2"),
        ("fal_max_queue_length", "5"),
    ]
    assert desk.fal.jobs[0].webhook == "https://me.example/hook?id=1&b=2"


@pytest.mark.parametrize(
    "options",
    [
        {"prority": "low"},
        {"priority": "high"},
        {"no_retry": "yes"},
        {"api_key": "x"},
        {"runner_hint": "a\r\nx-evil: 1"},
        {"runner_hint": "\u2603"},
    ],
)
def test_options_that_cannot_be_meant_are_refused_before_paying(desk: Desk, options: dict[str, Any]) -> None:
    desk.fails(ValidationError, options=options)
    assert not desk.fal.requests()


@pytest.mark.parametrize("name", ["fal_webhook", "fal_max_queue_length", "webhook_url", "Authorization", "x-fal-tags"])
def test_reserved_names_are_refused_as_parameters(desk: Desk, name: str) -> None:
    desk.fails(ValidationError, request=desk.request(extra_params={name: "x"}))
    assert not desk.fal.requests()


def test_the_key_may_come_from_the_environment(desk: Desk, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("FAL_KEY", f" {desk.fal.key}\n")
    assert desk.generate(api_key=None).video


@pytest.mark.parametrize("kind", KINDS)
def test_the_model_may_be_left_out(desk: Desk, kind: str) -> None:
    response = desk.generate(kind, model=None)
    [attempt] = response.execution_metadata.attempts
    assert desk.fal.jobs[0].endpoint == attempt.model
    assert attempt.model.startswith("fal-ai/")


@pytest.mark.parametrize("model", ["workflows/somebody/flow/step", "comfy/somebody/graph"])
def test_namespaces_keep_three_segments_in_links(desk: Desk, model: str) -> None:
    """Where the answer names no usable links, they are built as fal builds them."""
    desk.fal.fail_next("submit", keep_only_the_id())
    desk.generate("image", model=model)
    [result] = desk.fal.requests("result")
    assert result.path == f"/{'/'.join(model.split('/')[:3])}/requests/{desk.fal.jobs[0].id}"


def keep_only_the_id() -> Step:
    return alter_json(lambda body: {"request_id": body["request_id"]})


BAD_MODELS = [
    *("kling", "../admin/x", "fal-ai/../admin", "fal-ai/flux?x=1", "fal-ai/flux#x", "fal-ai//flux", "/fal-ai/flux"),
    *("fal-ai/flux/", "https://evil.example/fal-ai/flux", "fal-ai/flux dev", "fal-ai/%2e%2e/x", "fal-ai\\flux", "."),
]


@pytest.mark.parametrize("model", BAD_MODELS)
def test_model_ids_cannot_lead_elsewhere(desk: Desk, model: str) -> None:
    desk.fails(ValidationError, model=model)
    assert not desk.fal.requests()


# --- several outputs


def test_several_videos_are_several_submits(desk: Desk, tmp_path: Path) -> None:
    response = desk.generate(request=desk.request(number_of_videos=3))
    assert (desk.submits, desk.charges, len(set(response.videos))) == (3, 3, 3)
    assert [desk.sent(number) for number in range(3)] == [{"prompt": "a lighthouse at dawn"}] * 3
    assert response.job.provider_ids == [job.id for job in desk.fal.jobs]
    assert len(response.raw_response["responses"]) == 3
    assert outcomes(response)["number_of_videos"] == ("converted", None)
    for index, name in enumerate(["film.mp4", "film-2.mp4", "film-3.mp4"]):
        path = desk.save(response, tmp_path / name, index=index)
        assert path.read_bytes() == desk.fal.file(response.videos[index]).content


def test_several_images_are_one_submit_where_the_model_can(desk: Desk) -> None:
    response = desk.generate("image", desk.request("image", n=3))
    assert (desk.submits, len(response.images)) == (1, 3)
    assert desk.sent()["num_images"] == 3


def test_several_images_are_several_submits_where_it_cannot(desk: Desk) -> None:
    response = desk.generate("image", desk.request("image", n=2), model="fal-ai/flux-2-pro")
    assert (desk.submits, len(response.images)) == (2, 2)


PARTLY: dict[str, tuple[Step, type[TarashException], int]] = {
    "refused": (errors.model_error("value_error"), ValidationError, 0),
    "no money": (errors.exhausted_balance(), InsufficientCreditsError, 0),
    "an error of fal": (errors.request_error("internal_error"), HTTPError, 0),
    "lost": (Reset(), SubmitOutcomeUnknownError, 1),
}


@pytest.mark.parametrize("fault", PARTLY)
def test_one_of_several_submits_fails(desk: Desk, fault: str) -> None:
    step, cause, billed = PARTLY[fault]
    desk.fal.fail_next("submit", Normal(), times=2)
    desk.fal.fail_next("submit", *([Perform(), step] if billed else [step]))
    request = desk.request(number_of_videos=4)
    error = desk.fails(PartialResultError, request=request, fallback_configs=[desk.config()])
    assert (desk.submits, desk.charges) == (3, 2 + billed)
    assert isinstance(error.errors[0], cause)
    assert error.possibly_billed is bool(billed)
    assert len(error.response.videos) == 2
    assert error.job is not None
    assert desk.ask("resume", error.job).videos == error.response.videos
    assert desk.submits == 3


def test_one_of_several_jobs_fails(desk: Desk) -> None:
    desk.fal.next_outcome(Outcome())
    desk.fal.next_outcome(Outcome(failure=errors.model_error("no_media_generated")))
    error = desk.fails(PartialResultError, request=desk.request(number_of_videos=3))
    assert (desk.submits, desk.charges, len(error.response.videos)) == (3, 3, 2)
    assert [type(one) for one in error.errors] == [GenerationFailedError]


# --- jobs


@pytest.mark.parametrize("kind", KINDS)
def test_a_job_is_polled_and_resumed(desk: Desk, kind: str) -> None:
    job = desk.submit(kind)
    assert isinstance(job, Job)
    assert (job.provider, job.model, job.kind, job.base_url) == ("fal", MODELS[kind], kind, desk.fal.queue_url)
    assert desk.fal.key not in job.to_json()
    assert desk.ask("poll", job).status == "queued"
    desk.clock.advance(3)
    update = desk.ask("poll", job)
    assert (update.status, update.update["status"]) == ("processing", "IN_PROGRESS")
    desk.clock.advance(10)
    update = desk.ask("poll", job)
    assert (update.status, update.progress_percent) == ("completed", 100)
    assert update.result.outputs() == desk.ask("resume", job).outputs()
    assert (desk.submits, desk.charges) == (1, 1)


@pytest.mark.parametrize(("wait", "told"), [(0, "cancelled"), (3, "cancelled"), (10, "too_late")])
def test_a_job_is_cancelled(desk: Desk, wait: float, told: str) -> None:
    job = desk.submit()
    desk.clock.advance(wait)
    assert desk.ask("cancel", job) == told
    [request] = desk.fal.requests("cancel")
    assert line(request) == f"PUT {desk.fal.queue_url}/fal-ai/kling-video/requests/{desk.fal.jobs[0].id}/cancel"
    assert desk.ledger.cancels == 1
    if told == "cancelled":
        with desk.failing(GenerationFailedError) as caught:
            desk.ask("resume", job)
        assert "cancelled" in caught[0].message


def test_the_other_answer_to_a_cancel(world: World, virtual_clock: VirtualClock, ledger: Ledger) -> None:
    with FalSimulator(clock=virtual_clock, ledger=ledger, run_seconds=9, cancel_reply="success") as fal:
        desk = Desk(world, fal)
        job = desk.submit()
        assert desk.ask("cancel", job) == "cancelled"
        fal.fail_next("cancel", Answer(json={"success": False}))
        assert desk.ask("cancel", job) == "too_late"


def test_a_request_object_is_not_changed(desk: Desk) -> None:
    request = VideoGenerationRequest(prompt="x", image_list=["https://media.example/a.png"], seed=1)
    before = request.model_dump_json()
    desk.generate(request=request, model="fal-ai/kling-video/v3/pro/image-to-video")
    assert request.model_dump_json() == before
