"""Videos and images of every way to run a model, in both worlds."""

import io
from pathlib import Path
from typing import Any

import pytest
from PIL import Image
from tests.replicate.desk import LARGE, PICTURE, Desk, image

from tarash.tarash_gateway.exceptions import JobRejectedError, ValidationError
from tarash.testkit.ledger import Ledger
from tarash.testkit.media import mp4
from tarash.testkit.replicate import MODELS, PredictionOutcome

VERSION = MODELS["someone/painter"].version


def test_a_video_is_made_and_saved_without_the_key(desk: Desk, ledger: Ledger, tmp_path: Path) -> None:
    response = desk.generate("video", {"aspect_ratio": "9:16", "duration_seconds": 4})
    path = desk.world.save(response, tmp_path / "video")
    assert path.suffix == ".mp4"
    assert path.read_bytes() == mp4("9:16").content
    assert (ledger.posts, ledger.total_charges) == (1, 1)
    assert desk.vendor.requests("download")[0].headers.get("authorization") is None
    ledger.assert_key_only_at(desk.vendor.server.url, desk.vendor.key)


def test_images_are_made_by_the_published_schema(desk: Desk, ledger: Ledger, tmp_path: Path) -> None:
    response = desk.generate("image", {"n": 2, "aspect_ratio": "16:9"})
    assert len(response.images) == 2
    saved = desk.world.save(response, tmp_path / "image").read_bytes()
    assert Image.open(io.BytesIO(saved)).size == (64, 48)
    assert len(desk.vendor.requests("model")) == 1
    desk.generate("image")
    assert len(desk.vendor.requests("model")) == 1, "the schema is kept"
    with pytest.raises(ValidationError, match="4:3"):
        desk.generate("image", {"aspect_ratio": "4:3"})
    assert (ledger.posts, ledger.total_charges) == (2, 2)


@pytest.mark.parametrize("model", [f"someone/painter:{VERSION}", VERSION])
def test_a_version_is_named_in_the_body(desk: Desk, model: str) -> None:
    assert desk.generate("image", model=model).images
    sent = desk.vendor.requests("create")[0]
    assert (sent.path, sent.json["version"]) == ("/v1/predictions", model.rpartition(":")[2])


def test_a_community_model_is_run_by_its_latest_version(desk: Desk, ledger: Ledger) -> None:
    assert desk.generate("image", model="someone/painter").images
    refused, accepted = desk.vendor.requests("create")
    assert refused.path == "/v1/models/someone/painter/predictions"
    assert accepted.json["version"] == VERSION
    assert ledger.total_charges == 1


def test_a_deployment_has_its_own_path(desk: Desk) -> None:
    desk.generate("video", model="acme/films", provider_config={"deployment": True})
    assert desk.vendor.requests("create")[0].path == "/v1/deployments/acme/films/predictions"


def test_a_model_without_a_schema_is_tried_with_usual_names(desk: Desk) -> None:
    desk.generate("image", {"seed": 7, "n": 1}, provider_config={"live_schema": False})
    assert desk.vendor.requests("create")[0].json["input"] == {
        "prompt": "a lighthouse at dawn",
        "seed": 7,
        "num_outputs": 1,
    }
    assert desk.vendor.requests("model") == []


def test_large_inputs_are_uploaded_and_small_ones_go_along(desk: Desk) -> None:
    images = [image(role="first_frame"), image(LARGE, "last_frame")]
    desk.generate("video", {"image_list": images})
    sent = desk.vendor.requests("create")[0].json["input"]
    assert sent["image"] == PICTURE.data_uri
    file_id = sent["last_frame"].rpartition("/")[2]
    assert desk.vendor.uploaded[file_id] == LARGE
    assert desk.vendor.files[file_id]["content_type"] == "image/png"


def test_waiting_at_the_vendor_finishes_without_a_poll(desk: Desk, ledger: Ledger) -> None:
    response = desk.generate("video", provider_config={"wait": 60, "cancel_after": "10m"})
    assert response.status == "completed"
    sent = desk.vendor.requests("create")[0].headers
    assert (sent.get("prefer"), sent.get("cancel-after"), ledger.polls) == ("wait=60", "10m", 0)


def test_a_short_wait_at_the_vendor_is_followed_by_polls(desk: Desk, ledger: Ledger) -> None:
    assert desk.generate("video", provider_config={"wait": 5}).status == "completed"
    assert ledger.polls > 0
    assert ledger.posts == 1


