"""Clients that are not ours: OpenAI's SDK against the simulator, and who pays how often.

Images are generated at OpenAI's path, with OpenAI's names. Edits of images are not (they want JSON, the SDK sends a
form), nor are videos, files and speech, whose paths are others.
"""

import base64
import io
import threading
import urllib.request
from collections.abc import Callable, Generator
from typing import Any

import pytest
from PIL import Image
from tests.support.worlds import SyncWorld
from tests.xai.cases import IMAGES, PROMPT, Case
from tests.xai.desk import Desk
from tests.xai.grpc_vendor import GrpcVendor, paid

from tarash.tarash_gateway.clock import use_clock
from tarash.tarash_gateway.exceptions import TarashException
from tarash.testkit.clock import VirtualClock
from tarash.testkit.steps import Close, Hang, Step
from tarash.testkit.xai import XaiSimulator, errors

openai: Any = pytest.importorskip("openai")
pytestmark = [pytest.mark.vendor, pytest.mark.filterwarnings("ignore")]

GENERATED = [case for case in IMAGES if case.path == "images/generations"]
OF_OPENAI = ("n", "quality", "response_format", "user")
EXPLAINED = {
    "accept": "the SDK names the type it expects; tarash takes what comes",
    "accept-encoding": "what a client can unpack",
    "connection": "said by HTTP/1.1 anyway",
    "host": "the same server, named alike",
    "user-agent": "each its own name",
    "x-stainless-": "telemetry of the SDK",
    "content-length": "JSON with other blanks",
}


@pytest.fixture
def simulator() -> Generator[XaiSimulator]:
    with XaiSimulator(clock=VirtualClock()) as running, use_clock(running.clock):
        yield running


@pytest.fixture
def sdk(simulator: XaiSimulator) -> Generator[Any]:
    with openai.OpenAI(api_key=simulator.key, base_url=simulator.base_url, max_retries=0) as client:
        yield client


def generate(sdk: Any, case: Case) -> Any:
    """The same with OpenAI's SDK, which does not know the vendor's own parameters."""
    known = {name: value for name, value in case.sent.items() if name in OF_OPENAI}
    others = {name: value for name, value in case.sent.items() if name not in OF_OPENAI}
    return sdk.images.generate(model=case.model, prompt=PROMPT, extra_body=others, **known)


def told(request: Any) -> dict[str, Any]:
    """Everything that a request says, as far as it is not explained."""
    headers = {name.lower(): value for name, value in request.headers.items()}
    kept = {name: value for name, value in headers.items() if not name.startswith(tuple(EXPLAINED))}
    return {
        "method": request.method,
        "path": request.path,
        "query": request.query,
        "headers": kept,
        "json": request.json,
    }


@pytest.mark.parametrize("case", GENERATED, ids=lambda case: case.name)
def test_openai_s_sdk_and_tarash_leave_the_same_request(simulator: XaiSimulator, sdk: Any, case: Case) -> None:
    assert generate(sdk, case).data
    Desk(SyncWorld(), simulator).generate("image", case.request, model=case.model)
    theirs, ours = simulator.requests("generate_image")
    assert told(ours) == told(theirs)


@pytest.mark.parametrize("form", ["url", "b64_json"])
def test_images_decode(simulator: XaiSimulator, sdk: Any, form: str) -> None:
    shape = {"aspect_ratio": "16:9", "resolution": "2k"}
    answer = sdk.images.generate(
        model="grok-imagine-image-2.0", prompt="x", n=2, response_format=form, extra_body=shape
    )
    for item in answer.data:
        content = base64.b64decode(item.b64_json) if form == "b64_json" else _fetched(item.url)
        picture = Image.open(io.BytesIO(content))
        assert (picture.format, picture.size) == ("PNG", (512, 288))
        assert item.revised_prompt == "x"
    assert (simulator.ledger.total_charges, simulator.ledger.total_amount) == (1, 2)


def _fetched(url: str) -> bytes:
    with urllib.request.urlopen(url) as answer:
        return bytes(answer.read())


