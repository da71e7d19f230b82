"""The account of parameters: each field that is set has one outcome, and the wire agrees with it."""

import json
from collections.abc import Generator
from typing import Any

import pytest
from tests.stability.cases import BOTH, CASES
from tests.stability.desk import MASK, ONE, PICTURE, PROMPT, SECOND, Desk, as_input, as_style
from tests.stability.facts import ENDPOINTS, RATIOS, STYLES, limits
from tests.support.worlds import SyncWorld

from tarash.providers.stability import StabilityProvider
from tarash.providers.stability.endpoints import ENDPOINTS as MAPPINGS
from tarash.providers.stability.endpoints import FROM_PICTURE, UNKNOWN, endpoint_of, mapping_of
from tarash.tarash_gateway.exceptions import ValidationError
from tarash.tarash_gateway.models import ImageGenerationRequest
from tarash.tarash_gateway.parameters import apply_mapping
from tarash.tarash_gateway.planning import load_inputs
from tarash.tarash_gateway.providers.field_mappers import FieldMapping
from tarash.testkit.clock import VirtualClock
from tarash.testkit.requests import RecordedRequest
from tarash.testkit.stability import StabilitySimulator
from tarash.testkit.stability.shapes import SHAPES, Shape

MODELS = list(StabilityProvider().known_models())
NEEDED: dict[str, dict[str, Any]] = {
    "edit/outpaint": {"left": 64},
    "edit/search-and-replace": {"search_prompt": "the tower"},
    "edit/search-and-recolor": {"select_prompt": "the sea"},
    "control/style-transfer": BOTH,
}
FIELDS: dict[str, Any] = {
    "negative_prompt": "fog",
    "size": "1024x1024",
    "aspect_ratio": "1:1",
    "quality": "high",
    "style": "anime",
    "n": 2,
    "seed": 7,
    "enhance_prompt": True,
    "image_list": [as_input(PICTURE)],
    "mask_image": as_input(MASK),
}
NOT_SENT = ("ignored", "refused")


def usual(model: str) -> dict[str, Any]:
    """The least that a model takes."""
    asks_for_picture = not model.startswith(("stable-image", "sd3"))
    return {"prompt": PROMPT, **(ONE if asks_for_picture else {}), **NEEDED.get(model, {})}


def combinations(model: str) -> list[dict[str, Any]]:
    """Each field alone, and all of them together."""
    singles = [{name: value} for name, value in FIELDS.items()]
    return [{**usual(model), **one} for one in [*singles, FIELDS]]


@pytest.fixture
def wide_vendor(virtual_clock: VirtualClock) -> Generator[StabilitySimulator]:
    """Has an endpoint that nobody here knows yet."""
    known = SHAPES["generate/core"].parameters
    unknown = Shape({**known, "image": "file", "mask": "file"}, ("prompt",))
    with StabilitySimulator(clock=virtual_clock, new_endpoints={"edit/unknown": unknown}) as simulator:
        yield simulator


@pytest.mark.parametrize("model", [*(info.id for info in MODELS), "edit/unknown"])
def test_each_field_has_one_outcome_and_the_wire_agrees(wide_vendor: StabilitySimulator, model: str) -> None:
    vendor, desk = wide_vendor, Desk(SyncWorld(), wide_vendor)
    for request in combinations(model):
        vendor.server.requests.clear()
        response = response_or_refusal(desk, request, model)
        if isinstance(response, str):
            assert vendor.server.requests.total == 0, response
            continue
        outcomes = {outcome.field: outcome for outcome in response.parameters}
        assert len(outcomes) == len(response.parameters)
        assert set(outcomes) == set(request)
        sent = on_wire(vendor.requests("create")[0])
        for name, outcome in outcomes.items():
            agree(name, outcome, request[name], sent)
        json.dumps(response.model_dump(mode="json")["parameters"])


def response_or_refusal(desk: Desk, request: dict[str, Any], model: str) -> Any:
    try:
        return desk.generate(request, model)
    except ValidationError as refused:
        return str(refused)


def on_wire(request: RecordedRequest) -> dict[str, Any]:
    return {str(part.name): part.content if part.file_name else part.text for part in request.parts}


