"""Images: made from text (JSON), or from images with or without a mask (multipart). Both answer when they are done.

Source: wire of openai 3.52 and 3.54 (PyPI) against a recording server.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

from tarash.providers.openai.errors import filtered_categories
from tarash.providers.openai.image_mappings import Family
from tarash.providers.openai.masks import transparent_mask
from tarash.providers.openai.service import Service, about
from tarash.tarash_gateway.exceptions import ContentModerationError, ValidationError
from tarash.tarash_gateway.media import Media, load_media
from tarash.tarash_gateway.messages import Done, Json, Multipart, Output, Pending, Response, Step
from tarash.tarash_gateway.providers.base import Call, Operation
from tarash.tarash_gateway.providers.field_mappers import FieldMapping, find_mapping, media_field_mapper
from tarash.tarash_gateway.providers.inputs import fetched
from tarash.tarash_gateway.providers.multipart import form_of
from tarash.tarash_gateway.providers.outputs import decoded
from tarash.tarash_gateway.providers.reading import objects_of, present

MAX_IMAGE_BYTES = 50 * 1024 * 1024
MAX_ANSWER_BYTES = 256 * 1024 * 1024
"""Ten pictures of 3840x2160 as base64."""

FILES = ("image", "image[]", "mask", "markup")
ABOUT = ("usage", "size", "quality", "background", "output_format", "created")


class Images(Operation):
    """Images of one service."""

    def __init__(self, service: Service) -> None:
        self.service = service

    def mapping(self, call: Call) -> FieldMapping | None:
        family: Family = find_mapping(self.service.image_families, self.service.family(call)) or Family({}, None)
        mapping = family.edit if call.request.image_list and family.edit else family.generate
        if call.options.get("mask_form") == "transparent" and mapping is family.edit:
            mapping = {**mapping, "mask": media_field_mapper("mask_image")}
        return mapping

    def submit(self, call: Call) -> Step[Pending | Done]:
        fields = {"model": self.service.wire_model(call), **call.payload}
        if "image" in fields or "image[]" in fields:
            body = yield from self._edit_body(call, fields)
            answer = yield self.service.paid(call, "images/edits", body, max_bytes=MAX_ANSWER_BYTES)
        else:
            answer = yield self.service.paid(call, "images/generations", Json(fields), max_bytes=MAX_ANSWER_BYTES)
        return read_images(answer, str(fields.get("output_format", "png")))

    def _edit_body(self, call: Call, fields: Mapping[str, Any]) -> Step[Multipart]:
        texts = {name: value for name, value in fields.items() if name not in FILES}
        name = "image[]" if "image[]" in fields else "image"
        pictures = yield from _pictures(fields.get("image[]") or [fields["image"]])
        inputs: dict[str, Any] = {name: pictures}
        if "mask" in fields:
            mask = yield from fetched(fields["mask"], max_bytes=MAX_IMAGE_BYTES)
            if call.options.get("mask_form") != "transparent":
                mask = transparent_mask(mask.require_bytes(), pictures[0].require_bytes())
            inputs["mask"] = mask
        if "markup" in fields:
            inputs["markup"] = _given(fields["markup"])
        return (yield from form_of({**texts, **inputs}, max_bytes=MAX_IMAGE_BYTES))


def _pictures(images: Sequence[Media]) -> Step[list[Media]]:
    """The images to edit, with their bytes. Raises `ValidationError` for what the vendor would refuse."""
    pictures: list[Media] = []
    for number, image in enumerate(images, 1):
        picture = yield from fetched(image, max_bytes=MAX_IMAGE_BYTES)
        if not picture.content_type.startswith("image/"):
            raise ValidationError(f"Image {number} is no image but {picture.content_type}. Nothing was paid.")
        if (picture.size or 0) > MAX_IMAGE_BYTES:
            raise ValidationError(f"Image {number} has more than {MAX_IMAGE_BYTES} bytes. Nothing was paid.")
        pictures.append(picture)
    return pictures


def _given(markup: Any) -> Media:
    """Media among the vendor's own parameters. A path is refused: steps do not read files."""
    if isinstance(markup, Path) or hasattr(markup, "read"):
        raise ValidationError("Give markup as bytes with a type, base64 or a data URI.")
    media = load_media(markup)
    media.require_bytes()
    return media


def read_images(answer: Response, asked: str) -> Done:
    """The images of an answer. Raises `ContentModerationError` when a filter left none of them."""
    body = answer.object()
    items = objects_of(body.get("data"))
    content_type = f"image/{body.get('output_format') or asked}"
    outputs = list(_outputs(items, content_type))
    reasons = filtered_categories(items)
    if reasons and not outputs:
        raise ContentModerationError(f"The content filter kept the images back: {reasons}.", raw_response=body)
    prompt = next((item["revised_prompt"] for item in items if item.get("revised_prompt")), None)
    return Done(outputs, body, {"revised_prompt": prompt}, {**present(body, *ABOUT), **about(answer)})


def _outputs(items: list[dict[str, Any]], content_type: str) -> Iterator[Output]:
    for item in items:
        if item.get("b64_json"):
            yield Output(data=decoded(item["b64_json"]), content_type=content_type)
        elif isinstance(item.get("url"), str) and item["url"]:
            yield Output(url=item["url"], content_type=content_type)
