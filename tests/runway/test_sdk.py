"""The vendor's own SDK, unmodified, against the simulator; and how often it pays where tarash pays once."""

import asyncio
import io
from collections.abc import Callable, Generator
from typing import Any

import httpx
import pytest
from PIL import Image
from tests.runway.cases import MOVIE, ONE, SPOKEN, TWO, preset
from tests.runway.desk import CLIP, LARGE, Desk
from tests.support.worlds import SyncWorld

from tarash.tarash_gateway.exceptions import TarashException
from tarash.testkit.clock import VirtualClock
from tarash.testkit.media import mp3, mp4
from tarash.testkit.runway import RunwaySimulator, TaskOutcome, errors
from tarash.testkit.steps import Answer, Close, Step

runwayml: Any = pytest.importorskip("runwayml")
pytestmark = [pytest.mark.vendor, pytest.mark.filterwarnings("ignore")]
TEXT: dict[str, Any] = {"model": "gen4.5", "prompt_text": "x", "duration": 5, "ratio": "1280:720"}


@pytest.fixture
def simulator() -> Generator[RunwaySimulator]:
    with RunwaySimulator(clock=VirtualClock()) as running:
        yield running


@pytest.fixture
def sdk(simulator: RunwaySimulator) -> Generator[Any]:
    with runwayml.RunwayML(api_key=simulator.key, base_url=simulator.base_url, max_retries=0) as client:
        yield client


def fetched(link: str) -> bytes:
    return httpx.get(link).raise_for_status().content


def test_a_task_from_creation_to_deletion(sdk: Any, simulator: RunwaySimulator) -> None:
    simulator.next_task(TaskOutcome(throttled=True, queue_seconds=4, run_seconds=10))
    created = sdk.text_to_video.create(**{**TEXT, "ratio": "720:1280"})
    assert created.estimated_cost.credits == 25
    seen = [sdk.tasks.retrieve(created.id)]
    simulator.clock.advance(9)
    seen.append(sdk.tasks.retrieve(created.id))
    simulator.clock.advance(5)
    seen.append(sdk.tasks.retrieve(created.id))
    assert [type(task).__name__.removeprefix("Awaitable") for task in seen] == ["Throttled", "Running", "Succeeded"]
    assert (seen[1].progress, seen[2].cost.credits) == (0.5, 25)
    assert seen[2].created_at == seen[0].created_at
    assert fetched(seen[2].output[0]) == mp4("9:16").content
    sdk.tasks.delete(created.id)
    for call in (sdk.tasks.retrieve, sdk.tasks.delete):
        with pytest.raises(runwayml.NotFoundError, match="Could not find Task"):
            call(created.id)
    assert (simulator.ledger.amount(created.id), simulator.ledger.cancels) == (25, 0)


@pytest.mark.parametrize("running", [True, False])
def test_an_unfinished_task_is_cancelled(sdk: Any, simulator: RunwaySimulator, running: bool) -> None:
    simulator.next_task(TaskOutcome(queue_seconds=0 if running else 50, run_seconds=50))
    created = sdk.text_to_video.create(**TEXT)
    assert sdk.tasks.retrieve(created.id).status == ("RUNNING" if running else "PENDING")
    sdk.tasks.delete(created.id)
    assert (simulator.ledger.cancels, simulator.tasks) == (1, [])


def test_the_asynchronous_sdk_reads_a_failure(simulator: RunwaySimulator) -> None:
    simulator.next_task(TaskOutcome(failure="Refused.", failure_code="SAFETY.INPUT.TEXT"))

    async def look() -> Any:
        async with runwayml.AsyncRunwayML(api_key=simulator.key, base_url=simulator.base_url) as client:
            return await client.tasks.retrieve((await client.text_to_video.create(**TEXT)).id)

    failed = asyncio.run(look())
    assert (failed.status, failed.failure, failed.failure_code) == ("FAILED", "Refused.", "SAFETY.INPUT.TEXT")


