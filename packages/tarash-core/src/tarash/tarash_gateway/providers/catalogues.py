"""What is known of models: tables in JSON files beside a provider's code, read when they are first asked for."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from functools import cache
from importlib import resources
from typing import Any

from pydantic_core import from_json

from tarash.tarash_gateway.models import Kind


@dataclass(frozen=True, slots=True)
class ModelInfo:
    """What is known of a model. `retired` and `deprecated` models are still called, with a warning.

    `date` (ISO) is when a retired model ended, or a deprecated one will end; `replacement` is the vendor's successor.
    """

    id: str
    kinds: Sequence[Kind]
    status: str = "active"
    date: str | None = None
    replacement: str | None = None
    parameters: Mapping[str, Any] = field(default_factory=dict)
    note: str | None = None


@cache
def bundled_json(package: str, name: str) -> Any:
    """The file of this name in a package. It is shared, so it must not be changed."""
    return from_json((resources.files(package) / name).read_bytes())


@cache
def bundled_models(package: str, name: str = "models.json") -> Sequence[ModelInfo]:
    """A list of models: each an object with the fields of `ModelInfo`. Other fields are left to the provider."""
    known = ModelInfo.__slots__
    rows = bundled_json(package, name)
    return tuple(ModelInfo(**{field: row[field] for field in row if field in known}) for row in rows)


def bundled_model(package: str, model: str) -> ModelInfo | None:
    """What a package's list says of the model with exactly this id."""
    return next((info for info in bundled_models(package) if info.id == model), None)


def without_prefix(model: str, prefixes: Sequence[str]) -> str:
    """A model's name without the prefix (of a gateway, or of a longer form of the name) that it may carry."""
    return next((model.removeprefix(prefix) for prefix in prefixes if model.startswith(prefix)), model)
