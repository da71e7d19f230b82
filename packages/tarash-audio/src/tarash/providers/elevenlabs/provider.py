"""ElevenLabs: text-to-speech and voice changing, answered with the sound itself.

Source: wire and types of elevenlabs 2.78.0 (PyPI, 2026-11-12); the vendor's API reference, read 2026-11.
"""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from typing import Any

from tarash.providers.elevenlabs.errors import error_code, vendor_error
from tarash.providers.elevenlabs.voices import all_voices
from tarash.providers.elevenlabs.websocket import conversation
from tarash.tarash_gateway.exceptions import HTTPError, TarashException, ValidationError
from tarash.tarash_gateway.messages import (
    Conversation,
    Done,
    Json,
    Multipart,
    Output,
    Pending,
    RawAudio,
    Request,
    Response,
    Step,
    Streaming,
)
from tarash.tarash_gateway.models import AudioChunk, Kind, Voice
from tarash.tarash_gateway.providers.audio_formats import (
    CONTENT_TYPES,
    Offer,
    audio_format_mapper,
    first_subtag,
    offers,
)
from tarash.tarash_gateway.providers.base import Call, KeyHeader, ModelInfo, Operation, Provider, path_of
from tarash.tarash_gateway.providers.field_mappers import (
    FieldMapper,
    FieldMapping,
    omitted_field_mapper,
    passthrough_field_mapper,
    text_field_mapper,
)
from tarash.tarash_gateway.providers.inputs import fetched
from tarash.tarash_gateway.providers.multipart import file_part, text_pairs, text_parts
from tarash.tarash_gateway.providers.sounds import (
    JsonLines,
    Reader,
    decoded,
    read_sound,
    timings,
    told_in,
    with_true_sizes,
)

LONGEST_TEXT = {
    "eleven_v4": 10_000,
    "eleven_v3": 5000,
    "eleven_multilingual_v2": 10_000,
    "eleven_flash_v2_5": 40_000,
    "eleven_turbo_v2_5": 40_000,
    "eleven_flash_v2": 30_000,
    "eleven_turbo_v2": 30_000,
    "eleven_multilingual_v1": 10_000,
    "eleven_monolingual_v1": 10_000,
}
WITHOUT_LANGUAGE = ("eleven_multilingual_v2", "eleven_monolingual_v1", "eleven_flash_v2", "eleven_turbo_v2")
LARGEST_AUDIO = 50 * 1024 * 1024
"""A recording may have this many bytes; it may last five minutes."""
LARGEST_ANSWER = 512 * 1024 * 1024
"""The longest texts last three quarters of an hour, which are 250 MB of WAV."""

# The vendor's usual rate of WAV and PCM is 44,100 Hz, which only its larger plans have; 24,000 Hz has everybody.
_RATES = (24_000, 8000, 16_000, 22_050, 32_000, 44_100, 48_000)
_BITRATES = (128, 32, 64, 96, 192)
OFFERS = {
    "mp3": [*offers((44_100,), _BITRATES), Offer(24_000, 48), Offer(22_050, 32)],
    "wav": offers(_RATES),
    "pcm": offers(_RATES),
    "opus": offers((48_000,), _BITRATES),
}
STREAMED = {name: table for name, table in OFFERS.items() if name != "wav"}
"""No stream has the header of WAV: the length in it is not known when it is written."""
TYPES = {**CONTENT_TYPES, "ulaw": "audio/basic", "alaw": "audio/x-alaw"}
HEADERLESS = ("pcm", "ulaw", "alaw")

OPTIONS = {"timings": (bool,), "sts_path": (str,), "allow_http": (bool,)}
QUERY = ("output_format", "enable_logging", "optimize_streaming_latency")
VOICE_CHANGER, SPEECH_TO_SPEECH = "voice-changer", "speech-to-speech"
NOT_ABOUT_PATHS = frozenset({"voice_not_found", "model_not_found"})
HEADERS = ("request-id", "history-item-id", "character-cost", "x-trace-id")
CHARACTERS = ("characters", "character_start_times_seconds", "character_end_times_seconds")


