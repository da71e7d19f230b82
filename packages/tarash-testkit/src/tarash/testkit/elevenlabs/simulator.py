"""The simulator of ElevenLabs on 127.0.0.1: speech, voices in exchange, and lists, with faults and a ledger."""

import base64
import json
import math
from collections.abc import Iterator, Sequence
from typing import Any

from tarash.testkit.clock import VirtualClock
from tarash.testkit.elevenlabs import bodies, errors
from tarash.testkit.elevenlabs.catalogue import (
    CONTENT_TYPES,
    CREDITS_PER_SECOND,
    FORMATS,
    MODELS,
    TIERS,
    VOICES,
    WANTED_TIERS,
    Model,
    OutputFormat,
    Voice,
)
from tarash.testkit.ledger import Ledger
from tarash.testkit.requests import RecordedRequest
from tarash.testkit.sounds import seconds_in, sound
from tarash.testkit.speech import SpeechSimulator, chunked, in_pieces, judged, spoken_seconds
from tarash.testkit.steps import Answer, Played
from tarash.testkit.vendor import Refused

DEFAULT_KEY = "sk_0123456789abcdef0123456789abcdef"
STS_PATHS = ("voice-changer", "speech-to-speech")
_SPEECH = {"": "tts", "with-timestamps": "tts", "stream": "stream", "stream/with-timestamps": "stream"}
"""Endings of the path of speech, and their operations."""


class ElevenLabsSimulator(SpeechSimulator):
    """ElevenLabs, for one `with` block. Operations: tts, stream, sts, voices, models, subscription.

    `credits` is what the account has (None: enough), `tier` its plan. `sts_paths` are the names under which voices
    are changed.
    """

    provider = "elevenlabs"
    operations = frozenset({"tts", "stream", "sts", "voices", "models", "subscription"})

    def __init__(
        self,
        *,
        clock: VirtualClock | None = None,
        ledger: Ledger | None = None,
        key: str = DEFAULT_KEY,
        make_seconds: float = 0.0,
        credits: int | None = None,  # noqa: A002 - the vendor's word
        tier: str = "pro",
        voices: Sequence[Voice] = VOICES,
        sts_paths: Sequence[str] = STS_PATHS,
        keep: int | None = None,
    ) -> None:
        super().__init__(key, clock, ledger, make_seconds=make_seconds, credits=credits, keep=keep)
        self.tier, self.voices = tier, tuple(voices)
        self._sts_paths = tuple(sts_paths)

    def operation_of(self, request: RecordedRequest) -> str | None:
        match (request.method, request.segments):
            case ("POST", ["v1", "text-to-speech", _, *ending]):
                return _SPEECH.get("/".join(ending))
            case ("POST", ["v1", path, _, *ending]) if path in self._sts_paths and ending in ([], ["stream"]):
                return "sts"
            case ("GET", ["v1" | "v2", "voices"]):
                return "voices"
            case ("GET", ["v1", "models"]):
                return "models"
            case ("GET", ["v1", "user", "subscription"]):
                return "subscription"
            case _:
                return None

    def answer(self, operation: str | None, request: RecordedRequest) -> Played:
        match operation:
            case "tts" | "stream":
                return self._speak(request, streamed=operation == "stream")
            case "sts":
                return self._convert(request, streamed=request.segments[-1] == "stream")
            case None:
                return errors.plain(404, "Not Found")
            case _:
                self._know(request)
                return self._tell(operation, request)

    # Making sound.

    def _speak(self, request: RecordedRequest, *, streamed: bool) -> Played:
        query = bodies.query_of(request, bodies.StreamQuery if streamed else bodies.Query)
        body = judged(bodies.Speech, lambda: request.json, "body", errors.invalid)
        self._know(request)
        self._find_voice(request.segments[2])
        _judge_text(body)
        wanted = self._find_format(query.output_format)
        headers = self._charge(math.ceil(len(body.text) * MODELS[body.model_id].cost))
        made = sound(wanted.form, wanted.sample_rate, wanted.bitrate, spoken_seconds(body.text))
        if request.segments[-1] == "with-timestamps":
            return self.later(*_timed(body.text, made, headers, streamed=streamed))
        return self._serve(made, wanted, headers, streamed=streamed)

    def _convert(self, request: RecordedRequest, *, streamed: bool) -> Played:
        query = bodies.query_of(request, bodies.StreamQuery if streamed else bodies.Query)
        body = judged(bodies.Conversion, lambda: bodies.form_of(request), "body", errors.invalid)
        self._know(request)
        self._find_voice(request.segments[2])
        if find_model(body.model_id).speaks:
            raise Refused(errors.bad_request("unsupported_model", "The model changes no voices.", "model_id"))
        seconds = _length(body)
        wanted = self._find_format(query.output_format)
        headers = self._charge(math.ceil(seconds * CREDITS_PER_SECOND))
        made = sound(wanted.form, wanted.sample_rate, wanted.bitrate, round(seconds, 1))
        return self._serve(made, wanted, headers, streamed=streamed)

    def _serve(self, made: bytes, wanted: OutputFormat, headers: dict[str, str], *, streamed: bool) -> Played:
        content = _unfinished(made) if wanted.form == "wav" else made
        headers = {"Content-Type": CONTENT_TYPES[wanted.form], **headers}
        if streamed:
            return self.later(*chunked(headers, in_pieces(content)))
        return self.later(Answer(200, headers, content))

    def _charge(self, amount: int) -> dict[str, str]:
        """Book what a request costs; the headers that tell of it. Raises `Refused` when the account has too little."""
        number = self.charge(amount, Refused(errors.no_credits()))
        return {
            "request-id": f"request-{number}",
            "history-item-id": f"history-{number}",
            "character-cost": str(amount),
            "x-trace-id": f"trace-{number}",
        }

    # Judging.

    def _know(self, request: RecordedRequest) -> None:
        if request.headers.get("xi-api-key") != self.key:
            raise Refused(errors.unauthorized())

    def _find_voice(self, voice_id: str) -> None:
        if not any(voice.id == voice_id for voice in self.voices):
            raise Refused(errors.no_voice(voice_id))

    def _find_format(self, name: str) -> OutputFormat:
        tier = WANTED_TIERS.get(name, TIERS[0])
        if TIERS.index(self.tier) < TIERS.index(tier):
            raise Refused(errors.wants_tier(tier))
        return FORMATS[name]

    # Lists.

    def _tell(self, operation: str, request: RecordedRequest) -> Answer:
        if operation == "models":
            return Answer(json=[model.described() for model in MODELS.values()])
        if operation == "subscription":
            used = int(self.ledger.total_amount)
            return Answer(json={"tier": self.tier, "character_count": used, "character_limit": self.credits or 0})
        return self._list(request)

    def _list(self, request: RecordedRequest) -> Answer:
        """Version 1 has all voices in one list, version 2 pages and a search."""
        if request.segments[0] == "v1":
            return Answer(json={"voices": [voice.described() for voice in self.voices]})
        search = (request.query_value("search") or "").lower()
        found = [voice.described() for voice in self.voices if search in voice.name.lower()]
        size, start = int(request.query_value("page_size") or 10), int(request.query_value("next_page_token") or 0)
        if not 1 <= size <= 100:
            issue = {"type": "less_than_equal", "loc": ["query", "page_size"], "msg": "Input should be 1 to 100"}
            return errors.invalid([issue])
        end = start + size
        more = {"has_more": end < len(found), "next_page_token": str(end) if end < len(found) else None}
        return Answer(json={"voices": found[start:end], "total_count": len(found), **more})


