"""Video and images: from the row of a model's endpoint to the table of which field becomes which parameter.

The names of parameters are the vendor's. "references[first]" is the entry of `references` with that position.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from functools import partial
from typing import Any

from tarash.providers.runway.catalogue import Row, ratios
from tarash.providers.runway.ratios import (
    image_sizes,
    usual_image_size,
    usual_video_size,
    video_size,
)
from tarash.tarash_gateway.media import Media
from tarash.tarash_gateway.providers.field_mappers import (
    Converted,
    FieldMapper,
    FieldMapping,
    Omit,
    TextLimit,
    choice_field_mapper,
    constant_field_mapper,
    duration_field_mapper,
    image_field_mapper,
    images_field_mapper,
    media_field_mapper,
    omitted_field_mapper,
    parse_size,
    passthrough_field_mapper,
)
from tarash.tarash_gateway.providers.sizes import sides

LARGEST_SEED = 4_294_967_295
IMAGE_TYPES = ("image/jpeg", "image/png", "image/webp")
REFERENCES = ("reference", "asset", "style")
EVERY_ROLE = ("reference", "first_frame", "last_frame", "asset", "style")
FREE = "any"
"""The set of ratios of models that nobody here knows: it names sizes, and forbids none."""

EXPANSION = {True: "balanced", False: "disabled", "balanced": "balanced", "disabled": "disabled", "quality": "quality"}
MASK_NOTE = "it is sent as it is; the vendor does not say which colour marks the area to edit"
KEPT_SHAPE = "the video keeps the shape of its first frame"


def text_mapper(source: str, most: int, *, required: bool) -> FieldMapper:
    """A text that is not empty, of at most `most` UTF-16 code units (0: no limit is known)."""

    def convert(text: str) -> str:
        if not text.strip():
            raise ValueError("the model needs a text") if required else Omit("the text is empty")
        return text

    limit = TextLimit(most, "UTF-16 characters", _utf16_units) if most else None
    return FieldMapper((source,), convert, required, longest=limit)


def _utf16_units(text: str) -> int:
    return len(text.encode("utf-16-le")) // 2


def picture(value: Media | list[Media]) -> Any:
    """Raises ValueError for a file of a type that the vendor does not take; of links nothing is known."""
    for media in value if isinstance(value, list) else [value]:
        if media.url is None and media.content_type not in IMAGE_TYPES:
            raise ValueError(f"Runway takes {', '.join(IMAGE_TYPES)}, not {media.content_type}")
    return value


def row_mapping(row: Row) -> FieldMapping:
    """The mapping of one endpoint of a model."""
    required = row.get("required", ())
    mapping: dict[str, FieldMapper] = {}
    for name, value in row.items():
        if name in BUILDERS:
            mapping |= BUILDERS[name](value, name in required)
    return mapping


def _prompt_image(positions: Sequence[str], required: bool) -> FieldMapping:
    first = image_field_mapper("first_frame", *REFERENCES, required=required, convert=picture)
    last = image_field_mapper("last_frame", convert=picture)
    return {"promptImage": first} | ({"promptImage[last]": last} if "last" in positions else {})


def _frames(name: str) -> FieldMapping:
    return {
        f"{name}[first]": image_field_mapper("first_frame", convert=picture),
        f"{name}[last]": image_field_mapper("last_frame", convert=picture),
    }


def _character(value: bool, required: bool) -> FieldMapping:
    return {
        "character.type": constant_field_mapper("image"),
        "character.uri": image_field_mapper("reference", "first_frame", "asset", required=required, convert=picture),
        "reference.type": constant_field_mapper("video"),
        "reference.uri": media_field_mapper("video", required=required),
    }


def _images(name: str, roles: Sequence[str], most: int, required: bool) -> FieldMapping:
    return {name: images_field_mapper(*roles, required=required, maximum=most or None, convert=picture)}


def _duration(limits: Mapping[str, Any], required: bool) -> FieldMapping:
    mapper = duration_field_mapper(
        allowed_values=limits.get("of"), minimum=limits.get("from"), maximum=limits.get("to"), required=required
    )
    return {"duration": replace(mapper, constant=limits.get("usual"))}


def _ratio(name: str, required: bool) -> FieldMapping:
    values = ratios(name)
    usual = usual_video_size(values) if required else None
    if all(value.startswith("auto_") for value in values):
        tier = FieldMapper(("resolution",), lambda value: f"auto_{value.lower()}", required, tuple(values))
        return {"ratio": tier, "aspect_ratio": omitted_field_mapper("aspect_ratio", KEPT_SHAPE)}
    if not any(map(sides, values)):
        return {"ratio": FieldMapper(("aspect_ratio",), None, required, tuple(values), constant=usual)}
    allowed = None if name == FREE else tuple(values)
    sources = ("resolution", "aspect_ratio")
    size = FieldMapper(sources, partial(video_size, values), required, allowed, constant=usual, together=True)
    return {"ratio": size}


def _size(name: str, required: bool) -> FieldMapping:
    values = ratios(name)

    def choose(value: str) -> str:
        shapes, plain = image_sizes(tuple(values)), value.lower()
        if plain in shapes or plain in values:
            return shapes.get(plain, plain)
        if f"auto_{plain}" in values:
            return f"auto_{plain}"
        return plain if ":" in plain else "{}:{}".format(*parse_size(plain))

    allowed = None if name == FREE else tuple(values)
    usual = usual_image_size(values) if required else None
    return {"ratio": FieldMapper(("size", "aspect_ratio"), choose, required, allowed, constant=usual)}


def _count(limits: Mapping[str, Any], required: bool) -> FieldMapping:
    count = passthrough_field_mapper(
        "n", allowed=limits.get("of"), minimum=limits.get("from"), maximum=limits.get("to")
    )
    return {"outputCount": count}


def _mask(value: bool, required: bool) -> FieldMapping:
    return {"maskUri": FieldMapper(("mask_image",), lambda media: Converted(picture(media), reason=MASK_NOTE))}


Builder = Callable[[Any, bool], FieldMapping]


def _field(name: str, source: str) -> Builder:
    """A parameter that takes a field as it is; the row may list its values."""
    return lambda value, required: {
        name: passthrough_field_mapper(source, required, allowed=value if isinstance(value, list) else None)
    }


def _media(name: str, source: str) -> Builder:
    return lambda value, required: {name: media_field_mapper(source, required=required)}


BUILDERS: Mapping[str, Builder] = {
    "promptText": lambda most, required: {"promptText": text_mapper("prompt", most, required=required)},
    "negativePrompt": lambda most, required: {"negativePrompt": text_mapper("negative_prompt", most, required=False)},
    "promptImage": _prompt_image,
    "character": _character,
    "videoUri": _media("videoUri", "video"),
    "promptVideo": _media("promptVideo", "video"),
    "frames": lambda value, required: _frames("references"),
    "keyframes": lambda value, required: _frames("keyframes"),
    "references": lambda most, required: _images("references", REFERENCES, most, required),
    "referenceImages": lambda most, required: _images("referenceImages", EVERY_ROLE, most, required),
    "referenceVideos": _media("referenceVideos", "video"),
    "referenceAudio": _media("referenceAudio", "audio"),
    "maskUri": _mask,
    "duration": _duration,
    "ratio": _ratio,
    "size": _size,
    "targetAspectRatio": _field("targetAspectRatio", "aspect_ratio"),
    "resolution": _field("resolution", "resolution"),
    "quality": _field("quality", "quality"),
    "outputCount": _count,
    "audio": _field("audio", "generate_audio"),
    "promptExpansionMode": lambda value, required: {
        "promptExpansionMode": choice_field_mapper("enhance_prompt", EXPANSION)
    },
    "seed": lambda value, required: {"seed": passthrough_field_mapper("seed", minimum=0, maximum=LARGEST_SEED)},
}
