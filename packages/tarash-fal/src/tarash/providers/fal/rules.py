"""Rules from an endpoint's schema to a mapping: which of its inputs take which fields of a request.

An input is recognised by its name and type, an image also by its neighbours: the tables say how, `ODD` where a model
means something else. Names are those of the type map of @fal-ai/client 1.10.1, meanings those of fal's model pages.
"""

from __future__ import annotations

import fnmatch
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import replace

from tarash.providers.fal.catalogue import Endpoint, Input, is_link
from tarash.providers.fal.speech import speech_mapping
from tarash.providers.fal.values import (
    RESOLUTIONS,
    chosen_mapper,
    frame_size_mapper,
    frames_mapper,
    ratio_mapper,
    side_mapper,
    size_mapper,
    switch_mapper,
    wrapped,
)
from tarash.tarash_gateway.models import Kind
from tarash.tarash_gateway.providers.field_mappers import (
    FieldMapper,
    FieldMapping,
    duration_field_mapper,
    image_field_mapper,
    images_field_mapper,
    passthrough_field_mapper,
    seconds_of,
)

TEXT, NUMBER, LINK = ("string", "unknown"), ("number", "integer"), ("file",)

EFFECTS = ("effect", "effect_scene")
"""Models that make one of their ready effects take its name, and nothing else that describes the video."""

SHARED: Mapping[str, tuple[tuple[str, ...], tuple[str, ...]]] = {
    "prompt": (
        *(
            ("prompt", "text_prompt", "text", "text_input", "instruction", "edit_instruction", "subject", *EFFECTS),
            TEXT,
        ),
    ),
    "negative_prompt": (("negative_prompt",), TEXT),
    "seed": (("seed",), NUMBER),
}
FIELDS: Mapping[Kind, Mapping[str, tuple[tuple[str, ...], tuple[str, ...]]]] = {
    "video": {
        **SHARED,
        "video": (
            ("video_url", "input_video_url", "source_video_url", "reference_video_url", "driving_video_url"),
            LINK,
        ),
        "audio": (("audio_url", "driven_audio_url", "input_audio_url", "first_audio_url"), LINK),
    },
    "image": {
        **SHARED,
        "quality": (("quality", "rendering_speed"), TEXT),
        "style": (("style",), TEXT),
        "mask_image": (("mask_url", "mask_image_url", "image_mask_url"), LINK),
        "n": (("num_images", "number_of_images", "num_outputs"), NUMBER),
    },
}
"""Fields that are sent as they are: the inputs that take them, most wanted first, and the types these must have."""

MEDIA_LISTS: Mapping[str, tuple[str, ...]] = {
    "video": ("video_urls", "reference_video_urls"),
    "audio": ("audio_urls", "reference_audio_urls"),
}
ENHANCERS = (
    *("enhance_prompt", "enable_prompt_expansion", "prompt_optimizer", "expand_prompt", "prompt_expansion"),
    *("prompt_enhancement", "thinking_type"),
)
SWITCHES: Mapping[Kind, Mapping[str, tuple[str, ...]]] = {
    "video": {
        "generate_audio": ("generate_audio", "generate_audio_switch", "enable_audio", "with_audio", "audio"),
        "enhance_prompt": ENHANCERS,
    },
    "image": {"enhance_prompt": ENHANCERS},
}
DURATIONS = ("duration", "duration_seconds", "video_length", "video_duration", "length")
SECONDS_WITH_UNIT = ("veo", "kandinsky")
"""Families that write "8s" where the schema only speaks of text."""

SIZES = ("image_size", "video_size")

FIRST = ("start_image_url", "first_frame_url", "first_frame_image_url", "first_image_url", "start_frame_url")
LAST = ("end_image_url", "last_frame_url", "tail_image_url", "last_frame_image_url", "last_image_url", "end_frame_url")
MAIN = (
    *("image_url", "input_image_url", "source_image_url", "img_url", "base_image_url", "initial_image_url"),
    *("human_image_url", "person_image_url", "model_image", "character_image_url", "avatar_image_url"),
    *("face_image_url", "content_image_url", "composition_image_url", "image"),
)
REFERENCES = (
    *("image_urls", "reference_image_urls", "input_image_urls", "ref_image_urls", "reference_image_url"),
    *("subject_reference_image_url", "ref_image_url", "reference_images", "images", "input_images", "frames"),
)
STYLES = ("style_image_url", "style_reference_image_url", "style_reference_image_urls", "image_style_url")
ASSETS = (
    *("elements", "garment_image_url", "garment_image", "clothing_image_url", "cloth_image_url", "product_image_url"),
    *("identity_image_url", "subject_image_url", "control_image_url", "control_lora_image_url"),
)
NO_PICTURE = ("archive", "data", "map_", "mask")
"""Words in the names of image inputs that take no picture of a role."""

