"""What is known of the models: the endpoints that take them, and what each of these takes.

Sources: names, requirements and enumerations from the types of runwayml 5.24.0 (PyPI), numeric bounds from the vendor's
OpenAPI document of 2026-08; gen4_aleph from runwayml 4.18.0, veo3 from 5.12.0. A row without bounds has none that are
confirmed. The rows under the empty id are for models that nobody here knows.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cache
from importlib import resources
from typing import Any

from pydantic_core import from_json

from tarash.tarash_gateway.models import Kind
from tarash.tarash_gateway.providers.base import ModelInfo
from tarash.tarash_gateway.providers.field_mappers import find_mapping

Row = Mapping[str, Any]


@dataclass(frozen=True)
class Model:
    """A model and, by endpoint, the row of what it takes."""

    info: ModelInfo
    endpoints: Mapping[str, Row]


@cache
def _read() -> tuple[Mapping[str, Sequence[str]], Sequence[Model]]:
    data = from_json((resources.files(__package__ or "") / "models.json").read_bytes())
    ratios = {name: tuple(values.split()) for name, values in data["ratios"].items()}
    return ratios, tuple(_model(row) for row in data["models"])


def _model(row: dict[str, Any]) -> Model:
    endpoints, kind = row.pop("endpoints"), row.pop("kind")
    return Model(ModelInfo(kinds=(kind,), parameters={"endpoints": list(endpoints)}, **row), endpoints)


def ratios(name: str) -> Sequence[str]:
    """The values of a set of ratios."""
    return _read()[0][name]


def known_models() -> Sequence[ModelInfo]:
    return [model.info for model in _read()[1] if model.info.id]


@cache
def _by_id(kind: Kind) -> Mapping[str, Model]:
    return {model.info.id: model for model in _read()[1] if kind in model.info.kinds}


def find(model: str, kind: Kind) -> Model:
    """By exact id, else by the longest prefix among the models that still live, else the row for unknown models."""
    rows = _by_id(kind)
    if model in rows:
        return rows[model]
    alive = {name: row for name, row in rows.items() if row.info.status != "retired"}
    return find_mapping(alive, model) or alive[""]
