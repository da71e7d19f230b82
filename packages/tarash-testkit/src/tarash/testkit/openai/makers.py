"""Images and speech, which are made while the caller waits."""

import base64
import re
from collections.abc import Callable
from typing import Any

from tarash.testkit.clock import VirtualClock
from tarash.testkit.ledger import Ledger
from tarash.testkit.openai import bodies, errors, media
from tarash.testkit.openai.bodies import Body
from tarash.testkit.openai.routes import Call
from tarash.testkit.requests import Part
from tarash.testkit.steps import Answer, Delay, Played
from tarash.testkit.vendor import Refused

IMAGE_TYPES = ("image/png", "image/jpeg", "image/webp")
COMMON = frozenset(
    {
        *("model", "prompt", "n", "size", "quality", "background"),
        *("output_format", "output_compression", "moderation", "complexity", "frame_count", "frame_duration_ms"),
        *("svg", "stream", "partial_images", "safety_identifier", "user", "response_format"),
    }
)
GENERATE = COMMON | {"style"}
EDIT = COMMON | {"image", "mask", "markup", "input_fidelity"}
SPEECH = frozenset({"model", "input", "voice", "response_format", "speed", "instructions", "stream_format"})
FORMATS = ("mp3", "opus", "aac", "flac", "wav", "pcm")
SPEECH_TYPES = {"mp3": "audio/mpeg", "opus": "audio/opus", "pcm": "audio/pcm"}
QUALITY = ("low", "medium", "high", "xhigh", "max", "auto", "standard", "hd")
_SIZE = re.compile(r"[1-9]\d{1,3}x[1-9]\d{1,3}")
LONGEST_EDGE = 3840


class Makers:
    """Makes at once what was asked for, `seconds` of virtual time later."""

    def __init__(
        self, clock: VirtualClock, ledger: Ledger, seconds: float, publish: Callable[[bytes, str], str]
    ) -> None:
        self._clock, self._ledger, self._seconds, self._publish = clock, ledger, seconds, publish
        self._count = 0

    def generate(self, call: Call) -> Played:
        return self._images(call, bodies.read(call.request, GENERATE))

    def edit_image(self, call: Call) -> Played:
        body = bodies.read(call.request, EDIT)
        images = [part for name in ("image", "image[]") for part in body.files.get(name, ())]
        if not images:
            raise Refused(errors.missing("image"))
        for image in images:
            if image.content_type not in IMAGE_TYPES:
                raise Refused(errors.invalid_value("image", f"unsupported mimetype ('{image.content_type}')"))
        for mask in body.files.get("mask", ()):
            _judge_mask(mask, images[0])
        return self._images(call, body)

    def _images(self, call: Call, body: Body) -> Played:
        model, prompt = body.text("model"), body.text("prompt")
        legacy = model.startswith("dall-e")
        strange = [name for name in ("response_format", "style") if name in body.values]
        if strange and model.startswith("gpt-image"):
            raise Refused(errors.unknown_parameter(strange[0]))
        count = int(body.number("n", 1, 1 if model == "dall-e-3" else 10, 1))
        size = _size(body)
        formats = ("png", "jpeg") if call.at_azure else ("png", "jpeg", "webp")
        wanted = body.choice("output_format", formats, "png")
        body.choice("quality", QUALITY, "auto")
        pictures = [media.sized_picture(size, wanted, number) for number in range(count)]
        self._charge("image", count)
        as_link = legacy and body.values.get("response_format", "url") == "url"
        items = [self._item(picture, wanted, as_link) for picture in pictures]
        if model == "dall-e-3":
            items[0]["revised_prompt"] = f"{prompt}, in detail"
        return self._later(Answer(200, json=self._about(items, legacy, size, wanted, body)))

    def _about(self, items: list[dict[str, Any]], legacy: bool, size: str, wanted: str, body: Body) -> dict[str, Any]:
        answer: dict[str, Any] = {"created": int(self._clock.wall()), "data": items}
        if not legacy:
            answer |= {"background": "opaque", "output_format": wanted, "size": size}
            answer["quality"] = body.values.get("quality", "high")
            details = {"image_tokens": 0, "text_tokens": 9}
            usage = {"input_tokens": 9, "output_tokens": 272, "total_tokens": 281, "input_tokens_details": details}
            answer["usage"] = usage
        return answer

    def _item(self, picture: bytes, wanted: str, as_link: bool) -> dict[str, Any]:
        if as_link:
            return {"url": self._publish(picture, f"image/{wanted}")}
        return {"b64_json": base64.b64encode(picture).decode()}

    def speech(self, call: Call) -> Played:
        body = bodies.read(call.request, SPEECH)
        body.text("model")
        body.text("input", longest=4096)
        voice = body.values.get("voice")
        if not (isinstance(voice, str) and voice) and not (isinstance(voice, dict) and voice.get("id")):
            raise Refused(errors.missing("voice"))
        body.number("speed", 0.25, 4.0, 1.0)
        wanted = body.choice("response_format", FORMATS, "mp3")
        self._charge("speech", 1)
        headers = {"Content-Type": SPEECH_TYPES.get(wanted, f"audio/{wanted}")}
        return self._later(Answer(200, headers, media.speech(wanted)))

    def _charge(self, what: str, amount: float) -> None:
        self._count += 1
        self._ledger.charge(f"{what}-{self._count}", amount)

    def _later(self, answer: Answer) -> Played:
        answer = answer.with_headers(("x-request-id", f"req_{self._count:08}"))
        return (Delay(self._seconds), answer) if self._seconds else answer


def _size(body: Body) -> str:
    size = str(body.values.get("size", "auto"))
    if size == "auto":
        return "1024x1024"
    if not _SIZE.fullmatch(size) or max(map(int, size.split("x"))) > LONGEST_EDGE:
        raise Refused(errors.invalid_value("size", f"{size!r} is no size"))
    return size


def _judge_mask(mask: Part, image: Part) -> None:
    size = bodies.sizes_of(mask.content)
    if size is None or not bodies.has_alpha(mask.content):
        raise Refused(errors.invalid_value("mask", "the mask must be a PNG with an alpha channel"))
    wanted = bodies.sizes_of(image.content)
    if wanted is not None and wanted != size:
        raise Refused(errors.invalid_value("mask", "the mask must have the size of the image"))
