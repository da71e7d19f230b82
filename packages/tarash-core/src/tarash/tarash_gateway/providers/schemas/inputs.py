"""What a schema says of one input (or output) of a model."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import Literal

InputType = Literal["string", "number", "integer", "boolean", "file", "object", "array", "unknown"]

TEXT: tuple[InputType, ...] = ("string", "unknown")
NUMBER: tuple[InputType, ...] = ("number", "integer")
LINK: tuple[InputType, ...] = ("file",)


@dataclass(frozen=True, slots=True)
class Input:
    """One input of a model.

    A `file` is sent as a link or data URI. `item` is what an array holds, `fields` what an object holds where that is
    known. An object with `allowed` takes one of those values instead, too (an image size by name). `allowed` is None
    where any value may be sent; its values have the JSON type that the model wants. The limits are those of a number,
    or of how many an array may hold; `longest` is how many characters a text may have.
    """

    name: str
    type: InputType
    required: bool = False
    allowed: tuple[str | int | float, ...] | None = None
    item: Input | None = None
    fields: Mapping[str, Input] = field(default_factory=dict)
    minimum: float | None = None
    maximum: float | None = None
    default: str | int | float | bool | None = None
    longest: int | None = None


Inputs = Mapping[str, Input]


def first_of(inputs: Inputs, names: Iterable[str], types: Iterable[InputType]) -> str | None:
    """The first of some names under which there is an input of one of these types."""
    return next((name for name in names if name in inputs and inputs[name].type in types), None)


def fields_of(inputs: Inputs, name: str) -> Inputs:
    """What the object of this name holds; nothing where there is none."""
    return inputs[name].fields if name in inputs else {}


def inputs_named(kind: InputType, *names: str) -> dict[str, Input]:
    """Inputs of one type of which nothing else is known."""
    return {name: Input(name, kind) for name in names}
