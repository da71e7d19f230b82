"""The bundled catalogue: what fal's endpoints took and gave when this version was made.

It is read on the first question, never on import. Its facts (names, types, allowed values) come from the type map of
the npm package @fal-ai/client (MIT licence, Copyright (c) fal - Features & Labels Inc.) by way of
scripts/build_fal_catalogue.py. They grow old and that map has mistakes, so they may warn but not refuse.
"""

from __future__ import annotations

import difflib
import re
import zlib
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from functools import lru_cache
from pathlib import Path
from typing import Any, Literal

from pydantic_core import from_json

from tarash.tarash_gateway.providers.schemas.inputs import Input as Input
from tarash.tarash_gateway.providers.schemas.inputs import InputType

EndpointKind = Literal["video", "image", "audio", "other"]

DATA = Path(__file__).with_name("catalogue.json.zlib")
REPLACED = Path(__file__).with_name("replaced.json")

_TYPES: Mapping[str, InputType] = {
    "s": "string",
    "n": "number",
    "i": "integer",
    "b": "boolean",
    "f": "file",
    "o": "object",
    "a": "array",
    "u": "unknown",
}
_LINK = re.compile(r"(\A|_)urls?(_|\d|\Z)")


@dataclass(frozen=True, slots=True)
class Endpoint:
    """What an endpoint takes and gives, and the kind of thing that it makes."""

    id: str
    kind: EndpointKind
    inputs: Mapping[str, Input] = field(default_factory=dict)
    outputs: Mapping[str, Input] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Replacement:
    """What became of an id that people use: `state` completes the sentence "it is ... at fal", `instead` names others.

    `like` is a known endpoint that takes the same inputs, but for those in `without`.
    """

    state: str
    instead: Sequence[str] = ()
    note: str | None = None
    date: str | None = None
    like: str | None = None
    without: Sequence[str] = ()


@lru_cache(maxsize=1)
def _data() -> dict[str, Any]:
    tables: dict[str, Any] = from_json(zlib.decompress(DATA.read_bytes()))
    return tables


@lru_cache(maxsize=1)
def _replacements() -> dict[str, Replacement]:
    entries: dict[str, dict[str, Any]] = from_json(REPLACED.read_bytes())
    return {pattern: Replacement(**entry) for pattern, entry in entries.items()}


def endpoints() -> Iterator[str]:
    """The ids of all endpoints in the catalogue, in alphabetical order."""
    yield from _data()["endpoints"]


@lru_cache(maxsize=512)
def find(endpoint_id: str) -> Endpoint | None:
    """What the catalogue knows of an endpoint (exact id); None for ids that are newer than it, or never were."""
    if endpoint_id in _data()["endpoints"]:
        inputs, outputs = (_shape(place) for place in _data()["endpoints"][endpoint_id])
        return Endpoint(endpoint_id, kind_of(endpoint_id, outputs), inputs, outputs)
    known = _replacements().get(endpoint_id)
    twin = find(known.like) if known and known.like else None
    if known is None or twin is None:
        return None
    inputs = {name: value for name, value in twin.inputs.items() if name not in known.without}
    return Endpoint(endpoint_id, twin.kind, inputs, twin.outputs)


def _shape(place: int) -> dict[str, Input]:
    fields = [_data()["fields"][number] for number in _data()["shapes"][place]]
    return {name: _input(name, _data()["types"][kind], bool(needed)) for name, kind, needed in fields}


def _input(name: str, code: Any, required: bool) -> Input:
    """One entry of the table of types, as `Tables` in the building script writes it."""
    parts: list[Any] = [*(code if isinstance(code, list) else [code]), None, None]
    letter, values, inside = parts[:3]
    allowed = tuple(values) if values else None
    if letter == "a":
        return Input(name, "array", required, item=_input(name, _data()["types"][inside], required=False))
    if letter == "o":
        return Input(name, "object", required, allowed, fields=_shape(inside) if inside is not None else {})
    return Input(name, "file" if letter == "s" and is_link(name, allowed) else _TYPES[letter], required, allowed)


def is_link(name: str, allowed: object = None) -> bool:
    """Whether a text of this name is the link of a file: fal names all of them ..._url or ..._urls."""
    return allowed is None and _LINK.search(name) is not None


def replaced(endpoint_id: str) -> Replacement | None:
    """What became of an id that is no endpoint any more, or never was one; None for all others."""
    known = _replacements()
    families = (name for name in known if name.endswith("/*") and endpoint_id.startswith(name[:-1]))
    family = next(families, None)
    if endpoint_id in known or family is None:
        return known.get(endpoint_id)
    return _expanded(known[family], endpoint_id.removeprefix(family[:-1]))


def _expanded(entry: Replacement, rest: str) -> Replacement:
    """The entry of a whole family: `*` in a replacement is the rest of the id, where such an endpoint is known."""
    known = _data()["endpoints"]
    exact = {given: given.replace("*", rest) for given in entry.instead}
    instead = [name if name in known else given.removesuffix("/*") for given, name in exact.items()]
    return Replacement(entry.state, instead, entry.note, entry.date)


def nearest(endpoint_id: str, count: int = 3) -> list[str]:
    """Known ids that an unknown one may have meant: those below it first, then those that are spelled alike."""
    known = list(endpoints())
    below = [name for name in known if name.startswith(f"{endpoint_id.rstrip('/')}/")]
    alike = difflib.get_close_matches(endpoint_id, known, n=count, cutoff=0.75)
    return list(dict.fromkeys([*sorted(below, key=len), *alike]))[:count]


_KIND_WORDS: tuple[tuple[EndpointKind, re.Pattern[str]], ...] = (
    ("other", re.compile(r"glb|mesh|world|lottie|lora|embedding")),
    ("video", re.compile(r"video|gif")),
    ("audio", re.compile(r"audio|speech|music|voice|sound|vocals")),
    ("image", re.compile(r"image|svg|mask|_map")),
)


def kind_of(endpoint_id: str, outputs: Mapping[str, Input]) -> EndpointKind:
    """The kind of thing an endpoint makes, judged by the files among its outputs, then by its name."""
    files = [name for name, value in outputs.items() if "file" in (value.type, value.item.type if value.item else "")]
    lists = [name for name, value in outputs.items() if value.item is not None and value.item.type == "object"]
    texts = (" ".join([*files, *lists]), endpoint_id if files else "")
    found: list[EndpointKind] = [kind for text in texts for kind, words in _KIND_WORDS if words.search(text)]
    return found[0] if found else "other"