def test_every_way_to_a_task(sdk: Any, simulator: RunwaySimulator) -> None:
    calls: list[Any] = [
        sdk.image_to_video.create(model="gen4_turbo", prompt_image=ONE, ratio="960:960", duration=2),
        sdk.image_to_video.create(
            model="veo3.1",
            prompt_image=[{"uri": ONE, "position": "first"}, {"uri": TWO, "position": "last"}],
            ratio="1280:720",
        ),
        sdk.video_to_video.create(model="aleph2", video_uri=MOVIE),
        sdk.character_performance.create(
            model="act_two", character={"type": "image", "uri": ONE}, reference={"type": "video", "uri": MOVIE}
        ),
        sdk.text_to_image.create(model="gen4_image", prompt_text="x", ratio="1920:1080"),
        sdk.text_to_speech.create(model="eleven_v4", prompt_text="x", voice=preset("Maya")),
        sdk.sound_effect.create(model="eleven_text_to_sound_v2", prompt_text="x", duration=0.5),
        sdk.speech_to_speech.create(
            model="eleven_multilingual_sts_v2", media={"type": "audio", "uri": SPOKEN}, voice=preset("Tom")
        ),
    ]
    contents = [fetched(sdk.tasks.retrieve(created.id).output[0]) for created in calls]
    assert contents[:3] == [mp4("1:1").content, mp4("16:9").content, mp4("16:9").content]
    width, height = Image.open(io.BytesIO(contents[4])).size
    assert round(width / height, 1) == 1.8
    assert contents[5:] == [mp3().content] * 3
    assert simulator.ledger.total_charges == len(calls)


def test_several_images(sdk: Any) -> None:
    created = sdk.text_to_image.create(model="gpt_image_2", prompt_text="x", ratio="auto", output_count=3)
    pictures = {fetched(link) for link in sdk.tasks.retrieve(created.id).output}
    assert len(pictures) == 3


def test_an_upload_is_used(sdk: Any, simulator: RunwaySimulator) -> None:
    upload = sdk.uploads.create_ephemeral(file=("input.png", LARGE, "image/png"))
    sdk.image_to_video.create(model="gen4_turbo", prompt_image=upload.uri, ratio="1280:720")
    assert simulator.uploads[0].content == LARGE
    simulator.clock.advance(25 * 3600)
    with pytest.raises(runwayml.BadRequestError, match="expired"):
        sdk.image_to_video.create(model="gen4_turbo", prompt_image=upload.uri, ratio="1280:720")
    with pytest.raises(runwayml.APIStatusError, match="Upload failed with status 400"):
        sdk.uploads.create_ephemeral(file=("tiny.png", b"tiny", "image/png"))


def test_links_end_and_are_made_anew(sdk: Any, simulator: RunwaySimulator) -> None:
    created = sdk.text_to_video.create(**TEXT)
    first = sdk.tasks.retrieve(created.id).output[0]
    simulator.clock.advance(25 * 3600)
    assert httpx.get(first).status_code == 403
    second = sdk.tasks.retrieve(created.id).output[0]
    assert fetched(second) == CLIP
    assert httpx.get(second, headers={"Authorization": "Bearer x"}).status_code == 400
    assert httpx.get(second.partition("?")[0]).status_code == 403


@pytest.mark.parametrize(
    ("answer", "expected"),
    [
        (errors.invalid_field("ratio"), "BadRequestError"),
        (errors.no_credits(), "BadRequestError"),
        (errors.unauthorized(), "AuthenticationError"),
        (errors.no_task(), "NotFoundError"),
        (errors.daily_cap(), "RateLimitError"),
        (errors.overloaded(), "InternalServerError"),
        (errors.proxy_page(), "InternalServerError"),
    ],
)
def test_the_sdk_understands_the_errors(sdk: Any, simulator: RunwaySimulator, answer: Answer, expected: str) -> None:
    simulator.fail_next("create", answer)
    with pytest.raises(getattr(runwayml, expected)) as caught:
        sdk.text_to_video.create(**TEXT)
    assert caught.value.status_code == answer.status


def image(sdk: Any, **changes: Any) -> Any:
    return sdk.image_to_video.create(**{"model": "gen4_turbo", "prompt_image": ONE, "ratio": "1280:720", **changes})


