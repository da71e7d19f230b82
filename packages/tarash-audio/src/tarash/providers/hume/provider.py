"""Hume (Octave): text-to-speech and voice conversion. The vendor announced the end of these for 2026-11-13.

Source: wire and types of hume 0.14.1 (PyPI, 2026-08-17); the notice on the vendor's own pages, read 2026-11.
"""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from typing import Any, ClassVar

from tarash.tarash_gateway.exceptions import HTTPError, ProtocolError, TarashException, ValidationError
from tarash.tarash_gateway.messages import (
    Done,
    Json,
    Multipart,
    Output,
    Part,
    Pending,
    Request,
    Response,
    Step,
    Streaming,
    as_object,
    number_or_none,
)
from tarash.tarash_gateway.models import AudioChunk, Kind, Timing
from tarash.tarash_gateway.providers.audio_formats import (
    CONTENT_TYPES,
    Offer,
    audio_format_mapper,
    offers,
)
from tarash.tarash_gateway.providers.base import Call, KeyHeader, ModelInfo, Operation, Provider
from tarash.tarash_gateway.providers.field_mappers import (
    FieldMapper,
    FieldMapping,
    passthrough_field_mapper,
    text_field_mapper,
)
from tarash.tarash_gateway.providers.inputs import fetched
from tarash.tarash_gateway.providers.sounds import JsonLines, Reader, decoded, read_sound

END = "2026-11-13"
# Any other model, such as "default", leaves the choice to the vendor.
VERSIONS = {"octave-1": "1", "octave": "1", "1": "1", "octave-2": "2", "2": "2"}
LONGEST_TEXT = 5000
LARGEST_AUDIO = 100 * 1024 * 1024
OFFERS = {name: offers((48000,)) for name in ("mp3", "wav", "pcm")}
_UUID = re.compile(r"[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}\Z", re.IGNORECASE)


def _spelled(format_: str, offer: Offer) -> dict[str, str]:
    return {"type": format_}


def voice(voice_id: str) -> dict[str, str]:
    """A voice by id (UUID) or by name. The vendor's own default is CUSTOM_VOICE; most people mean its library."""
    return {"id" if _UUID.match(voice_id) else "name": voice_id, "provider": "HUME_AI"}


SPEECH: FieldMapping = {
    "text": text_field_mapper("text", maximum=LONGEST_TEXT, required=True),
    "voice": FieldMapper(("voice_id",), voice),
    "description": passthrough_field_mapper("voice_settings.description"),
    "speed": passthrough_field_mapper("voice_settings.speed", minimum=0.5, maximum=2.0),
    "trailing_silence": passthrough_field_mapper("voice_settings.trailing_silence", minimum=0, maximum=5),
    "provider": passthrough_field_mapper("voice_settings.provider", allowed=["HUME_AI", "CUSTOM_VOICE"]),
    "format": audio_format_mapper(OFFERS, _spelled),
}
CONVERSION: FieldMapping = {
    "audio": passthrough_field_mapper("audio", required=True),
    "voice": FieldMapper(("voice_id",), voice, required=True),
    "provider": passthrough_field_mapper("voice_settings.provider", allowed=["HUME_AI", "CUSTOM_VOICE"]),
    "format": audio_format_mapper(OFFERS, _spelled),
}
UTTERANCE = ("text", "voice", "description", "speed", "trailing_silence")


class Speech(Operation):
    """Text to speech."""

    def submit(self, call: Call) -> Step[Pending | Done]:
        answer = yield _speak(call, "", {})
        body = answer.object()
        generations = [as_object(one, "a generation") for one in _list(body.get("generations"))]
        if not generations:
            raise ProtocolError("Hume's answer holds no generation.")
        outputs = [
            Output(
                data=decoded(one.get("audio")),
                content_type=content_type(call),
                duration=number_or_none(one.get("duration")),
            )
            for one in generations
        ]
        facts = {"request_id": body.get("request_id"), "generation_id": generations[0].get("generation_id")}
        return Done(outputs, facts, {}, facts)

    def stream(self, call: Call) -> Step[Streaming]:
        # Instant mode wants a voice; without one the vendor designs it from the description, which takes longer.
        more = {"instant_mode": "voice" in call.payload, "strip_headers": True}
        return Streaming(_speak(call, "/stream/json", more), JsonLines(timed_chunk(call)))
        yield


