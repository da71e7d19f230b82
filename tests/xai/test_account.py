"""The account of parameters: each field that is set has one outcome, and the wire agrees with it."""

import warnings
from collections.abc import Generator
from typing import Any

import pytest
from tests.support.worlds import SyncWorld
from tests.xai.cases import CASES, PROMPT, Case
from tests.xai.desk import CLIP_LINK, LINK, LINK_2, LINK_3, MODELS, Desk, frame

from tarash.providers.xai import XaiProvider
from tarash.providers.xai.image_mappings import RATIOS, image_mapping, ratio_of, resolution_of
from tarash.providers.xai.speech import speech_mapping
from tarash.providers.xai.video_mappings import video_mapping
from tarash.tarash_gateway.exceptions import ValidationError
from tarash.tarash_gateway.models import AudioOutputFormat
from tarash.tarash_gateway.parameters import Applied, apply_mapping
from tarash.tarash_gateway.providers.field_mappers import FieldMapping
from tarash.testkit.clock import VirtualClock
from tarash.testkit.xai import XaiSimulator

PROVIDER = XaiProvider()
KNOWN = list(PROVIDER.known_models())
MODELS_OF_ALL = [(kind, info.id) for info in KNOWN for kind in info.kinds]
UNKNOWN = [("video", "filmer-9"), ("image", "painter-9"), ("tts", "speaker-9")]
UNPUBLISHED = [*UNKNOWN, ("video", "grok-imagine-video-1.5-lite")]
FIELDS: dict[str, dict[str, list[Any]]] = {
    "video": {
        "duration_seconds": [5, 5.5, 60],
        "resolution": ["720p", "1080p", "360p"],
        "aspect_ratio": ["16:9", "21:9"],
        "generate_audio": [True, False],
        "image_list": [[LINK], [frame(LINK)], [frame(LINK, "last_frame")], [frame(LINK), LINK_2]],
        "video": [CLIP_LINK],
        "seed": [7],
        "number_of_videos": [2],
        "negative_prompt": ["fog"],
        "enhance_prompt": [True],
    },
    "image": {
        "size": ["1024x1024", "1024x100"],
        "aspect_ratio": ["1:1", "21:9"],
        "quality": ["low", "hd"],
        "style": ["vivid"],
        "n": [2, 11],
        "seed": [7],
        "negative_prompt": ["fog"],
        "image_list": [[LINK], [LINK, LINK_2]],
        "mask_image": [LINK],
        "enhance_prompt": [True],
    },
    "tts": {
        "voice_id": ["ara"],
        "output_format": [
            AudioOutputFormat(format="wav"),
            AudioOutputFormat(format="mp3", sample_rate=44_100, bitrate=128),
            AudioOutputFormat(format="flac"),
        ],
        "language_code": ["en"],
        "voice_settings": [{"speed": 1.2}, {"stability": 0.5, "speed": 1.0}],
    },
}


@pytest.fixture
def serving_all(virtual_clock: VirtualClock) -> Generator[XaiSimulator]:
    with XaiSimulator(clock=virtual_clock, serve_unknown=True) as simulator:
        yield simulator


def mapping_of(kind: str, model: str, request: Any) -> FieldMapping:
    """What the provider's steps take, by kind."""
    if kind == "tts":
        return speech_mapping(request)
    return video_mapping(model, request) if kind == "video" else image_mapping(model, request)


def combinations(kind: str) -> list[dict[str, Any]]:
    """Each field alone in each of its values, and all of them together."""
    singles = [{name: value} for name, values in FIELDS[kind].items() for value in values]
    every = {name: values[0] for name, values in FIELDS[kind].items()}
    return [*singles, every, {name: value for name, value in every.items() if name not in ("video", "image_list")}]


@pytest.mark.parametrize(("kind", "model"), [*MODELS_OF_ALL, *UNKNOWN])
def test_each_field_has_one_outcome_and_the_wire_agrees(serving_all: XaiSimulator, kind: str, model: str) -> None:
    desk = Desk(SyncWorld(), serving_all)
    for request in combinations(kind):
        serving_all.clear_requests()
        given = {**Desk.usual[kind], **request}
        outcomes = outcomes_or_refusal(desk, kind, request, model)
        if isinstance(outcomes, str):
            # What is unpublished is left to the vendor to refuse.
            assert serving_all.requests() == [] or (kind, model) in UNPUBLISHED, outcomes
            assert any(f"{name}: " in outcomes for name in given) or "xAI refused" in outcomes
            continue
        assert len({outcome.field for outcome in outcomes}) == len(outcomes)
        assert {outcome.field for outcome in outcomes} == set(given)
        sent = next(one for one in serving_all.requests() if one.method == "POST").json
        for outcome in outcomes:
            agree(outcome, given[outcome.field], sent)


def outcomes_or_refusal(desk: Desk, kind: str, request: dict[str, Any], model: str) -> Any:
    try:
        return desk.generate(kind, request, model=model).parameters
    except ValidationError as refused:
        return str(refused)