WRONG: dict[str, tuple[Callable[[Any], Any], str]] = {
    "model": (lambda sdk: image(sdk, model="gen5"), "Unknown model"),
    "model of another endpoint": (lambda sdk: sdk.text_to_video.create(**{**TEXT, "model": "gen4_turbo"}), "Unknown"),
    "retired model": (
        lambda sdk: sdk.video_to_video.create(model="gen4_aleph", prompt_text="x", video_uri=MOVIE),
        "Unknown model",
    ),
    "unknown name": (lambda sdk: image(sdk, extra_body={"style": "x"}), "unrecognized_keys"),
    "missing": (lambda sdk: image(sdk, ratio=runwayml.omit), "Required"),
    "ratio": (lambda sdk: image(sdk, ratio="1920:1080"), "Expected one of 1280:720"),
    "duration": (lambda sdk: image(sdk, duration=11), "Number must be from 2 to 10"),
    "duration of another type": (lambda sdk: image(sdk, duration="5"), "Expected int"),
    "seed": (lambda sdk: image(sdk, seed=2**32), "too_big"),
    "prompt": (lambda sdk: image(sdk, prompt_text="🗼" * 501), "at most 1000"),
    "empty prompt": (lambda sdk: image(sdk, prompt_text=""), "at least 1"),
    "last frame": (lambda sdk: image(sdk, prompt_image=[{"uri": ONE, "position": "last"}]), "promptImage"),
    "lone last frame": (
        lambda sdk: image(sdk, model="veo3.1", prompt_image=[{"uri": ONE, "position": "last"}]),
        "first frame is required",
    ),
    "false type": (lambda sdk: image(sdk, prompt_image=ONE.replace("image/png", "image/jpeg")), "not image/jpeg"),
    "a GIF": (lambda sdk: image(sdk, prompt_image="data:image/gif;base64,R0lGODlh"), "Unsupported image type"),
    "a number as host": (lambda sdk: image(sdk, prompt_image="https://10.0.0.1/a.png"), "domain name"),
    "no HTTPS": (lambda sdk: image(sdk, prompt_image="http://example.com/a.png"), "HTTPS"),
    "a long link": (lambda sdk: image(sdk, prompt_image="https://example.com/" + "a" * 2048), "2048"),
    "no upload": (lambda sdk: image(sdk, prompt_image="runway://nothing"), "does not exist"),
    "voice": (
        lambda sdk: sdk.text_to_speech.create(model="eleven_v4", prompt_text="x", voice=preset("Nobody")),
        "Expected one of Maya",
    ),
    "many references": (
        lambda sdk: sdk.text_to_image.create(
            model="gen4_image", prompt_text="x", ratio="720:720", reference_images=[{"uri": ONE}] * 4
        ),
        "at most 3",
    ),
}


@pytest.mark.parametrize("name", WRONG)
def test_what_is_wrong_is_refused(sdk: Any, simulator: RunwaySimulator, name: str) -> None:
    call, problem = WRONG[name]
    with pytest.raises(runwayml.BadRequestError) as caught:
        call(sdk)
    assert problem in str(caught.value.body)
    assert caught.value.body["error"] == "Validation of body failed"
    assert simulator.ledger.total_charges == 0


def test_one_model_takes_names_that_it_does_not_know(sdk: Any) -> None:
    sdk.text_to_image.create(model="gen4_image", prompt_text="x", ratio="720:720", extra_body={"style": "x"})


def test_an_account_without_credits(simulator: RunwaySimulator) -> None:
    with (
        RunwaySimulator(clock=simulator.clock, balance=20) as poor,
        runwayml.RunwayML(api_key=poor.key, base_url=poor.base_url, max_retries=0) as client,
        pytest.raises(runwayml.BadRequestError, match="not have enough credits"),
    ):
        client.text_to_video.create(**TEXT)


def test_other_keys_versions_paths_and_methods_are_refused(sdk: Any, simulator: RunwaySimulator) -> None:
    with pytest.raises(runwayml.AuthenticationError):
        sdk.with_options(api_key="key_wrong").text_to_video.create(**TEXT)
    with pytest.raises(runwayml.BadRequestError, match="X-Runway-Version"):
        sdk.text_to_video.create(**TEXT, extra_headers={"X-Runway-Version": "2020-01-01"})
    with pytest.raises(runwayml.NotFoundError):
        sdk.post("/v1/nothing", cast_to=object)
    with pytest.raises(runwayml.APIStatusError, match="405"):
        sdk.get("/v1/text_to_video", cast_to=object)


FAULTS: dict[str, Step] = {
    "500": Answer(500, {"retry-after-ms": "1", "Content-Type": "text/html"}, "<html>"),
    "504": Answer(504, {"retry-after-ms": "1", "Content-Type": "text/html"}, "<html>"),
    "drop": Close(),
}


@pytest.mark.parametrize("fault", FAULTS)
def test_the_sdk_pays_three_times_where_tarash_pays_once(simulator: RunwaySimulator, fault: str) -> None:
    """The SDK as it comes; each of its requests reached the vendor and was charged."""
    simulator.fail_next("create", FAULTS[fault], times=None, charged=True)
    with (
        runwayml.RunwayML(api_key=simulator.key, base_url=simulator.base_url) as client,
        pytest.raises(runwayml.APIError),
    ):
        client.text_to_video.create(**TEXT)
    theirs = simulator.ledger.total_charges
    with pytest.raises(TarashException):
        Desk(SyncWorld(), simulator).generate("video")
    ours = simulator.ledger.total_charges - theirs
    print(f"{fault}: the SDK sent and paid {theirs}, tarash {ours}")
    assert (theirs, ours) == (3, 1)
