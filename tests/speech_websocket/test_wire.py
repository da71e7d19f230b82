"""Text that is still being written, by the vendor's own SDK and by tarash: the same handshake, the same messages.

Differences that are meant are listed in `MEANT`, each with its reason; every other one fails.
"""

import base64
from collections.abc import Callable, Generator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

import pytest
from tests.support.conversing import VENDORS, Writing, listen, sound_of
from tests.support.speech import heard
from tests.support.worlds import WORLDS, World

from tarash.tarash_gateway.models import AudioGenerationConfig, AudioOutputFormat, TTSRequest
from tarash.testkit.tls import LocalAuthority
from tarash.testkit.websockets import Visit, WebSocketServer

cartesia: Any = pytest.importorskip("cartesia")
elevenlabs: Any = pytest.importorskip("elevenlabs")
hume: Any = pytest.importorskip("hume")
hume_types: Any = pytest.importorskip("hume.tts.types")
HumeClientEnvironment: Any = pytest.importorskip("hume.environment").HumeClientEnvironment
pytestmark = [pytest.mark.vendor, pytest.mark.filterwarnings("ignore")]

MEANT: dict[str, dict[str, str]] = {
    "elevenlabs": {
        "first try_trigger_generation": "the SDK asks for sound with the first message, which has no text",
        "null voice_settings": "the SDK sends null for what is not set; tarash leaves it out",
        "last space": "the SDK ends the last text with a space even where it has one already",
    },
    "cartesia": {"context_id": "each names its contexts itself"},
    "hume": {
        "spelling of booleans": "the SDK for Python writes True into the query, that for JavaScript and tarash true"
    },
}
HEADERS = ("xi-api-key", "x-hume-api-key", "authorization", "cartesia-version")

SENTENCES = ("Hello, how are you?", "I am fine, thank you.")
TOKENS = ("Hel", "lo", " world", ".", " How", " are", " you", "?")
LINES = ("One line. ", "Another one. ")


@dataclass(frozen=True)
class Case:
    """One logical call: the arguments of the SDK's client, and the fields of our request."""

    vendor: str
    name: str
    sdk: Mapping[str, Any] = field(default_factory=dict)
    ours: Mapping[str, Any] = field(default_factory=dict)
    text: Sequence[str] = SENTENCES
    model: str | None = None
    options: Mapping[str, Any] = field(default_factory=dict)


def shape(format_: str, rate: int | None = None, bitrate: int | None = None) -> AudioOutputFormat:
    return AudioOutputFormat(format=format_, sample_rate=rate, bitrate=bitrate)


# --- ElevenLabs

ALWAYS = {"generation_config": {"chunk_length_schedule": [50]}, "try_trigger_generation": True}
"""What the SDK always sends, and tarash when it is asked to."""


def eleven(name: str, text: Sequence[str] = SENTENCES, ours: Mapping[str, Any] | None = None, **sdk: Any) -> Case:
    model = "eleven_flash_v2_5"
    given = {"output_format": shape("mp3", 44_100, 128), **(ours or {}), "extra_params": ALWAYS}
    return Case("elevenlabs", name, {"model_id": model, **sdk}, given, text, model)


SETTINGS: dict[str, Any] = {"stability": 0.4, "similarity_boost": 0.8, "use_speaker_boost": True, "speed": 1.1}
ELEVEN = [
    eleven("sentences"),
    eleven("tokens", TOKENS),
    eleven("lines", LINES),
    eleven("settings", ours={"voice_settings": SETTINGS}, voice_settings=elevenlabs.VoiceSettings(**SETTINGS)),
    *(
        eleven(spelled, ours={"output_format": wanted}, output_format=spelled)
        for spelled, wanted in {
            "mp3_22050_32": shape("mp3", 22_050, 32),
            "mp3_44100_192": shape("mp3", 44_100, 192),
            "pcm_16000": shape("pcm", 16_000),
            "pcm_24000": shape("pcm", 24_000),
            "opus_48000_64": shape("opus", 48_000, 64),
        }.items()
    ),
]


