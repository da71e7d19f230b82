"""From a resolution ("720p") and an aspect ratio ("16:9") to one of the sizes in pixels that a vendor lists."""

from __future__ import annotations

import math
import re
from collections.abc import Mapping, Sequence
from functools import cache

# fmt: off
SHAPES = (
    "16:9", "9:16", "1:1", "4:3", "3:4", "21:9", "9:21", "3:2", "2:3", "5:4", "4:5", "2:1", "1:2", "4:1", "1:4",
    "8:1", "1:8",
)
# fmt: on
RESOLUTIONS = {"360p": 360, "480p": 480, "720p": 720, "1080p": 1080, "4k": 2160}
USUAL_RESOLUTION, USUAL_SHAPE = "720p", "16:9"
TOLERANCE = 0.04
"""Sizes are rounded to what encoders like: 864x496 is meant to be 16:9."""

_PIXELS = re.compile(r"(\d{3,5})[:xX](\d{3,5})\Z")

NamedSizes = Mapping[tuple[str, str], str]
"""By resolution and shape the vendor's own spelling of a size."""


def sides(value: str) -> tuple[int, int] | None:
    """Width and height of "1280:720" or "1280x720"; None for a shape ("16:9") or a word ("auto")."""
    match = _PIXELS.match(value)
    return (int(match[1]), int(match[2])) if match else None


def area(value: str) -> int:
    return math.prod(sides(value) or (1,))


def shape_of(width: int, height: int) -> str | None:
    """The usual name of a shape, within `TOLERANCE`; None for an unusual one."""
    nearest = nearest_shape(width, height, SHAPES)
    return nearest if _distance(nearest, width, height) <= TOLERANCE else None


def nearest_shape(width: int, height: int, shapes: Sequence[str]) -> str:
    """The shape ("16:9") of a list that is most like the given sides."""
    return min(shapes, key=lambda shape: _distance(shape, width, height))


def _distance(shape: str, width: int, height: int) -> float:
    across, down = map(int, shape.split(":"))
    return abs(math.log(width * down / (height * across)))


@cache
def by_shape(values: tuple[str, ...]) -> Mapping[str, Sequence[str]]:
    """The sizes of each shape, smallest first. What is no size, or of an unusual shape, is left out."""
    groups: dict[str, list[str]] = {}
    for value in sorted(values, key=area):
        pixels = sides(value)
        shape = shape_of(*pixels) if pixels else None
        if shape:
            groups.setdefault(shape, []).append(value)
    return groups


@cache
def named_sizes(values: tuple[str, ...]) -> NamedSizes:
    """Sizes by resolution and shape: those of 16:9 tell the resolutions, and other shapes come in step with them.

    So a square of 960 pixels is 720p for a vendor whose sizes have equal areas, and one of 720 for a vendor whose sizes
    have equal heights.
    """
    groups = by_shape(values)
    names = [_resolution(value) for value in groups.get(USUAL_SHAPE, ())]
    return {(name, shape): value for shape, group in groups.items() for name, value in zip(names, group, strict=False)}


def _resolution(value: str) -> str:
    short = min(sides(value) or (1,))
    return min(RESOLUTIONS, key=lambda name: abs(math.log(RESOLUTIONS[name] / short)))


def choose_size(table: NamedSizes, resolution: str | None, shape: str | None) -> str:
    """The size for what is given; 720p (or the smallest) and 16:9 for what is not. Raises ValueError with the list."""
    names = [name for name, _ in table]
    usual = USUAL_RESOLUTION if USUAL_RESOLUTION in names else next(iter(names), "")
    wanted = (resolution or usual, shape or USUAL_SHAPE)
    if wanted not in table:
        known = ", ".join(f"{name} {form} ({size})" for (name, form), size in table.items())
        raise ValueError(f"there is no {' '.join(wanted)}; the model makes {known}")
    return table[wanted]
