"""Judging bodies against the types of the vendor's SDK: known names only, required ones, enumerations, nested shapes.

A shape is a name ("str", "int", …), or an object with one of the keys `enum`, `list`, `any`, `object` and `is` (which
names a shared shape). A name that ends with "!" is required.
"""

from collections.abc import Iterator, Mapping
from functools import cache
from importlib import resources
from typing import Any

from pydantic_core import from_json

from tarash.testkit.runway.errors import issue

Issue = dict[str, Any]
Path = tuple[str | int, ...]
LENIENT = frozenset({"gen4_image"})
"""Models that were seen to take names which they do not know."""

_PLAIN: Mapping[str, tuple[type, ...]] = {"str": (str,), "int": (int,), "float": (int, float), "bool": (bool,)}


@cache
def schemas() -> dict[str, Any]:
    data: dict[str, Any] = from_json((resources.files(__package__ or "") / "schemas.json").read_bytes())
    return data


def find(endpoint: str, model: Any, *, retired: bool) -> dict[str, Any] | None:
    """What a model takes at an endpoint; None for a model that is not there."""
    live: dict[str, Any] = schemas()["endpoints"].get(endpoint, {})
    gone: dict[str, Any] = schemas()["retired"].get(endpoint, {}) if retired else {}
    found: dict[str, Any] | None = {**live, **gone}.get(model) if isinstance(model, str) else None
    return found


def judge(model: str, shape: Mapping[str, Any], body: Mapping[str, Any]) -> list[Issue]:
    """Everything that is wrong with a body."""
    fields = {name: value for name, value in body.items() if name != "model"}
    return list(_object(shape, fields, (), strict=model not in LENIENT))


def _object(shape: Mapping[str, Any], value: Mapping[str, Any], path: Path, *, strict: bool = True) -> Iterator[Issue]:
    known = {name.rstrip("!"): name for name in shape}
    strange = [name for name in value if name not in known]
    if strange and strict:
        yield issue("unrecognized_keys", path, f"Unrecognized key(s) in object: {', '.join(strange)}")
    for name, declared in known.items():
        if name in value:
            yield from _value(shape[declared], value[name], (*path, name))
        elif declared.endswith("!"):
            yield issue("invalid_type", (*path, name), "Required")


def _value(shape: Any, value: Any, path: Path) -> Iterator[Issue]:
    match shape:
        case {"is": name}:
            yield from _value(schemas()["shapes"][name], value, path)
        case {"enum": values}:
            if value not in values or isinstance(value, bool):
                yield issue("invalid_enum_value", path, f"Expected one of {', '.join(map(str, values))}")
        case {"list": inner}:
            yield from _list(inner, value, path)
        case {"any": choices}:
            if all(list(_value(choice, value, path)) for choice in choices):
                yield issue("invalid_union", path, "Invalid input")
        case {"object": fields} if isinstance(value, dict):
            yield from _object(fields, value, path)
        case str() if shape == "object" or _is_plain(shape, value):
            return
        case _:
            yield issue("invalid_type", path, f"Expected {shape if isinstance(shape, str) else 'object'}")


def _list(inner: Any, value: Any, path: Path) -> Iterator[Issue]:
    if not isinstance(value, list):
        yield issue("invalid_type", path, "Expected array")
        return
    for number, item in enumerate(value):
        yield from _value(inner, item, (*path, number))


def _is_plain(shape: str, value: Any) -> bool:
    return isinstance(value, _PLAIN[shape]) and (shape == "bool" or not isinstance(value, bool))