FRAMES_PER_SECOND = {"*wan*": 16.0, "*cogvideo*": 8.0, "*framepack*": 30.0, "*magi*": 24.0, "*ltx*": 24.0}
"""What models make when no rate is asked for, by pattern of the endpoint's id; a live schema says it itself."""
RATES = ("frames_per_second", "fps", "frame_rate")
USUAL_RATE = 24.0

ODD: Mapping[str, Mapping[str, FieldMapper]] = {
    # These images only lend their style; the others are the picture to change, or a character to show again.
    "fal-ai/ideogram/*": {"image_urls": images_field_mapper("style")},
    "fal-ai/ideogram/v3": {"image_urls": images_field_mapper("style", "reference")},
    "fal-ai/ideogram/character": {"reference_image_urls": images_field_mapper("reference", "asset")},
    "fal-ai/ideogram/character/*": {"reference_image_urls": images_field_mapper("asset")},
    # The picture shows who moves, the video how.
    "fal-ai/kling-video/*/motion-control": {"image_url": image_field_mapper("reference", "first_frame", "asset")},
    "fal-ai/wan/*/animate/*": {"image_url": image_field_mapper("reference", "first_frame", "asset")},
}
"""Models whose inputs mean something else than their names say: pattern of ids, and what to map instead."""

Roles = tuple[str, ...]


def mapping_for(endpoint: Endpoint, kind: Kind, *, strict: bool) -> FieldMapping:
    """The mapping of an endpoint for one kind of work. With `strict` its limits refuse; otherwise they only warn."""
    found = speech_mapping(endpoint, kind, strict=strict) if kind in ("tts", "sts") else _visual_mapping(endpoint, kind)
    for pattern, changes in ODD.items():
        if fnmatch.fnmatchcase(endpoint.id, pattern):
            found = {**found, **{name: mapper for name, mapper in changes.items() if name in endpoint.inputs}}
    mapping = {name: _limited(mapper, endpoint, name, strict) for name, mapper in found.items()}
    covered = {name.partition(".")[0] for name in mapping}
    for name, value in endpoint.inputs.items():
        if value.required and name not in covered:
            mapping[name] = FieldMapper(required=True, strict=strict)
    return mapping


def best_guess(kind: Kind, model: str = "") -> FieldMapping:
    """Usual names, for an endpoint of which nothing is known. Only what the caller sets is sent."""
    if kind == "tts":
        return {"text": passthrough_field_mapper("text"), "voice": passthrough_field_mapper("voice_id")}
    if kind == "sts":
        return {"audio_url": passthrough_field_mapper("audio"), "voice": passthrough_field_mapper("voice_id")}
    names = ("prompt", "negative_prompt", "aspect_ratio", "seed")
    return {
        **{name: passthrough_field_mapper(name) for name in names},
        **(_guessed_video(model) if kind == "video" else _guessed_image(model)),
    }


def _guessed_video(model: str) -> dict[str, FieldMapper]:
    """Kling, Seedance, PixVerse and MiniMax write seconds as text ("5"), as most of fal's video models do."""
    many = "reference" in model
    return {
        "resolution": passthrough_field_mapper("resolution"),
        "duration": duration_field_mapper("str"),
        "generate_audio": passthrough_field_mapper("generate_audio"),
        "enable_prompt_expansion": passthrough_field_mapper("enhance_prompt"),
        "image_urls" if many else "image_url": (
            images_field_mapper("reference", "asset") if many else image_field_mapper("first_frame", "reference")
        ),
        "end_image_url": image_field_mapper("last_frame"),
        "video_url": passthrough_field_mapper("video"),
        "audio_url": passthrough_field_mapper("audio"),
    }


def _guessed_image(model: str) -> dict[str, FieldMapper]:
    many = model.endswith("/edit")
    return {
        "image_size": size_mapper(Input("image_size", "object"), ("size",)),
        "num_images": passthrough_field_mapper("n"),
        "style": passthrough_field_mapper("style"),
        "quality": passthrough_field_mapper("quality"),
        "image_urls" if many else "image_url": (
            images_field_mapper("reference", "asset") if many else image_field_mapper("reference", "asset")
        ),
        "mask_url": passthrough_field_mapper("mask_image"),
    }


