"""Rules from a model's inputs to a mapping: an input is recognised by its name, and filled as its schema says."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import replace
from typing import Any

from tarash.providers.replicate.models import Input
from tarash.tarash_gateway.models import Kind
from tarash.tarash_gateway.providers.field_mappers import (
    Converted,
    FieldMapper,
    FieldMapping,
    Omit,
    duration_field_mapper,
    frames_field_mapper,
    image_field_mapper,
    images_field_mapper,
    parse_size,
    passthrough_field_mapper,
)

Names = Mapping[str, tuple[str, ...]]

ENHANCERS = ("prompt_optimizer", "enable_prompt_expansion", "optimize_prompt", "enhance_prompt", "prompt_upsampling")
SHARED: Names = {
    "prompt": ("prompt", "text", "text_prompt", "instruction"),
    "negative_prompt": ("negative_prompt",),
    "seed": ("seed",),
    "aspect_ratio": ("aspect_ratio",),
    "enhance_prompt": ENHANCERS,
}
FIELDS: Mapping[Kind, Names] = {
    "video": {
        **SHARED,
        "resolution": ("resolution",),
        "generate_audio": ("generate_audio", "with_audio"),
        "video": ("video", "input_video", "video_url", "reference_video"),
        "audio": ("audio", "input_audio", "audio_url"),
    },
    "image": {
        **SHARED,
        "n": ("num_outputs", "number_of_images", "num_images"),
        "quality": ("quality",),
        "style": ("style", "style_type"),
        "mask_image": ("mask", "mask_image"),
    },
}
"""Fields that are sent as they are: the inputs that take them, most wanted first."""

FIRST = ("first_frame_image", "start_image", "first_frame", "image", "input_image", "image_input", "image_prompt")
LAST = ("last_frame", "end_image", "last_image", "last_frame_image")
REFERENCES = ("reference_images", "subject_reference", "input_images", "image_input", "images", "input_image", "image")
REFERENCE_ROLES = ("reference", "asset", "style")
MODES = {"720p": "standard", "1080p": "pro"}
"""Kling makes 720p in its mode "standard", 1080p in "pro"."""
FRAMES_PER_SECOND = 16.0
"""What Wan makes when no rate is asked for."""
LINES = {"480p": 480, "720p": 720, "1080p": 1080}

GENERIC: Mapping[Kind, Mapping[str, Input]] = {
    "video": {
        **{name: Input("string") for name in ("prompt", "negative_prompt", "aspect_ratio", "resolution")},
        "duration": Input("integer"),
        "seed": Input("integer"),
        "generate_audio": Input("boolean"),
        **{name: Input("string", link=True) for name in ("image", "last_frame", "video", "audio")},
    },
    "image": {
        **{name: Input("string") for name in ("prompt", "negative_prompt", "aspect_ratio", "quality", "style")},
        "seed": Input("integer"),
        "num_outputs": Input("integer"),
        **{name: Input("string", link=True) for name in ("image", "mask")},
    },
}
"""Usual names, for a model of which nothing is known. Only what the caller sets is sent."""


def mapping_for(inputs: Mapping[str, Input], kind: Kind) -> FieldMapping:
    """The mapping of a model with these inputs. Its limits refuse what the model would not take."""
    found: dict[str, FieldMapper] = {}
    for source, names in FIELDS[kind].items():
        if name := next((name for name in names if name in inputs), None):
            found[name] = passthrough_field_mapper(source)
    found.update(_images(inputs, kind))
    found.update(_video_shape(inputs) if kind == "video" else _image_size(inputs))
    mapping = {name: _limited(mapper, inputs[name]) for name, mapper in found.items()}
    left = {name: FieldMapper(required=True) for name, one in inputs.items() if one.required and name not in mapping}
    return {**mapping, **left}


def _limited(mapper: FieldMapper, one: Input) -> FieldMapper:
    return replace(mapper, required=one.required, allowed=one.allowed, minimum=one.minimum, maximum=one.maximum)


def _images(inputs: Mapping[str, Input], kind: Kind) -> dict[str, FieldMapper]:
    """Each role has one input that wants it first; without one for references the first frame takes them, too."""
    links = {name: one for name, one in inputs.items() if one.link}
    first = _first(links, FIRST) if kind == "video" else None
    last = _first(links, LAST) if kind == "video" else None
    reference = _first(links, (name for name in REFERENCES if name not in (first, last)))
    found: dict[str, FieldMapper] = {}
    if reference is not None:
        many = links[reference].type == "array"
        found[reference] = (images_field_mapper if many else image_field_mapper)(*REFERENCE_ROLES)
    if first is not None:
        roles = ("first_frame",) if reference else ("first_frame", "reference")
        many = links[first].type == "array"
        found[first] = (images_field_mapper if many else image_field_mapper)(*roles)
    if last is not None:
        found[last] = image_field_mapper("last_frame")
    return found


def _first(inputs: Mapping[str, Input], names: Iterable[str]) -> str | None:
    return next((name for name in names if name in inputs), None)


def _video_shape(inputs: Mapping[str, Input]) -> dict[str, FieldMapper]:
    """Duration in seconds or frames, and sizes that go by another name than resolution."""
    found: dict[str, FieldMapper] = {}
    if (one := inputs.get("duration")) is not None:
        found["duration"] = _seconds(one)
    elif "num_frames" in inputs:
        rate = inputs["frames_per_second"].default if "frames_per_second" in inputs else None
        found["num_frames"] = frames_field_mapper(float(rate) if isinstance(rate, int | float) else FRAMES_PER_SECOND)
    mode = inputs.get("mode")
    if mode is not None and set(MODES.values()) <= set(mode.allowed or ()):
        found["mode"] = FieldMapper(("resolution",), _mode)
    size = inputs.get("size")
    if size is not None and size.allowed and all("*" in str(value) for value in size.allowed):
        found["size"] = FieldMapper(("resolution", "aspect_ratio"), lambda given: _size(given), together=True)
    return found


def _seconds(one: Input) -> FieldMapper:
    if one.allowed:
        return duration_field_mapper(allowed_values=one.allowed)
    return duration_field_mapper("float" if one.type == "number" else "str" if one.type == "string" else "int")


def _mode(resolution: str) -> str:
    if resolution.lower() in MODES:
        return MODES[resolution.lower()]
    if resolution.lower() in MODES.values():
        return resolution.lower()
    raise ValueError(f"the model makes {', '.join(MODES)}")


def _size(given: Mapping[str, str]) -> Converted:
    """Pixels from resolution and ratio together; 720p and 16:9 are what the models make by themselves."""
    resolution, ratio = given.get("resolution", "720p").lower(), given.get("aspect_ratio", "16:9")
    if resolution not in LINES or ratio not in ("16:9", "9:16"):
        raise ValueError(f"the model makes {', '.join(LINES)} in 16:9 or 9:16")
    lines = LINES[resolution]
    across = 832 if lines == 480 else lines * 16 // 9
    size = f"{across}*{lines}" if ratio == "16:9" else f"{lines}*{across}"
    return Converted(size, reason="the model takes pixels")


def _image_size(inputs: Mapping[str, Input]) -> dict[str, FieldMapper]:
    if "size" in inputs and inputs["size"].type == "string":
        return {"size": passthrough_field_mapper("size")}
    if {"width", "height"} <= inputs.keys():
        return {name: FieldMapper(("size",), _side(index)) for index, name in enumerate(("width", "height"))}
    return {}


def _side(index: int) -> Any:
    def convert(size: str) -> int:
        if "x" not in size.lower():
            raise Omit("the model takes a size in pixels")
        return parse_size(size)[index]

    return convert
