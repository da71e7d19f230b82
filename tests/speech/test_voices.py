"""Lists of voices: asked of vendors page by page, read from tables of the others."""

from collections.abc import Generator
from typing import Any

import pytest
from tests.support.worlds import World

from tarash.tarash_gateway import register_provider
from tarash.tarash_gateway.exceptions import (
    HTTPError,
    ProtocolError,
    UnsupportedOperationError,
    ValidationError,
)
from tarash.tarash_gateway.mock import MockConfig
from tarash.tarash_gateway.models import AudioGenerationConfig, Voice
from tarash.testkit.requests import RecordedRequest
from tarash.testkit.server import ScriptedServer
from tarash.testkit.steps import Answer, Reset

KEY = "secret-of-the-account"
pytestmark = pytest.mark.filterwarnings("ignore::tarash.tarash_gateway.exceptions.TarashWarning")


@pytest.fixture
def server() -> Generator[ScriptedServer]:
    with ScriptedServer() as one:
        yield one


def config(provider: str, server: ScriptedServer, **changes: Any) -> AudioGenerationConfig:
    return AudioGenerationConfig(provider=provider, api_key=KEY, base_url=server.url, **changes)


# --- vendors that are asked


def elevenlabs(request: RecordedRequest) -> Answer:
    last = request.query_value("next_page_token") == "t/2"
    labels = {"gender": "female", "language": "en", "accent": "british"}
    item = {"voice_id": f"v{2 if last else 1}", "name": "Ada", "labels": labels, "description": "Warm."}
    languages = [{"language": "en"}, {"language": "de"}]
    voice = {**item, "preview_url": "https://cdn.example/v.mp3", "verified_languages": languages}
    return Answer(json={"voices": [voice], "has_more": not last, "next_page_token": None if last else "t/2"})


def cartesia(request: RecordedRequest) -> Answer:
    last = request.query_value("starting_after") == "v1"
    item = {"id": f"v{2 if last else 1}", "name": "Ada", "gender": "female", "description": "Warm.", "language": "en"}
    locales = [{"locale": "de", "is_native": False}]
    voice = {**item, "locales": locales, "preview_file_url": "https://cdn.example/v.mp3"}
    return Answer(json={"data": [voice], "has_more": not last})


def hume(request: RecordedRequest) -> Answer:
    number, own = int(request.query_value("page_number") or 0), request.query_value("provider") == "CUSTOM_VOICE"
    voice = {"id": f"v{3 if own else number + 1}", "name": "Ada", "provider": request.query_value("provider")}
    return Answer(json={"page_number": number, "total_pages": 1 if own else 2, "voices_page": [voice]})


ASKED = {
    "elevenlabs": (elevenlabs, "/v2/voices", ("xi-api-key", KEY), ["v1", "v2"]),
    "cartesia": (cartesia, "/voices", ("authorization", f"Bearer {KEY}"), ["v1", "v2"]),
    "hume": (hume, "/v0/tts/voices", ("x-hume-api-key", KEY), ["v1", "v2", "v3"]),
}


@pytest.mark.parametrize("vendor", ASKED)
def test_all_pages_are_read(world: World, server: ScriptedServer, vendor: str) -> None:
    handler, path, (header, key), ids = ASKED[vendor]
    server.handler = handler
    voices = world.call("list_voices", config(vendor, server))
    assert [voice.id for voice in voices] == ids
    assert [(sent.method, sent.path, sent.headers[header]) for sent in server.requests] == [("GET", path, key)] * len(
        ids
    )
    assert {voice.name for voice in voices} == {"Ada"}
    assert all(voice.raw["name"] == "Ada" for voice in voices)
    if vendor != "hume":
        [first, _] = voices
        assert (first.languages, first.gender, first.description) == (("en", "de"), "female", "Warm.")
        assert first.preview_url == "https://cdn.example/v.mp3"


def test_what_each_vendor_is_asked(world: World, server: ScriptedServer) -> None:
    for vendor, (handler, *_) in ASKED.items():
        server.handler = handler
        world.call("list_voices", config(vendor, server))
    assert [dict(sent.query) for sent in server.requests] == [
        {"page_size": "100"},
        {"page_size": "100", "next_page_token": "t/2"},
        {"limit": "100", "expand[]": "preview_file_url"},
        {"limit": "100", "expand[]": "preview_file_url", "starting_after": "v1"},
        {"provider": "HUME_AI", "page_number": "0", "page_size": "100"},
        {"provider": "HUME_AI", "page_number": "1", "page_size": "100"},
        {"provider": "CUSTOM_VOICE", "page_number": "0", "page_size": "100"},
    ]
    assert {sent.headers.get("cartesia-version") for sent in server.requests} == {None, "2026-08-14"}


@pytest.mark.parametrize("fault", [Reset(), Answer(502, body="<h1>gateway"), Answer(429, {"Retry-After": "0"})])
def test_a_free_request_is_sent_again(world: World, server: ScriptedServer, virtual_clock: Any, fault: Any) -> None:
    server.handler = elevenlabs
    server.script("GET", "/v2/voices", fault)
    assert len(world.call("list_voices", config("elevenlabs", server))) == 2
    assert len(server.requests) == 3


