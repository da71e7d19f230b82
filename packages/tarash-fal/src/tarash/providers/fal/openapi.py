"""Reading fal's live schema of an endpoint (OpenAPI 3.0, one document an endpoint) into an `Endpoint`.

Inputs are the body of the POST to the endpoint's own path, outputs the answer of GET .../requests/{request_id}. The
document comes from outside: nothing in it is taken for granted, and neither its depth nor its size decides how long it
takes to read.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from tarash.providers.fal.catalogue import Endpoint, EndpointKind, Input, InputType, is_link, kind_of
from tarash.tarash_gateway.messages import number_or_none

MAX_DEPTH = 6
MAX_REFERENCES = 10
MAX_PARTS = 20
MAX_CHOICES = 12
MAX_FIELDS = 1500
"""How many fields of a document are read, nested ones included; the largest of fal's own have about 200."""

_TYPES: Mapping[str, InputType] = {
    "string": "string",
    "number": "number",
    "integer": "integer",
    "boolean": "boolean",
    "object": "object",
    "array": "array",
}
_KINDS: Mapping[str, EndpointKind] = {
    "video": "video",
    "image": "image",
    "audio": "audio",
    "speech": "audio",
    "music": "audio",
    "3d": "other",
    "text": "other",
    "json": "other",
    "training": "other",
}


def endpoint_from_openapi(endpoint_id: str, document: object) -> Endpoint:
    """What a live schema says of an endpoint. Raises ValueError when it does not describe this endpoint's inputs."""
    paths = _object(_object(document).get("paths"))
    posted = next((methods for path, methods in paths.items() if path.strip("/") == endpoint_id), None)
    schema = _json_schema(_object(_object(posted).get("post")).get("requestBody"))
    inputs = _Reader(document).fields(schema)
    if not inputs:
        raise ValueError(f"the document does not describe the inputs of {endpoint_id}")
    outputs = _Reader(document, are_outputs=True).fields(_result_schema(paths))
    return Endpoint(endpoint_id, _kind(endpoint_id, document, outputs), inputs, outputs)


def _result_schema(paths: Mapping[str, Any]) -> Any:
    answered = next((methods for path, methods in paths.items() if path.endswith("/requests/{request_id}")), None)
    return _json_schema(_object(_object(_object(answered).get("get")).get("responses")).get("200"))


def _json_schema(holder: Any) -> Any:
    return _object(_object(_object(holder).get("content")).get("application/json")).get("schema")


def _kind(endpoint_id: str, document: Any, outputs: Mapping[str, Input]) -> EndpointKind:
    """The last word of the category ("image-to-video"), where it says what is made."""
    category = _object(_object(_object(document).get("info")).get("x-fal-metadata")).get("category")
    word = category.rpartition("-")[2] if isinstance(category, str) else ""
    return _KINDS.get(word) or kind_of(endpoint_id, outputs)


@dataclass
class _Reader:
    """Reads the schemas of one document. References are followed inside it, and never round in circles."""

    document: Any
    are_outputs: bool = False
    left: int = MAX_FIELDS

    def fields(self, schema: Any, depth: int = 0) -> dict[str, Input]:
        """The fields of an object schema."""
        known = self.resolved(schema)
        required = {name for name in _list(known.get("required")) if isinstance(name, str)}
        read: dict[str, Input] = {}
        for name, field in _object(known.get("properties")).items():
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
        if kind == "string" and is_link(name, allowed):
            kind = "file"
        lowest, highest = (known.get(word, known.get(f"exclusive{word.title()}")) for word in ("minimum", "maximum"))
        limits = number_or_none(lowest), number_or_none(highest)
        return Input(name, kind, required, allowed, None, {}, *limits, default=_plain(known.get("default")))

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
            known = _object(schema)
            parts = [*_list(known.get("allOf")), *_only_choice(known)][:MAX_PARTS]
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
        reference = _object(part).get("$ref")
        return self.followed(reference) if isinstance(reference, str) else _object(part)

    def followed(self, reference: str) -> dict[str, Any]:
        value: Any = self.document if reference.startswith("#/") else None
        for name in reference.removeprefix("#/").split("/"):
            value = _object(value).get(name.replace("~1", "/").replace("~0", "~"))
        return _object(value)


def _joined(parts: list[dict[str, Any]], own: dict[str, Any]) -> dict[str, Any]:
    """Several schemas that hold at once, as one. What a schema says itself wins over its parts."""
    joined: dict[str, Any] = {}
    for part in [*parts, own]:
        properties = {**_object(joined.get("properties")), **_object(part.get("properties"))}
        required = [*_list(joined.get("required")), *_list(part.get("required"))]
        joined = {**joined, **part, "properties": properties, "required": required}
    return joined


def _choices(schema: Mapping[str, Any]) -> list[Any]:
    """What a value may be one of, beside null."""
    listed = [*_list(schema.get("anyOf")), *_list(schema.get("oneOf"))]
    return [choice for choice in listed if _object(choice).get("type") != "null"][:MAX_CHOICES]


def _only_choice(schema: Mapping[str, Any]) -> list[Any]:
    choices = _choices(schema)
    return choices if len(choices) == 1 else []


def _type_of(schema: Mapping[str, Any]) -> InputType:
    told = schema.get("type")
    words = [word for word in (told if isinstance(told, list) else [told]) if isinstance(word, str) and word != "null"]
    if not words and _object(schema.get("properties")):
        return "object"
    return _TYPES.get(words[0], "unknown") if words else "unknown"


def _allowed(schema: Mapping[str, Any]) -> tuple[str | int | float, ...] | None:
    listed = _list(schema.get("enum")) or ([schema["const"]] if "const" in schema else [])
    values = tuple(value for value in listed if isinstance(value, str | int | float) and not isinstance(value, bool))
    return values or None


def _plain(value: Any) -> str | int | float | bool | None:
    return value if isinstance(value, str | int | float) else None


def _without(schema: Mapping[str, Any], *names: str) -> dict[str, Any]:
    return {name: value for name, value in schema.items() if name not in names}


def _object(value: Any) -> dict[str, Any]:
    return value if isinstance(value, dict) else {}


def _list(value: Any) -> list[Any]:
    return value if isinstance(value, list) else []
