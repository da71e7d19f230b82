"""The account of parameters: each field that is set has one outcome, and the wire agrees with it."""

import itertools
import json
import warnings
from typing import Any

import pytest
from tests.openai.desk import PICTURE, Desk, drawn_mask
from tests.support.desks import as_input
from tests.support.worlds import SyncWorld

from tarash.providers.azure_openai import AzureOpenAIProvider
from tarash.providers.openai import OpenAIProvider
from tarash.providers.openai.image_mappings import FREE_RATIOS, judge_size
from tarash.tarash_gateway.exceptions import ValidationError
from tarash.tarash_gateway.models import AudioOutputFormat
from tarash.testkit.openai import OpenAISimulator
from tarash.testkit.requests import RecordedRequest

PROVIDERS = {"openai": OpenAIProvider(), "azure-openai": AzureOpenAIProvider()}
UNKNOWN = [("image", "painter-9"), ("video", "filmer-9"), ("tts", "speaker-9"), ("image", "gpt-image-9")]
FIELDS: dict[str, dict[str, list[Any]]] = {
    "image": {
        "size": ["1024x1024"],
        "aspect_ratio": ["1:1"],
        "quality": ["high", "hd", "standard"],
        "style": ["vivid"],
        "n": [2],
        "seed": [7],
        "negative_prompt": ["fog"],
        "image_list": [[as_input(PICTURE)]],
    },
    "video": {
        "duration_seconds": [4, 5, 60],
        "resolution": ["720p"],
        "aspect_ratio": ["16:9"],
        "generate_audio": [True, False],
        "image_list": [[as_input(PICTURE)], [{"image": as_input(PICTURE), "type": "last_frame"}]],
        "seed": [7],
        "number_of_videos": [2],
        "negative_prompt": ["fog"],
        "enhance_prompt": [True],
    },
    "tts": {
        "voice_id": ["nova", "voice_1"],
        "output_format": [
            AudioOutputFormat(format="wav"),
            AudioOutputFormat(format="pcm", sample_rate=24_000),
            AudioOutputFormat(format="mp3", sample_rate=44_100, bitrate=128),
        ],
        "language_code": ["en"],
        "voice_settings": [{"speed": 2.0}, {"instructions": "Sing."}, {"stability": 0.5, "speed": 1.0}],
    },
}
MODELS = [
    *((name, kind, info.id) for name, one in PROVIDERS.items() for info in one.known_models() for kind in info.kinds),
    *((name, kind, model) for name in PROVIDERS for kind, model in UNKNOWN),
]
NOT_SENT = ("ignored", "refused")


def combinations(kind: str) -> list[dict[str, Any]]:
    """Each field alone in each of its values, and all of them together."""
    singles = [{name: value} for name, values in FIELDS[kind].items() for value in values]
    return [*singles, {name: values[0] for name, values in FIELDS[kind].items()}]


def on_wire(request: RecordedRequest) -> dict[str, Any]:
    """What a request says, by parameter."""
    if "multipart" in (request.headers.get("content-type") or ""):
        return {str(part.name): part.content if part.file_name else part.text for part in request.parts}
    return dict(request.json)


@pytest.mark.parametrize(("provider", "kind", "model"), MODELS, ids=lambda value: str(value))
def test_each_field_has_one_outcome_and_the_wire_agrees(
    vendor: OpenAISimulator, provider: str, kind: str, model: str
) -> None:
    desk = Desk(SyncWorld(), vendor)
    for request in combinations(kind):
        vendor.server.requests.clear()
        given = {**Desk.usual[kind], **request}
        response = response_or_refusal(desk, kind, request, provider, model)
        if isinstance(response, str):
            assert vendor.server.requests.total == 0, response
            assert any(f"{name}: " in response for name in given)
            continue
        outcomes = {outcome.field: outcome for outcome in response.parameters}
        assert len(outcomes) == len(response.parameters)
        assert set(outcomes) == set(given)
        sent = on_wire(next(one for one in vendor.requests() if one.method == "POST"))
        for name, outcome in outcomes.items():
            agree(name, outcome, given[name], sent)
        json.dumps(response.model_dump(mode="json")["parameters"])