def _limited(mapper: FieldMapper, endpoint: Endpoint, parameter: str, strict: bool) -> FieldMapper:
    """The mapper with the limits of its input; of an object only the mapper knows what may be in it."""
    name, _, nested = parameter.partition(".")
    value = endpoint.inputs[name]
    if nested:
        return replace(mapper, required=value.required and bool(mapper.sources), strict=strict)
    is_plain = value.type not in ("object", "array", "unknown")
    return replace(
        mapper,
        required=value.required,
        allowed=mapper.allowed or (value.allowed if is_plain else None),
        minimum=value.minimum if is_plain or mapper.many else None,
        maximum=value.maximum if is_plain or mapper.many else None,
        strict=strict,
    )


def _visual_mapping(endpoint: Endpoint, kind: Kind) -> dict[str, FieldMapper]:
    inputs = endpoint.inputs
    found: dict[str, FieldMapper] = {}
    for source, (names, types) in FIELDS[kind].items():
        if name := _first(inputs, names, types):
            found[name] = passthrough_field_mapper(source)
    found.update(_image_mappers(endpoint, kind, taken=set(found)))
    found.update(_shape_mappers(inputs, kind))
    found.update(_switches(inputs, kind))
    if kind == "video":
        found.update(_media_lists(inputs, found))
        found.update(_duration(endpoint))
    return found


def _first(inputs: Mapping[str, Input], names: Iterable[str], types: Sequence[str]) -> str | None:
    return next((name for name in names if name in inputs and inputs[name].type in types), None)


def _media_lists(inputs: Mapping[str, Input], found: Mapping[str, FieldMapper]) -> dict[str, FieldMapper]:
    """Lists of one, and media inside an object, where the model has no plain place for a video or a sound."""
    taken = {source for mapper in found.values() for source in mapper.sources}
    lists: dict[str, FieldMapper] = {}
    for source, names in MEDIA_LISTS.items():
        if source not in taken and (name := _first(inputs, names, ("array",))):
            lists[name] = FieldMapper((source,), lambda media: [media])
    if "video" not in taken and "video_url" in _fields(inputs, "video"):
        lists["video.video_url"] = passthrough_field_mapper("video")
    return lists


def _fields(inputs: Mapping[str, Input], name: str) -> Mapping[str, Input]:
    return inputs[name].fields if name in inputs else {}


def _switches(inputs: Mapping[str, Input], kind: Kind) -> dict[str, FieldMapper]:
    found: dict[str, FieldMapper] = {}
    for source, names in SWITCHES[kind].items():
        for name in names:
            mapper = switch_mapper(source, inputs[name]) if name in inputs else None
            if mapper is not None:
                found[name] = mapper
                break
    return found


def _shape_mappers(inputs: Mapping[str, Input], kind: Kind) -> dict[str, FieldMapper]:
    """Aspect ratio, size and resolution: in words, in pixels, or both."""
    found: dict[str, FieldMapper] = {}
    sized = _first(inputs, (*SIZES, "resolution") if kind == "video" else SIZES, ("object",))
    listed = _first(inputs, SIZES, ("string",))
    size = sized or listed
    if (name := _first(inputs, ("aspect_ratio", "video_aspect_ratio"), TEXT)) is not None:
        found[name] = ratio_mapper(inputs[name], with_size=kind == "image" and size is None)
    elif "ratio" in _fields(inputs, "aspect_ratio"):
        ratio = inputs["aspect_ratio"].fields["ratio"]
        found["aspect_ratio.ratio"] = replace(ratio_mapper(ratio, with_size=size is None), allowed=ratio.allowed)
    if size is not None and kind == "image":
        found[size] = size_mapper(inputs[size], ("size",) if found else ("size", "aspect_ratio"))
    elif sized is not None and not found:
        found[sized] = frame_size_mapper(inputs[sized])
    elif kind == "image" and {"width", "height"} <= inputs.keys():
        found |= {name: side_mapper(index) for index, name in enumerate(("width", "height"))}
    if kind == "video" and (name := _first(inputs, ("resolution", "video_resolution"), TEXT)) is not None:
        found[name] = chosen_mapper("resolution", RESOLUTIONS, inputs[name].allowed)
    return found


