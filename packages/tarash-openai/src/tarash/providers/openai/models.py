"""What is known of the models, and the names that callers may use for them.

Sources: types of openai 3.52 and 3.54 (PyPI), the vendor's list of deprecations as read by llm-sunset 0.3.1 and litellm
1.109.1; all of 2026-11.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from functools import lru_cache
from importlib import resources
from typing import Any

from pydantic_core import from_json

from tarash.tarash_gateway.models import Kind
from tarash.tarash_gateway.providers.base import ModelInfo

ALIASES = {"sora": "sora-2", "sora-pro": "sora-2-pro"}


def plain_name(model: str, prefixes: Sequence[str] = ("openai/",), aliases: Mapping[str, str] = ALIASES) -> str:
    """The vendor's own name of a model: gateways write `openai/sora-2`, and older pages of tarash `sora`."""
    name = next((model.removeprefix(prefix) for prefix in prefixes if model.startswith(prefix)), model)
    return aliases.get(name, name)


class Catalogue:
    """The models of one service, read from the JSON file beside its code when they are first asked for."""

    def __init__(self, package: str) -> None:
        self.package = package

    @property
    def models(self) -> Sequence[ModelInfo]:
        return _read(self.package)[0]

    def find(self, name: str, kind: Kind) -> ModelInfo | None:
        return next((info for info in self.models if info.id == name and kind in info.kinds), None)

    def family(self, name: str) -> str:
        """The name under which a model's mapping is looked up: its own, unless it belongs to others by its nature."""
        return _read(self.package)[1].get(name, name)


@lru_cache(maxsize=4)
def _read(package: str) -> tuple[Sequence[ModelInfo], Mapping[str, str]]:
    rows: list[dict[str, Any]] = from_json((resources.files(package) / "models.json").read_bytes())
    families = {row["id"]: row.pop("family") for row in rows if "family" in row}
    return tuple(ModelInfo(**row) for row in rows), families
