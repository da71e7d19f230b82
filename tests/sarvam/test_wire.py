"""The vendor's own SDK and tarash are told the same, and must leave the same requests, but for what EXPLAINED names."""

from collections.abc import Generator

import pytest
from tests.sarvam.cases import CASES, USUAL, Case
from tests.sarvam.clients import sync_client
from tests.support.speech import SpeechDesk
from tests.support.wire import said_by
from tests.support.worlds import SyncWorld

from tarash.testkit.clock import VirtualClock
from tarash.testkit.sarvam import SarvamSimulator

pytestmark = [pytest.mark.vendor, pytest.mark.filterwarnings("ignore")]

EXPLAINED = {
    "accept": "what a client can read and unpack",
    "connection": "said by HTTP/1.1 anyway",
    "user-agent": "each its own name",
    "x-fern-": "telemetry of the SDK",
    "content-length": "JSON with other blanks",
}


@pytest.fixture(scope="module")
def simulator() -> Generator[SarvamSimulator]:
    with SarvamSimulator(clock=VirtualClock(), serve_retired=True) as running:
        yield running


@pytest.mark.parametrize("case", CASES, ids=lambda case: case.name)
def test_the_wire_is_the_sdks(simulator: SarvamSimulator, case: Case) -> None:
    simulator.server.requests.clear()
    with sync_client(simulator) as sdk:
        case.sdk(sdk)
    desk = SpeechDesk(SyncWorld(), "sarvam", simulator, USUAL, case.config)
    desk.order(case.kind, case.request)
    theirs, ours = simulator.requests()
    assert said_by(ours, EXPLAINED) == said_by(theirs, EXPLAINED)


def test_there_are_enough_cases() -> None:
    counts = {kind: sum(case.kind == kind for case in CASES) for kind in ("tts", "stream")}
    print(f"sarvam: {counts} cases, {len(EXPLAINED)} explained differences of headers, 0 of anything else")
    assert min(counts.values()) >= 20
