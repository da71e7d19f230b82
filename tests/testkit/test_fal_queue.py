"""The simulated queue and synchronous host, asked with plain HTTP."""

import io
import json
from collections.abc import Callable
from typing import Any

import av
import pytest
from PIL import Image

from tarash.testkit import media
from tarash.testkit.clock import VirtualClock
from tarash.testkit.fal import FalSimulator, MediaFile, Outcome
from tarash.testkit.fal.errors import model_error
from tarash.testkit.ledger import Ledger

KLING = "fal-ai/kling-video/v3/pro/text-to-video"
Ask = Callable[..., Any]


@pytest.mark.parametrize(
    ("endpoint", "app"),
    [
        (KLING, "fal-ai/kling-video"),
        ("bria/fibo", "bria/fibo"),
        ("workflows/somebody/flow/step", "workflows/somebody/flow"),
        ("comfy/somebody/graph", "comfy/somebody/graph"),
    ],
)
def test_the_links_of_a_job_keep_owner_and_app(fal: FalSimulator, ask: Ask, endpoint: str, app: str) -> None:
    reply = ask("POST", f"{fal.queue_url}/{endpoint}", {"prompt": "a cat"})
    job_id = reply.json["request_id"]
    root = f"{fal.queue_url}/{app}/requests/{job_id}"
    assert reply.status == 200
    assert reply.headers["x-fal-request-id"] == job_id
    assert reply.json == {
        "status": "IN_QUEUE",
        "request_id": job_id,
        "response_url": root,
        "status_url": f"{root}/status",
        "cancel_url": f"{root}/cancel",
        "queue_position": 2,
    }
    assert ask("GET", f"{root}/status").status == 202
    if endpoint != app:
        assert ask("GET", f"{fal.queue_url}/{endpoint}/requests/{job_id}/status").status == 404


def test_a_job_goes_by_the_virtual_clock(fal: FalSimulator, ask: Ask, clock: VirtualClock) -> None:
    fal.next_outcome(Outcome(logs=["loading", "denoising", "encoding"]))
    job = ask("POST", f"{fal.queue_url}/{KLING}", {"prompt": "a cat"}).json

    def told(logs: str = "") -> tuple[int, dict[str, Any]]:
        reply = ask("GET", job["status_url"] + logs)
        return reply.status, {key: value for key, value in reply.json.items() if not key.endswith("_url")}

    assert told() == (202, {"status": "IN_QUEUE", "request_id": job["request_id"], "queue_position": 2})
    early = ask("GET", job["response_url"])
    assert (early.status, early.json) == (400, {"detail": "Request is still in progress"})
    clock.advance(2)
    assert told() == (202, {"status": "IN_PROGRESS", "request_id": job["request_id"], "logs": None})
    clock.advance(1.5)
    status, body = told("?logs=1")
    assert (status, [entry["message"] for entry in body["logs"]]) == (202, ["loading", "denoising"])
    assert set(body["logs"][0]) == {"message", "level", "source", "timestamp"}
    clock.advance(1.5)
    assert told() == (
        200,
        {"status": "COMPLETED", "request_id": job["request_id"], "logs": None, "metrics": {"inference_time": 3}},
    )
    assert [entry["message"] for entry in told("?logs=true")[1]["logs"]] == ["loading", "denoising", "encoding"]


def test_a_result_has_media_that_decode(fal: FalSimulator, ask: Ask, clock: VirtualClock) -> None:
    job = ask("POST", f"{fal.queue_url}/{KLING}", {"prompt": "a cat", "aspect_ratio": "9:16"}).json
    clock.advance(5)
    reply = ask("GET", job["response_url"])
    assert reply.status == 200
    assert reply.headers["x-fal-request-id"] == job["request_id"]
    assert reply.headers["x-fal-billable-units"] == "1"
    video = reply.json["video"]
    assert video["url"].startswith(fal.cdn_url + "/files/")
    assert (video["content_type"], video["width"], video["height"]) == ("video/mp4", 480, 854)
    content = ask("GET", video["url"], key=None).body
    assert len(content) == video["file_size"]
    with av.open(io.BytesIO(content), "r") as container:
        assert container.streams.video[0].height == 854


