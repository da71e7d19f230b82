"""The Luma Agents API: Ray 3.2 and Uni-1, of which everything is asked by one path.

Sources: wire and types of luma-agents 0.5.0 (PyPI), docs.agents.lumalabs.ai, read 2026-11.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from functools import partial
from typing import Any, ClassVar

from tarash.providers.luma.files import reference
from tarash.providers.luma.interfaces import Interface, Tasks
from tarash.tarash_gateway.exceptions import ValidationError
from tarash.tarash_gateway.media import Media
from tarash.tarash_gateway.media_forms import UNKNOWN_TYPE
from tarash.tarash_gateway.messages import Output, Step
from tarash.tarash_gateway.models import Kind
from tarash.tarash_gateway.providers.base import Call, place_media
from tarash.tarash_gateway.providers.field_mappers import (
    FieldMapper,
    choice_field_mapper,
    constant_field_mapper,
    duration_field_mapper,
    image_field_mapper,
    images_field_mapper,
    omitted_field_mapper,
)
from tarash.tarash_gateway.providers.outputs import files_in

IMAGE_RATIOS = ("3:1", "2:1", "16:9", "3:2", "1:1", "2:3", "9:16", "1:2", "1:3")
VIDEO_RATIOS = ("9:16", "3:4", "1:1", "4:3", "16:9", "21:9")
RESOLUTIONS = ("360p", "540p", "720p", "1080p")
DURATIONS = ("5s", "10s")
STYLES = ("auto", "manga")
MOST_CHARACTERS, MOST_LAYERING_CHARACTERS = 6000, 500
MOST_REFERENCES, MOST_EDIT_REFERENCES = 9, 8
MOST_BYTES = {"image": 50 * 1000 * 1000, "video": 200 * 1000 * 1000}
EVERY_ROLE = ("reference", "first_frame", "last_frame", "asset", "style")


def judged(kind: str, media: Media) -> Media:
    """Raises ValueError for an input of another type, or one that is too large. Of links only the type is known."""
    if media.url is not None:
        if not media.url.lower().startswith(("https://", "http://")):
            raise ValueError("Luma reads https links only")
        # A link to a video is taken for one only when its type is told.
        unclear = kind == "video" and not media.content_type.startswith("video/")
        return replace(media, content_type="video/mp4") if unclear else media
    if not media.content_type.startswith(f"{kind}/") and media.content_type != UNKNOWN_TYPE:
        raise ValueError(f"an input of type {kind} is wanted here, not {media.content_type}")
    if (media.size or 0) > MOST_BYTES[kind]:
        raise ValueError(f"the input has {media.size} bytes, Luma takes {MOST_BYTES[kind]}")
    return media


def picture(media: Media) -> Media:
    return judged("image", media)


def pictures(images: Sequence[Media]) -> list[Media]:
    return [picture(image) for image in images]


def text(most: int) -> FieldMapper:
    def convert(words: str) -> str:
        if not 1 <= len(words) <= most:
            raise ValueError(f"the text has {len(words)} characters, the model takes 1 to {most}")
        return words

    return FieldMapper(("prompt",), convert, required=True)


PROMPT = text(MOST_CHARACTERS)
VIDEO_RATIO = choice_field_mapper("aspect_ratio", VIDEO_RATIOS)
IMAGE_RATIO = choice_field_mapper("aspect_ratio", IMAGE_RATIOS)
RESOLUTION = choice_field_mapper("resolution", RESOLUTIONS)
STYLE = choice_field_mapper("style", STYLES)
FILM = FieldMapper(("video",), partial(judged, "video"), required=True)
PICTURE = image_field_mapper("reference", "first_frame", required=True, convert=picture)
START_FRAME = image_field_mapper("first_frame", "reference", convert=picture)
KEPT_LENGTH = omitted_field_mapper("duration_seconds", "the video keeps the length of its source")


def references(most: int) -> FieldMapper:
    return images_field_mapper(*EVERY_ROLE, maximum=most, convert=pictures)


VIDEO: Tasks = {
    "video": {
        "type": constant_field_mapper("video"),
        "prompt": PROMPT,
        "aspect_ratio": VIDEO_RATIO,
        "video.duration": duration_field_mapper("str", allowed_values=DURATIONS),
        "video.resolution": RESOLUTION,
        "video.start_frame": START_FRAME,
        "video.end_frame": image_field_mapper("last_frame", convert=picture),
    },
    "video_edit": {
        "type": constant_field_mapper("video_edit"),
        "prompt": PROMPT,
        "source": FILM,
        "aspect_ratio": VIDEO_RATIO,
        "video.duration": KEPT_LENGTH,
        "video.resolution": RESOLUTION,
        "video.start_frame": START_FRAME,
    },
    "video_reframe": {
        "prompt": PROMPT,
        "source": FILM,
        "aspect_ratio": VIDEO_RATIO,
        "video.duration": KEPT_LENGTH,
        "video.resolution": RESOLUTION,
    },
}
IMAGE: Tasks = {
    "image": {
        "prompt": PROMPT,
        "aspect_ratio": IMAGE_RATIO,
        "style": STYLE,
        "image_ref": references(MOST_REFERENCES),
    },
    "image_edit": {
        "type": constant_field_mapper("image_edit"),
        "prompt": PROMPT,
        "aspect_ratio": IMAGE_RATIO,
        "style": STYLE,
        "source": PICTURE,
        "image_ref": references(MOST_EDIT_REFERENCES),
    },
    "layering": {
        "prompt": text(MOST_LAYERING_CHARACTERS),
        "source": PICTURE,
    },
}
CHAINED: Mapping[Kind, str] = {"video": "video_edit", "image": "image_edit"}
"""What is meant by a source without any further word."""

ANY: Any = object()
IMPOSSIBLE: Sequence[tuple[str, str, Any]] = (
    ("end_frame", "duration", "10s"),
    ("loop", "duration", "10s"),
    ("loop", "hdr", True),
    ("loop", "end_frame", ANY),
    ("hdr", "resolution", "360p"),
    ("keyframes", "start_frame", ANY),
    ("keyframes", "end_frame", ANY),
    ("keyframes", "loop", True),
)
"""Options of a new video that do not go together."""


class Agents(Interface):
    """The current interface. It has neither callbacks nor cancelling."""

    id = "agents"
    base_url = "https://agents.lumalabs.ai/v1"
    key_variables = ("LUMA_AGENTS_API_KEY",)
    base_url_variables = ("LUMA_BASE_URL",)
    task_parameter = "type"
    tasks: ClassVar[Mapping[Kind, Tasks]] = {"video": VIDEO, "image": IMAGE}
    waiting: ClassVar[Mapping[str, bool]] = {"queued": False, "processing": True}

    def usual_task(self, call: Call) -> str:
        request = call.request
        has_source = "source" in request.extra_params or getattr(request, "video", None) is not None
        return CHAINED[call.kind] if has_source else call.kind

    def body(self, call: Call, task: str) -> Step[tuple[str, dict[str, Any]]]:
        if task == "video":
            refuse_odd_pairs(call.payload.get("video"))
        placed = yield from place_media(call.payload, partial(reference, call))
        return "generations", {"model": call.model, **placed}

    def outputs(self, call: Call, generation: Mapping[str, Any]) -> Sequence[Output]:
        files = list(files_in(generation.get("output")))
        wanted = [file for file in files if file.get("type") == call.kind]
        return [Output(url=file["url"]) for file in wanted or files]

    def facts(self, generation: Mapping[str, Any]) -> Mapping[str, Any]:
        layers = [file["layer"] for file in files_in(generation.get("output")) if file.get("layer")]
        return {"layers": layers} if layers else {}


def refuse_odd_pairs(options: Any) -> None:
    """Raises `ValidationError` for what the vendor documents as impossible."""
    options = options if isinstance(options, dict) else {}
    for name, other, value in IMPOSSIBLE:
        given = options.get(other)
        if options.get(name) and given and value in (ANY, given):
            told = "" if value in (ANY, True) else f" {value}"
            raise ValidationError(f"Luma makes no video with both {name} and {other}{told}. Nothing was paid.")