def find_model(model_id: str) -> Model:
    if model_id not in MODELS:
        raise Refused(errors.no_model(model_id))
    return MODELS[model_id]


def _judge_text(body: bodies.Speech) -> None:
    model = find_model(body.model_id)
    if not model.speaks:
        raise Refused(errors.bad_request("unsupported_model", "The model does not speak.", "model_id"))
    if not body.text.strip():
        raise Refused(errors.bad_request("empty_text", "The text is empty.", "text"))
    if len(body.text) > model.longest:
        message = f"The text has {len(body.text)} characters, the model takes {model.longest}."
        raise Refused(errors.bad_request("text_too_long", message, "text"))
    if body.language_code and not model.language:
        raise Refused(errors.bad_request("unsupported_language", "The model takes no language.", "language_code"))
    if body.stitched and not model.stitches:
        raise Refused(errors.bad_request("unsupported_model", "The model knows no text before or after.", "model_id"))


def _length(body: bodies.Conversion) -> float:
    """Seconds of the recording that was sent. Raises `Refused`."""
    try:
        seconds = len(body.audio) / 32_000 if body.file_format == "pcm_s16le_16" else seconds_in(body.audio)
    except ValueError:
        raise Refused(errors.bad_request("invalid_audio", "The audio cannot be read.", "audio")) from None
    if seconds > 300:
        raise Refused(errors.bad_request("audio_too_long", "The audio is longer than five minutes.", "audio"))
    return seconds


def _unfinished(wav: bytes) -> bytes:
    """WAV as the vendor writes it: with placeholders where the sizes should be."""
    at, size = wav.index(b"data") + 4, (0x7FFFFFFF).to_bytes(4, "little")
    return wav[:4] + size + wav[8:at] + size + wav[at + 4 :]


def _timed(text: str, made: bytes, headers: dict[str, str], *, streamed: bool) -> Iterator[Any]:
    """Sound with the times of its characters: one object, or one a line, with a blank line now and then."""
    if not streamed:
        yield Answer(200, headers, json={"audio_base64": _encoded(made), **_aligned(text, 0, len(text))})
        return
    pieces = list(in_pieces(made))
    size = -(-len(text) // len(pieces))
    lines = (
        {"audio_base64": _encoded(piece), **_aligned(text, number * size, min(len(text), (number + 1) * size))}
        for number, piece in enumerate(pieces)
    )
    yield from chunked(
        {"Content-Type": "application/json", **headers}, (json.dumps(line).encode() + b"\n\n" for line in lines)
    )


def _aligned(text: str, start: int, end: int) -> dict[str, Any]:
    """When the characters from `start` to `end` are spoken."""
    pace = spoken_seconds(text) / len(text)
    alignment = {
        "characters": list(text[start:end]),
        "character_start_times_seconds": [round(number * pace, 3) for number in range(start, end)],
        "character_end_times_seconds": [round((number + 1) * pace, 3) for number in range(start, end)],
    }
    return {"alignment": alignment, "normalized_alignment": alignment}


def _encoded(data: bytes) -> str:
    return base64.b64encode(data).decode()
