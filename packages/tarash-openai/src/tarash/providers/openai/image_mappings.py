"""Images: which fields of a request become which of the vendor's parameters, by family of models.

Source: types of openai 3.52 and 3.54, the vendor's guide "Image generation", read 2026-11.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from tarash.providers.openai.masks import accept_mask
from tarash.tarash_gateway.providers.field_mappers import (
    Converted,
    FieldMapper,
    FieldMapping,
    choice_field_mapper,
    image_field_mapper,
    images_field_mapper,
    omitted_field_mapper,
    parse_size,
    passthrough_field_mapper,
    text_field_mapper,
)

LONGEST_PROMPT = 32_000
MOST_IMAGES = 16
EVERY_ROLE = ("reference", "first_frame", "last_frame", "asset", "style")

SMALL_SIZES = ("1024x1024", "1536x1024", "1024x1536", "auto")
SMALL_RATIOS = {"1:1": "1024x1024", "3:2": "1536x1024", "2:3": "1024x1536"}
NEAR_RATIOS = {"16:9": "1536x1024", "4:3": "1536x1024", "9:16": "1024x1536", "3:4": "1024x1536"}
FREE_RATIOS = {
    "1:1": "1024x1024",
    "16:9": "1536x864",
    "9:16": "864x1536",
    "4:3": "1280x960",
    "3:4": "960x1280",
    "3:2": "1536x1024",
    "2:3": "1024x1536",
    "21:9": "1680x720",
    "9:21": "720x1680",
}
GRID, LONGEST_EDGE = 16, 3840
FEWEST_PIXELS, MOST_PIXELS = 655_360, 8_294_400
STEEPEST = 3
DALL_E_3_SIZES = ("1024x1024", "1792x1024", "1024x1792")
DALL_E_3_RATIOS = {"1:1": "1024x1024", "16:9": "1792x1024", "9:16": "1024x1792"}
DALL_E_2_SIZES = ("256x256", "512x512", "1024x1024")

LEGACY_QUALITY = {"standard": "medium", "hd": "high"}
QUALITY = ("low", "medium", "high", "auto")
FINE_QUALITY = ("low", "medium", "high", "xhigh", "max", "auto")
AZURE_QUALITY = ("low", "medium", "high")


@dataclass(frozen=True)
class Family:
    """The two ways of making an image with a family of models; `edit` is None where there is none."""

    generate: FieldMapping
    edit: FieldMapping | None


def fixed_size(sizes: Sequence[str], ratios: Mapping[str, str], near: Mapping[str, str] | None = None) -> FieldMapper:
    """One of a few sizes, named by itself or by its aspect ratio; `near` ones are off, and the caller is told."""

    def choose(value: str) -> Any:
        if near and value in near:
            return Converted(near[value], "rounded", f"the model's nearest size is {near[value]}")
        return ratios.get(value, value)

    return FieldMapper(("size", "aspect_ratio"), choose, allowed=tuple(sizes))


def free_size(judge: Callable[[int, int], str | None]) -> FieldMapper:
    """Any size that `judge` finds nothing wrong with, `auto`, or the usual size of an aspect ratio."""

    def choose(value: str) -> str:
        if value == "auto" or value in FREE_RATIOS:
            return FREE_RATIOS.get(value, value)
        width, height = parse_size(value)
        problem = judge(width, height)
        if problem:
            raise ValueError(f"{problem}; or give an aspect_ratio: {', '.join(FREE_RATIOS)}")
        return f"{width}x{height}"

    return FieldMapper(("size", "aspect_ratio"), choose)


def judge_size(width: int, height: int) -> str | None:
    """What gpt-image-2 and its successors dislike about a size; None when nothing."""
    if width % GRID or height % GRID:
        return f"width and height must be multiples of {GRID}"
    if max(width, height) > STEEPEST * min(width, height):
        return f"one side may be at most {STEEPEST} times the other"
    if max(width, height) > LONGEST_EDGE:
        return f"no side may have more than {LONGEST_EDGE} pixels"
    if not FEWEST_PIXELS <= width * height <= MOST_PIXELS:
        return f"width x height must be between {FEWEST_PIXELS} and {MOST_PIXELS} pixels"
    return None


def quality(values: Sequence[str], *, strict: bool = True) -> FieldMapper:
    """The model's own words; those of DALL-E, which tarash's first pages used, are translated."""

    def choose(value: str) -> str:
        return LEGACY_QUALITY.get(value.lower(), value)

    return FieldMapper(("quality",), choose, allowed=tuple(values), strict=strict)


def _edit(generate: FieldMapping, images: FieldMapper, parameter: str = "image[]") -> FieldMapping:
    return {**generate, parameter: images, "mask": FieldMapper(("mask_image",), accept_mask)}


def _needs_image(value: Any) -> Any:
    raise ValueError("a mask says which part of an image to edit: give that image in image_list")


def _gpt_image(size: FieldMapper, words: FieldMapper) -> Family:
    generate: FieldMapping = {
        "prompt": text_field_mapper("prompt", maximum=LONGEST_PROMPT, required=True),
        "size": size,
        "quality": words,
        "n": passthrough_field_mapper("n", minimum=1, maximum=10),
        "style": omitted_field_mapper("style", "only DALL-E had styles; describe the style in the prompt"),
        "mask": FieldMapper(("mask_image",), _needs_image),
    }
    return Family(generate, _edit(generate, images_field_mapper(*EVERY_ROLE, required=True, maximum=MOST_IMAGES)))


_SMALL = fixed_size(SMALL_SIZES, SMALL_RATIOS, NEAR_RATIOS)
_UNPUBLISHED = _gpt_image(free_size(lambda width, height: None), quality(FINE_QUALITY, strict=False))

_DALL_E_3: FieldMapping = {
    "prompt": text_field_mapper("prompt", maximum=4000, required=True),
    "size": fixed_size(DALL_E_3_SIZES, DALL_E_3_RATIOS),
    "quality": passthrough_field_mapper("quality", allowed=["standard", "hd"]),
    "style": passthrough_field_mapper("style", allowed=["vivid", "natural"]),
}
_DALL_E_2: FieldMapping = {
    "prompt": text_field_mapper("prompt", maximum=1000, required=True),
    "size": fixed_size(DALL_E_2_SIZES, {"1:1": "1024x1024"}),
    "quality": choice_field_mapper("quality", ["standard"]),
    "n": passthrough_field_mapper("n", minimum=1, maximum=10),
    "mask": FieldMapper(("mask_image",), _needs_image),
}
_NO_STYLE = omitted_field_mapper("style", "editing knows no styles")
_ANY: FieldMapping = {
    "prompt": passthrough_field_mapper("prompt", required=True),
    "size": FieldMapper(("size", "aspect_ratio"), lambda value: FREE_RATIOS.get(value, value)),
    "quality": passthrough_field_mapper("quality"),
    "style": passthrough_field_mapper("style"),
    "n": passthrough_field_mapper("n"),
    "mask": FieldMapper(("mask_image",), _needs_image),
}

FAMILIES: Mapping[str, Family] = {
    "gpt-image-1": _gpt_image(_SMALL, quality(QUALITY)),
    "gpt-image-2": _gpt_image(free_size(judge_size), quality(QUALITY)),
    "gpt-image-2.5-": _gpt_image(free_size(judge_size), quality(FINE_QUALITY)),
    "gpt-image-": _UNPUBLISHED,
    "gpt-image-2.6-": _UNPUBLISHED,
    "dall-e-3": Family(_DALL_E_3, None),
    "dall-e-2": Family(_DALL_E_2, _edit(_DALL_E_2, image_field_mapper(*EVERY_ROLE, required=True), "image")),
    "": Family(_ANY, {**_edit(_ANY, images_field_mapper(*EVERY_ROLE, required=True)), "style": _NO_STYLE}),
}
AZURE_FAMILIES: Mapping[str, Family] = {
    **FAMILIES,
    "gpt-image-1": _gpt_image(_SMALL, quality(AZURE_QUALITY)),
    "gpt-image-2": _gpt_image(free_size(judge_size), quality(AZURE_QUALITY)),
}