def test_a_refusal_is_told_in_the_vendors_words(world: World, server: ScriptedServer) -> None:
    server.handler = lambda request: Answer(
        401, json={"detail": {"status": "invalid_api_key", "message": "Who are you?"}}
    )
    with pytest.raises(HTTPError, match="Who are you") as caught:
        world.call("list_voices", config("elevenlabs", server))
    assert (caught.value.status_code, caught.value.provider) == (401, "elevenlabs")


@pytest.mark.parametrize("body", ["<html>", "[]", '{"voices": 1}', '{"voices": [1]}', '{"voices": [{"name": "x"}]}'])
def test_an_odd_answer_is_a_protocol_error(world: World, server: ScriptedServer, body: str) -> None:
    server.handler = lambda request: Answer(body=body)
    with pytest.raises(ProtocolError):
        world.call("list_voices", config("elevenlabs", server))


def test_a_list_without_an_end_ends(world: World, server: ScriptedServer) -> None:
    server.handler = lambda request: Answer(json={"voices": [], "has_more": True, "next_page_token": "again"})
    with pytest.raises(ProtocolError, match="did not end after 200 pages"):
        world.call("list_voices", config("elevenlabs", server))
    assert len(server.requests) == 200


def test_odd_fields_of_a_voice_count_as_missing(world: World, server: ScriptedServer) -> None:
    odd = {"voice_id": "v1", "name": None, "labels": None, "preview_url": 7, "verified_languages": None}
    server.handler = lambda request: Answer(json={"voices": [odd], "has_more": False})
    assert world.call("list_voices", config("elevenlabs", server)) == [Voice(id="v1", name="v1", raw=odd)]


def test_a_key_is_needed_before_anything_is_asked(
    world: World, server: ScriptedServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delenv("ELEVENLABS_API_KEY", raising=False)
    with pytest.raises(ValidationError, match="ELEVENLABS_API_KEY"):
        world.call("list_voices", AudioGenerationConfig(provider="elevenlabs", base_url=server.url))
    assert not server.requests


# --- vendors whose voices are fixed

FIXED = [
    ("openai", None, 13, "alloy"),
    ("azure-openai", None, 13, "alloy"),
    ("google", None, 30, "Zephyr"),
    ("runway", None, 49, "Maya"),
    ("sarvam", None, 37, "aditya"),
    ("sarvam", "bulbul:v2", 7, "anushka"),
    ("sarvam", "bulbul:v4-flash", 222, "arnab_bn_conversation"),
    ("sarvam", "bulbul:v9", 266, "arnab_bn_conversation"),
]


@pytest.mark.parametrize(("provider", "model", "number", "first"), FIXED)
def test_fixed_voices_are_known_without_a_request_or_a_key(
    world: World, provider: str, model: str | None, number: int, first: str
) -> None:
    voices = world.call("list_voices", AudioGenerationConfig(provider=provider, model=model))
    assert (len(voices), voices[0].id) == (number, first)
    assert len({voice.id for voice in voices}) == number


def test_the_names_of_sarvams_newest_speakers_are_read(world: World) -> None:
    config = AudioGenerationConfig(provider="sarvam", model="bulbul:v4-flash")
    voices = {voice.id: voice for voice in world.call("list_voices", config)}
    assert voices["shubh_enhi_ads"] == Voice(
        id="shubh_enhi_ads", name="Shubh", languages=("en-IN", "hi-IN"), description="ads"
    )


# --- and the others


def test_the_mock_has_a_few_labelled_voices(world: World) -> None:
    voices = world.call("list_voices", AudioGenerationConfig(provider="elevenlabs", mock=MockConfig(enabled=True)))
    assert len(voices) == 3
    assert all("mock" in voice.name for voice in voices)


@pytest.mark.parametrize("provider", ["fal", "in-house", "luma"])
def test_a_provider_without_a_list_says_what_to_do(world: World, server: ScriptedServer, provider: str) -> None:
    class InHouse:
        def generate_tts(self, config: Any, request: Any, on_progress: Any = None) -> Any: ...

    register_provider("in-house", InHouse())
    with pytest.raises(UnsupportedOperationError) as caught:
        world.call("list_voices", config(provider, server))
    assert isinstance(caught.value, NotImplementedError)
    assert not server.requests


def test_fallbacks_are_not_asked(world: World, server: ScriptedServer) -> None:
    server.handler = lambda request: Answer(401, json={"detail": {"message": "no"}})
    fallback = AudioGenerationConfig(provider="openai", api_key=KEY)
    with pytest.raises(HTTPError):
        world.call("list_voices", config("elevenlabs", server, fallback_configs=[fallback]))


def test_a_voice_does_not_change() -> None:
    with pytest.raises(ValueError, match="frozen"):
        Voice(id="a", name="A").name = "B"
