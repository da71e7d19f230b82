"""The tables of models against the types of the vendor's SDK, which the simulator has its schemas from."""

from typing import Any

import pytest

from tarash.providers.runway.catalogue import Model, find, known_models, ratios
from tarash.providers.runway.mappings import row_mapping
from tarash.providers.runway.ratios import image_sizes, usual_image_size
from tarash.tarash_gateway.providers.sizes import choose_size, named_sizes, shape_of, sides
from tarash.testkit.runway.shapes import schemas

RENAMED = {"size": "ratio", "frames": "references"}
NOT_PARAMETERS = {"others", "required", "typed", "untyped"}
ROWS = [
    pytest.param(find(info.id, kind), endpoint, id=f"{info.id} {endpoint}")
    for info in known_models()
    for kind in info.kinds
    for endpoint in find(info.id, kind).endpoints
    if kind in ("video", "image")
]


def schema_of(model: str, endpoint: str) -> dict[str, Any]:
    live, retired = schemas()["endpoints"][endpoint], schemas()["retired"].get(endpoint, {})
    return dict({**live, **retired}[model])


def values_of(shape: Any) -> list[Any] | None:
    """The enumeration of a shape."""
    match shape:
        case {"is": name}:
            return values_of(schemas()["shapes"][name])
        case {"enum": values}:
            return list(values)
        case _:
            return None


@pytest.mark.parametrize(("model", "endpoint"), ROWS)
def test_a_row_names_what_the_sdk_names(model: Model, endpoint: str) -> None:
    row, schema = model.endpoints[endpoint], schema_of(model.info.id, endpoint)
    ours = {RENAMED.get(name, name) for name in row if name not in NOT_PARAMETERS} | set(row.get("others", ()))
    ours |= {"reference"} if "character" in row else set()
    assert ours == {name.rstrip("!") for name in schema}
    required = {RENAMED.get(name, name) for name in row.get("required", ())}
    assert required == {name[:-1] for name in schema if name.endswith("!")}


@pytest.mark.parametrize(("model", "endpoint"), ROWS)
def test_a_row_allows_what_the_sdk_allows(model: Model, endpoint: str) -> None:
    row, schema = model.endpoints[endpoint], schema_of(model.info.id, endpoint)
    shapes = {name.rstrip("!"): shape for name, shape in schema.items()}
    theirs = values_of(shapes.get("ratio"))
    name = row.get("ratio") or row.get("size")
    if name and theirs:
        # Keyframes of Wan take the tiers only, as its description says.
        assert set(ratios(name)) == set(theirs) or (name == "R14" and set(ratios(name)) < set(theirs))
    for name in ("resolution", "quality", "promptExpansionMode", "targetAspectRatio"):
        if name in row:
            assert row[name] == [value for value in values_of(shapes[name]) or [] if value == value.lower()]
    for name in ("duration", "outputCount"):
        theirs = values_of(shapes.get(name))
        assert theirs is None or row[name]["of"] == theirs


@pytest.mark.parametrize(("model", "endpoint"), ROWS)
def test_a_row_makes_a_mapping(model: Model, endpoint: str) -> None:
    mapping = row_mapping(model.endpoints[endpoint])
    for mapper in mapping.values():
        if mapper.constant is not None and mapper.allowed is not None:
            assert mapper.constant in mapper.allowed


SHEET = [
    ("R2", "16:9", "1280:720"),
    ("R2", "9:16", "720:1280"),
    ("R2", "1:1", "960:960"),
    ("R2", "4:3", "1104:832"),
    ("R2", "21:9", "1584:672"),
    ("R3", "16:9", "1280:720"),
    ("R17", "1:1", "720:720"),
    ("R19", "3:2", "1088:720"),
]


@pytest.mark.parametrize(("name", "shape", "size"), SHEET)
def test_a_shape_has_its_usual_size(name: str, shape: str, size: str) -> None:
    assert choose_size(named_sizes(tuple(ratios(name))), None, shape) == size


@pytest.mark.parametrize(
    ("shape", "size"),
    [("16:9", "1920:1080"), ("9:16", "1080:1920"), ("1:1", "1024:1024"), ("4:3", "1440:1080"), ("21:9", "2112:912")],
)
def test_a_shape_has_its_usual_size_for_images(shape: str, size: str) -> None:
    assert image_sizes(tuple(ratios("R21")))[shape] == size


@pytest.mark.parametrize("name", [f"R{number}" for number in range(1, 39)])
def test_a_set_of_ratios_is_understood(name: str) -> None:
    values = tuple(ratios(name))
    for (resolution, shape), size in named_sizes(values).items():
        assert size in values
        assert shape_of(*(sides(size) or (0, 0))) == shape
        assert resolution in ("360p", "480p", "720p", "1080p", "4k")
    assert usual_image_size(values) in values
    assert set(image_sizes(values).values()) <= set(values)


@pytest.mark.parametrize(
    ("value", "expected"), [("1280:720", (1280, 720)), ("1280x720", (1280, 720)), ("16:9", None), ("auto", None)]
)
def test_sizes_are_read(value: str, expected: tuple[int, int] | None) -> None:
    assert sides(value) == expected
