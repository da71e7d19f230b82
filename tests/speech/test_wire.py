"""The lists of voices: tarash asks as the vendors' own clients do, page by page, and both see the same voices."""

from collections.abc import Callable, Iterator
from typing import Any

import httpx
import pytest

from tarash.tarash_gateway import list_voices
from tarash.tarash_gateway.models import AudioGenerationConfig
from tarash.testkit.cartesia import CartesiaSimulator
from tarash.testkit.elevenlabs import ElevenLabsSimulator
from tarash.testkit.hume import HumeSimulator
from tarash.testkit.requests import RecordedRequest

cartesia: Any = pytest.importorskip("cartesia")
elevenlabs: Any = pytest.importorskip("elevenlabs")
hume: Any = pytest.importorskip("hume")
pytestmark = [pytest.mark.vendor, pytest.mark.filterwarnings("ignore")]


def of_elevenlabs(url: str, key: str, client: httpx.Client) -> Iterator[str]:
    voices = elevenlabs.ElevenLabs(api_key=key, base_url=url, httpx_client=client).voices
    further: dict[str, Any] = {}
    while True:
        page = voices.search(page_size=100, **further)
        yield from (voice.voice_id for voice in page.voices)
        if not page.has_more:
            return
        further = {"next_page_token": page.next_page_token}


def of_cartesia(url: str, key: str, client: httpx.Client) -> Iterator[str]:
    voices = cartesia.Cartesia(api_key=key, base_url=url, http_client=client).voices
    yield from (voice.id for voice in voices.list(limit=100, expand=["preview_file_url"]))


def of_hume(url: str, key: str, client: httpx.Client) -> Iterator[str]:
    voices = hume.HumeClient(api_key=key, base_url=url, httpx_client=client).tts.voices
    for owner in ("HUME_AI", "CUSTOM_VOICE"):
        yield from (str(voice.id) for voice in voices.list(provider=owner, page_number=0, page_size=100))


VENDORS: dict[str, tuple[type[Any], Callable[[str, str, httpx.Client], Iterator[str]], str]] = {
    "elevenlabs": (ElevenLabsSimulator, of_elevenlabs, "xi-api-key"),
    "cartesia": (CartesiaSimulator, of_cartesia, "authorization"),
    "hume": (HumeSimulator, of_hume, "x-hume-api-key"),
}


ONE_MORE = {"elevenlabs": 0, "cartesia": 1, "hume": 2}


def wire(request: RecordedRequest, key_header: str) -> tuple[Any, ...]:
    headers = [request.headers.get(name) for name in (key_header, "cartesia-version")]
    return request.method, request.path, sorted(request.query), headers


@pytest.mark.parametrize("vendor", VENDORS)
def test_the_same_requests_bring_the_same_voices(vendor: str) -> None:
    make, theirs, key_header = VENDORS[vendor]
    with make() as simulator, httpx.Client() as client:
        expected = list(theirs(simulator.base_url, simulator.key, client))
        of_sdk = [wire(request, key_header) for request in simulator.server.requests]
        voices = list_voices(AudioGenerationConfig(**simulator.settings))
        of_tarash = [wire(request, key_header) for request in list(simulator.server.requests)[len(of_sdk) :]]
    assert [voice.id for voice in voices] == expected
    # The pagers of Cartesia's and Hume's clients ask for one more page, which is empty.
    assert [request for request in of_sdk if request in of_tarash] == of_tarash
    assert len(of_sdk) - len(of_tarash) == ONE_MORE[vendor]
    assert len(expected) > 10
