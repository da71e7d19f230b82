"""The simulator of Cartesia on 127.0.0.1: speech, voices in exchange, the list of voices, with faults and a ledger."""

import base64
import json
from collections.abc import Callable, Iterable, Iterator, Sequence
from typing import Any

from tarash.testkit.cartesia import bodies, errors
from tarash.testkit.cartesia.catalogue import (
    CREDITS_PER_CHARACTER,
    CREDITS_PER_SECOND,
    LANGUAGES,
    MODELS,
    PLAIN_VOICE_SINCE,
    VERSIONS,
    VOICES,
    Voice,
)
from tarash.testkit.clock import VirtualClock
from tarash.testkit.ledger import Ledger
from tarash.testkit.requests import RecordedRequest
from tarash.testkit.sounds import seconds_in, sound
from tarash.testkit.speech import SpeechSimulator, chunked, in_pieces, judged, spoken_seconds
from tarash.testkit.steps import Answer, Played, Step

DEFAULT_KEY = "sk_car_0123456789abcdef0123"
ROUTES = {
    ("POST", "tts/bytes"): "tts",
    ("POST", "tts/sse"): "stream",
    ("POST", "voice-changer/bytes"): "sts",
    ("POST", "voice-changer/sse"): "sts",
    ("GET", "voices"): "voices",
    ("GET", ""): "status",
}


class CartesiaSimulator(SpeechSimulator):
    """Cartesia, for one `with` block. Operations: tts, stream (the events), sts, voices, status.

    `credits` is what the account has (None: enough).
    """

    provider = "cartesia"
    operations = frozenset(ROUTES.values())

    def __init__(
        self,
        *,
        clock: VirtualClock | None = None,
        ledger: Ledger | None = None,
        key: str = DEFAULT_KEY,
        make_seconds: float = 0.0,
        credits: int | None = None,  # noqa: A002 - the vendor's word
        voices: Sequence[Voice] = VOICES,
        keep: int | None = None,
    ) -> None:
        super().__init__(key, clock, ledger, make_seconds=make_seconds, credits=credits, keep=keep)
        self.voices = tuple(voices)

    def operation_of(self, request: RecordedRequest) -> str | None:
        if request.method == "GET" and request.segments[0] == "voices" and len(request.segments) == 2:
            return "voices"
        return ROUTES.get((request.method, "/".join(request.segments)))

    def answer(self, operation: str | None, request: RecordedRequest) -> Played:
        version = request.headers.get("cartesia-version") or ""
        try:
            return self._answer(operation, request, version)
        except errors.Problem as problem:
            return problem.answer(version or VERSIONS[-1])

    def _answer(self, operation: str | None, request: RecordedRequest, version: str) -> Played:
        if operation is None:
            raise errors.not_found()
        if operation == "status":
            return Answer(json={"ok": True, "version": VERSIONS[-1]})
        if version not in VERSIONS:
            raise errors.invalid(f"The header Cartesia-Version must be one of {', '.join(VERSIONS)}.")
        if self.key not in (request.headers.get("x-api-key"), _bearer(request)):
            raise errors.unauthorized()
        match operation:
            case "tts":
                return self._speak(request, version)
            case "stream":
                return self._speak_events(request, version)
            case "sts":
                return self._convert(request, version)
            case _:
                return self._tell(request, version)

    # Making sound.

    def _speak(self, request: RecordedRequest, version: str) -> Played:
        body = judged(bodies.Speech, lambda: request.json, "body", _refusal(version))
        self._judge_speech(body, version)
        made = _sound(body.output_format, spoken_seconds(body.transcript))
        return self._serve(made, body.output_format, self._charge(len(body.transcript), save=body.save))

    def _speak_events(self, request: RecordedRequest, version: str) -> Played:
        body = judged(bodies.Events, lambda: request.json, "body", _refusal(version))
        self._judge_speech(body, version)
        made = _sound(body.output_format, spoken_seconds(body.transcript))
        return self.later(*_as_events(_speech_events(body, made), self._charge(len(body.transcript))))

    def _convert(self, request: RecordedRequest, version: str) -> Played:
        body = judged(bodies.Conversion, lambda: bodies.parts_of(request), "body", _refusal(version))
        self._find_voice(body.voice["id"])
        try:
            seconds = seconds_in(body.clip)
        except ValueError:
            raise errors.bad_audio() from None
        made = _sound(body.output_format, round(seconds, 1))
        headers = self._charge(round(seconds * CREDITS_PER_SECOND))
        if request.segments[-1] == "bytes":
            return self._serve(made, body.output_format, headers)
        return self.later(*_as_events(_conversion_events(body, made), headers))

    def _serve(self, made: bytes, wanted: bodies.Uncompressed | bodies.Mp3, headers: dict[str, str]) -> Played:
        headers = {"Content-Type": bodies.content_type(wanted), **headers}
        return self.later(*chunked(headers, in_pieces(made)))

    def _charge(self, amount: int, *, save: bool | None = None) -> dict[str, str]:
        """Book what a request costs; the headers that go with it. Raises `Problem` when the account has too little."""
        number = self.charge(amount * CREDITS_PER_CHARACTER, errors.no_credits())
        return {"cartesia-request-id": f"request-{number}", **({"cartesia-file-id": f"file-{number}"} if save else {})}

    # Judging.

    def _judge_speech(self, body: bodies.Speech, version: str) -> None:
        if body.model_id not in MODELS:
            raise errors.no_model(body.model_id)
        language = (body.language or body.locale or "en").partition("-")[0]
        if language not in LANGUAGES:
            raise errors.no_language(language)
        self._find_voice(_voice_id(body.voice, version))

    def _find_voice(self, voice_id: str) -> Voice:
        for voice in self.voices:
            if voice.id == voice_id:
                return voice
        raise errors.no_voice(voice_id)

    # Lists.

    def _tell(self, request: RecordedRequest, version: str) -> Answer:
        query = judged(bodies.Listing, lambda: bodies.query_of(request), "query", _refusal(version))
        preview = "preview_file_url" in query.expand
        if len(request.segments) == 2:
            return Answer(json=self._find_voice(request.segments[1]).described(preview=preview))
        found = [voice for voice in self.voices if _fits(voice, query)]
        page, has_more = _page(found, query)
        return Answer(json={"data": [voice.described(preview=preview) for voice in page], "has_more": has_more})


