"""One generation of every kind and way, in both worlds: from the request to the bytes on disk."""

import base64
import io
from pathlib import Path
from typing import Any

import pytest
from PIL import Image
from tests.luma.desk import CLIP, FILM, FILM_LINK, LARGE, LINK, OLDER, PICTURE, SECOND, Desk, as_image
from tests.support.desks import as_input
from tests.support.worlds import SyncWorld

from tarash.tarash_gateway.exceptions import (
    ContentModerationError,
    HTTPConnectionError,
    HTTPError,
    JobRejectedError,
    TarashException,
    UnsupportedOperationError,
    ValidationError,
)
from tarash.testkit.ledger import Ledger
from tarash.testkit.luma import GenerationOutcome, LumaSimulator
from tarash.testkit.media import mp4
from tarash.testkit.steps import Answer

VIDEOS: dict[str, tuple[str, dict[str, Any]]] = {
    "text": ("ray-3.2", {"aspect_ratio": "9:16"}),
    "first frame": ("ray-3.2", {"image_list": [as_image(PICTURE)]}),
    "both frames": ("ray-3.2", {"image_list": [as_image(PICTURE), as_image(SECOND, "last_frame")]}),
    "edit": ("ray-3.2", {"video": FILM}),
    "reframe": ("ray-3.2", {"video": FILM, "type": "video_reframe", "aspect_ratio": "9:16"}),
    "older, text": ("ray-2", {"aspect_ratio": "9:16"}),
    "older, both frames": ("ray-flash-2", {"image_list": [as_image(LINK), as_image(LINK, "last_frame")]}),
    "older, modify": ("ray-2", {"video": FILM_LINK}),
    "older, reframe": ("ray-2", {"video": FILM_LINK, "generation_type": "reframe_video", "aspect_ratio": "9:16"}),
}


@pytest.mark.parametrize("name", VIDEOS)
def test_a_video_is_made_and_saved(desk: Desk, ledger: Ledger, name: str, tmp_path: Path) -> None:
    model, request = VIDEOS[name]
    response = desk.generate("video", request, model=model)
    assert response.status == "completed"
    assert len(desk.vendor.requests("create")) == ledger.total_charges == ledger.posts == 1
    path = desk.world.save(response, tmp_path / "video")
    assert (path.suffix, path.read_bytes()) == (".mp4", mp4(request.get("aspect_ratio", "16:9")).content)
    assert response.provider_metadata["model"] == model
    key = desk.vendor.dream_machine_key if model.startswith(OLDER) else desk.vendor.key
    ledger.assert_key_only_at(desk.vendor.server.url, key)


IMAGES: dict[str, tuple[str, dict[str, Any]]] = {
    "text": ("uni-1", {"aspect_ratio": "1:1"}),
    "references": ("uni-1-max", {"image_list": [as_input(PICTURE), LINK], "aspect_ratio": "1:1"}),
    "edit": ("uni-1", {"image_list": [as_input(PICTURE)], "type": "image_edit", "aspect_ratio": "1:1"}),
    "older, text": ("photon-1", {"aspect_ratio": "1:1"}),
    "older, references": ("photon-flash-1", {"image_list": [LINK], "aspect_ratio": "1:1"}),
    "older, edit": ("photon-1", {"modify_image_ref": {"url": LINK}, "aspect_ratio": "1:1"}),
    "older, reframe": ("photon-1", {"generation_type": "reframe_image", "image_list": [LINK], "aspect_ratio": "1:1"}),
}


@pytest.mark.parametrize("name", IMAGES)
def test_an_image_is_made_and_saved(desk: Desk, ledger: Ledger, name: str, tmp_path: Path) -> None:
    model, request = IMAGES[name]
    response = desk.generate("image", request, model=model)
    path = desk.world.save(response, tmp_path / "image")
    assert (path.suffix, Image.open(io.BytesIO(path.read_bytes())).size) == (".png", (128, 128))
    assert (ledger.posts, ledger.total_charges) == (1, 1)


def test_layers_are_several_images(desk: Desk, ledger: Ledger, tmp_path: Path) -> None:
    response = desk.generate("image", {"type": "layering", "image_list": [as_input(PICTURE)]})
    saved = [desk.world.save(response, tmp_path / str(number), index=number).read_bytes() for number in (0, 1)]
    assert len(set(saved)) == len(response.images) == 2
    assert [one["label"] for one in response.provider_metadata["layers"]] == ["lighthouse", "sea"]
    assert ledger.total_charges == 1


