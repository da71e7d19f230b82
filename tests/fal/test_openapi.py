"""Reading live schemas: what fal publishes, and what it never would."""

import time
from typing import Any

import pytest

from tarash.providers.fal.catalogue import Endpoint, Input
from tarash.providers.fal.openapi import endpoint_from_openapi

ID = "fal-ai/some/model"


def document(schema: Any, output: Any = None, schemas: dict[str, Any] | None = None, category: Any = None) -> Any:
    """A document as fal publishes it, for one endpoint."""

    def content(one: Any) -> dict[str, Any]:
        return {"content": {"application/json": {"schema": one}}}

    return {
        "openapi": "3.0.4",
        "info": {"x-fal-metadata": {"endpointId": ID, "category": category}},
        "components": {"schemas": schemas or {}},
        "paths": {
            f"/{ID}/requests/{{request_id}}/status": {"get": {}},
            f"/{ID}": {"post": {"requestBody": {"required": True, **content(schema)}}},
            f"/{ID}/requests/{{request_id}}": {"get": {"responses": {"200": content(output or {})}}},
        },
    }


def read(properties: dict[str, Any], required: Any = None, **more: Any) -> Endpoint:
    return endpoint_from_openapi(
        ID, document({"type": "object", "properties": properties, "required": required}, **more)
    )


def field(schema: Any, name: str = "value", **schemas: Any) -> Input:
    return read({name: schema}, schemas=schemas).inputs[name]


@pytest.mark.parametrize(
    ("schema", "expected"),
    [
        ({"type": "string"}, Input("value", "string")),
        ({"type": "string", "maxLength": 5000}, Input("value", "string", longest=5000)),
        ({"type": "string", "maxLength": 2083, "format": "uri"}, Input("value", "string")),
        ({"type": "string", "maxLength": -1}, Input("value", "string")),
        ({"type": "boolean", "default": True}, Input("value", "boolean", default=True)),
        ({"type": "integer", "minimum": 1, "maximum": 4}, Input("value", "integer", minimum=1, maximum=4)),
        ({"type": "number", "exclusiveMinimum": 0}, Input("value", "number", minimum=0)),
        ({"type": "number", "minimum": 2, "exclusiveMinimum": True}, Input("value", "number", minimum=2)),
        ({"type": "integer", "enum": [4, 8, 12]}, Input("value", "integer", allowed=(4, 8, 12))),
        ({"enum": ["5", "10"], "type": "string"}, Input("value", "string", allowed=("5", "10"))),
        ({"type": "string", "const": "7s"}, Input("value", "string", allowed=("7s",))),
        ({"anyOf": [{"type": "integer"}, {"type": "null"}]}, Input("value", "integer")),
        ({"type": ["string", "null"]}, Input("value", "string")),
        (
            {"allOf": [{"type": "string", "enum": ["a"]}], "default": "a"},
            Input("value", "string", allowed=("a",), default="a"),
        ),
        ({"anyOf": [{"enum": ["1:1"], "type": "string"}, {"type": "string"}]}, Input("value", "string")),
        (
            {"anyOf": [{"enum": ["a"], "type": "string"}, {"enum": ["b"], "type": "string"}]},
            Input("value", "string", allowed=("a", "b")),
        ),
        (
            {"type": "array", "items": {"type": "string"}, "maxItems": 4},
            Input("value", "array", item=Input("value", "string"), maximum=4),
        ),
        ({"$ref": "#/components/schemas/Mode"}, Input("value", "string", allowed=("fast",))),
        (
            {"anyOf": [{"$ref": "#/components/schemas/Mode"}, {"type": "null"}]},
            Input("value", "string", allowed=("fast",)),
        ),
        ({}, Input("value", "unknown")),
    ],
)
def test_the_forms_of_an_input(schema: dict[str, Any], expected: Input) -> None:
    assert field(schema, Mode={"type": "string", "enum": ["fast"]}) == expected


def test_links_are_files() -> None:
    link = {"type": "string"}
    endpoint = read({"image_url": link, "image_urls": {"type": "array", "items": link}, "curl": link}, ["image_url"])
    assert endpoint.inputs["image_url"] == Input("image_url", "file", required=True)
    assert endpoint.inputs["image_urls"].item == Input("image_urls", "file")
    assert endpoint.inputs["curl"].type == "string"


