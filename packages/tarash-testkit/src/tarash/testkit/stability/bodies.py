"""Reading and judging forms: every parameter known, every value within its rule, every picture of a size."""

import io
from collections.abc import Iterator, Mapping
from dataclasses import dataclass

from tarash.testkit.requests import Part, RecordedRequest
from tarash.testkit.stability import errors
from tarash.testkit.stability.shapes import FILE, TEXT, Rule, Shape
from tarash.testkit.vendor import Refused

LONGEST_TEXT = 10_000
LARGEST_BODY = 10 * 1024 * 1024
PICTURE_TYPES = ("image/jpeg", "image/png", "image/webp")


@dataclass(frozen=True)
class Form:
    """The texts and the files of a request."""

    texts: Mapping[str, str]
    files: Mapping[str, bytes]

    def __contains__(self, name: str) -> bool:
        return name in self.texts or name in self.files


def read(request: RecordedRequest, shape: Shape) -> Form:
    """Raises `Refused` for a form that does not fit."""
    if not (request.headers.get("content-type") or "").startswith("multipart/form-data; boundary="):
        raise Refused(errors.bad_request("content-type: must be multipart/form-data"))
    if len(request.body) > LARGEST_BODY:
        raise Refused(errors.error(413, "body: cannot be larger than 10MiB"))
    names = [part.name or "" for part in request.parts]
    reasons = [f"{name}: is not a parameter of this endpoint" for name in names if name not in shape.parameters]
    reasons += [f"{name}: must be given once" for name in {*names} if names.count(name) > 1]
    reasons += [reason for part in request.parts for reason in _judge(part, shape)]
    form = _form_of(request.parts)
    reasons += list(_judge_whole(form, shape))
    if reasons:
        raise Refused(errors.bad_request(*reasons))
    return form


def _form_of(parts: list[Part]) -> Form:
    texts = {str(part.name): part.text for part in parts if part.file_name is None}
    return Form(texts, {str(part.name): part.content for part in parts if part.file_name is not None})


def _judge(part: Part, shape: Shape) -> Iterator[str]:
    rule = shape.parameters.get(part.name or "")
    if rule is None:
        return
    if (part.file_name is not None) is not (rule == FILE):
        yield f"{part.name}: must {'' if rule == FILE else 'not '}be a file"
    elif rule == FILE:
        yield from _judge_picture(part, shape)
    else:
        yield from _judge_text(str(part.name), part.text, rule)


def _judge_text(name: str, value: str, rule: Rule) -> Iterator[str]:
    if rule == TEXT:
        if not 1 <= len(value) <= LONGEST_TEXT:
            yield f"{name}: must have 1 to {LONGEST_TEXT} characters"
    elif isinstance(rule[0], str):
        if value not in rule:
            yield f"{name}: must be one of {', '.join(map(str, rule))}"
    elif not _within(value, float(rule[0]), float(rule[1])):
        yield f"{name}: must be between {rule[0]} and {rule[1]}"


def _within(value: str, low: float, high: float) -> bool:
    try:
        return low <= float(value) <= high
    except ValueError:
        return False


def _judge_picture(part: Part, shape: Shape) -> Iterator[str]:
    size = _size_of(part.content) if part.content_type in PICTURE_TYPES else None
    if size is None:
        yield f"{part.name}: must be one of {', '.join(PICTURE_TYPES)}"
        return
    width, height = size
    if min(width, height) < shape.shortest:
        yield f"{part.name}: every side must be at least {shape.shortest} pixels"
    if not shape.pixels[0] <= width * height <= shape.pixels[1]:
        yield f"{part.name}: must have {shape.pixels[0]} to {shape.pixels[1]} pixels"


def _size_of(content: bytes) -> tuple[int, int] | None:
    """Width and height of a picture; None for what is none. Other formats than PNG need Pillow."""
    if content.startswith(b"\x89PNG\r\n\x1a\n"):
        return int.from_bytes(content[16:20]), int.from_bytes(content[20:24])
    from PIL import Image

    try:
        return Image.open(io.BytesIO(content)).size
    except OSError:
        return None


def _judge_whole(form: Form, shape: Shape) -> Iterator[str]:
    for name in shape.required:
        if name not in form:
            yield f"{name}: is required"
    for names in shape.one_of:
        if not any(name in form for name in names):
            yield f"{names[0]}: at least one of {', '.join(names)} is required"
    for name, other in shape.together.items():
        if name in form and other not in form:
            yield f"{other}: is required with {name}"
    if form.texts.get("mode") == "image-to-image":
        yield from (f"{name}: is required with image-to-image" for name in ("image", "strength") if name not in form)
        if "aspect_ratio" in form:
            yield "aspect_ratio: is for text-to-image only"
    elif "model" in shape.parameters and ("image" in form or "strength" in form):
        yield "mode: must be image-to-image for image and strength"
