"""Rules from the inputs of a model to its mapping: which of them take which fields of a request.

An input is recognised by its name and type, an image also by its neighbours; a vendor's `Names` say how.
"""

from __future__ import annotations

import fnmatch
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace

from tarash.tarash_gateway.models import Kind
from tarash.tarash_gateway.providers.field_mappers import (
    FieldMapper,
    FieldMapping,
    TextLimit,
    duration_field_mapper,
    image_field_mapper,
    images_field_mapper,
    passthrough_field_mapper,
    seconds_of,
)
from tarash.tarash_gateway.providers.schemas.inputs import (
    NUMBER,
    TEXT,
    Input,
    Inputs,
    InputType,
    fields_of,
    first_of,
)
from tarash.tarash_gateway.providers.schemas.speech import SpeechNames, speech_mapping
from tarash.tarash_gateway.providers.schemas.values import (
    RESOLUTIONS,
    RatioSizes,
    chosen_mapper,
    frame_size_mapper,
    frames_mapper,
    ratio_mapper,
    side_mapper,
    size_mapper,
    switch_mapper,
    wrapped,
)

Roles = tuple[str, ...]


@dataclass(frozen=True)
class Names:
    """How a vendor's models call their inputs, most wanted first.

    `fields` are sent as they are, to inputs of the given types. `switches` turn something on or off. `pictures` are by
    role those that want its images first; `spare` says which other roles an input takes that nothing else has a place
    for. `lists` take one video or sound as a list, `inside` is the field of an object that takes it. `no_picture` are
    words in names of image inputs that take no picture of a role. `unit_families` write "8s" where the schema only
    speaks of text. `frame_rates` are what models make when no rate is asked for. `odd` are models whose inputs mean
    something else than their names say. Families and odd models are named by pattern or part of the model's id.
    """

    fields: Mapping[Kind, Mapping[str, tuple[tuple[str, ...], tuple[InputType, ...]]]]
    pictures: Mapping[Kind, Mapping[str, tuple[str, ...]]]
    spare: Mapping[str, Roles]
    switches: Mapping[Kind, Mapping[str, tuple[str, ...]]] = field(default_factory=dict)
    ratios: tuple[str, ...] = ("aspect_ratio",)
    resolutions: tuple[str, ...] = ("resolution",)
    sizes: tuple[str, ...] = ("size",)
    ratio_sizes: RatioSizes = field(default_factory=dict)
    durations: tuple[str, ...] = ("duration",)
    rates: tuple[str, ...] = ("frames_per_second",)
    frame_rates: Mapping[str, float] = field(default_factory=lambda: {"*": 24.0})
    unit_families: tuple[str, ...] = ()
    lists: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    inside: Mapping[str, str] = field(default_factory=dict)
    no_picture: tuple[str, ...] = ()
    odd: Mapping[str, FieldMapping] = field(default_factory=dict)
    speech: SpeechNames | None = None


def mapping_for(model: str, inputs: Inputs, kind: Kind, names: Names, *, strict: bool = True) -> FieldMapping:
    """The mapping of a model for one kind of work. With `strict` its limits refuse; otherwise they only warn."""
    if kind in ("tts", "sts"):
        found = speech_mapping(inputs, kind, names.speech, strict=strict) if names.speech else {}
    else:
        found = _visual_mapping(model, inputs, kind, names)
    for pattern, changes in names.odd.items():
        if fnmatch.fnmatchcase(model, pattern):
            found |= {name: mapper for name, mapper in changes.items() if name in inputs}
    mapping = {name: _limited(mapper, inputs, name, strict) for name, mapper in found.items()}
    covered = {name.partition(".")[0] for name in mapping}
    left = [name for name, value in inputs.items() if value.required and name not in covered]
    return {**mapping, **{name: FieldMapper(required=True, strict=strict) for name in left}}


