"""The endpoints below /v2beta/stable-image: which parameters each takes, and which fields of a request fill them.

Sources: the vendor's reference (platform.stability.ai), its OpenAPI document as read by the tryAGI client of 2026,
first-party pages as noted in 2026-07. Parameters without a field of ours are given by their own names.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from tarash.tarash_gateway.media import Media
from tarash.tarash_gateway.providers.base import path_of
from tarash.tarash_gateway.providers.field_mappers import (
    Converted,
    FieldMapper,
    FieldMapping,
    Omit,
    TextLimit,
    image_field_mapper,
    named_parameter,
    omitted_field_mapper,
    parse_size,
    passthrough_field_mapper,
    text_field_mapper,
)
from tarash.tarash_gateway.providers.sizes import nearest_shape

LONGEST_TEXT = 10_000
LARGEST_SEED = 4_294_967_294
MAX_REQUEST_BYTES = 10 * 1024 * 1024
USUAL_STRENGTH = 0.75
"""The vendor demands a strength with an image and has no default: 0 is the image itself, 1 is as if there were none."""

RATIOS = ("16:9", "1:1", "21:9", "2:3", "3:2", "4:5", "5:4", "9:16", "9:21")
PICTURE_TYPES = ("image/jpeg", "image/png", "image/webp")
# fmt: off
STYLES = (
    "3d-model", "analog-film", "anime", "cinematic", "comic-book", "digital-art", "enhance", "fantasy-art", "isometric",
    "line-art", "low-poly", "modeling-compound", "neon-punk", "origami", "photographic", "pixel-art", "tile-texture",
)
# fmt: on
PICTURE = ("reference", "first_frame", "asset", "last_frame")
EVERY_ROLE = (*PICTURE, "style")
FILES = ("image", "mask", "init_image", "style_image", "subject_image", "background_reference", "light_reference")


def _said(prompt: str) -> str:
    if not prompt.strip():
        raise ValueError("the prompt is empty")
    return prompt


def _perhaps_said(prompt: str) -> str:
    if not prompt.strip():
        raise Omit("it is empty")
    return prompt


def _shape(value: str) -> Any:
    """An aspect ratio as it is; of a size in pixels the nearest one, because there is no parameter for pixels."""
    if ":" in value:
        return value
    width, height = parse_size(value)
    return Converted(nearest_shape(width, height, RATIOS), "rounded", "Stability knows shapes, and chooses the pixels")


def _shape_of_input(value: str) -> Any:
    raise Omit("the picture that is given decides the shape")


def _picture(media: Media) -> Media:
    if media.url is None and media.content_type not in PICTURE_TYPES:
        raise ValueError(f"Stability takes {', '.join(PICTURE_TYPES)}, not {media.content_type}")
    if (media.size or 0) > MAX_REQUEST_BYTES:
        raise ValueError(f"Stability takes requests of up to {MAX_REQUEST_BYTES} bytes, and this has {media.size}")
    return media


def _no_mask(media: Media) -> Any:
    raise ValueError("a mask is for the models edit/inpaint and edit/erase; take one of these")


def _no_picture(media: Media) -> Any:
    raise ValueError("this model makes pictures from text alone; stable-image-ultra and sd3.5-large take one")


def picture(*roles: str, required: bool = True) -> FieldMapper:
    return image_field_mapper(*roles, required=required, convert=_picture)


def number(low: float, high: float) -> FieldMapper:
    return named_parameter(minimum=low, maximum=high)


PROMPT = FieldMapper(("prompt",), _said, required=True, longest=TextLimit(LONGEST_TEXT))
SOME_PROMPT = FieldMapper(("prompt",), _perhaps_said, longest=TextLimit(LONGEST_TEXT))
NO_PROMPT = omitted_field_mapper("prompt", "this endpoint takes no prompt")
SHAPE = FieldMapper(("aspect_ratio", "size"), _shape, allowed=RATIOS)
NO_SHAPE = FieldMapper(("aspect_ratio", "size"), _shape_of_input)
STYLE = passthrough_field_mapper("style", allowed=STYLES)
SEED = passthrough_field_mapper("seed", minimum=0, maximum=LARGEST_SEED)
NEGATIVE = text_field_mapper("negative_prompt", maximum=LONGEST_TEXT)
MASK = FieldMapper(("mask_image",), _picture)
NO_MASK = FieldMapper(("mask_image",), _no_mask)
FORMAT = named_parameter(allowed=["png", "jpeg", "webp"])
SWITCH = named_parameter(allowed=[True, False, "true", "false"])
SHARE = number(0, 1)
SIDE = number(0, 2000)
A_TEXT = named_parameter(required=True)

_COMMON: FieldMapping = {
    "prompt": PROMPT,
    "negative_prompt": NEGATIVE,
    "seed": SEED,
    "output_format": FORMAT,
    "mask": NO_MASK,
}
_FROM_TEXT: FieldMapping = {**_COMMON, "aspect_ratio": SHAPE, "style_preset": STYLE}
_SD3: FieldMapping = {**_FROM_TEXT, "cfg_scale": number(1, 10)}
_STRENGTH = named_parameter(minimum=0, maximum=1, constant=USUAL_STRENGTH)
_EDIT: FieldMapping = {**_COMMON, "image": picture(*EVERY_ROLE)}
_STYLED_EDIT: FieldMapping = {**_EDIT, "style_preset": STYLE}
_REPLACE: FieldMapping = {**_STYLED_EDIT, "grow_mask": number(0, 20)}

ENDPOINTS: Mapping[str, FieldMapping] = {
    "generate/sd3": _SD3,
    "generate/ultra": _FROM_TEXT,
    "generate/core": {**_FROM_TEXT, "image": image_field_mapper(*EVERY_ROLE, convert=_no_picture)},
    "edit/inpaint": {**_STYLED_EDIT, "mask": MASK, "grow_mask": number(0, 100)},
    "edit/erase": {
        "prompt": NO_PROMPT,
        "image": picture(*EVERY_ROLE),
        "mask": MASK,
        "grow_mask": number(0, 20),
        "seed": SEED,
        "output_format": FORMAT,
    },
    "edit/outpaint": {
        "image": picture(*EVERY_ROLE),
        **dict.fromkeys(("left", "right", "up", "down"), SIDE),
        "prompt": SOME_PROMPT,
        "creativity": SHARE,
        "style_preset": STYLE,
        "seed": SEED,
        "output_format": FORMAT,
        "mask": NO_MASK,
    },
    "edit/search-and-replace": {**_REPLACE, "search_prompt": A_TEXT},
    "edit/search-and-recolor": {**_REPLACE, "select_prompt": A_TEXT},
    "edit/remove-background": {
        "prompt": NO_PROMPT,
        "image": picture(*EVERY_ROLE),
        "output_format": named_parameter(allowed=["png", "webp"]),
        "mask": NO_MASK,
    },
    "edit/replace-background-and-relight": {
        "subject_image": picture(*PICTURE),
        "background_reference": picture("style", required=False),
        "background_prompt": SOME_PROMPT,
        "negative_prompt": NEGATIVE,
        "preserve_original_subject": SHARE,
        "original_background_depth": SHARE,
        "keep_original_background": SWITCH,
        "light_source_strength": SHARE,
        "seed": SEED,
        "output_format": FORMAT,
        "mask": NO_MASK,
    },
    "control/sketch": {**_EDIT, "control_strength": SHARE},
    "control/structure": {**_EDIT, "control_strength": SHARE},
    "control/style": {**_EDIT, "image": picture("style", *PICTURE), "aspect_ratio": SHAPE, "fidelity": SHARE},
    "control/style-transfer": {
        **_COMMON,
        "prompt": SOME_PROMPT,
        "init_image": picture(*PICTURE),
        "style_image": picture("style", *PICTURE),
        "style_strength": SHARE,
        "composition_fidelity": SHARE,
        "change_strength": SHARE,
    },
    "upscale/fast": {"prompt": NO_PROMPT, "image": picture(*EVERY_ROLE), "output_format": FORMAT, "mask": NO_MASK},
    "upscale/conservative": {**_EDIT, "creativity": number(0.2, 0.5)},
    "upscale/creative": {**_EDIT, "creativity": number(0.1, 0.5)},
}
FROM_PICTURE: Mapping[str, FieldMapping] = {
    "generate/sd3": {
        **_SD3,
        "mode": named_parameter(constant="image-to-image"),
        "image": picture(*PICTURE),
        "strength": _STRENGTH,
        "aspect_ratio": NO_SHAPE,
    },
    "generate/ultra": {**_FROM_TEXT, "image": picture(*PICTURE), "strength": _STRENGTH},
}
"""Endpoints that take other parameters when there is a picture to begin with."""

UNKNOWN: FieldMapping = {
    **_FROM_TEXT,
    "prompt": SOME_PROMPT,
    "image": picture(*EVERY_ROLE, required=False),
    "mask": MASK,
}
"""For endpoints that are not known here. Limits only warn."""

ONE_OF: Mapping[str, tuple[str, ...]] = {
    "edit/outpaint": ("left", "right", "up", "down"),
    "edit/replace-background-and-relight": ("background_prompt", "background_reference"),
}
"""At least one of these must be there."""


def endpoint_of(model: str) -> str:
    """The path of a model: models of Stable Diffusion share one, and other models are paths already."""
    if "/" in model:
        return path_of(model)
    if model.startswith("stable-image-"):
        return f"generate/{path_of(model.removeprefix('stable-image-'))}"
    return "generate/sd3"


def mapping_of(model: str, request: Any, *, known: bool) -> FieldMapping:
    """What becomes of the fields of a request. Limits of models that are not `known` only warn."""
    endpoint = endpoint_of(model)
    begins_with_picture = "image" in request.extra_params or any(one["type"] in PICTURE for one in request.image_list)
    mapping = ENDPOINTS.get(endpoint, UNKNOWN)
    if begins_with_picture:
        mapping = FROM_PICTURE.get(endpoint, mapping)
    return mapping if known else {name: mapper.lenient() for name, mapper in mapping.items()}
