"""Reading and judging bodies: JSON with the parameters that are known, and their values.

Sources: docs.x.ai, texts and descriptors of xai-sdk 1.21.0 (PyPI), the OpenAPI document of the tryAGI client (2026-08).
"""

import itertools
import json
from collections.abc import Callable, Collection
from typing import Any

from tarash.testkit.requests import RecordedRequest
from tarash.testkit.vendor import Refused
from tarash.testkit.xai import errors

# fmt: off
IMAGE_RATIOS = (
    "1:1", "3:4", "4:3", "9:16", "16:9", "2:3", "3:2", "9:19.5", "19.5:9", "9:20", "20:9", "1:2", "2:1", "auto",
)
# fmt: on
VIDEO_RATIOS = ("1:1", "16:9", "9:16", "4:3", "3:4", "3:2", "2:3")
IMAGE_MODELS = (
    "grok-imagine-image",
    "grok-imagine-image-2.0",
    "grok-imagine-image-quality",
    "grok-imagine-image-pro",
)
VIDEO_MODELS = (
    "grok-imagine-video",
    "grok-imagine-video-1.5",
    "grok-imagine-video-1.5-preview",
    "grok-imagine-video-1.5-2026-05-30",
    "grok-imagine-video-1.5-lite",
)
WITH_PINS = VIDEO_MODELS[1:]
KEYFRAME_GAP = 1 / 3

Has = Callable[[str], bool]
"""Whether a file with an id is there."""

Check = Callable[[Any, Has], bool]


def one_of(values: Collection[Any]) -> Check:
    return lambda value, has: not isinstance(value, bool) and value in values


def whole(low: int, high: int) -> Check:
    return lambda value, has: type(value) is int and low <= value <= high


def number(low: float, high: float) -> Check:
    return lambda value, has: type(value) in (int, float) and low <= value <= high


def a(kind: type) -> Check:
    return lambda value, has: type(value) is kind


def text(longest: int) -> Check:
    return lambda value, has: isinstance(value, str) and 0 < len(value) <= longest


def place(value: Any, has: Has) -> bool:
    """A link, a data URI, or the id of a file."""
    if not isinstance(value, dict) or not value.keys() <= {"url", "file_id"} or len(value) != 1:
        return False
    link = value.get("url")
    return has(value["file_id"]) if link is None else str(link).startswith(("https://", "http://", "data:"))


def picture(value: Any, has: Has) -> bool:
    """An input of an image edit, which names its type."""
    if not isinstance(value, dict) or value.get("type") != "image_url":
        return False
    return place({name: item for name, item in value.items() if name != "type"}, has)


def several(check: Check, most: int, least: int = 1) -> Check:
    return lambda value, has: (
        isinstance(value, list) and least <= len(value) <= most and all(check(one, has) for one in value)
    )


def keyframe(value: Any, has: Has) -> bool:
    known = isinstance(value, dict) and value.keys() == {"image", "timestamp_s"}
    return known and place(value["image"], has) and number(0, 15)(value["timestamp_s"], has)


def voice(value: Any, has: Has) -> bool:
    return isinstance(value, dict) and value.keys() == {"voice_id"} and isinstance(value["voice_id"], str)


def storage(value: Any, has: Has) -> bool:
    known = isinstance(value, dict) and value.keys() <= {"filename", "expires_after", "public_url"}
    return known and isinstance(value.get("filename"), str)


def audio_format(value: Any, has: Has) -> bool:
    if not isinstance(value, dict) or not value.keys() <= {"codec", "sample_rate", "bit_rate"}:
        return False
    codec, rate, bits = value.get("codec"), value.get("sample_rate", 24_000), value.get("bit_rate")
    fits = codec in ("mp3", "wav", "pcm", "mulaw", "alaw") and rate in (8000, 16000, 22050, 24000, 44100, 48000)
    return fits and (bits is None or (codec == "mp3" and bits in (32000, 64000, 96000, 128000, 192000)))