def response_or_refusal(desk: Desk, kind: str, request: dict[str, Any], provider: str, model: str) -> Any:
    try:
        return desk.generate(kind, request, provider, model=model)
    except ValidationError as refused:
        return str(refused)


def agree(name: str, outcome: Any, value: Any, sent: dict[str, Any]) -> None:
    if name in ("voice_settings", "output_format"):
        # Several parameters come out of these; the outcome is that of the worst of them.
        return
    if outcome.outcome in NOT_SENT or outcome.parameter is None:
        assert outcome.reason
        assert name not in sent
        return
    on_the_wire = sent[outcome.parameter]
    if outcome.outcome in ("sent", "renamed") and not isinstance(value, list):
        assert str(on_the_wire) == str(value)
    elif outcome.used is not None and not isinstance(value, list):
        assert str(on_the_wire) == str(outcome.used)


def outcomes_of(desk: Desk, kind: str, request: dict[str, Any], **changes: Any) -> dict[str, Any]:
    return {one.field: one for one in desk.generate(kind, request, **changes).parameters}


@pytest.mark.parametrize(
    ("kind", "request_", "model", "field", "outcome", "parameter"),
    [
        ("image", {"size": "1024x1024"}, "gpt-image-2", "size", "sent", "size"),
        ("image", {"aspect_ratio": "16:9"}, "gpt-image-2", "aspect_ratio", "converted", "size"),
        ("image", {"aspect_ratio": "16:9"}, "gpt-image-1.5", "aspect_ratio", "rounded", "size"),
        ("image", {"size": "1024x1024", "aspect_ratio": "16:9"}, "gpt-image-2", "aspect_ratio", "ignored", None),
        ("image", {"quality": "standard"}, "gpt-image-2", "quality", "converted", "quality"),
        ("image", {"quality": "standard"}, "dall-e-3", "quality", "sent", "quality"),
        ("image", {"style": "vivid"}, "gpt-image-2", "style", "ignored", "style"),
        ("image", {"style": "vivid"}, "dall-e-3", "style", "sent", "style"),
        ("image", {"n": 2}, "dall-e-3", "n", "converted", None),
        ("image", {"image_list": [as_input(PICTURE)]}, "gpt-image-2", "image_list", "renamed", "image[]"),
        ("image", {"image_list": [as_input(PICTURE)]}, "dall-e-2", "image_list", "renamed", "image"),
        ("image", {"image_list": [as_input(PICTURE)]}, "dall-e-3", "image_list", "ignored", None),
        ("image", {"seed": 1}, "gpt-image-2", "seed", "ignored", None),
        ("video", {"duration_seconds": 8}, "sora-2", "duration_seconds", "converted", "seconds"),
        ("video", {"duration_seconds": 7}, "sora-2", "duration_seconds", "rounded", "seconds"),
        ("video", {"resolution": "720p"}, "sora-2", "resolution", "converted", "size"),
        ("video", {"generate_audio": False}, "sora-2", "generate_audio", "ignored", "sound"),
        ("tts", {"voice_id": "nova"}, "tts-1", "voice_id", "renamed", "voice"),
        ("tts", {"voice_id": "voice_1"}, "tts-1", "voice_id", "converted", "voice"),
        ("tts", {"voice_settings": {"instructions": "x"}}, "tts-1", "voice_settings", "ignored", "instructions"),
        (
            "tts",
            {"voice_settings": {"instructions": "x"}},
            "gpt-4o-mini-tts",
            "voice_settings",
            "renamed",
            "instructions",
        ),
        ("tts", {"language_code": "de"}, "tts-1", "language_code", "ignored", "language"),
    ],
)
def test_what_becomes_of_a_field(
    vendor: OpenAISimulator, kind: str, request_: dict[str, Any], model: str, field: str, outcome: str, parameter: str
) -> None:
    told = outcomes_of(Desk(SyncWorld(), vendor), kind, request_, model=model)[field]
    assert (told.outcome, told.parameter) == (outcome, parameter)


