"""How ElevenLabs, Cartesia and Hume speak over WebSockets, for a `WebSocketServer`. What they say really decodes.

Source: wire and types of elevenlabs 2.78.0, cartesia 4.2.0 and hume 0.14.1 (PyPI).
"""

import base64
import re
from collections.abc import Mapping, Sequence
from typing import Any

from tarash.testkit.ledger import Ledger
from tarash.testkit.live_sound import LiveSound
from tarash.testkit.steps import Answer
from tarash.testkit.websockets import Visit

SECONDS_PER_TEXT = 0.2


def _encoded(audio: bytes) -> str:
    return base64.b64encode(audio).decode()


class ElevenLabsSpeech:
    """`stream-input` of ElevenLabs."""

    def __init__(self, key: str = "eleven-key") -> None:
        self.key = key

    def greet(self, visit: Visit) -> Answer | None:
        if not re.fullmatch(r"/v1/text-to-speech/[^/]+/stream-input", visit.path):
            return Answer(404, json={"detail": "Not Found"})
        if visit.headers.get("xi-api-key") != self.key:
            detail = {"type": "authentication_error", "code": "invalid_api_key", "message": "Invalid API key"}
            return Answer(401, json={"detail": detail})
        return None

    def talk(self, visit: Visit, ledger: Ledger) -> "_ElevenLabsTalk":
        return _ElevenLabsTalk(visit, ledger)


class _ElevenLabsTalk:
    def __init__(self, visit: Visit, ledger: Ledger) -> None:
        form, rate, *bitrate = visit.asked.get("output_format", "mp3_44100_128").split("_")
        self._sound = LiveSound(form, int(rate), int(bitrate[0]) if bitrate else None)
        self._ledger = ledger
        self._begun = self._charged = False
        self.finished = False

    def hear(self, message: Mapping[str, Any]) -> Sequence[Mapping[str, Any]]:
        text = message.get("text")
        if not isinstance(text, str) or (text and not text.endswith(" ")):
            self.finished = True
            return [{"message": "Every text must end with a space.", "error": "invalid_message", "code": 1008}]
        if not self._begun:
            self._begun = True
            return []
        if text == "":
            self.finished = True
            rest, nothing = self._sound.end(), {"alignment": None, "normalizedAlignment": None}
            last = {"audio": None, "isFinal": True, **nothing}
            return [{"audio": _encoded(rest), "isFinal": None, **nothing}, last] if rest else [last]
        if not self._charged:
            self._charged = True
            self._ledger.charge("conversation")
        return [self._audio(text)]

    def _audio(self, text: str) -> Mapping[str, Any]:
        step = SECONDS_PER_TEXT * 1000 / len(text)
        alignment = {
            "chars": list(text),
            "charStartTimesMs": [round(step * number) for number in range(len(text))],
            "charDurationsMs": [round(step)] * len(text),
        }
        return {
            "audio": _encoded(self._sound.go_on(SECONDS_PER_TEXT)),
            "isFinal": None,
            "alignment": alignment,
            "normalizedAlignment": alignment,
        }


class CartesiaSpeech:
    """`/tts/websocket` of Cartesia."""

    def __init__(self, key: str = "cartesia-key") -> None:
        self.key = key

    def greet(self, visit: Visit) -> Answer | None:
        if visit.path != "/tts/websocket":
            return Answer(404, json={"error_code": None, "title": "Not found", "message": "No such path."})
        if visit.headers.get("authorization") != f"Bearer {self.key}":
            return Answer(401, json={"error_code": None, "title": "Unauthorized", "message": "Invalid API key."})
        if "cartesia-version" not in visit.headers:
            return Answer(400, json={"error_code": None, "title": "Bad request", "message": "Name a version."})
        return None

    def talk(self, visit: Visit, ledger: Ledger) -> "_CartesiaTalk":
        return _CartesiaTalk(ledger)


