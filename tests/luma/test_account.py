"""The account of parameters: each field that is set has one outcome, and the wire agrees with it."""

import json
import warnings
from collections.abc import Generator
from typing import Any

import pytest
from tests.luma.desk import CLIP, FILM, FILM_LINK, LINK, OLDER, OTHER_LINK, PICTURE, SECOND, Desk, as_image
from tests.support.desks import PROMPT, as_input
from tests.support.worlds import SyncWorld

from tarash.providers.luma import LumaProvider
from tarash.tarash_gateway.exceptions import ValidationError
from tarash.testkit.clock import VirtualClock
from tarash.testkit.luma import LumaSimulator

PROVIDER = LumaProvider()
UNKNOWN = [("video", "ray-9"), ("image", "uni-9"), ("video", "ray-2-next"), ("image", "photon-9")]
MODELS = [*((kind, info.id) for info in PROVIDER.known_models() for kind in info.kinds), *UNKNOWN]
FIELDS: dict[str, dict[str, list[Any]]] = {
    "video": {
        "duration_seconds": [5, 7.4, 60],
        "resolution": ["720p", "1080p", "4k", "480p"],
        "aspect_ratio": ["16:9", "21:9", "9:21"],
        "generate_audio": [True, False],
        "image_list": [
            [as_image(LINK)],
            [as_input(PICTURE)],
            [LINK, OTHER_LINK],
            [as_image(LINK), as_image(OTHER_LINK, "last_frame"), as_image(LINK, "style")],
        ],
        "video": [FILM_LINK, FILM],
        "audio": [as_input(CLIP, "video/mp4")],
        "seed": [7],
        "number_of_videos": [2],
        "negative_prompt": ["fog"],
        "enhance_prompt": [True],
    },
    "image": {
        "size": ["1024x1024"],
        "aspect_ratio": ["16:9", "4:3", "3:1"],
        "quality": ["high"],
        "style": ["manga", "vivid"],
        "n": [2],
        "seed": [7],
        "negative_prompt": ["fog"],
        "image_list": [[LINK], [as_image(LINK, "style"), as_image(OTHER_LINK, "asset")], [as_input(PICTURE)]],
        "mask_image": [as_input(SECOND)],
        "enhance_prompt": [True],
    },
}
TASKS: dict[tuple[str, bool], list[dict[str, Any]]] = {
    ("video", False): [{}, {"video": FILM_LINK, "type": "video_reframe"}],
    ("image", False): [
        {},
        {"type": "image_edit", "image_list": [LINK]},
        {"type": "layering", "image_list": [LINK]},
    ],
    ("video", True): [{}, {"video": FILM_LINK, "generation_type": "reframe_video", "aspect_ratio": "1:1"}],
    ("image", True): [{}, {"generation_type": "reframe_image", "image_list": [LINK], "aspect_ratio": "1:1"}],
}
NOT_SENT = ("ignored", "refused")


@pytest.fixture(scope="module")
def generous() -> Generator[LumaSimulator]:
    """A simulator that also serves models which are not there."""
    with LumaSimulator(serve_unknown=True) as simulator:
        yield simulator


def combinations(kind: str) -> list[dict[str, Any]]:
    """Each field alone in each of its values, and all of them together."""
    singles = [{name: value} for name, values in FIELDS[kind].items() for value in values]
    return [*singles, {name: values[0] for name, values in FIELDS[kind].items()}]


@pytest.mark.parametrize(("kind", "model"), MODELS, ids=str)
def test_each_field_has_one_outcome_and_the_wire_agrees(
    generous: LumaSimulator, virtual_clock: VirtualClock, kind: str, model: str
) -> None:
    desk = Desk(SyncWorld(), generous)
    accepted = 0
    for task in TASKS[kind, model.startswith(OLDER)]:
        if (model, task.get("type")) == ("uni-1-max", "layering"):
            continue
        for request in combinations(kind):
            generous.clear_requests()
            given = {"prompt": PROMPT, **task, **request}
            outcomes = outcomes_or_refusal(desk, kind, given, model)
            if isinstance(outcomes, str):
                assert generous.requests("create") == [], outcomes
                assert any(f"{name}: " in outcomes for name in given), outcomes
                continue
            accepted += 1
            assert set(outcomes) == set(given)
            for name, outcome in outcomes.items():
                agree(name, outcome, given[name], generous.requests("create")[0].json)
    assert accepted > 10


