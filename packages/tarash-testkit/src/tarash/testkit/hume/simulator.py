"""The simulator of Hume on 127.0.0.1: speech, voices in exchange, and the list of voices, with faults and a ledger."""

import base64
import json
import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any

from tarash.testkit.clock import VirtualClock
from tarash.testkit.hume import bodies, errors
from tarash.testkit.ledger import Ledger
from tarash.testkit.requests import RecordedRequest
from tarash.testkit.sounds import seconds_in, sound
from tarash.testkit.speech import SpeechSimulator, chunked, in_pieces, judged, spoken_seconds
from tarash.testkit.steps import Answer, Played
from tarash.testkit.vendor import Refused

DEFAULT_KEY = "hume-0123456789abcdef0123456789abcdef"
SAMPLE_RATE = 48_000
CONTENT_TYPES = {"mp3": "audio/mpeg", "wav": "audio/wav", "pcm": "audio/pcm"}
LINES = "text/event-stream"
_BARE_AGENT = re.compile(r"python-(httpx|requests|urllib)", re.IGNORECASE)


@dataclass(frozen=True)
class Voice:
    """A voice of the vendor's library or of the account."""

    id: str
    name: str
    provider: str = "HUME_AI"

    def described(self) -> dict[str, Any]:
        return {**vars(self), "compatible_octave_models": ["1", "2"]}


NAMES = ("Ada", "Bela", "Cora", "Dara", "Emil", "Fynn", "Gala", "Hugo", "Ines", "Juno", "Kaya", "Levi")
LIBRARY = (
    Voice("d8ab67c6-953d-4bd8-9370-8fa53a0f1453", "Arlo"),
    *(Voice(f"00000000-0000-4000-8000-{number:012d}", name) for number, name in enumerate(NAMES)),
)
"""A voice that others' programs speak with (its name is made up), and as many as make more than a page of ten."""
OWN_VOICES = (Voice("11111111-0000-4000-8000-000000000001", "My voice", "CUSTOM_VOICE"),)


