"""Images: made from text, or from up to three pictures. Both answer when they are done, and both take JSON.

Sources: wire of @ai-sdk/xai 5.0.12 (npm), docs.x.ai, the OpenAPI document of the tryAGI client (2026-08).
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from functools import partial
from typing import Any

from tarash.providers.xai.errors import REFUSALS
from tarash.providers.xai.image_mappings import image_mapping
from tarash.providers.xai.service import about, paid, place
from tarash.tarash_gateway.media import Media
from tarash.tarash_gateway.messages import Done, Output, Pending, Response, Step
from tarash.tarash_gateway.providers.base import Call, Operation, place_media
from tarash.tarash_gateway.providers.field_mappers import FieldMapping
from tarash.tarash_gateway.providers.outputs import decoded
from tarash.tarash_gateway.providers.reading import objects_of

INPUTS = frozenset({"image", "images"})
INPUT_TYPE = "image_url"
MAX_ANSWER_BYTES = 256 * 1024 * 1024
"""Ten pictures as base64."""

WITHHELD = "the pictures were made, and are withheld. They are charged all the same."


class Images(Operation):
    """Images from text and from other images."""

    def describe(self, call: Call) -> Step[FieldMapping | None]:
        return image_mapping(call.model, call.request)
        yield

    def submit(self, call: Call) -> Step[Pending | Done]:
        fields = yield from place_media(call.payload, partial(_place, call))
        path = "images/edits" if INPUTS & fields.keys() else "images/generations"
        answer = yield paid(call, path, {"model": call.model, **fields}, max_bytes=MAX_ANSWER_BYTES)
        return read_images(answer)


def _place(call: Call, media: Media) -> Step[dict[str, str]]:
    placed = yield from place(call, media)
    return {**placed, "type": INPUT_TYPE}


def read_images(answer: Response) -> Done:
    """The images of an answer. Raises `ContentModerationError` when none of them was handed out."""
    body = answer.object()
    items = objects_of(body.get("data"))
    outputs = list(_outputs(items))
    withheld = sum(item.get("respect_moderation") is False for item in items)
    if withheld and not outputs:
        raise REFUSALS.moderated(WITHHELD, body)
    prompt = next((item["revised_prompt"] for item in items if item.get("revised_prompt")), None)
    return Done(outputs, body, {"revised_prompt": prompt}, {**about(answer, body), **_stored(items, withheld)})


def _outputs(items: list[dict[str, Any]]) -> Iterator[Output]:
    for item in items:
        told = item.get("mime_type")
        content_type = told if isinstance(told, str) and told else None
        if item.get("b64_json"):
            # With or without the head of a data URI.
            yield Output(data=decoded(str(item["b64_json"]).rpartition("base64,")[2]), content_type=content_type)
        elif item.get("url"):
            yield Output(url=str(item["url"]), content_type=content_type)


def _stored(items: list[dict[str, Any]], withheld: int) -> Mapping[str, Any]:
    """What became of pictures beside the links to them."""
    files = [item["file_output"] for item in items if item.get("file_output")]
    problems = [item["storage_error"] for item in items if item.get("storage_error")]
    told = {"withheld": withheld, "file_outputs": files, "storage_errors": problems}
    return {name: value for name, value in told.items() if value}
