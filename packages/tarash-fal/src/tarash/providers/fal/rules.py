"""From an endpoint to a mapping: by the core's rules, with the names that fal's models use."""

from __future__ import annotations

from collections.abc import Mapping

from tarash.providers.fal.catalogue import Endpoint
from tarash.providers.fal.names import NAMES
from tarash.tarash_gateway.models import Kind
from tarash.tarash_gateway.providers.field_mappers import FieldMapping
from tarash.tarash_gateway.providers.schemas import rules
from tarash.tarash_gateway.providers.schemas.inputs import Input, Inputs, inputs_named

SHARED = inputs_named("string", "prompt", "negative_prompt", "aspect_ratio") | inputs_named("integer", "seed")
PICTURE: Inputs = inputs_named("file", "image_url")
PICTURES: Inputs = {"image_urls": Input("image_urls", "array", item=Input("image_urls", "file"))}
USUAL: Mapping[Kind, Inputs] = {
    "video": {
        **SHARED,
        # Kling, Seedance, PixVerse and MiniMax write seconds as text ("5"), as most of fal's video models do.
        **inputs_named("string", "resolution", "duration"),
        **inputs_named("boolean", "generate_audio", "enable_prompt_expansion"),
        **inputs_named("file", "end_image_url", "video_url", "audio_url"),
    },
    "image": {
        **SHARED,
        **inputs_named("object", "image_size"),
        **inputs_named("integer", "num_images"),
        **inputs_named("string", "style", "quality"),
        **inputs_named("file", "mask_url"),
    },
    "tts": inputs_named("string", "text", "voice"),
    "sts": inputs_named("file", "audio_url") | inputs_named("string", "voice"),
}
"""Usual names, for an endpoint of which nothing is known. Only what the caller sets is sent."""


def mapping_for(endpoint: Endpoint, kind: Kind, *, strict: bool) -> FieldMapping:
    """The mapping of an endpoint for one kind of work. With `strict` its limits refuse; otherwise they only warn."""
    return rules.mapping_for(endpoint.id, endpoint.inputs, kind, NAMES, strict=strict)


def best_guess(kind: Kind, model: str = "") -> FieldMapping:
    """The mapping of an endpoint that nobody here knows; its name tells whether it takes several pictures."""
    many = model.endswith("/edit") if kind == "image" else "reference" in model
    pictures = (PICTURES if many else PICTURE) if kind in ("video", "image") else {}
    return rules.mapping_for(model, {**USUAL[kind], **pictures}, kind, NAMES, strict=False)