def outcomes_or_refusal(desk: Desk, kind: str, request: dict[str, Any], model: str) -> Any:
    """What became of each field, or why nothing was sent."""
    try:
        response = desk.generate(kind, request, model=model)
    except ValidationError as refused:
        return str(refused)
    json.dumps(response.model_dump(mode="json")["parameters"])
    assert len({one.field for one in response.parameters}) == len(response.parameters)
    return {one.field: one for one in response.parameters}


def agree(name: str, outcome: Any, value: Any, sent: dict[str, Any]) -> None:
    if outcome.outcome in NOT_SENT or outcome.parameter is None:
        assert outcome.reason
        assert name in ("image_list", "video") or name not in sent
        return
    for parameter in outcome.parameter.split(", "):
        on_wire: Any = sent
        for part in parameter.split("."):
            on_wire = on_wire[part]
        if outcome.outcome in ("sent", "renamed") and isinstance(value, str) and name != "video":
            assert on_wire == value
        elif outcome.outcome in ("converted", "rounded") and isinstance(outcome.used, str | int | float):
            assert on_wire == outcome.used or "Media(" in str(outcome.used)
        else:
            assert on_wire


OUTCOMES: list[tuple[str, str, dict[str, Any], str, str, str | None]] = [
    ("video", "ray-3.2", {"duration_seconds": 5}, "duration_seconds", "converted", "video.duration"),
    ("video", "ray-3.2", {"duration_seconds": 8}, "duration_seconds", "rounded", "video.duration"),
    ("video", "ray-3.2", {"resolution": "720p"}, "resolution", "renamed", "video.resolution"),
    ("video", "ray-3.2", {"aspect_ratio": "16:9"}, "aspect_ratio", "sent", "aspect_ratio"),
    ("video", "ray-3.2", {"image_list": [as_image(PICTURE)]}, "image_list", "renamed", "video.start_frame"),
    ("video", "ray-3.2", {"image_list": [LINK, LINK]}, "image_list", "ignored", "video.start_frame"),
    ("video", "ray-3.2", {"video": FILM}, "video", "renamed", "source"),
    ("video", "ray-3.2", {"video": FILM, "duration_seconds": 5}, "duration_seconds", "ignored", "video.duration"),
    (
        "video",
        "ray-3.2",
        {"video": FILM, "type": "video_reframe", "duration_seconds": 5},
        "duration_seconds",
        "ignored",
        "video.duration",
    ),
    ("video", "ray-3.2", {"generate_audio": True}, "generate_audio", "ignored", None),
    ("video", "ray-3.2", {"number_of_videos": 2}, "number_of_videos", "converted", None),
    ("video", "ray-2", {"duration_seconds": 9}, "duration_seconds", "converted", "duration"),
    ("video", "ray-2", {"duration_seconds": 7}, "duration_seconds", "rounded", "duration"),
    ("video", "ray-2", {"resolution": "4k"}, "resolution", "sent", "resolution"),
    ("video", "ray-2", {"image_list": [as_image(LINK)]}, "image_list", "renamed", "keyframes.frame0"),
    ("video", "ray-2", {"prompt": "", "image_list": [LINK]}, "prompt", "ignored", "prompt"),
    ("video", "ray-2", {"video": FILM_LINK}, "video", "converted", "media"),
    ("video", "ray-2", {"video": FILM_LINK, "resolution": "720p"}, "resolution", "ignored", None),
    ("video", "ray-2", {"negative_prompt": "fog"}, "negative_prompt", "ignored", None),
    ("image", "uni-1", {"style": "manga"}, "style", "sent", "style"),
    ("image", "uni-1", {"image_list": [LINK]}, "image_list", "renamed", "image_ref"),
    (
        "image",
        "uni-1",
        {"image_list": [LINK, LINK], "type": "image_edit"},
        "image_list",
        "renamed",
        "image_ref, source",
    ),
    ("image", "uni-1", {"image_list": [LINK, LINK], "type": "layering"}, "image_list", "ignored", "source"),
    ("image", "uni-1", {"size": "1024x1024"}, "size", "ignored", None),
    ("image", "uni-1", {"n": 2}, "n", "converted", None),
    ("image", "photon-1", {"image_list": [as_image(LINK, "style")]}, "image_list", "renamed", "style_ref"),
    (
        "image",
        "photon-1",
        {"image_list": [as_image(LINK, "asset")]},
        "image_list",
        "renamed",
        "character_ref.identity0.images",
    ),
    ("image", "photon-1", {"style": "manga"}, "style", "ignored", None),
    ("image", "photon-1", {"mask_image": as_input(SECOND)}, "mask_image", "ignored", None),
]


