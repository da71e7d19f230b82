"""Parts of multipart bodies, as most SDKs write them: nested values get bracket names, files a name and a type."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from tarash.tarash_gateway.media import Media
from tarash.tarash_gateway.messages import Multipart, Part, Step
from tarash.tarash_gateway.providers.inputs import fetched


def text_parts(fields: Mapping[str, Any]) -> list[Part]:
    """One part for each value: `name[key]` inside objects, `name[]` inside lists; None is left out."""
    return [Part(name, text) for name, text in text_pairs(fields)]


def text_pairs(fields: Mapping[str, Any]) -> list[tuple[str, str]]:
    """The names and texts of `text_parts`, as a query has them."""
    return [pair for field, value in fields.items() for pair in _flat(field, value)]


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


def form_of(fields: Mapping[str, Any], *, max_bytes: int) -> Step[Multipart]:
    """A form in which each input is a file, and each of a list of inputs; what was given as a link is fetched.

    Texts come first. Raises `ValidationError` for an input that cannot be fetched, or is longer than `max_bytes`.
    """
    files = {name: inputs for name, value in fields.items() if (inputs := _inputs(value))}
    parts = text_parts({name: value for name, value in fields.items() if name not in files})
    for name, inputs in files.items():
        for media in inputs:
            file = yield from fetched(media, max_bytes=max_bytes)
            parts.append(file_part(name, file))
    return Multipart(parts)


def _inputs(value: Any) -> list[Media]:
    return [item for item in (value if isinstance(value, list | tuple) else [value]) if isinstance(item, Media)]


def file_part(name: str, media: Media) -> Part:
    """A file: from memory, or from disk when it is too large for that. Raises `ValidationError` for a link."""
    content = media.data if media.data is not None else media.as_file()
    return Part(name, content, media.file_name(), media.content_type)
