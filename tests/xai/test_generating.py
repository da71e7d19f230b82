"""One generation of every kind and way, in both worlds: what is sent, what comes back, what `save` writes."""

import base64
import io
import warnings
from pathlib import Path
from typing import Any

import pytest
from PIL import Image
from tests.support.desks import as_input
from tests.support.worlds import SyncWorld
from tests.xai.desk import CLIP, CLIP_LINK, LINK, LINK_2, PICTURE, Desk, frame

from tarash.tarash_gateway import list_voices, stream_tts
from tarash.tarash_gateway.exceptions import UnsupportedOperationError, ValidationError
from tarash.tarash_gateway.models import AudioOutputFormat, STSRequest
from tarash.testkit.ledger import Ledger
from tarash.testkit.media import mp4, png
from tarash.testkit.sounds import seconds_in, sound
from tarash.testkit.steps import Answer
from tarash.testkit.xai import VideoOutcome, XaiSimulator

VIDEOS: list[tuple[str, dict[str, Any], dict[str, Any], int]] = [
    ("generate", {}, {}, 8),
    ("generate", {"image_list": [frame(LINK)], "duration_seconds": 3}, {"image": {"url": LINK}, "duration": 3}, 3),
    ("generate", {"image_list": [LINK]}, {"reference_images": [{"url": LINK}]}, 8),
    ("edit", {"video": CLIP_LINK}, {"video": {"url": CLIP_LINK}}, 5),
    ("edit", {"extra_params": {"video": {"file_id": "FILE"}}}, {"video": {"file_id": "FILE"}}, 5),
    (
        "extend",
        {"video": as_input(CLIP.content, "video/mp4"), "operation": "extend", "duration_seconds": 4},
        {"video": {"url": CLIP.data_uri}, "duration": 4},
        9,
    ),
]


def with_file(value: Any, name: str) -> Any:
    """The same value with the id of a file that is there."""
    if isinstance(value, dict):
        return {key: with_file(item, name) for key, item in value.items()}
    return name if value == "FILE" else value


@pytest.mark.parametrize(("operation", "request_", "sent", "seconds"), VIDEOS)
def test_a_video_is_made_and_saved(
    desk: Desk,
    ledger: Ledger,
    tmp_path: Path,
    operation: str,
    request_: dict[str, Any],
    sent: dict[str, Any],
    seconds: int,
) -> None:
    file = desk.vendor.files.store(CLIP)
    response = desk.generate("video", with_file(request_, file))
    assert (response.status, response.duration, response.content_type) == ("completed", seconds, "video/mp4")
    assert response.provider_metadata == {"model": "grok-imagine-video-1.5", "cost_usd": pytest.approx(seconds * 0.05)}
    path = desk.world.save(response, tmp_path / "video")
    assert (path.suffix, path.read_bytes()) == (".mp4", mp4("16:9").content)
    [request] = desk.vendor.requests(operation)
    usual = {"model": "grok-imagine-video-1.5", "prompt": "a lighthouse at dawn"}
    assert request.json == {**usual, **with_file(sent, file)}
    assert (ledger.posts, ledger.total_charges, ledger.total_amount) == (1, 1, seconds)
    ledger.assert_key_only_at(desk.vendor.server.url, desk.vendor.key)


def test_an_empty_answer_means_that_the_video_waits(desk: Desk) -> None:
    updates: list[Any] = []
    job = desk.submit("video")
    assert desk.ask("resume", job, updates.append).status == "completed"
    told = [(update.status, update.progress_percent) for update in updates]
    assert told[0] == ("queued", None)
    assert {status for status, percent in told if percent and percent < 100} == {"processing"}
    assert told[-1] == ("completed", 100)


@pytest.mark.parametrize(
    "answer",
    [
        Answer(202),
        Answer(202, {}, b"not JSON"),
        Answer(202, json={"status": "pending"}),
        {"status": "pending"},
        {"status": "pending", "progress": "half"},
        {"status": "queued"},
    ],
)
def test_spellings_of_a_video_that_goes_on(desk: Desk, answer: Any) -> None:
    desk.vendor.next_video(VideoOutcome(answers=[answer], queue_seconds=0, run_seconds=0))
    assert desk.generate("video").status == "completed"
    assert desk.vendor.ledger.polls == 2


def test_a_video_without_a_state_is_finished(desk: Desk) -> None:
    link = desk.vendor.files.publish(CLIP)
    desk.vendor.next_video(VideoOutcome(answers=[{"video": {"url": link, "duration": 5}}]))
    assert desk.generate("video").duration == 5
    assert desk.vendor.ledger.polls == 1


def test_a_state_that_nobody_knows_is_waited_out(desk: Desk) -> None:
    desk.vendor.next_video(VideoOutcome(answers=[{"status": "dreaming"}], queue_seconds=0, run_seconds=0))
    assert desk.generate("video").status == "completed"