def _spelled(format_: str, offer: Offer) -> str:
    rate = f"{format_}_{offer.rate}"
    return f"{rate}_{offer.bitrate}" if offer.bitrate else rate


def _voice(voice_id: str) -> str:
    if "/" in voice_id:
        raise ValueError("a voice id has no slash in it")
    return voice_id


def _share(name: str) -> FieldMapper:
    return passthrough_field_mapper(name, minimum=0, maximum=1)


COMMON: FieldMapping = {
    "voice_id": FieldMapper(("voice_id",), _voice, required=True),
    "voice_settings.stability": _share("voice_settings.stability"),
    "voice_settings.similarity_boost": _share("voice_settings.similarity_boost"),
    "voice_settings.style": _share("voice_settings.style"),
    "voice_settings.clone_strength": _share("voice_settings.clone_strength"),
    "voice_settings.use_speaker_boost": passthrough_field_mapper(
        "voice_settings.use_speaker_boost", allowed=[True, False]
    ),
    # The vendor's pages differ about its limits, so they are left to the vendor.
    "voice_settings.speed": passthrough_field_mapper("voice_settings.speed"),
}
CONVERSION: FieldMapping = {
    "audio": passthrough_field_mapper("audio", required=True),
    "output_format": audio_format_mapper(OFFERS, _spelled),
    **COMMON,
}


def speech_mapping(model: str, *, streamed: bool = False) -> FieldMapping:
    """What becomes of the fields of a text-to-speech request."""
    unheard = omitted_field_mapper("language_code", f"{model} hears the language from the text")
    language = unheard if model in WITHOUT_LANGUAGE else FieldMapper(("language_code",), first_subtag)
    text = text_field_mapper("text", maximum=LONGEST_TEXT.get(model), required=True)
    offered = audio_format_mapper(STREAMED if streamed else OFFERS, _spelled)
    return {"text": text, "language_code": language, "output_format": offered, **COMMON}


class Speech(Operation):
    """Text to speech; with `provider_config={"timings": True}` with the times of the characters."""

    def describe(self, call: Call) -> Step[FieldMapping | None]:
        return speech_mapping(call.model, streamed=call.streamed)
        yield

    def submit(self, call: Call) -> Step[Pending | Done]:
        if call.options.get("timings"):
            answer = yield _speak(call, "/with-timestamps")
            return timed_sound(call, answer)
        answer = yield _speak(call, "")
        return read_sound(answer, content_type(call), HEADERS)

    def stream(self, call: Call) -> Step[Streaming]:
        if call.options.get("timings"):
            return Streaming(_speak(call, "/stream/with-timestamps"), JsonLines(timed_chunk(call)))
        return Streaming(_speak(call, "/stream"), RawAudio(content_type(call)))
        yield

    def converse(self, call: Call) -> Step[Conversation]:
        return conversation(call, content_type(call))
        yield


class VoiceChange(Operation):
    """Speech to speech. The path has two names; a 404 that may be about the path is asked again under the older.

    Which of them the vendor serves is not documented; the newer one is that of its SDK since 2.75.0.
    """

    def describe(self, call: Call) -> Step[FieldMapping | None]:
        return CONVERSION
        yield

    def submit(self, call: Call) -> Step[Pending | Done]:
        recording = yield from fetched(call.payload["audio"], max_bytes=LARGEST_AUDIO)
        if (recording.size or 0) > LARGEST_AUDIO:
            raise ValidationError(f"ElevenLabs takes recordings of {LARGEST_AUDIO} bytes at most. Nothing was paid.")
        fields = {"model_id": call.model, **_fields(call)}
        if "voice_settings" in fields:
            fields["voice_settings"] = json.dumps(fields["voice_settings"])
        body = Multipart([file_part("audio", recording), *text_parts(fields)])
        path = path_of(call.options.get("sts_path", VOICE_CHANGER), what="sts_path")
        answer = yield _post(call, path, "", body, accept=frozenset({404}))
        if answer.status == 404 and path == VOICE_CHANGER and error_code(answer) not in NOT_ABOUT_PATHS:
            answer = yield _post(call, SPEECH_TO_SPEECH, "", body, accept=frozenset({404}))
        if answer.status == 404:
            raise vendor_error(answer) or HTTPError("ElevenLabs does not know this path.", status_code=404)
        return read_sound(answer, content_type(call), HEADERS)


