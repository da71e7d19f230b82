"""Speech: its answer is the sound itself, which can be heard while it is made.

Sources: docs.x.ai, wire of @ai-sdk/xai 5.0.12 (npm), the OpenAPI document of the tryAGI client (2026-08). The limits of
`speed` are from an error text of the service. There is no model to choose.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from typing import Any

from tarash.providers.xai.service import about, paid
from tarash.tarash_gateway.exceptions import ProtocolError, ValidationError
from tarash.tarash_gateway.messages import (
    Done,
    Output,
    Pending,
    RawAudio,
    Request,
    Response,
    Step,
    Streaming,
    number_or_none,
)
from tarash.tarash_gateway.models import TTSRequest
from tarash.tarash_gateway.providers.audio_formats import Offer, Offers, audio_format_mapper, offers
from tarash.tarash_gateway.providers.base import Call, Operation
from tarash.tarash_gateway.providers.field_mappers import (
    FieldMapper,
    FieldMapping,
    passthrough_field_mapper,
    text_field_mapper,
)
from tarash.tarash_gateway.providers.reading import object_of
from tarash.tarash_gateway.providers.sounds import decoded, read_sound

LONGEST_TEXT = 15_000
VOICES = ("eve", "ara", "rex", "sal", "leo")
"""Those of the vendor; an account may have others, whose ids are sent as they are."""

RATES = (24_000, 8_000, 16_000, 22_050, 44_100, 48_000)
BITRATES = (128, 32, 64, 96, 192)
FORMATS: Offers = {
    "mp3": offers(RATES, BITRATES),
    **{codec: offers(RATES) for codec in ("wav", "pcm", "mulaw", "alaw")},
}
BYTES_PER_SAMPLE = {"pcm": 2, "mulaw": 1, "alaw": 1}
CONTENT_TYPES = {"mp3": "audio/mpeg", "wav": "audio/wav", "pcm": "audio/pcm", "mulaw": "audio/basic"}
TIMINGS = "with_timestamps"


def _spell(codec: str, offer: Offer) -> dict[str, Any]:
    wanted: dict[str, Any] = {"codec": codec, "sample_rate": offer.rate}
    return wanted if offer.bitrate is None else {**wanted, "bit_rate": offer.bitrate * 1000}


_BASE: FieldMapping = {
    "text": text_field_mapper("text", maximum=LONGEST_TEXT, required=True),
    "voice_id": passthrough_field_mapper("voice_id"),
    "language": FieldMapper(("language_code",), constant="auto"),
    "speed": passthrough_field_mapper("voice_settings.speed", minimum=0.7, maximum=1.5),
}
_FORMAT = audio_format_mapper(FORMATS, _spell)


def speech_mapping(request: TTSRequest) -> FieldMapping:
    """What becomes of the fields that are set; the request's default format is not sent: the vendor has its own."""
    return {**_BASE, "output_format": _FORMAT} if "output_format" in request.model_fields_set else _BASE


class Speech(Operation):
    """Text to speech."""

    def describe(self, call: Call) -> Step[FieldMapping | None]:
        return speech_mapping(call.request)
        yield

    def submit(self, call: Call) -> Step[Pending | Done]:
        answer = yield _request(call)
        return _with_timings(answer, call) if call.payload.get(TIMINGS) else read_speech(answer, call)

    def stream(self, call: Call) -> Step[Streaming]:
        """The same request: its answer comes in chunks, as the sound is made."""
        if call.payload.get(TIMINGS):
            raise ValidationError(f"With {TIMINGS} the vendor answers in one piece, which cannot be streamed.")
        return Streaming(_request(call), RawAudio(CONTENT_TYPES.get(_codec(call))))
        yield


def _request(call: Call) -> Request:
    return paid(call, "tts", call.payload)


def _wanted(call: Call) -> Mapping[str, Any]:
    return object_of(call.payload.get("output_format"))


def _codec(call: Call) -> str:
    return str(_wanted(call).get("codec", "mp3"))


def read_speech(answer: Response, call: Call) -> Done:
    """The sound of an answer. Raises `ProtocolError` for text in its place, or nothing."""
    told = answer.headers.get("content-type", "").partition(";")[0].strip().lower() or None
    [sound] = read_sound(answer, CONTENT_TYPES.get(_codec(call), told)).outputs
    raw = {"content_type": told, "bytes": len(answer.body)}
    return Done([replace(sound, duration=_seconds(call, answer.body))], raw, {}, about(answer, {}))


def _seconds(call: Call, sound: bytes) -> float | None:
    """How long bare samples last; None where the sound tells it itself."""
    width, rate = BYTES_PER_SAMPLE.get(_codec(call)), number_or_none(_wanted(call).get("sample_rate"))
    return len(sound) / width / rate if width and rate else None


def _with_timings(answer: Response, call: Call) -> Done:
    """The sound, and when each character is spoken (under `audio_timestamps` of the metadata)."""
    body = answer.object()
    sound = decoded(body.get("audio"))
    if not sound:
        raise ProtocolError("The answer has no sound.")
    told = body.get("content_type")
    content_type = CONTENT_TYPES.get(_codec(call), told if isinstance(told, str) else None)
    output = Output(data=sound, content_type=content_type, duration=number_or_none(body.get("duration")))
    raw = {name: value for name, value in body.items() if name != "audio"}
    return Done([output], raw, {}, {**about(answer, {}), **raw})