def agree(name: str, outcome: Any, value: Any, sent: dict[str, Any]) -> None:
    if outcome.outcome in NOT_SENT or outcome.parameter is None:
        assert outcome.reason
        assert name not in sent
    elif outcome.used is not None:
        assert sent[outcome.parameter] == str(outcome.used)
    elif not isinstance(value, list | dict):
        assert sent[outcome.parameter] == str(value)
    else:
        assert all(parameter in sent for parameter in outcome.parameter.split(", "))


WAYS: list[tuple[str, dict[str, Any], str, str, str | None]] = [
    ("stable-image-core", {"aspect_ratio": "16:9"}, "aspect_ratio", "sent", "aspect_ratio"),
    ("stable-image-core", {"size": "1024x1024"}, "size", "rounded", "aspect_ratio"),
    ("stable-image-core", {"size": "1024x1024", "aspect_ratio": "3:2"}, "size", "ignored", None),
    ("stable-image-core", {"style": "anime"}, "style", "renamed", "style_preset"),
    ("stable-image-core", {"style": "ANIME"}, "style", "converted", "style_preset"),
    ("stable-image-core", {"quality": "high"}, "quality", "ignored", None),
    ("stable-image-core", {"enhance_prompt": True}, "enhance_prompt", "ignored", None),
    ("stable-image-core", {"n": 2}, "n", "converted", None),
    ("stable-image-core", {"n": 2, "seed": 7}, "seed", "converted", "seed"),
    ("stable-image-core", {"n": 1, "seed": 7}, "seed", "sent", "seed"),
    ("stable-image-core", {"n": 2, "seed": 0}, "seed", "converted", "seed"),
    ("sd3.5-large", ONE, "image_list", "renamed", "image"),
    ("sd3.5-large", {**ONE, "aspect_ratio": "1:1"}, "aspect_ratio", "ignored", "aspect_ratio"),
    ("sd3.5-large", {"image_list": [as_style(PICTURE)]}, "image_list", "ignored", None),
    ("sd3.5-large", {"cfg_scale": 3}, "cfg_scale", "sent", "cfg_scale"),
    ("edit/inpaint", {**ONE, "mask_image": as_input(MASK)}, "mask_image", "renamed", "mask"),
    ("edit/inpaint", {"image_list": [as_input(PICTURE), as_input(SECOND)]}, "image_list", "ignored", "image"),
    ("edit/erase", ONE, "prompt", "ignored", "prompt"),
    ("edit/outpaint", {**ONE, "up": 1, "prompt": ""}, "prompt", "ignored", "prompt"),
    ("edit/replace-background-and-relight", ONE, "prompt", "renamed", "background_prompt"),
    ("control/style-transfer", BOTH, "image_list", "renamed", "init_image, style_image"),
]


@pytest.mark.parametrize(("model", "request_", "field", "outcome", "parameter"), WAYS)
def test_what_becomes_of_a_field(
    vendor: StabilitySimulator, model: str, request_: dict[str, Any], field: str, outcome: str, parameter: str | None
) -> None:
    response = Desk(SyncWorld(), vendor).generate(request_, model)
    told = {one.field: one for one in response.parameters}[field]
    assert (told.outcome, told.parameter) == (outcome, parameter)