class VoiceConversion(Operation):
    """Speech to speech."""

    def submit(self, call: Call) -> Step[Pending | Done]:
        media = yield from fetched(call.payload["audio"], max_bytes=LARGEST_AUDIO)
        parts = [
            Part("audio", media.require_bytes(), media.file_name(), media.content_type),
            Part("voice", json.dumps(_voice(call))),
            Part("format", json.dumps(call.payload["format"])),
        ]
        url = f"{call.base_url}/v0/tts/voice_conversion/file"
        answer = yield Request("POST", url, body=Multipart(parts), billable=True)
        return read_sound(answer, content_type(call))


def _speak(call: Call, ending: str, more: Mapping[str, Any]) -> Request:
    utterance = {name: call.payload[name] for name in UTTERANCE if name in call.payload}
    if "voice" in utterance:
        utterance["voice"] = _voice(call)
    others = {name: value for name, value in call.payload.items() if name not in (*UTTERANCE, "provider")}
    versions = {"version": VERSIONS[call.model]} if call.model in VERSIONS else {}
    body = Json({"utterances": [utterance], **versions, **more, **others})
    return Request("POST", f"{call.base_url}/v0/tts{ending}", body=body, billable=True)


def _voice(call: Call) -> dict[str, str]:
    provider = {"provider": call.payload["provider"]} if "provider" in call.payload else {}
    return {**call.payload["voice"], **provider}


def _list(value: Any) -> list[Any]:
    return value if isinstance(value, list) else []


def content_type(call: Call) -> str:
    return CONTENT_TYPES.get(call.payload.get("format", {}).get("type", "mp3"), "audio/mpeg")


def timed_chunk(call: Call) -> Reader:
    """Reads a line of the stream: base64 audio, or when a word is spoken (milliseconds)."""
    kind = content_type(call)

    def read(line: dict[str, Any]) -> AudioChunk:
        if line.get("type") == "timestamp":
            return AudioChunk(b"", _timing(line.get("timestamp")), kind)
        return AudioChunk(decoded(line.get("audio")), content_type=kind)

    return read


def _timing(stamp: Any) -> tuple[Timing, ...]:
    time = stamp.get("time") if isinstance(stamp, dict) else None
    if not isinstance(time, dict) or stamp.get("type") != "word":
        return ()
    return (Timing(str(stamp.get("text")), float(time["begin"]) / 1000, float(time["end"]) / 1000),)


def vendor_error(response: Response) -> TarashException | None:
    """What an error of Hume means; None when the answer is not in its format."""
    body = response.object_or_empty()
    detail, status = body.get("detail"), response.status
    if isinstance(detail, list):
        text = "; ".join(str(one.get("msg")) for one in detail if isinstance(one, dict))
        return ValidationError(f"Hume does not take this request: {text}. Correct it.", raw_response=body)
    if not isinstance(body.get("message"), str):
        return None
    code = body.get("code")
    text = f"Hume: {body['message']}" + (f" ({code})" if code else "") + f" The vendor announced the end for {END}."
    if status in (400, 413):
        return ValidationError(text, raw_response=body)
    return HTTPError(text, raw_response=body, status_code=status)


class Hume(Provider):
    """Hume. Voices are the library's unless `voice_settings={"provider": "CUSTOM_VOICE"}`."""

    id = "hume"
    key_variables = ("HUME_API_KEY",)
    key_header = KeyHeader("X-Hume-Api-Key", "{}")
    base_url = "https://api.hume.ai"
    default_models: Mapping[Kind, str] = {"tts": "default", "sts": "default"}
    mappings: ClassVar[Mapping[Kind, Mapping[str, FieldMapping]]] = {"tts": {"": SPEECH}, "sts": {"": CONVERSION}}
    models = tuple(
        ModelInfo(name, ("tts", "sts"), "retired", END, note="The vendor announced the end of its speech interface.")
        for name in ("default", "octave", "octave-1", "octave-2")
    )
    operations: Mapping[Kind, Operation] = {"tts": Speech(), "sts": VoiceConversion()}

    def error(self, response: Response) -> TarashException | None:
        return vendor_error(response)