def agree(outcome: Any, value: Any, sent: dict[str, Any]) -> None:
    if outcome.outcome == "ignored" or outcome.parameter is None:
        assert outcome.reason
        assert outcome.field not in sent
        return
    on_the_wire = [sent[name] for name in outcome.parameter.split(", ")]
    if outcome.outcome in ("sent", "renamed") or outcome.used is None:
        # Inputs stand as objects there, and settings one by one.
        wanted = value.get("speed") if isinstance(value, dict) else value
        assert wanted in on_the_wire or isinstance(value, list) or on_the_wire == [{"url": value}]
    else:
        assert str(outcome.used) in map(str, on_the_wire)


def test_each_setting_that_is_not_used_is_named(vendor: XaiSimulator) -> None:
    request = {"voice_settings": {"stability": 0.5, "speed": 1.2, "style": 0.1}}
    [*_, told] = Desk(SyncWorld(), vendor).generate("tts", request).parameters
    assert (told.field, told.outcome, told.parameter) == ("voice_settings", "converted", "speed")
    lost = "stability: the model has no such setting; style: the model has no such setting"
    assert told.reason == f"only speed is used; {lost}"
    sent = vendor.requests("tts")[0].json
    assert (sent["speed"], {"stability", "style"} & set(sent)) == (1.2, set())


def applied(case: Case, without: str | None = None) -> tuple[Applied, FieldMapping]:
    request = Desk.request(case.kind, case.request)
    mapping = mapping_of(case.kind, case.model, request)
    return apply_mapping({name: mapper for name, mapper in mapping.items() if name != without}, request), mapping


def told(case: Case, account: Applied) -> tuple[Any, Any]:
    """The payload, with links in the place of inputs, and which fields are ignored and why."""
    names = [name for name in account.payload if name not in ("prompt", "text", "operation")]
    ignored = {one.field: one.reason for one in account.outcomes if one.outcome == "ignored"}
    return sorted(names), {name: case.ignored.get(name, "") in (reason or "") for name, reason in ignored.items()}


@pytest.mark.parametrize("case", CASES, ids=lambda case: case.name)
def test_a_case_says_what_is_sent_and_what_is_ignored(case: Case) -> None:
    account, _ = applied(case)
    assert told(case, account) == (sorted(case.sent), dict.fromkeys(case.ignored, True))
    assert ("prompt" in account.payload) or ("text" in account.payload)


EVERY_LINE = sorted(
    {(case.kind, case.model, case.path, name) for case in CASES for name in applied(case)[1]},
)


@pytest.mark.parametrize(("kind", "model", "path", "name"), EVERY_LINE)
def test_a_mapping_line_that_is_removed_is_missed(kind: str, model: str, path: str, name: str) -> None:
    """By a case of the same way of making it: of this model, or of the others when the line is the same there."""
    cases = [case for case in CASES if (case.kind, case.path) == (kind, path) and name in applied(case)[1]]
    missed = [case for case in cases if noticed(case, name)]
    assert missed, f"nothing notices that {name} of {model} is gone"


def noticed(case: Case, name: str) -> bool:
    account, _ = applied(case, without=name)
    intact, _ = applied(case)
    wanted = (sorted(case.sent), dict.fromkeys(case.ignored, True))
    gone = {"prompt", "text"} & intact.payload.keys() - account.payload.keys()
    return told(case, account) != wanted or bool(gone)


WRONG: list[tuple[str, dict[str, Any], str, str]] = [
    ("video", {"duration_seconds": 16}, "grok-imagine-video-1.5", "16 is more than 15"),
    ("video", {"aspect_ratio": "21:9"}, "grok-imagine-video-1.5", "16:9, 9:16, 1:1, 4:3, 3:4, 3:2, 2:3"),
    ("video", {"resolution": "4k"}, "grok-imagine-video-1.5", "480p, 720p, 1080p"),
    ("video", {"resolution": "360p"}, "grok-imagine-video-1.5-preview", "480p, 720p, 1080p"),
    ("video", {"resolution": "1080p"}, "grok-imagine-video", "480p, 720p"),
    ("video", {"resolution": "1080p", "image_list": [LINK]}, "grok-imagine-video-1.5", "480p, 720p"),
    ("video", {"image_list": [LINK] * 8}, "grok-imagine-video-1.5", "8 is more than 7"),
    ("video", {"image_list": [frame(LINK), LINK_2]}, "grok-imagine-video", "either a first frame or references"),
    ("video", {"prompt": ""}, "grok-imagine-video-1.5", "only for grok-imagine-video-1.5, where a frame is pinned"),
    ("video", {"prompt": "", "image_list": [frame(LINK)]}, "grok-imagine-video", "where a frame is pinned"),
    ("video", {"prompt": "", "video": CLIP_LINK}, "grok-imagine-video-1.5", "it may be empty only"),
    ("video", {"operation": "edit"}, "grok-imagine-video", "give it as video"),
    ("video", {"operation": "generate", "video": CLIP_LINK}, "grok-imagine-video", "give none"),
    ("video", {"operation": "remix", "video": CLIP_LINK}, "grok-imagine-video", "generate, edit, extend"),
    (
        "video",
        {"operation": "extend", "video": CLIP_LINK, "duration_seconds": 11},
        "grok-imagine-video",
        "11 is more than 10",
    ),
    ("video", {"model": "other"}, "grok-imagine-video", "model: it is reserved"),
    ("image", {"n": 11}, "grok-imagine-image-2.0", "11 is more than 10"),
    ("image", {"aspect_ratio": "21:9"}, "grok-imagine-image", "19.5:9"),
    ("image", {"quality": "hd"}, "grok-imagine-image-2.0", "low, medium, high"),
    ("image", {"size": "1024x100"}, "grok-imagine-image-2.0", "no such shape, but 1:1"),
    ("image", {"size": "4096x4096"}, "grok-imagine-image-2.0", "largest resolution is 2k"),
    ("image", {"size": "large"}, "grok-imagine-image-2.0", "WIDTHxHEIGHT"),
    ("image", {"image_list": [LINK, LINK_2, LINK_3, LINK]}, "grok-imagine-image-2.0", "4 is more than 3"),
    ("tts", {"text": "x" * 15_001}, "tts", "15001 characters, the model takes 15000"),
    ("tts", {"voice_settings": {"speed": 2}}, "tts", "2 is more than 1.5"),
    ("tts", {"output_format": AudioOutputFormat(format="opus")}, "tts", "mp3, wav, pcm, mulaw, alaw"),
]