ALL_STYLES, ALL_RATIOS = STYLES.replace(" ", ", "), RATIOS.replace(" ", ", ")
WRONG: list[tuple[str, dict[str, Any], str]] = [
    ("stable-image-core", {"aspect_ratio": "4:3"}, f"'4:3' is not one of {ALL_RATIOS}"),
    ("stable-image-ultra", {**ONE, "aspect_ratio": "3:4"}, "is not one of 16:9"),
    ("stable-image-core", {"size": "wide"}, "WIDTHxHEIGHT"),
    ("stable-image-core", {"style": "vivid"}, f"'vivid' is not one of {ALL_STYLES}"),
    ("stable-image-core", {"prompt": " "}, "the prompt is empty"),
    ("stable-image-core", {"prompt": "x" * 10_001}, "10001 characters, the model takes 10000"),
    ("edit/outpaint", {**ONE, "up": 1, "prompt": "x" * 10_001}, "10001 characters, the model takes 10000"),
    ("stable-image-core", {"seed": -1}, "-1 is less than 0"),
    ("stable-image-core", {"seed": 4_294_967_295}, "is more than"),
    ("stable-image-core", {"seed": 4_294_967_293, "n": 3}, "is more than"),
    ("stable-image-core", {"output_format": "gif"}, "'gif' is not one of png, jpeg, webp"),
    ("stable-image-core", ONE, "from text alone; stable-image-ultra and sd3.5-large take one"),
    ("stable-image-core", {"model": "sd3.5-large"}, "model: it is reserved"),
    ("sd3.5-large", {"mode": "image-to-image"}, "mode: it is reserved"),
    ("stable-image-ultra", {"image_list": [as_input(b"GIF89a" + bytes(20), "image/gif")]}, "not image/gif"),
    ("edit/inpaint", {**ONE, "mask_image": as_input(b"GIF89a" + bytes(20), "image/gif")}, "not image/gif"),
    ("edit/inpaint", {"image_list": [as_input(PICTURE + bytes(10 * 1024 * 1024))]}, "requests of up to 10485760 bytes"),
    ("edit/inpaint", {}, "needs 'image'.*type 'reference'"),
    ("edit/outpaint", ONE, "needs at least one of left, right, up, down"),
    ("edit/replace-background-and-relight", {**ONE, "prompt": ""}, "at least one of background_prompt, background_ref"),
    ("edit/replace-background-and-relight", {**ONE, "keep_original_background": "maybe"}, "not one of True, False"),
    ("edit/search-and-replace", ONE, "needs 'search_prompt': set it in extra_params"),
    ("edit/search-and-recolor", ONE, "needs 'select_prompt'"),
    ("edit/remove-background", {**ONE, "output_format": "jpeg"}, "'jpeg' is not one of png, webp"),
    ("control/style-transfer", {"image_list": [as_style(PICTURE)]}, "needs"),
    ("stable-image-core/../../v1", {}, "model id"),
]
NUMBERS = [
    (model, name, value)
    for model, facts in ENDPOINTS.items()
    for name, rule in facts.parameters.items()
    if (bounds := limits(rule)) and name != "seed"
    for value in (bounds[0] - 1, bounds[1] + 1)
]
MODEL_OF = {"generate/sd3": "sd3.5-large", "generate/ultra": "stable-image-ultra", "generate/core": "stable-image-core"}


@pytest.mark.parametrize(("model", "request_", "problem"), WRONG)
def test_a_wrong_value_is_refused_before_paying(desk: Desk, model: str, request_: dict[str, Any], problem: str) -> None:
    with pytest.raises(ValidationError, match=problem):
        desk.generate(request_, model)
    assert desk.vendor.server.requests.total == 0


@pytest.mark.parametrize(("endpoint", "name", "value"), NUMBERS)
def test_a_number_out_of_the_vendor_s_range_is_refused_before_paying(
    vendor: StabilitySimulator, endpoint: str, name: str, value: float
) -> None:
    model = MODEL_OF.get(endpoint, endpoint)
    # Without a picture a strength has no meaning; everything else is judged with one, too.
    ways = [usual(model)] * (name != "strength") + [{**usual(model), **ONE}] * (endpoint in FROM_PICTURE)
    for request in ways:
        with pytest.raises(ValidationError, match=f"{name}: .* than"):
            Desk(SyncWorld(), vendor).generate({**request, name: value}, model)
    assert vendor.server.requests.total == 0


@pytest.mark.parametrize("endpoint", MAPPINGS)
def test_a_format_that_there_is_not_is_refused_before_paying(vendor: StabilitySimulator, endpoint: str) -> None:
    model = MODEL_OF.get(endpoint, endpoint)
    with pytest.raises(ValidationError, match="output_format: 'gif' is not one of png"):
        Desk(SyncWorld(), vendor).generate({**usual(model), "output_format": "gif"}, model)
    assert vendor.server.requests.total == 0


WITHOUT_MASK = [info.id for info in MODELS if info.id not in ("edit/inpaint", "edit/erase")]


@pytest.mark.parametrize("model", WITHOUT_MASK)
def test_a_mask_without_its_endpoint_is_refused_before_paying(vendor: StabilitySimulator, model: str) -> None:
    request = {**usual(model), "mask_image": as_input(MASK)}
    with pytest.raises(ValidationError, match="a mask is for the models edit/inpaint and edit/erase"):
        Desk(SyncWorld(), vendor).generate(request, model)
    assert vendor.server.requests.total == 0