def test_a_stored_video_is_fetched_with_the_key(desk: Desk, ledger: Ledger, tmp_path: Path) -> None:
    desk.vendor.next_video(VideoOutcome(stored=True))
    response = desk.generate("video", {"storage_options": {"filename": "dawn.mp4"}})
    assert desk.world.save(response, tmp_path / "stored").read_bytes() == mp4("16:9").content
    assert desk.vendor.requests("generate")[0].json["storage_options"] == {"filename": "dawn.mp4"}
    assert "file_id" in response.provider_metadata["file_output"]
    ledger.assert_key_only_at(desk.vendor.server.url, desk.vendor.key)


def test_a_large_input_is_uploaded_first(desk: Desk, ledger: Ledger, tmp_path: Path) -> None:
    large = PICTURE.content + bytes(9 * 1024 * 1024)
    path = tmp_path / "large.png"
    path.write_bytes(large)
    desk.generate("image", {"image_list": [path, LINK]})
    [upload] = desk.vendor.requests("upload")
    assert [(part.name, part.file_name, part.content_type) for part in upload.parts] == [
        ("expires_after", None, None),
        ("file", "input.png", "image/png"),
    ]
    first, second = desk.vendor.requests("edit_image")[0].json["images"]
    assert desk.vendor.files.content_of(first["file_id"]) == large
    assert (first["type"], second) == ("image_url", {"url": LINK, "type": "image_url"})
    assert ledger.total_charges == 1


def test_a_file_that_is_too_large_is_refused(desk: Desk, tmp_path: Path) -> None:
    path = tmp_path / "huge.mp4"
    path.write_bytes(CLIP.content)
    with path.open("r+b") as file:
        file.truncate(49_000_000)
    with pytest.raises(ValidationError, match="48000000 bytes; this input has 49000000"):
        desk.generate("video", {"video": path})
    assert desk.vendor.requests() == []


def test_three_videos_are_three_jobs(desk: Desk, ledger: Ledger) -> None:
    response = desk.generate("video", {"number_of_videos": 3})
    assert len(response.videos) == len(response.job.provider_ids) == ledger.posts == ledger.total_charges == 3


@pytest.mark.parametrize("form", ["url", "b64_json"])
def test_images_are_made_and_saved(desk: Desk, ledger: Ledger, tmp_path: Path, form: str) -> None:
    request = {"aspect_ratio": "2:1", "n": 2, "quality": "low", "resolution": "2k"}
    response = desk.generate("image", {**request, **({} if form == "url" else {"response_format": form})})
    second = png(512, 256, (40, 92, 160)).content
    path = desk.world.save(response, tmp_path / "image", index=1)
    assert (path.name, path.read_bytes()) == ("image.png", second)
    assert Image.open(io.BytesIO(second)).size == (512, 256)
    assert (len(response.images), response.content_type) == (2, "image/png")
    assert response.revised_prompt == "a lighthouse at dawn"
    assert response.provider_metadata["cost_usd"] == pytest.approx(0.04)
    assert response.provider_metadata["vendor_request_id"].startswith("trace-")
    assert (ledger.posts, ledger.total_charges, ledger.total_amount) == (1, 1, 2)
    ledger.assert_key_only_at(desk.vendor.server.url, desk.vendor.key)


def test_base64_may_have_the_head_of_a_data_uri(desk: Desk) -> None:
    answer = Answer(200, json={"data": [{"b64_json": PICTURE.data_uri, "mime_type": "image/png"}]})
    desk.vendor.fail_next("generate_image", answer)
    [image] = desk.generate("image").images
    assert base64.b64decode(image) == PICTURE.content


@pytest.mark.parametrize("count", [1, 2, 3])
def test_images_are_edited(desk: Desk, count: int) -> None:
    given = [as_input(PICTURE.content), frame(LINK, "style"), LINK_2][:count]
    desk.generate("image", {"image_list": given})
    [request] = desk.vendor.requests("edit_image")
    inputs = [{"url": url, "type": "image_url"} for url in (PICTURE.data_uri, LINK, LINK_2)[:count]]
    assert request.json.get("images", [request.json.get("image")]) == inputs
    assert ("image" in request.json) == (count == 1)


def test_pictures_that_moderation_left_are_handed_out(desk: Desk) -> None:
    desk.vendor.withhold_images(1)
    response = desk.generate("image", {"n": 3})
    assert len(response.images) == 2
    assert response.provider_metadata["withheld"] == 1