def test_a_video_is_given_more_pixels_and_sound(desk: Desk, ledger: Ledger) -> None:
    first = desk.generate("video", model="ray-2").job.provider_ids[0]
    for task, more in (("upscale_video", {"resolution": "4k"}), ("add_audio", {"negative_prompt": "voices"})):
        request = {"generation_type": task, "generation_id": first, **more}
        assert desk.generate("video", request, model="ray-2").status == "completed"
    paths = [request.path for request in desk.vendor.requests("create")]
    assert paths[1:] == [f"/dream-machine/v1/generations/{first}/{end}" for end in ("upscale", "audio")]
    assert ledger.total_charges == 3


def test_a_video_goes_on_from_an_earlier_one(desk: Desk) -> None:
    earlier = desk.generate("video").job.provider_ids[0]
    goes_on = {"video": {"start_frame": {"generation_id": earlier}}}
    assert desk.generate("video", {"extra_params": goes_on}).status == "completed"
    before = desk.generate("video", model="ray-2").job.provider_ids[0]
    frames = {"frame0": {"type": "generation", "id": before}}
    assert desk.generate("video", {"keyframes": frames}, model="ray-2").status == "completed"


@pytest.mark.parametrize(("kind", "count", "model"), [("video", "number_of_videos", "ray-2"), ("image", "n", "uni-1")])
def test_several_outputs_are_several_generations(desk: Desk, ledger: Ledger, kind: str, count: str, model: str) -> None:
    response = desk.generate(kind, {count: 3}, model=model)
    assert len(response.outputs()) == len(response.job.provider_ids) == ledger.posts == ledger.total_charges == 3


def test_progress_is_told_without_a_percentage(desk: Desk) -> None:
    desk.vendor.next_generation(GenerationOutcome(states=["queued", "dreaming"]))
    updates: list[Any] = []
    desk.ask("resume", desk.submit("video", model="ray-2"), updates.append)
    told = [(update.status, update.progress_percent) for update in updates]
    assert told[:2] == [("queued", None), ("processing", None)]


@pytest.mark.parametrize("model", ["ray-3.2", "ray-2"])
def test_a_link_that_expired_is_asked_for_anew(desk: Desk, ledger: Ledger, model: str, tmp_path: Path) -> None:
    response = desk.generate("video", model=model)
    desk.vendor.expire_links()
    assert desk.world.save(response, tmp_path / "video").read_bytes() == CLIP
    assert ledger.posts == 1


# Inputs.


def test_a_small_file_goes_into_the_request(desk: Desk, tmp_path: Path) -> None:
    path = tmp_path / "secret-name.png"
    path.write_bytes(PICTURE)
    desk.generate("video", {"image_list": [path]})
    sent = desk.vendor.requests("create")[0].json["video"]["start_frame"]
    assert sent == {"data": base64.b64encode(PICTURE).decode(), "media_type": "image/png"}


def test_a_large_file_is_uploaded_without_the_key(desk: Desk, ledger: Ledger) -> None:
    desk.generate("video", {"image_list": [as_image(LARGE)]})
    file = desk.vendor.files[0]
    assert file.content == LARGE
    assert desk.vendor.requests("create")[0].json["video"] == {"start_frame": {"file_id": file.id}}
    assert len(desk.vendor.requests("file")) == 3
    ledger.assert_key_only_at(desk.vendor.server.url, desk.vendor.key)
    assert (ledger.total_charges, ledger.uploads) == (1, 1)


def test_a_film_too_large_for_memory_is_streamed_from_disk(vendor: LumaSimulator, tmp_path: Path) -> None:
    path = tmp_path / "film.mp4"
    path.write_bytes(CLIP + bytes(33 * 1024 * 1024))
    Desk(SyncWorld(), vendor).submit("video", {"video": path})
    assert vendor.files[0].content == path.read_bytes()


@pytest.mark.parametrize(
    ("reason", "expected"),
    [("The file is corrupt", ValidationError), ("Rejected by moderation", ContentModerationError)],
)
def test_a_file_that_is_not_taken_in_costs_nothing(
    desk: Desk, ledger: Ledger, reason: str, expected: type[TarashException]
) -> None:
    desk.vendor.fail_next_file(reason)
    with pytest.raises(expected, match=reason) as caught:
        desk.generate("image", {"image_list": [as_input(LARGE)]})
    assert type(caught.value) is expected
    assert (ledger.total_charges, desk.vendor.requests("create")) == (0, [])


def test_a_file_that_is_taken_in_at_once_is_not_asked_for(desk: Desk) -> None:
    with LumaSimulator(clock=desk.vendor.clock, ingest_seconds=0) as quick:
        Desk(desk.world, quick).generate("image", {"image_list": [as_input(LARGE)]})
        assert quick.requests("file") == []