@pytest.mark.parametrize(("kind", "model", "request_", "field", "outcome", "parameter"), OUTCOMES)
def test_what_becomes_of_a_field(
    vendor: LumaSimulator,
    kind: str,
    model: str,
    request_: dict[str, Any],
    field: str,
    outcome: str,
    parameter: str | None,
) -> None:
    response = Desk(SyncWorld(), vendor).generate(kind, request_, model=model)
    told = next(one for one in response.parameters if one.field == field)
    assert (told.outcome, told.parameter) == (outcome, parameter)


def test_a_larger_copy_is_made_without_words(vendor: LumaSimulator) -> None:
    desk = Desk(SyncWorld(), vendor)
    first = desk.generate("video", model="ray-2").job.provider_ids[0]
    request = {"generation_type": "upscale_video", "generation_id": first}
    response = desk.generate("video", request, model="ray-2")
    told = next(one for one in response.parameters if one.field == "prompt")
    assert (told.outcome, told.reason) == ("ignored", "a larger copy is made without words")


def options(**given: Any) -> dict[str, Any]:
    """Options of a new video by the vendor's own names."""
    return {"extra_params": {"video": given}}


WRONG: list[tuple[str, str, dict[str, Any], str]] = [
    ("video", "ray-3.2", {"prompt": ""}, "0 characters, the model takes 1 to 6000"),
    ("video", "ray-3.2", {"prompt": "x" * 6001}, "6001 characters"),
    ("video", "ray-3.2", {"resolution": "480p"}, "'480p' is not one of 360p, 540p, 720p, 1080p"),
    ("video", "ray-3.2", {"resolution": "4k"}, "'4k' is not one of"),
    ("video", "ray-3.2", {"aspect_ratio": "3:1"}, "not one of 9:16, 3:4, 1:1, 4:3, 16:9, 21:9"),
    ("video", "ray-3.2", {"type": "image"}, "type is one of video, video_edit, video_reframe here, not 'image'"),
    ("video", "ray-3.2", {"type": ["video"]}, "type is one of"),
    ("video", "ray-3.2", {"type": "video_edit"}, "needs 'source': set video"),
    ("video", "ray-3.2", {"type": "video_reframe"}, "needs 'source': set video"),
    (
        "video",
        "ray-3.2",
        {"duration_seconds": 10, "image_list": [as_image(LINK, "last_frame")]},
        "both end_frame and duration 10s. Nothing was paid",
    ),
    ("video", "ray-3.2", {"duration_seconds": 10, **options(loop=True)}, "both loop and duration 10s"),
    ("video", "ray-3.2", options(loop=True, hdr=True), "both loop and hdr"),
    ("video", "ray-3.2", options(loop=True, end_frame={"url": LINK}), "both loop and end_frame"),
    ("video", "ray-3.2", {"resolution": "360p", **options(hdr=True)}, "both hdr and resolution 360p"),
    ("video", "ray-3.2", {"image_list": [LINK], **options(keyframes=[{}])}, "both keyframes and start_frame"),
    ("video", "ray-3.2", options(keyframes=[{}], end_frame={"url": LINK}), "both keyframes and end_frame"),
    ("video", "ray-3.2", options(keyframes=[{}], loop=True), "both keyframes and loop"),
    ("video", "ray-3.2", {"model": "other"}, "model: it is reserved"),
    ("video", "uni-1", {}, "uni-1 of luma is for image generation, not for video"),
    ("video", "ray-2", {"callback_url": "https://example.com"}, "callback_url: it is reserved"),
    ("video", "ray-2", {"prompt": "xy"}, "2 characters, the model takes 3 to 5000"),
    ("video", "ray-2", {"prompt": "x" * 5001}, "5001 characters"),
    ("video", "ray-2", {"prompt": ""}, "needs a prompt, or a picture as first or last frame. Nothing was paid"),
    ("video", "ray-2", {"prompt": "", "keyframes": "x"}, "needs a prompt"),
    (
        "video",
        "ray-2",
        {"prompt": "", "keyframes": {"frame0": {"type": "generation", "id": "x"}}},
        "needs a prompt",
    ),
    ("video", "ray-2", {"loop": True, "image_list": [as_image(LINK, "last_frame")]}, "no loop with a last frame"),
    ("video", "ray-2", {"resolution": "360p"}, "not one of 540p, 720p, 1080p, 4k"),
    ("video", "ray-2", {"aspect_ratio": "3:2"}, "not one of 1:1, 16:9, 9:16, 4:3, 3:4, 21:9, 9:21"),
    ("video", "ray-2", {"generation_type": "image"}, "generation_type is one of video, modify_video, reframe_video"),
    ("video", "ray-2", {"generation_type": "modify_video"}, "needs 'media': set video"),
    ("video", "ray-2", {"generation_type": "reframe_video", "aspect_ratio": "1:1"}, "needs 'media': set video"),
    ("video", "ray-2", {"generation_type": "reframe_video", "video": FILM_LINK}, "needs 'aspect_ratio'"),
    ("video", "ray-2", {"generation_type": "upscale_video"}, "needs 'generation_id': set it in extra_params"),
    ("video", "ray-2", {"generation_type": "add_audio"}, "needs 'generation_id': set it in extra_params"),
    (
        "video",
        "ray-2",
        {"generation_type": "upscale_video", "generation_id": "x", "resolution": "8k"},
        "not one of 540p",
    ),
    ("video", "ray-2", {"generation_type": "add_audio", "generation_id": "x", "prompt": "xy"}, "takes 3 to 5000"),
    ("video", "ray-2", {"generation_type": "upscale_video", "generation_id": "../credits"}, "generation id"),
    ("video", "ray-2-next", {"generation_type": "upscale_video"}, "generation id"),
    ("image", "uni-1", {"aspect_ratio": "4:3"}, "not one of 3:1, 2:1, 16:9, 3:2, 1:1"),
    ("image", "uni-1", {"style": "vivid"}, "not one of auto, manga"),
    ("image", "uni-1", {"image_list": [LINK] * 10}, "10 is more than 9"),
    ("image", "uni-1", {"image_list": [LINK] * 10, "type": "image_edit"}, "9 is more than 8"),
    ("image", "uni-1", {"type": "image_edit"}, "needs 'source': give an image in image_list"),
    ("image", "uni-1", {"type": "layering"}, "needs 'source': give an image in image_list"),
    ("image", "uni-1", {"type": "layering", "image_list": [LINK], "prompt": "x" * 501}, "takes 1 to 500"),
    ("image", "uni-1-max", {"type": "layering", "image_list": [LINK]}, "uni-1-max has no type 'layering'"),
    ("image", "uni-1", {"prompt": ""}, "takes 1 to 6000"),
    ("image", "uni-1", {"prompt": "", "type": "image_edit", "image_list": [LINK]}, "takes 1 to 6000"),
    ("image", "photon-1", {"image_list": [LINK] * 5}, "5 is more than 4"),
    ("image", "photon-1", {"image_list": [as_image(LINK, "asset")] * 5}, "5 is more than 4"),
    ("image", "photon-1", {"generation_type": "reframe_image", "aspect_ratio": "1:1"}, "needs 'media'"),
    ("image", "photon-1", {"generation_type": "reframe_image", "image_list": [LINK]}, "needs 'aspect_ratio'"),
    ("image", "photon-1", {"aspect_ratio": "3:1"}, "not one of 1:1, 16:9"),
]


