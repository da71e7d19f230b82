"""The vendor's own SDK and tarash are told the same, and must leave the same requests, but for what EXPLAINED names."""

import contextlib
import io
from collections.abc import Generator
from dataclasses import dataclass, field
from typing import Any

import pytest
from PIL import Image
from tests.replicate.desk import LARGE, PICTURE, SECOND, Desk, image
from tests.support.desks import PROMPT
from tests.support.wire import said_by
from tests.support.worlds import SyncWorld

from tarash.tarash_gateway.clock import use_clock
from tarash.testkit.clock import VirtualClock
from tarash.testkit.media import mp4
from tarash.testkit.replicate import MODELS, ReplicateSimulator, errors
from tarash.testkit.requests import RecordedRequest

replicate: Any = pytest.importorskip("replicate")
pytestmark = [pytest.mark.vendor, pytest.mark.filterwarnings("ignore")]

EXPLAINED = {
    "accept": "what a client takes",
    "accept-encoding": "what a client can unpack",
    "connection": "said by HTTP/1.1 anyway",
    "user-agent": "each its own name",
    "content-length": "a boundary of another length, or JSON with other blanks",
}
VEO, VEO_31, KLING = "google/veo-3", "google/veo-3.1", "kwaivgi/kling-v2.1"
MINIMAX, FLUX, PAINTER = "minimax/video-01", "black-forest-labs/flux-schnell", "someone/painter"
WAN, WAN_I2V, WAN_22 = "wan-video/wan-2.5-t2v", "wan-video/wan-2.5-i2v", "wan-video/wan-2.2-t2v-fast"
VERSION = MODELS[PAINTER].version
LINK = "https://example.com/input.png"
START = {"image_list": [image(role="first_frame")]}
BOTH = {"image_list": [image(role="first_frame"), image(SECOND.content, "last_frame")]}
HOOK = "https://example.com/hook"


@dataclass(frozen=True)
class Case:
    name: str
    model: str
    request: dict[str, Any]
    sends: dict[str, Any]
    config: dict[str, Any] = field(default_factory=dict)
    further: dict[str, Any] = field(default_factory=dict)
    kind: str = "video"


def picture(name: str, request: dict[str, Any], sends: dict[str, Any], model: str = FLUX) -> Case:
    return Case(name, model, request, sends, kind="image")


