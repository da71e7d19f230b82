"""Field mappers for what models want in forms of their own: sizes, ratios, switches, frames."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from math import gcd
from typing import Any

from tarash.tarash_gateway.providers.field_mappers import (
    Converted,
    Converter,
    FieldMapper,
    Omit,
    parse_size,
    seconds_of,
)
from tarash.tarash_gateway.providers.schemas.inputs import Input

RatioSizes = Mapping[str, str | tuple[int, int]]
"""By aspect ratio the vendor's name of a size, or its pixels where it has no name."""

ORIENTATIONS = {"16:9": ("landscape", "horizontal"), "9:16": ("portrait", "vertical"), "1:1": ("square",)}
RESOLUTIONS = {"4k": ("2160p", "4K"), "1080p": ("1080P", "1080"), "720p": ("720P", "720"), "480p": ("480P", "480")}
ON_OFF = (("enabled", "disabled"), ("on", "off"), ("true", "false"))
LINES = {"360p": 360, "480p": 480, "540p": 540, "720p": 720, "1080p": 1080, "1440p": 1440, "4k": 2160, "2160p": 2160}


def listed(values: Iterable[Any]) -> str:
    return ", ".join(map(str, values))


def chosen_mapper(source: str, synonyms: Mapping[str, Sequence[str]], allowed: Sequence[Any] | None) -> FieldMapper:
    """The field as it is, or in the model's own word for it where it lists its words."""

    def convert(value: Any) -> Any:
        if not allowed or value in allowed:
            return value
        return next((word for word in synonyms.get(str(value).lower(), ()) if word in allowed), value)

    return FieldMapper((source,), convert)


def size_mapper(value: Input, sources: tuple[str, ...], ratios: RatioSizes) -> FieldMapper:
    """`size` ("1024x768") or `aspect_ratio` as a name of the model's, or as an object where it takes objects."""

    def convert(wanted: str) -> Any:
        return _size(wanted, value, ratios)

    return FieldMapper(sources, convert)


def _size(wanted: str, value: Input, ratios: RatioSizes) -> Any:
    meant = ratios.get(wanted)
    usual = () if value.type == "string" else tuple(name for name in ratios.values() if isinstance(name, str))
    names = value.allowed or usual
    for name in (wanted, meant):
        if name in names:
            return name
    if value.type == "string":
        return _from_list(wanted, names) if names else wanted
    width, height = meant if isinstance(meant, tuple) else parse_size(wanted)
    return {"width": width, "height": height}


def _from_list(wanted: str, names: Sequence[Any]) -> Any:
    """The very size, or the first of a list that has the wanted ratio."""
    return next((name for name in names if wanted in (str(name), ratio_of(str(name)))), wanted)


def ratio_of(size: str) -> str | None:
    """The ratio of a size ("16:9" for "1280x720"); None for anything that is no size."""
    try:
        width, height = parse_size(size)
    except ValueError:
        return None
    shared = gcd(width, height)
    return f"{width // shared}:{height // shared}"


def frame_size_mapper(value: Input, ratios: RatioSizes) -> FieldMapper:
    """Pixels of a video from `resolution` and `aspect_ratio` together, or a name for the ratio alone."""

    def convert(found: Mapping[str, str]) -> Any:
        resolution, ratio = found.get("resolution"), found.get("aspect_ratio")
        if resolution in (value.allowed or ()):
            return resolution
        if ratio is None:
            raise Omit("the model takes a size in pixels; give aspect_ratio as well")
        if resolution is None or resolution.lower() not in LINES:
            return _size(ratio, value, ratios)
        return _pixels(LINES[resolution.lower()], ratio)

    return FieldMapper(("resolution", "aspect_ratio"), convert, together=True)


def _pixels(lines: int, ratio: str) -> dict[str, int]:
    """A frame whose shorter side has `lines` pixels; both sides are even, as video codecs want them."""
    across, _, down = ratio.partition(":")
    shape = float(across) / float(down)
    longer = round(lines * max(shape, 1 / shape) / 2) * 2
    return {"width": longer, "height": lines} if shape >= 1 else {"width": lines, "height": longer}


def ratio_mapper(value: Input, *, with_size: bool) -> FieldMapper:
    """`aspect_ratio` in the model's words; a `size` gives its ratio to a model that takes no pixels."""
    allowed = value.allowed

    def convert(wanted: str) -> Any:
        ratio = ratio_of(wanted)
        if ratio is not None and (not allowed or ratio in allowed):
            return Converted(ratio, reason="the model takes a ratio instead of pixels")
        if ratio is not None:
            raise Omit(f"the model takes a ratio instead of pixels, one of {listed(allowed or ())}")
        if not allowed or wanted in allowed:
            return wanted
        return next((word for word in ORIENTATIONS.get(wanted, ()) if word in allowed), wanted)

    return FieldMapper(("aspect_ratio", "size") if with_size else ("aspect_ratio",), convert)


def side_mapper(index: int) -> FieldMapper:
    """The width (0) or height (1) of `size` as a number of its own."""
    return FieldMapper(("size",), lambda size: parse_size(size)[index])


def switch_mapper(source: str, value: Input) -> FieldMapper | None:
    """A switch: as a boolean, or spelled out where the model lists words for on and off."""
    if value.type in ("boolean", "unknown"):
        return FieldMapper((source,))
    words = {str(word).lower(): word for word in value.allowed or ()}
    pair = next(((on, off) for on, off in ON_OFF if on in words and off in words), None)
    return FieldMapper((source,), lambda wanted: words[pair[not wanted]]) if pair else None


def frames_mapper(value: Input, frames_per_second: float) -> FieldMapper:
    """A number of frames for `duration_seconds`; of a list of numbers the nearest."""
    known = {float(str(one)): one for one in value.allowed or () if seconds_of(one) is not None}

    def convert(seconds: float) -> Converted:
        wanted = round(seconds * frames_per_second) + 1
        if not known:
            return Converted(wanted, reason=f"at {frames_per_second:g} frames per second")
        nearest = min(known, key=lambda one: abs(one - wanted))
        return Converted(known[nearest], "rounded", f"the model makes {listed(value.allowed or ())} frames")

    return FieldMapper(("duration_seconds",), convert)


def wrapped(name: str) -> Converter:
    """Each picture of a list as an object that holds its link, such as an element of Kling's."""
    return lambda images: [{name: image} for image in images]
