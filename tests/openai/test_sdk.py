"""The vendor's own SDK, unmodified, against the simulator; and how often it pays where tarash pays once."""

import base64
import io
import time
from collections.abc import Callable, Generator
from typing import Any

import pytest
from PIL import Image
from tests.openai.desk import CLIP, PICTURE, Desk, drawn_mask
from tests.support.worlds import SyncWorld

from tarash.tarash_gateway.exceptions import TarashException
from tarash.testkit.clock import VirtualClock
from tarash.testkit.media import mp4
from tarash.testkit.openai import OpenAISimulator, VideoOutcome, errors
from tarash.testkit.steps import Answer, Close, Step

openai: Any = pytest.importorskip("openai")
pytestmark = [pytest.mark.vendor, pytest.mark.filterwarnings("ignore")]


@pytest.fixture
def simulator() -> Generator[OpenAISimulator]:
    with OpenAISimulator(clock=VirtualClock(), token="entra-token") as running:
        yield running


@pytest.fixture
def sdk(simulator: OpenAISimulator) -> Generator[Any]:
    with openai.OpenAI(api_key=simulator.key, base_url=simulator.base_url, max_retries=0) as client:
        yield client


@pytest.fixture
def azure(simulator: OpenAISimulator) -> Generator[Any]:
    with openai.AzureOpenAI(
        api_key=simulator.key, azure_endpoint=simulator.azure_endpoint, api_version="2025-04-01-preview", max_retries=0
    ) as client:
        yield client


@pytest.mark.parametrize(("form", "kind"), [("png", "PNG"), ("jpeg", "JPEG"), ("webp", "WEBP")])
def test_images_decode(sdk: Any, simulator: OpenAISimulator, form: str, kind: str) -> None:
    answer = sdk.images.generate(model="gpt-image-2", prompt="x", size="1536x864", n=2, output_format=form)
    for item in answer.data:
        picture = Image.open(io.BytesIO(base64.b64decode(item.b64_json)))
        assert (picture.format, picture.size) == (kind, (1536, 864))
    assert answer.usage.total_tokens == 281
    assert (simulator.ledger.total_charges, simulator.ledger.total_amount) == (1, 2)


def test_an_edit_with_a_mask(sdk: Any, azure: Any) -> None:
    mask = io.BytesIO()
    Image.open(io.BytesIO(drawn_mask())).convert("RGBA").save(mask, "PNG")
    for client in (sdk, azure):
        answer = client.images.edit(
            model="gpt-image-1.5",
            prompt="x",
            image=[("a.png", PICTURE, "image/png")],
            mask=("m.png", mask.getvalue(), "image/png"),
        )
        assert answer.data[0].b64_json
    with pytest.raises(openai.BadRequestError, match="alpha channel"):
        sdk.images.edit(model="x", prompt="x", image=PICTURE_FILE, mask=("m.png", drawn_mask(), "image/png"))
    with pytest.raises(openai.BadRequestError, match="mimetype"):
        sdk.images.edit(model="x", prompt="x", image=PICTURE)


PICTURE_FILE = ("a.png", PICTURE, "image/png")


def test_a_video_from_creation_to_deletion(sdk: Any, simulator: OpenAISimulator) -> None:
    simulator.next_video(VideoOutcome(queue_seconds=2, run_seconds=10))
    video = sdk.videos.create(model="sora-2", prompt="x", seconds="8", size="1280x720", input_reference=PICTURE_FILE)
    assert (video.status, video.progress, video.seconds, video.size) == ("queued", 0, "8", "1280x720")
    simulator.clock.advance(7)
    assert sdk.videos.retrieve(video.id).progress == 50
    with pytest.raises(openai.NotFoundError, match="not ready"):
        sdk.videos.download_content(video.id)
    simulator.clock.advance(5)
    done = sdk.videos.retrieve(video.id)
    assert (done.status, done.progress, done.expires_at - done.completed_at) == ("completed", 100, 3600)
    assert sdk.videos.download_content(video.id).read() == mp4("16:9").content
    assert sdk.videos.download_content(video.id, variant="thumbnail").read()[8:12] == b"WEBP"
    assert [listed.id for listed in sdk.videos.list()] == [video.id]
    assert sdk.videos.delete(video.id).deleted
    with pytest.raises(openai.NotFoundError):
        sdk.videos.retrieve(video.id)
    assert simulator.ledger.amount(video.id) == 8


def test_the_sdk_s_own_polling_reads_the_hint(simulator: OpenAISimulator) -> None:
    with OpenAISimulator(clock=VirtualClock(), poll_after_ms=1) as quick:
        quick.next_video(VideoOutcome(statuses=["queued", "in_progress"], error={"code": "x", "message": "y"}))
        with openai.OpenAI(api_key=quick.key, base_url=quick.base_url) as client:
            video = client.videos.create_and_poll(model="sora-2", prompt="x")
        assert (video.status, video.error.code) == ("failed", "x")


def test_videos_from_videos(sdk: Any) -> None:
    first = sdk.videos.create(model="sora-2-pro", prompt="x")
    assert sdk.videos.remix(first.id, prompt="y").remixed_from_video_id == first.id
    assert sdk.videos.edit(prompt="y", video=("a.mp4", CLIP, "video/mp4")).status == "queued"
    assert sdk.videos.extend(prompt="y", seconds="20", video=("a.mp4", CLIP, "video/mp4")).seconds == "24"


