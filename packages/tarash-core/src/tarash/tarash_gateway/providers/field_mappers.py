"""Field mappings: for each of a vendor's parameters, which field of the request it takes, and how.

A mapping is data, `{vendor parameter: FieldMapper}`. A dot in a parameter's name nests: "voice_setting.speed" is sent
as `{"voice_setting": {"speed": ...}}`; a dot in a source reads into a field: "output_format.sample_rate".
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any, Literal, TypeVar

_SIZE = re.compile(r"\s*(\d{1,5})\s*[xX*\u00d7]\s*(\d{1,5})\s*\Z")


@dataclass(frozen=True, slots=True)
class Converted:
    """A converter's answer when the value was changed in a way that people should know of."""

    value: Any
    outcome: Literal["converted", "rounded"] = "converted"
    reason: str | None = None


class Omit(Exception):  # noqa: N818 - a converter's way to say "send nothing", not an error
    """Raised by a converter that has nothing to send for this value; the message says why."""


class Elsewhere(Omit):
    """Raised by a converter that leaves this value to another parameter with the same source: nothing is told of it."""


Converter = Callable[[Any], Any]


@dataclass(frozen=True, slots=True)
class TextLimit:
    """How long a text may be, as the vendor counts it: `count` gives at least one for each character of Python's."""

    most: int
    unit: str = "characters"
    count: Callable[[str], int] = len


@dataclass(frozen=True, slots=True)
class FieldMapper:
    """How one vendor parameter is filled.

    `sources` are fields of the request; the first that is set is taken. `convert` returns the vendor's value (or
    `Converted`), raises ValueError to refuse the value with a reason, or `Omit`. `allowed`, `minimum` and `maximum`
    judge the vendor's value. With `strict` false they, and `required`, only warn: the knowledge may be old.
    `roles` makes it take images of `image_list` by the part they play, in order of preference: one image, or with
    `many` all of them, in the caller's order. `constant` is sent when no source is set. With `together` all sources
    that are set make the value: `convert` is given a dict of them. `longest` limits a text; one that is to be spoken
    can be split by it.
    """

    sources: tuple[str, ...] = ()
    convert: Converter | None = None
    required: bool = False
    allowed: tuple[Any, ...] | None = None
    minimum: float | None = None
    maximum: float | None = None
    roles: tuple[str, ...] = ()
    many: bool = False
    strict: bool = True
    constant: Any = None
    together: bool = False
    longest: TextLimit | None = None

    def lenient(self) -> FieldMapper:
        """The same mapper, whose limits only warn."""
        return replace(self, strict=False)


FieldMapping = Mapping[str, FieldMapper]
LOCAL = "local."
"""Begins the name of a parameter that is in the payload for the step itself: callers are told of no such parameter."""

Mapped = TypeVar("Mapped")


def find_mapping(mappings: Mapping[str, Mapped], model: str) -> Mapped | None:
    """Look up by exact model id, then by the longest prefix, then the generic mapping under ""."""
    if model in mappings:
        return mappings[model]
    prefixes = [prefix for prefix in mappings if model.startswith(prefix)]
    return mappings[max(prefixes, key=len)] if prefixes else None


def passthrough_field_mapper(
    source: str,
    required: bool = False,
    *,
    allowed: Sequence[Any] | None = None,
    minimum: float | None = None,
    maximum: float | None = None,
) -> FieldMapper:
    """Send the field as it is."""
    return FieldMapper((source,), required=required, allowed=_frozen(allowed), minimum=minimum, maximum=maximum)


def text_field_mapper(source: str, *, maximum: int | None = None, required: bool = False) -> FieldMapper:
    """Send a text of at most `maximum` characters; a longer one is refused."""
    return FieldMapper((source,), required=required, longest=None if maximum is None else TextLimit(maximum))


def omitted_field_mapper(source: str, reason: str) -> FieldMapper:
    """Send nothing for a field, and tell the caller why."""

    def convert(value: Any) -> Any:
        raise Omit(reason)

    return FieldMapper((source,), convert)


def named_parameter(
    *,
    allowed: Sequence[Any] | None = None,
    minimum: float | None = None,
    maximum: float | None = None,
    required: bool = False,
    constant: Any = None,
) -> FieldMapper:
    """A parameter that no field fills: callers give it by its name in `extra_params`, within these limits."""
    return FieldMapper(required=required, allowed=_frozen(allowed), minimum=minimum, maximum=maximum, constant=constant)


def constant_field_mapper(value: Any) -> FieldMapper:
    """Always send `value`."""
    return FieldMapper(constant=value)


def choice_field_mapper(
    source: str,
    values: Mapping[Any, Any] | Sequence[Any],
    *,
    required: bool = False,
    strict: bool = True,
) -> FieldMapper:
    """Send one of the vendor's own values: given as a table from ours to theirs, or as a list of theirs."""
    if isinstance(values, Mapping):
        table = dict(values)
        return FieldMapper((source,), lambda value: _look_up(table, value), required, strict=strict)
    return FieldMapper((source,), required=required, allowed=tuple(values), strict=strict)


