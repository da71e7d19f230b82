"""The vendor's own SDKs, unmodified, against the simulator; and how often they pay where tarash pays once."""

import asyncio
import io
from collections.abc import Callable, Generator
from typing import Any

import httpx
import pytest
from PIL import Image
from tests.luma.cases import ONE
from tests.luma.desk import CLIP, FILM_LINK, LINK, PICTURE, Desk
from tests.support.worlds import SyncWorld

from tarash.tarash_gateway.exceptions import TarashException
from tarash.testkit.clock import VirtualClock
from tarash.testkit.luma import GenerationOutcome, LumaSimulator, errors
from tarash.testkit.media import mp4
from tarash.testkit.steps import Answer, Close, Hang, Step

lumaai: Any = pytest.importorskip("lumaai")
luma_agents: Any = pytest.importorskip("luma_agents")
pytestmark = [pytest.mark.vendor, pytest.mark.filterwarnings("ignore")]

VIDEO: dict[str, Any] = {"prompt": "a lighthouse", "type": "video", "model": "ray-3.2"}
OLDER: dict[str, Any] = {"prompt": "a lighthouse", "model": "ray-2"}


@pytest.fixture
def simulator() -> Generator[LumaSimulator]:
    with LumaSimulator(clock=VirtualClock()) as running:
        yield running


@pytest.fixture
def current(simulator: LumaSimulator) -> Generator[Any]:
    with luma_agents.Luma(auth_token=simulator.key, base_url=simulator.base_url, max_retries=0) as client:
        yield client


@pytest.fixture
def older(simulator: LumaSimulator) -> Generator[Any]:
    key, url = simulator.dream_machine_key, simulator.dream_machine_url
    with lumaai.LumaAI(auth_token=key, base_url=url, max_retries=0) as client:
        yield client


def fetched(link: str) -> bytes:
    return httpx.get(link).raise_for_status().content


def test_a_generation_of_the_current_interface(current: Any, simulator: LumaSimulator) -> None:
    simulator.next_generation(GenerationOutcome(queue_seconds=4, run_seconds=10))
    created = current.generations.create(**VIDEO, aspect_ratio="9:16", video={"duration": "10s"})
    assert (created.state, created.output, created.type) == ("queued", [], "video")
    states = []
    for seconds in (0, 9, 5):
        simulator.clock.advance(seconds)
        states.append(current.generations.get(created.id))
    assert [one.state for one in states] == ["queued", "processing", "completed"]
    assert {one.created_at for one in states} == {created.created_at}
    assert fetched(states[2].output[0].url) == mp4("9:16").content
    assert (simulator.ledger.amount(created.id), simulator.ledger.total_charges) == (100, 1)
    simulator.forget(created.id)
    with pytest.raises(luma_agents.NotFoundError, match="Generation not found"):
        current.generations.get(created.id)


def test_a_generation_of_the_older_interface(older: Any, simulator: LumaSimulator) -> None:
    simulator.next_generation(GenerationOutcome(queue_seconds=4, run_seconds=10))
    created = older.generations.create(**OLDER, aspect_ratio="1:1", duration="9s")
    assert (created.state, created.assets.video, created.generation_type) == ("queued", None, "video")
    states = []
    for seconds in (0, 9, 5):
        simulator.clock.advance(seconds)
        states.append(older.generations.get(created.id))
    assert [one.state for one in states] == ["queued", "dreaming", "completed"]
    assert fetched(states[2].assets.video) == mp4("1:1").content
    assert states[2].request.aspect_ratio == "1:1"
    assert [one.id for one in older.generations.list(limit=5).generations] == [created.id]
    older.generations.delete(created.id)
    for call in (older.generations.get, older.generations.delete):
        with pytest.raises(lumaai.NotFoundError, match="Generation not found"):
            call(created.id)
    assert simulator.ledger.amount(created.id) == 90


def test_what_else_the_older_interface_has(older: Any) -> None:
    assert older.ping.check().message == "pong"
    assert older.credits.get().credit_balance > 0
    assert "orbit_left" in older.generations.concepts.list()