def _limited(mapper: FieldMapper, inputs: Inputs, parameter: str, strict: bool) -> FieldMapper:
    """The mapper with the limits of its input; of an object only the mapper knows what may be in it."""
    name, _, nested = parameter.partition(".")
    value = inputs[name]
    if nested:
        return replace(mapper, required=value.required and bool(mapper.sources), strict=strict)
    is_plain = value.type not in ("object", "array", "unknown")
    return replace(
        mapper,
        required=value.required,
        allowed=mapper.allowed or (value.allowed if is_plain else None),
        minimum=value.minimum if is_plain or mapper.many else None,
        maximum=value.maximum if is_plain or mapper.many else None,
        longest=TextLimit(value.longest) if value.longest else mapper.longest,
        strict=strict,
    )


def _visual_mapping(model: str, inputs: Inputs, kind: Kind, names: Names) -> dict[str, FieldMapper]:
    found: dict[str, FieldMapper] = {}
    for source, (candidates, types) in names.fields[kind].items():
        if name := first_of(inputs, candidates, types):
            found[name] = passthrough_field_mapper(source)
    found.update(_image_mappers({name: value for name, value in inputs.items() if name not in found}, kind, names))
    found.update(_shape_mappers(inputs, kind, names))
    found.update(_switches(inputs, names.switches.get(kind, {})))
    if kind == "video":
        found.update(_media_lists(inputs, found, names))
        found.update(_duration(model, inputs, names))
    return found


def _media_lists(inputs: Inputs, found: Mapping[str, FieldMapper], names: Names) -> dict[str, FieldMapper]:
    """Lists of one, and media inside an object, where the model has no plain place for a video or a sound."""
    taken = {source for mapper in found.values() for source in mapper.sources}
    lists: dict[str, FieldMapper] = {}
    for source, candidates in names.lists.items():
        if source not in taken and (name := first_of(inputs, candidates, ("array",))):
            lists[name] = FieldMapper((source,), lambda media: [media])
    link = names.inside.get("video")
    if "video" not in taken and link in fields_of(inputs, "video"):
        lists[f"video.{link}"] = passthrough_field_mapper("video")
    return lists


def _switches(inputs: Inputs, switches: Mapping[str, Iterable[str]]) -> dict[str, FieldMapper]:
    found: dict[str, FieldMapper] = {}
    for source, candidates in switches.items():
        mappers = ((name, switch_mapper(source, inputs[name])) for name in candidates if name in inputs)
        found |= dict([(name, mapper) for name, mapper in mappers if mapper is not None][:1])
    return found


def _shape_mappers(inputs: Inputs, kind: Kind, names: Names) -> dict[str, FieldMapper]:
    """Aspect ratio, size and resolution: in words, in pixels, or both."""
    found: dict[str, FieldMapper] = {}
    sized = first_of(inputs, (*names.sizes, "resolution") if kind == "video" else names.sizes, ("object",))
    size = sized or first_of(inputs, names.sizes, ("string",))
    if (name := first_of(inputs, names.ratios, TEXT)) is not None:
        found[name] = ratio_mapper(inputs[name], with_size=kind == "image" and size is None)
    elif "ratio" in fields_of(inputs, "aspect_ratio"):
        ratio = inputs["aspect_ratio"].fields["ratio"]
        found["aspect_ratio.ratio"] = replace(ratio_mapper(ratio, with_size=size is None), allowed=ratio.allowed)
    if size is not None and kind == "image":
        found[size] = size_mapper(inputs[size], ("size",) if found else ("size", "aspect_ratio"), names.ratio_sizes)
    elif sized is not None and not found:
        found[sized] = frame_size_mapper(inputs[sized], names.ratio_sizes)
    elif kind == "image" and {"width", "height"} <= inputs.keys():
        found |= {name: side_mapper(index) for index, name in enumerate(("width", "height"))}
    if kind == "video" and (name := first_of(inputs, names.resolutions, TEXT)) is not None:
        found[name] = chosen_mapper("resolution", RESOLUTIONS, inputs[name].allowed)
    return found


