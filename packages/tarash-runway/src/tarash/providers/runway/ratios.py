"""From an aspect ratio and a resolution to one of the sizes "WIDTH:HEIGHT" that a model makes."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from functools import cache
from typing import Any

from tarash.tarash_gateway.providers.sizes import area, by_shape, choose_size, named_sizes, sides

USUAL_PIXELS = 1024 * 1024
GEN4_SIZES = {
    "16:9": "1920:1080",
    "9:16": "1080:1920",
    "4:3": "1440:1080",
    "3:4": "1080:1440",
    "21:9": "2112:912",
}
"""Gen-4 images: their usual sizes, where several have the same shape."""


def video_size(values: Sequence[str], found: Mapping[str, Any]) -> str:
    """The size for `resolution`, `aspect_ratio`, or both. Raises ValueError with the sizes that there are."""
    given = {name: str(value).lower() for name, value in found.items()}
    plain = [value.replace("x", ":") for value in given.values() if value in values or sides(value)]
    if plain and len(given) > 1:
        raise ValueError(f"{plain[0]} says all: give it alone, as aspect_ratio or as resolution")
    resolution, shape = given.get("resolution"), given.get("aspect_ratio")
    automatic = f"auto_{resolution}"
    if plain or (shape is None and automatic in values):
        return plain[0] if plain else automatic
    return choose_size(named_sizes(tuple(values)), resolution, shape)


@cache
def image_sizes(values: tuple[str, ...]) -> Mapping[str, str]:
    """For each shape the size that is nearest to a million pixels, or the model's usual one."""
    sizes = {
        shape: min(group, key=lambda value: abs(math.log(area(value) / USUAL_PIXELS)))
        for shape, group in by_shape(values).items()
    }
    return {**sizes, **GEN4_SIZES} if set(GEN4_SIZES.values()) <= set(values) else sizes


def usual_video_size(values: Sequence[str]) -> str:
    """What is sent where the vendor wants a ratio and the caller named none."""
    return choose_size(named_sizes(tuple(values)), None, None)


def usual_image_size(values: Sequence[str]) -> str:
    return next((value for value in ("auto", "1024:1024") if value in values), values[0])
