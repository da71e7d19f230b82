"""Cartesia: text-to-speech and voice changing, answered with the sound itself.

Source: wire and types of cartesia 4.2.0 (PyPI, 2026-09-02); the vendor's API reference, read 2026-11.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, ClassVar

from tarash.tarash_gateway.exceptions import (
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
from tarash.tarash_gateway.providers.base import Call, ModelInfo, Operation, Provider
from tarash.tarash_gateway.providers.field_mappers import FieldMapper, FieldMapping, passthrough_field_mapper
from tarash.tarash_gateway.providers.inputs import fetched
from tarash.tarash_gateway.providers.sounds import EventStream, decoded, read_sound, timings

VERSION = "2026-08-14"
PLAIN_VOICE_SINCE = "2026-08-14"
_RATES = (44100, 8000, 16000, 22050, 24000, 48000)
OFFERS = {"mp3": offers(_RATES, (128, 32, 64, 96, 192)), "wav": offers(_RATES), "pcm": offers(_RATES)}
CONTAINERS = {"mp3": "mp3", "wav": "wav", "pcm": "raw"}
LARGEST_AUDIO = 100 * 1024 * 1024
STOPPED = ("sonic-2", "sonic-turbo", "sonic", "sonic-english", "sonic-multilingual")


def _spelled(format_: str, offer: Offer) -> dict[str, Any]:
    choice: dict[str, Any] = {"container": CONTAINERS[format_], "sample_rate": offer.rate}
    if offer.bitrate:
        return {**choice, "bit_rate": offer.bitrate * 1000}
    return {**choice, "encoding": "pcm_s16le"}


def _speed(value: Any) -> Any:
    if isinstance(value, str):
        raise ValueError("give speed as a number from 0.6 to 1.5")
    return value


SPEECH: FieldMapping = {
    "transcript": passthrough_field_mapper("text", required=True),
    "voice": passthrough_field_mapper("voice_id", required=True),
    "language": FieldMapper(("language_code",), first_subtag),
    "output_format": audio_format_mapper(OFFERS, _spelled),
    "generation_config.speed": FieldMapper(("voice_settings.speed",), _speed, minimum=0.6, maximum=1.5),
    "generation_config.volume": passthrough_field_mapper("voice_settings.volume", minimum=0.5, maximum=2.0),
    "generation_config.emotion": passthrough_field_mapper("voice_settings.emotion"),
}
CONVERSION: FieldMapping = {
    "clip": passthrough_field_mapper("audio", required=True),
    "voice": passthrough_field_mapper("voice_id", required=True),
    "output_format": audio_format_mapper(OFFERS, _spelled),
}


class Speech(Operation):
    """Text to speech."""

    def submit(self, call: Call) -> Step[Pending | Done]:
        answer = yield _speak(call, "bytes", {})
        return read_sound(answer, content_type(call), HEADERS)

    def stream(self, call: Call) -> Step[Streaming]:
        """Chunks of sound; with `provider_config={"timings": True}` raw PCM with the times of the words."""
        if not call.options.get("timings"):
            return Streaming(_speak(call, "bytes", {}), RawAudio(content_type(call)))
        raw = {"container": "raw", "encoding": "pcm_s16le", "sample_rate": call.payload["output_format"]["sample_rate"]}
        return Streaming(_speak(call, "sse", {"output_format": raw, "add_timestamps": True}), EventStream(timed_chunk))
        yield


class VoiceChange(Operation):
    """Speech to speech. The vendor chooses the model."""

    def submit(self, call: Call) -> Step[Pending | Done]:
        media = yield from fetched(call.payload["clip"], max_bytes=LARGEST_AUDIO)
        shape = call.payload["output_format"]
        fields = {name: value for name, value in call.payload.items() if name not in ("clip", "voice", "output_format")}
        parts = [
            Part("clip", media.require_bytes(), media.file_name(), media.content_type),
            Part("voice[id]", str(call.payload["voice"])),
            *(Part(f"output_format[{name}]", str(value)) for name, value in shape.items()),
            *(Part(name, str(value)) for name, value in fields.items()),
        ]
        answer = yield _post(call, "voice-changer/bytes", Multipart(parts))
        return read_sound(answer, content_type(call), HEADERS)


def _speak(call: Call, ending: str, more: Mapping[str, Any]) -> Request:
    fields = {"model_id": call.model, **call.payload, **more, "voice": _voice(call)}
    return _post(call, f"tts/{ending}", Json(fields))


def _voice(call: Call) -> Any:
    """Newer versions of the interface take the id alone; older ones name the way it is meant."""
    voice = call.payload["voice"]
    if isinstance(voice, str):
        return {"id": voice} if version(call) >= PLAIN_VOICE_SINCE else {"mode": "id", "id": voice}
    return voice


def version(call: Call) -> str:
    return call.api_version or VERSION


def _post(call: Call, path: str, body: Json | Multipart) -> Request:
    headers = {"cartesia-version": version(call)}
    return Request("POST", f"{call.base_url}/{path}", headers, body=body, billable=True)


def content_type(call: Call) -> str:
    wanted = getattr(call.request, "output_format", AudioOutputFormat())
    return CONTENT_TYPES.get(wanted.format, "audio/mpeg")


HEADERS = ("cartesia-request-id", "x-request-id", "cartesia-file-id")
WORDS = ("words", "start", "end")


def timed_chunk(event: dict[str, Any]) -> AudioChunk | None:
    """Reads an event: raw PCM in base64, when words are spoken, or what went wrong (with HTTP 200)."""
    kind = event.get("type", "chunk")
    if kind == "error":
        raise coded_error(event, int(event.get("status_code") or 500))
    if kind == "timestamps":
        return AudioChunk(b"", timings(event.get("word_timestamps"), WORDS), "audio/pcm")
    return AudioChunk(decoded(event["data"]), content_type="audio/pcm") if event.get("data") else None


NO_MONEY = frozenset({"quota_exceeded", "plan_upgrade_required"})
NOT_THERE = frozenset({"voice_not_found", "model_not_found"})
BAD_REQUEST = frozenset({400, 413, 422})


def coded_error(body: dict[str, Any], status: int) -> TarashException:
    code = str(body.get("error_code") or "")
    told = ": ".join(str(body[name]) for name in ("title", "message") if body.get(name)) or "no reason given"
    text = f"Cartesia: {told}" + (f" ({code})" if code else "")
    if code in NO_MONEY or status == 402:
        message = f"{text} The account needs credits or another plan."
        return InsufficientCreditsError(message, raw_response=body, status_code=status)
    if status in BAD_REQUEST or code in NOT_THERE:
        return ValidationError(f"{text} Correct the request.", raw_response=body)
    return HTTPError(text, raw_response=body, status_code=status)


def vendor_error(response: Response) -> TarashException | None:
    """What an error of Cartesia means; None when it is not in its format (JSON since 2026-03-01, text before)."""
    body = response.object_or_empty()
    if {"error_code", "title", "message"} & body.keys():
        return coded_error(body, response.status)
    title, separator, message = response.body[:500].decode("utf-8", "replace").partition(": ")
    if separator and response.status < 500 and "<" not in title:
        return coded_error({"title": title, "message": message}, response.status)
    return None


class Cartesia(Provider):
    """Cartesia. `api_version` is the Cartesia-Version header. Option: `timings` (streams carry the times of words)."""

    id = "cartesia"
    key_variables = ("CARTESIA_API_KEY",)
    base_url = "https://api.cartesia.ai"
    default_models: Mapping[Kind, str] = {"tts": "sonic-3.5", "sts": "voice-changer"}
    mappings: ClassVar[Mapping[Kind, Mapping[str, FieldMapping]]] = {"tts": {"": SPEECH}, "sts": {"": CONVERSION}}
    models = (
        *(ModelInfo(name, ("tts",)) for name in ("sonic-3.5", "sonic-3.5-2026-05-04", "sonic-3", "sonic-latest")),
        *(ModelInfo(name, ("tts",)) for name in ("sonic-3-2026-01-12", "sonic-3-2025-10-27", "sonic-3.6")),
        *(ModelInfo(name, ("tts",), "retired", "2026-06-01", "sonic-3.5") for name in STOPPED),
        ModelInfo("voice-changer", ("sts",)),
    )
    operations: Mapping[Kind, Operation] = {"tts": Speech(), "sts": VoiceChange()}

    def error(self, response: Response) -> TarashException | None:
        return vendor_error(response)
