"""The same logical calls, said to tarash and to the vendor's own SDK. `sdk` is given the SDK's client."""

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

from tests.support.speech import RECORDING, TEXT

from tarash.tarash_gateway.models import AudioOutputFormat
from tarash.testkit.cartesia import VOICES

VOICE = VOICES[0].id
USUAL: dict[str, dict[str, Any]] = {
    "tts": {"text": TEXT, "voice_id": VOICE},
    "sts": {"audio": RECORDING, "voice_id": VOICE},
}
MODEL = "sonic-3.5"
TIMED = {"provider_config": {"timings": True}}


@dataclass(frozen=True)
class Case:
    """`sends` is what the SDK is told beside voice, text, model and the usual format."""

    name: str
    kind: str
    request: dict[str, Any]
    sdk: Callable[[Any], Any]
    config: dict[str, Any] = field(default_factory=dict)


def mp3(rate: int = 44_100, bitrate: int = 128) -> dict[str, Any]:
    return {"container": "mp3", "sample_rate": rate, "bit_rate": bitrate * 1000}


def samples(container: str, rate: int, encoding: str = "pcm_s16le") -> dict[str, Any]:
    return {"container": container, "encoding": encoding, "sample_rate": rate}


def shape(form: str, rate: int | None = None, bitrate: int | None = None) -> dict[str, Any]:
    return {"output_format": AudioOutputFormat(format=form, sample_rate=rate, bitrate=bitrate)}


def speech(name: str, request: dict[str, Any], sends: dict[str, Any] | None = None, **config: Any) -> Case:
    usual = {"model_id": MODEL, "transcript": TEXT, "voice": {"id": VOICE}, "output_format": mp3()}
    said = {**usual, **(sends or {})}
    return Case(name, "tts", request, lambda sdk: sdk.tts.generate(**said).read(), {"model": MODEL, **config})


def events(name: str, request: dict[str, Any], sends: dict[str, Any]) -> Case:
    usual = {"model_id": MODEL, "transcript": TEXT, "voice": {"id": VOICE}, "add_timestamps": True}
    said = {**usual, **sends}
    return Case(name, "stream", request, lambda sdk: list(sdk.tts.generate_sse(**said)), {"model": MODEL, **TIMED})


def change(name: str, request: dict[str, Any], wanted: dict[str, Any] | None = None, **sends: Any) -> Case:
    said = {f"output_format_{part}": value for part, value in (wanted or mp3()).items()}
    clip = ("input.wav", RECORDING["content"], "audio/wav")

    def call(sdk: Any) -> Any:
        return sdk.voice_changer.generate(**{"clip": clip, "voice_id": VOICE, **said, **sends}).read()

    return Case(name, "sts", request, call)


RATES = (8000, 16_000, 22_050, 24_000, 44_100, 48_000)
SPELLED: dict[str, tuple[dict[str, Any], dict[str, Any]]] = {
    **{f"mp3 {rate}": (shape("mp3", rate, 128), mp3(rate)) for rate in RATES},
    **{f"mp3 {bitrate}k": (shape("mp3", 44_100, bitrate), mp3(bitrate=bitrate)) for bitrate in (32, 64, 96, 192)},
    "mp3 of any kind": (shape("mp3"), mp3()),
    **{f"wav {rate}": (shape("wav", rate), samples("wav", rate)) for rate in RATES},
    **{f"pcm {rate}": (shape("pcm", rate), samples("raw", rate)) for rate in RATES},
    **{
        f"{container} {encoding}": ({"extra_params": {"output_format": wanted}}, wanted)
        for container in ("wav", "raw")
        for encoding in ("pcm_f32le", "pcm_mulaw", "pcm_alaw")
        if (wanted := samples(container, 8000, encoding))
    },
}
"""Every format of the vendor: how a caller asks for it, and how the vendor spells it."""

SETTINGS = {"speed": 1.2, "volume": 1.5, "emotion": "happy"}
OLDER = {"extra_headers": {"cartesia-version": "2025-04-16"}, "voice": {"mode": "id", "id": VOICE}}

SPEECH = [
    *(speech(f"speech as {name}", asked, {"output_format": wanted}) for name, (asked, wanted) in SPELLED.items()),
    speech("speech of a text alone", {}),
    speech("speech in a language", {"language_code": "fr"}, {"language": "fr"}),
    speech("speech in a language with a region", {"language_code": "pt-BR"}, {"language": "pt"}),
    speech("speech in a locale", {"language_code": "en", "extra_params": {"locale": "en-GB"}}, {"locale": "en-GB"}),
    *(
        speech(f"speech with {name}", {"voice_settings": {name: value}}, {"generation_config": {name: value}})
        for name, value in SETTINGS.items()
    ),
    speech("speech with all settings", {"voice_settings": SETTINGS}, {"generation_config": SETTINGS}),
    speech("slow speech", {"voice_settings": {"speed": "slow"}}, {"speed": "slow"}),
    speech("speech as it is written", {"extra_params": {"normalization": "off"}}, {"normalization": "off"}),
    speech(
        "speech with a dictionary",
        {"extra_params": {"pronunciation_dict_id": "d1"}},
        {"pronunciation_dict_id": "d1"},
    ),
    speech("speech that is kept", {"extra_params": {"save": True}}, {"save": True}),
    speech("speech in other letters", {"text": "Güten Täg, 灯台 🗼"}, {"transcript": "Güten Täg, 灯台 🗼"}),
    speech("speech by another model", {}, {"model_id": "sonic-3.6"}, model="sonic-3.6"),
    speech("speech by an older version", {}, OLDER, api_version="2025-04-16"),
]
EVENTS = [
    events("timed speech", {}, {"output_format": samples("raw", 44_100)}),
    events("timed speech as pcm", shape("pcm", 16_000), {"output_format": samples("raw", 16_000)}),
    events(
        "timed speech with phonemes",
        {**shape("wav", 8000), "extra_params": {"add_phoneme_timestamps": True, "context_id": "c1"}},
        {"output_format": samples("raw", 8000), "add_phoneme_timestamps": True, "context_id": "c1"},
    ),
    events(
        "timed speech with settings",
        {"voice_settings": SETTINGS, "language_code": "de"},
        {"output_format": samples("raw", 44_100), "generation_config": SETTINGS, "language": "de"},
    ),
]
CHANGES = [
    *(change(f"change as {name}", asked, wanted) for name, (asked, wanted) in SPELLED.items()),
    change("change of a recording alone", {}),
    change("change into another voice", {"voice_id": VOICES[1].id}, voice_id=VOICES[1].id),
]
CASES = [*SPEECH, *EVENTS, *CHANGES]
