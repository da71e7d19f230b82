"""Text that is still being written, spoken over ElevenLabs' WebSocket (`stream-input`).

Source: wire of elevenlabs 2.78.0 (PyPI, 2026-11-12); the vendor's API reference, read 2026-11.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any

from tarash.providers.elevenlabs.errors import vendor_error
from tarash.tarash_gateway.exceptions import HTTPError, TarashException, ValidationError
from tarash.tarash_gateway.messages import Conversation, Frame, Request, Response
from tarash.tarash_gateway.models import AudioChunk, Timing
from tarash.tarash_gateway.providers.base import Call, path_of
from tarash.tarash_gateway.providers.conversations import JsonFrames
from tarash.tarash_gateway.providers.multipart import text_pairs
from tarash.tarash_gateway.providers.sounds import decoded

QUERY = (
    "output_format",
    "language_code",
    "enable_logging",
    "enable_ssml_parsing",
    "inactivity_timeout",
    "sync_alignment",
    "auto_mode",
    "apply_text_normalization",
)
WITH_EACH_TEXT = ("try_trigger_generation", "flush")
"""Parameters that go along with every piece of text; all others go along with the first message."""

# An error here has no HTTP status of its own; these are those of the same errors over HTTP. Others are bad requests.
STATUS = {
    "invalid_api_key": 401,
    "missing_api_key": 401,
    "unauthorized": 401,
    "needs_authorization": 401,
    "insufficient_credits": 402,
    "quota_exceeded": 402,
    "voice_not_found": 404,
    "model_not_found": 404,
    "rate_limit_exceeded": 429,
    "concurrent_limit_exceeded": 429,
    "too_many_concurrent_requests": 429,
    "system_busy": 429,
    "internal_error": 500,
    "internal_server_error": 500,
    "service_unavailable": 503,
}


def conversation(call: Call, content_type: str) -> Conversation:
    """The vendor wants whole words, each text with a space at its end; an empty text is the end of all."""
    if str(call.payload["output_format"]).startswith("wav_"):
        raise ValidationError("ElevenLabs streams no WAV: ask for mp3, pcm or opus. Nothing was sent.")
    apart = ("voice_id", *QUERY, *WITH_EACH_TEXT)
    first = {name: value for name, value in call.payload.items() if name not in apart}
    each = {name: call.payload[name] for name in WITH_EACH_TEXT if name in call.payload}
    return Conversation(
        request=_address(call),
        decoder=JsonFrames(_Sound(content_type), lambda message: message.get("isFinal") is True),
        say=lambda text: _spoken(text, each),
        opening=[{"text": " ", **first}],
        closing=[{"text": ""}],
        unit="word",
    )


def _spoken(text: str, each: Mapping[str, Any]) -> Frame:
    return {"text": text if text.endswith(" ") else f"{text} ", **each}


def _address(call: Call) -> Request:
    voice = path_of(str(call.payload["voice_id"]), what="voice id")
    told = {name: call.payload[name] for name in QUERY if name in call.payload}
    query = text_pairs({"model_id": call.model, **told})
    return Request("GET", f"{call.base_url}/v1/text-to-speech/{voice}/stream-input", query=query)


class _Sound:
    """Reads messages: base64 audio, and when its characters are spoken.

    The vendor counts the times of a message from the start of that message's own audio. Should they go on from those
    of the message before, they are taken as they are.
    """

    def __init__(self, content_type: str) -> None:
        self._content_type, self._end = content_type, 0.0

    def __call__(self, message: dict[str, Any]) -> AudioChunk | None:
        if "error" in message or ("message" in message and "audio" not in message):
            raise frame_error(message)
        audio = decoded(message.get("audio") or "")
        times = self._timings(message.get("alignment"))
        return AudioChunk(audio, times, self._content_type) if audio or times else None

    def _timings(self, alignment: Any) -> tuple[Timing, ...]:
        if not isinstance(alignment, dict):
            return ()
        columns = [alignment.get(name) or [] for name in ("chars", "charStartTimesMs", "charDurationsMs")]
        rows = [
            (str(text), float(start) / 1000, float(long) / 1000) for text, start, long in zip(*columns, strict=False)
        ]
        offset = self._end if rows and rows[0][1] < self._end else 0.0
        times = tuple(Timing(text, offset + start, offset + start + long, "character") for text, start, long in rows)
        self._end = max((time.end for time in times), default=self._end)
        return times


def frame_error(message: Mapping[str, Any]) -> TarashException:
    """What an error inside a conversation means: by the table of errors over HTTP."""
    code = str(message.get("error") or "")
    detail = {"code": code, "message": message.get("message") or code}
    body = json.dumps({"detail": detail}).encode()
    status = STATUS.get(code, 400)
    return vendor_error(Response(status, body=body), note="") or HTTPError(f"ElevenLabs: {code}", status_code=status)
