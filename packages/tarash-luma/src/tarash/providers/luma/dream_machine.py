"""The Dream Machine API: Ray 2 and Photon. Inputs are links that anyone can read; it has no uploads.

Sources: wire and types of lumaai 1.21.0 (PyPI), the OpenAPI document of 2025-06-24, docs.lumalabs.ai, read 2026-11.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, ClassVar

from tarash.providers.luma.interfaces import Interface, Tasks
from tarash.tarash_gateway.exceptions import ValidationError
from tarash.tarash_gateway.media import Media
from tarash.tarash_gateway.messages import Output, Step
from tarash.tarash_gateway.models import Kind
from tarash.tarash_gateway.providers.base import Call, path_of
from tarash.tarash_gateway.providers.field_mappers import (
    FieldMapper,
    Omit,
    choice_field_mapper,
    constant_field_mapper,
    duration_field_mapper,
    image_field_mapper,
    images_field_mapper,
    omitted_field_mapper,
    passthrough_field_mapper,
)

RATIOS = ("1:1", "16:9", "9:16", "4:3", "3:4", "21:9", "9:21")
RESOLUTIONS = ("540p", "720p", "1080p", "4k")
DURATIONS = ("5s", "9s")
PROMPT_CHARACTERS = (3, 5000)
MOST_REFERENCES = 4
USUAL_MODE = "flex_1"
"""How far a modified video may leave its source; the vendor wants one to be named."""

EARLIER = "generation_id"
"""An extra parameter: the id of the generation that is given more pixels, or sound."""


def link(media: Media) -> str:
    """Raises ValueError for an input that is no https link."""
    if media.url is None or not media.url.lower().startswith("https://"):
        raise ValueError("this interface of Luma reads https links only: put the file where anyone can read it")
    return media.url


def at_link(media: Media) -> dict[str, str]:
    return {"url": link(media)}


def at_links(images: Sequence[Media]) -> list[dict[str, str]]:
    return [at_link(image) for image in images]


def frame(media: Media) -> dict[str, str]:
    return {"type": "image", "url": link(media)}


def prompt(text: str) -> str:
    fewest, most = PROMPT_CHARACTERS
    if not text.strip():
        raise Omit("the text is empty")
    if not fewest <= len(text) <= most:
        raise ValueError(f"the text has {len(text)} characters, the model takes {fewest} to {most}")
    return text


PROMPT = FieldMapper(("prompt",), prompt)
RATIO = choice_field_mapper("aspect_ratio", RATIOS)
NEW_RATIO = choice_field_mapper("aspect_ratio", RATIOS, required=True)
RESOLUTION = choice_field_mapper("resolution", RESOLUTIONS)
FIRST_FRAME = image_field_mapper("first_frame", "reference", convert=at_link)
FILM = FieldMapper(("video",), at_link, required=True)
NO_PROMPT = omitted_field_mapper("prompt", "a larger copy is made without words")

VIDEO: Tasks = {
    "video": {
        "prompt": PROMPT,
        "aspect_ratio": RATIO,
        "duration": duration_field_mapper("str", allowed_values=DURATIONS),
        "resolution": RESOLUTION,
        "keyframes.frame0": image_field_mapper("first_frame", "reference", convert=frame),
        "keyframes.frame1": image_field_mapper("last_frame", convert=frame),
    },
    "modify_video": {
        "generation_type": constant_field_mapper("modify_video"),
        "prompt": PROMPT,
        "media": FILM,
        "mode": constant_field_mapper(USUAL_MODE),
        "first_frame": FIRST_FRAME,
    },
    "reframe_video": {
        "prompt": PROMPT,
        "media": FILM,
        "aspect_ratio": NEW_RATIO,
        "first_frame": FIRST_FRAME,
    },
    "upscale_video": {"prompt": NO_PROMPT, "resolution": RESOLUTION, EARLIER: FieldMapper(required=True)},
    "add_audio": {
        "prompt": PROMPT,
        "negative_prompt": passthrough_field_mapper("negative_prompt"),
        EARLIER: FieldMapper(required=True),
    },
}
IMAGE: Tasks = {
    "image": {
        "prompt": PROMPT,
        "aspect_ratio": RATIO,
        "image_ref": images_field_mapper(
            "reference", "first_frame", "last_frame", maximum=MOST_REFERENCES, convert=at_links
        ),
        "style_ref": images_field_mapper("style", convert=at_links),
        "character_ref.identity0.images": images_field_mapper(
            "asset", maximum=MOST_REFERENCES, convert=lambda images: [link(image) for image in images]
        ),
    },
    "reframe_image": {
        "prompt": PROMPT,
        "media": image_field_mapper("reference", "first_frame", required=True, convert=at_link),
        "aspect_ratio": NEW_RATIO,
    },
}
PATHS = {
    "video": "generations/video",
    "modify_video": "generations/video/modify",
    "reframe_video": "generations/video/reframe",
    "upscale_video": "generations/{}/upscale",
    "add_audio": "generations/{}/audio",
    "image": "generations/image",
    "reframe_image": "generations/image/reframe",
}
ON_EARLIER = frozenset({"upscale_video", "add_audio"})


class DreamMachine(Interface):
    """The older interface. `webhook_url` is told of each change; what it is told is not signed."""

    id = "dream-machine"
    base_url = "https://api.lumalabs.ai/dream-machine/v1"
    key_variables = ("LUMAAI_API_KEY", "LUMA_API_KEY")
    base_url_variables = ("LUMAAI_BASE_URL",)
    options = frozenset({"webhook_url", "cancel_by_deleting"})
    task_parameter = "generation_type"
    tasks: ClassVar[Mapping[Kind, Tasks]] = {"video": VIDEO, "image": IMAGE}
    waiting: ClassVar[Mapping[str, bool]] = {"queued": False, "dreaming": True}

    def usual_task(self, call: Call) -> str:
        if call.kind == "image":
            return "image"
        return "modify_video" if call.request.video is not None or "media" in call.request.extra_params else "video"

    def body(self, call: Call, task: str) -> Step[tuple[str, dict[str, Any]]]:
        told = {name: value for name, value in call.payload.items() if name != EARLIER}
        refuse_odd_pairs(task, told)
        hook = call.options.get("webhook_url")
        body = {**told, "callback_url": hook} if hook else told
        if task in ON_EARLIER:
            earlier = path_of(str(call.payload.get(EARLIER, "")), what="generation id")
            return PATHS[task].format(earlier), body
        return PATHS[task], {"model": call.model, **body}
        yield

    def outputs(self, call: Call, generation: Mapping[str, Any]) -> Sequence[Output]:
        assets = generation.get("assets")
        made = assets.get(call.kind) if isinstance(assets, dict) else None
        return [Output(url=made)] if isinstance(made, str) and made else []


def refuse_odd_pairs(task: str, body: Mapping[str, Any]) -> None:
    """Raises `ValidationError` for what the vendor documents as impossible."""
    if task != "video":
        return
    frames = body.get("keyframes")
    frames = frames if isinstance(frames, dict) else {}
    if body.get("loop") and "frame1" in frames:
        raise ValidationError("Luma makes no loop with a last frame. Nothing was paid.")
    pictures = [one for one in frames.values() if isinstance(one, dict) and one.get("type") == "image"]
    if "prompt" not in body and not pictures:
        raise ValidationError("Luma needs a prompt, or a picture as first or last frame. Nothing was paid.")
