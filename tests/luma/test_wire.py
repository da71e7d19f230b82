"""The vendor's own SDKs and tarash are told the same, and must leave the same requests, but for what is EXPLAINED."""

from collections.abc import Generator
from typing import Any

import httpx
import pytest
from tests.luma.cases import CASES, EARLIER, STORED, Case
from tests.luma.desk import LARGE, OLDER, Desk
from tests.support.desks import as_input
from tests.support.wire import said_by
from tests.support.worlds import SyncWorld

from tarash.tarash_gateway.clock import use_clock
from tarash.testkit.clock import VirtualClock
from tarash.testkit.luma import GenerationOutcome, LumaSimulator
from tarash.testkit.requests import RecordedRequest

lumaai: Any = pytest.importorskip("lumaai")
luma_agents: Any = pytest.importorskip("luma_agents")
pytestmark = pytest.mark.vendor

EXPLAINED = {
    "accept": "the SDK names the type it expects; tarash takes what comes and judges the bytes",
    "accept-encoding": "what a client can unpack",
    "connection": "said by HTTP/1.1 anyway",
    "user-agent": "each its own name",
    "x-stainless-": "telemetry of the SDK",
    "content-length": "JSON with other blanks",
}
EXPLAINED_WITHOUT_BODY = {"content-type": "the SDK names a type of a body that it does not send"}
SEEN: list[str] = []


@pytest.fixture(scope="module")
def simulator() -> Generator[LumaSimulator]:
    with LumaSimulator(clock=VirtualClock(), ingest_seconds=0) as running:
        yield running


@pytest.fixture(autouse=True)
def moving_clock(simulator: LumaSimulator) -> Generator[None]:
    with use_clock(simulator.clock):
        yield


@pytest.fixture(scope="module")
def sdks(simulator: LumaSimulator) -> Generator[dict[bool, Any]]:
    """By whether it is the older one."""
    settings = {"max_retries": 0}
    with (
        lumaai.LumaAI(
            auth_token=simulator.dream_machine_key, base_url=simulator.dream_machine_url, **settings
        ) as older,
        luma_agents.Luma(auth_token=simulator.key, base_url=simulator.base_url, **settings) as current,
    ):
        yield {True: older, False: current}


@pytest.fixture(scope="module")
def names(simulator: LumaSimulator, sdks: dict[bool, Any]) -> dict[Any, str]:
    """What the placeholders of the cases stand for, by interface."""
    desk = Desk(SyncWorld(), simulator)
    with use_clock(simulator.clock):
        desk.generate("image", {"image_list": [as_input(LARGE)]})
        ids = {
            older: desk.generate("video", model=model).job.provider_ids[0]
            for older, model in ((True, "ray-2"), (False, None))
        }
    return {**ids, STORED: simulator.files[0].id}


def filled(value: Any, names: dict[Any, str], older: bool) -> Any:
    if isinstance(value, dict):
        return {name: filled(item, names, older) for name, item in value.items()}
    if isinstance(value, list):
        return [filled(item, names, older) for item in value]
    return {EARLIER: names[older], STORED: names[STORED]}.get(value, value) if isinstance(value, str) else value


def told(request: RecordedRequest) -> dict[str, Any]:
    """Everything a request says, as far as it is not explained."""
    return said_by(request, {**EXPLAINED, **({} if request.body else EXPLAINED_WITHOUT_BODY)})


@pytest.mark.parametrize("case", CASES, ids=lambda case: case.name)
def test_the_same_call_leaves_the_same_request(
    simulator: LumaSimulator, sdks: dict[bool, Any], names: dict[Any, str], case: Case
) -> None:
    older = case.model.startswith(OLDER)
    arguments = filled(case.sdk, names, older)
    simulator.clear_requests()
    method: Any = sdks[older]
    for name in case.call.split("."):
        method = getattr(method, name)
    method(**arguments) if "id" in arguments else method(model=case.model, **arguments)
    theirs = simulator.requests()[0]
    simulator.clear_requests()
    Desk(SyncWorld(), simulator).generate(
        case.kind, filled(case.request, names, older), model=case.model, **case.config
    )
    ours = simulator.requests("create")[0]
    assert told(ours) == told(theirs)
    assert ours.body
    SEEN.append(case.name)


def test_there_are_enough_cases() -> None:
    older = [case for case in CASES if case.model.startswith(OLDER)]
    assert min(len(older), len(CASES) - len(older)) >= 25
    assert len({case.name for case in CASES}) == len(CASES)
    print(f"{len(SEEN)} cases compared; explained: {sorted(EXPLAINED)}, {sorted(EXPLAINED_WITHOUT_BODY)}")


@pytest.mark.parametrize("older", [True, False])
def test_a_generation_is_asked_for_alike(
    simulator: LumaSimulator, sdks: dict[bool, Any], names: dict[Any, str], older: bool
) -> None:
    desk = Desk(SyncWorld(), simulator)
    job = desk.submit("video", model="ray-2" if older else "ray-3.2")
    simulator.clear_requests()
    sdks[older].generations.get(job.provider_ids[0])
    desk.ask("poll", job)
    theirs, ours = simulator.requests()
    assert told(ours) == told(theirs)


def test_a_generation_is_deleted_alike(simulator: LumaSimulator, sdks: dict[bool, Any]) -> None:
    desk = Desk(SyncWorld(), simulator)
    simulator.next_generation(GenerationOutcome(run_seconds=100))
    job = desk.submit("video", model="ray-2")
    simulator.clear_requests()
    desk.ask("cancel", job, provider_config={"cancel_by_deleting": True})
    with pytest.raises(lumaai.NotFoundError):
        sdks[True].generations.delete(job.provider_ids[0])
    ours, theirs = simulator.requests("delete")
    assert told(ours) == told(theirs)


def test_an_upload_is_made_alike(simulator: LumaSimulator) -> None:
    with LumaSimulator(clock=simulator.clock) as fresh:
        with luma_agents.Luma(auth_token=fresh.key, base_url=fresh.base_url) as sdk:
            created = sdk.files.create(mime_type="image/png", size_bytes=len(LARGE))
            httpx.put(created.upload.url, headers=created.upload.headers, content=LARGE).raise_for_status()
            sdk.files.complete(created.id)
            sdk.files.get(created.id)
        theirs = uploading(fresh)
        fresh.clear_requests()
        Desk(SyncWorld(), fresh).submit("image", {"image_list": [as_input(LARGE)]})
        ours = uploading(fresh)
    assert [(one["method"], one["path"][-1]) for one in theirs] == [
        *(("POST", "files"), ("POST", "complete"), ("GET", "files"), ("PUT", "uploads"))
    ]
    assert ours == theirs


def uploading(simulator: LumaSimulator) -> list[dict[str, Any]]:
    """One request of each step, without what is another for each file."""
    steps = [simulator.requests(name)[0] for name in ("announce", "complete", "file", "storage")]
    return [nameless(told(one)) for one in steps]


def nameless(request: dict[str, Any]) -> dict[str, Any]:
    path = [part for part in request["path"].split("/") if "-" not in part]
    headers = {name: value for name, value in request["headers"].items() if name != "host"}
    return {**request, "path": path, "headers": headers}
