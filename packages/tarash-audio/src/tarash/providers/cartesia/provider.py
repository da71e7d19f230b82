"""Cartesia: text-to-speech and voice changing, answered with the sound itself.

Source: wire and types of cartesia 4.2.0 (PyPI, 2026-09-02); the vendor's API reference, read 2026-11. That sonic-3.6 is
there is known from other public clients.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from tarash.providers.cartesia.errors import told_error, vendor_error
from tarash.providers.cartesia.voices import all_voices
from tarash.providers.cartesia.websocket import conversation
from tarash.tarash_gateway.exceptions import TarashException, ValidationError
from tarash.tarash_gateway.messages import (
    Conversation,
    Done,
    Json,
    Multipart,
    Pending,
    RawAudio,
    Request,
    Response,
    Step,
    Streaming,
    number_or_none,
)
from tarash.tarash_gateway.models import AudioChunk, Kind, Voice
from tarash.tarash_gateway.providers.audio_formats import Offer, audio_format_mapper, first_subtag, offers
from tarash.tarash_gateway.providers.base import Call, ModelInfo, Operation, Provider
from tarash.tarash_gateway.providers.field_mappers import (
    Elsewhere,
    FieldMapper,
    FieldMapping,
    omitted_field_mapper,
    passthrough_field_mapper,
)
from tarash.tarash_gateway.providers.multipart import form_of
from tarash.tarash_gateway.providers.sounds import EventStream, Reader, decoded, read_sound, timings

VERSION = "2026-08-14"
BARE_VOICE_SINCE = "2026-08-14"
"""From this version of the interface on a voice is named by its id alone."""
LARGEST_AUDIO = 100 * 1024 * 1024
LARGEST_SOUND = 256 * 1024 * 1024
OPTIONS = {"timings": (bool,), "allow_http": (bool,)}
HEADERS = ("cartesia-request-id", "x-request-id", "cartesia-file-id")
WORDS = ("words", "start", "end")

_RATES = (44_100, 8000, 16_000, 22_050, 24_000, 48_000)
OFFERS = {"mp3": offers(_RATES, (128, 32, 64, 96, 192)), "wav": offers(_RATES), "pcm": offers(_RATES)}
TYPES = {"mp3": "audio/mpeg", "wav": "audio/wav"}
SAMPLES = {"pcm_s16le": "audio/pcm", "pcm_mulaw": "audio/basic", "pcm_alaw": "audio/x-alaw"}
SLOW_TO_FAST = ("slow", "normal", "fast")
# The vendor says itself that single snapshots of the models speak fewer or more.
LANGUAGES = (
    *("en", "fr", "de", "es", "pt", "zh", "ja", "hi", "it", "ko", "nl", "pl", "ru", "sv", "tr", "tl", "bg", "ro"),
    *("ar", "cs", "el", "fi", "hr", "ms", "sk", "da", "ta", "uk", "hu", "no", "vi", "bn", "th", "he", "ka", "id"),
    *("te", "gu", "kn", "ml", "mr", "pa", "or", "ur"),
)


def _spelled(format_: str, offer: Offer) -> dict[str, Any]:
    if offer.bitrate:
        return {"container": "mp3", "sample_rate": offer.rate, "bit_rate": offer.bitrate * 1000}
    return {**_samples(format_, offer), "container": "wav" if format_ == "wav" else "raw"}


def _samples(format_: str, offer: Offer) -> dict[str, Any]:
    return {"container": "raw", "encoding": "pcm_s16le", "sample_rate": offer.rate}


def _speed_number(speed: Any) -> Any:
    if isinstance(speed, str):
        raise Elsewhere
    return speed


def _speed_word(speed: Any) -> Any:
    if not isinstance(speed, str):
        raise Elsewhere
    return speed


SPEECH: FieldMapping = {
    "transcript": passthrough_field_mapper("text", required=True),
    "voice": passthrough_field_mapper("voice_id", required=True),
    "output_format": audio_format_mapper(OFFERS, _spelled),
    "language": FieldMapper(("language_code",), first_subtag, allowed=LANGUAGES, strict=False),
    "generation_config.speed": FieldMapper(("voice_settings.speed",), _speed_number, minimum=0.6, maximum=1.5),
    "generation_config.volume": passthrough_field_mapper("voice_settings.volume", minimum=0.5, maximum=2.0),
    "generation_config.emotion": passthrough_field_mapper("voice_settings.emotion"),
    "speed": FieldMapper(("voice_settings.speed",), _speed_word, allowed=SLOW_TO_FAST),
}
CONVERSION: FieldMapping = {
    "clip": passthrough_field_mapper("audio", required=True),
    "voice.id": passthrough_field_mapper("voice_id", required=True),
    "output_format": audio_format_mapper(OFFERS, _spelled),
}
WITH_LOCALE = {"language": omitted_field_mapper("language_code", "extra_params says the locale, and both is too much")}
AS_EVENTS = {"output_format": audio_format_mapper(OFFERS, _samples)}
"""Events carry samples without a header, whatever the format was to be."""


class Speech(Operation):
    """Text to speech; streamed with `provider_config={"timings": True}` as samples with the times of the words."""

    def describe(self, call: Call) -> Step[FieldMapping | None]:
        _refuse_odd_format(call)
        located = WITH_LOCALE if "locale" in call.request.extra_params else {}
        return {**SPEECH, **located, **(AS_EVENTS if _is_timed(call) else {})}
        yield

    def submit(self, call: Call) -> Step[Pending | Done]:
        answer = yield _speak(call, "bytes")
        return read_sound(answer, content_type(call), HEADERS)

    def stream(self, call: Call) -> Step[Streaming]:
        if _is_timed(call):
            events = EventStream(timed_chunk(call), is_last=lambda event: bool(event.get("done")))
            return Streaming(_speak(call, "sse", {"add_timestamps": True}), events)
        return Streaming(_speak(call, "bytes"), RawAudio(content_type(call)))
        yield

    def converse(self, call: Call) -> Step[Conversation]:
        return conversation(call, _speak(call, "sse"), timed_chunk(call))
        yield


class VoiceChange(Operation):
    """Speech to speech. The vendor chooses the model."""

    def describe(self, call: Call) -> Step[FieldMapping | None]:
        _refuse_odd_format(call)
        return CONVERSION
        yield

    def submit(self, call: Call) -> Step[Pending | Done]:
        form = yield from form_of(call.payload, max_bytes=LARGEST_AUDIO)
        answer = yield _post(call, "voice-changer/bytes", form)
        return read_sound(answer, content_type(call), HEADERS)


def _refuse_odd_format(call: Call) -> None:
    """What replaces the format must be one, because it tells later what the sound is."""
    if not isinstance(call.request.extra_params.get("output_format", {}), Mapping):
        raise ValidationError(
            "output_format in extra_params must be an object, as the vendor has it. Nothing was sent."
        )


def _is_timed(call: Call) -> bool:
    return call.streamed and bool(call.options.get("timings"))


def _speak(call: Call, ending: str, more: Mapping[str, Any] | None = None) -> Request:
    fields = {"model_id": call.model, **call.payload, "voice": _voice(call), **(more or {})}
    return _post(call, f"tts/{ending}", Json(fields))


def _voice(call: Call) -> Any:
    voice = call.payload["voice"]
    if not isinstance(voice, str):
        return voice
    return {"id": voice} if version(call) >= BARE_VOICE_SINCE else {"mode": "id", "id": voice}


def version(call: Call) -> str:
    """The version of the interface that is spoken; errors and voices depend on it."""
    return call.api_version or VERSION


def _post(call: Call, path: str, body: Json | Multipart) -> Request:
    headers = {"cartesia-version": version(call)}
    url = f"{call.base_url}/{path}"
    return Request("POST", url, headers, body=body, billable=True, max_bytes=LARGEST_SOUND)


def content_type(call: Call) -> str:
    """Of the sound that was asked for: the vendor's own headers are not documented."""
    return TYPES.get(call.payload["output_format"].get("container")) or samples_type(call)


