"""Text-to-speech and speech-to-speech of four vendors: what is sent, what comes back, what is refused before paying."""

import base64
import json
from collections.abc import Callable, Generator
from dataclasses import dataclass
from typing import Any

import pytest
from tests.support.worlds import WORLDS, World

from tarash.tarash_gateway.exceptions import (
    ContentModerationError,
    HTTPError,
    InsufficientCreditsError,
    SubmitOutcomeUnknownError,
    TarashException,
    UnsupportedOperationError,
    ValidationError,
)
from tarash.tarash_gateway.mock import asset
from tarash.tarash_gateway.models import AudioGenerationConfig, AudioOutputFormat, STSRequest, TTSRequest
from tarash.testkit.requests import RecordedRequest
from tarash.testkit.server import ScriptedServer
from tarash.testkit.steps import Answer, Close, CutBody, Hang, Reset

KEY = "secret-of-the-account"
MP3 = asset("audio.mp3")


@dataclass(frozen=True)
class Vendor:
    """What a test must know of a vendor: how it answers, and where its key and its text go."""

    id: str
    answer: Callable[[bytes], Answer]
    key_header: tuple[str, str]
    path: str
    text: Callable[[Any], str]
    voice: str | None = "voice1"


def sound(data: bytes) -> Answer:
    return Answer(200, headers=(("Content-Type", "audio/mpeg"), ("request-id", "r-1")), body=data)


def encoded(data: bytes) -> str:
    return base64.b64encode(data).decode()


VENDORS = {
    vendor.id: vendor
    for vendor in (
        Vendor("elevenlabs", sound, ("xi-api-key", KEY), "/v1/text-to-speech/voice1", lambda body: body["text"]),
        Vendor("cartesia", sound, ("authorization", f"Bearer {KEY}"), "/tts/bytes", lambda body: body["transcript"]),
        Vendor(
            "sarvam",
            lambda data: Answer(200, json={"request_id": "r-1", "audios": [encoded(data)]}),
            ("api-subscription-key", KEY),
            "/text-to-speech",
            lambda body: body["text"],
        ),
        Vendor(
            "hume",
            lambda data: Answer(
                200, json={"request_id": "r-1", "generations": [{"audio": encoded(data), "duration": 1.5}]}
            ),
            ("x-hume-api-key", KEY),
            "/v0/tts",
            lambda body: body["utterances"][0]["text"],
        ),
    )
}
pytestmark = pytest.mark.filterwarnings("ignore::tarash.tarash_gateway.planning.TarashWarning")


@pytest.fixture(params=list(WORLDS))
def world(request: pytest.FixtureRequest) -> Generator[World]:
    one = WORLDS[request.param]()
    yield one
    one.close()


@pytest.fixture
def server() -> Generator[ScriptedServer]:
    with ScriptedServer() as one:
        yield one


@pytest.fixture(params=list(VENDORS))
def vendor(request: pytest.FixtureRequest) -> Vendor:
    return VENDORS[request.param]


def config(vendor: Vendor, server: ScriptedServer, **more: Any) -> AudioGenerationConfig:
    return AudioGenerationConfig(provider=vendor.id, api_key=KEY, base_url=server.url, **more)


def request(vendor: Vendor, **more: Any) -> TTSRequest:
    return TTSRequest(text="Hello there.", voice_id=vendor.voice, **more)


def test_speech_comes_back_as_it_was_served(
    world: World, vendor: Vendor, server: ScriptedServer, tmp_path: Any
) -> None:
    server.handler = lambda request: vendor.answer(MP3)
    response = world.call("generate_tts", config(vendor, server), request(vendor))
    assert base64.b64decode(response.audio) == MP3
    assert response.content_type == "audio/mpeg"
    assert response.duration == pytest.approx(1.5 if vendor.id == "hume" else 1.0, abs=0.1)
    assert world.save(response, tmp_path / "hello").read_bytes() == MP3
    [sent] = server.requests
    assert (sent.method, sent.path) == ("POST", vendor.path)
    assert vendor.text(sent.json) == "Hello there."
    name, value = vendor.key_header
    assert sent.headers[name] == value


@pytest.mark.parametrize(
    "fault",
    [Reset(), Close(), CutBody(3, Answer(200, body=MP3)), Answer(500, body="<h1>oops"), Answer(504, body="gateway")],
    ids=["reset", "drop", "cut", "500", "504"],
)
def test_a_lost_answer_is_paid_for_once(world: World, vendor: Vendor, server: ScriptedServer, fault: Any) -> None:
    server.handler = lambda request: fault
    with pytest.raises(SubmitOutcomeUnknownError):
        world.call("generate_tts", config(vendor, server), request(vendor))
    assert len(server.requests) == 1