@pytest.mark.parametrize("form", ["mp3", "opus", "aac", "flac", "wav", "pcm"])
def test_speech_has_its_type(sdk: Any, azure: Any, form: str) -> None:
    for client in (sdk, azure):
        answer = client.audio.speech.create(model="tts-1", voice="alloy", input="x", response_format=form)
        assert answer.response.headers["content-type"].startswith("audio/")
        assert len(answer.content) > 100


@pytest.mark.parametrize(
    ("answer", "expected"),
    [
        (errors.unauthorized(), "AuthenticationError"),
        (errors.unknown_model("x"), "NotFoundError"),
        (errors.deployment_not_found(), "NotFoundError"),
        (errors.moderation_blocked(), "BadRequestError"),
        (errors.azure_filtered(), "BadRequestError"),
        (errors.no_quota(), "RateLimitError"),
        (errors.server_error(), "InternalServerError"),
        (errors.proxy_page(), "InternalServerError"),
    ],
)
def test_the_sdk_understands_the_errors(sdk: Any, simulator: OpenAISimulator, answer: Answer, expected: str) -> None:
    simulator.fail_next("generate", answer)
    with pytest.raises(getattr(openai, expected)) as caught:
        sdk.images.generate(model="gpt-image-2", prompt="x")
    details = answer.json["error"] if answer.is_json else {"code": None}
    assert caught.value.code == details["code"]


def test_what_is_wrong_is_refused(sdk: Any, azure: Any, simulator: OpenAISimulator) -> None:
    calls: list[Callable[[], Any]] = [
        lambda: sdk.images.generate(model="gpt-image-2", prompt="x", response_format="url"),
        lambda: sdk.images.generate(model="gpt-image-2", prompt="x", n=11),
        lambda: sdk.images.generate(model="dall-e-3", prompt="x", n=2),
        lambda: sdk.images.generate(model="gpt-image-2", prompt="x", extra_body={"seed": 1}),
        lambda: sdk.images.generate(model="gpt-image-2", prompt="x", size="9999x10"),
        lambda: azure.images.generate(model="gpt-image-2", prompt="x", output_format="webp"),
        lambda: sdk.audio.speech.create(model="tts-1", voice="alloy", input="x" * 4097),
        lambda: sdk.audio.speech.create(model="tts-1", voice="alloy", input="x", speed=9),
        lambda: sdk.videos.create(prompt="x", seconds="5"),
        lambda: sdk.videos.create(prompt="x", size="100x100"),
        lambda: sdk.post("/videos", body={"prompt": "x", "seconds": 4}, cast_to=object),
    ]
    for call in calls:
        with pytest.raises(openai.BadRequestError):
            call()
    assert simulator.ledger.total_charges == 0


def test_entra_tokens_are_taken_at_azure_and_other_keys_nowhere(simulator: OpenAISimulator) -> None:
    where = {"azure_endpoint": simulator.azure_endpoint, "api_version": "2024-10-21", "max_retries": 0}
    with openai.AzureOpenAI(azure_ad_token_provider=lambda: "entra-token", **where) as client:
        assert client.images.generate(model="x", prompt="x").data
    with openai.AzureOpenAI(api_key="wrong", **where) as client, pytest.raises(openai.AuthenticationError):
        client.images.generate(model="x", prompt="x")
    with (
        openai.OpenAI(api_key="wrong", base_url=simulator.base_url, max_retries=0) as own,
        pytest.raises(openai.AuthenticationError),
    ):
        own.images.generate(model="x", prompt="x")


def test_the_sdk_accepts_the_signature_of_a_webhook(sdk: Any, simulator: OpenAISimulator, monkeypatch: Any) -> None:
    simulator.clock.set_wall(time.time())
    video = sdk.videos.create(model="sora-2", prompt="x")
    message = simulator.webhook(video.id)
    sdk.webhooks.verify_signature(message.body, message.headers, secret=simulator.webhook_secret)
    with pytest.raises(openai.InvalidWebhookSignatureError):
        sdk.webhooks.verify_signature(message.body + b" ", message.headers, secret=simulator.webhook_secret)


FAULTS: dict[str, Step] = {
    "500": Answer(500, {"retry-after-ms": "1", "Content-Type": "text/html"}, "<html>"),
    "504": Answer(504, {"retry-after-ms": "1", "Content-Type": "text/html"}, "<html>"),
    "drop": Close(),
}


@pytest.mark.parametrize("fault", FAULTS)
def test_the_sdk_pays_three_times_where_tarash_pays_once(simulator: OpenAISimulator, fault: str) -> None:
    """The SDK as it comes; each of its requests reached the vendor and was charged."""
    simulator.fail_next("create", FAULTS[fault], times=None, charged=True)
    with openai.OpenAI(api_key=simulator.key, base_url=simulator.base_url) as client, pytest.raises(openai.APIError):
        client.videos.create(model="sora-2", prompt="x")
    theirs = simulator.ledger.total_charges
    with pytest.raises(TarashException):
        Desk(SyncWorld(), simulator).generate("video")
    ours = simulator.ledger.total_charges - theirs
    print(f"{fault}: the SDK sent and paid {theirs}, tarash {ours}")
    assert (theirs, ours) == (3, 1)