_EVERY: dict[str, Check] = {"model": a(str), "user": a(str), "storage_options": storage}
_IMAGE: dict[str, Check] = {
    **_EVERY,
    "prompt": text(32_000),
    "n": whole(1, 10),
    "aspect_ratio": one_of(IMAGE_RATIOS),
    "resolution": one_of(("1k", "2k")),
    "quality": one_of(("low", "medium")),
    "response_format": one_of(("url", "b64_json")),
}
_SOURCE: dict[str, Check] = {"prompt": text(32_000), "video": place}
CHECKS: dict[str, dict[str, Check]] = {
    "images/generations": _IMAGE,
    "images/edits": {**_IMAGE, "image": picture, "images": several(picture, 3, 2)},
    "videos/generations": {
        **_EVERY,
        "prompt": a(str),
        "duration": whole(1, 15),
        "aspect_ratio": one_of(VIDEO_RATIOS),
        "resolution": one_of(("480p", "720p", "1080p")),
        "generate_audio": a(bool),
        "image": place,
        "last_frame": place,
        "keyframes": several(keyframe, 4),
        "reference_images": several(place, 7),
        "reference_audios": several(voice, 3),
    },
    "videos/edits": {**_EVERY, **_SOURCE},
    "videos/extensions": {
        "model": a(str),
        "storage_options": storage,
        **_SOURCE,
        "duration": whole(1, 10),
    },
    "tts": {
        "text": text(15_000),
        "voice_id": a(str),
        "language": text(40),
        "output_format": audio_format,
        "speed": number(0.7, 1.5),
        "optimize_streaming_latency": one_of((0, 1, 2)),
        "text_normalization": a(bool),
        "with_timestamps": a(bool),
        "replace": a(dict),
    },
}
REQUIRED: dict[str, tuple[str, ...]] = {
    "images/generations": ("model", "prompt"),
    "images/edits": ("model", "prompt"),
    "videos/generations": ("model", "prompt"),
    "videos/edits": ("model", "prompt", "video"),
    "videos/extensions": ("model", "prompt", "video"),
    "tts": ("text", "language"),
}


def read(request: RecordedRequest, path: str, has: Has, *, unknown: bool = False) -> dict[str, Any]:
    """The parameters. Raises `Refused` for what the vendor would not take; with `unknown` any model is there."""
    if (request.headers.get("content-type") or "").partition(";")[0] != "application/json":
        raise Refused(
            errors.error(415, "unsupported-media-type", "Expected request with `Content-Type: application/json`")
        )
    try:
        body = json.loads(request.body)
    except ValueError:
        raise Refused(errors.unreadable("Failed to parse the request body as JSON.")) from None
    if not isinstance(body, dict):
        raise Refused(errors.unreadable("The request body must be an object."))
    for name, value in body.items():
        if name not in CHECKS[path]:
            raise Refused(errors.unreadable(f"unknown field `{name}`"))
        if not CHECKS[path][name](value, has):
            raise Refused(errors.invalid(f"Invalid value for `{name}`."))
    for name in REQUIRED[path]:
        if name not in body:
            raise Refused(errors.unreadable(f"missing field `{name}`"))
    if not unknown or body.get("model") in (*IMAGE_MODELS, *VIDEO_MODELS):
        _judge(path, body)
    return body


def _judge(path: str, body: dict[str, Any]) -> None:
    """What the parameters may not be together."""
    model = body.get("model", "")
    if path.startswith("videos"):
        if model not in VIDEO_MODELS:
            raise Refused(errors.unknown_model(model))
        _judge_video(model, body)
    if path.startswith("images"):
        if model not in IMAGE_MODELS:
            raise Refused(errors.unknown_model(model))
        _judge_image(path, model, body)


def _judge_image(path: str, model: str, body: dict[str, Any]) -> None:
    if path == "images/edits" and ("image" in body) == ("images" in body):
        raise Refused(errors.invalid("Give either `image` or `images`."))
    if "image" in body and "aspect_ratio" in body:
        raise Refused(errors.invalid("`aspect_ratio` cannot be set with one input image."))
    if "quality" in body and model != "grok-imagine-image-2.0":
        raise Refused(errors.invalid("`quality` is not supported by this model."))


def _judge_video(model: str, body: dict[str, Any]) -> None:
    pins = [name for name in ("image", "last_frame", "keyframes") if name in body]
    if not body["prompt"] and (not pins or model not in WITH_PINS):
        raise Refused(errors.invalid("`prompt` must not be empty."))
    if model not in WITH_PINS and ({"last_frame", "keyframes", "reference_audios"} & body.keys()):
        raise Refused(errors.invalid("This model does not support pinned frames or voices."))
    if model not in WITH_PINS and "image" in body and "reference_images" in body:
        raise Refused(errors.invalid("`image` cannot be combined with `reference_images`."))
    if body.get("resolution") == "1080p" and (model not in WITH_PINS or "reference_images" in body):
        raise Refused(errors.invalid("1080p is not supported here."))
    moments = sorted(frame["timestamp_s"] for frame in body.get("keyframes", ()))
    length = body.get("duration", 8)
    close = any(later - earlier < KEYFRAME_GAP for earlier, later in itertools.pairwise(moments))
    if close or not all(0 < moment < length for moment in moments):
        raise Refused(errors.invalid("The keyframes are too close, or outside of the video."))
