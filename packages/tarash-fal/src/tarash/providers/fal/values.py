"""Field mappers for what fal's models want in shapes of their own: sizes, switches, languages, formats and voices."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from math import gcd
from typing import Any

from tarash.providers.fal.catalogue import Input
from tarash.tarash_gateway.providers.field_mappers import (
    Converted,
    Converter,
    FieldMapper,
    Omit,
    parse_size,
    seconds_of,
)

PRESETS = {
    "1:1": "square_hd",
    "4:3": "landscape_4_3",
    "3:4": "portrait_4_3",
    "16:9": "landscape_16_9",
    "9:16": "portrait_16_9",
}
"""Sizes that fal has names for: square_hd is 1024x1024, landscape_4_3 1024x768, landscape_16_9 1024x576 pixels.

Source: fal's public server toolkit, 2026-08."""

WITHOUT_PRESET = {"21:9": (1344, 576), "9:21": (576, 1344), "3:2": (1152, 768), "2:3": (768, 1152)}
"""Pixels for ratios without a name: about one megapixel or less, in multiples of 64."""

ORIENTATIONS = {"16:9": ("landscape", "horizontal"), "9:16": ("portrait", "vertical"), "1:1": ("square",)}
RESOLUTIONS = {"4k": ("2160p", "4K"), "1080p": ("1080P", "1080"), "720p": ("720P", "720"), "480p": ("480P", "480")}
USUAL_FORMAT = "mp3"
"""The format of a request that names none."""

ON_OFF = (("enabled", "disabled"), ("on", "off"), ("true", "false"))
LINES = {"360p": 360, "480p": 480, "540p": 540, "720p": 720, "1080p": 1080, "1440p": 1440, "4k": 2160, "2160p": 2160}

_LANGUAGES = """
    af Afrikaans, ar Arabic, bg Bulgarian, ca Catalan, cs Czech, da Danish, de German, el Greek, en English, es Spanish,
    fi Finnish, fr French, he Hebrew, hi Hindi, hr Croatian, hu Hungarian, id Indonesian, it Italian, ja Japanese,
    ko Korean, ms Malay, nb Norwegian, nl Dutch, nn Nynorsk, no Norwegian, pl Polish, pt Portuguese, ro Romanian,
    ru Russian, sk Slovak, sl Slovenian, sv Swedish, th Thai, tr Turkish, uk Ukrainian, vi Vietnamese, zh Chinese
"""
LANGUAGES = {entry.split()[0]: entry.split()[1] for entry in _LANGUAGES.split(",")} | {"yue": "Chinese,Yue"}
"""ISO 639 codes and the names that models use for them."""


def listed(values: Iterable[Any]) -> str:
    return ", ".join(map(str, values))


def chosen_mapper(source: str, synonyms: Mapping[str, Sequence[str]], allowed: Sequence[Any] | None) -> FieldMapper:
    """The field as it is, or in the model's own word for it where it lists its words."""

    def convert(value: Any) -> Any:
        if not allowed or value in allowed:
            return value
        return next((word for word in synonyms.get(str(value).lower(), ()) if word in allowed), value)

    return FieldMapper((source,), convert)


def size_mapper(value: Input, sources: tuple[str, ...]) -> FieldMapper:
    """`size` ("1024x768") or `aspect_ratio` as a name of the model's, or as an object where it takes objects."""

    def convert(wanted: str) -> Any:
        return _size(wanted, value)

    return FieldMapper(sources, convert)


def _size(wanted: str, value: Input) -> Any:
    names = value.allowed or (() if value.type == "string" else tuple(PRESETS.values()))
    for name in (wanted, PRESETS.get(wanted)):
        if name in names:
            return name
    if value.type == "string":
        return _from_list(wanted, names) if names else wanted
    width, height = WITHOUT_PRESET[wanted] if wanted in WITHOUT_PRESET else parse_size(wanted)
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


def frame_size_mapper(value: Input) -> FieldMapper:
    """Pixels of a video from `resolution` and `aspect_ratio` together, or a name for the ratio alone."""

    def convert(found: Mapping[str, str]) -> Any:
        resolution, ratio = found.get("resolution"), found.get("aspect_ratio")
        if resolution in (value.allowed or ()):
            return resolution
        if ratio is None:
            raise Omit("the model takes a size in pixels; give aspect_ratio as well")
        if resolution is None or resolution.lower() not in LINES:
            return _size(ratio, value)
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


