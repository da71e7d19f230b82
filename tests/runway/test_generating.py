"""One generation of every kind and way, in both worlds: from the request to the bytes on disk."""

import base64
import io
from pathlib import Path
from typing import Any

import av
import pytest
from PIL import Image
from tests.runway.desk import CLIP, FILM, LARGE, PICTURE, SECOND, VOICE, Desk, as_frame
from tests.support.desks import as_input
from tests.support.worlds import SyncWorld

from tarash.tarash_gateway.exceptions import (
    HTTPConnectionError,
    UnsupportedOperationError,
    ValidationError,
)
from tarash.tarash_gateway.models import AudioOutputFormat
from tarash.testkit.ledger import Ledger
from tarash.testkit.media import mp3, mp4
from tarash.testkit.runway import RunwaySimulator, TaskOutcome
from tarash.testkit.steps import Answer

VIDEOS: dict[str, tuple[str, dict[str, Any], str]] = {
    "text": ("gen4.5", {}, "text_to_video"),
    "text, by a partner": ("veo3.1", {"duration_seconds": 4, "aspect_ratio": "9:16"}, "text_to_video"),
    "first frame": ("gen4_turbo", {"image_list": [as_frame(PICTURE)]}, "image_to_video"),
    "plain picture": ("gen4_turbo", {"image_list": [as_input(PICTURE)]}, "image_to_video"),
    "two frames": (
        "veo3.1_fast",
        {"image_list": [as_frame(PICTURE), as_frame(SECOND, "last_frame")]},
        "image_to_video",
    ),
    "references": ("seedance2", {"image_list": [as_input(PICTURE), as_input(SECOND)]}, "text_to_video"),
    "another video": ("aleph2", {"video": FILM}, "video_to_video"),
    "another video, by a partner": ("seedance2", {"video": FILM, "image_list": [as_input(PICTURE)]}, "video_to_video"),
    "a performance": ("act_two", {"video": FILM, "image_list": [as_input(PICTURE)]}, "character_performance"),
}


@pytest.mark.parametrize("name", VIDEOS)
def test_a_video_is_made_and_saved(desk: Desk, ledger: Ledger, name: str, tmp_path: Path) -> None:
    model, request, endpoint = VIDEOS[name]
    response = desk.generate("video", request, model=model)
    assert response.status == "completed"
    assert len(desk.vendor.requests(endpoint)) == ledger.total_charges == ledger.posts == 1
    path = desk.world.save(response, tmp_path / "video")
    shape = "9:16" if request.get("aspect_ratio") == "9:16" else "16:9"
    assert (path.suffix, path.read_bytes()) == (".mp4", mp4(shape).content)
    assert response.provider_metadata["credits"] == ledger.total_amount
    ledger.assert_key_only_at(desk.vendor.server.url, desk.vendor.key)


@pytest.mark.parametrize("model", ["gen4_image", "gen4_image_turbo", "gpt_image_2"])
def test_an_image_is_made_and_saved(desk: Desk, ledger: Ledger, model: str, tmp_path: Path) -> None:
    response = desk.generate("image", {"image_list": [as_input(PICTURE)], "aspect_ratio": "16:9"}, model=model)
    path = desk.world.save(response, tmp_path / "image")
    width, height = Image.open(io.BytesIO(path.read_bytes())).size
    assert (path.suffix, round(width / height, 1)) == (".png", 1.8)
    assert (ledger.posts, ledger.total_charges) == (1, 1)


def test_several_images_are_one_task_where_the_model_makes_several(desk: Desk, ledger: Ledger) -> None:
    assert len(desk.generate("image", {"n": 3}, model="gpt_image_2").images) == 3
    assert (ledger.posts, ledger.total_charges, ledger.total_amount) == (1, 1, 15)


def test_several_images_are_several_tasks_where_it_makes_one(desk: Desk, ledger: Ledger) -> None:
    response = desk.generate("image", {"n": 3}, model="gen4_image")
    assert len(response.images) == len(response.job.provider_ids) == ledger.posts == 3