CASES = [
    Case("a prompt alone", VEO, {}, {}),
    Case("ratio", VEO, {"aspect_ratio": "9:16"}, {"aspect_ratio": "9:16"}),
    Case("duration", VEO, {"duration_seconds": 6}, {"duration": 6}),
    Case("rounded duration", VEO, {"duration_seconds": 5}, {"duration": 6}),
    Case("resolution", VEO, {"resolution": "720p"}, {"resolution": "720p"}),
    Case("negative prompt", VEO, {"negative_prompt": "fog"}, {"negative_prompt": "fog"}),
    Case("no audio", VEO, {"generate_audio": False}, {"generate_audio": False}),
    Case("seed", VEO, {"seed": 7}, {"seed": 7}),
    Case("first frame", VEO, START, {"image": PICTURE.data_uri}),
    Case("a plain picture is the first frame", VEO, {"image_list": [image()]}, {"image": PICTURE.data_uri}),
    Case("a link", VEO, {"image_list": [LINK]}, {"image": LINK}),
    Case("extra parameters", VEO, {"style_preset": "noir"}, {"style_preset": "noir"}),
    Case("both frames", VEO_31, BOTH, {"image": PICTURE.data_uri, "last_frame": SECOND.data_uri}),
    Case(
        "references",
        VEO_31,
        {"image_list": [image(), image(SECOND.content, "asset")]},
        {"reference_images": [PICTURE.data_uri, SECOND.data_uri]},
    ),
    Case("Kling", KLING, START, {"start_image": PICTURE.data_uri}),
    Case(
        "Kling in standard",
        KLING,
        {**START, "resolution": "720p"},
        {"start_image": PICTURE.data_uri, "mode": "standard"},
    ),
    Case(
        "Kling with both frames",
        KLING,
        {**BOTH, "resolution": "1080p", "duration_seconds": 10},
        {"start_image": PICTURE.data_uri, "end_image": SECOND.data_uri, "mode": "pro", "duration": 10},
    ),
    Case("MiniMax", MINIMAX, {"enhance_prompt": False}, {"prompt_optimizer": False}),
    Case("MiniMax with a frame", MINIMAX, START, {"first_frame_image": PICTURE.data_uri}),
    Case("MiniMax with a subject", MINIMAX, {"image_list": [image()]}, {"subject_reference": PICTURE.data_uri}),
    Case("Wan in pixels", WAN, {"resolution": "1080p", "aspect_ratio": "9:16"}, {"size": "1080*1920"}),
    Case("Wan in small", WAN, {"resolution": "480p"}, {"size": "832*480"}),
    Case("Wan expands", WAN, {"enhance_prompt": True}, {"enable_prompt_expansion": True}),
    Case("Wan with sound", WAN, {"audio": "https://example.com/a.mp3"}, {"audio": "https://example.com/a.mp3"}),
    Case(
        "Wan of an image", WAN_I2V, {**START, "resolution": "720p"}, {"image": PICTURE.data_uri, "resolution": "720p"}
    ),
    Case("frames", WAN_22, {"duration_seconds": 6}, {"num_frames": 97}),
    Case("held", VEO, {}, {}, {"wait": 30}, {"wait": 30}),
    Case("held as long as it goes", VEO, {}, {}, {"wait": True}, {"wait": True}),
    Case(
        "webhook",
        VEO,
        {},
        {},
        {"webhook_url": HOOK, "webhook_events": ["start", "completed"]},
        {"webhook": HOOK, "webhook_events_filter": ["start", "completed"]},
    ),
    picture("image", {}, {}),
    picture("two images", {"n": 2, "seed": 3}, {"num_outputs": 2, "seed": 3}),
    picture("image with a ratio", {"aspect_ratio": "1:1"}, {"aspect_ratio": "1:1"}),
    picture("image of an image", {"image_list": [image()]}, {"image": PICTURE.data_uri}),
    picture(
        "image with a mask",
        {"image_list": [image()], "mask_image": image(SECOND.content)["image"]},
        {"image": PICTURE.data_uri, "mask": SECOND.data_uri},
    ),
    picture("image of a version", {"seed": 3}, {"seed": 3}, f"{PAINTER}:{VERSION}"),
]


@pytest.fixture(scope="module")
def simulator() -> Generator[ReplicateSimulator]:
    with ReplicateSimulator(clock=VirtualClock()) as running:
        yield running


@pytest.fixture(autouse=True)
def moving_clock(simulator: ReplicateSimulator) -> Generator[None]:
    with use_clock(simulator.clock):
        yield


@contextlib.contextmanager
def client_of(simulator: ReplicateSimulator) -> Generator[Any]:
    """The SDK. It has no way to close its connections, so its HTTP client is closed here."""
    client = replicate.Client(api_token=simulator.key, base_url=simulator.base_url)
    yield client
    client._client.close()  # noqa: SLF001


@pytest.fixture(scope="module")
def sdk(simulator: ReplicateSimulator) -> Generator[Any]:
    with client_of(simulator) as client:
        yield client


def told(request: RecordedRequest) -> dict[str, Any]:
    """Everything a request says, as far as it is not explained."""
    return said_by(request, {*EXPLAINED, "host"})


def by_sdk(sdk: Any, case: Case) -> None:
    name, _, version = case.model.partition(":")
    given: dict[str, Any] = {"input": {"prompt": PROMPT, **case.sends}, **case.further}
    if version:
        sdk.predictions.create(version=version, **given)
    else:
        sdk.models.predictions.create(name, **given)


@pytest.mark.parametrize("case", CASES, ids=lambda case: case.name)
def test_the_same_call_leaves_the_same_request(simulator: ReplicateSimulator, sdk: Any, case: Case) -> None:
    simulator.server.requests.clear()
    by_sdk(sdk, case)
    Desk(SyncWorld(), simulator).generate(case.kind, case.request, model=case.model, provider_config=case.config)
    theirs, ours = simulator.requests("create")
    assert told(ours) == told(theirs)