def one_of(values: Sequence[str]) -> Callable[[str], str]:
    """A converter that takes one of some names however it is capitalised. It raises ValueError with the list."""
    table = {value: value for value in values}
    return lambda value: str(_look_up(table, value))


def duration_field_mapper(
    field_type: Literal["int", "str", "float"] = "int",
    *,
    allowed_values: Sequence[Any] | None = None,
    suffix: str = "",
    minimum: float | None = None,
    maximum: float | None = None,
    required: bool = False,
    source: str = "duration_seconds",
    strict: bool = True,
) -> FieldMapper:
    """Send seconds as the vendor wants them: a number, or text with a `suffix` ("8s").

    With `allowed_values` the nearest one is taken (of two equally near the longer), else integers are rounded.
    """
    allowed = _frozen(allowed_values)

    def convert(seconds: float) -> Any:
        if allowed:
            return _nearest(seconds, allowed)
        return _rounded(seconds, field_type, suffix)

    return FieldMapper((source,), convert, required, allowed, minimum=minimum, maximum=maximum, strict=strict)


def frames_field_mapper(frames_per_second: float, *, extra_frames: int = 1, **limits: Any) -> FieldMapper:
    """Send a number of frames for a duration: seconds x frames per second, plus the first frame."""

    def convert(seconds: float) -> Converted:
        return Converted(round(seconds * frames_per_second) + extra_frames, reason=f"at {frames_per_second:g} frames/s")

    return FieldMapper(("duration_seconds",), convert, **limits)


def media_field_mapper(source: str, *, required: bool = False) -> FieldMapper:
    """Send a media field. The payload holds a `Media` value until the provider's step places it."""
    return FieldMapper((source,), required=required)


def image_field_mapper(*roles: str, required: bool = False, convert: Converter | None = None) -> FieldMapper:
    """Send one image of `image_list`, chosen by role in order of preference."""
    return FieldMapper(("image_list",), convert, required, roles=roles)


def images_field_mapper(
    *roles: str, required: bool = False, maximum: int | None = None, convert: Converter | None = None
) -> FieldMapper:
    """Send all images of the given roles as a list (`maximum` is how many it may hold)."""
    return FieldMapper(("image_list",), convert, required, roles=roles, many=True, maximum=maximum)


def size_field_mapper(
    convert: Callable[[int, int], Any], presets: Mapping[str, Any] | None = None, *, strict: bool = True
) -> FieldMapper:
    """Send a size in pixels, from `size` ("1024x768") or else from `aspect_ratio` through a table of presets."""
    table = dict(presets or {})

    def choose(value: str) -> Any:
        if value in table:
            return table[value]
        width, height = parse_size(value)
        return convert(width, height)

    return FieldMapper(("size", "aspect_ratio") if table else ("size",), choose, strict=strict)


def parse_size(value: str) -> tuple[int, int]:
    """Width and height in pixels of "1024x768". Raises ValueError."""
    match = _SIZE.match(value)
    if match is None or not (int(match[1]) and int(match[2])):
        raise ValueError('a size is written "WIDTHxHEIGHT" in pixels, for example "1024x768"')
    return int(match[1]), int(match[2])


def _frozen(values: Sequence[Any] | None) -> tuple[Any, ...] | None:
    return tuple(values) if values else None


def _look_up(table: Mapping[Any, Any], value: Any) -> Any:
    key = value if value in table else next((name for name in table if _same_text(name, value)), None)
    if key is None:
        raise ValueError(f"the model takes one of {', '.join(map(str, table))}")
    return table[key]


def _same_text(name: Any, value: Any) -> bool:
    return isinstance(name, str) and isinstance(value, str) and name.lower() == value.lower()


def seconds_of(value: Any) -> float | None:
    """The number of seconds that a vendor's value means ("8s", "8", 8); None for "auto" and the like."""
    if isinstance(value, int | float) and not isinstance(value, bool):
        return float(value)
    match = re.fullmatch(r"(\d+(?:\.\d+)?)\s*(?:s|sec|seconds)?", str(value).strip().lower())
    return float(match[1]) if match else None


def _nearest(seconds: float, allowed: Sequence[Any]) -> Any:
    choices = [(value, known) for value in allowed if (known := seconds_of(value)) is not None]
    if not choices:
        raise ValueError(f"the model takes one of {', '.join(map(str, allowed))}")
    value, known = min(choices, key=lambda choice: (abs(choice[1] - seconds), -choice[1]))
    if known == seconds:
        return value
    return Converted(value, "rounded", f"the model makes {', '.join(f'{known:g}' for _, known in choices)} seconds")


def _rounded(seconds: float, field_type: str, suffix: str) -> Any:
    whole = float(seconds) if field_type == "float" else int(seconds + 0.5) or 1
    value: Any = f"{whole:g}{suffix}" if field_type == "str" else whole
    return value if whole == seconds else Converted(value, "rounded", "the model takes whole seconds")