def test_every_way_to_a_generation_of_the_older_interface(older: Any, simulator: LumaSimulator) -> None:
    first = older.generations.create(**OLDER)
    media, placed = {"url": FILM_LINK}, {"media": {"url": LINK}, "aspect_ratio": "9:16"}
    made = [
        older.generations.video.modify(model="ray-2", media=media, mode="flex_2", generation_type="modify_video"),
        older.generations.video.reframe(
            model="ray-2", media=media, aspect_ratio="9:16", generation_type="reframe_video"
        ),
        older.generations.upscale(first.id, resolution="4k"),
        older.generations.audio(first.id, prompt="waves"),
        older.generations.image.create(model="photon-1", prompt="x y z"),
        older.generations.image.reframe(model="photon-flash-1", generation_type="reframe_image", **placed),
    ]
    done = [older.generations.get(one.id) for one in made]
    assert [one.generation_type for one in done] == ["video"] * 4 + ["image"] * 2
    assert [fetched(one.assets.video) for one in done[1:3]] == [mp4("9:16").content, CLIP]
    assert Image.open(io.BytesIO(fetched(done[5].assets.image))).size == (72, 128)
    assert simulator.ledger.total_charges == 7


def test_every_way_to_a_generation_of_the_current_interface(current: Any) -> None:
    first = current.generations.create(**VIDEO)
    made = [
        current.generations.create(prompt="x"),
        current.generations.create(prompt="x", type="image_edit", source=ONE, image_ref=[{"url": LINK}] * 8),
        current.generations.create(prompt="x", type="layering", source=ONE, layering={"resolution": "1k"}),
        current.generations.create(
            **{**VIDEO, "type": "video_edit"}, source={"url": FILM_LINK, "media_type": "video/mp4"}
        ),
        current.generations.create(**{**VIDEO, "type": "video_reframe"}, source={"generation_id": first.id}),
    ]
    done = [current.generations.get(one.id) for one in made]
    assert [len(one.output) for one in done] == [1, 1, 2, 1, 1]
    assert [one.layer.label for one in done[2].output] == ["lighthouse", "sea"]
    assert Image.open(io.BytesIO(fetched(done[0].output[0].url))).size == (128, 72)


def test_a_file_from_announcement_to_deletion(current: Any, simulator: LumaSimulator) -> None:
    created = current.files.create(
        mime_type="image/png", size_bytes=len(PICTURE), purpose="reference", filename="a.png"
    )
    assert (created.state, created.file.purpose, created.upload.method) == ("pending", "reference", "PUT")
    with pytest.raises(luma_agents.ConflictError):
        current.files.complete(created.id)
    assert httpx.put(created.upload.url, content=PICTURE).status_code == 403
    headers = {**created.upload.headers, "Authorization": "Bearer x"}
    assert httpx.put(created.upload.url, headers=headers, content=PICTURE).status_code == 403
    assert httpx.put(created.upload.url, headers=created.upload.headers, content=b"short").status_code == 400
    httpx.put(created.upload.url, headers=created.upload.headers, content=PICTURE).raise_for_status()
    assert current.files.complete(created.id).state == "pending"
    with pytest.raises(luma_agents.UnprocessableEntityError, match="not ready"):
        current.generations.create(prompt="x", image_ref=[{"file_id": created.id}])
    simulator.clock.advance(5)
    assert current.files.get(created.id).state == "ready"
    assert current.generations.create(prompt="x", image_ref=[{"file_id": created.id}]).id
    assert [file.id for file in current.files.list(state="ready", purpose="reference").data] == [created.id]
    current.files.delete(created.id)
    with pytest.raises(luma_agents.NotFoundError):
        current.files.get(created.id)


