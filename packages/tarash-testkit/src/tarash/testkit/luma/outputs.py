"""What generations bring forth: media that really decode, in the shape that was asked for."""

import math
from collections.abc import Mapping
from typing import Any

from tarash.testkit.media import Media, mp4, png

SHAPES = ("16:9", "9:16", "1:1", "4:3", "3:4", "21:9")
LONG_SIDE = 128
LAYERS = ("lighthouse", "sea")


def outputs_of(kind: str, body: Mapping[str, Any]) -> list[Media]:
    across, down = map(int, str(body.get("aspect_ratio") or "16:9").split(":"))
    if kind == "video":
        return [mp4(min(SHAPES, key=lambda shape: _distance(shape, across / down)))]
    scale = LONG_SIDE / max(across, down)
    count = len(LAYERS) if body.get("type") == "layering" else 1
    sides = round(across * scale), round(down * scale)
    return [png(*sides, (60 * number, 92, 160)) for number in range(count)]


def layer(number: int) -> dict[str, Any]:
    """What is told of one layer of a picture that was taken apart; the last one is the background."""
    hint = "none" if number == len(LAYERS) - 1 else "soft"
    return {"index": number, "label": LAYERS[number], "description": f"the {LAYERS[number]}", "alpha_hint": hint}


def _distance(shape: str, ratio: float) -> float:
    across, down = map(int, shape.split(":"))
    return abs(math.log(across / down / ratio))


def price(kind: str, body: Mapping[str, Any]) -> int:
    """Cents, roughly as the vendor counts: ten for a second of video, two for an image."""
    if kind == "image":
        return 2
    options = body.get("video")
    seconds = str((options if isinstance(options, dict) else body).get("duration") or "5s")
    return 10 * int(seconds.rstrip("s"))