def _duration(endpoint: Endpoint) -> dict[str, FieldMapper]:
    """Seconds where the model counts in seconds, else frames where it counts in frames."""
    inputs = endpoint.inputs
    for name in DURATIONS:
        mapper = _seconds(inputs[name], endpoint.id) if name in inputs else None
        if mapper is not None:
            return {name: mapper}
    frames = inputs.get("num_frames")
    if frames is None or not (frames.allowed or frames.type in NUMBER):
        return {}
    return {"num_frames": frames_mapper(frames, _frames_per_second(endpoint))}


def _seconds(value: Input, endpoint_id: str) -> FieldMapper | None:
    if value.allowed:
        known = any(seconds_of(one) is not None for one in value.allowed)
        return duration_field_mapper(allowed_values=value.allowed) if known else None
    if value.type == "number":
        return passthrough_field_mapper("duration_seconds")
    if value.type == "integer":
        return duration_field_mapper("int")
    suffix = "s" if any(family in endpoint_id for family in SECONDS_WITH_UNIT) else ""
    return duration_field_mapper("str", suffix=suffix) if value.type == "string" else None


def _frames_per_second(endpoint: Endpoint) -> float:
    for name in RATES:
        rate = endpoint.inputs[name].default if name in endpoint.inputs else None
        if isinstance(rate, int | float) and rate > 0:
            return float(rate)
    patterns = (rate for pattern, rate in FRAMES_PER_SECOND.items() if fnmatch.fnmatchcase(endpoint.id, pattern))
    return next(patterns, USUAL_RATE)


def _image_mappers(endpoint: Endpoint, kind: Kind, taken: set[str]) -> dict[str, FieldMapper]:
    """Which input takes the images of which role. Each role has one input that wants it first."""
    inputs = {name: value for name, value in endpoint.inputs.items() if name not in taken}
    found: dict[str, Roles] = {}
    for role, names in _wishes(kind).items():
        name = next(
            (name for name in names if name in inputs and name not in found and _is_picture(inputs[name])), None
        )
        if name is not None:
            found[name] = (role,)
    _place_required(inputs, found)
    return {name: _image_mapper(inputs[name], _with_spare_roles(roles, found)) for name, roles in found.items()}


def _wishes(kind: Kind) -> Mapping[str, Sequence[str]]:
    """For each role the inputs that may take it. A lone picture is a video's first frame, or an image's original."""
    if kind == "video":
        return {
            "first_frame": (*FIRST, *MAIN),
            "last_frame": LAST,
            "reference": (*REFERENCES, *MAIN),
            "asset": ASSETS,
            "style": STYLES,
        }
    return {"reference": (*MAIN, *REFERENCES), "asset": (*ASSETS, *REFERENCES, *MAIN), "style": STYLES}


def _place_required(inputs: Mapping[str, Input], found: dict[str, Roles]) -> None:
    """Required pictures under unusual names take the roles that are still free."""
    for name, value in inputs.items():
        unusual = (
            value.required and name not in found and "image" in name and not any(word in name for word in NO_PICTURE)
        )
        if unusual and _is_picture(value):
            held = {role for roles in found.values() for role in roles}
            free = [role for role in ("reference", "asset") if role not in held]
            found.update({name: (free[0],)} if free else {})


def _is_picture(value: Input) -> bool:
    if value.type == "array" and value.item is not None:
        return value.item.type in ("file", "string") or _link_inside(value) is not None
    return value.type == "file" or (value.type == "string" and value.allowed is None)


def _link_inside(value: Input) -> str | None:
    """Which field of the objects in a list takes a picture, when it is all that they need."""
    fields = value.item.fields if value.item is not None else {}
    needed = [name for name, one in fields.items() if one.required]
    if value.name == "elements" and "frontal_image_url" in fields:
        return "frontal_image_url"
    return needed[0] if len(needed) == 1 and is_link(needed[0]) else None


_SPARE: Mapping[str, Roles] = {
    "first_frame": ("reference", "asset"),
    "reference": ("asset", "first_frame"),
    "asset": (),
    "last_frame": (),
    "style": (),
}


def _with_spare_roles(roles: Roles, found: Mapping[str, Roles]) -> Roles:
    """What an input takes beside its own role: images that no other input has a place for."""
    held = {role for other in found.values() for role in other}
    if roles == ("first_frame",) and "reference" in held:
        return roles
    return (*roles, *(role for role in _SPARE[roles[0]] if role not in held))


def _image_mapper(value: Input, roles: Roles) -> FieldMapper:
    if value.type != "array":
        return image_field_mapper(*roles)
    link = _link_inside(value)
    return images_field_mapper(*roles, convert=wrapped(link) if link else None)
