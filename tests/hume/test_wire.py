"""The vendor's own SDK and tarash are told the same, and must leave the same requests, but for what EXPLAINED names."""

from collections.abc import Generator
from typing import Any

import httpx
import pytest
from tests.hume.cases import CASES, USUAL, Case
from tests.support.speech import SpeechDesk
from tests.support.wire import said_by
from tests.support.worlds import SyncWorld

from tarash.testkit.clock import VirtualClock
from tarash.testkit.hume import HumeSimulator

hume: Any = pytest.importorskip("hume")
pytestmark = [pytest.mark.vendor, pytest.mark.filterwarnings("ignore")]

EXPLAINED = {
    "accept-encoding": "what a client can unpack",
    "connection": "said by HTTP/1.1 anyway",
    "user-agent": "each its own name",
    "x-fern-": "telemetry of the SDK",
    "content-length": "a boundary of another length, or JSON with other blanks",
}


NULL = "the SDK sends parts with the text 'null' for what is not set; tarash leaves them out"


@pytest.fixture(scope="module")
def simulator() -> Generator[HumeSimulator]:
    with HumeSimulator(clock=VirtualClock()) as running:
        yield running


@pytest.mark.parametrize("case", CASES, ids=lambda case: case.name)
def test_the_wire_is_the_sdks(simulator: HumeSimulator, case: Case) -> None:
    simulator.server.requests.clear()
    with httpx.Client() as http:
        case.sdk(hume.HumeClient(api_key=simulator.key, base_url=simulator.base_url, httpx_client=http))
    desk = SpeechDesk(SyncWorld(), "hume", simulator, USUAL, {"model": case.model, **case.config})
    desk.order(case.kind, case.request)
    theirs, ours = simulator.requests()
    expected = said_by(theirs, EXPLAINED)
    if case.kind == "sts":
        unset = [part for part in expected["body"] if part[-1] == b"null"]
        assert unset, f"no longer true: {NULL}"
        expected["body"] = [part for part in expected["body"] if part not in unset]
    assert said_by(ours, EXPLAINED) == expected


def test_there_are_enough_cases() -> None:
    counts = {kind: sum(case.kind == kind for case in CASES) for kind in ("tts", "stream", "sts")}
    print(f"hume: {counts} cases; explained: {len(EXPLAINED)} headers, and {NULL}")
    assert sum(counts.values()) >= 60
