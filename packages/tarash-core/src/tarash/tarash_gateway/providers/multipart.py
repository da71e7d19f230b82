"""Parts of multipart bodies, as most SDKs write them: nested values get bracket names, files a name and a type."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from tarash.tarash_gateway.media import Media
from tarash.tarash_gateway.messages import Part


def text_parts(fields: Mapping[str, Any]) -> list[Part]:
    """One part for each value: `name[key]` inside objects, `name[]` inside lists; None is left out."""
    return [Part(name, text) for field, value in fields.items() for name, text in _flat(field, value)]


def _flat(name: str, value: Any) -> Iterator[tuple[str, str]]:
    if isinstance(value, Mapping):
        for key, item in value.items():
            yield from _flat(f"{name}[{key}]", item)
    elif isinstance(value, list | tuple):
        for item in value:
            yield from _flat(f"{name}[]", item)
    elif isinstance(value, bool):
        yield name, "true" if value else "false"
    elif value is not None:
        yield name, str(value)


def file_part(name: str, media: Media) -> Part:
    """A file: from memory, or from disk when it is too large for that. Raises `ValidationError` for a link."""
    content = media.data if media.data is not None else media.as_file()
    return Part(name, content, media.file_name(), media.content_type)