def _fields(call: Call) -> dict[str, Any]:
    return {name: value for name, value in call.payload.items() if name not in ("audio", "voice_id", *QUERY)}


def _speak(call: Call, ending: str) -> Request:
    return _post(call, "text-to-speech", ending, Json({"model_id": call.model, **_fields(call)}))


def _post(call: Call, path: str, ending: str, body: Json | Multipart, accept: frozenset[int] = frozenset()) -> Request:
    voice = path_of(str(call.payload["voice_id"]), what="voice id")
    query = text_pairs({name: call.payload[name] for name in QUERY if name in call.payload})
    url = f"{call.base_url}/v1/{path}/{voice}{ending}"
    return Request("POST", url, query=query, body=body, billable=True, accept=accept, max_bytes=LARGEST_ANSWER)


def content_type(call: Call) -> str:
    """Of the sound that was asked for: the vendor's own headers are not documented. Without a header, with the rate."""
    form, _, rate = str(call.payload["output_format"]).partition("_")
    kind = TYPES.get(form, "application/octet-stream")
    return f"{kind};rate={rate}" if form in HEADERLESS else kind


def timed_sound(call: Call, answer: Response) -> Done:
    """The sound in an answer, and in `raw` when each character of it is spoken."""
    body = answer.object()
    facts = told_in(answer, HEADERS)
    sound = with_true_sizes(decoded(body.pop("audio_base64", None)))
    return Done([Output(data=sound, content_type=content_type(call))], {**facts, **body}, {}, facts)


def timed_chunk(call: Call) -> Reader:
    """Reads a line of a timed stream: base64 audio, and when each character is spoken."""
    kind = content_type(call)

    def read(line: dict[str, Any]) -> AudioChunk:
        audio = decoded(line.get("audio_base64") or "")
        return AudioChunk(audio, timings(line.get("alignment"), CHARACTERS, "character"), kind)

    return read


def _speaks(name: str, replacement: str | None = None) -> ModelInfo:
    return ModelInfo(name, ("tts",), "deprecated" if replacement else "active", replacement=replacement)


class ElevenLabs(Provider):
    """ElevenLabs. Options: `timings` (with the times of the characters), `sts_path` (the voice changer's path)."""

    id = "elevenlabs"
    key_variables = ("ELEVENLABS_API_KEY",)
    key_header = KeyHeader("xi-api-key", "{}")
    base_url = "https://api.elevenlabs.io"
    options = OPTIONS
    reserved_params = frozenset({"model_id", "voice_id", "audio"})
    default_models: Mapping[Kind, str] = {"tts": "eleven_multilingual_v2", "sts": "eleven_multilingual_sts_v2"}
    models = (
        _speaks("eleven_v4"),
        _speaks("eleven_v4_turbo"),
        _speaks("eleven_v3"),
        _speaks("eleven_v3_conversational"),
        _speaks("eleven_multilingual_v2"),
        _speaks("eleven_flash_v2_5"),
        _speaks("eleven_flash_v2"),
        _speaks("eleven_turbo_v2_5", "eleven_flash_v2_5"),
        _speaks("eleven_turbo_v2", "eleven_flash_v2"),
        _speaks("eleven_multilingual_v1", "eleven_multilingual_v2"),
        _speaks("eleven_monolingual_v1", "eleven_multilingual_v2"),
        ModelInfo("eleven_multilingual_sts_v2", ("sts",)),
        ModelInfo("eleven_english_sts_v2", ("sts",)),
    )
    operations: Mapping[Kind, Operation] = {"tts": Speech(), "sts": VoiceChange()}

    def voices(self, call: Call) -> Step[Sequence[Voice]]:
        return all_voices(call)

    def error(self, response: Response) -> TarashException | None:
        return vendor_error(response)
