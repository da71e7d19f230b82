"""What tasks bring forth: media that really decode, in the shape that was asked for."""

import math
from collections.abc import Mapping
from importlib import resources
from typing import Any

from tarash.testkit.media import Media, mp3, mp4, png, wav

SHAPES = ("16:9", "9:16", "1:1", "4:3", "3:4", "21:9")
LARGEST_SIDE = 512
"""Pictures are made smaller than asked for, to be quick; their shape is right."""


def outputs_of(endpoint: str, body: Mapping[str, Any]) -> list[Media]:
    width, height = _sides(str(body.get("ratio", "")))
    if endpoint == "text_to_image":
        count = body.get("outputCount", 1)
        scale = min(1.0, LARGEST_SIDE / max(width, height))
        sides = max(1, round(width * scale)), max(1, round(height * scale))
        return [png(*sides, (40 * number % 256, 92, 160)) for number in range(int(count))]
    if endpoint in ("text_to_speech", "speech_to_speech", "sound_effect"):
        return [_sound(str(body.get("outputFormat") or body.get("format") or "mp3"), body)]
    return [mp4(_nearest_shape(width / height))]


def _sound(wanted: str, body: Mapping[str, Any]) -> Media:
    match wanted:
        case "wav":
            return wav(0.4, int(body.get("sampleRate", 24_000)))
        case "ogg_opus" | "flac":
            name = {"ogg_opus": "audio.opus", "flac": "audio.flac"}[wanted]
            content = (resources.files("tarash.tarash_gateway") / "assets" / name).read_bytes()
            return Media(content, "audio/ogg" if wanted == "ogg_opus" else "audio/flac", name)
        case _:
            return mp3()


def _sides(ratio: str) -> tuple[int, int]:
    width, _, height = ratio.partition(":")
    return (int(width), int(height)) if width.isdigit() and height.isdigit() else (16, 9)


def _nearest_shape(ratio: float) -> str:
    def distance(shape: str) -> float:
        across, down = map(int, shape.split(":"))
        return abs(math.log(across / down / ratio))

    return min(SHAPES, key=distance)


def price(endpoint: str, body: Mapping[str, Any]) -> int:
    """Credits, roughly as the vendor counts: five for a second of video or for an image, one for speech."""
    if endpoint in ("text_to_speech", "speech_to_speech", "sound_effect"):
        return 1
    number = body.get("outputCount", 1) if endpoint == "text_to_image" else body.get("duration", 5)
    return 5 * (number if isinstance(number, int) else 5)
