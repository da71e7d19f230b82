"""The same call by the vendor's own SDK and by tarash must leave the same request on the wire, field by field.

Differences that are meant are listed in `MEANT`, each with its reason; every other one fails.
"""

import json
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

import cartesia
import elevenlabs
import httpx
import hume
import pytest
import sarvamai
from hume.tts import FormatMp3, FormatPcm, FormatWav, PostedUtterance, PostedUtteranceVoiceWithName
from sarvamai.environment import SarvamAIEnvironment

from tarash.tarash_gateway import generate_sts, generate_tts
from tarash.tarash_gateway.mock import asset
from tarash.tarash_gateway.models import AudioGenerationConfig, AudioOutputFormat, STSRequest, TTSRequest
from tarash.testkit.requests import RecordedRequest
from tarash.testkit.server import ScriptedServer
from tarash.testkit.steps import Answer

KEY = "the-key"
WAV = asset("audio.wav")
pytestmark = pytest.mark.filterwarnings("ignore")

MEANT: dict[str, dict[str, str]] = {
    "elevenlabs": {
        "file name": "the SDK sends 'upload', tarash a name that fits the bytes",
        "file type": "the SDK sends application/octet-stream, tarash what the bytes are",
    },
    "cartesia": {
        "file name": "the SDK sends 'upload', tarash a name that fits the bytes",
        "file type": "the SDK sends application/octet-stream, tarash what the bytes are",
    },
    "sarvam": {"target_language_code": "one field had an older name; both send the new one"},
    "hume": {
        "null parts": "the SDK sends parts with the text 'null' for what is not set; tarash leaves them out",
        "provider": "the SDK leaves the vendor's default CUSTOM_VOICE; tarash names the library, HUME_AI",
    },
}


@dataclass(frozen=True)
class Case:
    """One logical call: with the SDK, and as a request of ours."""

    vendor: str
    name: str
    sdk: Callable[[Any], Any]
    request: Any
    model: str | None = None
    config: dict[str, Any] = field(default_factory=dict)


def tts(**fields: Any) -> TTSRequest:
    return TTSRequest(**{"text": "Hello.", "voice_id": "v1", "output_format": AudioOutputFormat(), **fields})


def sts(**fields: Any) -> STSRequest:
    content = {"content": WAV, "content_type": "audio/wav"}
    return STSRequest(**{"audio": content, "voice_id": "v1", "output_format": AudioOutputFormat(), **fields})


def shape(format_: str, rate: int | None = None, bitrate: int | None = None) -> AudioOutputFormat:
    return AudioOutputFormat(format=format_, sample_rate=rate, bitrate=bitrate)


# --- ElevenLabs

ELEVEN = "eleven_flash_v2_5"


def eleven(name: str, request: Any, **named: Any) -> Case:
    arguments = {"voice_id": "v1", "text": "Hello.", "model_id": ELEVEN, "output_format": "mp3_44100_128", **named}
    return Case("elevenlabs", name, lambda client: list(client.text_to_speech.convert(**arguments)), request, ELEVEN)


def eleven_change(name: str, request: Any, **named: Any) -> Case:
    model = "eleven_multilingual_sts_v2"
    arguments = {"voice_id": "v1", "audio": WAV, "model_id": model, "output_format": "mp3_44100_128", **named}
    return Case("elevenlabs", name, lambda client: list(client.speech_to_speech.convert(**arguments)), request, model)


_ELEVEN_FORMATS = {
    "mp3_22050_32": shape("mp3", 22050, 32),
    "mp3_24000_48": shape("mp3", 24000, 48),
    **{f"mp3_44100_{rate}": shape("mp3", 44100, rate) for rate in (32, 64, 96, 128, 192)},
    **{
        f"{kind}_{rate}": shape(kind, rate)
        for kind in ("pcm", "wav")
        for rate in (8000, 16000, 22050, 24000, 32000, 44100, 48000)
    },
    **{f"opus_48000_{rate}": shape("opus", 48000, rate) for rate in (32, 64, 96, 128, 192)},
}
CASES = [eleven(name, tts(output_format=asked), output_format=name) for name, asked in _ELEVEN_FORMATS.items()]
CASES += [
    eleven("language", tts(language_code="de"), language_code="de"),
    eleven("settings", tts(voice_settings={"stability": 0.4}), voice_settings={"stability": 0.4}),
    eleven("seed", tts(extra_params={"seed": 7}), seed=7),
    eleven("logging", tts(extra_params={"enable_logging": False}), enable_logging=False),
    eleven_change("change", sts()),
    eleven_change(
        "change settings", sts(voice_settings={"stability": 0.4}), voice_settings=json.dumps({"stability": 0.4})
    ),
    eleven_change("change wav", sts(output_format=shape("wav", 16000)), output_format="wav_16000"),
    eleven_change("noise", sts(extra_params={"remove_background_noise": True}), remove_background_noise=True),
    eleven_change("change seed", sts(extra_params={"seed": 3}), seed=3),
]

