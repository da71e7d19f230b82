"""Hume (Octave): text-to-speech and voice conversion. The vendor announced the end of these for 2026-11-13.

Source: wire and types of hume 0.14.1 (PyPI, 2026-08-17); the notice on the vendor's own pages, read 2026-11.
"""

from __future__ import annotations

import json
import re
from collections.abc import Mapping, Sequence
from typing import Any

from tarash.providers.hume.errors import vendor_error
from tarash.providers.hume.voices import all_voices
from tarash.providers.hume.websocket import conversation
from tarash.tarash_gateway.exceptions import ProtocolError, TarashException
from tarash.tarash_gateway.messages import (
    Conversation,
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
from tarash.tarash_gateway.models import AudioChunk, Kind, Timing, Voice
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
from tarash.tarash_gateway.providers.multipart import file_part
from tarash.tarash_gateway.providers.sounds import JsonLines, Reader, decoded, read_sound, timing

END = "2026-11-13"
ENDED = "The vendor announced the end of its speech interface."
# Any other model, such as "default", leaves the choice to the vendor.
VERSIONS = {"octave-1": "1", "octave": "1", "1": "1", "octave-2": "2", "2": "2"}
LONGEST_TEXT = 5000
LONGEST_DESCRIPTION = 1000
LARGEST_AUDIO = 100 * 1024 * 1024
LARGEST_ANSWER = 512 * 1024 * 1024
"""Each of up to five generations is told twice, in base64: of the longest texts as WAV these are 420 MB."""
SAMPLE_RATE = 48_000
OFFERS = {name: offers((SAMPLE_RATE,)) for name in ("mp3", "wav", "pcm")}
OPTIONS = {"timings": (bool,), "allow_http": (bool,)}
UTTERANCE = ("text", "voice", "description", "speed", "trailing_silence")
_UUID = re.compile(r"[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}\Z", re.IGNORECASE)


def _spelled(format_: str, offer: Offer) -> dict[str, str]:
    return {"type": format_}


def voice(voice_id: str) -> dict[str, str]:
    """A voice by id (UUID) or by name. The vendor's own default is CUSTOM_VOICE; most people mean its library."""
    return {"id" if _UUID.match(voice_id) else "name": voice_id, "provider": "HUME_AI"}


COMMON: FieldMapping = {
    "voice": FieldMapper(("voice_id",), voice),
    "provider": passthrough_field_mapper("voice_settings.provider", allowed=["HUME_AI", "CUSTOM_VOICE"]),
    "format": audio_format_mapper(OFFERS, _spelled),
}
SPEECH: FieldMapping = {
    "text": text_field_mapper("text", maximum=LONGEST_TEXT, required=True),
    "description": text_field_mapper("voice_settings.description", maximum=LONGEST_DESCRIPTION),
    "speed": passthrough_field_mapper("voice_settings.speed", minimum=0.5, maximum=2.0),
    "trailing_silence": passthrough_field_mapper("voice_settings.trailing_silence", minimum=0, maximum=5),
    **COMMON,
}
# Octave 2 designs no voice from a description.
WITH_VOICE: FieldMapping = {**SPEECH, "voice": FieldMapper(("voice_id",), voice, required=True)}
CONVERSION: FieldMapping = {"audio": passthrough_field_mapper("audio", required=True), **COMMON}


class Speech(Operation):
    """Text to speech; with `provider_config={"timings": True}` with the times of the words (Octave 2)."""

    def describe(self, call: Call) -> Step[FieldMapping | None]:
        return WITH_VOICE if VERSIONS.get(call.model) == "2" else SPEECH
        yield

    def submit(self, call: Call) -> Step[Pending | Done]:
        answer = yield _speak(call, "", {})
        body = answer.object()
        generations = [as_object(one, "a generation") for one in _list(body.get("generations"))]
        if not generations:
            raise ProtocolError("Hume's answer holds no generation.")
        outputs = [_output(call, one) for one in generations]
        facts = {"request_id": body.get("request_id"), "generation_id": generations[0].get("generation_id")}
        return Done(outputs, without_audio(body), {}, facts)

    def stream(self, call: Call) -> Step[Streaming]:
        # Instant mode wants a voice; without one the vendor designs it from the description, which takes longer.
        # With stripped headers the chunks are one file; otherwise each would be a file of its own.
        more = {"instant_mode": "voice" in call.payload, "strip_headers": True}
        return Streaming(_speak(call, "/stream/json", more), JsonLines(timed_chunk(call)))
        yield

    def converse(self, call: Call) -> Step[Conversation]:
        more = {"instant_mode": "voice" in call.payload, "strip_headers": True}
        return conversation(call, _speak(call, "", more), timed_chunk(call))
        yield


class VoiceConversion(Operation):
    """Speech to speech."""

    def describe(self, call: Call) -> Step[FieldMapping | None]:
        return CONVERSION
        yield

    def submit(self, call: Call) -> Step[Pending | Done]:
        recording = yield from fetched(call.payload["audio"], max_bytes=LARGEST_AUDIO)
        fields = {name: value for name, value in call.payload.items() if name not in ("audio", "provider")}
        # Every part but the file is JSON.
        parts = [Part(name, json.dumps(value)) for name, value in {**fields, "voice": _voice(call)}.items()]
        body = Multipart([file_part("audio", recording), *parts])
        url = f"{call.base_url}/v0/tts/voice_conversion/file"
        answer = yield Request("POST", url, body=body, billable=True, max_bytes=LARGEST_ANSWER)
        return read_sound(answer, content_type(call))


def _speak(call: Call, ending: str, more: Mapping[str, Any]) -> Request:
    utterance = {name: call.payload[name] for name in UTTERANCE if name in call.payload}
    if "voice" in utterance:
        utterance["voice"] = _voice(call)
    others = {name: value for name, value in call.payload.items() if name not in (*UTTERANCE, "provider")}
    version = {"version": VERSIONS[call.model]} if call.model in VERSIONS else {}
    timed = {"include_timestamp_types": ["word"]} if call.options.get("timings") else {}
    body = Json({"utterances": [utterance], **version, **timed, **more, **others})
    url = f"{call.base_url}/v0/tts{ending}"
    return Request("POST", url, body=body, billable=True, max_bytes=LARGEST_ANSWER)


def _voice(call: Call) -> Any:
    chosen = call.payload["voice"]
    return {**chosen, "provider": call.payload["provider"]} if "provider" in call.payload else chosen


def _output(call: Call, generation: Mapping[str, Any]) -> Output:
    duration = number_or_none(generation.get("duration"))
    return Output(data=decoded(generation.get("audio")), content_type=content_type(call), duration=duration)


def without_audio(value: Any) -> Any:
    """The vendor's JSON without the sound in it."""
    if isinstance(value, list):
        return [without_audio(item) for item in value]
    if isinstance(value, dict):
        return {name: without_audio(item) for name, item in value.items() if name != "audio"}
    return value


def _list(value: Any) -> list[Any]:
    return value if isinstance(value, list) else []


def content_type(call: Call) -> str | None:
    """Of the sound that was asked for: the routes for files call everything application/octet-stream."""
    wanted = call.payload["format"]
    form = wanted.get("type") if isinstance(wanted, dict) else None
    return f"{CONTENT_TYPES['pcm']};rate={SAMPLE_RATE}" if form == "pcm" else CONTENT_TYPES.get(str(form))


def timed_chunk(call: Call) -> Reader:
    """Reads a line of the stream: base64 audio, or when a word is spoken (milliseconds)."""
    kind = content_type(call)

    def read(line: dict[str, Any]) -> AudioChunk:
        if line.get("type") == "timestamp":
            return AudioChunk(b"", _timings(line.get("timestamp")), kind)
        return AudioChunk(decoded(line.get("audio")), content_type=kind)

    return read


def _timings(stamp: Any) -> tuple[Timing, ...]:
    """The word that a line is about; none for phonemes. The vendor counts in milliseconds."""
    time = stamp.get("time") if isinstance(stamp, dict) else None
    if not isinstance(time, dict) or stamp.get("type") != "word":
        return ()
    word = timing(stamp.get("text"), time.get("begin"), time.get("end"), scale=0.001)
    return () if word is None else (word,)


def _ended(model: str) -> ModelInfo:
    return ModelInfo(model, ("tts", "sts"), "retired", END, note=ENDED)


class Hume(Provider):
    """Hume. Voices are the library's unless `voice_settings={"provider": "CUSTOM_VOICE"}`. Option: `timings`."""

    id = "hume"
    key_variables = ("HUME_API_KEY",)
    key_header = KeyHeader("X-Hume-Api-Key", "{}")
    base_url = "https://api.hume.ai"
    options = OPTIONS
    reserved_params = frozenset({"audio", "provider"})
    default_models: Mapping[Kind, str] = {"tts": "default", "sts": "default"}
    models = tuple(_ended(name) for name in ("default", "octave", "octave-1", "octave-2"))
    operations: Mapping[Kind, Operation] = {"tts": Speech(), "sts": VoiceConversion()}

    def find_model(self, model: str, kind: Kind) -> ModelInfo | None:
        """Whatever it is called, it ended with the interface."""
        return super().find_model(model, kind) or _ended(model)

    def voices(self, call: Call) -> Step[Sequence[Voice]]:
        return all_voices(call)

    def error(self, response: Response) -> TarashException | None:
        return vendor_error(response)
