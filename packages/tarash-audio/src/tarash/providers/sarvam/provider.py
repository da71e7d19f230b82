"""Sarvam: text-to-speech in Indian languages. There is no speech-to-speech.

Source: wire and types of sarvamai 0.1.39 (PyPI, 2026-10-26); the vendor's API reference, read 2026-11.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from tarash.tarash_gateway.exceptions import (
    HTTPError,
    InsufficientCreditsError,
    ProtocolError,
    TarashException,
    ValidationError,
)
from tarash.tarash_gateway.messages import (
    Done,
    Json,
    Output,
    Pending,
    RawAudio,
    Request,
    Response,
    Step,
    Streaming,
)
from tarash.tarash_gateway.models import Kind
from tarash.tarash_gateway.providers.audio_formats import CONTENT_TYPES, Offer, audio_format_mapper, offers
from tarash.tarash_gateway.providers.base import Call, KeyHeader, ModelInfo, Operation, Provider
from tarash.tarash_gateway.providers.field_mappers import (
    Converted,
    FieldMapper,
    FieldMapping,
    omitted_field_mapper,
    passthrough_field_mapper,
    text_field_mapper,
)
from tarash.tarash_gateway.providers.sounds import decoded

LANGUAGES = ("bn", "en", "gu", "hi", "kn", "ml", "mr", "od", "pa", "ta", "te")
OTHER_NAMES = {"or": "od"}
DEFAULT_LANGUAGE = "en-IN"
LONGEST_TEXT = {"bulbul:v2": 1500}
USUAL_LONGEST_TEXT = 2500
_RATES = (24000, 8000, 16000, 22050, 32000, 44100, 48000)
OFFERS = {name: offers(_RATES) for name in ("mp3", "wav", "pcm", "flac")}
CODECS = {"pcm": "linear16"}
STREAM_RATES = (8000, 16000, 22050, 24000)
V2_ONLY = ("pitch", "loudness")


def language(code: str) -> Any:
    """A code of the vendor's list: a language with the region IN."""
    short = code.replace("_", "-").partition("-")[0].lower()
    short = OTHER_NAMES.get(short, short)
    if short not in LANGUAGES:
        raise ValueError(f"the vendor speaks {', '.join(f'{one}-IN' for one in LANGUAGES)}")
    return f"{short}-IN" if f"{short}-IN" == code else Converted(f"{short}-IN", reason="the vendor's spelling")


def _spelled(format_: str, offer: Offer) -> dict[str, Any]:
    return {"codec": CODECS.get(format_, format_), "rate": offer.rate}


def speech_mapping(model: str) -> FieldMapping:
    """What becomes of the fields of a request."""
    fields: dict[str, FieldMapper] = {
        "text": text_field_mapper("text", maximum=LONGEST_TEXT.get(model, USUAL_LONGEST_TEXT), required=True),
        "language_code": FieldMapper(("language_code",), language, constant=DEFAULT_LANGUAGE),
        "speaker": FieldMapper(("voice_id",), str.lower),
        "pace": FieldMapper(("voice_settings.pace", "voice_settings.speed"), minimum=0.3, maximum=3.0),
        "temperature": passthrough_field_mapper("voice_settings.temperature", minimum=0.01, maximum=1.0),
        "output": audio_format_mapper(OFFERS, _spelled),
    }
    for name in V2_ONLY:
        fields[name] = (
            omitted_field_mapper(f"voice_settings.{name}", f"{model} has no {name}")
            if model == "bulbul:v3"
            else passthrough_field_mapper(f"voice_settings.{name}")
        )
    return fields


class Speech(Operation):
    """Text to speech."""

    def describe(self, call: Call) -> Step[FieldMapping | None]:
        return speech_mapping(call.model)
        yield

    def submit(self, call: Call) -> Step[Pending | Done]:
        answer = yield _post(call, "")
        body = answer.object()
        sounds = body.get("audios")
        if not isinstance(sounds, list) or not sounds or not isinstance(sounds[0], str):
            raise ProtocolError("Sarvam's answer holds no audio.")
        facts = {name: value for name, value in body.items() if name != "audios"}
        return Done([Output(data=decoded(sounds[0]), content_type=content_type(call))], facts, {}, facts)

    def stream(self, call: Call) -> Step[Streaming]:
        rate = call.payload["output"]["rate"]
        if rate not in STREAM_RATES:
            raise ValidationError(
                f"Sarvam streams up to 24000 Hz, not {rate}: ask for another sample_rate. Nothing was sent."
            )
        return Streaming(_post(call, "/stream"), RawAudio(content_type(call)))
        yield


def _post(call: Call, ending: str) -> Request:
    fields = {name: value for name, value in call.payload.items() if name != "output"}
    output = call.payload["output"]
    shape = {"output_audio_codec": output["codec"], "speech_sample_rate": output["rate"]}
    body = Json({"model": call.model, **shape, **fields})
    return Request("POST", f"{call.base_url}/text-to-speech{ending}", body=body, billable=True)


def content_type(call: Call) -> str:
    return CONTENT_TYPES.get(call.request.output_format.format, "audio/mpeg") if call.request else "audio/mpeg"


NO_MONEY = frozenset({"insufficient_quota_error"})
BAD_REQUEST = frozenset({400, 413, 422})


def vendor_error(response: Response) -> TarashException | None:
    """What an error of Sarvam means; None when the answer is not in its format."""
    body = response.object_or_empty()
    error = body.get("error")
    if not isinstance(error, dict):
        return None
    code, status = str(error.get("code") or ""), response.status
    text = f"Sarvam: {error.get('message') or 'no reason given'}" + (f" ({code})" if code else "")
    if code in NO_MONEY or status == 402:
        message = f"{text} The account needs credits."
        return InsufficientCreditsError(message, raw_response=body, status_code=status)
    if status in BAD_REQUEST:
        return ValidationError(f"{text} Correct the request.", raw_response=body)
    hint = " A wrong key is refused with 403 here." if code == "invalid_api_key_error" else ""
    return HTTPError(f"{text}{hint}", raw_response=body, status_code=status)


class Sarvam(Provider):
    """Sarvam. Without `language_code` Indian English is spoken, because the vendor insists on a language."""

    id = "sarvam"
    key_variables = ("SARVAM_API_KEY",)
    key_header = KeyHeader("api-subscription-key", "{}")
    base_url = "https://api.sarvam.ai"
    default_models: Mapping[Kind, str] = {"tts": "bulbul:v3"}
    models = (
        ModelInfo("bulbul:v4-flash", ("tts",)),
        ModelInfo("bulbul:v3", ("tts",)),
        ModelInfo("bulbul:v2", ("tts",), "retired", "2026-09", "bulbul:v3"),
    )
    operations: Mapping[Kind, Operation] = {"tts": Speech()}

    def error(self, response: Response) -> TarashException | None:
        return vendor_error(response)
