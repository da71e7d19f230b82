"""What a model takes: from the bundled file for well-known models, else from the schema that Replicate publishes.

Both have the shape of OpenAPI properties. Sources of the bundled ones: replies of GET /models/{owner}/{name} in public
caches, checked against the models' version pages; read 2026-11.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from functools import lru_cache
from importlib import resources
from typing import Any

from pydantic_core import from_json

from tarash.tarash_gateway.messages import number_or_none
from tarash.tarash_gateway.models import Kind
from tarash.tarash_gateway.providers.base import ModelInfo

MAX_INPUTS = 300


@dataclass(frozen=True, slots=True)
class Input:
    """One input of a model. Limits are those of a number, or of how many a list may hold."""

    type: str = "unknown"
    required: bool = False
    link: bool = False
    allowed: tuple[Any, ...] | None = None
    minimum: float | None = None
    maximum: float | None = None
    default: Any = None


@dataclass(frozen=True, slots=True)
class Model:
    """A model's inputs. `needs`: an input that is sent wants others to have one of these values ("*": any)."""

    kinds: Sequence[Kind]
    inputs: Mapping[str, Input]
    needs: Mapping[str, Mapping[str, Sequence[Any]]] = field(default_factory=dict)


@lru_cache(maxsize=1)
def bundled() -> Mapping[str, Model]:
    rows: dict[str, Any] = from_json((resources.files(__package__ or "") / "models.json").read_bytes())
    return {name: _model(row) for name, row in rows.items()}


def known_models() -> Sequence[ModelInfo]:
    return [_info(name, model) for name, model in bundled().items()]


def find_model(name: str, kind: Kind) -> ModelInfo | None:
    model = bundled().get(plain_name(name))
    return _info(name, model) if model and kind in model.kinds else None


def plain_name(model: str) -> str:
    """owner/name, without a version."""
    return model.partition(":")[0]


def inputs_from_openapi(document: Any) -> Mapping[str, Input]:
    """The inputs in a version's `openapi_schema`; none of it is taken for granted. Empty when it describes none."""
    schemas = _object(_object(_object(document).get("components")).get("schemas"))
    schema = _object(schemas.get("Input"))
    required = schema.get("required")
    names = required if isinstance(required, list) else []
    properties = list(_object(schema.get("properties")).items())[:MAX_INPUTS]
    return {name: _input(_resolved(value, schemas), name in names) for name, value in properties}


def _resolved(value: Any, schemas: Mapping[str, Any]) -> dict[str, Any]:
    """A property with its enum, which stands in a schema of its own behind `allOf`."""
    own = _object(value)
    joined: dict[str, Any] = {}
    for part in [own, *_list(own.get("allOf"))[:5]]:
        reference = _object(part).get("$ref")
        if isinstance(reference, str):
            joined.update(_object(schemas.get(reference.removeprefix("#/components/schemas/"))))
    return {**joined, **own}


def _input(value: Mapping[str, Any], required: bool) -> Input:
    many = value.get("type") == "array"
    item = _object(value.get("items")) if many else value
    lowest, highest = ("minItems", "maxItems") if many else ("minimum", "maximum")
    enum = _list(value.get("enum"))
    return Input(
        str(value.get("type") or "unknown"),
        required,
        item.get("format") == "uri",
        tuple(enum) or None,
        number_or_none(value.get(lowest)),
        number_or_none(value.get(highest)),
        value.get("default"),
    )


def _model(row: Mapping[str, Any]) -> Model:
    inputs = {name: _input(value, value.get("required", False)) for name, value in row["inputs"].items()}
    return Model(tuple(row["kinds"]), inputs, row.get("needs", {}))


def _info(name: str, model: Model) -> ModelInfo:
    allowed = {one: list(value.allowed) for one, value in model.inputs.items() if value.allowed}
    return ModelInfo(name, model.kinds, parameters=allowed)


def _object(value: Any) -> dict[str, Any]:
    return value if isinstance(value, dict) else {}


def _list(value: Any) -> list[Any]:
    return value if isinstance(value, list) else []
