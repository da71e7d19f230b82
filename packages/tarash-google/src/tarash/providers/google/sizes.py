"""Sizes of images: classes such as "2K" beside a shape. Gemini and Imagen have the same."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from tarash.tarash_gateway.models import ImageGenerationRequest
from tarash.tarash_gateway.providers.field_mappers import Converted, FieldMapper, FieldMapping, parse_size
from tarash.tarash_gateway.providers.sizes import nearest_shape

LONG_SIDES = {"512": 512, "1K": 1024, "2K": 2048, "4K": 4096}


def size_class_mapper(classes: Sequence[str]) -> FieldMapper:
    """The class, or the nearest one for a size in pixels."""

    def convert(size: str) -> Any:
        if "x" not in size.lower():
            return size.upper() if size.upper() in classes else size
        longest = max(parse_size(size))
        name = min(classes, key=lambda one: abs(LONG_SIDES[one] - longest))
        return Converted(name, "rounded", f"the model has size classes: {', '.join(classes)}")

    return FieldMapper(("size",), convert, allowed=tuple(classes))


def shaped(mapping: FieldMapping, parameter: str, request: ImageGenerationRequest) -> FieldMapping:
    """The mapping for a request: a size in pixels gives the nearest shape, unless the request names a shape."""
    if request.aspect_ratio is not None or "x" not in (request.size or "").lower():
        return mapping
    shapes = mapping[parameter].allowed or ()

    def convert(size: str) -> Converted:
        return Converted(nearest_shape(*parse_size(size), shapes), reason="the nearest ratio of sides")

    return {**mapping, parameter: FieldMapper(("size",), convert)}
