"""The vendor's own SDK and tarash are told the same, and must leave the same requests, but for what EXPLAINED names."""

from collections.abc import Generator
from typing import Any

import pytest
from tests.cartesia.cases import CASES, USUAL, Case
from tests.support.speech import SpeechDesk
from tests.support.wire import said_by
from tests.support.worlds import SyncWorld

from tarash.testkit.cartesia import CartesiaSimulator
from tarash.testkit.clock import VirtualClock

cartesia: Any = pytest.importorskip("cartesia")
pytestmark = [pytest.mark.vendor, pytest.mark.filterwarnings("ignore")]

EXPLAINED = {
    "accept": "the SDK asks for audio/wav whatever the body asks for; tarash takes what comes and judges the bytes",
    "connection": "said by HTTP/1.1 anyway",
    "user-agent": "each its own name",
    "x-cartesia-": "telemetry of the SDK",
    "x-stainless-": "telemetry of the SDK",
    "content-length": "a boundary of another length, or JSON with other blanks",
}


@pytest.fixture(scope="module")
def simulator() -> Generator[CartesiaSimulator]:
    with CartesiaSimulator(clock=VirtualClock()) as running:
        yield running


@pytest.mark.parametrize("case", CASES, ids=lambda case: case.name)
def test_the_wire_is_the_sdks(simulator: CartesiaSimulator, case: Case) -> None:
    simulator.server.requests.clear()
    with cartesia.Cartesia(api_key=simulator.key, base_url=simulator.base_url, max_retries=0) as sdk:
        case.sdk(sdk)
    desk = SpeechDesk(SyncWorld(), "cartesia", simulator, USUAL, case.config)
    desk.order(case.kind, case.request)
    theirs, ours = simulator.requests()
    assert said_by(ours, EXPLAINED) == said_by(theirs, EXPLAINED)


def test_there_are_enough_cases() -> None:
    counts = {kind: sum(case.kind == kind for case in CASES) for kind in ("tts", "stream", "sts")}
    print(f"cartesia: {counts} cases, {len(EXPLAINED)} explained differences of headers, 0 of anything else")
    assert counts["tts"] >= 20
    assert counts["sts"] >= 20
