"""What a model takes: from the bundled file for well-known models, else from the schema that Replicate publishes.

Both have the shape of OpenAPI properties. Sources of the bundled ones: replies of GET /models/{owner}/{name} in public
caches, checked against the models' version pages; read 2026-11.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from functools import lru_cache
from typing import Any

from tarash.tarash_gateway.models import Kind
from tarash.tarash_gateway.providers.base import ModelInfo
from tarash.tarash_gateway.providers.catalogues import bundled_json
from tarash.tarash_gateway.providers.reading import object_of
from tarash.tarash_gateway.providers.schemas.inputs import Inputs
from tarash.tarash_gateway.providers.schemas.reader import SchemaReader


@dataclass(frozen=True, slots=True)
class Model:
    """A model's inputs. `needs`: an input that is sent wants others to have one of these values ("*": any)."""

    kinds: Sequence[Kind]
    inputs: Inputs
    needs: Mapping[str, Mapping[str, Sequence[Any]]] = field(default_factory=dict)


@lru_cache(maxsize=1)
def bundled() -> Mapping[str, Model]:
    rows: dict[str, Any] = bundled_json("tarash.providers.replicate", "models.json")
    return {name: _model(row) for name, row in rows.items()}


def known_models() -> Sequence[ModelInfo]:
    return [_info(name, model) for name, model in bundled().items()]


def plain_name(model: str) -> str:
    """owner/name, without a version."""
    return model.partition(":")[0]


def inputs_from_openapi(document: Any) -> Inputs:
    """The inputs in a version's `openapi_schema`; none of it is taken for granted. Empty when it describes none."""
    schemas = object_of(object_of(object_of(document).get("components")).get("schemas"))
    return SchemaReader(document, _is_file).fields(schemas.get("Input"))


def _model(row: Mapping[str, Any]) -> Model:
    read = SchemaReader({}, _is_file).input
    inputs = {name: read(name, value, value.get("required", False), 0) for name, value in row["inputs"].items()}
    return Model(tuple(row["kinds"]), inputs, row.get("needs", {}))


def _is_file(name: str, schema: Mapping[str, Any]) -> bool:
    return schema.get("format") == "uri"


def _info(name: str, model: Model) -> ModelInfo:
    allowed = {one: list(value.allowed) for one, value in model.inputs.items() if value.allowed}
    return ModelInfo(name, model.kinds, parameters=allowed)
