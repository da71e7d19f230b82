"""Speech: one request, answered with the sound itself.

Source: types and wire of openai 3.52 and 3.54 (PyPI). PCM and WAV at 24 kHz, 16 bits, mono: third parties rely on it.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from tarash.providers.openai.service import Service, about
from tarash.tarash_gateway.exceptions import ProtocolError
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
from tarash.tarash_gateway.models import TTSRequest
from tarash.tarash_gateway.providers.base import Call, Operation
from tarash.tarash_gateway.providers.field_mappers import (
    FieldMapper,
    FieldMapping,
    omitted_field_mapper,
    passthrough_field_mapper,
    text_field_mapper,
)

LONGEST_TEXT = 4096
SAMPLE_RATE = 24_000
DEFAULT_VOICE = "alloy"
CONTENT_TYPES = {
    "mp3": "audio/mpeg",
    "opus": "audio/ogg",
    "aac": "audio/aac",
    "flac": "audio/flac",
    "wav": "audio/wav",
    "pcm": "audio/pcm",
}
WITHOUT_INSTRUCTIONS = ("tts", "tts-hd", "tts-1", "tts-1-hd", "tts-1-1106", "tts-1-hd-1106")
SETTINGS = ("speed", "instructions")


def _voice(voice: str) -> Any:
    """Voices of the caller's own have ids of this form, and are named as an object."""
    return {"id": voice} if voice.startswith("voice_") else voice


_BASE: FieldMapping = {
    "input": text_field_mapper("text", maximum=LONGEST_TEXT, required=True),
    "voice": FieldMapper(("voice_id",), _voice, constant=DEFAULT_VOICE),
    "speed": passthrough_field_mapper("voice_settings.speed", minimum=0.25, maximum=4.0),
    "instructions": passthrough_field_mapper("voice_settings.instructions"),
    "language": omitted_field_mapper("language_code", "the language is heard from the text"),
}
_FORMAT = passthrough_field_mapper("output_format.format", allowed=list(CONTENT_TYPES))
_RATE = omitted_field_mapper("output_format.sample_rate", f"the vendor chooses the sample rate ({SAMPLE_RATE} Hz)")
_BITRATE = omitted_field_mapper("output_format.bitrate", "the vendor chooses the bit rate")


def speech_mapping(model: str, request: TTSRequest) -> FieldMapping:
    """What becomes of the fields that are set; the request's default format is the vendor's own, and is not sent."""
    mapping = dict(_BASE)
    if model in WITHOUT_INSTRUCTIONS:
        mapping["instructions"] = omitted_field_mapper("voice_settings.instructions", f"{model} takes none")
    for name in (request.voice_settings or {}).keys() - set(SETTINGS):
        mapping[f"voice_settings.{name}"] = omitted_field_mapper(
            f"voice_settings.{name}", f"there is no setting {name!r}"
        )
    if "output_format" in request.model_fields_set:
        mapping["response_format"] = _FORMAT
        mapping["bitrate"] = _BITRATE
        if request.output_format.sample_rate != SAMPLE_RATE:
            mapping["sample_rate"] = _RATE
    return mapping


class Speech(Operation):
    """Text to speech of one service."""

    def __init__(self, service: Service) -> None:
        self.service = service

    def describe(self, call: Call) -> Step[FieldMapping | None]:
        return speech_mapping(self.service.capability(call), call.request)
        yield

    def submit(self, call: Call) -> Step[Pending | Done]:
        answer = yield self._request(call)
        return read_speech(answer, wanted_format(call))

    def stream(self, call: Call) -> Step[Streaming]:
        """The same request: its answer comes in chunks, as the sound is made."""
        return Streaming(self._request(call), RawAudio(CONTENT_TYPES.get(wanted_format(call))))
        yield

    def _request(self, call: Call) -> Request:
        fields = {"model": self.service.wire_model(call), **call.payload}
        return self.service.post(call, "audio/speech", Json(fields))


def wanted_format(call: Call) -> str:
    return str(call.payload.get("response_format", "mp3"))


def read_speech(answer: Response, wanted: str) -> Done:
    """The sound of an answer. Raises `ProtocolError` for text in its place, or nothing."""
    told = answer.headers.get("content-type", "").partition(";")[0].strip().lower()
    if not answer.body or told == "application/json" or told.startswith("text/"):
        raise ProtocolError(f"The answer is no sound but {len(answer.body)} bytes of {told or 'nothing'}.")
    seconds = len(answer.body) / (2 * SAMPLE_RATE) if wanted == "pcm" else None
    content_type = CONTENT_TYPES.get(wanted, told or None)
    raw: Mapping[str, Any] = {"content_type": told, "bytes": len(answer.body)}
    output = Output(data=answer.body, content_type=content_type, duration=seconds)
    return Done([output], raw, {}, about(answer))