FORMATS = [
    (AudioOutputFormat(format="mp3", sample_rate=44_100, bitrate=192), "audio/mpeg"),
    (AudioOutputFormat(format="mp3", sample_rate=22_050, bitrate=32), "audio/mpeg"),
    (AudioOutputFormat(format="wav", sample_rate=48_000), "audio/wav"),
    (AudioOutputFormat(format="pcm", sample_rate=16_000), "audio/pcm"),
    (AudioOutputFormat(format="mulaw", sample_rate=8_000), "audio/basic"),
    (AudioOutputFormat(format="alaw", sample_rate=8_000), "audio/alaw"),
]


@pytest.mark.parametrize(("form", "content_type"), FORMATS)
def test_a_text_is_spoken(desk: Desk, ledger: Ledger, form: AudioOutputFormat, content_type: str) -> None:
    response = desk.generate("tts", {"output_format": form, "voice_id": "ara"})
    name = {"mulaw": "ulaw"}.get(form.format, form.format)
    assert base64.b64decode(response.audio) == sound(name, form.sample_rate or 0, form.bitrate)
    assert response.content_type == content_type
    assert response.duration == pytest.approx(0.5, abs=0.1)
    bits = {"bit_rate": form.bitrate * 1000} if form.bitrate else {}
    assert desk.vendor.requests("tts")[0].json == {
        "text": "Hello, lighthouse.",
        "voice_id": "ara",
        "language": "auto",
        "output_format": {"codec": form.format, "sample_rate": form.sample_rate, **bits},
    }
    assert (ledger.posts, ledger.total_charges) == (1, 1)


def test_the_format_that_was_not_asked_for_is_not_sent(desk: Desk) -> None:
    response = desk.generate("tts")
    assert seconds_in(base64.b64decode(response.audio)) == pytest.approx(0.5, abs=0.1)
    assert desk.vendor.requests("tts")[0].json == {"text": "Hello, lighthouse.", "language": "auto"}


def test_speech_with_timings(desk: Desk) -> None:
    response = desk.generate("tts", {"with_timestamps": True})
    assert response.duration == 0.5
    assert response.content_type == "audio/mpeg"
    timings = response.provider_metadata["audio_timestamps"]
    assert "".join(timings["graph_chars"]) == "Hello, lighthouse."
    assert seconds_in(base64.b64decode(response.audio)) == pytest.approx(0.5, abs=0.1)


@pytest.mark.parametrize("form", ["mp3", "pcm"])
def test_speech_is_heard_while_it_is_made(vendor: XaiSimulator, ledger: Ledger, form: str) -> None:
    desk = Desk(SyncWorld(), vendor)
    wanted = {"output_format": AudioOutputFormat(format=form)}
    whole = base64.b64decode(desk.generate("tts", wanted).audio)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        chunks = list(stream_tts(desk.config("tts"), desk.request("tts", wanted)))
    assert b"".join(chunk.audio for chunk in chunks) == whole
    assert {chunk.content_type for chunk in chunks} == {{"mp3": "audio/mpeg", "pcm": "audio/pcm"}[form]}
    first, second = vendor.requests("tts")
    assert first.json == second.json
    assert ledger.posts == 2


def test_a_text_that_is_too_long_is_spoken_in_pieces(desk: Desk, ledger: Ledger) -> None:
    text = "A long story. " * 1_200
    response = desk.generate("tts", {"text": text, "split_text": True})
    first, second = desk.vendor.requests("tts")
    assert f"{first.json['text']} {second.json['text']}".split() == text.split()
    assert seconds_in(base64.b64decode(response.audio)) == pytest.approx(1.0, abs=0.2)
    assert (ledger.posts, ledger.total_charges) == (2, 2)


def test_timings_cannot_be_streamed(vendor: XaiSimulator) -> None:
    desk = Desk(SyncWorld(), vendor)
    with pytest.raises(ValidationError, match="cannot be streamed"):
        list(stream_tts(desk.config("tts"), desk.request("tts", {"with_timestamps": True})))
    assert vendor.requests() == []


def test_the_vendor_s_voices_are_known(vendor: XaiSimulator) -> None:
    voices = list_voices(Desk(SyncWorld(), vendor).config("tts"))
    assert [voice.id for voice in voices] == ["eve", "ara", "rex", "sal", "leo"]
    assert vendor.requests() == []


def test_there_is_no_speech_to_speech(desk: Desk) -> None:
    request = STSRequest(audio=b"RIFF0000WAVE", voice_id="eve")
    with pytest.raises(UnsupportedOperationError):
        desk.world.call("generate_sts", desk.config("tts"), request)


@pytest.mark.parametrize("kind", ["video", "image", "tts"])
def test_a_model_need_not_be_named(desk: Desk, kind: str) -> None:
    response = desk.generate(kind, model=None)
    body = desk.vendor.requests()[0].json
    assert (
        body.get("model")
        == {
            "video": "grok-imagine-video-1.5",
            "image": "grok-imagine-image-2.0",
            "tts": None,
        }[kind]
    )
    assert response.job.model