def test_the_asynchronous_sdks_read_failures(simulator: LumaSimulator) -> None:
    simulator.next_generation(GenerationOutcome(failure="Refused.", failure_code="content_moderated"), times=2)

    async def look() -> tuple[Any, Any]:
        async with (
            luma_agents.AsyncLuma(auth_token=simulator.key, base_url=simulator.base_url) as new,
            lumaai.AsyncLumaAI(auth_token=simulator.dream_machine_key, base_url=simulator.dream_machine_url) as old,
        ):
            one = await new.generations.get((await new.generations.create(**VIDEO)).id)
            return one, await old.generations.get((await old.generations.create(**OLDER)).id)

    one, two = asyncio.run(look())
    assert (one.state, one.failure_code, one.failure_reason) == ("failed", "content_moderated", "Refused.")
    assert (two.state, two.failure_reason) == ("failed", "Refused.")


def test_links_of_the_current_interface_end_after_an_hour(current: Any, simulator: LumaSimulator) -> None:
    created = current.generations.create(**VIDEO)
    first = current.generations.get(created.id).output[0].url
    simulator.clock.advance(3601)
    assert httpx.get(first).status_code == 403
    second = current.generations.get(created.id).output[0].url
    assert httpx.get(second, headers={"Authorization": "Bearer x"}).status_code == 400
    assert fetched(second) == CLIP


@pytest.mark.parametrize(
    ("answer", "expected"),
    [
        (errors.invalid(["prompt"], "too long"), "UnprocessableEntityError"),
        (errors.moderated(), "BadRequestError"),
        (errors.unauthorized(), "AuthenticationError"),
        (errors.suspended(), "PermissionDeniedError"),
        (errors.no_generation(), "NotFoundError"),
        (errors.rate_limited(), "RateLimitError"),
        (errors.overloaded(), "InternalServerError"),
        (errors.proxy_page(), "InternalServerError"),
    ],
)
def test_the_sdks_understand_the_errors(
    current: Any, older: Any, simulator: LumaSimulator, answer: Answer, expected: str
) -> None:
    simulator.fail_next("create", answer, times=2)
    for library, create in ((luma_agents, current.generations.create), (lumaai, older.generations.create)):
        with pytest.raises(getattr(library, expected)) as caught:
            create(**(VIDEO if library is luma_agents else OLDER))
        assert caught.value.status_code == answer.status


def new(current: Any, **changes: Any) -> Any:
    return current.generations.create(**{**VIDEO, **changes})


WRONG: dict[str, tuple[Callable[[Any], Any], str]] = {
    "model": (lambda sdk: new(sdk, model="ray-9"), "Unknown model"),
    "model for another type": (lambda sdk: new(sdk, model="uni-1"), "Unknown model"),
    "unknown name": (lambda sdk: new(sdk, extra_body={"seed": 1}), "extra_forbidden"),
    "empty prompt": (lambda sdk: new(sdk, prompt=""), "at least 1 character"),
    "ratio": (lambda sdk: new(sdk, aspect_ratio="3:1"), "aspect_ratio must be one of 9:16"),
    "duration": (lambda sdk: new(sdk, video={"duration": "9s"}), "'5s' or '10s'"),
    "loop of ten seconds": (lambda sdk: new(sdk, video={"duration": "10s", "loop": True}), "loop is not possible"),
    "end of ten seconds": (lambda sdk: new(sdk, video={"duration": "10s", "end_frame": ONE}), "end_frame is not"),
    "draft of high range": (lambda sdk: new(sdk, video={"hdr": True, "resolution": "360p"}), "hdr is not possible"),
    "frames twice": (
        lambda sdk: new(sdk, video={"keyframes": [ONE], "keyframe_indexes": [0], "start_frame": ONE}),
        "keyframes exclude",
    ),
    "frames without places": (lambda sdk: new(sdk, video={"keyframes": [ONE]}), "differ in length"),
    "no source": (lambda sdk: new(sdk, type="video_edit"), "source does not fit"),
    "source of another type": (lambda sdk: new(sdk, type="video_edit", source=ONE), "must begin with video/"),
    "false type": (lambda sdk: new(sdk, video={"start_frame": {**ONE, "media_type": "image/jpeg"}}), "not image/jpeg"),
    "two places": (lambda sdk: new(sdk, video={"start_frame": {**ONE, "url": LINK}}), "exactly one of"),
    "references": (
        lambda sdk: sdk.generations.create(prompt="x", image_ref=[{"url": LINK}] * 10),
        "too many entries",
    ),
    "words for layers": (
        lambda sdk: sdk.generations.create(prompt="x" * 501, type="layering", source=ONE),
        "at most 500",
    ),
}