def test_each_setting_that_is_not_used_is_named(vendor: OpenAISimulator) -> None:
    desk = Desk(SyncWorld(), vendor)
    settings = {"foo": 3, "instructions": "calm", "speed": 1.2}
    told = outcomes_of(desk, "tts", {"voice_settings": settings}, model="tts-1")["voice_settings"]
    assert (told.outcome, told.parameter) == ("converted", "speed")
    assert told.reason == "only speed is used; instructions: tts-1 takes none; foo: the model has no such setting"
    sent = vendor.requests("speech")[0].json
    assert (sent["speed"], {"foo", "instructions"} & set(sent)) == (1.2, set())


WRONG: list[tuple[str, dict[str, Any], str, str]] = [
    ("image", {"size": "1000x1000"}, "gpt-image-2", "multiples of 16"),
    ("image", {"size": "3200x1024"}, "gpt-image-2", "at most 3 times the other"),
    ("image", {"size": "3856x2048"}, "gpt-image-2", "more than 3840 pixels"),
    ("image", {"size": "512x512"}, "gpt-image-2.5-flare", "between 655360 and 8294400"),
    ("image", {"size": "3840x3840"}, "gpt-image-2", "between 655360 and 8294400"),
    ("image", {"size": "wide"}, "gpt-image-2", "WIDTHxHEIGHT"),
    ("image", {"size": "1536x864"}, "gpt-image-1.5", "1024x1024, 1536x1024, 1024x1536, auto"),
    ("image", {"aspect_ratio": "21:9"}, "gpt-image-1-mini", "not one of 1024x1024"),
    ("image", {"size": "512x512"}, "dall-e-3", "1024x1024, 1792x1024, 1024x1792"),
    ("image", {"quality": "ultra"}, "gpt-image-2", "low, medium, high, auto"),
    ("image", {"quality": "max"}, "gpt-image-2", "low, medium, high, auto"),
    ("image", {"style": "noir"}, "dall-e-3", "vivid, natural"),
    ("image", {"n": 11}, "gpt-image-2", "11 is more than 10"),
    ("image", {"prompt": "x" * 32_001}, "gpt-image-2", "32001 characters, the model takes 32000"),
    ("image", {"prompt": "x" * 4001}, "dall-e-3", "4001 characters, the model takes 4000"),
    ("image", {"image_list": [as_input(PICTURE)] * 17}, "gpt-image-2", "17 is more than 16"),
    ("image", {"mask_image": as_input(drawn_mask())}, "gpt-image-2", "give that image in image_list"),
    ("image", {"stream": True}, "gpt-image-2", "stream: it is reserved"),
    ("image", {"model": "other"}, "gpt-image-2", "model: it is reserved"),
    ("video", {"resolution": "1080p"}, "sora-2", r"no 1080p 9:16; the model makes 720p 16:9 \(1280x720\)"),
    ("video", {"aspect_ratio": "1:1"}, "sora-2-pro", "1080p 16:9.*1024x1792"),
    ("video", {"operation": "extend", "video_id": "video_1"}, "sora-2", "duration_seconds"),
    ("video", {"operation": "remix"}, "sora-2", "give its id as video_id"),
    ("video", {"operation": "edit"}, "sora-2", "give video_id"),
    ("video", {"operation": "create", "video_id": "video_1"}, "sora-2", "needs operation"),
    ("video", {"operation": "upscale"}, "sora-2", "create, remix, edit, extend"),
    ("video", {"video": as_input(b"x", "video/mp4"), "video_id": "video_1"}, "sora-2", "not both"),
    ("video", {"video_id": "../../files"}, "sora-2", "video id"),
    ("tts", {"text": "x" * 4097}, "tts-1", "4097 characters, the model takes 4096"),
    ("tts", {"voice_settings": {"speed": 5}}, "tts-1", "5 is more than 4"),
    ("tts", {"output_format": AudioOutputFormat(format="ogg")}, "tts-1", "mp3, opus, aac, flac, wav, pcm"),
]


