"""What the simulated endpoints make when a test does not say."""

from collections.abc import Callable, Mapping
from typing import Any, Literal

from tarash.testkit import media
from tarash.testkit.fal.jobs import MediaFile

Kind = Literal["video", "image", "audio"]

_AUDIO_WORDS = ("speech", "tts", "audio", "voice", "music", "sound", "lipsync-audio")
_VIDEO_WORDS = ("video", "veo", "sora", "kling", "seedance", "hailuo", "animate", "pixverse", "vidu")

_IMAGE_SIZES = {
    "square_hd": (1024, 1024),
    "square": (512, 512),
    "portrait_4_3": (768, 1024),
    "portrait_16_9": (576, 1024),
    "landscape_4_3": (1024, 768),
    "landscape_16_9": (1024, 576),
}
"""fal's presets, in pixels (fal-ai/fal at 2026-08-21)."""


def guess_kind(endpoint: str) -> Kind:
    """The kind of an endpoint that was not registered, by the words in its id."""
    if any(word in endpoint for word in _AUDIO_WORDS):
        return "audio"
    return "video" if any(word in endpoint for word in _VIDEO_WORDS) else "image"


def default_output(kind: Kind, arguments: Mapping[str, Any]) -> dict[str, Any]:
    return _DEFAULTS[kind](arguments)


def _video(arguments: Mapping[str, Any]) -> dict[str, Any]:
    try:
        made = media.mp4(str(arguments.get("aspect_ratio", "16:9")))
    except FileNotFoundError:
        made = media.mp4()
    facts = {"width": made.width, "height": made.height, "duration": made.duration}
    return {"video": MediaFile(made, facts), "seed": arguments.get("seed", 42)}


def _images(arguments: Mapping[str, Any]) -> dict[str, Any]:
    count = arguments.get("num_images", 1)
    made = media.png(*_image_size(arguments.get("image_size")))
    image = MediaFile(made, {"width": made.width, "height": made.height})
    return {
        "images": [image] * (count if isinstance(count, int) and 0 < count <= 16 else 1),
        "seed": arguments.get("seed", 42),
        "has_nsfw_concepts": [False],
        "prompt": arguments.get("prompt", ""),
        "timings": {},
    }


def _image_size(wanted: object) -> tuple[int, int]:
    if isinstance(wanted, Mapping):
        width, height = wanted.get("width"), wanted.get("height")
        if isinstance(width, int) and isinstance(height, int) and 0 < width * height <= 1 << 22:
            return width, height
    return _IMAGE_SIZES.get(str(wanted), (256, 192))


def _audio(arguments: Mapping[str, Any]) -> dict[str, Any]:
    made = media.mp3()
    assert made.duration is not None
    return {"audio": MediaFile(made), "duration_ms": round(made.duration * 1000)}


_DEFAULTS: dict[Kind, Callable[[Mapping[str, Any]], dict[str, Any]]] = {
    "video": _video,
    "image": _images,
    "audio": _audio,
}