@pytest.mark.parametrize(
    ("output", "count"),
    [
        (["LINK1.mp4", "LINK2.mp4"], 2),
        ({"video": "LINK1.mp4", "seed": 3}, 1),
        ([{"file": "LINK1.mp4"}], 1),
        ({"preview": "LINK.png", "video": {"url": "LINK.mp4"}}, 1),
        ("LINK", 1),
    ],
)
def test_outputs_are_found_wherever_they_stand(desk: Desk, output: Any, count: int) -> None:
    desk.vendor.next_prediction(PredictionOutcome(output=_linked(output)))
    assert len(desk.generate("video").videos) == count


def _linked(value: Any) -> Any:
    if isinstance(value, dict):
        return {name: _linked(item) for name, item in value.items()}
    if isinstance(value, list):
        return [_linked(item) for item in value]
    return value.replace("LINK", "https://replicate.delivery/xyz/out") if isinstance(value, str) else value


@pytest.mark.parametrize(
    ("model", "request_", "problem"),
    [
        ("kwaivgi/kling-v2.1", {}, "start_image"),
        ("kwaivgi/kling-v2.1", {"image_list": [image(role="first_frame"), image(role="last_frame")]}, "pro"),
        ("google/veo-3.1", {"image_list": [image(role="last_frame")]}, "only with 'image'"),
        ("google/veo-3.1", {"image_list": [image()], "aspect_ratio": "9:16"}, "16:9"),
        ("google/veo-3.1", {"image_list": [image()], "duration_seconds": 4}, "'duration' 8"),
        ("google/veo-3.1", {"resolution": "4k"}, "720p, 1080p"),
        ("google", {}, "owner/name"),
        ("google/veo-3.1:latest", {}, "64"),
        ("google/../veo", {}, "cannot be used"),
    ],
)
def test_what_the_model_does_not_take_costs_nothing(
    desk: Desk, model: str, request_: dict[str, Any], problem: str
) -> None:
    with pytest.raises(ValidationError, match=problem):
        desk.generate("video", request_, model=model)
    assert desk.vendor.server.requests.total == 0


@pytest.mark.parametrize(
    "options",
    [{"wait": 61}, {"wait": "5"}, {"cancel_after": "soon"}, {"webhook_events": ["done"]}, {"colour": 1}],
)
def test_options_are_judged_before_anything_is_sent(desk: Desk, options: dict[str, Any]) -> None:
    with pytest.raises(ValidationError, match="provider_config"):
        desk.generate("video", provider_config=options)
    assert desk.vendor.server.requests.total == 0


def test_progress_is_read_from_the_logs(desk: Desk) -> None:
    desk.vendor.next_prediction(PredictionOutcome(logs=" 10%|#   | 1/10\n 40%|##  | 4/10 [00:01]\n", run_seconds=500))
    job = desk.submit("video")
    desk.vendor.clock.advance(10)
    assert desk.ask("poll", job).progress_percent == 40


@pytest.mark.parametrize("secret", [True, False])
def test_a_webhook_finishes_the_job(desk: Desk, ledger: Ledger, secret: bool) -> None:
    options = {"webhook_url": "https://example.com/hook"}
    job = desk.submit("video", provider_config=options)
    sent = desk.vendor.requests("create")[0].json
    assert (sent["webhook"], sent["webhook_events_filter"]) == ("https://example.com/hook", ["completed"])
    desk.vendor.clock.advance(100)
    message = desk.vendor.webhook(job.provider_ids[0])
    known = {"webhook_secret": desk.vendor.webhook_secret} if secret else {}
    response = desk.ask("receive_webhook", job, message.headers, message.body, provider_config=known)
    assert response.status == "completed"
    assert (ledger.polls, len(desk.vendor.requests("secret"))) == (0, 0 if secret else 1)


@pytest.mark.parametrize("forgery", ["body", "old", "other job"])
def test_a_forged_webhook_is_refused(desk: Desk, forgery: str) -> None:
    job, other = desk.submit("video"), desk.submit("video")
    about = other if forgery == "other job" else job
    message = desk.vendor.webhook(about.provider_ids[0], age=301 if forgery == "old" else 0)
    body = message.body + b" " if forgery == "body" else message.body
    options = {"webhook_secret": desk.vendor.webhook_secret}
    with pytest.raises(JobRejectedError):
        desk.ask("receive_webhook", job, message.headers, body, provider_config=options)
