"""Images and speech, which are made while the caller waits."""

import base64
import itertools
from collections.abc import Callable, Mapping
from typing import Any

from tarash.testkit.clock import VirtualClock
from tarash.testkit.ledger import Ledger
from tarash.testkit.media import Media, numbered_png
from tarash.testkit.sounds import sound
from tarash.testkit.steps import Answer, Delay, Played

TICKS_AN_IMAGE = 200_000_000
SPEECH_TYPES = {"mp3": "audio/mpeg", "wav": "audio/wav", "pcm": "audio/pcm", "mulaw": "audio/basic"}
FORMS = {"mulaw": "ulaw"}
LONGEST_SIDE = {"1k": 256, "2k": 512}
"""Pictures are made smaller than the vendor's, to be quick; their shape is right."""

SPEECH_SECONDS = 0.5


class Makers:
    """Makes at once what was asked for, `seconds` of virtual time later. `withheld` is how many pictures are kept."""

    def __init__(self, clock: VirtualClock, ledger: Ledger, seconds: float, publish: Callable[[Media], str]) -> None:
        self._clock, self._ledger, self._seconds, self._publish = clock, ledger, seconds, publish
        self._numbers = itertools.count(1)
        self.withheld = 0

    def images(self, path: str, body: Mapping[str, Any]) -> Played:
        count = int(body.get("n", 1))
        self._ledger.charge(f"image-{next(self._numbers)}", count)
        pictures = [_picture(body, number) for number in range(count)]
        items = [self._item(picture, body, number) for number, picture in enumerate(pictures)]
        self.withheld = 0
        return self._later(Answer(200, json={"data": items, "usage": {"cost_in_usd_ticks": count * TICKS_AN_IMAGE}}))

    def _item(self, picture: Media, body: Mapping[str, Any], number: int) -> dict[str, Any]:
        item: dict[str, Any] = {"mime_type": picture.content_type, "revised_prompt": body["prompt"]}
        if number < self.withheld:
            return {**item, "respect_moderation": False}
        if body.get("response_format") == "b64_json":
            place = {"b64_json": base64.b64encode(picture.content).decode()}
        else:
            place = {"url": self._publish(picture)}
        return {**item, **place, "respect_moderation": True}

    def speech(self, path: str, body: Mapping[str, Any]) -> Played:
        self._ledger.charge(f"speech-{next(self._numbers)}", len(body["text"]))
        wanted = body.get("output_format", {})
        codec, rate = wanted.get("codec", "mp3"), wanted.get("sample_rate", 24_000)
        bits = wanted.get("bit_rate", 128_000) // 1000 if codec == "mp3" else None
        made = sound(FORMS.get(codec, codec), rate, bits, SPEECH_SECONDS)
        content_type = SPEECH_TYPES.get(codec, f"audio/{codec}")
        if not body.get("with_timestamps"):
            return self._later(Answer(200, {"Content-Type": content_type}, made))
        return self._later(Answer(200, json=_timed(made, content_type, body["text"])))

    def _later(self, answer: Answer) -> Played:
        answer = answer.with_headers(("x-trace-id", f"trace-{next(self._numbers):08}"))
        return (Delay(self._seconds), answer) if self._seconds else answer


def _picture(body: Mapping[str, Any], number: int) -> Media:
    ratio = body.get("aspect_ratio", "1:1")
    across, down = (1.0, 1.0) if ratio == "auto" else map(float, ratio.split(":"))
    scale = LONGEST_SIDE[body.get("resolution", "1k")] / max(across, down)
    return numbered_png(round(across * scale), round(down * scale), number)


def _timed(made: bytes, content_type: str, text: str) -> dict[str, Any]:
    step = SPEECH_SECONDS / len(text)
    times = [[round(index * step, 4), round((index + 1) * step, 4)] for index in range(len(text))]
    return {
        "audio": base64.b64encode(made).decode(),
        "content_type": content_type,
        "duration": SPEECH_SECONDS,
        "audio_timestamps": {"graph_chars": list(text), "graph_times": times},
    }
