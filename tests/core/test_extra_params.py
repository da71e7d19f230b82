"""Extra parameters beside mapped ones: objects are merged, the caller's own words win, and the account says so."""

from typing import Any

import pytest

from tarash.tarash_gateway.models import VideoGenerationRequest
from tarash.tarash_gateway.parameters import Applied, apply_mapping
from tarash.tarash_gateway.providers.field_mappers import FieldMapper, named_parameter, passthrough_field_mapper

MAPPING = {
    "prompt": passthrough_field_mapper("prompt"),
    "shape.seed": passthrough_field_mapper("seed"),
    "shape.deep.ratio": passthrough_field_mapper("aspect_ratio"),
    "length": FieldMapper(("duration_seconds",), lambda seconds: {"seconds": seconds}),
}
FIELDS: dict[str, Any] = {"prompt": "a cat", "seed": 1, "aspect_ratio": "1:1", "duration_seconds": 4}


def applied(**extra: Any) -> Applied:
    return apply_mapping(MAPPING, VideoGenerationRequest(**FIELDS, extra_params=extra))


def ignored(result: Applied) -> set[str]:
    return {outcome.field for outcome in result.outcomes if outcome.outcome == "ignored"}


CASES: list[tuple[dict[str, Any], Any, set[str]]] = [
    ({"shape": {"colour": "red"}}, {"seed": 1, "deep": {"ratio": "1:1"}, "colour": "red"}, set()),
    ({"shape": {"seed": 2}}, {"seed": 2, "deep": {"ratio": "1:1"}}, {"seed"}),
    ({"shape": {"deep": {"ratio": "9:16"}}}, {"seed": 1, "deep": {"ratio": "9:16"}}, {"aspect_ratio"}),
    ({"shape": {"deep": None}}, {"seed": 1, "deep": None}, {"aspect_ratio"}),
    ({"shape": "flat"}, "flat", {"seed", "aspect_ratio"}),
]


@pytest.mark.parametrize(("extra", "shape", "overruled"), CASES)
def test_objects_are_merged(extra: dict[str, Any], shape: Any, overruled: set[str]) -> None:
    result = applied(**extra)
    assert result.payload["shape"] == shape
    assert ignored(result) == overruled


def test_an_object_that_a_mapper_made_is_replaced_as_a_whole() -> None:
    result = applied(length={"frames": 96})
    assert result.payload["length"] == {"frames": 96}
    assert ignored(result) == {"duration_seconds"}


NAMED = {
    "strength": named_parameter(minimum=0, maximum=1, constant=0.75),
    "format": named_parameter(allowed=["png", "webp"]),
    "search": named_parameter(required=True),
}


def named(mapping: dict[str, FieldMapper] = NAMED, **extra: Any) -> Applied:
    return apply_mapping(mapping, VideoGenerationRequest(prompt="a cat", extra_params={"search": "x", **extra}))


def test_a_parameter_that_only_its_name_fills_is_sent_within_its_limits() -> None:
    assert named(strength=0.5, format="png").payload == {"strength": 0.5, "format": "png", "search": "x"}
    assert named().payload == {"strength": 0.75, "search": "x"}


@pytest.mark.parametrize(
    ("extra", "reason"),
    [
        ({"strength": 1.5}, "1.5 is more than 1"),
        ({"strength": -1}, "-1 is less than 0"),
        ({"format": "gif"}, "'gif' is not one of png, webp"),
    ],
)
def test_beyond_its_limits_it_is_refused_or_warned_of(extra: dict[str, Any], reason: str) -> None:
    [refused] = named(**extra).named("refused")
    assert (refused.field, refused.parameter, refused.reason) == (*extra, *extra, reason)
    lenient = named({name: mapper.lenient() for name, mapper in NAMED.items()}, **extra)
    assert lenient.named("refused") == []
    assert lenient.payload.items() >= extra.items()
    assert lenient.warnings == [f"{next(iter(extra))}: {reason}; it is sent all the same, because this list may be old"]


def test_it_may_be_required() -> None:
    [refused] = apply_mapping(NAMED, VideoGenerationRequest(prompt="a cat")).named("refused")
    assert refused.reason == "the model needs 'search': set it in extra_params"