def _bearer(request: RecordedRequest) -> str:
    return (request.headers.get("authorization") or "").removeprefix("Bearer ")


def _refusal(version: str) -> Callable[[Sequence[dict[str, Any]]], Answer]:
    """Makes the answer to fields that do not fit, in the shape of a version of the interface."""
    return lambda issues: errors.wrong_fields(issues).answer(version)


def _voice_id(voice: str | dict[str, Any], version: str) -> str:
    """The id of a voice as it is named in a version of the interface. Raises `Problem`."""
    if isinstance(voice, str) and version >= PLAIN_VOICE_SINCE:
        return voice
    modes = ("id", None) if version >= PLAIN_VOICE_SINCE else ("id",)
    if isinstance(voice, str) or voice.keys() - {"id", "mode"} or voice.get("mode") not in modes or "id" not in voice:
        raise errors.invalid("voice must be an object with mode 'id' and id.")
    return str(voice["id"])


def _sound(wanted: bodies.Uncompressed | bodies.Mp3, seconds: float) -> bytes:
    return sound(bodies.form_of(wanted), wanted.sample_rate, bodies.bitrate(wanted), seconds)


def _fits(voice: Voice, query: bodies.Listing) -> bool:
    words = (query.q or "").lower()
    return (
        (words in voice.name.lower() or words == voice.id)
        and query.gender in (None, voice.gender)
        and query.is_owner in (None, voice.is_owner)
    )


def _page(found: list[Voice], query: bodies.Listing) -> tuple[list[Voice], bool]:
    """One page, and whether more follow in the direction that is read in."""
    places = {voice.id: number for number, voice in enumerate(found)}
    if query.ending_before:
        before = found[: places.get(query.ending_before, 0)]
        return before[-query.limit :], len(before) > query.limit
    after = found[places.get(query.starting_after, -1) + 1 if query.starting_after else 0 :]
    return after[: query.limit], len(after) > query.limit


# --- events


def _spread(name: str, texts: list[str], seconds: float) -> dict[str, Any]:
    """Words, or the letters that stand for phonemes here, with their starts and ends in seconds."""
    pace = seconds / max(1, len(texts))
    starts = [round(number * pace, 3) for number in range(len(texts))]
    return {name: texts, "start": starts, "end": [round(start + pace, 3) for start in starts]}


def _speech_events(body: bodies.Events, made: bytes) -> Iterator[dict[str, Any]]:
    about = {"context_id": body.context_id} if body.context_id else {}
    seconds = spoken_seconds(body.transcript)
    pieces = [{"type": "chunk", **piece, **about} for piece in _chunks(made)]
    yield pieces[0]
    if body.add_timestamps:
        words = _spread("words", body.transcript.split(), seconds)
        yield {"type": "timestamps", "done": False, "status_code": 206, "word_timestamps": words, **about}
    if body.add_phoneme_timestamps:
        letters = _spread("phonemes", [letter for letter in body.transcript if letter.isalpha()], seconds)
        yield {"type": "phoneme_timestamps", "done": False, "status_code": 206, "phoneme_timestamps": letters, **about}
    yield from pieces[1:]
    yield {"type": "done", "done": True, "status_code": 200, **about}


def _conversion_events(body: bodies.Conversion, made: bytes) -> Iterator[dict[str, Any]]:
    """The voice changer's events have no type."""
    for piece in _chunks(made):
        yield {**piece, "sample_rate": body.output_format.sample_rate}
    yield {"done": True, "status_code": 200}


def _chunks(made: bytes) -> Iterator[dict[str, Any]]:
    for piece in in_pieces(made):
        data = base64.b64encode(piece).decode()
        yield {"data": data, "done": False, "status_code": 206, "step_time": 12.5}


def _as_events(events: Iterable[dict[str, Any]], headers: dict[str, str]) -> list[Step]:
    pieces = (f"event: {event.get('type', 'chunk')}\ndata: {json.dumps(event)}\n\n".encode() for event in events)
    return chunked({"Content-Type": "text/event-stream", **headers}, pieces)