@pytest.mark.parametrize(("kind", "request_", "model", "problem"), WRONG)
def test_a_wrong_value_is_refused_before_paying(
    vendor: XaiSimulator, kind: str, request_: dict[str, Any], model: str, problem: str
) -> None:
    with pytest.raises(ValidationError, match=problem):
        Desk(SyncWorld(), vendor).generate(kind, request_, model=model)
    assert vendor.requests() == []


@pytest.mark.parametrize("model", ["grok-imagine-video-1.5-lite", "grok-imagine-video-2", "filmer-9"])
def test_limits_that_nobody_published_only_warn(vendor: XaiSimulator, model: str) -> None:
    desk = Desk(SyncWorld(), vendor)
    call = ("submit_video", desk.config("video", model=model), desk.request("video", {"duration_seconds": 20}))
    with pytest.warns(UserWarning, match="this list may be old"), pytest.raises(Exception, match="xAI"):
        desk.world.call(*call)
    assert vendor.requests("generate")[0].json["duration"] == 20


@pytest.mark.parametrize("info", [info for info in KNOWN if "image" in info.kinds], ids=lambda info: info.id)
def test_only_the_newest_model_has_qualities(vendor: XaiSimulator, info: Any) -> None:
    Desk(SyncWorld(), vendor).generate("image", {"quality": "low"}, model=info.id)
    sent = vendor.requests("generate_image")[0].json
    assert sent.get("quality") == ("low" if info.id == "grok-imagine-image-2.0" else None)


def test_a_last_frame_that_the_model_has_no_place_for_is_told(vendor: XaiSimulator) -> None:
    request = {"image_list": [frame(LINK), frame(LINK_2, "last_frame")]}
    [outcome] = [
        one
        for one in Desk(SyncWorld(), vendor).generate("video", request, model="grok-imagine-video").parameters
        if one.field == "image_list"
    ]
    assert (outcome.outcome, outcome.reason) == ("ignored", "the model has no place for these images: last_frame")


RETIRED = [info for info in KNOWN if info.status != "active"]


@pytest.mark.parametrize("info", RETIRED, ids=lambda info: info.id)
def test_a_retired_model_warns_with_its_replacement(vendor: XaiSimulator, info: Any) -> None:
    desk = Desk(SyncWorld(), vendor)
    with pytest.warns(UserWarning, match=f"{info.id} is retired at xai") as caught:
        response = desk.world.call("generate_image", desk.config("image", model=info.id), desk.request("image", {}))
    told = str(caught[0].message)
    assert info.date in told
    assert info.replacement in told
    assert response.images


def test_the_defaults_are_alive() -> None:
    for kind, model in PROVIDER.default_models.items():
        assert PROVIDER.find_model(model, kind).status == "active"


def test_active_models_do_not_warn(vendor: XaiSimulator) -> None:
    desk = Desk(SyncWorld(), vendor)
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        for kind, model in MODELS.items():
            desk.world.call(f"generate_{kind}", desk.config(kind, model=model), desk.request(kind, {}))
    assert vendor.requests("generate_image")[0].json["prompt"] == PROMPT


@pytest.mark.parametrize("ratio", [ratio for ratio in RATIOS if ratio != "auto"])
def test_a_size_of_each_shape_is_recognised(ratio: str) -> None:
    across, down = map(float, ratio.split(":"))
    assert ratio_of(f"{round(100 * across)}x{round(100 * down)}").value == ratio


@pytest.mark.parametrize(
    ("size", "resolution"), [("512x512", "1k"), ("1280x720", "1k"), ("1536x1536", "2k"), ("2880x1440", "2k")]
)
def test_a_size_stands_for_the_resolution_that_is_nearest(size: str, resolution: str) -> None:
    assert resolution_of(size).value == resolution