@pytest.mark.parametrize(
    ("endpoint", "arguments", "field"),
    [
        ("fal-ai/flux/dev", {"num_images": 3, "image_size": "square"}, "images"),
        ("fal-ai/veo3.1/fast", {}, "video"),
        ("fal-ai/minimax/speech-2.8-hd", {"prompt": "hello"}, "audio"),
        ("fal-ai/elevenlabs/tts/multilingual-v2", {}, "audio"),
        ("somebody/unheard-of", {}, "images"),
    ],
)
def test_unregistered_endpoints_make_what_their_name_suggests(
    fal: FalSimulator, ask: Ask, endpoint: str, arguments: dict[str, Any], field: str
) -> None:
    output = ask("POST", f"{fal.run_url}/{endpoint}", arguments).json
    assert field in output
    if field == "images":
        assert len(output["images"]) == arguments.get("num_images", 1)
    if field == "audio":
        assert output["duration_ms"] == 1000


@pytest.mark.parametrize(
    ("size", "pixels"),
    [("square_hd", (1024, 1024)), ({"width": 48, "height": 32}, (48, 32)), ("odd", (256, 192)), (None, (256, 192))],
)
def test_pictures_have_the_size_that_was_asked_for(
    fal: FalSimulator, ask: Ask, size: object, pixels: tuple[int, int]
) -> None:
    [image] = ask("POST", f"{fal.run_url}/fal-ai/flux/dev", {"image_size": size}).json["images"]
    assert (image["width"], image["height"]) == pixels
    with Image.open(io.BytesIO(ask("GET", image["url"], key=None).body)) as picture:
        assert picture.size == pixels


def test_sync_mode_puts_the_file_into_the_answer(fal: FalSimulator, ask: Ask) -> None:
    [image] = ask("POST", f"{fal.run_url}/fal-ai/flux/dev", {"sync_mode": True}).json["images"]
    assert image["url"].startswith("data:image/png;base64,iVBORw0KGgo")


def test_a_call_takes_as_long_as_the_job(fal: FalSimulator, ask: Ask, clock: VirtualClock, book: Ledger) -> None:
    before = clock.monotonic()
    ask("POST", f"{fal.run_url}/{KLING}", {})
    assert clock.monotonic() == before + 5
    assert book.charged_jobs == [fal.jobs[0].id]


def test_every_accepted_job_is_charged_once(fal: FalSimulator, ask: Ask, book: Ledger, clock: VirtualClock) -> None:
    jobs = [ask("POST", f"{fal.queue_url}/{KLING}", {}).json for _ in range(3)]
    clock.advance(5)
    for job in jobs:
        ask("GET", job["status_url"])
        ask("GET", job["response_url"])
        ask("GET", job["response_url"])
    assert [book.charges(job["request_id"]) for job in jobs] == [1, 1, 1]
    assert (book.total_charges, book.polls, book.events("result")) == (3, 3, 6)
    assert [job.id for job in fal.jobs] == book.charged_jobs


@pytest.mark.parametrize("key", [None, "wrong", "simulated-key-id"])
def test_without_the_right_key_nothing_goes(fal: FalSimulator, ask: Ask, book: Ledger, key: str | None) -> None:
    for method, url in [
        ("POST", f"{fal.queue_url}/{KLING}"),
        ("GET", f"{fal.queue_url}/fal-ai/kling-video/requests/x/status"),
        ("POST", f"{fal.run_url}/{KLING}"),
        ("POST", f"{fal.rest_url}/storage/auth/token?storage_type=fal-cdn-v3"),
    ]:
        reply = ask(method, url, {}, key=key)
        assert reply.status == 401
        assert isinstance(reply.json["detail"], str)
    assert book.total_charges == 0


def test_the_key_must_be_announced_as_key(fal: FalSimulator, ask: Ask) -> None:
    headers = {"Authorization": f"Bearer {fal.key}"}
    assert ask("POST", f"{fal.queue_url}/{KLING}", {}, key=None, headers=headers).status == 401


@pytest.mark.parametrize("path", ["/fal-ai", "/a/b/c/d/e/f/g/h", "/a//b", "/fal-ai/"])
def test_what_is_no_endpoint_is_not_found(fal: FalSimulator, ask: Ask, book: Ledger, path: str) -> None:
    assert ask("POST", fal.queue_url + path, {}).status == 404
    assert ask("DELETE", f"{fal.queue_url}/fal-ai/flux", {}).status == 404
    assert book.total_charges == 0


