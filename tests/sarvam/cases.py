"""The same logical calls, said to tarash and to the vendor's own SDK. `sdk` is given the SDK's client."""

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

from tests.support.speech import TEXT

from tarash.tarash_gateway.models import AudioOutputFormat

USUAL: dict[str, dict[str, Any]] = {"tts": {"text": TEXT, "voice_id": "shubh", "language_code": "hi-IN"}}
CODECS = {"mp3": "mp3", "wav": "wav", "pcm": "linear16", "flac": "flac", "opus": "opus"}
"""Our formats, as the vendor spells them."""
MODEL = "bulbul:v3"


@dataclass(frozen=True)
class Case:
    """`kind` is how tarash is asked; `sdk` is told the same."""

    name: str
    kind: str
    request: dict[str, Any]
    sdk: Callable[[Any], Any]
    config: dict[str, Any] = field(default_factory=dict)


def shape(form: str, rate: int | None = None, bitrate: int | None = None) -> dict[str, Any]:
    return {"output_format": AudioOutputFormat(format=form, sample_rate=rate, bitrate=bitrate)}


def _said(form: str, rate: int, sends: dict[str, Any], model: str) -> dict[str, Any]:
    usual = {"text": TEXT, "language_code": "hi-IN", "speaker": "shubh", "model": model}
    said = {**usual, "output_audio_codec": CODECS[form], "speech_sample_rate": rate, **sends}
    return {name: value for name, value in said.items() if value is not None}


def speech(
    name: str,
    request: dict[str, Any],
    form: str = "mp3",
    rate: int = 24_000,
    *,
    model: str = MODEL,
    **sends: Any,
) -> Case:
    """Speech as a whole. `sends` is what the SDK is told beside text, model, language, speaker and format."""
    said = _said(form, rate, sends, model)
    asked = {**shape(form, rate), **request}
    return Case(name, "tts", asked, lambda sdk: sdk.text_to_speech.convert(**said), {"model": model})


def streamed(
    name: str, kind: str, request: dict[str, Any], form: str, rate: int, *, model: str = MODEL, **sends: Any
) -> Case:
    """Speech from the vendor's stream, which tarash may also hand out as a whole (`kind` "tts")."""
    said = _said(form, rate, sends, model)
    return Case(name, kind, request, lambda sdk: list(sdk.text_to_speech.convert_stream(**said)), {"model": model})


RATES = (8000, 16_000, 22_050, 24_000)
HIGH_RATES = (32_000, 44_100, 48_000)
BITRATES = (32, 64, 96, 128, 192)
WHOLE = {f"{form} {rate}": (form, rate) for form in ("mp3", "wav", "pcm", "flac") for rate in (*RATES, *HIGH_RATES)}

SPEECH = [
    *(speech(f"speech as {name}", {}, form, rate) for name, (form, rate) in WHOLE.items()),
    speech("speech with the usual rate", shape("wav"), "wav", 24_000),
    speech("speech in the usual format", {"output_format": AudioOutputFormat(sample_rate=44_100)}, "mp3", 44_100),
    speech("speech in a language", {"language_code": "ta"}, language_code="ta-IN"),
    speech("speech in Odia", {"language_code": "or-IN"}, language_code="od-IN"),
    speech("English speech", {"language_code": "en-GB"}, language_code="en-IN"),
    speech("speech without a language", {"language_code": None}, language_code="en-IN"),
    speech("speech without a speaker", {"voice_id": None}, speaker=None),
    speech("speech by another speaker", {"voice_id": "Ritu"}, speaker="ritu"),
    speech("fast speech", {"voice_settings": {"pace": 1.3}}, pace=1.3),
    speech("slow speech", {"voice_settings": {"speed": 0.8}}, pace=0.8),
    speech("warm speech", {"voice_settings": {"temperature": 0.9}}, temperature=0.9),
    speech("speech with a dictionary", {"extra_params": {"dict_id": "d1"}}, dict_id="d1"),
    speech("speech from the cache", {"extra_params": {"enable_cached_responses": True}}, enable_cached_responses=True),
    speech("speech as aac", {"extra_params": {"output_audio_codec": "aac"}}, output_audio_codec="aac"),
    speech("speech as mulaw", {"extra_params": {"output_audio_codec": "mulaw"}}, output_audio_codec="mulaw"),
    speech("speech in other letters", {"text": "नमस्ते, दीपस्तंभ 🗼"}, text="नमस्ते, दीपस्तंभ 🗼"),
    speech("speech by v4", {"voice_id": "shubh_enhi_ads"}, model="bulbul:v4-flash", speaker="shubh_enhi_ads"),
    speech(
        "deep and loud speech by v4",
        {"voice_id": None, "voice_settings": {"pitch": -0.3, "loudness": 1.5}},
        model="bulbul:v4-flash",
        speaker=None,
        pitch=-0.3,
        loudness=1.5,
    ),
    speech(
        "speech by v2",
        {
            "voice_id": "anushka",
            "voice_settings": {"pitch": 0.5, "loudness": 0.5, "pace": 2.5},
            "extra_params": {"enable_preprocessing": True},
        },
        "mp3",
        22_050,
        model="bulbul:v2",
        speaker="anushka",
        pitch=0.5,
        loudness=0.5,
        pace=2.5,
        enable_preprocessing=True,
    ),
]
ONLY_STREAMED = [
    *(
        streamed(
            f"speech as mp3 {rate} {bitrate}k",
            "tts",
            shape("mp3", rate, bitrate),
            "mp3",
            rate,
            output_audio_bitrate=f"{bitrate}k",
        )
        for rate, bitrate in ((24_000, 64), (24_000, 128), (8000, 32), (22_050, 96), (16_000, 192))
    ),
    *(
        streamed(f"speech as opus {rate}", "tts", shape("opus", rate), "opus", rate)
        for rate in (8000, 12_000, 16_000, 24_000, 48_000)
    ),
    streamed("speech as mp3 64k", "tts", shape("mp3", None, 64), "mp3", 24_000, output_audio_bitrate="64k"),
    streamed("speech as opus 64k", "tts", shape("opus", None, 64), "opus", 24_000, output_audio_bitrate="64k"),
]
STREAMS = [
    *(
        streamed(f"streamed speech as {form} {rate}", "stream", shape(form, rate), form, rate)
        for form in CODECS
        for rate in (RATES if form != "opus" else (8000, 16_000, 24_000, 48_000))
    ),
    *(
        streamed(
            f"streamed speech as mp3 {bitrate}k",
            "stream",
            shape("mp3", 24_000, bitrate),
            "mp3",
            24_000,
            output_audio_bitrate=f"{bitrate}k",
        )
        for bitrate in BITRATES
    ),
    streamed("streamed speech in the default format", "stream", {}, "mp3", 24_000, output_audio_bitrate="128k"),
    streamed(
        "streamed speech with settings",
        "stream",
        {
            **shape("mp3", 24_000),
            "voice_settings": {"pace": 1.2, "temperature": 0.4},
            "language_code": "bn",
            "extra_params": {"dict_id": "d1"},
        },
        "mp3",
        24_000,
        pace=1.2,
        temperature=0.4,
        language_code="bn-IN",
        dict_id="d1",
    ),
]
CASES = [*SPEECH, *ONLY_STREAMED, *STREAMS]