@pytest.mark.parametrize(
    ("told", "kind"),
    [
        ({"model": "grok-imagine-image-9"}, "NotFoundError"),
        ({"n": 11}, "BadRequestError"),
        ({"size": "1024x1024"}, "UnprocessableEntityError"),
        ({"extra_headers": {"Authorization": "Bearer wrong"}}, "BadRequestError"),
    ],
)
def test_refusals_are_those_that_the_sdk_knows(
    simulator: XaiSimulator, sdk: Any, told: dict[str, Any], kind: str
) -> None:
    with pytest.raises(getattr(openai, kind)):
        sdk.images.generate(**{"model": "grok-imagine-image", "prompt": "x", **told})
    assert simulator.ledger.total_charges == 0


def test_an_edit_of_the_sdk_is_no_json(simulator: XaiSimulator, sdk: Any) -> None:
    with pytest.raises(openai.APIStatusError, match="415") as caught:
        sdk.images.edit(model="grok-imagine-image", prompt="x", image=("a.png", b"\x89PNG", "image/png"))
    assert caught.value.status_code == 415


# Who pays how often.

FAULTS: list[tuple[str, str, Step, int]] = [
    ("dropped after the body", "UNAVAILABLE", Close(), 5),
    ("503 or 504 of a proxy", "UNAVAILABLE", errors.proxy_page(504), 5),
    ("500 of a proxy", "UNKNOWN", errors.proxy_page(500), 1),
    ("500 of the vendor", "INTERNAL", errors.server_error(), 1),
    ("answer too late", "DEADLINE_EXCEEDED", Hang(), 1),
]
"""What goes wrong, the gRPC status that the SDK sees then, the same in HTTP, and how often the SDK calls.

The SDK is given the status by the server: gRPC says UNAVAILABLE of a connection that breaks, and of a proxy's 503 or
504, and UNKNOWN of its 500.
"""

PURCHASES: list[tuple[str, Callable[[Any], Any], str, str]] = [
    ("video", lambda sdk: sdk.video.start("x", "grok-imagine-video"), "video", "generate"),
    ("image", lambda sdk: sdk.image.sample("x", "grok-imagine-image"), "image", "generate_image"),
]


@pytest.mark.parametrize(("fault", "status", "step", "calls"), FAULTS, ids=[row[0] for row in FAULTS])
@pytest.mark.parametrize(("name", "buy", "kind", "operation"), PURCHASES, ids=[row[0] for row in PURCHASES])
def test_how_often_the_sdk_and_tarash_buy(
    simulator: XaiSimulator,
    fault: str,
    status: str,
    step: Step,
    calls: int,
    name: str,
    buy: Callable[[Any], Any],
    kind: str,
    operation: str,
) -> None:
    theirs = calls_of_the_sdk(buy, status)
    script = simulator.fail_next(operation, step, times=None, charged=True)
    with pytest.raises(TarashException):
        Desk(SyncWorld(), simulator).generate(kind, timeout=0.3 if isinstance(step, Hang) else 60)
    print(f"\n{name}, {fault}: the SDK {theirs}, tarash {script.played}")
    assert (theirs, script.played, simulator.ledger.posts, simulator.ledger.total_charges) == (calls, 1, 1, 1)


def calls_of_the_sdk(buy: Callable[[Any], Any], status: str) -> int:
    """How often the vendor's own SDK calls when each call ends with a status."""
    grpc: Any = pytest.importorskip("grpc")
    over = threading.Event()

    def fail(context: Any) -> None:
        if status == "DEADLINE_EXCEEDED":
            over.wait(5)
        context.abort(getattr(grpc.StatusCode, status), "scripted")

    with GrpcVendor(fail) as vendor:
        client = vendor.client(timeout=0.3) if status == "DEADLINE_EXCEEDED" else vendor.client()
        with pytest.raises(grpc.RpcError) as caught:
            buy(client)
        over.set()
        assert caught.value.code().name == status
        return len(paid(vendor.calls))