def test_a_strict_simulator_knows_only_what_was_registered(ask: Ask) -> None:
    with FalSimulator(strict=True) as fal:
        fal.register_endpoint("fal-ai/flux/dev")
        assert ask("POST", f"{fal.queue_url}/fal-ai/flux/dev", {}).status == 200
        assert ask("POST", f"{fal.queue_url}/fal-ai/flux/schnell", {}).status == 404


def test_unknown_jobs_are_not_found(fal: FalSimulator, ask: Ask) -> None:
    job = ask("POST", f"{fal.queue_url}/{KLING}", {}).json
    root = f"{fal.queue_url}/fal-ai/kling-video/requests/no-such-job"
    for method, url in [("GET", root), ("GET", root + "/status"), ("PUT", root + "/cancel")]:
        reply = ask(method, url)
        assert (reply.status, reply.json) == (404, {"status": "NOT_FOUND"})
    assert ask("GET", job["status_url"].replace("kling-video", "flux")).status == 404
    fal.forget(job["request_id"])
    assert ask("GET", job["status_url"]).status == 404


def test_cancelling_in_time(fal: FalSimulator, ask: Ask, clock: VirtualClock, book: Ledger) -> None:
    job = ask("POST", f"{fal.queue_url}/{KLING}", {}).json
    clock.advance(3)
    reply = ask("PUT", job["cancel_url"])
    assert (reply.status, reply.json) == (202, {"status": "CANCELLATION_REQUESTED"})
    status = ask("GET", job["status_url"])
    assert (status.status, status.json["status"], status.json["error_type"]) == (200, "COMPLETED", "client_cancelled")
    result = ask("GET", job["response_url"])
    assert (result.status, result.json["error_type"]) == (499, "client_cancelled")
    assert book.cancels == 1


def test_cancelling_too_late(fal: FalSimulator, ask: Ask, clock: VirtualClock) -> None:
    job = ask("POST", f"{fal.queue_url}/{KLING}", {}).json
    clock.advance(5)
    reply = ask("PUT", job["cancel_url"])
    assert (reply.status, reply.json) == (400, {"status": "ALREADY_COMPLETED"})
    assert ask("GET", job["response_url"]).status == 200


def test_a_job_may_not_care_about_being_cancelled(fal: FalSimulator, ask: Ask, clock: VirtualClock) -> None:
    fal.next_outcome(Outcome(cancellable=False))
    job = ask("POST", f"{fal.queue_url}/{KLING}", {}).json
    assert ask("PUT", job["cancel_url"]).status == 202
    clock.advance(5)
    assert ask("GET", job["response_url"]).status == 200


def test_cancelling_as_the_openapi_documents_describe_it(ask: Ask) -> None:
    with FalSimulator(queue_seconds=1, cancel_reply="success") as fal:
        job = ask("POST", f"{fal.queue_url}/{KLING}", {}).json
        reply = ask("PUT", job["cancel_url"])
        assert (reply.status, reply.json) == (200, {"success": True})


def events_of(body: bytes) -> list[dict[str, Any]]:
    return [json.loads(event.removeprefix("data: ")) for event in body.decode().split("\n\n") if event]


def test_the_status_stream_tells_every_change(fal: FalSimulator, ask: Ask, clock: VirtualClock) -> None:
    fal.next_outcome(Outcome(logs=["only line"]))
    job = ask("POST", f"{fal.queue_url}/{KLING}", {}).json
    before = clock.monotonic()
    reply = ask("GET", job["status_url"] + "/stream?logs=1")
    assert reply.headers["content-type"] == "text/event-stream"
    events = events_of(reply.body)
    assert [event["status"] for event in events] == ["IN_QUEUE", "IN_PROGRESS", "COMPLETED"]
    assert [entry["message"] for entry in events[-1]["logs"]] == ["only line"]
    assert clock.monotonic() == before + 5


def test_a_call_can_be_streamed(fal: FalSimulator, ask: Ask, book: Ledger) -> None:
    reply = ask("POST", f"{fal.run_url}/fal-ai/flux/dev/stream", {})
    assert "images" in events_of(reply.body)[-1]
    fal.next_outcome(Outcome(failure=model_error("no_media_generated")))
    assert ask("POST", f"{fal.run_url}/fal-ai/flux/dev/stream", {}).status == 422
    assert book.total_charges == 2