@pytest.mark.parametrize("name", WRONG)
def test_what_is_wrong_is_refused(current: Any, simulator: LumaSimulator, name: str) -> None:
    call, problem = WRONG[name]
    with pytest.raises(luma_agents.UnprocessableEntityError) as caught:
        call(current)
    assert problem in str(caught.value.body)
    assert simulator.ledger.total_charges == 0


OLDER_WRONG: dict[str, tuple[dict[str, Any], str]] = {
    "model": ({"model": "ray-1-6"}, "ray-2"),
    "short prompt": ({"prompt": "xy"}, "at least 3"),
    "no prompt": ({"prompt": lumaai.omit}, "Prompt is required"),
    "duration": ({"duration": "10s"}, "'5s' or '9s'"),
    "resolution": ({"resolution": "360p"}, "540p"),
    "unknown name": ({"extra_body": {"seed": 1}}, "extra_forbidden"),
    "data": ({"keyframes": {"frame0": {"type": "image", "url": "data:image/png;base64,xx"}}}, "only https"),
    "loop to a frame": ({"loop": True, "keyframes": {"frame1": {"type": "image", "url": LINK}}}, "Loop is not"),
}


@pytest.mark.parametrize("name", OLDER_WRONG)
def test_what_is_wrong_is_refused_by_the_older_interface(older: Any, simulator: LumaSimulator, name: str) -> None:
    changes, problem = OLDER_WRONG[name]
    with pytest.raises(lumaai.UnprocessableEntityError) as caught:
        older.generations.create(**{**OLDER, **changes})
    assert problem in str(caught.value.body)
    assert simulator.ledger.total_charges == 0


def test_keys_of_one_interface_are_no_keys_of_the_other(simulator: LumaSimulator) -> None:
    with (
        luma_agents.Luma(auth_token=simulator.dream_machine_key, base_url=simulator.base_url) as client,
        pytest.raises(luma_agents.AuthenticationError),
    ):
        client.generations.create(**VIDEO)


FAULTS: dict[str, Step] = {
    "500": Answer(500, {"retry-after-ms": "1", "Content-Type": "text/html"}, "<html>"),
    "504": Answer(504, {"retry-after-ms": "1", "Content-Type": "text/html"}, "<html>"),
    "drop": Close(),
    "late": Hang(),
}


@pytest.mark.parametrize("interface", ["agents", "dream-machine"])
@pytest.mark.parametrize("fault", FAULTS)
def test_the_sdk_pays_three_times_where_tarash_pays_once(simulator: LumaSimulator, fault: str, interface: str) -> None:
    """The SDKs as they come, but for less patience; each of their requests reached the vendor and was charged."""
    simulator.fail_next("create", FAULTS[fault], times=None, charged=True)
    patience = 0.2 if fault == "late" else 30
    if interface == "agents":
        sdk = luma_agents.Luma(auth_token=simulator.key, base_url=simulator.base_url, timeout=patience)
    else:
        key, url = simulator.dream_machine_key, simulator.dream_machine_url
        sdk = lumaai.LumaAI(auth_token=key, base_url=url, timeout=patience)
    with sdk, pytest.raises((lumaai.APIError, luma_agents.APIError)):
        sdk.generations.create(**(VIDEO if interface == "agents" else OLDER))
    theirs = simulator.ledger.total_charges
    with pytest.raises(TarashException):
        Desk(SyncWorld(), simulator).generate(
            "video", model="ray-3.2" if interface == "agents" else "ray-2", timeout=patience
        )
    ours = simulator.ledger.total_charges - theirs
    print(f"{interface}, {fault}: the SDK sent and paid {theirs}, tarash {ours}")
    assert (theirs, ours) == (3, 1)