@pytest.mark.parametrize(("kind", "model", "request_", "problem"), WRONG)
def test_a_wrong_value_is_refused_before_paying(
    desk: Desk, kind: str, model: str, request_: dict[str, Any], problem: str
) -> None:
    with pytest.raises(ValidationError, match=problem):
        desk.generate(kind, request_, model=model)
    assert desk.vendor.server.requests.total == 0


@pytest.mark.parametrize(
    ("model", "problem", "name"),
    [("ray-9", "'4k' is not one of", "video"), ("ray-2-next", "'360p' is not", "resolution")],
)
def test_limits_of_unknown_models_only_warn(generous: LumaSimulator, model: str, problem: str, name: str) -> None:
    desk = Desk(SyncWorld(), generous)
    wanted = "4k" if model == "ray-9" else "360p"
    call = ("submit_video", desk.config("video", model=model), desk.request("video", {"resolution": wanted}))
    generous.clear_requests()
    with pytest.warns(UserWarning, match=f"{problem}.*it is sent all the same"):
        desk.world.call(*call)
    sent = generous.requests("create")[0].json
    assert sent[name] == ({"resolution": "4k"} if model == "ray-9" else "360p")


def test_nothing_is_sent_that_the_caller_did_not_say(vendor: LumaSimulator) -> None:
    desk = Desk(SyncWorld(), vendor)
    for kind, model in (("video", "ray-3.2"), ("image", "uni-1"), ("video", "ray-2"), ("image", "photon-1")):
        desk.generate(kind, model=model)
    usual = {"model", "prompt"}
    assert [set(request.json) for request in vendor.requests("create")] == [usual | {"type"}, usual, usual, usual]