def _duration(model: str, inputs: Inputs, names: Names) -> dict[str, FieldMapper]:
    """Seconds where the model counts in seconds, else frames where it counts in frames."""
    suffix = "s" if any(family in model for family in names.unit_families) else ""
    for name in names.durations:
        mapper = _seconds(inputs[name], suffix) if name in inputs else None
        if mapper is not None:
            return {name: mapper}
    frames = inputs.get("num_frames")
    if frames is None or not (frames.allowed or frames.type in NUMBER):
        return {}
    return {"num_frames": frames_mapper(frames, _frames_per_second(model, inputs, names))}


def _seconds(value: Input, suffix: str) -> FieldMapper | None:
    if value.allowed:
        known = any(seconds_of(one) is not None for one in value.allowed)
        return duration_field_mapper(allowed_values=value.allowed) if known else None
    if value.type == "number":
        return passthrough_field_mapper("duration_seconds")
    if value.type == "integer":
        return duration_field_mapper("int")
    return duration_field_mapper("str", suffix=suffix) if value.type == "string" else None


def _frames_per_second(model: str, inputs: Inputs, names: Names) -> float:
    for name in names.rates:
        rate = inputs[name].default if name in inputs else None
        if isinstance(rate, int | float) and rate > 0:
            return float(rate)
    return next(rate for pattern, rate in names.frame_rates.items() if fnmatch.fnmatchcase(model, pattern))


def _image_mappers(inputs: Inputs, kind: Kind, names: Names) -> dict[str, FieldMapper]:
    """Which input takes the images of which role. Each role has one input that wants it first."""
    found: dict[str, Roles] = {}
    for role, candidates in names.pictures[kind].items():
        free = (name for name in candidates if name in inputs and name not in found)
        if name := next((name for name in free if _is_picture(inputs[name], names)), None):
            found[name] = (role,)
    _place_required(inputs, found, names)
    return {
        name: _image_mapper(inputs[name], _with_spare_roles(roles, found, names), names)
        for name, roles in found.items()
    }


def _place_required(inputs: Inputs, found: dict[str, Roles], names: Names) -> None:
    """Required pictures under unusual names take the roles that are still free."""
    for name, value in inputs.items():
        unusual = value.required and name not in found and "image" in name
        if unusual and not any(word in name for word in names.no_picture) and _is_picture(value, names):
            held = {role for roles in found.values() for role in roles}
            free = [role for role in ("reference", "asset") if role not in held]
            found.update({name: (free[0],)} if free else {})


def _is_picture(value: Input, names: Names) -> bool:
    if value.type == "array" and value.item is not None:
        return value.item.type in ("file", "string") or _link_inside(value, names) is not None
    return value.type == "file" or (value.type == "string" and value.allowed is None)


def _link_inside(value: Input, names: Names) -> str | None:
    """Which field of the objects in a list takes a picture, when it is all that they need."""
    fields = value.item.fields if value.item is not None else {}
    if names.inside.get(value.name) in fields:
        return names.inside[value.name]
    needed = [name for name, one in fields.items() if one.required]
    return needed[0] if len(needed) == 1 and fields[needed[0]].type == "file" else None


def _with_spare_roles(roles: Roles, found: Mapping[str, Roles], names: Names) -> Roles:
    """What an input takes beside its own role: images that no other input has a place for."""
    held = {role for other in found.values() for role in other}
    if roles == ("first_frame",) and "reference" in held:
        return roles
    return (*roles, *(role for role in names.spare.get(roles[0], ()) if role not in held))


def _image_mapper(value: Input, roles: Sequence[str], names: Names) -> FieldMapper:
    if value.type != "array":
        return image_field_mapper(*roles)
    link = _link_inside(value, names)
    return images_field_mapper(*roles, convert=wrapped(link) if link else None)
