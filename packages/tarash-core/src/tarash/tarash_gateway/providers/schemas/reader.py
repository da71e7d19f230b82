"""Reading the schemas of an OpenAPI 3 document into inputs.

The document comes from outside: nothing in it is taken for granted, and neither its depth nor its size decides how long
it takes to read.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

from tarash.tarash_gateway.messages import number_or_none
from tarash.tarash_gateway.providers.reading import list_of, object_of
from tarash.tarash_gateway.providers.schemas.inputs import Input, InputType

MAX_DEPTH = 6
MAX_REFERENCES = 10
MAX_PARTS = 20
MAX_CHOICES = 12
MAX_FIELDS = 1500
"""How many fields of a document are read, nested ones included; large ones have about 200."""

_TYPES: Mapping[str, InputType] = {
    "string": "string",
    "number": "number",
    "integer": "integer",
    "boolean": "boolean",
    "object": "object",
    "array": "array",
}


@dataclass
class SchemaReader:
    """Reads the schemas of one document. References are followed inside it, and never round in circles.

    `is_file` tells a text that is the link of a file by its name and schema. With `are_outputs` objects with an `url`
    are files, too.
    """

    document: Any
    is_file: Callable[[str, Mapping[str, Any]], bool]
    are_outputs: bool = False
    left: int = MAX_FIELDS

    def fields(self, schema: Any, depth: int = 0) -> dict[str, Input]:
        """The fields of an object schema."""
        known = self.resolved(schema)
        required = {name for name in list_of(known.get("required")) if isinstance(name, str)}
        read: dict[str, Input] = {}
        for name, field in object_of(known.get("properties")).items():
            if self.left <= 0:
                break
            read[name] = self.input(name, field, name in required, depth)
        return read

    def input(self, name: str, schema: Any, required: bool, depth: int) -> Input:
        self.left -= 1
        if self.left < 0:
            return Input(name, "unknown", required)
        known = self.resolved(schema)
        choices = [self.resolved(choice) for choice in _choices(known)]
        if choices and depth < MAX_DEPTH:
            return self.alternatives(name, choices, required, depth)
        kind = _type_of(known)
        if kind == "array":
            return self.array(name, known, required, depth)
        if kind == "object":
            return self.record(name, known, required, depth)
        allowed = _allowed(known)
        if kind == "string" and allowed is None and self.is_file(name, known):
            kind = "file"
        lowest, highest = (known.get(word, known.get(f"exclusive{word.title()}")) for word in ("minimum", "maximum"))
        limits = number_or_none(lowest), number_or_none(highest)
        longest = _longest(known) if kind == "string" else None
        return Input(name, kind, required, allowed, None, {}, *limits, _plain(known.get("default")), longest)

    def array(self, name: str, schema: Mapping[str, Any], required: bool, depth: int) -> Input:
        item = self.input(name, schema.get("items"), False, depth + 1) if depth < MAX_DEPTH else None
        lowest, highest = number_or_none(schema.get("minItems")), number_or_none(schema.get("maxItems"))
        return Input(name, "array", required, item=item, minimum=lowest, maximum=highest)

    def record(self, name: str, schema: Mapping[str, Any], required: bool, depth: int) -> Input:
        fields = self.fields(schema, depth + 1) if depth < MAX_DEPTH else {}
        is_file = self.are_outputs and "url" in fields
        return Input(name, "file" if is_file else "object", required, fields=fields)

    def alternatives(self, name: str, choices: list[dict[str, Any]], required: bool, depth: int) -> Input:
        """One input for a union. Values are allowed beside an object; any text or number makes their list moot."""
        read = [self.input(name, choice, required, depth + 1) for choice in choices]
        values = tuple(dict.fromkeys(value for one in read for value in one.allowed or ()))
        for kind in ("file", "string", "number", "integer", "boolean"):
            if free := next((one for one in read if one.type == kind and one.allowed is None), None):
                return free
        if record := next((one for one in read if one.type == "object"), None):
            return Input(name, "object", required, values or None, fields=record.fields)
        return Input(name, read[0].type, required, values) if values else read[0]

    def resolved(self, schema: Any) -> dict[str, Any]:
        """A schema without references, and with the parts of `allOf` put together."""
        for _ in range(MAX_REFERENCES):
            known = object_of(schema)
            parts = [*list_of(known.get("allOf")), *_only_choice(known)][:MAX_PARTS]
            if isinstance(known.get("$ref"), str):
                schema = {**self.followed(known["$ref"]), **_without(known, "$ref")}
            elif parts:
                joined = ("allOf", "anyOf", "oneOf") if _only_choice(known) else ("allOf",)
                schema = _joined([self.step(part) for part in parts], _without(known, *joined))
            else:
                return known
        return {}

    def step(self, part: Any) -> dict[str, Any]:
        """A part of a schema; a reference is followed once, and the rest of the way by `resolved`."""
        reference = object_of(part).get("$ref")
        return self.followed(reference) if isinstance(reference, str) else object_of(part)

    def followed(self, reference: str) -> dict[str, Any]:
        value: Any = self.document if reference.startswith("#/") else None
        for name in reference.removeprefix("#/").split("/"):
            value = object_of(value).get(name.replace("~1", "/").replace("~0", "~"))
        return object_of(value)


def _joined(parts: list[dict[str, Any]], own: dict[str, Any]) -> dict[str, Any]:
    """Several schemas that hold at once, as one. What a schema says itself wins over its parts."""
    joined: dict[str, Any] = {}
    for part in [*parts, own]:
        properties = {**object_of(joined.get("properties")), **object_of(part.get("properties"))}
        required = [*list_of(joined.get("required")), *list_of(part.get("required"))]
        joined = {**joined, **part, "properties": properties, "required": required}
    return joined


def _choices(schema: Mapping[str, Any]) -> list[Any]:
    """What a value may be one of, beside null."""
    listed = [*list_of(schema.get("anyOf")), *list_of(schema.get("oneOf"))]
    return [choice for choice in listed if object_of(choice).get("type") != "null"][:MAX_CHOICES]


def _only_choice(schema: Mapping[str, Any]) -> list[Any]:
    choices = _choices(schema)
    return choices if len(choices) == 1 else []


def _type_of(schema: Mapping[str, Any]) -> InputType:
    told = schema.get("type")
    words = [word for word in (told if isinstance(told, list) else [told]) if isinstance(word, str) and word != "null"]
    if not words and object_of(schema.get("properties")):
        return "object"
    return _TYPES.get(words[0], "unknown") if words else "unknown"


def _longest(schema: Mapping[str, Any]) -> int | None:
    """How many characters a text may have. A link or date is limited by its format, not by its length."""
    told = None if "format" in schema else number_or_none(schema.get("maxLength"))
    return int(told) if told is not None and told >= 1 else None


def _allowed(schema: Mapping[str, Any]) -> tuple[str | int | float, ...] | None:
    listed = list_of(schema.get("enum")) or ([schema["const"]] if "const" in schema else [])
    values = tuple(value for value in listed if isinstance(value, str | int | float) and not isinstance(value, bool))
    return values or None


def _plain(value: Any) -> str | int | float | bool | None:
    return value if isinstance(value, str | int | float) else None


def _without(schema: Mapping[str, Any], *names: str) -> dict[str, Any]:
    return {name: value for name, value in schema.items() if name not in names}
