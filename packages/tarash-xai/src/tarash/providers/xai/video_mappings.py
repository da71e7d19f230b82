"""Video: which fields of a request become which of the vendor's parameters, by way of making it and by model.

Sources: texts and descriptors of xai-sdk 1.21.0 (PyPI), wire of @ai-sdk/xai 5.0.12 (npm), docs.x.ai, read 2026-11.
Keyframes, voices and stored results are left to `extra_params`, under the vendor's own names.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from tarash.tarash_gateway.exceptions import ValidationError
from tarash.tarash_gateway.providers.field_mappers import (
    FieldMapper,
    FieldMapping,
    duration_field_mapper,
    find_mapping,
    image_field_mapper,
    images_field_mapper,
    media_field_mapper,
    omitted_field_mapper,
    passthrough_field_mapper,
)

OPERATION, SOURCE = "operation", "video"
RATIOS = ("16:9", "9:16", "1:1", "4:3", "3:4", "3:2", "2:3")
REFERENCE_ROLES = ("reference", "asset", "style")
MOST_REFERENCES = 7
PINS = frozenset({"image", "last_frame", "keyframes"})
BESIDE_FRAME = "this model takes either a first frame or references; grok-imagine-video-1.5 takes both"
FOLLOWS = "the result follows the video it is made from"


@dataclass(frozen=True)
class Family:
    """What models make. With `pins` they take a last frame, keyframes, and frames beside references."""

    resolutions: Sequence[str] = ("480p", "720p", "1080p")
    with_references: Sequence[str] = ("480p", "720p")
    pins: bool = True
    strict: bool = True


FIRST, UNPUBLISHED = Family(("480p", "720p"), pins=False), Family(strict=False)
FAMILIES: Mapping[str, Family] = {
    "grok-imagine-video": FIRST,
    "grok-imagine-video-": UNPUBLISHED,
    "grok-imagine-video-1.5": Family(),
    "grok-imagine-video-1.5-lite": UNPUBLISHED,
    "": UNPUBLISHED,
}

_FIXED: FieldMapping = {name: omitted_field_mapper(name, FOLLOWS) for name in ("aspect_ratio", "resolution")}
FROM_VIDEO: Mapping[str, FieldMapping] = {
    "edit": {
        **_FIXED,
        "duration": omitted_field_mapper("duration_seconds", FOLLOWS),
        SOURCE: media_field_mapper("video"),
    },
    "extend": {
        **_FIXED,
        "duration": duration_field_mapper(minimum=1, maximum=10),
        SOURCE: media_field_mapper("video"),
    },
}
"""Ways that start from a video. The duration of an extension is that of the added part."""


def operation_of(request: Any) -> str:
    """What is to be done: `generate`, or with a video to start from `edit` or `extend`.

    The extra parameter `operation` chooses. Raises `ValidationError` for a choice that cannot be.
    """
    given = request.video is not None or SOURCE in request.extra_params
    chosen = request.extra_params.get(OPERATION, "edit" if given else "generate")
    if chosen not in ("generate", *FROM_VIDEO):
        raise ValidationError(f"operation is one of generate, {', '.join(FROM_VIDEO)}, not {str(chosen)[:40]!r}.")
    if given != (chosen in FROM_VIDEO):
        raise ValidationError("To edit or extend a video, give it as video; to generate one, give none.")
    return str(chosen)


def video_mapping(model: str, request: Any) -> FieldMapping:
    operation = operation_of(request)
    if operation in FROM_VIDEO:
        return {"prompt": _prompt(may_be_empty=False), **FROM_VIDEO[operation]}
    family = find_mapping(FAMILIES, model) or UNPUBLISHED
    mapping = _generate(family, request)
    return mapping if family.strict else {name: mapper.lenient() for name, mapper in mapping.items()}


def _generate(family: Family, request: Any) -> FieldMapping:
    roles = {image["type"] for image in request.image_list}
    referenced = bool(roles.intersection(REFERENCE_ROLES)) or "reference_images" in request.extra_params
    pinned = family.pins and bool(roles & {"first_frame", "last_frame"} or PINS & request.extra_params.keys())
    refused = _either_or if "first_frame" in roles and not family.pins else None
    mapping = {
        "prompt": _prompt(may_be_empty=pinned),
        "duration": duration_field_mapper(minimum=1, maximum=15),
        "aspect_ratio": passthrough_field_mapper("aspect_ratio", allowed=RATIOS),
        "resolution": passthrough_field_mapper(
            "resolution", allowed=family.with_references if referenced else family.resolutions
        ),
        "generate_audio": passthrough_field_mapper("generate_audio"),
        "image": image_field_mapper("first_frame"),
        "reference_images": images_field_mapper(*REFERENCE_ROLES, maximum=MOST_REFERENCES, convert=refused),
    }
    return {**mapping, "last_frame": image_field_mapper("last_frame")} if family.pins else mapping


def _prompt(*, may_be_empty: bool) -> FieldMapper:
    def convert(prompt: str) -> str:
        if not prompt and not may_be_empty:
            raise ValueError("it may be empty only for grok-imagine-video-1.5, where a frame is pinned")
        return prompt

    return FieldMapper(("prompt",), convert, required=True)


def _either_or(references: Any) -> Any:
    raise ValueError(BESIDE_FRAME)
