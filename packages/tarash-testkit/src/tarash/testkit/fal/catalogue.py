"""What fal publishes about its endpoints: OpenAPI documents, the model list and prices."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from tarash.testkit.fal import errors
from tarash.testkit.fal.jobs import Outcome
from tarash.testkit.fal.outputs import Kind, guess_kind
from tarash.testkit.fal.routes import Call
from tarash.testkit.steps import Answer

_FILE = {"type": "object", "properties": {"url": {"type": "string"}}, "required": ["url"]}

_OUTPUT_SCHEMAS: dict[Kind, dict[str, Any]] = {
    "video": {"properties": {"video": _FILE}, "required": ["video"]},
    "image": {"properties": {"images": {"type": "array", "items": _FILE}}, "required": ["images"]},
    "audio": {"properties": {"audio": _FILE, "duration_ms": {"type": "integer"}}, "required": ["audio"]},
}

_CATEGORIES: dict[Kind, str] = {"video": "text-to-video", "image": "text-to-image", "audio": "text-to-speech"}


@dataclass(frozen=True)
class Endpoint:
    """An endpoint as a test described it. `schemas` are those that the input schema refers to, by name."""

    id: str
    kind: Kind
    input_schema: Mapping[str, Any] | None = None
    output_schema: Mapping[str, Any] | None = None
    schemas: Mapping[str, Any] = field(default_factory=dict)
    outcome: Outcome | None = None
    category: str | None = None
    status: str = "active"
    unit_price: float = 0.1

    @property
    def name(self) -> str:
        """The stem of its schemas' names, as fal builds it: fal-ai/flux/dev is FluxDev."""
        words = "/".join(self.id.split("/")[1:]).replace("-", "/").replace(".", "/").split("/")
        return "".join(word[:1].upper() + word[1:] for word in words)


class Catalogue:
    """The registered endpoints of one simulator."""

    def __init__(self) -> None:
        self._endpoints: dict[str, Endpoint] = {}

    def register(self, endpoint: Endpoint) -> None:
        self._endpoints[endpoint.id] = endpoint

    def known(self, endpoint_id: str) -> bool:
        return endpoint_id in self._endpoints

    def endpoint(self, endpoint_id: str) -> Endpoint:
        """The endpoint of this id; one that was not registered is guessed from its name, and has no schema."""
        return self._endpoints.get(endpoint_id) or Endpoint(endpoint_id, guess_kind(endpoint_id))

    def openapi(self, call: Call) -> Answer:
        endpoint = self._endpoints.get(call.request.query_value("endpoint_id") or "")
        if endpoint is None or endpoint.input_schema is None:
            return errors.not_found("Endpoint not found")
        return Answer(json=openapi_document(endpoint))

    def models(self, call: Call) -> Answer:
        query = call.request.query
        ids = [value for name, values in query if name == "endpoint_id" for value in values.split(",")]
        state = call.request.query_value("status")
        fitting = [
            endpoint
            for endpoint in self._endpoints.values()
            if (not ids or endpoint.id in ids) and state in (None, endpoint.status)
        ]
        start, limit = int(call.request.query_value("cursor") or 0), int(call.request.query_value("limit") or 50)
        expand = ("expand", "openapi-3.0") in query
        page = fitting[start : start + limit]
        more = start + limit < len(fitting)
        return Answer(
            json={
                "models": [_model_entry(endpoint, expand) for endpoint in page],
                "has_more": more,
                "next_cursor": str(start + limit) if more else None,
            }
        )

    def pricing(self, call: Call) -> Answer:
        ids = [value for name, values in call.request.query if name == "endpoint_id" for value in values.split(",")]
        known = [self._endpoints[one] for one in ids if one in self._endpoints]
        prices = [
            {"endpoint_id": endpoint.id, "unit_price": endpoint.unit_price, "unit": "seconds", "currency": "USD"}
            for endpoint in known
        ]
        return Answer(json={"prices": prices, "has_more": False, "next_cursor": None})


def _model_entry(endpoint: Endpoint, expand: bool) -> dict[str, Any]:
    category = endpoint.category or _CATEGORIES[endpoint.kind]
    metadata = {"display_name": endpoint.name, "category": category, "status": endpoint.status, "tags": []}
    entry: dict[str, Any] = {"endpoint_id": endpoint.id, "metadata": {**metadata, "kind": "inference"}}
    if expand and endpoint.input_schema is not None:
        entry["openapi"] = openapi_document(endpoint)
    return entry


def openapi_document(endpoint: Endpoint) -> dict[str, Any]:
    """The document fal publishes per endpoint (OpenAPI 3.0.4): its whole id in every path, schemas by reference."""
    root, request = f"/{endpoint.id}", f"/{endpoint.id}/requests/{{request_id}}"
    output = endpoint.output_schema or _OUTPUT_SCHEMAS[endpoint.kind]
    schemas = {
        "QueueStatus": _QUEUE_STATUS,
        f"{endpoint.name}Input": {"type": "object", "title": f"{endpoint.name}Input", **(endpoint.input_schema or {})},
        f"{endpoint.name}Output": {"type": "object", "title": f"{endpoint.name}Output", **output},
        **endpoint.schemas,
    }
    submit = {
        "requestBody": {"required": True, "content": _json_content(f"{endpoint.name}Input")},
        "responses": {"200": {"description": "The request status.", "content": _json_content("QueueStatus")}},
    }
    return {
        "openapi": "3.0.4",
        "info": {
            "title": f"Queue OpenAPI for {endpoint.id}",
            "version": "1.0.0",
            "description": f"The OpenAPI schema for the {endpoint.id} queue.",
            "x-fal-metadata": {
                "endpointId": endpoint.id,
                "category": endpoint.category or _CATEGORIES[endpoint.kind],
            },
        },
        "components": {"schemas": schemas, "securitySchemes": {"apiKeyAuth": _KEY_SCHEME}},
        "paths": {
            f"{request}/status": {"get": _about_request("QueueStatus")},
            f"{request}/cancel": {"put": _about_request(None)},
            root: {"post": submit},
            request: {"get": _about_request(f"{endpoint.name}Output")},
        },
        "servers": [{"url": "https://queue.fal.run"}],
        "security": [{"apiKeyAuth": []}],
    }


_KEY_SCHEME = {"type": "apiKey", "in": "header", "name": "Authorization", "description": "Fal Key"}

_QUEUE_STATUS: dict[str, Any] = {
    "type": "object",
    "properties": {
        "status": {"type": "string", "enum": ["IN_QUEUE", "IN_PROGRESS", "COMPLETED"]},
        "request_id": {"type": "string"},
        "response_url": {"type": "string"},
        "status_url": {"type": "string"},
        "cancel_url": {"type": "string"},
        "logs": {"type": "object", "additionalProperties": True},
        "metrics": {"type": "object", "additionalProperties": True},
        "queue_position": {"type": "integer"},
    },
    "required": ["status", "request_id"],
}


def _json_content(schema: str) -> dict[str, Any]:
    return {"application/json": {"schema": {"$ref": f"#/components/schemas/{schema}"}}}


def _about_request(schema: str | None) -> dict[str, Any]:
    parameter = {"name": "request_id", "in": "path", "required": True, "schema": {"type": "string"}}
    success = {"type": "object", "properties": {"success": {"type": "boolean"}}}
    content = _json_content(schema) if schema else {"application/json": {"schema": success}}
    return {"parameters": [parameter], "responses": {"200": {"description": "The answer.", "content": content}}}
