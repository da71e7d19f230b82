"""The vendor's own SDK and tarash are told the same, and must leave the same requests, but for what EXPLAINED names."""

from collections.abc import Generator
from typing import Any

import httpx
import pytest
from tests.elevenlabs.cases import CASES, USUAL, Case
from tests.support.speech import SpeechDesk
from tests.support.wire import said_by
from tests.support.worlds import SyncWorld

from tarash.testkit.clock import VirtualClock
from tarash.testkit.elevenlabs import ElevenLabsSimulator

elevenlabs: Any = pytest.importorskip("elevenlabs")
pytestmark = [pytest.mark.vendor, pytest.mark.filterwarnings("ignore")]

EXPLAINED = {
    "accept-encoding": "what a client can unpack",
    "connection": "said by HTTP/1.1 anyway",
    "user-agent": "each its own name",
    "x-fern-": "telemetry of the SDK",
    "content-length": "a boundary of another length, or JSON with other blanks",
}


@pytest.fixture(scope="module")
def simulator() -> Generator[ElevenLabsSimulator]:
    with ElevenLabsSimulator(clock=VirtualClock()) as running:
        yield running


@pytest.mark.parametrize("case", CASES, ids=lambda case: case.name)
def test_the_wire_is_the_sdks(simulator: ElevenLabsSimulator, case: Case) -> None:
    simulator.server.requests.clear()
    with httpx.Client() as http:
        case.sdk(elevenlabs.ElevenLabs(api_key=simulator.key, base_url=simulator.base_url, httpx_client=http))
    desk = SpeechDesk(SyncWorld(), "elevenlabs", simulator, USUAL, {"model": case.model, **case.config})
    desk.order(case.kind, case.request)
    theirs, ours = simulator.requests()
    assert said_by(ours, EXPLAINED) == said_by(theirs, EXPLAINED)


def test_there_are_enough_cases() -> None:
    counts = {kind: sum(case.kind == kind for case in CASES) for kind in ("tts", "stream", "sts")}
    print(f"elevenlabs: {counts} cases, {len(EXPLAINED)} explained differences of headers, 0 of anything else")
    assert min(counts.values()) >= 20