# --- Cartesia

SONIC = "sonic-3.5"


def sonic(name: str, request: Any, output: dict[str, Any], **named: Any) -> Case:
    arguments = {"model_id": SONIC, "transcript": "Hello.", "voice": {"id": "v1"}, "output_format": output, **named}
    return Case("cartesia", name, lambda client: client.tts.generate(**arguments), request, SONIC)


def sonic_change(name: str, request: Any, output: dict[str, Any]) -> Case:
    def change(client: Any) -> Any:
        return client.voice_changer.change_voice_bytes(
            clip=WAV, voice_id="v1", **{f"output_format_{key}": value for key, value in output.items()}
        )

    return Case("cartesia", name, change, request)


def mp3(rate: int = 44100, bit_rate: int = 128000) -> dict[str, Any]:
    return {"container": "mp3", "sample_rate": rate, "bit_rate": bit_rate}


def pcm(container: str, rate: int) -> dict[str, Any]:
    return {"container": container, "encoding": "pcm_s16le", "sample_rate": rate}


_RATES = (8000, 16000, 22050, 24000, 44100, 48000)
CASES += [sonic(f"mp3 {rate}", tts(output_format=shape("mp3", rate, 128)), mp3(rate)) for rate in _RATES]
CASES += [
    sonic(f"mp3 {rate}k", tts(output_format=shape("mp3", 44100, rate)), mp3(44100, rate * 1000))
    for rate in (32, 64, 96, 192)
]
CASES += [sonic(f"wav {rate}", tts(output_format=shape("wav", rate)), pcm("wav", rate)) for rate in _RATES]
CASES += [sonic(f"pcm {rate}", tts(output_format=shape("pcm", rate)), pcm("raw", rate)) for rate in _RATES]
CASES += [
    sonic("language", tts(language_code="fr", output_format=shape("mp3", 44100, 128)), mp3(), language="fr"),
    sonic(
        "settings",
        tts(voice_settings={"speed": 1.2, "volume": 1.5, "emotion": "happy"}, output_format=shape("mp3", 44100, 128)),
        mp3(),
        generation_config={"speed": 1.2, "volume": 1.5, "emotion": "happy"},
    ),
]


# --- Sarvam


def bulbul(name: str, request: Any, **named: Any) -> Case:
    usual = {"model": "bulbul:v3", "language_code": "hi-IN", "speaker": "shubh", "output_audio_codec": "mp3"}
    arguments = {"text": "Hello.", "speech_sample_rate": 24000, **usual, **named}
    return Case("sarvam", name, lambda client: client.text_to_speech.convert(**arguments), request, "bulbul:v3")


def hindi(**fields: Any) -> TTSRequest:
    return tts(**{"voice_id": "shubh", "language_code": "hi-IN", "output_format": shape("mp3", 24000), **fields})


_CODECS = {"mp3": "mp3", "wav": "wav", "pcm": "linear16", "flac": "flac"}
CASES += [
    bulbul(f"{kind} {rate}", hindi(output_format=shape(kind, rate)), output_audio_codec=codec, speech_sample_rate=rate)
    for kind, codec in _CODECS.items()
    for rate in (8000, 16000, 22050, 24000, 48000)
]
CASES += [
    bulbul("pace", hindi(voice_settings={"pace": 1.3}), pace=1.3),
    bulbul("speed", hindi(voice_settings={"speed": 0.8}), pace=0.8),
    bulbul("temperature", hindi(voice_settings={"temperature": 0.5}), temperature=0.5),
    bulbul("language", hindi(language_code="ta"), language_code="ta-IN"),
    bulbul("dictionary", hindi(extra_params={"dict_id": "d1"}), dict_id="d1"),
]


# --- Hume


