"""The same logical calls, said to tarash and to the vendor's own SDK. `sdk` is given the SDK's client."""

import json
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

from tests.support.speech import RECORDING, TEXT

from tarash.tarash_gateway.models import AudioOutputFormat
from tarash.testkit.elevenlabs import VOICES

VOICE = VOICES[0].id
USUAL: dict[str, dict[str, Any]] = {
    "tts": {"text": TEXT, "voice_id": VOICE},
    "sts": {"audio": RECORDING, "voice_id": VOICE},
}
FLASH = "eleven_flash_v2_5"
CHANGER = "eleven_multilingual_sts_v2"


@dataclass(frozen=True)
class Case:
    name: str
    kind: str
    request: dict[str, Any]
    sdk: Callable[[Any], Any]
    model: str
    config: dict[str, Any] = field(default_factory=dict)


def speech(name: str, request: dict[str, Any], model: str = FLASH, call: str = "convert", **rest: Any) -> Case:
    """`sends` is what the SDK is told beside voice, text, model and the usual format."""
    sends = {"text": TEXT, "model_id": model, "output_format": "mp3_44100_128", **rest.pop("sends", {})}
    streamed = call != "convert_with_timestamps"

    def said(sdk: Any) -> Any:
        answer = getattr(sdk.text_to_speech, call)(VOICE, **sends)
        return list(answer) if streamed else answer

    return Case(name, "stream" if call.startswith("stream") else "tts", request, said, model, **rest)


def change(name: str, request: dict[str, Any], model: str = CHANGER, **rest: Any) -> Case:
    usual = {
        "model_id": model,
        "output_format": "mp3_44100_128",
        "audio": ("input.wav", RECORDING["content"], "audio/wav"),
    }
    sends = {**usual, **rest.pop("sends", {})}
    return Case(name, "sts", request, lambda sdk: list(sdk.speech_to_speech.convert(VOICE, **sends)), model, **rest)


def shape(form: str, rate: int | None = None, bitrate: int | None = None) -> dict[str, Any]:
    return {"output_format": AudioOutputFormat(format=form, sample_rate=rate, bitrate=bitrate)}


RATES = (8000, 16_000, 22_050, 24_000, 32_000, 44_100, 48_000)
SPELLED: dict[str, dict[str, Any]] = {
    "mp3_22050_32": shape("mp3", 22_050, 32),
    "mp3_24000_48": shape("mp3", 24_000, 48),
    **{f"mp3_44100_{bitrate}": shape("mp3", 44_100, bitrate) for bitrate in (32, 64, 96, 128, 192)},
    **{f"{form}_{rate}": shape(form, rate) for form in ("pcm", "wav") for rate in RATES},
    **{f"opus_48000_{bitrate}": shape("opus", 48_000, bitrate) for bitrate in (32, 64, 96, 128, 192)},
    **{f"{form}_8000": {"extra_params": {"output_format": f"{form}_8000"}} for form in ("ulaw", "alaw")},
}
"""Every format of the vendor, and how a caller asks for it."""

SETTINGS = {"stability": 0.4, "similarity_boost": 0.6, "style": 0.1, "use_speaker_boost": False, "speed": 1.1}
LOCATORS = [{"pronunciation_dictionary_id": "d1", "version_id": "v1"}]
EFFECTS = {"filter_preset_id": "radio", "distance": 0.5}
WORDS = {"seed": 7, "previous_text": "Before.", "next_text": "After.", "apply_text_normalization": "off"}
IDS = {"previous_request_ids": ["r1"], "next_request_ids": ["r2", "r3"]}
TIMED = {"provider_config": {"timings": True}}

SPEECH = [
    *(speech(f"speech as {name}", request, sends={"output_format": name}) for name, request in SPELLED.items()),
    *(
        speech(f"streamed speech as {name}", request, call="stream", sends={"output_format": name})
        for name, request in SPELLED.items()
        if not name.startswith("wav")
    ),
    speech("speech of a text alone", {}),
    speech("speech in a language", {"language_code": "de"}, sends={"language_code": "de"}),
    speech("speech in a language with a region", {"language_code": "pt-BR"}, sends={"language_code": "pt"}),
    speech("a language that the model cannot be told", {"language_code": "de"}, "eleven_multilingual_v2"),
    *(
        speech(f"speech with {name}", {"voice_settings": {name: value}}, sends={"voice_settings": {name: value}})
        for name, value in {**SETTINGS, "clone_strength": 0.3}.items()
    ),
    speech("speech with all settings", {"voice_settings": SETTINGS}, sends={"voice_settings": SETTINGS}),
    speech("speech with a text around it", {"extra_params": WORDS}, sends=WORDS),
    speech("speech with speeches around it", {"extra_params": IDS}, sends=IDS),
    speech(
        "speech with a dictionary",
        {"extra_params": {"pronunciation_dictionary_locators": LOCATORS}},
        sends={"pronunciation_dictionary_locators": LOCATORS},
    ),
    speech("speech with effects", {"extra_params": {"audio_effects": EFFECTS}}, sends={"audio_effects": EFFECTS}),
    speech(
        "speech that is not kept",
        {"extra_params": {"enable_logging": False, "optimize_streaming_latency": 2}},
        sends={"enable_logging": False, "optimize_streaming_latency": 2},
    ),
    speech(
        "Japanese speech",
        {"language_code": "ja", "extra_params": {"apply_language_text_normalization": True}},
        sends={"language_code": "ja", "apply_language_text_normalization": True},
    ),
    speech(
        "speech by version 3",
        {"voice_settings": {"stability": 0.5}},
        "eleven_v3",
        sends={"voice_settings": {"stability": 0.5}},
    ),
    speech("speech by version 4", {}, "eleven_v4"),
    speech("speech in other letters", {"text": "Güten Täg, 灯台 🗼"}, sends={"text": "Güten Täg, 灯台 🗼"}),
    speech("speech with timings", {}, call="convert_with_timestamps", config=TIMED),
    speech(
        "streamed speech with timings",
        {"language_code": "de"},
        call="stream_with_timestamps",
        sends={"language_code": "de"},
        config=TIMED,
    ),
]
CHANGES = [
    *(change(f"change as {name}", request, sends={"output_format": name}) for name, request in SPELLED.items()),
    change("change of a recording alone", {}),
    change("change by the English model", {}, "eleven_english_sts_v2"),
    change("change with settings", {"voice_settings": SETTINGS}, sends={"voice_settings": json.dumps(SETTINGS)}),
    change("change with a seed", {"extra_params": {"seed": 3}}, sends={"seed": 3}),
    change(
        "change without noise",
        {"extra_params": {"remove_background_noise": True}},
        sends={"remove_background_noise": True},
    ),
    change(
        "change of samples", {"extra_params": {"file_format": "pcm_s16le_16"}}, sends={"file_format": "pcm_s16le_16"}
    ),
    change("change that is not kept", {"extra_params": {"enable_logging": False}}, sends={"enable_logging": False}),
]
CASES = [*SPEECH, *CHANGES]
