"""One generation of every kind and way, at OpenAI and in both families of Azure, in both worlds."""

import base64
import io
import warnings
from pathlib import Path
from typing import Any

import av
import pytest
from PIL import Image
from tests.openai.desk import CLIP, PICTURE, Desk, drawn_mask
from tests.support.desks import as_input
from tests.support.worlds import SyncWorld

from tarash.tarash_gateway import stream_tts
from tarash.tarash_gateway.exceptions import ValidationError
from tarash.tarash_gateway.models import AudioOutputFormat
from tarash.testkit.ledger import Ledger
from tarash.testkit.media import mp4
from tarash.testkit.openai import OpenAISimulator, VideoOutcome
from tarash.testkit.server import ScriptedServer
from tarash.testkit.steps import Answer, Redirect

DATED = "2025-04-01-preview"
PLACES: list[dict[str, Any]] = [
    {"provider": "openai"},
    {"provider": "azure-openai"},
    {"provider": "azure-openai", "api_version": "preview"},
    {"provider": "azure-openai", "api_version": DATED},
]
everywhere = pytest.mark.parametrize("place", PLACES, ids=["openai", "azure v1", "azure preview", "azure dated"])


@everywhere
def test_an_image_is_made_and_saved(desk: Desk, ledger: Ledger, place: dict[str, Any], tmp_path: Path) -> None:
    response = desk.generate("image", {"size": "1024x1536", "n": 2}, **place)
    sizes = [Image.open(io.BytesIO(base64.b64decode(image))).size for image in response.images]
    assert sizes == [(1024, 1536)] * 2
    assert response.content_type == "image/png"
    path = desk.world.save(response, tmp_path / "image", index=1)
    assert path.name == "image.png"
    assert path.read_bytes() == base64.b64decode(response.images[1])
    assert response.provider_metadata["usage"]["total_tokens"] == 281
    assert response.provider_metadata["vendor_request_id"].startswith("req_")
    assert (ledger.posts, ledger.total_charges, ledger.total_amount) == (1, 1, 2)


@everywhere
def test_an_image_is_edited_in_its_white_part(desk: Desk, place: dict[str, Any]) -> None:
    request = {"image_list": [as_input(PICTURE)], "mask_image": as_input(drawn_mask())}
    response = desk.generate("image", request, **place)
    assert len(response.images) == 1
    sent = desk.vendor.requests("edit_image")[0]
    assert [(part.name, part.file_name) for part in sent.parts][-2:] == [
        ("image[]", "input.png"),
        ("mask", "input.png"),
    ]


@everywhere
def test_a_video_is_made_and_fetched_with_the_key(
    desk: Desk, ledger: Ledger, place: dict[str, Any], tmp_path: Path
) -> None:
    request = {"aspect_ratio": "16:9", "duration_seconds": 8, "image_list": [as_input(PICTURE)]}
    response = desk.generate("video", request, **place)
    assert (response.duration, response.resolution, response.aspect_ratio) == (8.0, "720p", "16:9")
    assert response.content_type == "video/mp4"
    path = desk.world.save(response, tmp_path / "video")
    assert path.suffix == ".mp4"
    assert path.read_bytes() == mp4("16:9").content
    assert (ledger.posts, ledger.total_charges, ledger.total_amount) == (1, 1, 8)
    ledger.assert_key_only_at(desk.vendor.server.url, desk.vendor.key)


@pytest.mark.parametrize("form", ["mp3", "opus", "aac", "flac", "wav", "pcm"])
@everywhere
def test_a_text_is_spoken(desk: Desk, ledger: Ledger, place: dict[str, Any], form: str) -> None:
    response = desk.generate("tts", {"output_format": AudioOutputFormat(format=form)}, **place)
    sound = base64.b64decode(response.audio)
    assert response.duration == pytest.approx(seconds_of(sound, form), abs=0.06)
    assert response.content_type is not None
    assert response.content_type.startswith("audio/")
    assert (ledger.posts, ledger.total_charges) == (1, 1)


def seconds_of(sound: bytes, form: str) -> float:
    """How long a decoder plays it."""
    if form == "pcm":
        return len(sound) / 2 / 24_000
    with av.open(io.BytesIO(sound), "r") as container:
        rate = container.streams.audio[0].rate
        samples = sum(int(frame.samples) for frame in container.decode(audio=0))
    return samples / rate


@pytest.mark.parametrize(
    ("request_", "operation", "seconds"),
    [
        ({"video_id": "ID"}, "remix", 4),
        ({"video_id": "ID", "operation": "edit"}, "edit", 4),
        ({"video_id": "ID", "operation": "extend", "duration_seconds": 8}, "extend", 12),
        ({"video": as_input(CLIP, "video/mp4")}, "edit", 4),
        ({"video": as_input(CLIP, "video/mp4"), "operation": "extend", "duration_seconds": 4}, "extend", 8),
    ],
)
def test_a_video_starts_from_another(desk: Desk, request_: dict[str, Any], operation: str, seconds: int) -> None:
    first = desk.generate("video")
    source = first.job.provider_ids[0]
    given = {name: source if value == "ID" else value for name, value in request_.items()}
    response = desk.generate("video", given)
    assert response.duration == seconds
    assert len(desk.vendor.requests(operation)) == 1
    assert response.provider_metadata.get("remixed_from_video_id") == (source if operation == "remix" else None)