class _CartesiaTalk:
    WANTED = ("model_id", "voice", "output_format", "context_id", "transcript")

    def __init__(self, ledger: Ledger) -> None:
        self._ledger, self._spoken, self._charged = ledger, 0, False
        self._sound: LiveSound | None = None
        self.finished = False  # The vendor keeps the connection open for further contexts.

    def hear(self, message: Mapping[str, Any]) -> Sequence[Mapping[str, Any]]:
        missing = [name for name in self.WANTED if name not in message]
        about = {"context_id": message.get("context_id"), "done": False, "status_code": 206}
        if missing or message["output_format"].get("container") != "raw":
            problem = {"title": "Invalid request", "message": f"wrong or missing: {missing or 'output_format'}"}
            return [{**about, **problem, "type": "error", "error_code": None, "done": True, "status_code": 400}]
        answers = self._sounds(message, about) if message["transcript"] else []
        if not message.get("continue"):
            answers.append({**about, "type": "done", "done": True, "status_code": 200})
        return answers

    def _sounds(self, message: Mapping[str, Any], about: Mapping[str, Any]) -> list[Mapping[str, Any]]:
        if not self._charged:
            self._charged = True
            self._ledger.charge("conversation")
        self._sound = self._sound or LiveSound("pcm", message["output_format"]["sample_rate"])
        audio = _encoded(self._sound.go_on(SECONDS_PER_TEXT))
        chunk = {**about, "type": "chunk", "data": audio, "step_time": 1.0}
        answers: list[Mapping[str, Any]] = [chunk]
        if message.get("add_timestamps"):
            start, words = self._spoken * SECONDS_PER_TEXT, message["transcript"].split()
            step = SECONDS_PER_TEXT / max(1, len(words))
            times = {
                "words": words,
                "start": [start + step * number for number in range(len(words))],
                "end": [start + step * (number + 1) for number in range(len(words))],
            }
            answers.append({**about, "type": "timestamps", "word_timestamps": times})
        self._spoken += 1
        return answers


ABOUT = {"request_id": "request-1", "generation_id": "generation-1", "snippet_id": "snippet-1"}


class HumeSpeech:
    """`/v0/tts/stream/input` of Hume."""

    def __init__(self, key: str = "hume-key") -> None:
        self.key = key

    def greet(self, visit: Visit) -> Answer | None:
        if visit.path != "/v0/tts/stream/input":
            return Answer(404, json={"message": "no Route matched with those values"})
        if self.key not in (visit.headers.get("x-hume-api-key"), visit.asked.get("api_key")):
            return Answer(401, json={"message": "Invalid authentication credentials"})
        return None

    def talk(self, visit: Visit, ledger: Ledger) -> "_HumeTalk":
        return _HumeTalk(visit, ledger)


class _HumeTalk:
    LONGEST = 5000

    def __init__(self, visit: Visit, ledger: Ledger) -> None:
        self._form = visit.asked.get("format_type", "mp3")
        self._sound = LiveSound(self._form, 48_000)
        self._binary = visit.asked.get("no_binary", "").lower() != "true"
        self._times = "include_timestamp_types" in visit.asked
        self._ledger, self._number, self._charged = ledger, 0, False
        self.finished = False

    def hear(self, message: Mapping[str, Any]) -> Sequence[Mapping[str, Any] | bytes]:
        text = message.get("text")
        answers: list[Mapping[str, Any] | bytes] = []
        if isinstance(text, str) and len(text) > self.LONGEST:
            self.finished = True
            return [{"type": "error", "code": "E0300", "error": "text_too_long", "message": "The text is too long."}]
        if text:
            answers += self._sounds(text)
        self.finished = bool(message.get("close"))
        rest = self._sound.end() if self.finished else b""
        return [*answers, self._chunk("", rest)] if rest else answers

    def _sounds(self, text: str) -> list[Mapping[str, Any] | bytes]:
        if not self._charged:
            self._charged = True
            self._ledger.charge("conversation")
        start, self._number = round(self._number * SECONDS_PER_TEXT * 1000), self._number + 1
        chunk = self._chunk(text, self._sound.go_on(SECONDS_PER_TEXT))
        time = {"begin": start, "end": start + round(SECONDS_PER_TEXT * 1000)}
        stamp = {"text": text, "time": time, "type": "word"}
        timestamp = {**ABOUT, "type": "timestamp", "timestamp": stamp}
        return [chunk, timestamp] if self._times and not self._binary else [chunk]

    def _chunk(self, text: str, audio: bytes) -> Mapping[str, Any] | bytes:
        if self._binary:
            return audio
        return {
            **ABOUT,
            "type": "audio",
            "audio": _encoded(audio),
            "audio_format": self._form,
            "chunk_index": 0,
            "is_last_chunk": True,
            "text": text,
            "transcribed_text": None,
            "utterance_index": None,
        }