def test_a_size_is_an_object_or_a_name() -> None:
    size = {"type": "object", "properties": {"width": {"type": "integer"}, "height": {"type": "integer"}}}
    names = {"type": "string", "enum": ["square", "wide"]}
    read_size = field({"anyOf": [{"$ref": "#/components/schemas/ImageSize"}, names]}, "image_size", ImageSize=size)
    assert (read_size.type, read_size.allowed, set(read_size.fields)) == (
        "object",
        ("square", "wide"),
        {"width", "height"},
    )


def test_parts_of_a_schema_are_put_together() -> None:
    base = {"properties": {"prompt": {"type": "string"}}, "required": ["prompt"]}
    schema = {"allOf": [{"$ref": "#/components/schemas/Base"}, {"properties": {"seed": {"type": "integer"}}}]}
    endpoint = endpoint_from_openapi(ID, document(schema, schemas={"Base": base}))
    assert {name: value.required for name, value in endpoint.inputs.items()} == {"prompt": True, "seed": False}


FILE = {"type": "object", "properties": {"url": {"type": "string"}}}


@pytest.mark.parametrize(
    ("category", "output", "kind"),
    [
        ("image-to-video", {}, "video"),
        ("text-to-speech", {}, "audio"),
        ("image-to-3d", {"properties": {"image": FILE}}, "other"),
        ("llm", {"properties": {"output": {"type": "string"}}}, "other"),
        (None, {"properties": {"images": {"type": "array", "items": FILE}}}, "image"),
        (7, {"properties": {"video": FILE}}, "video"),
    ],
)
def test_the_kind_of_output(category: Any, output: dict[str, Any], kind: str) -> None:
    assert read({"prompt": {"type": "string"}}, category=category, output=output).kind == kind


@pytest.mark.parametrize(
    "nonsense",
    [
        *(None, 7, "text", [], {}, {"paths": None}, {"paths": {}}, {"paths": {f"/{ID}": []}}),
        *({"paths": {f"/{ID}": {"post": {"requestBody": {"content": []}}}}}, document({}), document([])),
        *(document({"properties": []}), document({"$ref": "#/no/where"}), document({"$ref": "https://evil.example/"})),
        document({"$ref": "#/components/schemas/A"}, schemas={"A": {"$ref": "#/components/schemas/A"}}),
        document(
            {"allOf": [{"$ref": "#/components/schemas/A"}]},
            schemas={"A": {"allOf": [{"$ref": "#/components/schemas/A"}]}},
        ),
    ],
)
def test_nonsense_is_a_value_error(nonsense: object) -> None:
    with pytest.raises(ValueError, match="does not describe"):
        endpoint_from_openapi(ID, nonsense)


def test_the_document_of_another_endpoint_is_refused() -> None:
    with pytest.raises(ValueError, match="fal-ai/other"):
        endpoint_from_openapi("fal-ai/other", document({"properties": {"prompt": {"type": "string"}}}))


@pytest.mark.parametrize(
    "schema",
    [
        *({"type": 7}, {"type": []}, {"enum": "text"}, {"enum": [None, True, {}]}, {"minimum": "1"}, {"maximum": True}),
        *(
            {"items": 7, "type": "array"},
            {"anyOf": "text"},
            {"anyOf": [None, 7]},
            {"$ref": 7},
            {"properties": {"a": 7}},
            7,
        ),
    ],
)
def test_odd_parts_do_no_harm(schema: Any) -> None:
    value = field(schema)
    assert value.name == "value"
    assert value.allowed is None
    assert (value.minimum, value.maximum) == (None, None)


def cyclic(fields: int) -> Any:
    inside = {f"field{number}": {"$ref": "#/components/schemas/Node"} for number in range(fields)}
    return document({"$ref": "#/components/schemas/Node"}, schemas={"Node": {"type": "object", "properties": inside}})


def branching(word: str) -> Any:
    choices = [{"$ref": "#/components/schemas/Node"} for _ in range(100)]
    node = {word: choices, "properties": {"a": {"$ref": "#/components/schemas/Node"}}}
    return document({"properties": {"a": {"$ref": "#/components/schemas/Node"}}}, schemas={"Node": node})


def deep() -> Any:
    schema: dict[str, Any] = {"type": "string"}
    for _ in range(5000):
        schema = {"type": "array", "items": schema}
    return document({"properties": {"a": schema}})


@pytest.mark.parametrize(
    "hostile", [cyclic(1), cyclic(200), branching("anyOf"), branching("oneOf"), branching("allOf"), deep()]
)
def test_hostile_documents_cost_little(hostile: Any) -> None:
    begin = time.perf_counter()
    assert endpoint_from_openapi(ID, hostile).inputs
    assert time.perf_counter() - begin < 2