@pytest.mark.parametrize(("kind", "request_", "model", "problem"), WRONG)
def test_a_wrong_value_is_refused_before_paying(
    desk: Desk, kind: str, request_: dict[str, Any], model: str, problem: str
) -> None:
    with pytest.raises(ValidationError, match=problem):
        desk.generate(kind, request_, model=model)
    assert desk.vendor.server.requests.total == 0


@pytest.mark.parametrize(
    ("model", "size"), [("gpt-image-2.6-flare", "500x500"), ("gpt-image-3", "500x500"), ("painter", "500x500")]
)
def test_limits_that_nobody_published_are_left_to_the_vendor(vendor: OpenAISimulator, model: str, size: str) -> None:
    Desk(SyncWorld(), vendor).generate("image", {"size": size}, model=model)
    assert vendor.requests("generate")[0].json["size"] == size


def test_a_quality_that_nobody_published_is_sent_with_a_warning(vendor: OpenAISimulator) -> None:
    desk = Desk(SyncWorld(), vendor)
    call = ("submit_image", desk.config("image", model="gpt-image-3"), desk.request("image", {"quality": "hd+"}))
    with (
        pytest.warns(UserWarning, match="this list may be old"),
        pytest.raises(ValidationError, match="OpenAI refused"),
    ):
        desk.world.call(*call)
    assert vendor.requests("generate")[0].json["quality"] == "hd+"


@pytest.mark.parametrize("policy", ["error", "warn", "ignore"])
def test_the_policy_decides_about_fields_without_a_place(vendor: OpenAISimulator, policy: str) -> None:
    desk = Desk(SyncWorld(), vendor)
    call = ("generate_image", desk.config("image", unsupported_params=policy), desk.request("image", {"seed": 7}))
    if policy == "error":
        with pytest.raises(ValidationError, match="seed"):
            desk.world.call(*call)
        return
    with warnings.catch_warnings(record=True) as caught:
        warnings.simplefilter("always")
        desk.world.call(*call)
    assert len(caught) == (1 if policy == "warn" else 0)


RETIRED = [(name, info) for name, one in PROVIDERS.items() for info in one.known_models() if info.status != "active"]


@pytest.mark.parametrize(("provider", "info"), RETIRED, ids=lambda value: getattr(value, "id", value))
def test_a_model_near_its_end_warns_with_its_replacement(vendor: OpenAISimulator, provider: str, info: Any) -> None:
    desk = Desk(SyncWorld(), vendor)
    kind = info.kinds[0]
    with pytest.warns(UserWarning, match=f"{info.id} is {info.status} at {provider}") as caught:
        desk.world.call(f"submit_{kind}", desk.config(kind, provider, model=info.id), desk.request(kind, {}))
    told = str(caught[0].message)
    assert (info.date or "") in told
    assert (info.replacement or info.note or "") in told


def test_the_defaults_are_alive() -> None:
    for provider in PROVIDERS.values():
        for kind, model in provider.default_models.items():
            info = provider.find_model(model, kind)
            assert info is not None
            assert info.status == "active" or (kind == "tts" and info.date == "2027-01-06")


def test_sizes_that_are_offered_obey_the_rules() -> None:
    for ratio, size in FREE_RATIOS.items():
        width, height = map(int, size.split("x"))
        across, down = map(int, ratio.split(":"))
        assert judge_size(width, height) is None
        assert width * down == height * across


def test_all_pairs_of_resolution_and_ratio(vendor: OpenAISimulator) -> None:
    made: dict[tuple[str, str], str] = {}
    for resolution, ratio in itertools.product(["360p", "720p", "1080p", "4k"], ["16:9", "9:16", "1:1", "21:9"]):
        vendor.server.requests.clear()
        try:
            Desk(SyncWorld(), vendor).submit(
                "video", {"resolution": resolution, "aspect_ratio": ratio}, model="sora-2-pro"
            )
        except ValidationError:
            continue
        made[resolution, ratio] = {p.name: p.text for p in vendor.requests("create")[0].parts}["size"]
    assert made == {
        ("720p", "16:9"): "1280x720",
        ("720p", "9:16"): "720x1280",
        ("1080p", "16:9"): "1920x1080",
        ("1080p", "9:16"): "1080x1920",
    }
