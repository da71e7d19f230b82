"""Images: which fields of a request become which of the vendor's parameters.

Sources: docs.x.ai, texts of xai-sdk 1.21.0 (PyPI), wire of @ai-sdk/xai 5.0.12 (npm), read 2026-11. The vendor names a
shape and one of two resolutions, not a size in pixels; how many pixels that makes is not published.
"""

from __future__ import annotations

import math
from collections.abc import Mapping
from typing import Any

from tarash.tarash_gateway.providers.field_mappers import (
    Converted,
    FieldMapper,
    FieldMapping,
    find_mapping,
    image_field_mapper,
    images_field_mapper,
    omitted_field_mapper,
    parse_size,
    passthrough_field_mapper,
)

# fmt: off
RATIOS = (
    "1:1", "3:4", "4:3", "9:16", "16:9", "2:3", "3:2", "9:19.5", "19.5:9", "9:20", "20:9", "1:2", "2:1", "auto",
)
# fmt: on
TOLERANCE = 0.04
MEGAPIXEL = 1024 * 1024
RESOLUTIONS = {"1k": 2 * MEGAPIXEL, "2k": 8 * MEGAPIXEL}
"""The most pixels of a size that each resolution stands for: twice those of a square of that side."""

MOST_IMAGES = 10
MOST_INPUTS = 3
EVERY_ROLE = ("reference", "first_frame", "last_frame", "asset", "style")
KEEPS_SHAPE = "the result keeps the shape of the picture it is made from"

_ONLY_NEWEST = omitted_field_mapper("quality", "only grok-imagine-image-2.0 has qualities")
# The vendor's SDK knows two qualities; a third is in the AI SDK, and is left to the vendor to judge.
_QUALITY = passthrough_field_mapper("quality", allowed=("low", "medium", "high"))
QUALITIES: Mapping[str, FieldMapper] = {
    "grok-imagine-image": _ONLY_NEWEST,
    "grok-imagine-image-": _QUALITY.lenient(),
    "grok-imagine-image-2.0": _QUALITY,
    "grok-imagine-image-pro": _ONLY_NEWEST,
    "grok-imagine-image-quality": _ONLY_NEWEST,
    "": _QUALITY.lenient(),
}


def image_mapping(model: str, request: Any) -> FieldMapping:
    """With one input the vendor takes no shape; a size then decides about the resolution only."""
    inputs = len(request.image_list)
    return {
        "prompt": passthrough_field_mapper("prompt", required=True),
        "n": passthrough_field_mapper("n", minimum=1, maximum=MOST_IMAGES),
        "quality": find_mapping(QUALITIES, model) or _QUALITY.lenient(),
        "resolution": FieldMapper(("size",), resolution_of),
        **_shape(request, inputs),
        **_inputs(inputs),
    }


def _shape(request: Any, inputs: int) -> FieldMapping:
    if inputs == 1:
        return {"aspect_ratio": omitted_field_mapper("aspect_ratio", KEEPS_SHAPE)}
    if request.aspect_ratio is not None:
        return {"aspect_ratio": passthrough_field_mapper("aspect_ratio", allowed=RATIOS)}
    return {"aspect_ratio": FieldMapper(("size",), ratio_of)}


def _inputs(inputs: int) -> FieldMapping:
    if inputs == 0:
        return {}
    if inputs == 1:
        return {"image": image_field_mapper(*EVERY_ROLE)}
    return {"images": images_field_mapper(*EVERY_ROLE, maximum=MOST_INPUTS)}


def ratio_of(size: str) -> Converted:
    """The vendor's name of the shape of a size. Raises ValueError for a shape that it has not."""
    width, height = parse_size(size)
    found = min(RATIOS[:-1], key=lambda ratio: _distance(ratio, width, height))
    if _distance(found, width, height) > TOLERANCE:
        raise ValueError(f"the vendor has no such shape, but {', '.join(RATIOS)}")
    return Converted(found, "rounded", "the vendor takes a shape and a resolution (1k or 2k), not pixels")


def resolution_of(size: str) -> Converted:
    """The vendor's resolution for a size. Raises ValueError for a size that is larger than all."""
    width, height = parse_size(size)
    fitting = [name for name, most in RESOLUTIONS.items() if width * height <= most]
    if not fitting:
        raise ValueError("the vendor's largest resolution is 2k (about four million pixels)")
    return Converted(fitting[0], "rounded", "the vendor takes a shape and a resolution (1k or 2k), not pixels")


def _distance(ratio: str, width: int, height: int) -> float:
    across, down = map(float, ratio.split(":"))
    return abs(math.log(width * down / (height * across)))
