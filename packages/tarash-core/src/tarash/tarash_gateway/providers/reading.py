"""Reading JSON of which nothing is taken for granted: what is missing, or is something else, is empty."""

from __future__ import annotations

from typing import Any


def object_of(value: Any) -> dict[str, Any]:
    return value if isinstance(value, dict) else {}


def list_of(value: Any) -> list[Any]:
    return value if isinstance(value, list) else []


def objects_of(value: Any) -> list[dict[str, Any]]:
    """The objects of a list."""
    return [item for item in list_of(value) if isinstance(item, dict)]


def present(value: Any, *names: str) -> dict[str, Any]:
    """The members of an object that have a value, in the order of the names."""
    known = object_of(value)
    return {name: known[name] for name in names if known.get(name) is not None}
