"""Gemini Omni: which fields of a request become which parameters of an interaction.

Below `input` are the pieces that the step puts together as one list. Parts of images are said in the prompt.
Sources: types of google-genai 3.4.0; ai.google.dev, Omni guide, 2026-09-18.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping, Sequence
from functools import partial
from typing import Any

from tarash.providers.google.places import bucket_of, model_name, on_vertex
from tarash.tarash_gateway.models import VideoGenerationRequest
from tarash.tarash_gateway.providers.base import Call
from tarash.tarash_gateway.providers.field_mappers import (
    Converted,
    FieldMapper,
    FieldMapping,
    constant_field_mapper,
    duration_field_mapper,
    find_mapping,
    image_field_mapper,
    images_field_mapper,
    media_field_mapper,
    omitted_field_mapper,
    passthrough_field_mapper,
)

FAMILY = "gemini-omni-"
WORDED_SECONDS = "gemini-omni-1.1"
"""The guide of this model never mentions `duration`, and its clients put the length into the prompt."""

FRAMES = ("first_frame", "last_frame")
TASKS = {frozenset({True}): "image_to_video", frozenset({False}): "reference_to_video"}
"""By whether the images are frames: all of them, or none. There is none for mixtures and plain text."""
PARTS = {
    "first_frame": "the first frame",
    "last_frame": "the last frame",
    "reference": "a reference",
    "asset": "a reference for a person or thing",
    "style": "a reference for the style",
}
_TAGS = re.compile(r"\[# |<(FIRST_FRAME|LAST_FRAME|PREVIOUS_VIDEO|(IMAGE_REF|VIDEO_REF|VIDEO)_\d+)>")


def _seconds(fewest: int, most: int) -> FieldMapper:
    return duration_field_mapper("str", allowed_values=[f"{seconds}s" for seconds in range(fewest, most + 1)])


def _references(most: int | None) -> FieldMapper:
    return images_field_mapper("reference", "asset", "style", maximum=most).lenient()


SECONDS: Mapping[str, FieldMapper] = {
    "gemini-omni-1.2": _seconds(3, 15),
    "gemini-omni": _seconds(3, 10),
    "": duration_field_mapper("str", suffix="s"),
}
REFERENCES: Mapping[str, FieldMapper] = {
    "gemini-omni-1": _references(6),
    "gemini-omni-flash-preview": _references(10),
    "": _references(None),
}
OMNI: FieldMapping = {
    "input.first_frame": image_field_mapper("first_frame"),
    "input.video": media_field_mapper("video"),
    "response_format.type": constant_field_mapper("video"),
    "response_format.resolution": passthrough_field_mapper("resolution", allowed=("360p", "720p", "1080p", "4k")),
    "response_format.aspect_ratio": passthrough_field_mapper("aspect_ratio", allowed=("16:9", "9:16")),
    "generation_config.seed": passthrough_field_mapper("seed"),
    "generate_audio": omitted_field_mapper("generate_audio", "Omni always makes sound; word it in the prompt"),
    "background": constant_field_mapper(True),
}


def omni_mapping(call: Call) -> FieldMapping:
    """The prompt and the task depend on the parts that the images play, delivery on where the caller is."""
    model, request = model_name(call.model), call.request
    roles = _ordered(image["type"] for image in request.image_list)
    seconds, bucket = find_mapping(SECONDS, model) or SECONDS[""], bucket_of(call)
    worded = _worded(seconds, request.duration_seconds) if model.startswith(WORDED_SECONDS) else ""
    task, hook = request.extra_params.get("task", _task(roles, request)), call.options.get("webhook_url")
    mapping = {
        **OMNI,
        "input.prompt": FieldMapper(("prompt",), partial(_with_roles, roles=roles, worded=worded)),
        "input.last_frame": image_field_mapper("last_frame", convert=None if "first_frame" in roles else _alone),
        "input.references": find_mapping(REFERENCES, model) or _references(None),
        "response_format.duration": seconds,
        # Videos of more than about 4 MB come as links only; on Vertex AI those need a bucket of the caller's own.
        "response_format.delivery": constant_field_mapper("uri" if bucket or not on_vertex(call) else None),
        "response_format.gcs_uri": constant_field_mapper(bucket),
        "generation_config.video_config.task": constant_field_mapper(task),
        "webhook_config.uris": constant_field_mapper([hook] if hook else None),
    }
    return mapping if model.startswith(FAMILY) else {name: one.lenient() for name, one in mapping.items()}


def _ordered(roles: Iterable[str]) -> list[str]:
    """The parts that the images play, in the order in which they are attached."""
    return sorted(roles, key=lambda role: FRAMES.index(role) if role in FRAMES else len(FRAMES))


def _task(roles: Sequence[str], request: VideoGenerationRequest) -> str | None:
    """The task that the inputs mean; None leaves it to the model."""
    if request.video is not None:
        return "extend"
    return TASKS.get(frozenset(role in FRAMES for role in roles))


def _worded(mapper: FieldMapper, seconds: float | None) -> str:
    if seconds is None or mapper.convert is None:
        return ""
    told = mapper.convert(seconds)
    return f" The video lasts {(told.value if isinstance(told, Converted) else told)[:-1]} seconds."


def _with_roles(prompt: str, roles: Sequence[str], worded: str) -> Any:
    """The prompt with a header that gives each image its part, unless the caller's own tags do."""
    if _TAGS.search(prompt) or not (roles or worded):
        return prompt
    numbered = [(role, f"@Image{number}") for number, role in enumerate(roles, 1)]
    sources = [f"<{role.upper()}>{name}" for role, name in numbered if role in FRAMES]
    others = [name for role, name in numbered if role not in FRAMES]
    references = [f"<IMAGE_REF_{number}>{name}" for number, name in enumerate(others)]
    tagged = {"Sources": sources, "References": references}
    groups = [f"[# {title} {' '.join(tags)}]" for title, tags in tagged.items() if tags]
    closing = "".join(f" {name} is {PARTS[role]}." for role, name in numbered)
    text = f"{' '.join([*groups, prompt])}{closing}{worded}"
    return Converted(text, reason="what has no field of its own (parts of images, length) is said in the prompt")


def _alone(image: Any) -> Any:
    raise ValueError("a last frame needs a first frame beside it")