def speak_eleven(server: WebSocketServer, case: Case) -> bytes:
    client = elevenlabs.ElevenLabs(api_key=server.vendor.key, base_url=server.url)  # type: ignore[attr-defined]
    return b"".join(client.text_to_speech.convert_realtime("v1", text=iter(case.text), **case.sdk))


# --- Cartesia

RAW = {"container": "raw", "encoding": "pcm_s16le", "sample_rate": 24_000}


def sonic(name: str, text: Sequence[str] = SENTENCES, ours: Mapping[str, Any] | None = None, **sdk: Any) -> Case:
    usual = {"model_id": "sonic-3.5", "voice": {"id": "v1"}, "output_format": RAW}
    given = {"output_format": shape("pcm", 24_000), **(ours or {})}
    timed = {"timings": True} if "add_timestamps" in sdk else {}
    return Case("cartesia", name, {**usual, **sdk}, given, text, "sonic-3.5", timed)


SONIC = [
    sonic("sentences"),
    sonic("tokens", TOKENS),
    sonic("language", ours={"language_code": "de-DE"}, language="de"),
    sonic("timings", add_timestamps=True),
    sonic(
        "settings",
        ours={"voice_settings": {"speed": 1.2, "volume": 0.9, "emotion": "happy"}},
        generation_config={"speed": 1.2, "volume": 0.9, "emotion": "happy"},
    ),
    sonic("delay", ours={"extra_params": {"max_buffer_delay_ms": 500}}, max_buffer_delay_ms=500),
    sonic("words", ours={"extra_params": {"pronunciation_dict_id": "p1"}}, pronunciation_dict_id="p1"),
    *(
        sonic(f"{rate} Hz", ours={"output_format": shape("pcm", rate)}, output_format={**RAW, "sample_rate": rate})
        for rate in (8000, 16_000, 44_100)
    ),
]


def speak_sonic(server: WebSocketServer, case: Case) -> bytes:
    vendor: Any = server.vendor
    client = cartesia.Cartesia(api_key=vendor.key, websocket_base_url=server.socket_url)
    with client.tts.websocket_connect() as connection:
        context = connection.context(**case.sdk)
        for text in case.text:
            context.push(text)
        context.no_more_inputs()
        return b"".join(event.audio or b"" for event in context.receive() if event.type == "chunk")


# --- Hume

LIBRARY = hume_types.PostedUtteranceVoiceWithName(name="v1", provider="HUME_AI")


def octave(name: str, ours: Mapping[str, Any] | None = None, said: Mapping[str, Any] | None = None, **sdk: Any) -> Case:
    asked = {"format_type": "pcm", "no_binary": True, "strip_headers": True, "instant_mode": True, **sdk}
    given = {"output_format": shape("pcm", 48_000), **(ours or {})}
    timed = {"timings": True} if "include_timestamp_types" in sdk else {}
    model = f"octave-{sdk['version']}" if "version" in sdk else "default"
    return Case("hume", name, {"query": asked, "said": said or {}}, given, LINES, model, timed)


OCTAVE = [
    octave("plain"),
    octave("version", version="2"),
    octave("timings", version="2", include_timestamp_types=["word"]),
    octave("mp3", ours={"output_format": shape("mp3", 48_000)}, format_type="mp3"),
    octave("slow", ours={"voice_settings": {"speed": 0.8}}, said={"speed": 0.8}),
    octave("acted", ours={"voice_settings": {"description": "calm"}}, said={"description": "calm"}),
    octave("silence", ours={"voice_settings": {"trailing_silence": 1.5}}, said={"trailing_silence": 1.5}),
]


def speak_octave(server: WebSocketServer, case: Case) -> bytes:
    vendor: Any = server.vendor
    where = HumeClientEnvironment(base=server.url, evi="", tts=f"{server.socket_url}/v0/tts", stream="")
    client = hume.HumeClient(api_key=vendor.key, environment=where)
    with client.tts.stream_input.connect(**case.sdk["query"]) as socket:
        for text in case.text:
            socket.send_publish(hume_types.PublishTts(text=text, voice=LIBRARY, **case.sdk["said"]))
        socket.send_publish(hume_types.PublishTts(close=True))
        return b"".join(base64.b64decode(message.audio) for message in socket if hasattr(message, "audio"))