SPEECH: dict[str, tuple[str, dict[str, Any], str]] = {
    "usual": ("eleven_multilingual_v2", {}, "audio/mpeg"),
    "with settings": ("eleven_v4", {"voice_id": "james", "voice_settings": {"speed": 1.1}}, "audio/mpeg"),
    "wav": ("seed_audio", {"output_format": AudioOutputFormat(format="wav", sample_rate=16_000)}, "audio/wav"),
    "opus": ("seed_audio", {"output_format": AudioOutputFormat(format="opus")}, "audio/ogg"),
    "effect": ("eleven_text_to_sound_v2", {}, "audio/mpeg"),
    "flac effect": (
        "mirelo_sfx_2_0",
        {"duration": 4.0, "output_format": AudioOutputFormat(format="flac")},
        "audio/flac",
    ),
}


@pytest.mark.parametrize("name", SPEECH)
def test_speech_and_effects_are_made(desk: Desk, ledger: Ledger, name: str) -> None:
    model, request, content_type = SPEECH[name]
    response = desk.generate("tts", request, model=model)
    assert response.content_type == content_type
    assert response.duration == pytest.approx(seconds_of(base64.b64decode(response.audio)), abs=0.06)
    assert (ledger.posts, ledger.total_charges) == (1, 1)
    ledger.assert_key_only_at(desk.vendor.server.url, desk.vendor.key)


def seconds_of(sound: bytes) -> float:
    """How long a decoder plays it."""
    with av.open(io.BytesIO(sound), "r") as container:
        rate = container.streams.audio[0].rate
        samples = sum(int(frame.samples) for frame in container.decode(audio=0))
    return samples / rate


@pytest.mark.parametrize(("source", "kind"), [(VOICE, "audio"), (FILM, "video"), ("https://example.com/a", "audio")])
def test_a_recording_gets_another_voice(desk: Desk, ledger: Ledger, source: Any, kind: str, tmp_path: Path) -> None:
    response = desk.generate("sts", {"audio": source, "voice_id": "Serene"})
    sent = desk.vendor.requests("speech_to_speech")[0].json
    assert sent["media"]["type"] == kind
    assert sent["voice"] == {"type": "runway-preset", "presetId": "Serene"}
    assert desk.world.save(response, tmp_path / "voice").read_bytes() == mp3().content
    assert ledger.posts == 1


def test_every_kind_has_a_default_model(desk: Desk) -> None:
    for kind in ("video", "image", "tts", "sts"):
        desk.generate(kind, model=None)
    models = [request.json["model"] for request in desk.vendor.requests("create")]
    assert models == ["gen4.5", "gen4_image", "eleven_multilingual_v2", "eleven_multilingual_sts_v2"]


def test_three_videos_are_three_tasks(desk: Desk, ledger: Ledger) -> None:
    response = desk.generate("video", {"number_of_videos": 3})
    assert len(response.videos) == len(response.job.provider_ids) == ledger.total_charges == ledger.posts == 3


def test_progress_is_told_and_a_throttled_task_waits_in_line(desk: Desk, ledger: Ledger) -> None:
    desk.vendor.next_task(TaskOutcome(statuses=["THROTTLED", {"status": "RUNNING", "progress": 0.402}]))
    updates: list[Any] = []
    job = desk.submit("video")
    response = desk.ask("resume", job, updates.append)
    assert response.status == "completed"
    told = [(update.status, update.update["status"], update.progress_percent) for update in updates]
    assert told[:2] == [("queued", "THROTTLED", None), ("processing", "RUNNING", 40)]
    assert (ledger.posts, ledger.total_charges) == (1, 1)


def test_the_version_may_be_chosen(desk: Desk) -> None:
    with pytest.raises(ValidationError, match="X-Runway-Version"):
        desk.generate("video", api_version="2030-01-01")
    assert desk.vendor.requests()[0].headers["x-runway-version"] == "2030-01-01"


