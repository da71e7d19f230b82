"""The vendor's own SDK and tarash are told the same, and must leave the same requests, but for what EXPLAINED names."""

from collections.abc import Generator
from pathlib import Path
from typing import Any

import pytest
from tests.openai.cases import BEFORE, CASES, Case
from tests.openai.desk import Desk, alpha_of
from tests.support.wire import said_by
from tests.support.worlds import SyncWorld

from tarash.tarash_gateway.clock import use_clock
from tarash.testkit.clock import VirtualClock
from tarash.testkit.openai import OpenAISimulator, VideoOutcome
from tarash.testkit.requests import RecordedRequest

openai: Any = pytest.importorskip("openai")
pytestmark = pytest.mark.vendor

EXPLAINED = {
    "accept": "the SDK names the type it expects; tarash takes what comes and judges the bytes",
    "accept-encoding": "what a client can unpack",
    "connection": "said by HTTP/1.1 anyway",
    "user-agent": "each its own name",
    "x-stainless-": "telemetry of the SDK",
    "content-length": "a boundary of another length, or JSON with other blanks",
}
EXPLAINED_AT = {
    "v1": {
        "authorization": "the SDK has no other way there; Microsoft's REST pages say api-key",
        "api-key": "as above",
    },
    "DELETE": {"content-type": "the SDK names a type of a body that it does not send", "content-length": "as above"},
}
DATED = "2025-04-01-preview"
SEEN: dict[str, int] = {}


@pytest.fixture(scope="module")
def simulator() -> Generator[OpenAISimulator]:
    with OpenAISimulator(clock=VirtualClock()) as running:
        yield running


@pytest.fixture(autouse=True)
def moving_clock(simulator: OpenAISimulator) -> Generator[None]:
    with use_clock(simulator.clock):
        yield


@pytest.fixture(scope="module")
def clients(simulator: OpenAISimulator) -> Generator[dict[str, Any]]:
    """The SDK as it is set up for each place."""
    usual: dict[str, Any] = {"api_key": simulator.key, "max_retries": 0}
    azure = openai.AzureOpenAI(azure_endpoint=simulator.azure_endpoint, api_version=DATED, **usual)
    own, first = (openai.OpenAI(base_url=url, **usual) for url in (simulator.base_url, simulator.azure_v1_url))
    with own, first, azure:
        yield {"openai": own, "v1": first, "dated": azure}


def config_of(place: str, case: Case) -> dict[str, Any]:
    version = {"openai": None, "v1": "v1", "dated": DATED}[place]
    provider = "openai" if place == "openai" else "azure-openai"
    return {"provider": provider, "api_version": version, "model": case.model, **case.config}


def told(request: RecordedRequest, place: str) -> dict[str, Any]:
    """Everything a request says, as far as it is not explained."""
    ignored = {**EXPLAINED, **EXPLAINED_AT.get(place, {}), **EXPLAINED_AT.get(request.method, {})}
    said = said_by(request, ignored)
    if isinstance(said["body"], list):
        said["body"] = sorted(map(drawn_anew, said["body"]), key=lambda part: str(part[0]))
    return said


def drawn_anew(part: tuple[Any, ...]) -> tuple[Any, ...]:
    """A mask is drawn anew here: what counts is which pixels it marks."""
    name, file_name, content_type, content = part
    return name, file_name, content_type, alpha_of(content) if name == "mask" else content


PAIRS = [pytest.param(case, place, id=f"{place}: {case.name}") for case in CASES for place in case.places]


def make_source(simulator: OpenAISimulator, sdk: Any) -> None:
    """The video that some cases start from."""
    if BEFORE not in [video.id for video in simulator.videos]:
        assert sdk.videos.create(prompt="x").id == BEFORE


@pytest.mark.filterwarnings("ignore")
@pytest.mark.parametrize(("case", "place"), PAIRS)
def test_the_same_call_leaves_the_same_request(
    simulator: OpenAISimulator, clients: dict[str, Any], case: Case, place: str
) -> None:
    make_source(simulator, clients["openai"])
    simulator.server.requests.clear()
    case.sdk(clients[place].with_options(**case.client))
    theirs = simulator.requests()[0]
    simulator.server.requests.clear()
    Desk(SyncWorld(), simulator).generate(case.kind, case.request, **config_of(place, case))
    ours = simulator.requests()[0]
    assert told(ours, place) == told(theirs, place)
    assert (ours.body, theirs.body) != (b"", b"")
    SEEN[place] = SEEN.get(place, 0) + 1


def test_there_are_enough_cases() -> None:
    for place in ("openai", "v1", "dated"):
        here = [case for case in CASES if place in case.places]
        assert len([case for case in here if case.kind != "tts"]) >= 25
        assert len([case for case in here if case.kind == "tts"]) >= 20
    print(f"cases compared: {SEEN}; explained: {sorted(EXPLAINED)} everywhere, {EXPLAINED_AT}")


@pytest.mark.filterwarnings("ignore")
@pytest.mark.parametrize("place", ["openai", "v1"])
def test_a_video_is_asked_for_fetched_and_deleted_alike(
    simulator: OpenAISimulator, clients: dict[str, Any], place: str, tmp_path: Path
) -> None:
    sdk = clients[place]
    video = sdk.videos.create(model="sora-2", prompt="x")
    simulator.server.requests.clear()
    sdk.videos.retrieve(video.id)
    content = sdk.videos.download_content(video.id).read()
    sdk.videos.delete(video.id)
    theirs = simulator.requests()
    desk = Desk(SyncWorld(), simulator)
    provider = "openai" if place == "openai" else "azure-openai"
    response = desk.generate("video", provider=provider)
    simulator.server.requests.clear()
    job = response.job
    assert desk.ask("poll", job, provider=provider).result is not None
    assert response.save(tmp_path / "video").read_bytes() == content
    # A finished video is never deleted by tarash, so an unfinished one is.
    simulator.next_video(VideoOutcome(run_seconds=100))
    waiting = desk.submit("video", provider=provider)
    assert desk.ask("cancel", waiting, provider=provider) == "cancelled"
    ours = [request for request in simulator.requests() if request.method != "POST"]
    ours = [ours[0], ours[1], ours[-1]]
    assert [nameless(told(one, place)) for one in ours] == [nameless(told(one, place)) for one in theirs]


def nameless(request: dict[str, Any]) -> dict[str, Any]:
    head, _, rest = request["path"].partition("video_")
    return {**request, "path": f"{head}ID{rest[24:]}"}
