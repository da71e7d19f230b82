"""Reading fal's live schema of an endpoint (OpenAPI 3.0, one document an endpoint) into an `Endpoint`.

Inputs are the body of the POST to the endpoint's own path, outputs the answer of GET .../requests/{request_id}. The
document comes from outside: nothing in it is taken for granted.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from tarash.providers.fal.catalogue import Endpoint, EndpointKind, is_link, kind_of
from tarash.tarash_gateway.providers.reading import object_of
from tarash.tarash_gateway.providers.schemas.inputs import Input
from tarash.tarash_gateway.providers.schemas.reader import SchemaReader

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
    paths = object_of(object_of(document).get("paths"))
    posted = next((methods for path, methods in paths.items() if path.strip("/") == endpoint_id), None)
    schema = _json_schema(object_of(object_of(posted).get("post")).get("requestBody"))
    inputs = SchemaReader(document, _is_file).fields(schema)
    if not inputs:
        raise ValueError(f"the document does not describe the inputs of {endpoint_id}")
    outputs = SchemaReader(document, _is_file, are_outputs=True).fields(_result_schema(paths))
    return Endpoint(endpoint_id, _kind(endpoint_id, document, outputs), inputs, outputs)


def _result_schema(paths: Mapping[str, Any]) -> Any:
    answered = next((methods for path, methods in paths.items() if path.endswith("/requests/{request_id}")), None)
    return _json_schema(object_of(object_of(object_of(answered).get("get")).get("responses")).get("200"))


def _json_schema(holder: Any) -> Any:
    return object_of(object_of(object_of(holder).get("content")).get("application/json")).get("schema")


def _kind(endpoint_id: str, document: Any, outputs: Mapping[str, Input]) -> EndpointKind:
    """The last word of the category ("image-to-video"), where it says what is made."""
    category = object_of(object_of(object_of(document).get("info")).get("x-fal-metadata")).get("category")
    word = category.rpartition("-")[2] if isinstance(category, str) else ""
    return _KINDS.get(word) or kind_of(endpoint_id, outputs)


def _is_file(name: str, schema: Mapping[str, Any]) -> bool:
    return is_link(name)
