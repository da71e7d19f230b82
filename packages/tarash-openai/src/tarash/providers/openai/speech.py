"""Speech: one request, answered with the sound itself.

Source: types and wire of openai 3.52 and 3.54 (PyPI). PCM and WAV at 24 kHz, 16 bits, mono: third parties rely on it.
"""

from __future__ import annotations

from dataclasses import replace
from typing import Any

from tarash.providers.openai.service import Service, about
from tarash.tarash_gateway.messages import (
    Done,
    Json,
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
from tarash.tarash_gateway.providers.sounds import read_sound

LONGEST_TEXT = 4096
SAMPLE_RATE = 24_000
DEFAULT_VOICE = "alloy"
VOICES = (
    *("alloy", "ash", "ballad", "coral", "echo", "fable", "onyx", "nova", "sage", "shimmer", "verse", "marin"),
    *("cedar",),
)
"""The vendor's own. Older models know fewer; voices of an account's own cannot be listed."""
CONTENT_TYPES = {
    "mp3": "audio/mpeg",
    "opus": "audio/ogg",
    "aac": "audio/aac",
    "flac": "audio/flac",
    "wav": "audio/wav",
    "pcm": "audio/pcm",
}
WITHOUT_INSTRUCTIONS = ("tts", "tts-hd", "tts-1", "tts-1-hd", "tts-1-1106", "tts-1-hd-1106")


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
_RATE = omitted_field_mapper("output_format.sample_rate", f"the vendor chooses it ({SAMPLE_RATE} Hz)")
_BITRATE = omitted_field_mapper("output_format.bitrate", "the vendor chooses it")


def speech_mapping(model: str, request: TTSRequest) -> FieldMapping:
    """What becomes of the fields that are set; the request's default format is the vendor's own, and is not sent."""
    mapping = dict(_BASE)
    if model in WITHOUT_INSTRUCTIONS:
        mapping["instructions"] = omitted_field_mapper("voice_settings.instructions", f"{model} takes none")
    if "output_format" in request.model_fields_set:
        mapping["response_format"] = _FORMAT
        if request.output_format.sample_rate != SAMPLE_RATE:
            mapping["sample_rate"] = _RATE
        mapping["bitrate"] = _BITRATE
    return mapping


class Speech(Operation):
    """Text to speech of one service."""

    def __init__(self, service: Service) -> None:
        self.service = service

    def mapping(self, call: Call) -> FieldMapping | None:
        return speech_mapping(self.service.name_of(call.model), call.request)

    def submit(self, call: Call) -> Step[Pending | Done]:
        answer = yield self._request(call)
        return read_speech(answer, wanted_format(call))

    def stream(self, call: Call) -> Step[Streaming]:
        """The same request: its answer comes in chunks, as the sound is made."""
        return Streaming(self._request(call), RawAudio(CONTENT_TYPES.get(wanted_format(call))))
        yield

    def _request(self, call: Call) -> Request:
        fields = {"model": self.service.wire_model(call), **call.payload}
        return self.service.paid(call, "audio/speech", Json(fields))


def wanted_format(call: Call) -> str:
    return str(call.payload.get("response_format", "mp3"))


def read_speech(answer: Response, wanted: str) -> Done:
    """The sound of an answer. Raises `ProtocolError` for text in its place, or nothing."""
    told = answer.headers.get("content-type", "").partition(";")[0].strip().lower()
    [sound] = read_sound(answer, CONTENT_TYPES.get(wanted, told or None)).outputs
    seconds = len(answer.body) / (2 * SAMPLE_RATE) if wanted == "pcm" else None
    raw = {"content_type": told, "bytes": len(answer.body)}
    return Done([replace(sound, duration=seconds)], raw, {}, about(answer))