def test_there_are_enough_cases() -> None:
    assert len(CASES) >= 25


def test_a_file_is_uploaded_alike(simulator: ReplicateSimulator, sdk: Any) -> None:
    simulator.server.requests.clear()
    sdk.files.create(io.BytesIO(LARGE), filename="input.png", content_type="image/png")
    Desk(SyncWorld(), simulator).generate("video", {"image_list": [image(LARGE)]}, model=VEO)
    theirs, ours = simulator.requests("upload")
    assert told(ours) == told(theirs)


@pytest.mark.parametrize("operation", ["get", "cancel"])
def test_a_job_is_asked_for_and_cancelled_alike(simulator: ReplicateSimulator, sdk: Any, operation: str) -> None:
    desk = Desk(SyncWorld(), simulator)
    job = desk.submit("video")
    simulator.server.requests.clear()
    getattr(sdk.predictions, operation)(job.provider_ids[0])
    desk.ask("poll" if operation == "get" else "cancel", job)
    theirs, ours = simulator.requests(operation)[:2]
    assert told(ours) == told(theirs)


# The SDK and the simulator alone.


def size_at(link: str, sdk: Any) -> tuple[int, int]:
    return Image.open(io.BytesIO(replicate.helpers.FileOutput(link, sdk).read())).size


def test_the_sdk_runs_a_model_to_its_end(simulator: ReplicateSimulator, sdk: Any) -> None:
    charges = simulator.ledger.total_charges
    output = sdk.run(VEO, input={"prompt": PROMPT, "aspect_ratio": "9:16"})
    assert replicate.helpers.FileOutput(output, sdk).read() == mp4("9:16").content
    assert simulator.ledger.total_charges == charges + 1
    pictures = sdk.run(f"{PAINTER}:{VERSION}", input={"prompt": PROMPT, "num_outputs": 2})
    assert [size_at(one, sdk) for one in pictures] == [(64, 48)] * 2


def test_the_sdk_reads_models_files_and_webhooks(simulator: ReplicateSimulator, sdk: Any) -> None:
    model = sdk.models.get(PAINTER)
    assert model.latest_version.id == VERSION
    assert "Input" in sdk.models.get(PAINTER).versions.get(VERSION).openapi_schema["components"]["schemas"]
    file = sdk.files.create(io.BytesIO(SECOND.content), filename="a.png")
    assert sdk.files.get(file.id).size == len(SECOND.content)
    sdk.files.delete(file.id)
    job = sdk.models.predictions.create(VEO, input={"prompt": PROMPT})
    message = simulator.webhook(job.id)
    secret = sdk.webhooks.default.secret()
    names = replicate.webhook.Webhooks
    names.validate(headers=message.headers, body=message.body.decode(), secret=secret)


@pytest.mark.parametrize(
    ("answer", "status"), [(errors.unauthenticated(), 401), (errors.no_credit(), 402), (errors.not_found(), 404)]
)
def test_the_sdk_understands_the_errors(simulator: ReplicateSimulator, sdk: Any, answer: Any, status: int) -> None:
    simulator.fail_next("create", answer)
    with pytest.raises(replicate.exceptions.ReplicateError) as caught:
        sdk.models.predictions.create(VEO, input={"prompt": PROMPT})
    assert caught.value.status == status


@pytest.mark.parametrize("given", [{}, {"prompt": 3}, {"prompt": "x", "duration": 5}, {"prompt": "x", "seed": "one"}])
def test_what_is_wrong_is_refused(sdk: Any, given: dict[str, Any]) -> None:
    with pytest.raises(replicate.exceptions.ReplicateError, match="Input validation failed"):
        sdk.models.predictions.create(VEO, input=given)


def test_a_cancelled_job_says_so() -> None:
    with ReplicateSimulator(clock=VirtualClock(), run_seconds=100) as slow, client_of(slow) as client:
        job = client.models.predictions.create(VEO, input={"prompt": PROMPT})
        assert client.predictions.cancel(job.id).status == "canceled"
        slow.clock.advance(200)
        assert client.predictions.get(job.id).status == "canceled"
    assert slow.ledger.cancels == 1
