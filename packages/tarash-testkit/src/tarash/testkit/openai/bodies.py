"""Reading and judging bodies: JSON or multipart, the parameters that are known, and their values."""

import json
from collections.abc import Iterable
from dataclasses import dataclass, field
from typing import Any

from tarash.testkit.openai import errors
from tarash.testkit.requests import Part, RecordedRequest
from tarash.testkit.vendor import Refused


@dataclass(frozen=True)
class Body:
    """The parameters of a request. Those of forms are texts; `files` are in the order they came."""

    values: dict[str, Any]
    files: dict[str, list[Part]] = field(default_factory=dict)
    form: bool = False

    def text(self, name: str, *, longest: int = 32_000, required: bool = True) -> str:
        value = self.values.get(name)
        if value is None and not required:
            return ""
        if not isinstance(value, str) or not value:
            raise Refused(errors.missing(name))
        if len(value) > longest:
            raise Refused(errors.invalid_value(name, f"it has more than {longest} characters"))
        return value

    def choice(self, name: str, allowed: Iterable[str], default: str) -> str:
        value = self.values.get(name, default)
        if value not in allowed:
            raise Refused(errors.invalid_value(name, f"{value!r} is not one of {', '.join(allowed)}"))
        return str(value)

    def number(self, name: str, low: float, high: float, default: float) -> float:
        value = self.values.get(name, default)
        try:
            number = float(value) if self.form else value
        except ValueError:
            number = None
        if isinstance(number, bool) or not isinstance(number, int | float) or not low <= number <= high:
            raise Refused(errors.invalid_value(name, f"it must be a number from {low:g} to {high:g}"))
        return number


def read(request: RecordedRequest, known: Iterable[str]) -> Body:
    """Raises `Refused` for a body that cannot be read, or that has parameters which are not known."""
    content_type = (request.headers.get("content-type") or "").partition(";")[0]
    if content_type == "multipart/form-data":
        body = _read_form(request)
    elif content_type == "application/json":
        body = _read_json(request)
    else:
        raise Refused(errors.error(415, "unsupported_content_type", f"Unsupported content type: '{content_type}'."))
    strange = [name for name in (*body.values, *body.files) if name.partition("[")[0] not in known]
    if strange:
        raise Refused(errors.unknown_parameter(strange[0]))
    return body


def _read_json(request: RecordedRequest) -> Body:
    try:
        values = json.loads(request.body)
    except ValueError:
        raise Refused(errors.error(400, None, "We could not parse the JSON body of your request.")) from None
    if not isinstance(values, dict):
        raise Refused(errors.error(400, None, "The body must be an object."))
    return Body(values)


def _read_form(request: RecordedRequest) -> Body:
    body = Body({}, form=True)
    for part in request.parts:
        name = part.name or ""
        if part.file_name is not None:
            body.files.setdefault(name, []).append(part)
        else:
            body.values[name] = part.text
    return body


def sizes_of(picture: bytes) -> tuple[int, int] | None:
    """The pixels of a PNG; None for anything else."""
    if not picture.startswith(b"\x89PNG\r\n\x1a\n"):
        return None
    return int.from_bytes(picture[16:20]), int.from_bytes(picture[20:24])


def has_alpha(picture: bytes) -> bool:
    """Whether a PNG has an alpha channel (colour types 4 and 6)."""
    return picture[25:26] in (b"\x04", b"\x06")
