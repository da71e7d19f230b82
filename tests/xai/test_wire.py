"""The vendor's own SDK, which speaks gRPC, and tarash are told the same; their messages must mean the same.

The SDK's protobuf is translated to the JSON of the REST interface by the tables in `grpc_vendor`. Paths, headers and
bytes of HTTP cannot be proven this way: the vendor publishes no Python client of its REST interface. What REST calls
things is checked against `cases`, and against the simulator, which refuses unknown names. Images are
OpenAI-compatible: see test_sdk. The SDK has no speech and no files as inputs of REST.
"""

from collections.abc import Generator
from typing import Any

import pytest
from tests.support.worlds import SyncWorld
from tests.xai.cases import CASES, STORED_FILE, Case
from tests.xai.desk import CLIP, Desk
from tests.xai.grpc_vendor import JOB, KEY, NOT_IN_REST, RESULT, SDK_DEFAULTS, GrpcVendor, as_rest, paid

from tarash.tarash_gateway.clock import use_clock
from tarash.testkit.clock import VirtualClock
from tarash.testkit.xai import XaiSimulator

WITH_SDK = [case for case in CASES if case.sdk is not None]


@pytest.fixture(scope="module")
def simulator() -> Generator[XaiSimulator]:
    with XaiSimulator(clock=VirtualClock(), serve_unknown=True) as running:
        assert running.files.store(CLIP) == STORED_FILE
        yield running


@pytest.fixture(autouse=True)
def moving_clock(simulator: XaiSimulator) -> Generator[None]:
    with use_clock(simulator.clock):
        yield


@pytest.fixture(scope="module")
def vendor() -> Generator[GrpcVendor]:
    with GrpcVendor() as running:
        yield running


@pytest.fixture(scope="module")
def sdk(vendor: GrpcVendor) -> Any:
    return vendor.client()


def meant(case: Case) -> dict[str, Any]:
    """The whole body."""
    usual = {**Desk.usual[case.kind], **({"prompt": case.request["prompt"]} if "prompt" in case.request else {})}
    return {**usual, **({} if case.kind == "tts" else {"model": case.model}), **case.sent}


def ours(simulator: XaiSimulator, case: Case) -> Any:
    """The paid request that tarash sends."""
    simulator.clear_requests()
    Desk(SyncWorld(), simulator).generate(case.kind, case.request, model=case.model)
    [request] = [one for one in simulator.requests() if one.method == "POST"]
    return request


@pytest.mark.parametrize("case", CASES, ids=lambda case: case.name)
def test_tarash_sends_what_the_case_means(simulator: XaiSimulator, case: Case) -> None:
    request = ours(simulator, case)
    assert (request.path, request.query) == (f"/v1/{case.path}", [])
    assert request.headers["authorization"] == f"Bearer {simulator.key}"
    assert request.headers["content-type"] == "application/json"
    assert request.json == meant(case)


@pytest.mark.vendor
@pytest.mark.filterwarnings("ignore")
@pytest.mark.parametrize("case", WITH_SDK, ids=lambda case: case.name)
def test_the_sdk_s_message_means_the_same(simulator: XaiSimulator, vendor: GrpcVendor, sdk: Any, case: Case) -> None:
    vendor.calls.clear()
    assert case.sdk is not None
    case.sdk(sdk)
    [call] = paid(vendor.calls)
    path, body = as_rest(call)
    request = ours(simulator, case)
    assert (request.path, request.json) == (f"/v1/{path}", body)
    assert call.metadata["authorization"] == f"Bearer {KEY}"


@pytest.mark.vendor
@pytest.mark.filterwarnings("ignore")
def test_the_sdk_and_tarash_ask_for_a_video_by_its_id(simulator: XaiSimulator, vendor: GrpcVendor, sdk: Any) -> None:
    vendor.calls.clear()
    assert sdk.video.generate("x", "grok-imagine-video").url == RESULT
    assert [(call.method, getattr(call.message, "request_id", None)) for call in vendor.calls] == [
        ("GenerateVideo", None),
        ("GetDeferredVideo", JOB),
    ]
    simulator.clear_requests()
    job = Desk(SyncWorld(), simulator).generate("video").job
    assert [(one.method, one.path) for one in simulator.requests() if one.method == "GET"] == [
        ("GET", f"/v1/videos/{job.provider_ids[0]}")
    ]


def test_there_are_enough_cases() -> None:
    visual = [case for case in CASES if case.kind != "tts"]
    assert visual == WITH_SDK
    assert len(visual) >= 25
    assert len([case for case in CASES if case.kind == "tts"]) >= 20
    explained = {**NOT_IN_REST, **{name: reason for name, (_, reason) in SDK_DEFAULTS.items()}}
    print(f"\ncompared with the SDK: {len(visual)} of {len(CASES)} cases; explained: {explained}")