def test_limits_of_unknown_models_only_warn(vendor: StabilitySimulator) -> None:
    desk = Desk(SyncWorld(), vendor)
    call = ("submit_image", desk.config("sd9-nano"), desk.request({"style": "vivid", "cfg_scale": 50}))
    with pytest.warns(UserWarning, match="this list may be old") as caught, pytest.raises(ValidationError):
        desk.world.call(*call)
    assert "cfg_scale: 50 is more than 10" in " ".join(str(one.message) for one in caught)
    assert on_wire(vendor.requests("create")[0])["cfg_scale"] == "50"


PATHS = [
    *((endpoint, mapping, False) for endpoint, mapping in MAPPINGS.items()),
    *((endpoint, mapping, True) for endpoint, mapping in FROM_PICTURE.items()),
]


def requests_for(endpoint: str, from_picture: bool) -> list[dict[str, Any]]:
    """Every request of this folder's tables that this mapping is meant for."""
    model = MODEL_OF.get(endpoint, endpoint)
    rows = [case.request for case in CASES if case.endpoint == endpoint]
    told = [(row[0], row[1]) for row in WRONG] + [(row[0], row[1]) for row in WAYS]
    rows += [request for name, request in told if ".." not in name and endpoint_of(name) == endpoint]
    picture = ONE if from_picture else {}
    rows += [{**usual(model), **picture, name: value} for place, name, value in NUMBERS if place == endpoint]
    rows += [{**usual(model), **picture, "mask_image": as_input(MASK), "output_format": "gif"}]
    return [row for row in rows if not from_picture or "image_list" in row]


def account(mapping: FieldMapping, request: dict[str, Any]) -> Any:
    applied = apply_mapping(mapping, load_inputs(Desk.request(request)))
    return applied.payload, applied.outcomes


@pytest.mark.parametrize(
    ("endpoint", "mapping", "from_picture"), PATHS, ids=lambda value: value if isinstance(value, str | bool) else ""
)
def test_no_line_of_a_mapping_could_go_unnoticed(endpoint: str, mapping: FieldMapping, from_picture: bool) -> None:
    rows = requests_for(endpoint, from_picture)
    whole = [account(mapping, row) for row in rows]
    for name in mapping:
        rest = {other: mapper for other, mapper in mapping.items() if other != name}
        assert [account(rest, row) for row in rows] != whole, name


def test_the_mapping_of_unknown_endpoints_has_no_line_too_many() -> None:
    row = {**FIELDS, "output_format": "gif"}
    for name in UNKNOWN:
        rest = {other: mapper for other, mapper in UNKNOWN.items() if other != name}
        assert account(rest, row) != account(UNKNOWN, row), name


def test_a_mapping_is_chosen_by_what_the_picture_is_for() -> None:
    ways: list[dict[str, Any]] = [{"image_list": [as_input(PICTURE)]}, {"image": as_input(PICTURE)}]
    for given in ways:
        request = ImageGenerationRequest(prompt="x", **given)
        assert mapping_of("sd3.5-medium", request, known=True) is FROM_PICTURE["generate/sd3"]
    styled = ImageGenerationRequest(prompt="x", image_list=[as_style(PICTURE)])
    assert mapping_of("stable-image-ultra", styled, known=True) is MAPPINGS["generate/ultra"]


@pytest.mark.parametrize("info", [info for info in MODELS if info.status != "active"], ids=lambda info: info.id)
def test_a_retired_model_warns_with_its_replacement(vendor: StabilitySimulator, info: Any) -> None:
    desk = Desk(SyncWorld(), vendor)
    with pytest.warns(UserWarning, match=f"{info.id} is retired at stability") as caught:
        desk.world.call("generate_image", desk.config(info.id), desk.request({}))
    told = str(caught[0].message)
    assert info.date in told
    assert info.replacement in told
    assert on_wire(vendor.requests("create")[0])["model"] == info.id


def test_the_models_are_those_of_the_vendor() -> None:
    names = {info.id for info in MODELS}
    assert {"sd3.5-large", "sd3.5-large-turbo", "sd3.5-medium", "sd3.5-flash"} < names
    assert {endpoint_of(name) for name in names} == {*ENDPOINTS}
    default = StabilityProvider().default_models["image"]
    assert next(info.status for info in MODELS if info.id == default) == "active"
