"""Checking an input against the JSON schema of an endpoint, as far as fal's own schemas go."""

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from tarash.testkit.fal.errors import model_errors
from tarash.testkit.steps import Answer

_TYPES: dict[str, tuple[type, ...]] = {
    "string": (str,),
    "integer": (int,),
    "number": (int, float),
    "boolean": (bool,),
    "array": (list,),
    "object": (dict,),
    "null": (type(None),),
}

Problem = tuple[str, str, dict[str, Any]]
"""Type, message and context of what is wrong with a value, in pydantic's words."""


def validation_failure(schema: Mapping[str, Any] | None, arguments: Any) -> Answer | None:
    """The 422 that fal gives for `arguments`, or None when nothing is wrong with them.

    Names that the schema lacks pass: what fal does with them is not documented.
    """
    if schema is None or not isinstance(arguments, dict):
        return None
    details = [_detail(name, "missing", "Field required", {}, arguments) for name in _missing(schema, arguments)]
    for name, value in arguments.items():
        field_schema = schema.get("properties", {}).get(name)
        if field_schema is not None and (problem := _problem(field_schema, value)):
            details.append(_detail(name, *problem, value))
    return model_errors(details) if details else None


def _missing(schema: Mapping[str, Any], arguments: Mapping[str, Any]) -> Iterator[str]:
    required: Sequence[str] = schema.get("required", ())
    return (name for name in required if name not in arguments)


def _detail(name: str, kind: str, message: str, context: dict[str, Any], value: Any) -> dict[str, Any]:
    return {"loc": ["body", name], "msg": message, "type": kind, "ctx": context, "input": value}


def _problem(schema: Mapping[str, Any], value: Any) -> Problem | None:
    choices: Sequence[Mapping[str, Any]] = schema.get("anyOf") or schema.get("oneOf") or ()
    if choices:
        problems = [_problem(choice, value) for choice in choices]
        return problems[0] if all(problems) else None
    return _wrong_type(schema, value) or _wrong_choice(schema, value) or _out_of_range(schema, value)


def _wrong_type(schema: Mapping[str, Any], value: Any) -> Problem | None:
    wanted = schema.get("type")
    if not isinstance(wanted, str) or wanted not in _TYPES:
        return None
    # In Python True is an integer, in JSON it is not.
    fits = isinstance(value, _TYPES[wanted]) and (wanted == "boolean" or not isinstance(value, bool))
    return None if fits else (f"{wanted}_type", f"Input should be a valid {wanted}", {})


def _wrong_choice(schema: Mapping[str, Any], value: Any) -> Problem | None:
    allowed = schema.get("enum")
    if allowed is None or value in allowed:
        return None
    expected = ", ".join(map(repr, allowed))
    return "literal_error", f"Input should be {expected}", {"expected": expected}


def _out_of_range(schema: Mapping[str, Any], value: Any) -> Problem | None:
    if not isinstance(value, int | float) or isinstance(value, bool):
        return None
    if "minimum" in schema and value < schema["minimum"]:
        least = schema["minimum"]
        return "greater_than_equal", f"Input should be greater than or equal to {least}", {"ge": least}
    if "maximum" in schema and value > schema["maximum"]:
        most = schema["maximum"]
        return "less_than_equal", f"Input should be less than or equal to {most}", {"le": most}
    return None