def test_outcomes_are_for_the_next_job_or_for_an_endpoint(fal: FalSimulator, ask: Ask) -> None:
    fal.register_endpoint("a/every-time", outcome=Outcome(output={"n": 0}))
    fal.register_endpoint("a/fixed", output={"n": 1, "list": [MediaFile(media.wav(), {"channels": 1})]})
    fal.next_outcome(Outcome(output={"n": 2}), endpoint="a/every-time")
    fal.next_outcome(Outcome(output={"n": 3}), times=2)

    def run(endpoint: str) -> int:
        return int(ask("POST", f"{fal.run_url}/{endpoint}", {}).json["n"])

    assert [run("a/fixed"), run("a/every-time"), run("a/every-time"), run("a/every-time")] == [3, 2, 3, 0]
    output = ask("POST", f"{fal.run_url}/a/fixed", {}).json
    assert output["n"] == 1
    assert output["list"][0]["channels"] == 1
    assert ask("GET", output["list"][0]["url"], key=None).body == media.wav().content


def test_the_truth_can_be_bent(fal: FalSimulator, ask: Ask, clock: VirtualClock) -> None:
    statuses: list[str | dict[str, Any]] = [
        "PAUSED",
        "IN_PROGRESS",
        "IN_QUEUE",
        {"request_id": "another-job"},
        {"queue_position": 9},
    ]
    fal.next_outcome(Outcome(statuses=statuses, queue_seconds=1, run_seconds=0))
    job = ask("POST", f"{fal.queue_url}/{KLING}", {}).json
    told = [ask("GET", job["status_url"]).json for _ in range(6)]
    assert [body["status"] for body in told] == ["PAUSED", "IN_PROGRESS"] + ["IN_QUEUE"] * 4
    assert [body["request_id"] == job["request_id"] for body in told] == [True, True, True, False, True, True]
    assert [body.get("queue_position") for body in told[3:]] == [1, 9, 1]
    clock.advance(1)
    assert ask("GET", job["status_url"]).json["status"] == "COMPLETED"


def test_polling_can_move_the_clock(ask: Ask) -> None:
    with FalSimulator(queue_seconds=1, run_seconds=1, advance_per_poll=1) as fal:
        job = ask("POST", f"{fal.queue_url}/{KLING}", {}).json
        told = [ask("GET", job["status_url"]).json["status"] for _ in range(3)]
        assert told == ["IN_QUEUE", "IN_PROGRESS", "COMPLETED"]


@pytest.mark.parametrize("header", ["X-Fal-Request-Timeout", "X-Fal-Request-Start-Timeout"])
def test_a_job_that_waits_too_long_fails(fal: FalSimulator, ask: Ask, clock: VirtualClock, header: str) -> None:
    job = ask("POST", f"{fal.queue_url}/{KLING}", {}, headers={header: "1.5"}).json
    patient = ask("POST", f"{fal.queue_url}/{KLING}", {}, headers={header: "2"}).json
    clock.advance(1.5)
    assert ask("GET", job["status_url"]).json["error_type"] == "request_timeout"
    result = ask("GET", job["response_url"])
    assert (result.status, result.headers["x-fal-request-timeout-type"]) == (504, "user")
    clock.advance(3.5)
    assert ask("GET", patient["response_url"]).status == 200


def test_a_queue_may_be_too_long_for_the_sender(fal: FalSimulator, ask: Ask, book: Ledger) -> None:
    url = f"{fal.queue_url}/{KLING}?fal_max_queue_length=1"
    assert [ask("POST", url, {}).status for _ in range(3)] == [200, 200, 429]
    assert book.total_charges == 2


def test_what_was_sent_can_be_looked_at(fal: FalSimulator, ask: Ask) -> None:
    ask("POST", f"{fal.queue_url}/{KLING}", {"prompt": "a cat"}, headers={"X-Fal-No-Retry": "1"})
    [job] = fal.jobs
    assert (job.endpoint, job.app, job.input) == (KLING, "fal-ai/kling-video", {"prompt": "a cat"})
    assert fal.job(job.id) is job
    [submit] = fal.requests("submit")
    assert submit.headers["x-fal-no-retry"] == "1"
    assert fal.requests("status") == []
    assert len(fal.requests()) == 1