def test_a_late_answer_is_paid_for_once(world: World, vendor: Vendor, server: ScriptedServer) -> None:
    server.handler = lambda request: Hang()
    with pytest.raises(SubmitOutcomeUnknownError):
        world.call("generate_tts", config(vendor, server, timeout=0.2), request(vendor))
    assert len(server.requests) == 1


def test_every_set_field_has_one_outcome(world: World, vendor: Vendor, server: ScriptedServer) -> None:
    server.handler = lambda request: vendor.answer(MP3)
    asked = request(
        vendor,
        output_format=AudioOutputFormat(format="mp3", sample_rate=44100, bitrate=128),
        language_code="en-US",
        voice_settings={"speed": 1.1},
        extra_params={"own": 1},
    )
    response = world.call("generate_tts", config(vendor, server), asked)
    fields = [outcome.field for outcome in response.parameters]
    assert sorted(fields) == ["language_code", "output_format", "own", "text", "voice_id", "voice_settings"]


FORMATS = {
    "elevenlabs": {
        "mp3": "mp3_44100_128",
        "wav": "wav_24000",
        "pcm": "pcm_24000",
        "opus": "opus_48000_128",
        "flac": None,
    },
    "cartesia": {"mp3": "mp3", "wav": "wav", "pcm": "raw", "opus": None, "flac": None},
    "sarvam": {"mp3": "mp3", "wav": "wav", "pcm": "linear16", "opus": None, "flac": "flac"},
    "hume": {"mp3": "mp3", "wav": "wav", "pcm": "pcm", "opus": None, "flac": None},
}


def spelled(vendor: Vendor, sent: RecordedRequest) -> str:
    if vendor.id == "elevenlabs":
        return str(dict(sent.query)["output_format"])
    body = sent.json
    places = {"cartesia": ("output_format", "container"), "hume": ("format", "type")}
    if vendor.id == "sarvam":
        return str(body["output_audio_codec"])
    outer, inner = places[vendor.id]
    return str(body[outer][inner])


@pytest.mark.parametrize("format_", ["mp3", "wav", "pcm", "opus", "flac"])
def test_every_format_is_spelled_or_refused(world: World, vendor: Vendor, server: ScriptedServer, format_: str) -> None:
    server.handler = lambda request: vendor.answer(asset("audio.wav") if format_ == "wav" else MP3)
    asked = request(vendor, output_format=AudioOutputFormat(format=format_))
    expected = FORMATS[vendor.id][format_]
    if expected is None:
        with pytest.raises(ValidationError, match="the vendor makes"):
            world.call("generate_tts", config(vendor, server), asked)
        assert len(server.requests) == 0
    else:
        world.call("generate_tts", config(vendor, server), asked)
        assert spelled(vendor, server.requests[0]) == expected


def test_a_format_that_is_only_near_is_told(world: World, server: ScriptedServer) -> None:
    vendor = VENDORS["elevenlabs"]
    server.handler = lambda request: vendor.answer(MP3)
    asked = request(vendor, output_format=AudioOutputFormat(format="mp3", sample_rate=48000, bitrate=160))
    response = world.call("generate_tts", config(vendor, server), asked)
    [outcome] = [one for one in response.parameters if one.field == "output_format"]
    assert (outcome.outcome, dict(server.requests[0].query)["output_format"]) == ("rounded", "mp3_44100_128")


LONG = {"elevenlabs": ("eleven_v3", 5001), "sarvam": ("bulbul:v3", 2501), "hume": ("octave", 5001)}


@pytest.mark.parametrize("name", LONG)
def test_a_text_that_is_too_long_is_refused_before_paying(world: World, server: ScriptedServer, name: str) -> None:
    model, length = LONG[name]
    asked = TTSRequest(text="a" * length, voice_id="voice1")
    with pytest.raises(ValidationError, match=str(length - 1)):
        world.call("generate_tts", config(VENDORS[name], server, model=model), asked)
    assert len(server.requests) == 0


# --- speech to speech

CHANGES = {
    "elevenlabs": ("/v1/voice-changer/voice1", "audio", {"model_id": "eleven_multilingual_sts_v2"}),
    "cartesia": ("/voice-changer/bytes", "clip", {"voice[id]": "voice1", "output_format[container]": "mp3"}),
    "hume": ("/v0/tts/voice_conversion/file", "audio", {"format": '{"type": "mp3"}'}),
}


@pytest.mark.parametrize("name", CHANGES)
def test_a_voice_is_changed(world: World, server: ScriptedServer, name: str) -> None:
    server.handler = lambda request: sound(MP3)
    asked = STSRequest(audio={"content": asset("audio.wav"), "content_type": "audio/wav"}, voice_id="voice1")
    response = world.call("generate_sts", config(VENDORS[name], server), asked)
    assert base64.b64decode(response.audio) == MP3
    path, file_part, texts = CHANGES[name]
    [sent] = server.requests
    assert sent.path == path
    parts = {part.name: part for part in sent.parts}
    assert parts[file_part].content == asset("audio.wav")
    assert {part: parts[part].content.decode() for part in texts} == texts