def language_mapper(value: Input) -> FieldMapper:
    """`language_code` (ISO) as the model spells languages: by code, or by English name where it lists names."""
    spelled = {str(one).lower(): one for one in value.allowed or ()}

    def convert(code: str) -> Any:
        base = code.replace("_", "-").partition("-")[0].lower()
        for wanted in (code, code.replace("_", "-"), LANGUAGES.get(base, code), base):
            if wanted.lower() in spelled:
                return spelled[wanted.lower()]
        return code

    return FieldMapper(("language_code",), convert)


def nearest_mapper(source: str, value: Input, factor: int = 1) -> FieldMapper:
    """A number, times `factor`; of a list of numbers the nearest."""
    known = {int(str(one)): one for one in value.allowed or () if str(one).isdigit()}

    def convert(number: int) -> Any:
        wanted = number * factor
        if not known:
            return wanted
        nearest = min(known, key=lambda one: abs(one - wanted))
        return known[nearest] if nearest == wanted else Converted(known[nearest], "rounded", f"of {listed(known)}")

    return FieldMapper((source,), convert)


def code_mapper(value: Input) -> FieldMapper:
    """An output format in one word, such as "mp3_44100_128" (ElevenLabs), "ogg_opus" or plain "mp3"."""
    allowed = [str(one) for one in value.allowed or ()]

    def convert(wanted: Any) -> Any:
        fitting = [one for one in allowed if wanted.format in one.split("_")[:2]]
        return (
            min(fitting, key=lambda one: _distance(one, wanted)) if fitting else _other_format(wanted.format, allowed)
        )

    return FieldMapper(("output_format",), convert)


def _other_format(wanted: str, allowed: Sequence[Any]) -> str:
    """A format that the model does not list. The usual one gives way, for most callers never asked for it."""
    if allowed and wanted == USUAL_FORMAT:
        raise Omit(f"the model makes {listed(allowed)}")
    return wanted


def _distance(code: str, wanted: Any) -> tuple[int, int]:
    numbers = [int(part) for part in code.split("_")[1:] if part.isdigit()] + [0, 0]
    return abs(numbers[0] - (wanted.sample_rate or 0)), abs(numbers[1] - (wanted.bitrate or 0))


def voice_mapper(value: Input, *, strict: bool) -> FieldMapper:
    """A voice as an object: its id, and `voice_settings` beside it. With `strict`, settings it lacks are refused."""
    identity = next((name for name in ("voice_id", "id", "voice") if name in value.fields), "voice_id")
    known = [name for name in value.fields if name != identity]

    def convert(found: Mapping[str, Any]) -> dict[str, Any]:
        settings = dict(found.get("voice_settings") or {})
        unknown = [name for name in settings if name not in known]
        if unknown and strict:
            raise ValueError(f"the model has no voice setting {listed(unknown)}; it has {listed(known)}")
        return {**settings, identity: found["voice_id"]} if "voice_id" in found else settings

    return FieldMapper(("voice_id", "voice_settings"), convert, together=True)


def word_mapper(value: Input) -> FieldMapper:
    """The name of an audio format."""
    allowed = value.allowed or ()

    def convert(wanted: str) -> str:
        return wanted if wanted in allowed else _other_format(wanted, allowed)

    return FieldMapper(("output_format.format",), convert, allowed=value.allowed)


def format_mappers(name: str, value: Input) -> dict[str, FieldMapper]:
    """The parts of an audio format given as an object. Bitrates are in bit/s there, in kbit/s with us."""
    found: dict[str, FieldMapper] = {}
    if (kind := value.fields.get("format")) is not None:
        found[f"{name}.format"] = word_mapper(kind)
    if (rate := value.fields.get("sample_rate")) is not None:
        found[f"{name}.sample_rate"] = nearest_mapper("output_format.sample_rate", rate)
    if (bitrate := value.fields.get("bitrate")) is not None:
        found[f"{name}.bitrate"] = nearest_mapper("output_format.bitrate", bitrate, 1000)
    return found