@pytest.mark.parametrize("model", ["sora", "openai/sora", "sora-2", "openai/sora-2"])
def test_all_names_of_sora_are_one(desk: Desk, model: str) -> None:
    desk.generate("video", model=model)
    assert {part.name: part.text for part in desk.vendor.requests("create")[0].parts}["model"] == "sora-2"


def test_three_videos_are_three_jobs(desk: Desk, ledger: Ledger) -> None:
    response = desk.generate("video", {"number_of_videos": 3})
    assert len(response.videos) == 3
    assert len(response.job.provider_ids) == ledger.total_charges == ledger.posts == 3


def test_a_legacy_image_comes_as_a_link(desk: Desk, ledger: Ledger, tmp_path: Path) -> None:
    response = desk.generate("image", model="dall-e-3")
    assert response.images[0].startswith("http")
    assert response.revised_prompt == "a lighthouse at dawn, in detail"
    assert desk.world.save(response, tmp_path / "image").suffix == ".png"
    link = desk.vendor.requests("download")[0]
    assert "authorization" not in link.headers


def test_a_link_is_fetched_without_the_key_before_the_submit(desk: Desk, ledger: Ledger) -> None:
    pictures = {"/old.png": Redirect("/new.png", 302), "/new.png": Answer(200, {"Content-Type": "image/png"}, PICTURE)}
    with ScriptedServer(lambda request: pictures[request.path], clock=desk.vendor.clock, ledger=ledger) as elsewhere:
        desk.generate("image", {"image_list": [f"{elsewhere.url}/old.png"]})
        assert [request.path for request in elsewhere.requests] == ["/old.png", "/new.png"]
    sent = desk.vendor.requests("edit_image")[0].parts[-1]
    assert (sent.name, sent.content_type, sent.content) == ("image[]", "image/png", PICTURE)
    ledger.assert_key_only_at(desk.vendor.server.url, desk.vendor.key)


@pytest.mark.parametrize(
    ("answer", "problem"),
    [(Answer(404), "HTTP 404"), (Answer(200), "HTTP 200"), (Answer(200, {}, b"%PDF-1.7 no image"), "is no image")],
)
def test_a_link_to_no_image_is_refused_before_paying(desk: Desk, ledger: Ledger, answer: Answer, problem: str) -> None:
    elsewhere = ScriptedServer(lambda request: answer, clock=desk.vendor.clock)
    with elsewhere, pytest.raises(ValidationError, match=problem):
        desk.generate("image", {"image_list": [f"{elsewhere.url}/picture"]})
    assert ledger.posts == 0


def test_progress_is_told(desk: Desk) -> None:
    updates: list[Any] = []
    desk.vendor.next_video(VideoOutcome(statuses=["queued", {"status": "in_progress", "progress": 40}]))
    job = desk.submit("video")
    response = desk.ask("resume", job, updates.append)
    assert response.status == "completed"
    assert [(update.status, update.progress_percent) for update in updates][:2] == [("queued", 0), ("processing", 40)]


def test_the_vendor_says_when_to_ask_again(world: Any, virtual_clock: Any, ledger: Ledger) -> None:
    with OpenAISimulator(clock=virtual_clock, ledger=ledger, run_seconds=30, poll_after_ms=10_000) as vendor:
        Desk(world, vendor).generate("video", poll_interval=1)
    assert virtual_clock.sleeps[1:] == [10.0, 10.0, 10.0]


def test_the_format_that_was_not_asked_for_is_not_sent(desk: Desk) -> None:
    desk.generate("tts")
    assert desk.vendor.requests("speech")[0].json == {
        "model": "gpt-4o-mini-tts",
        "input": "Hello, lighthouse.",
        "voice": "alloy",
    }


@pytest.mark.parametrize("form", ["mp3", "pcm"])
@everywhere
def test_speech_is_heard_while_it_is_made(
    vendor: OpenAISimulator, ledger: Ledger, place: dict[str, Any], form: str
) -> None:
    desk = Desk(SyncWorld(), vendor)
    whole = base64.b64decode(desk.generate("tts", {"output_format": AudioOutputFormat(format=form)}, **place).audio)
    vendor.server.requests.clear()
    request = desk.request("tts", {"output_format": AudioOutputFormat(format=form)})
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        chunks = list(stream_tts(desk.config("tts", **place), request))
    assert b"".join(chunk.audio for chunk in chunks) == whole
    assert {chunk.content_type for chunk in chunks} == {{"mp3": "audio/mpeg", "pcm": "audio/pcm"}[form]}
    assert (len(vendor.requests("speech")), ledger.posts) == (1, 2)