def test_a_link_that_expired_is_asked_for_anew(desk: Desk, ledger: Ledger, tmp_path: Path) -> None:
    response = desk.generate("video")
    desk.vendor.expire_links()
    assert desk.world.save(response, tmp_path / "video").read_bytes() == CLIP
    assert ledger.posts == 1


def test_the_environment_s_address_and_key_are_used(vendor: RunwaySimulator, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("RUNWAYML_BASE_URL", vendor.base_url)
    monkeypatch.setenv("RUNWAYML_API_SECRET", vendor.key)
    Desk(SyncWorld(), vendor).generate("video", api_key=None, base_url=None)
    assert len(vendor.requests("text_to_video")) == 1


# Inputs.


def test_a_small_file_goes_into_the_request(desk: Desk, tmp_path: Path) -> None:
    path = tmp_path / "secret-name.png"
    path.write_bytes(PICTURE)
    desk.generate("video", {"image_list": [path]}, model="gen4_turbo")
    sent = desk.vendor.requests("image_to_video")[0].json["promptImage"]
    assert sent == f"data:image/png;base64,{base64.b64encode(PICTURE).decode()}"


def test_a_large_file_is_uploaded_without_the_key(desk: Desk, ledger: Ledger) -> None:
    desk.generate("video", {"image_list": [as_input(LARGE)]}, model="gen4_turbo")
    upload = desk.vendor.uploads[0]
    assert (upload.content, upload.file_name) == (LARGE, "input.png")
    assert desk.vendor.requests("image_to_video")[0].json["promptImage"] == upload.uri
    assert [part.name for part in desk.vendor.requests("storage")[0].parts] == [*upload.fields, "file"]
    ledger.assert_key_only_at(desk.vendor.server.url, desk.vendor.key)
    assert (ledger.total_charges, ledger.uploads) == (1, 1)


def test_a_film_may_be_larger_than_a_picture_before_it_is_uploaded(vendor: RunwaySimulator) -> None:
    film = as_input(CLIP + bytes(5_000_000), "video/mp4")
    Desk(SyncWorld(), vendor).submit("video", {"video": film}, model="aleph2")
    assert vendor.uploads == []
    huge = as_input(CLIP + bytes(12_600_000), "video/mp4")
    Desk(SyncWorld(), vendor).submit("video", {"video": huge}, model="aleph2")
    assert len(vendor.uploads) == 1


def test_a_file_too_large_for_memory_is_streamed_from_disk(vendor: RunwaySimulator, tmp_path: Path) -> None:
    path = tmp_path / "film.mp4"
    path.write_bytes(CLIP + bytes(33 * 1024 * 1024))
    Desk(SyncWorld(), vendor).submit("video", {"video": path}, model="aleph2")
    assert vendor.uploads[0].content == path.read_bytes()


def test_a_file_too_large_for_an_upload_is_refused_before_anything_is_sent(
    vendor: RunwaySimulator, tmp_path: Path
) -> None:
    path = tmp_path / "film.mp4"
    with path.open("wb") as file:
        file.write(CLIP)
        file.truncate(200 * 1024 * 1024 + 1)
    with pytest.raises(ValidationError, match="uploads of up to 209715200 bytes"):
        Desk(SyncWorld(), vendor).submit("video", {"video": path}, model="aleph2")
    assert vendor.server.requests.total == 0


def test_an_upload_that_failed_is_begun_anew(desk: Desk, ledger: Ledger) -> None:
    desk.vendor.fail_next("storage", Answer(400, body="<Error/>"))
    desk.generate("video", {"image_list": [as_input(LARGE)]}, model="gen4_turbo")
    assert [upload.content is None for upload in desk.vendor.uploads] == [True, False]
    assert ledger.total_charges == 1


def test_an_upload_that_keeps_failing_costs_nothing(desk: Desk, ledger: Ledger) -> None:
    desk.vendor.fail_next("storage", Answer(403, body="<Error/>"), times=None)
    with pytest.raises(HTTPConnectionError, match=r"refused the upload of an input \(HTTP 403\)"):
        desk.generate("video", {"image_list": [as_input(LARGE)]}, model="gen4_turbo")
    assert (len(desk.vendor.requests("storage")), len(desk.vendor.requests("create"))) == (2, 0)
    assert ledger.total_charges == 0


def test_links_are_passed_on_and_not_fetched(desk: Desk) -> None:
    links = ["https://example.com/one.png", "https://example.com/two.png"]
    desk.generate("image", {"image_list": links, "reference_tags": ["hero", "scene_2"]})
    expected = [{"uri": links[0], "tag": "hero"}, {"uri": links[1], "tag": "scene_2"}]
    assert desk.vendor.requests("text_to_image")[0].json["referenceImages"] == expected


def test_an_upload_of_one_s_own_is_named_by_the_vendor_s_parameter(desk: Desk) -> None:
    desk.generate("video", {"image_list": [as_input(LARGE)]}, model="gen4_turbo")
    uri = desk.vendor.uploads[0].uri
    desk.generate("video", {"promptImage": uri}, model="gen4_turbo")
    assert desk.vendor.requests("image_to_video")[1].json["promptImage"] == uri
    desk.generate("video", {"promptImage": [{"uri": uri, "position": "first"}]}, model="veo3.1")
    assert len(desk.vendor.uploads) == 1


BAD_INPUTS: list[tuple[str, dict[str, Any], str]] = [
    ("video", {"image_list": [as_input(b"GIF89a" + bytes(20), "image/gif")]}, "image/jpeg, image/png, image/webp"),
    ("video", {"image_list": [as_input(b"no picture", "application/pdf")]}, "not application/pdf"),
    ("video", {"image_list": ["https://example.com/" + "a" * 2048]}, "links of up to 2048 characters"),
    ("video", {"image_list": ["gs://bucket/a.png"]}, "https links only"),
    ("video", {"image_list": [as_frame(PICTURE, "last_frame")]}, "needs 'promptImage'"),
    ("image", {"image_list": [as_input(PICTURE)], "reference_tags": ["a"]}, "3 to 16 letters"),
    (
        "image",
        {"image_list": [as_input(PICTURE)], "reference_tags": ["hero", "scene"]},
        r"as many names as images \(1\)",
    ),
    ("image", {"image_list": [as_input(PICTURE)], "reference_tags": "hero"}, "3 to 16 letters"),
]


@pytest.mark.parametrize(("kind", "request_", "problem"), BAD_INPUTS)
def test_an_input_that_cannot_be_taken_is_refused_before_anything_is_sent(
    desk: Desk, kind: str, request_: dict[str, Any], problem: str
) -> None:
    with pytest.raises(ValidationError, match=problem):
        desk.generate(kind, request_, model={"video": "gen4_turbo", "image": "gen4_image"}[kind])
    assert desk.vendor.server.requests.total == 0


# Options.


def test_the_endpoint_may_be_chosen(desk: Desk) -> None:
    desk.generate("tts", model="seed_audio", provider_config={"endpoint": "sound_effect"})
    assert len(desk.vendor.requests("sound_effect")) == 1
    with pytest.raises(ValidationError, match="gen4_turbo has no endpoint 'text_to_video' in tarash; it has image_to"):
        desk.generate("video", model="gen4_turbo", provider_config={"endpoint": "text_to_video"})


def test_an_option_that_nobody_knows_is_refused(desk: Desk) -> None:
    with pytest.raises(ValidationError, match="options that runway does not know: webhook"):
        desk.generate("video", provider_config={"webhook": "https://example.com"})
    assert desk.vendor.server.requests.total == 0


def test_speech_cannot_be_streamed(vendor: RunwaySimulator) -> None:
    from tarash.tarash_gateway import stream_tts

    desk = Desk(SyncWorld(), vendor)
    with pytest.raises(UnsupportedOperationError, match="no streaming"):
        list(stream_tts(desk.config("tts"), desk.request("tts", None)))
    assert vendor.server.requests.total == 0
