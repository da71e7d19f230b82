"""Gemini images: which fields of a request become which parameters, by family of models.

A size in pixels gives the nearest shape and size class. Sources: types of google-genai 3.4.0; ai.google.dev, 2026-11.
"""

from __future__ import annotations

from collections.abc import Mapping

from tarash.providers.google.sizes import size_class_mapper
from tarash.tarash_gateway.providers.field_mappers import (
    FieldMapping,
    constant_field_mapper,
    images_field_mapper,
    omitted_field_mapper,
    passthrough_field_mapper,
)

ROLES = ("first_frame", "last_frame", "reference", "asset", "style")
MOST_IMAGES = 14
RATIOS = ("1:1", "2:3", "3:2", "3:4", "4:3", "4:5", "5:4", "9:16", "16:9", "21:9")
SIZE, RATIO = "generationConfig.imageConfig.imageSize", "generationConfig.imageConfig.aspectRatio"
LONG_RATIOS = (*RATIOS, "1:4", "4:1", "1:8", "8:1")
SIZES = ("1K", "2K", "4K")
IMAGE: FieldMapping = {
    "contents.images": images_field_mapper(*ROLES, maximum=MOST_IMAGES).lenient(),
    "contents.text": passthrough_field_mapper("prompt"),
    "generationConfig.responseModalities": constant_field_mapper(["TEXT", "IMAGE"]),
    SIZE: size_class_mapper(SIZES),
    RATIO: passthrough_field_mapper("aspect_ratio", allowed=RATIOS),
    "generationConfig.seed": passthrough_field_mapper("seed"),
}
NEWEST: FieldMapping = {
    SIZE: size_class_mapper(("512", *SIZES)),
    RATIO: passthrough_field_mapper("aspect_ratio", allowed=LONG_RATIOS),
}
ONE_SIZE: FieldMapping = {SIZE: omitted_field_mapper("size", "this model has one size only")}
IMAGES: Mapping[str, FieldMapping] = {
    "gemini-3.1-flash-image": {**IMAGE, **NEWEST},
    "gemini-2.5-": {**IMAGE, **ONE_SIZE},
    "": IMAGE,
}
