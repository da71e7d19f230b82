import pickle
from typing import Any

import pytest

from tarash.tarash_gateway.providers.field_mappers import (
    Converted,
    FieldMapper,
    FieldMapping,
    Omit,
    choice_field_mapper,
    constant_field_mapper,
    duration_field_mapper,
    find_mapping,
    frames_field_mapper,
    image_field_mapper,
    images_field_mapper,
    media_field_mapper,
    parse_size,
    passthrough_field_mapper,
    seconds_of,
    size_field_mapper,
)


def converted(mapper: FieldMapper, value: Any) -> Any:
    assert mapper.convert is not None
    result = mapper.convert(value)
    return (result.value, result.outcome) if isinstance(result, Converted) else result


@pytest.mark.parametrize(
    ("mapper", "given", "sent"),
    [
        (duration_field_mapper("int"), 5, 5),
        (duration_field_mapper("int"), 5.0, 5),
        (duration_field_mapper(field_type="int"), 5.4, (5, "rounded")),
        (duration_field_mapper("int"), 5.5, (6, "rounded")),
        (duration_field_mapper("int"), 0.2, (1, "rounded")),
        (duration_field_mapper("float"), 5.4, 5.4),
        (duration_field_mapper("float"), 5, 5.0),
        (duration_field_mapper("str"), 8, "8"),
        (duration_field_mapper("str", suffix="s"), 8, "8s"),
        (duration_field_mapper("str", suffix="s"), 7.6, ("8s", "rounded")),
        (duration_field_mapper(allowed_values=[4, 6, 8]), 6, 6),
        (duration_field_mapper(allowed_values=[4, 6, 8]), 5, (6, "rounded")),
        (duration_field_mapper(allowed_values=[4, 8]), 6, (8, "rounded")),
        (duration_field_mapper(allowed_values=[4, 6, 8]), 1000, (8, "rounded")),
        (duration_field_mapper(allowed_values=[4, 6, 8]), 0.1, (4, "rounded")),
        (duration_field_mapper("str", allowed_values=["4s", "8s"]), 4, "4s"),
        (duration_field_mapper("str", allowed_values=["auto", "5", "10"]), 6, ("5", "rounded")),
        (frames_field_mapper(24), 5, (121, "converted")),
        (frames_field_mapper(16, extra_frames=0), 5, (80, "converted")),
        (choice_field_mapper("quality", {"hd": "high", "standard": "medium"}), "hd", "high"),
        (choice_field_mapper("quality", {"hd": "high"}), "HD", "high"),
        (size_field_mapper(lambda width, height: f"{width}*{height}"), "1024x768", "1024*768"),
        (size_field_mapper(lambda width, height: [width, height], {"16:9": "landscape"}), "16:9", "landscape"),
    ],
)
def test_a_value_is_converted(mapper: FieldMapper, given: Any, sent: Any) -> None:
    result = converted(mapper, given)
    assert result == sent
    assert type(result) is type(sent)


@pytest.mark.parametrize(
    ("mapper", "given"),
    [
        (duration_field_mapper(allowed_values=["auto"]), 5),
        (choice_field_mapper("quality", {"hd": "high"}), "ultra"),
        (choice_field_mapper("quality", {"hd": "high"}), 3),
        (size_field_mapper(lambda width, height: width), "huge"),
        (size_field_mapper(lambda width, height: width), "0x10"),
    ],
)
def test_a_value_that_has_no_place_is_refused_with_the_right_ones(mapper: FieldMapper, given: Any) -> None:
    with pytest.raises(ValueError, match=r"takes one of|size is written"):
        converted(mapper, given)


@pytest.mark.parametrize("text", ["1024x768", "1024X768", "1024 x 768", "1024*768", "1024\u00d7768"])
def test_sizes_are_read_in_all_usual_spellings(text: str) -> None:
    assert parse_size(text) == (1024, 768)


@pytest.mark.parametrize(
    "text", ["", "x", "1024", "1024x", "-1x5", "1e3x5", "0x768", "1024x0", "999999x1", "16:9", "1x2x3"]
)
def test_what_is_no_size_is_refused(text: str) -> None:
    with pytest.raises(ValueError, match="WIDTHxHEIGHT"):
        parse_size(text)


@pytest.mark.parametrize(
    ("value", "seconds"),
    [(8, 8.0), (8.5, 8.5), ("8", 8.0), ("8s", 8.0), ("8 sec", 8.0), ("8 SECONDS", 8.0), ("auto", None), (True, None)],
)
def test_seconds_are_read_from_a_vendors_value(value: Any, seconds: float | None) -> None:
    assert seconds_of(value) == seconds


TABLE: dict[str, FieldMapping] = {
    name: {"id": constant_field_mapper(name or "generic")} for name in ("", "maker", "maker/film", "maker/film-2/fast")
}


@pytest.mark.parametrize(
    ("model", "found"),
    [
        ("maker/film", "maker/film"),
        ("maker/film-2/fast", "maker/film-2/fast"),
        ("maker/film-2/slow", "maker/film"),
        ("maker/other", "maker"),
        ("else", "generic"),
        ("Maker/film", "generic"),
    ],
)
def test_a_mapping_is_found_by_id_then_longest_prefix_then_the_generic_one(model: str, found: str) -> None:
    mapping = find_mapping(TABLE, model)
    assert mapping is not None
    assert mapping["id"].constant == found


def test_no_mapping_is_none() -> None:
    assert find_mapping({"maker": {}}, "else") is None
    assert find_mapping({}, "else") is None


def test_an_exact_id_wins_even_when_its_mapping_is_empty() -> None:
    assert find_mapping({"maker/film": {}, "maker": {"a": constant_field_mapper(1)}}, "maker/film") == {}


def test_what_the_factories_put_into_a_mapper() -> None:
    mapper = passthrough_field_mapper("prompt", required=True)
    assert (mapper.sources, mapper.required, mapper.convert) == (("prompt",), True, None)
    limited = passthrough_field_mapper("seed", allowed=[1, 2], minimum=1, maximum=2)
    assert (limited.allowed, limited.minimum, limited.maximum) == ((1, 2), 1, 2)
    assert media_field_mapper("video", required=True) == FieldMapper(("video",), required=True)
    assert image_field_mapper("first_frame", "reference").roles == ("first_frame", "reference")
    assert images_field_mapper("reference", maximum=3) == FieldMapper(
        ("image_list",), roles=("reference",), many=True, maximum=3
    )
    assert size_field_mapper(lambda width, height: 0, {"1:1": 1}).sources == ("size", "aspect_ratio")


def test_a_mapper_is_an_immutable_value() -> None:
    mapper = passthrough_field_mapper("prompt", required=True, allowed=["a"])
    with pytest.raises(AttributeError):
        mapper.required = False  # type: ignore[misc]
    assert mapper == passthrough_field_mapper("prompt", required=True, allowed=["a"])
    assert mapper.lenient().strict is False
    assert mapper.strict is True
    assert pickle.loads(pickle.dumps(mapper)) == mapper  # noqa: S301


def test_a_converter_says_that_it_has_nothing_to_send() -> None:
    def convert(value: Any) -> Any:
        raise Omit("the model decides")

    with pytest.raises(Omit, match="the model decides"):
        converted(FieldMapper(("seed",), convert), 1)
