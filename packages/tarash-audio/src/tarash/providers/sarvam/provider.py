"""Sarvam: text-to-speech in Indian languages. There is no speech-to-speech.

Source: wire and types of sarvamai 0.1.39 (PyPI, 2026-10-26); the vendor's API reference, read 2026-11.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, NamedTuple

from tarash.providers.sarvam.errors import vendor_error
from tarash.providers.sarvam.voices import models_of, speakers
from tarash.tarash_gateway.exceptions import ProtocolError, TarashException
from tarash.tarash_gateway.messages import Done, Json, Output, Pending, RawAudio, Request, Response, Step, Streaming
from tarash.tarash_gateway.models import AudioOutputFormat, Kind, Voice
from tarash.tarash_gateway.providers.audio_formats import CONTENT_TYPES, Offers, audio_format_mapper, offers
from tarash.tarash_gateway.providers.base import Call, KeyHeader, ModelInfo, Operation, Provider
from tarash.tarash_gateway.providers.field_mappers import (
    Converted,
    FieldMapper,
    FieldMapping,
    omitted_field_mapper,
    text_field_mapper,
)
from tarash.tarash_gateway.providers.sounds import decoded, read_sound, samples_in

LANGUAGES = ("bn", "en", "gu", "hi", "kn", "ml", "mr", "od", "pa", "ta", "te")
OTHER_NAMES = {"or": "od"}
DEFAULT_LANGUAGE = "en-IN"
LONGEST_STREAMED = 3500

USUAL_RATE = 24_000
_RATES = (USUAL_RATE, 8000, 16_000, 22_050)
_HIGH_RATES = (32_000, 44_100, 48_000)
_BITRATES = (128, 32, 64, 96, 192)
_HEADERS = ("x-request-id",)
WHOLE: Offers = {name: offers((*_RATES, *_HIGH_RATES)) for name in ("mp3", "wav", "pcm", "flac")}
WHOLE_OF_V2: Offers = {name: offers(_RATES) for name in WHOLE}
STREAMED: Offers = {
    **WHOLE_OF_V2,
    "mp3": offers(_RATES, _BITRATES),
    "opus": offers((24_000, 8000, 12_000, 16_000, 48_000), _BITRATES),
}
CODECS = {"pcm": "linear16"}
TYPES = {
    **{CODECS.get(name, name): kind for name, kind in CONTENT_TYPES.items()},
    "aac": "audio/aac",
    "mulaw": "audio/basic",
    "alaw": "audio/x-alaw",
}
HEADERLESS = frozenset({"linear16", "mulaw", "alaw"})


Limits = tuple[float | None, float | None]
ANY: Limits = (None, None)


class Settings(NamedTuple):
    """What a model takes: characters, and for each setting its limits, or None where it has no such setting."""

    longest: int = 2500
    offers: Offers = WHOLE
    pace: Limits | None = (0.5, 2.0)
    temperature: Limits | None = (0.01, 1.0)
    pitch: Limits | None = None
    loudness: Limits | None = None


# Whether v4 has pitch and loudness the vendor's texts do not agree; if not, it refuses them, and bills nothing.
NEWEST = Settings(pitch=ANY, loudness=ANY)
SETTINGS = {
    "bulbul:v4-flash": NEWEST,
    "bulbul:v3": Settings(),
    "bulbul:v2": Settings(1500, WHOLE_OF_V2, (0.3, 3.0), None, (-0.75, 0.75), (0.3, 3.0)),
}


def language(code: str) -> Any:
    """A code of the vendor's list: a language with the region IN."""
    short = code.replace("_", "-").partition("-")[0].lower()
    short = OTHER_NAMES.get(short, short)
    if short not in LANGUAGES:
        raise ValueError(f"the vendor speaks {', '.join(f'{one}-IN' for one in LANGUAGES)}")
    return f"{short}-IN" if f"{short}-IN" == code else Converted(f"{short}-IN", reason="the vendor's spelling")


def _speaker(name: str, model: str) -> str:
    owners = models_of(name.lower())
    if owners and model not in owners and model in SETTINGS:
        raise ValueError(f"{name} speaks with {' and '.join(owners)} only; list_voices names the voices of {model}")
    return name.lower()


