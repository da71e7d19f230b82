"""ElevenLabs: text-to-speech and voice changing, answered with the sound itself.

Source: wire and types of elevenlabs 2.78.0 (PyPI, 2026-11-12); the vendor's API reference, read 2026-11.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any

from tarash.tarash_gateway.exceptions import (
    ContentModerationError,
    HTTPError,
    InsufficientCreditsError,
    TarashException,
    ValidationError,
)
from tarash.tarash_gateway.messages import (
    Done,
    Json,
    Multipart,
    Part,
    Pending,
    RawAudio,
    Request,
    Response,
    Step,
    Streaming,
)
from tarash.tarash_gateway.models import AudioChunk, AudioOutputFormat, Kind
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
from tarash.tarash_gateway.providers.sounds import JsonLines, Reader, decoded, read_sound, timings

_PCM_RATES = (24000, 8000, 16000, 22050, 32000, 44100, 48000)
OFFERS = {
    "mp3": [*offers((44100,), (128, 32, 64, 96, 192)), Offer(24000, 48), Offer(22050, 32)],
    "wav": offers(_PCM_RATES),
    "pcm": offers(_PCM_RATES),
    "opus": offers((48000,), (128, 32, 64, 96, 192)),
}
STREAMED = {name: table for name, table in OFFERS.items() if name != "wav"}
"""No stream has a WAV header: its length is not known when it is written."""

QUERY = ("output_format", "enable_logging", "optimize_streaming_latency")
LONGEST_TEXT = {
    "eleven_v4": 10000,
    "eleven_v3": 5000,
    "eleven_multilingual_v2": 10000,
    "eleven_flash_v2_5": 40000,
    "eleven_turbo_v2_5": 40000,
    "eleven_flash_v2": 30000,
    "eleven_turbo_v2": 30000,
    "eleven_multilingual_v1": 10000,
    "eleven_monolingual_v1": 10000,
}
WITHOUT_LANGUAGE = ("eleven_multilingual_v2", "eleven_monolingual_v1", "eleven_flash_v2", "eleven_turbo_v2")
LARGEST_AUDIO = 50 * 1024 * 1024
VOICE_CHANGER, SPEECH_TO_SPEECH = "voice-changer", "speech-to-speech"


def _spelled(format_: str, offer: Offer) -> str:
    rate = f"{format_}_{offer.rate}"
    return f"{rate}_{offer.bitrate}" if offer.bitrate else rate


def speech_mapping(model: str, *, streamed: bool = False) -> FieldMapping:
    """What becomes of the fields of a text-to-speech request."""
    without_language = omitted_field_mapper("language_code", f"{model} hears the language from the text")
    return {
        "voice_id": passthrough_field_mapper("voice_id", required=True),
        "text": text_field_mapper("text", maximum=LONGEST_TEXT.get(model), required=True),
        "language_code": without_language
        if model in WITHOUT_LANGUAGE
        else FieldMapper(("language_code",), first_subtag),
        "voice_settings": passthrough_field_mapper("voice_settings"),
        "output_format": audio_format_mapper(STREAMED if streamed else OFFERS, _spelled),
    }


CONVERSION: FieldMapping = {
    "voice_id": passthrough_field_mapper("voice_id", required=True),
    "audio": passthrough_field_mapper("audio", required=True),
    "voice_settings": passthrough_field_mapper("voice_settings"),
    "output_format": audio_format_mapper(OFFERS, _spelled),
}


class Speech(Operation):
    """Text to speech."""

    def describe(self, call: Call) -> Step[FieldMapping | None]:
        return speech_mapping(call.model)
        yield

    def submit(self, call: Call) -> Step[Pending | Done]:
        answer = yield _speak(call, "")
        return read_sound(answer, content_type(call), HEADERS)

    def stream(self, call: Call) -> Step[Streaming]:
        """Chunks of sound; with `provider_config={"timings": True}` with the times of the characters."""
        if call.payload.get("output_format", "").startswith("wav_"):
            raise ValidationError("ElevenLabs streams no WAV: ask for mp3, pcm or opus. Nothing was sent.")
        if call.options.get("timings"):
            return Streaming(_speak(call, "/stream/with-timestamps"), JsonLines(timed_chunk(call)))
        return Streaming(_speak(call, "/stream"), RawAudio(content_type(call)))
        yield


class VoiceChange(Operation):
    """Speech to speech. The path has two names; a 404 that is not about the voice is asked again under the older."""

    def describe(self, call: Call) -> Step[FieldMapping | None]:
        return CONVERSION
        yield

    def submit(self, call: Call) -> Step[Pending | Done]:
        media = yield from fetched(call.payload["audio"], max_bytes=LARGEST_AUDIO)
        body = Multipart([Part("audio", media.require_bytes(), media.file_name(), media.content_type), *_parts(call)])
        path = str(call.options.get("sts_path") or VOICE_CHANGER)
        answer = yield _post(call, path, "", body, accept=frozenset({404}))
        if answer.status == 404 and path == VOICE_CHANGER and "voice" not in error_code(answer):
            answer = yield _post(call, SPEECH_TO_SPEECH, "", body, accept=frozenset({404}))
        if answer.status == 404:
            raise vendor_error(answer) or HTTPError("ElevenLabs does not know this path.", status_code=404)
        return read_sound(answer, content_type(call), HEADERS)


def _parts(call: Call) -> list[Part]:
    settings = call.payload.get("voice_settings")
    fields = {name: value for name, value in call.payload.items() if name not in ("audio", "voice_id", *QUERY)}
    if settings is not None:
        fields["voice_settings"] = json.dumps(settings)
    return [Part("model_id", call.model), *(Part(name, _text(value)) for name, value in fields.items())]


def _text(value: Any) -> str:
    return str(value).lower() if isinstance(value, bool) else str(value)


def _speak(call: Call, ending: str) -> Request:
    fields = {name: value for name, value in call.payload.items() if name not in ("voice_id", *QUERY)}
    return _post(call, "text-to-speech", ending, Json({"model_id": call.model, **fields}))


def _post(call: Call, path: str, ending: str, body: Json | Multipart, accept: frozenset[int] = frozenset()) -> Request:
    voice = path_of(str(call.payload["voice_id"]), what="voice id")
    query = [(name, _text(call.payload[name])) for name in QUERY if name in call.payload]
    url = f"{call.base_url}/v1/{path}/{voice}{ending}"
    return Request("POST", url, query=query, body=body, billable=True, accept=accept)


def content_type(call: Call) -> str:
    wanted = getattr(call.request, "output_format", AudioOutputFormat())
    return CONTENT_TYPES.get(wanted.format, "audio/mpeg")


CHARACTERS = ("characters", "character_start_times_seconds", "character_end_times_seconds")
HEADERS = ("request-id", "history-item-id", "character-cost", "x-trace-id")


def timed_chunk(call: Call) -> Reader:
    """Reads a line of a timed stream: base64 audio, and when each character is spoken."""
    kind = content_type(call)

    def read(line: dict[str, Any]) -> AudioChunk:
        audio = decoded(line.get("audio_base64") or "")
        return AudioChunk(audio, timings(line.get("alignment"), CHARACTERS, "character"), kind)

    return read


NO_MONEY = frozenset({"quota_exceeded", "insufficient_credits", "payment_required"})
BAD_REQUEST = frozenset({400, 413, 422})


def _detail(response: Response) -> Any:
    return response.object_or_empty().get("detail")


def error_code(response: Response) -> str:
    detail = _detail(response)
    return (
        str(detail.get("code") or detail.get("status") or detail.get("type") or "") if isinstance(detail, dict) else ""
    )


def vendor_error(response: Response) -> TarashException | None:
    """What an error of ElevenLabs means; None when the answer is not in its format."""
    detail = _detail(response)
    if not isinstance(detail, dict | list | str):
        return None
    code, status, raw = error_code(response), response.status, response.object_or_empty()
    text = f"ElevenLabs: {_message(detail)}" + (f" ({code})" if code else "")
    if code in NO_MONEY or status == 402:
        return InsufficientCreditsError(
            f"{text} The account needs credits or another plan.", raw_response=raw, status_code=status
        )
    if status in (400, 403) and any(word in text.lower() for word in ("policy", "moderat", "prohibited")):
        return ContentModerationError(text, raw_response=raw)
    if status in BAD_REQUEST:
        return ValidationError(f"{text} Correct the request.", raw_response=raw)
    return HTTPError(text, raw_response=raw, status_code=status)


def _message(detail: Any) -> str:
    if isinstance(detail, dict):
        return str(detail.get("message") or detail.get("status") or "no reason given")
    if isinstance(detail, list):
        return "; ".join(str(item.get("msg")) for item in detail if isinstance(item, dict)) or "invalid request"
    return str(detail)


class ElevenLabs(Provider):
    """ElevenLabs. Options: `timings` (streams carry times), `sts_path`, `allow_http`."""

    id = "elevenlabs"
    key_variables = ("ELEVENLABS_API_KEY",)
    key_header = KeyHeader("xi-api-key", "{}")
    base_url = "https://api.elevenlabs.io"
    default_models: Mapping[Kind, str] = {"tts": "eleven_multilingual_v2", "sts": "eleven_multilingual_sts_v2"}
    models = (
        *(ModelInfo(name, ("tts",)) for name in LONGEST_TEXT if name not in ("eleven_turbo_v2_5", "eleven_turbo_v2")),
        ModelInfo("eleven_turbo_v2_5", ("tts",), "deprecated", replacement="eleven_flash_v2_5"),
        ModelInfo("eleven_turbo_v2", ("tts",), "deprecated", replacement="eleven_flash_v2"),
        ModelInfo("eleven_multilingual_sts_v2", ("sts",)),
        ModelInfo("eleven_english_sts_v2", ("sts",)),
    )
    operations: Mapping[Kind, Operation] = {"tts": Speech(), "sts": VoiceChange()}

    def error(self, response: Response) -> TarashException | None:
        return vendor_error(response)
