"""Speech of Gemini: made whole by `generateContent`, or heard while it is made by `streamGenerateContent`.

The older models answer with bare samples, the newest with WAV; streams are slices of samples (third parties rely on
it), but WAV is understood there, too. tarash adds or removes the header, whichever was asked for.
Sources: wire and types of google-genai 3.4.0; ai.google.dev, guide of speech generation, 2026-11.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from typing import Any

from tarash.providers.google.errors import request_error
from tarash.providers.google.gemini.contents import about, content_body, end_of, generated, media_of, nothing_made
from tarash.providers.google.gemini.speech import SPEECH_HERTZ, speech_mapping
from tarash.providers.google.places import model_url, paid
from tarash.tarash_gateway.messages import Done, Output, Pending, Step, Streaming, as_object, number_or_none
from tarash.tarash_gateway.models import AudioChunk
from tarash.tarash_gateway.providers.base import Call, Operation
from tarash.tarash_gateway.providers.field_mappers import FieldMapping
from tarash.tarash_gateway.providers.sounds import EventStream, decoded, samples_in, samples_output

_RATE = re.compile(r"rate=([1-9]\d{3,5})\b")
_RAW_SOUND = re.compile(r"audio/(l16|pcm|raw)", re.IGNORECASE)


class Speech(Operation):
    """Text to speech."""

    def mapping(self, call: Call) -> FieldMapping | None:
        return speech_mapping(call)

    def submit(self, call: Call) -> Step[Pending | Done]:
        body, sounds = yield from generated(call, "audio/")
        wanted = call.payload.get("local", {}).get("audio_format", "wav")
        return Done([as_audio(sounds, wanted)], body, {}, about(body))

    def stream(self, call: Call) -> Step[Streaming]:
        """The same request: its answer comes in events, as the sound is made."""
        url = f"{model_url(call, 'streamGenerateContent')}?alt=sse"
        return Streaming(paid(url, content_body(call.payload)), SpeechEvents())
        yield


class SpeechEvents(EventStream):
    """Makes samples of events. What was not made to its end ("STOP") is an error, even after some sound."""

    def __init__(self) -> None:
        super().__init__(self._chunk, is_last=end_of)
        self._rate, self._heard = SPEECH_HERTZ, False

    def payload(self, piece: bytes) -> bytes:
        # An error in the middle may come as bare JSON: the vendor's SDK reads it in either way.
        return piece if piece.startswith(b"{") else super().payload(piece)

    def _chunk(self, event: Mapping[str, Any]) -> AudioChunk | None:
        if "error" in event:
            error = as_object(event["error"], "the error")
            raise request_error(error, int(number_or_none(error.get("code")) or 500))
        samples, self._rate = samples_of(media_of(event, "audio/"), self._rate)
        self._heard = self._heard or bool(samples)
        if (end := end_of(event)) and not (end == "STOP" and self._heard):
            raise nothing_made(event)
        return AudioChunk(samples, content_type=f"audio/pcm;rate={self._rate}") if samples else None


def as_audio(sounds: Sequence[Mapping[str, Any]], wanted: str) -> Output:
    """The sound as WAV, or as bare samples where those are wanted."""
    kind, first = str(sounds[0]["mimeType"]), decoded(sounds[0]["data"])
    if not _RAW_SOUND.match(kind) and (wanted != "pcm" or samples_in(first) is None):
        return Output(data=first, content_type=kind)
    return samples_output(*samples_of(sounds, SPEECH_HERTZ), wanted)


def samples_of(sounds: Sequence[Mapping[str, Any]], rate: int) -> tuple[bytes, int]:
    """The samples in pieces of sound, without the header of a file, and their rate in Hz: `rate` unless it is told."""
    samples = b""
    for sound in sounds:
        data, told = decoded(sound["data"]), _RATE.search(str(sound["mimeType"]))
        piece, found = samples_in(data) or (data, int(told[1]) if told else 0)
        samples, rate = samples + piece, found or rate
    return samples, rate