def test_the_older_path_is_asked_after_a_404(world: World, server: ScriptedServer) -> None:
    server.handler = lambda request: sound(MP3)
    server.script("POST", "/v1/voice-changer/*", Answer(404, json={"detail": "Not Found"}))
    asked = STSRequest(audio=encoded(asset("audio.wav")), voice_id="voice1")
    world.call("generate_sts", config(VENDORS["elevenlabs"], server), asked)
    assert [one.path for one in server.requests] == ["/v1/voice-changer/voice1", "/v1/speech-to-speech/voice1"]


def test_sarvam_changes_no_voices(world: World, server: ScriptedServer) -> None:
    asked = STSRequest(audio=encoded(asset("audio.wav")), voice_id="voice1")
    with pytest.raises(UnsupportedOperationError) as caught:
        world.call("generate_sts", config(VENDORS["sarvam"], server), asked)
    assert isinstance(caught.value, NotImplementedError)


# --- errors

ERRORS: list[tuple[str, int, Any, type[TarashException]]] = [
    (
        "elevenlabs",
        400,
        {"detail": {"type": "validation_error", "code": "text_too_long", "message": "m"}},
        ValidationError,
    ),
    ("elevenlabs", 401, {"detail": {"status": "needs_authorization", "message": "m"}}, HTTPError),
    ("elevenlabs", 401, {"detail": {"status": "quota_exceeded", "message": "m"}}, InsufficientCreditsError),
    ("elevenlabs", 402, {"detail": {"code": "paid_plan_required", "message": "m"}}, InsufficientCreditsError),
    ("elevenlabs", 403, {"detail": {"code": "feature_not_available", "message": "m"}}, HTTPError),
    ("elevenlabs", 403, {"detail": {"message": "content policy"}}, ContentModerationError),
    ("elevenlabs", 404, {"detail": {"code": "voice_not_found", "message": "m"}}, HTTPError),
    ("elevenlabs", 422, {"detail": [{"loc": ["body"], "msg": "m", "type": "missing"}]}, ValidationError),
    ("elevenlabs", 500, {"detail": {"code": "internal_error", "message": "m"}}, HTTPError),
    ("elevenlabs", 400, {"detail": "plain"}, ValidationError),
    ("cartesia", 400, {"error_code": "language_not_supported", "title": "t", "message": "m"}, ValidationError),
    ("cartesia", 404, {"error_code": "voice_not_found", "title": "t", "message": "m"}, ValidationError),
    ("cartesia", 402, {"error_code": "quota_exceeded", "title": "t", "message": "m"}, InsufficientCreditsError),
    ("cartesia", 403, {"error_code": "plan_upgrade_required", "title": "t"}, InsufficientCreditsError),
    ("cartesia", 401, {"error_code": None, "title": "Unauthorized", "message": "m"}, HTTPError),
    ("cartesia", 413, {"error_code": "file_too_large", "title": "t", "message": "m"}, ValidationError),
    ("cartesia", 500, {"error_code": None, "title": "Server", "message": "m"}, HTTPError),
    ("sarvam", 400, {"error": {"code": "invalid_request_error", "message": "m"}}, ValidationError),
    ("sarvam", 403, {"error": {"code": "invalid_api_key_error", "message": "m"}}, HTTPError),
    ("sarvam", 429, {"error": {"code": "insufficient_quota_error", "message": "m"}}, InsufficientCreditsError),
    ("sarvam", 422, {"error": {"code": "unprocessable_entity_error", "message": "m"}}, ValidationError),
    ("sarvam", 500, {"error": {"code": "internal_server_error", "message": "m"}}, HTTPError),
    ("hume", 422, {"detail": [{"loc": [], "msg": "m", "type": "t"}]}, ValidationError),
    ("hume", 400, {"code": "E0100", "error": "e", "message": "m"}, ValidationError),
    ("hume", 401, {"message": "m"}, HTTPError),
    ("hume", 404, {"message": "m"}, HTTPError),
]


@pytest.mark.parametrize(
    ("name", "status", "body", "expected"),
    ERRORS,
    ids=[f"{one[0]} {one[1]} {json.dumps(one[2])[:40]}" for one in ERRORS],
)
def test_an_error_lands_in_its_class(
    world: World, server: ScriptedServer, name: str, status: int, body: Any, expected: type[TarashException]
) -> None:
    server.handler = lambda request: Answer(status, json=body)
    with pytest.raises(expected) as caught:
        world.call("generate_tts", config(VENDORS[name], server), request(VENDORS[name]))
    assert type(caught.value) is expected
    assert KEY not in str(caught.value)
    assert len(server.requests) == 1