def octave(name: str, request: Any, utterance: dict[str, Any], **named: Any) -> Case:
    def speak(client: Any) -> Any:
        voice = PostedUtteranceVoiceWithName(name="v1", provider="HUME_AI")
        posted = PostedUtterance(**{"text": "Hello.", "voice": voice, **utterance})
        return client.tts.synthesize_json(utterances=[posted], **{"format": FormatMp3(), **named})

    return Case("hume", name, speak, request, named.pop("model", None))


CASES += [
    octave("mp3", tts(output_format=shape("mp3", 48000)), {}),
    octave("wav", tts(output_format=shape("wav", 48000)), {}, format=FormatWav()),
    octave("pcm", tts(output_format=shape("pcm", 48000)), {}, format=FormatPcm()),
    octave("speed", tts(voice_settings={"speed": 1.5}), {"speed": 1.5}),
    octave("description", tts(voice_settings={"description": "calm"}), {"description": "calm"}),
    octave("silence", tts(voice_settings={"trailing_silence": 2.0}), {"trailing_silence": 2.0}),
    octave("generations", tts(extra_params={"num_generations": 2}), {}, num_generations=2),
    octave("temperature", tts(extra_params={"temperature": 0.7}), {}, temperature=0.7),
    octave("split", tts(extra_params={"split_utterances": False}), {}, split_utterances=False),
]

CLIENTS: dict[str, Callable[[str, httpx.Client], Any]] = {
    "elevenlabs": lambda url, http: elevenlabs.ElevenLabs(api_key=KEY, base_url=url, httpx_client=http),
    "cartesia": lambda url, http: cartesia.Cartesia(api_key=KEY, base_url=url, http_client=http),
    "sarvam": lambda url, http: sarvamai.SarvamAI(
        api_subscription_key=KEY,
        environment=SarvamAIEnvironment(base=url, creative=url, production=url),
        httpx_client=http,
    ),
    "hume": lambda url, http: hume.HumeClient(api_key=KEY, base_url=url, httpx_client=http),
}
AUTH = {
    "elevenlabs": "xi-api-key",
    "cartesia": "authorization",
    "sarvam": "api-subscription-key",
    "hume": "x-hume-api-key",
}


def answer(vendor: str) -> Answer:
    if vendor == "sarvam":
        return Answer(200, json={"request_id": "r", "audios": ["UklGRg=="]})
    if vendor == "hume":
        generation = {
            "audio": "UklGRg==",
            "duration": 1.0,
            "encoding": {"format": "mp3", "sample_rate": 48000},
            "file_size": 4,
            "generation_id": "g",
            "snippets": [],
        }
        return Answer(200, json={"request_id": "r", "generations": [generation]})
    return Answer(200, headers=(("Content-Type", "audio/mpeg"),), body=asset("audio.mp3"))


def seen(vendor: str, request: RecordedRequest) -> dict[str, Any]:
    """A request as far as it matters: what is meant to differ is left out."""
    multipart = (request.headers.get("content-type") or "").startswith("multipart/")
    return {
        "method": request.method,
        "path": request.path,
        "query": sorted(request.query),
        "auth": request.headers.get(AUTH[vendor]),
        "version": request.headers.get("cartesia-version"),
        "body": parts(request) if multipart else request.json,
    }


def parts(request: RecordedRequest) -> list[tuple[str | None, bytes]]:
    return sorted((part.name, part.content) for part in request.parts if part.content != b"null")


@pytest.mark.parametrize("case", CASES, ids=lambda case: f"{case.vendor} {case.name}")
def test_the_wire_is_the_sdks(case: Case) -> None:
    with ScriptedServer(lambda request: answer(case.vendor)) as server, httpx.Client() as http:
        case.sdk(CLIENTS[case.vendor](server.url, http))
        config = AudioGenerationConfig(provider=case.vendor, model=case.model, api_key=KEY, base_url=server.url)
        call: Any = generate_sts if isinstance(case.request, STSRequest) else generate_tts
        call(config, case.request)
        theirs, ours = server.requests
        assert seen(case.vendor, ours) == seen(case.vendor, theirs)


def test_there_are_enough_cases() -> None:
    counts = {vendor: sum(case.vendor == vendor for case in CASES) for vendor in CLIENTS}
    print(counts, "cases; meant differences:", json.dumps(MEANT, indent=1))
    assert all(count >= 20 for vendor, count in counts.items() if vendor != "hume")