def test_a_file_that_stays_pending_costs_nothing(desk: Desk, ledger: Ledger) -> None:
    desk.vendor.fail_next("file", Answer(200, json={"state": "pending"}), times=None)
    with pytest.raises(HTTPConnectionError, match=r"in time\. Nothing was paid"):
        desk.generate("image", {"image_list": [as_input(LARGE)]})
    assert ledger.total_charges == 0


def test_an_upload_that_the_storage_refuses_costs_nothing(desk: Desk, ledger: Ledger) -> None:
    desk.vendor.fail_next("storage", Answer(403, body="<Error/>"), times=None)
    with pytest.raises(HTTPError, match="HTTP 403"):
        desk.generate("image", {"image_list": [as_input(LARGE)]})
    assert (ledger.total_charges, desk.vendor.requests("create")) == (0, [])


def film_of(size: int, folder: Path) -> Path:
    path = folder / "film.mp4"
    with path.open("wb") as file:
        file.write(CLIP)
        file.truncate(size)
    return path


def test_an_input_that_is_too_large_is_refused_before_anything_is_sent(vendor: LumaSimulator, tmp_path: Path) -> None:
    desk = Desk(SyncWorld(), vendor)
    with pytest.raises(ValidationError, match="Luma takes 200000000"):
        desk.submit("video", {"video": film_of(200_000_001, tmp_path)})
    picture = tmp_path / "picture.png"
    picture.write_bytes(PICTURE + bytes(50_000_000))
    with pytest.raises(ValidationError, match="Luma takes 50000000"):
        desk.submit("image", {"image_list": [picture]})
    assert vendor.server.requests.total == 0


BAD_INPUTS: list[tuple[str, str, dict[str, Any], str]] = [
    ("video", "ray-2", {"image_list": [as_image(PICTURE)]}, "https links only"),
    ("video", "ray-2", {"video": FILM}, "https links only"),
    ("video", "ray-2", {"image_list": ["http://example.com/a.png"]}, "https links only"),
    ("image", "photon-1", {"image_list": [as_input(PICTURE)]}, "https links only"),
    ("image", "photon-1", {"image_list": [as_image(PICTURE, "style")]}, "https links only"),
    ("image", "photon-1", {"image_list": [as_image(PICTURE, "asset")]}, "https links only"),
    ("video", "ray-3.2", {"image_list": ["gs://bucket/a.png"]}, "https links only"),
    (
        "video",
        "ray-3.2",
        {"image_list": [as_input(CLIP, "video/mp4")]},
        "A picture is expected",
    ),
    ("video", "ray-3.2", {"video": as_input(PICTURE)}, "type video is wanted here, not image/png"),
]


@pytest.mark.parametrize(("kind", "model", "request_", "problem"), BAD_INPUTS)
def test_an_input_that_cannot_be_taken_is_refused_before_anything_is_sent(
    desk: Desk, kind: str, model: str, request_: dict[str, Any], problem: str
) -> None:
    with pytest.raises(ValidationError, match=problem):
        desk.generate(kind, request_, model=model)
    assert desk.vendor.server.requests.total == 0


# Callbacks.


def test_a_callback_makes_tarash_ask(desk: Desk, ledger: Ledger) -> None:
    job = desk.submit("video", model="ray-2", provider_config={"webhook_url": "https://example.com/told"})
    assert desk.vendor.requests("create")[0].json["callback_url"] == "https://example.com/told"
    desk.vendor.clock.advance(100)
    message = desk.vendor.callback(job.provider_ids[0])
    assert desk.ask("receive_webhook", job, message.headers, message.body).status == "completed"
    assert (ledger.polls, ledger.posts) == (1, 1)


def test_what_a_callback_says_is_not_believed(desk: Desk, ledger: Ledger) -> None:
    job = desk.submit("video", model="ray-2")
    identity = job.provider_ids[0]
    forged = f'{{"id": "{identity}", "state": "completed", "assets": {{"video": "https://evil.example/a.mp4"}}}}'
    response = desk.ask("receive_webhook", job, {}, forged.encode())
    assert "evil" not in response.video
    assert ledger.polls > 1


@pytest.mark.parametrize("body", [b'{"id": "another", "state": "failed"}', b"{}"])
def test_a_callback_about_another_generation_is_refused(desk: Desk, ledger: Ledger, body: bytes) -> None:
    job = desk.submit("video", model="ray-2")
    with pytest.raises(JobRejectedError, match="another job"):
        desk.ask("receive_webhook", job, {}, body)
    assert ledger.polls == 0


def test_the_current_interface_has_no_callbacks(desk: Desk) -> None:
    with pytest.raises(UnsupportedOperationError, match="no callbacks"):
        desk.ask("receive_webhook", desk.submit("video"), {}, b"{}")
