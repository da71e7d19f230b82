"""Media in answers: as base64, or as links wherever a model puts them."""

from __future__ import annotations

import base64
from collections.abc import Iterator, Mapping
from typing import Any

from tarash.tarash_gateway.exceptions import ProtocolError
from tarash.tarash_gateway.messages import Output, number_or_none
from tarash.tarash_gateway.models import Kind

LINKS = ("https://", "http://", "data:")
MEDIA_TYPES: Mapping[Kind, str] = {"video": "video/", "image": "image/", "tts": "audio/", "sts": "audio/"}
"""How the content types begin of what each kind of work makes."""

MAX_DEPTH = 4


def decoded(text: Any) -> bytes:
    """Base64 of an answer. Raises `ProtocolError` when it is none."""
    try:
        return base64.b64decode(text, validate=True)
    except (TypeError, ValueError):
        raise ProtocolError("The media in the answer is not base64.") from None


def as_output(file: Mapping[str, Any]) -> Output:
    """The output that is a file of an answer, with what it tells of itself in the usual words."""
    told = file.get("content_type")
    return Output(
        url=file["url"],
        content_type=told if isinstance(told, str) else None,
        width=_pixels(file.get("width")),
        height=_pixels(file.get("height")),
        duration=number_or_none(file.get("duration")),
    )


def _pixels(value: Any) -> int | None:
    number = number_or_none(value)
    return int(number) if number and number > 0 else None


def files_in(value: Any, depth: int = 0) -> Iterator[Mapping[str, Any]]:
    """The files of an answer, in its order: objects with an `url`; a bare link becomes one with nothing else in it."""
    if isinstance(value, str):
        if value.startswith(LINKS):
            yield {"url": value}
    elif isinstance(value, dict) and isinstance(value.get("url"), str) and value["url"]:
        yield value
    elif depth < MAX_DEPTH and isinstance(value, dict | list):
        for item in value.values() if isinstance(value, dict) else value:
            yield from files_in(item, depth + 1)