# --- both

CASES = [*ELEVEN, *SONIC, *OCTAVE]
SDKS: dict[str, Callable[[WebSocketServer, Case], bytes]] = {
    "elevenlabs": speak_eleven,
    "cartesia": speak_sonic,
    "hume": speak_octave,
}


@pytest.fixture(scope="module")
def servers() -> Generator[dict[str, WebSocketServer]]:
    """A server for each vendor's SDK; that of ElevenLabs speaks TLS only."""
    with LocalAuthority() as authority, pytest.MonkeyPatch.context() as environment:
        environment.setenv("SSL_CERT_FILE", str(authority.ca_file))
        made = {name: WebSocketServer(vendor()) for name, vendor in VENDORS.items()}
        made["elevenlabs"] = WebSocketServer(VENDORS["elevenlabs"](), authority=authority)
        with made["elevenlabs"], made["cartesia"], made["hume"]:
            yield made


@pytest.fixture(scope="module")
def plain() -> Generator[dict[str, WebSocketServer]]:
    made = {name: WebSocketServer(vendor()) for name, vendor in VENDORS.items()}
    with made["elevenlabs"], made["cartesia"], made["hume"]:
        yield made


def speak_ours(world: World, server: WebSocketServer, case: Case) -> bytes:
    vendor: Any = server.vendor
    config = AudioGenerationConfig(
        provider=case.vendor,
        model=case.model,
        api_key=vendor.key,
        base_url=server.url,
        provider_config=dict(case.options),
    )
    request = TTSRequest(text="", voice_id="v1", **case.ours)
    return sound_of(listen(world, config, request, Writing(*case.text)))


def seen(vendor: str, visit: Visit) -> dict[str, Any]:
    """What a visit says, without the differences that are meant."""
    query = {name: value.lower() if vendor == "hume" else value for name, value in visit.query}
    messages = [dict(message) for message in visit.messages]
    if vendor == "elevenlabs":
        messages[-2]["text"] = messages[-2]["text"].rstrip() + " "
        messages[0].pop("try_trigger_generation", None)
        if messages[0].get("voice_settings", 0) is None:
            del messages[0]["voice_settings"]
    for message in messages:
        if isinstance(message.get("voice_settings"), dict):
            message["voice_settings"] = {
                name: value for name, value in message["voice_settings"].items() if value is not None
            }
    if vendor == "cartesia":
        assert len({message.pop("context_id") for message in messages}) == 1
    headers = {name: visit.headers[name] for name in HEADERS if name in visit.headers}
    return {"path": visit.path, "query": query, "headers": headers, "messages": messages}


@pytest.mark.parametrize("case", CASES, ids=lambda case: f"{case.vendor}-{case.name}")
def test_the_wire_is_the_same(
    case: Case, servers: dict[str, WebSocketServer], plain: dict[str, WebSocketServer]
) -> None:
    theirs = SDKS[case.vendor](servers[case.vendor], case)
    their_visit = servers[case.vendor].visits[-1]
    for make in WORLDS.values():
        world = make()
        assert speak_ours(world, plain[case.vendor], case) == theirs
        world.close()
        assert seen(case.vendor, plain[case.vendor].visits[-1]) == seen(case.vendor, their_visit)


@pytest.mark.parametrize("vendor", list(SDKS))
def test_the_sdk_hears_speech(vendor: str, servers: dict[str, WebSocketServer]) -> None:
    case = next(case for case in CASES if case.vendor == vendor)
    audio = SDKS[vendor](servers[vendor], case)
    form, rate = {"elevenlabs": ("mp3", 0), "cartesia": ("pcm", 24_000), "hume": ("pcm", 48_000)}[vendor]
    assert heard(audio, form, rate).seconds == pytest.approx(0.4, abs=0.06)


def test_an_sdk_learns_of_a_refusal(servers: dict[str, WebSocketServer]) -> None:
    client = elevenlabs.ElevenLabs(api_key="another key", base_url=servers["elevenlabs"].url)
    with pytest.raises(Exception, match="401"):
        list(client.text_to_speech.convert_realtime("v1", text=iter(SENTENCES)))
