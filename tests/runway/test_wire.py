"""The vendor's own SDK and tarash are told the same, and must leave the same requests, but for what EXPLAINED names."""

from collections.abc import Generator
from pathlib import Path
from typing import Any

import pytest
from tests.runway.cases import CASES, SPEECH, Case
from tests.runway.desk import LARGE, Desk
from tests.support.desks import as_input
from tests.support.wire import said_by
from tests.support.worlds import SyncWorld

from tarash.providers.runway.catalogue import known_models
from tarash.tarash_gateway.clock import use_clock
from tarash.testkit.clock import VirtualClock
from tarash.testkit.requests import RecordedRequest
from tarash.testkit.runway import RunwaySimulator, TaskOutcome

runwayml: Any = pytest.importorskip("runwayml")
pytestmark = pytest.mark.vendor

EXPLAINED = {
    "accept": "the SDK names the type it expects; tarash takes what comes and judges the bytes",
    "accept-encoding": "what a client can unpack",
    "connection": "said by HTTP/1.1 anyway",
    "user-agent": "each its own name",
    "x-stainless-": "telemetry of the SDK",
    "content-length": "JSON with other blanks, or a boundary of another length",
}
EXPLAINED_AT = {
    "DELETE": {"content-type": "the SDK names a type of a body that it does not send"},
}
SEEN: list[str] = []


@pytest.fixture(scope="module")
def simulator() -> Generator[RunwaySimulator]:
    with RunwaySimulator(clock=VirtualClock(), serve_retired=True) as running:
        yield running


@pytest.fixture(autouse=True)
def moving_clock(simulator: RunwaySimulator) -> Generator[None]:
    with use_clock(simulator.clock):
        yield


@pytest.fixture(scope="module")
def sdk(simulator: RunwaySimulator) -> Generator[Any]:
    with runwayml.RunwayML(api_key=simulator.key, base_url=simulator.base_url, max_retries=0) as client:
        yield client


def told(request: RecordedRequest) -> dict[str, Any]:
    """Everything a request says, as far as it is not explained."""
    return said_by(request, {**EXPLAINED, **EXPLAINED_AT.get(request.method, {})})


@pytest.mark.parametrize("case", CASES, ids=lambda case: case.name)
def test_the_same_call_leaves_the_same_request(simulator: RunwaySimulator, sdk: Any, case: Case) -> None:
    simulator.clear_requests()
    getattr(sdk, case.endpoint).create(model=case.model, **case.sdk)
    theirs = simulator.requests()[0]
    simulator.clear_requests()
    Desk(SyncWorld(), simulator).generate(case.kind, case.request, model=case.model, **case.config)
    ours = simulator.requests("create")[0]
    assert told(ours) == told(theirs)
    assert (ours.body, theirs.body) != (b"", b"")
    SEEN.append(case.name)


def test_there_are_enough_cases() -> None:
    assert len(CASES) - len(SPEECH) >= 25
    assert len(SPEECH) >= 20
    assert {case.endpoint for case in CASES} == {
        *("text_to_video", "image_to_video", "video_to_video", "character_performance"),
        *("text_to_image", "text_to_speech", "sound_effect", "speech_to_speech"),
    }
    print(f"{len(SEEN)} cases compared, {len(SPEECH)} of them speech; explained: {sorted(EXPLAINED)}, {EXPLAINED_AT}")


def test_a_task_is_asked_for_and_cancelled_alike(simulator: RunwaySimulator, sdk: Any, tmp_path: Path) -> None:
    task = sdk.text_to_video.create(model="gen4.5", prompt_text="x", duration=5, ratio="1280:720")
    simulator.next_task(TaskOutcome(run_seconds=100), times=2)
    waiting = sdk.text_to_video.create(model="gen4.5", prompt_text="x", duration=5, ratio="1280:720")
    simulator.clear_requests()
    sdk.tasks.retrieve(task.id)
    sdk.tasks.delete(waiting.id)
    theirs = simulator.requests()
    desk = Desk(SyncWorld(), simulator)
    job = desk.submit("video")
    simulator.clear_requests()
    desk.ask("poll", job)
    assert desk.ask("cancel", job) == "cancelled"
    ours = simulator.requests()
    assert [request.method for request in ours] == ["GET", "GET", "DELETE"]
    assert [nameless(told(one)) for one in (ours[0], ours[-1])] == [nameless(told(one)) for one in theirs]


def test_an_upload_is_made_alike(simulator: RunwaySimulator, sdk: Any) -> None:
    simulator.clear_requests()
    sdk.uploads.create_ephemeral(file=("input.png", LARGE, "image/png"))
    theirs = [*simulator.requests("uploads"), *simulator.requests("storage")]
    simulator.clear_requests()
    desk = Desk(SyncWorld(), simulator)
    desk.generate("video", {"image_list": [as_input(LARGE)]}, model="gen4_turbo")
    ours = [*simulator.requests("uploads"), *simulator.requests("storage")]
    assert [nameless(told(one)) for one in ours] == [nameless(told(one)) for one in theirs]


def nameless(request: dict[str, Any]) -> dict[str, Any]:
    """Without what is another for each task and upload."""
    path = request["path"].split("/")
    kept = {**request, "path": path[:-1] if len(path) > 3 or path[1] == "storage" else path}
    if isinstance(request["body"], list):
        kept["body"] = [(name, file, kind, content if file else None) for name, file, kind, content in request["body"]]
    return {**kept, "headers": {name: value for name, value in kept["headers"].items() if name != "host"}}


def test_every_model_of_the_sdk_is_known() -> None:
    from tarash.testkit.runway.shapes import schemas

    theirs = {model for models in schemas()["endpoints"].values() for model in models}
    gone = {model for models in schemas()["retired"].values() for model in models}
    ours = {info.id: info.status for info in known_models()}
    assert {name for name, status in ours.items() if status == "active"} == theirs
    assert {name for name, status in ours.items() if status == "retired"} == gone
