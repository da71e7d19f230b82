"""What is known of fal's endpoints: from the live schema of an endpoint, the bundled catalogue, or a best guess."""

from __future__ import annotations

from collections.abc import Iterator
from functools import lru_cache
from typing import Any

from pydantic_core import from_json

from tarash.providers.fal import catalogue, rules
from tarash.providers.fal.catalogue import Endpoint, Replacement
from tarash.providers.fal.openapi import endpoint_from_openapi
from tarash.tarash_gateway.models import Kind
from tarash.tarash_gateway.providers.base import ModelInfo
from tarash.tarash_gateway.providers.field_mappers import FieldMapping

_KINDS: dict[str, tuple[Kind, ...]] = {"video": ("video",), "image": ("image",), "audio": ("tts", "sts")}


@lru_cache(maxsize=512)
def mapping_for(kind: Kind, model: str, schema: bytes | None) -> FieldMapping:
    """The mapping of an endpoint. A live schema's limits are strict, the catalogue's may be old and only warn."""
    endpoint = _live_endpoint(model, schema) if schema else None
    if endpoint is not None:
        return rules.mapping_for(endpoint, kind, strict=True)
    known = catalogue.find(model)
    return rules.mapping_for(known, kind, strict=False) if known else rules.best_guess(kind, model)


def _live_endpoint(model: str, schema: bytes) -> Endpoint | None:
    try:
        return endpoint_from_openapi(model, from_json(schema))
    except ValueError:
        return None


def nearest_ids(model: str) -> list[str]:
    """Ids that a caller may have meant."""
    replaced = catalogue.replaced(model)
    if replaced is not None and replaced.instead:
        return list(replaced.instead)
    return [] if catalogue.find(model) else catalogue.nearest(model)[:3]


def find_model(model: str) -> ModelInfo | None:
    """What is known of an endpoint; None when nothing is."""
    endpoint, replaced = catalogue.find(model), catalogue.replaced(model)
    if endpoint is None and replaced is None:
        return None
    known = replaced or Replacement("active")
    kinds = _KINDS.get(endpoint.kind, ()) if endpoint else ("video", "image")
    instead, inputs = " or ".join(known.instead) or None, _described(endpoint) if endpoint else {}
    return ModelInfo(model, kinds, known.state, known.date, instead, inputs, known.note)


def _described(endpoint: Endpoint) -> dict[str, Any]:
    return {
        name: {"type": value.type, "required": value.required, "allowed": list(value.allowed or ())}
        for name, value in endpoint.inputs.items()
    }


def known_models() -> Iterator[ModelInfo]:
    """All endpoints of the bundled catalogue that make something."""
    infos = map(find_model, catalogue.endpoints())
    return (info for info in infos if info is not None and info.kinds)