def speech_mapping(call: Call) -> FieldMapping:
    """What becomes of the fields of a request."""
    settings = SETTINGS.get(call.model, NEWEST)
    streamed = call.streamed or _only_streamed(call.request.output_format)
    longest = LONGEST_STREAMED if streamed else settings.longest
    return {
        "text": text_field_mapper("text", maximum=longest, required=True),
        "language_code": FieldMapper(("language_code",), language, constant=DEFAULT_LANGUAGE),
        "speaker": FieldMapper(("voice_id",), lambda name: _speaker(name, call.model)),
        **_format_mapping(STREAMED if streamed else settings.offers, call.request.output_format),
        "pace": _setting(call.model, "pace", settings.pace, "voice_settings.speed"),
        "temperature": _setting(call.model, "temperature", settings.temperature),
        "pitch": _setting(call.model, "pitch", settings.pitch),
        "loudness": _setting(call.model, "loudness", settings.loudness),
    }


def _only_streamed(wanted: AudioOutputFormat) -> bool:
    """True for what the vendor makes for streams only: opus, and MP3 whose bit rate is chosen."""
    rate = wanted.sample_rate or USUAL_RATE
    return wanted.format == "opus" or (wanted.format == "mp3" and wanted.bitrate is not None and rate in _RATES)


def _format_mapping(table: Offers, wanted: AudioOutputFormat) -> FieldMapping:
    mapping = {
        "speech_sample_rate": audio_format_mapper(table, lambda form, offer: offer.rate),
        "output_audio_codec": audio_format_mapper(table, lambda form, offer: CODECS.get(form, form)),
    }
    if wanted.bitrate is not None and any(offer.bitrate for offer in table.get(wanted.format, ())):
        mapping["output_audio_bitrate"] = audio_format_mapper(table, lambda form, offer: f"{offer.bitrate}k")
    return mapping


def _setting(model: str, name: str, limits: Limits | None, *others: str) -> FieldMapper:
    source = f"voice_settings.{name}"
    if limits is None:
        return omitted_field_mapper(source, f"{model} has none")
    return FieldMapper((source, *others), minimum=limits[0], maximum=limits[1])


class Speech(Operation):
    """Text to speech: whole in JSON, or streamed. What is only streamed is fetched whole from there."""

    def describe(self, call: Call) -> Step[FieldMapping | None]:
        return speech_mapping(call)
        yield

    def submit(self, call: Call) -> Step[Pending | Done]:
        if _only_streamed(call.request.output_format):
            answer = yield _post(call, "text-to-speech/stream")
            return read_sound(answer, content_type(call), _HEADERS)
        answer = yield _post(call, "text-to-speech")
        return whole_sound(call, answer)

    def stream(self, call: Call) -> Step[Streaming]:
        return Streaming(_post(call, "text-to-speech/stream"), RawAudio(content_type(call)))
        yield


def whole_sound(call: Call, answer: Response) -> Done:
    """The sound in an answer: always one, because one text was sent."""
    body = answer.object()
    sounds = body.pop("audios", None)
    if not isinstance(sounds, list) or not sounds or not decoded(sounds[0]):
        raise ProtocolError("Sarvam's answer holds no sound.")
    sound = decoded(sounds[0])
    # It is not documented whether samples come with the header of a WAV file.
    bare = samples_in(sound) if call.payload["output_audio_codec"] == "linear16" else None
    return Done([Output(data=bare[0] if bare else sound, content_type=content_type(call))], body, {}, body)


def _post(call: Call, path: str) -> Request:
    fields = {"model": call.model, **call.payload}
    return Request("POST", f"{call.base_url}/{path}", body=Json(fields), billable=True)


def content_type(call: Call) -> str:
    """Of the sound that was asked for. Samples without a header tell their rate."""
    codec = str(call.payload["output_audio_codec"])
    kind = TYPES.get(codec, "application/octet-stream")
    return f"{kind};rate={call.payload['speech_sample_rate']}" if codec in HEADERLESS else kind


class Sarvam(Provider):
    """Sarvam. Without `language_code` Indian English is spoken, because the vendor insists on a language."""

    id = "sarvam"
    key_variables = ("SARVAM_API_KEY",)
    key_header = KeyHeader("api-subscription-key", "{}")
    base_url = "https://api.sarvam.ai"
    options = frozenset({"allow_http"})
    reserved_params = frozenset({"model", "text"})
    model_unknown = frozenset({400, 404})
    default_models: Mapping[Kind, str] = {"tts": "bulbul:v3"}
    models = (
        ModelInfo("bulbul:v4-flash", ("tts",)),
        ModelInfo("bulbul:v3", ("tts",)),
        ModelInfo("bulbul:v2", ("tts",), "retired", "2026-09", "bulbul:v3"),
    )
    operations: Mapping[Kind, Operation] = {"tts": Speech()}

    def known_voices(self, model: str | None) -> Sequence[Voice]:
        return speakers(model)

    def error(self, response: Response) -> TarashException | None:
        return vendor_error(response)