class HumeSimulator(SpeechSimulator):
    """Hume's speech, for one `with` block. Operations: tts, stream, sts, voices.

    `credits` is how many characters the account may still have spoken (None: enough).
    """

    provider = "hume"
    operations = frozenset({"tts", "stream", "sts", "voices"})

    def __init__(
        self,
        *,
        clock: VirtualClock | None = None,
        ledger: Ledger | None = None,
        key: str = DEFAULT_KEY,
        make_seconds: float = 0.0,
        credits: int | None = None,  # noqa: A002 - the vendor's word
        voices: Sequence[Voice] = (*LIBRARY, *OWN_VOICES),
        keep: int | None = None,
    ) -> None:
        super().__init__(key, clock, ledger, make_seconds=make_seconds, credits=credits, keep=keep)
        self.voices = tuple(voices)

    def operation_of(self, request: RecordedRequest) -> str | None:
        match (request.method, request.segments):
            case ("POST", ["v0", "tts"] | ["v0", "tts", "file"]):
                return "tts"
            case ("POST", ["v0", "tts", "stream", "file" | "json"]):
                return "stream"
            case ("POST", ["v0", "tts", "voice_conversion", "file" | "json"]):
                return "sts"
            case ("GET", ["v0", "tts", "voices"]):
                return "voices"
            case _:
                return None

    def answer(self, operation: str | None, request: RecordedRequest) -> Played:
        if _BARE_AGENT.match(request.headers.get("user-agent") or "python-urllib"):
            return errors.refused_agent()
        if operation is None:
            return errors.no_path()
        if request.headers.get("x-hume-api-key") != self.key:
            return errors.unauthorized()
        if operation == "voices":
            return self._list(request)
        if operation == "sts":
            return self._convert(request)
        return self._speak(request, streamed=operation == "stream")

    # Making sound.

    def _speak(self, request: RecordedRequest, *, streamed: bool) -> Played:
        body = judged(bodies.Speech, lambda: request.json, "body", errors.invalid)
        self._judge(body, streamed=streamed)
        made = _Made(self._charge(len(body.text)), body.text, body.format.type, spoken_seconds(body.text))
        if request.segments[-1] == "tts":
            generations = [made.generation(number, body) for number in range(body.num_generations)]
            return self.later(Answer(json={"request_id": made.id, "generations": generations}))
        if request.segments[-1] == "file":
            return self._serve(made, streamed=streamed)
        lines = made.lines(body.strip_headers, body.include_timestamp_types)
        return self.later(*chunked({"Content-Type": LINES}, lines))

    def _convert(self, request: RecordedRequest) -> Played:
        body = judged(bodies.Conversion, lambda: bodies.form_of(request), "body", errors.invalid)
        if body.voice:
            self._find_voice(body.voice)
        try:
            seconds = round(seconds_in(body.audio), 1)
        except ValueError:
            return errors.bad_request("The audio cannot be read.")
        made = _Made(self._charge(round(seconds / 0.05)), "", body.format.type, seconds)
        if request.segments[-1] == "json":
            return self.later(*chunked({"Content-Type": LINES}, made.lines(body.strip_headers, [])))
        return self._serve(made, streamed=False)

    def _serve(self, made: "_Made", *, streamed: bool) -> Played:
        headers = {"Content-Type": CONTENT_TYPES[made.form]}
        if streamed:
            return self.later(*chunked(headers, in_pieces(made.sound)))
        return self.later(Answer(200, headers, made.sound))

    def _charge(self, characters: int) -> str:
        """Book what a request costs, and give it an id. Raises `Refused` when the account has too little."""
        return f"request-{self.charge(characters, Refused(errors.no_credits()))}"

    # Judging.

    def _judge(self, body: bodies.Speech, *, streamed: bool) -> None:
        """Raises `Refused` for what fits its types and still cannot be done."""
        for utterance in body.utterances:
            if not utterance.text.strip():
                raise Refused(errors.bad_request("An utterance has no text."))
            if utterance.voice:
                self._find_voice(utterance.voice)
        instant = streamed if body.instant_mode is None else body.instant_mode
        if body.version == "2" and not body.has_voice:
            raise Refused(errors.bad_request("Octave 2 needs a voice."))
        if instant and not body.has_voice:
            raise Refused(errors.bad_request("The instant mode needs a voice."))
        if instant and body.num_generations != 1:
            raise Refused(errors.bad_request("The instant mode makes one generation."))
        if body.include_timestamp_types and body.version != "2":
            raise Refused(errors.bad_request("Timestamps need Octave 2."))

    def _find_voice(self, wanted: bodies.VoiceChoice) -> None:
        for voice in self.voices:
            if (
                voice.provider == wanted.provider
                and wanted.id in (None, voice.id)
                and wanted.name in (None, voice.name)
            ):
                return
        raise Refused(errors.no_voice(str(wanted.id or wanted.name)))

    def _list(self, request: RecordedRequest) -> Answer:
        provider = request.query_value("provider")
        if provider not in ("HUME_AI", "CUSTOM_VOICE"):
            return errors.invalid([{"type": "missing", "loc": ["query", "provider"], "msg": "Field required"}])
        found = [voice.described() for voice in self.voices if voice.provider == provider]
        number, size = int(request.query_value("page_number") or 0), int(request.query_value("page_size") or 10)
        page = found[number * size : (number + 1) * size]
        pages = -(-len(found) // size)
        return Answer(json={"page_number": number, "page_size": size, "total_pages": pages, "voices_page": page})


@dataclass(frozen=True)
class _Made:
    """What was made of a request: its id, its text, the form and the length of the sound."""

    id: str
    text: str
    form: str
    seconds: float

    @property
    def sound(self) -> bytes:
        return sound(self.form, SAMPLE_RATE, 128 if self.form == "mp3" else None, self.seconds)

    def generation(self, number: int, body: bodies.Speech) -> dict[str, Any]:
        about = {"generation_id": f"{self.id}-{number}", "duration": self.seconds, "file_size": len(self.sound)}
        encoding = {"format": self.form, "sample_rate": SAMPLE_RATE}
        snippet = {
            "id": f"{self.id}-{number}-0",
            "generation_id": f"{self.id}-{number}",
            "text": self.text,
            "audio": _encoded(self.sound),
            "timestamps": [stamp for kind in body.include_timestamp_types for stamp in self._stamps(kind)],
        }
        return {**about, "audio": _encoded(self.sound), "encoding": encoding, "snippets": [[snippet]]}

    def lines(self, stripped: bool, kinds: Sequence[str]) -> Iterator[bytes]:
        """One JSON object a line. Unless headers are stripped, each chunk is a file of its own."""
        whole = list(in_pieces(self.sound))
        part = sound(self.form, SAMPLE_RATE, 128 if self.form == "mp3" else None, self.seconds / len(whole))
        ids = {"request_id": self.id, "generation_id": f"{self.id}-0", "snippet_id": f"{self.id}-0-0"}
        for stamp in (stamp for kind in kinds for stamp in self._stamps(kind)):
            yield _line({"type": "timestamp", **ids, "timestamp": stamp})
        for number, piece in enumerate(whole):
            chunk = {"audio": _encoded(piece if stripped else part), "audio_format": self.form, "chunk_index": number}
            last = {"is_last_chunk": number == len(whole) - 1, "text": self.text, "utterance_index": 0}
            yield _line({"type": "audio", **ids, **chunk, **last})

    def _stamps(self, kind: str) -> Iterator[dict[str, Any]]:
        """When each word is spoken, in milliseconds."""
        words = self.text.split()
        pace = 1000 * self.seconds / len(words)
        for number, word in enumerate(words):
            time = {"begin": round(number * pace), "end": round((number + 1) * pace)}
            yield {"type": kind, "text": word, "time": time}


def _line(value: dict[str, Any]) -> bytes:
    return json.dumps(value).encode() + b"\n"


def _encoded(data: bytes) -> str:
    return base64.b64encode(data).decode()
