"""Video: which fields of a request become which of the vendor's parameters.

Source: types of openai 3.52 and 3.54; the vendor's guide of 2026-03 for the 1080p sizes of sora-2-pro.
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
    image_field_mapper,
    media_field_mapper,
    omitted_field_mapper,
    text_field_mapper,
)

LONGEST_PROMPT = 32_000
SECONDS = ("4", "8", "12")
EXTENSION_SECONDS = ("4", "8", "12", "16", "20")
HD = {("720p", "16:9"): "1280x720", ("720p", "9:16"): "720x1280"}
FULL_HD = {("1080p", "16:9"): "1920x1080", ("1080p", "9:16"): "1080x1920"}
DEFAULT_RESOLUTION, DEFAULT_RATIO = "720p", "9:16"
SOURCE, OPERATION = "video_id", "operation"


@dataclass(frozen=True)
class VideoLimits:
    """What a family of models makes: sizes by resolution and aspect ratio, and further sizes without such names."""

    named: Mapping[tuple[str, str], str]
    others: Sequence[str] = ()

    def size(self, values: Mapping[str, Any]) -> str:
        """The size for a resolution, an aspect ratio, or both. The vendor's default is upright 720p."""
        resolution = str(values.get("resolution", DEFAULT_RESOLUTION)).lower()
        ratio = values.get("aspect_ratio", DEFAULT_RATIO)
        if resolution in (*self.named.values(), *self.others):
            return resolution
        if (resolution, ratio) not in self.named:
            known = ", ".join(f"{name} {shape} ({size})" for (name, shape), size in self.named.items())
            others = f"; by resolution: {', '.join(self.others)}" if self.others else ""
            raise ValueError(f"there is no {resolution} {ratio}; the model makes {known}{others}")
        return self.named[resolution, ratio]


PRO = VideoLimits({**HD, **FULL_HD}, ("1024x1792", "1792x1024"))
VIDEOS: Mapping[str, VideoLimits] = {"sora-2": VideoLimits(HD), "sora-2-pro": PRO, "": PRO}
AZURE_VIDEOS: Mapping[str, VideoLimits] = {"": VideoLimits(HD)}

_PROMPT = text_field_mapper("prompt", maximum=LONGEST_PROMPT, required=True)
_SOUND = omitted_field_mapper("generate_audio", "these videos always have sound")


def _create(limits: VideoLimits) -> FieldMapping:
    return {
        "prompt": _PROMPT,
        "seconds": duration_field_mapper("str", allowed_values=SECONDS),
        "size": FieldMapper(("resolution", "aspect_ratio"), limits.size, together=True),
        "input_reference": image_field_mapper("first_frame", "reference"),
        "sound": _SOUND,
    }


_FROM_VIDEO: Mapping[str, FieldMapping] = {
    "remix": {"prompt": _PROMPT, "sound": _SOUND},
    "edit": {"prompt": _PROMPT, "video": media_field_mapper("video"), "sound": _SOUND},
    "extend": {
        "prompt": _PROMPT,
        "seconds": duration_field_mapper("str", allowed_values=EXTENSION_SECONDS, required=True),
        "video": media_field_mapper("video"),
        "sound": _SOUND,
    },
}


def operation_of(request: Any) -> str:
    """What is to be done: `create`, or with a video to start from `remix`, `edit` or `extend`.

    A video made before is named by `video_id`, a file is given as `video`; `operation` chooses between the ways.
    Raises `ValidationError` for a choice that cannot be.
    """
    made_before, given = request.extra_params.get(SOURCE), request.video is not None
    usual = "remix" if made_before else "edit" if given else "create"
    chosen = request.extra_params.get(OPERATION, usual)
    if chosen not in ("create", *_FROM_VIDEO):
        raise ValidationError(f"operation is one of create, {', '.join(_FROM_VIDEO)}, not {chosen!r}.")
    if made_before and given:
        raise ValidationError("Give either video_id (a video made before) or video (a file), not both.")
    if chosen == "remix" and not made_before:
        raise ValidationError("Only a video made before can be remixed: give its id as video_id.")
    if chosen != "create" and not (made_before or given):
        raise ValidationError(f"To {chosen} a video, give video_id (a video made before) or video (a file).")
    if chosen == "create" and (made_before or given):
        raise ValidationError("A video to start from needs operation 'remix', 'edit' or 'extend'.")
    return str(chosen)


def video_mapping(operation: str, limits: VideoLimits) -> FieldMapping:
    return _FROM_VIDEO.get(operation) or _create(limits)