def samples_type(call: Call) -> str:
    """Of samples without a header, with their rate."""
    wanted = call.payload["output_format"]
    encoding = SAMPLES.get(wanted.get("encoding", "pcm_s16le"), "audio/x-raw")
    return f"{encoding};rate={wanted.get('sample_rate')}"


def timed_chunk(call: Call) -> Reader:
    """Reads an event: samples in base64, when words are spoken, or what went wrong (with HTTP 200)."""
    kind = samples_type(call)

    def read(event: dict[str, Any]) -> AudioChunk | None:
        if event.get("type") == "error":
            raise told_error(event, int(number_or_none(event.get("status_code")) or 500), note="")
        times = timings(event.get("word_timestamps"), WORDS)
        data = decoded(event.get("data") or "")
        return AudioChunk(data, times, kind) if data or times else None

    return read


def _speaks(name: str) -> ModelInfo:
    return ModelInfo(name, ("tts",))


def _stopped(name: str) -> ModelInfo:
    return ModelInfo(name, ("tts",), "retired", "2026-06-01", "sonic-3.5")


class Cartesia(Provider):
    """Cartesia. `api_version` is the Cartesia-Version header. Option: `timings` (streams carry the times of words)."""

    id = "cartesia"
    key_variables = ("CARTESIA_API_KEY",)
    base_url = "https://api.cartesia.ai"
    base_url_variables = ("CARTESIA_BASE_URL",)
    options = OPTIONS
    reserved_params = frozenset({"model_id", "transcript", "clip"})
    default_models: Mapping[Kind, str] = {"tts": "sonic-3.5", "sts": "voice-changer"}
    models = (
        _speaks("sonic-3.6"),
        _speaks("sonic-3.6-2026-08-27"),
        _speaks("sonic-3.5"),
        _speaks("sonic-3.5-2026-05-04"),
        _speaks("sonic-3"),
        _speaks("sonic-3-2026-01-12"),
        _speaks("sonic-3-2025-10-27"),
        _speaks("sonic-latest"),
        _stopped("sonic-2"),
        _stopped("sonic-turbo"),
        _stopped("sonic"),
        _stopped("sonic-english"),
        _stopped("sonic-multilingual"),
        ModelInfo("voice-changer", ("sts",), note="The vendor has one, without a name; it is not sent."),
    )
    operations: Mapping[Kind, Operation] = {"tts": Speech(), "sts": VoiceChange()}

    def voices(self, call: Call) -> Step[Sequence[Voice]]:
        return all_voices(call, version(call))

    def error(self, response: Response) -> TarashException | None:
        return vendor_error(response)