@pytest.mark.parametrize("policy", ["error", "warn", "ignore"])
def test_the_policy_decides_about_fields_without_a_place(vendor: LumaSimulator, policy: str) -> None:
    desk = Desk(SyncWorld(), vendor)
    request = desk.request("video", {"negative_prompt": "fog"})
    call = ("generate_video", desk.config("video", unsupported_params=policy), request)
    if policy == "error":
        with pytest.raises(ValidationError, match="negative_prompt"):
            desk.world.call(*call)
        return
    with warnings.catch_warnings(record=True) as caught:
        warnings.simplefilter("always")
        desk.world.call(*call)
    assert len(caught) == (1 if policy == "warn" else 0)


def test_a_retired_model_warns_with_its_replacement(generous: LumaSimulator) -> None:
    desk = Desk(SyncWorld(), generous)
    call = ("submit_video", desk.config("video", model="ray-1-6"), desk.request("video", None))
    with pytest.warns(UserWarning, match=r"ray-1-6 is retired at luma\. Use ray-2 instead\. Only the vendor's older"):
        desk.world.call(*call)


def test_the_defaults_are_alive() -> None:
    for kind, model in PROVIDER.default_models.items():
        info = PROVIDER.find_model(model, kind)
        assert info is not None
        assert info.status == "active"
