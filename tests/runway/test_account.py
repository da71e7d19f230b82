"""The account of parameters: each field that is set has one outcome, and the wire agrees with it."""

import json
import warnings
from collections.abc import Generator
from typing import Any

import pytest
from tests.runway.desk import FILM, PICTURE, SECOND, VOICE, Desk, as_frame
from tests.support.desks import as_input
from tests.support.worlds import SyncWorld

from tarash.providers.runway import RunwayProvider
from tarash.tarash_gateway.exceptions import ValidationError
from tarash.tarash_gateway.models import AudioOutputFormat
from tarash.testkit.clock import VirtualClock
from tarash.testkit.runway import RunwaySimulator

PROVIDER = RunwayProvider()
UNKNOWN = [
    ("video", "filmer-9"),
    ("video", "gen4.5_next"),
    ("image", "painter-9"),
    ("tts", "speaker-9"),
    ("sts", "x-9"),
]
FIELDS: dict[str, dict[str, list[Any]]] = {
    "video": {
        "duration_seconds": [4, 5.4, 60],
        "resolution": ["720p", "1080p"],
        "aspect_ratio": ["16:9", "1:1"],
        "generate_audio": [True, False],
        "image_list": [
            [as_frame(PICTURE)],
            [as_input(PICTURE)],
            [as_frame(PICTURE), as_frame(SECOND, "last_frame"), as_input(SECOND)],
            [{"image": as_input(PICTURE), "type": "style"}],
        ],
        "video": [FILM],
        "audio": [VOICE],
        "seed": [7],
        "number_of_videos": [2],
        "negative_prompt": ["fog"],
        "enhance_prompt": [True],
    },
    "image": {
        "size": ["1024x1024", "auto"],
        "aspect_ratio": ["16:9"],
        "quality": ["high"],
        "style": ["vivid"],
        "n": [2],
        "seed": [7],
        "negative_prompt": ["fog"],
        "image_list": [[as_input(PICTURE), as_frame(SECOND)]],
        "mask_image": [as_input(SECOND)],
        "enhance_prompt": [True],
    },
    "tts": {
        "voice_id": ["james", "https://example.com/voice.mp3"],
        "output_format": [
            AudioOutputFormat(format="mp3", sample_rate=44_100, bitrate=128),
            AudioOutputFormat(format="wav", sample_rate=22_050),
        ],
        "language_code": ["en"],
        "voice_settings": [{"speed": 1.0}, {"pitch_rate": 3}, {"stability": 0.5, "unheard": 1.0}],
    },
    "sts": {
        "voice_id": ["Tom"],
        "prompt": ["whisper"],
        "output_format": [AudioOutputFormat(format="mp3", sample_rate=44_100, bitrate=128)],
        "voice_settings": [{"remove_background_noise": True}, {"stability": 0.5}],
    },
}
MODELS = [*((kind, info.id) for info in PROVIDER.known_models() for kind in info.kinds), *UNKNOWN]
NOT_SENT = ("ignored", "refused")
HIGH_RATE = AudioOutputFormat(format="mp3", sample_rate=44_100, bitrate=128)
RATE, KBITS = AudioOutputFormat(format="wav", sample_rate=44_100), AudioOutputFormat(format="mp3", bitrate=128)
TWO_SECONDS = {"duration": 2.0}


@pytest.fixture(scope="module")
def generous() -> Generator[RunwaySimulator]:
    """A simulator that also serves models which are gone, or never were."""
    with RunwaySimulator(serve_retired=True, serve_unknown=True) as simulator:
        yield simulator


def combinations(kind: str) -> list[dict[str, Any]]:
    """Each field alone in each of its values, and all of them together."""
    singles = [{name: value} for name, values in FIELDS[kind].items() for value in values]
    return [*singles, {name: values[0] for name, values in FIELDS[kind].items()}]


@pytest.mark.parametrize(("kind", "model"), MODELS, ids=lambda value: str(value))
def test_each_field_has_one_outcome_and_the_wire_agrees(
    generous: RunwaySimulator, virtual_clock: VirtualClock, kind: str, model: str
) -> None:
    vendor, desk = generous, Desk(SyncWorld(), generous)
    accepted = 0
    for request in combinations(kind):
        vendor.clear_requests()
        given = {**Desk.usual[kind], **needs(model, request), **request}
        outcomes = outcomes_or_refusal(desk, kind, given, model)
        if isinstance(outcomes, str):
            assert vendor.server.requests.total == 0, outcomes
            assert any(f"{name}: " in outcomes for name in given), outcomes
            continue
        accepted += 1
        assert set(outcomes) == set(given)
        for name, outcome in outcomes.items():
            agree(name, outcome, given[name], vendor.requests("create")[0].json)
    assert accepted


def needs(model: str, request: dict[str, Any]) -> dict[str, Any]:
    """What a model cannot do without."""
    picture = {"image_list": [as_input(PICTURE)]}
    match model:
        case "gen4_turbo" | "gen4_image_turbo":
            return picture
        case "act_two":
            return {**picture, "video": FILM}
        case "aleph2" | "gen4_aleph":
            return {"video": FILM}
        case "mirelo_sfx_2_0":
            return TWO_SECONDS
        case _:
            return {}


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
        if name in ("voice_settings", "output_format"):
            return  # Several parameters come out of these; the outcome is that of the worst of them.
        assert name not in sent or name == "audio"
        return
    for parameter in outcome.parameter.split(", "):
        on_wire = read(sent, parameter.partition("[")[0])
        if outcome.outcome in ("sent", "renamed") and not isinstance(value, list | dict):
            assert on_wire == value
        elif (
            outcome.used is not None and parameter == outcome.parameter and isinstance(outcome.used, str | int | float)
        ):
            assert on_wire == outcome.used or "Media(" in str(outcome.used)
        else:
            assert on_wire


def read(sent: dict[str, Any], parameter: str) -> Any:
    value: Any = sent
    for name in parameter.split("."):
        value = value[name]
    return value


@pytest.mark.parametrize(
    ("kind", "request_", "model", "field", "outcome", "parameter"),
    [
        ("video", {"duration_seconds": 5}, "gen4.5", "duration_seconds", "renamed", "duration"),
        ("video", {"duration_seconds": 5.4}, "gen4.5", "duration_seconds", "rounded", "duration"),
        ("video", {"duration_seconds": 5}, "veo3.1", "duration_seconds", "rounded", "duration"),
        ("video", {"resolution": "720p"}, "gen4.5", "resolution", "converted", "ratio"),
        ("video", {"aspect_ratio": "1280:720"}, "gen4.5", "aspect_ratio", "converted", "ratio"),
        ("video", {"aspect_ratio": "1:1"}, "hailuo3", "aspect_ratio", "renamed", "ratio"),
        ("video", {"resolution": "2K"}, "hailuo3", "resolution", "converted", "resolution"),
        ("video", {"generate_audio": True}, "gen4.5", "generate_audio", "ignored", None),
        ("video", {"enhance_prompt": True}, "veo3.1", "enhance_prompt", "ignored", None),
        ("video", {"enhance_prompt": True}, "h3_max", "enhance_prompt", "converted", "promptExpansionMode"),
        ("video", {"number_of_videos": 2}, "gen4.5", "number_of_videos", "converted", None),
        ("video", {"image_list": [as_input(PICTURE)]}, "gen4_turbo", "image_list", "renamed", "promptImage"),
        (
            "video",
            {"image_list": [as_frame(PICTURE), as_frame(SECOND, "last_frame")]},
            "veo3.1",
            "image_list",
            "renamed",
            "promptImage, promptImage[last]",
        ),
        (
            "video",
            {"image_list": [as_frame(PICTURE), as_frame(SECOND, "last_frame")]},
            "gen4_turbo",
            "image_list",
            "ignored",
            "promptImage",
        ),
        (
            "video",
            {"image_list": [as_frame(PICTURE)], "aspect_ratio": "16:9"},
            "kling_4",
            "aspect_ratio",
            "ignored",
            "aspect_ratio",
        ),
        ("video", {"prompt": " ", "image_list": [as_frame(PICTURE)]}, "gen4_turbo", "prompt", "ignored", "promptText"),
        ("image", {"size": "1024x1024", "aspect_ratio": "16:9"}, "gen4_image", "aspect_ratio", "ignored", None),
        ("image", {"n": 2}, "gen4_image", "n", "converted", None),
        ("image", {"n": 2}, "gpt_image_2", "n", "renamed", "outputCount"),
        (
            "image",
            {"mask_image": as_input(SECOND), "image_list": [as_input(PICTURE)]},
            "ideogram_4_5",
            "mask_image",
            "converted",
            "maskUri",
        ),
        ("tts", {"voice_id": "james"}, "eleven_v3", "voice_id", "converted", "voice"),
        ("tts", {"output_format": AudioOutputFormat()}, "eleven_v3", "output_format", "ignored", "format"),
        (
            "tts",
            {"output_format": AudioOutputFormat(format="wav", sample_rate=22_050)},
            "seed_audio",
            "output_format",
            "rounded",
            "outputFormat, sampleRate",
        ),
        ("tts", {"output_format": HIGH_RATE}, "seed_audio", "output_format", "converted", "outputFormat, sampleRate"),
        ("tts", {"output_format": HIGH_RATE, **TWO_SECONDS}, "mirelo_sfx_2_0", "output_format", "converted", "format"),
        ("tts", {"output_format": RATE, **TWO_SECONDS}, "mirelo_sfx_2_0", "output_format", "converted", "format"),
        ("tts", {"output_format": KBITS, **TWO_SECONDS}, "mirelo_sfx_2_0", "output_format", "converted", "format"),
        ("tts", {"language_code": "de"}, "eleven_v4", "language_code", "renamed", "languageCode"),
        ("tts", {"language_code": "de"}, "eleven_multilingual_v2", "language_code", "ignored", None),
        ("tts", {"voice_settings": {"speed": 1.1}}, "eleven_multilingual_v2", "voice_settings", "ignored", None),
    ],
)
def test_what_becomes_of_a_field(
    vendor: RunwaySimulator,
    kind: str,
    request_: dict[str, Any],
    model: str,
    field: str,
    outcome: str,
    parameter: str | None,
) -> None:
    response = Desk(SyncWorld(), vendor).generate(kind, request_, model=model)
    told = next(one for one in response.parameters if one.field == field)
    assert (told.outcome, told.parameter) == (outcome, parameter)


WRONG: list[tuple[str, dict[str, Any], str, str]] = [
    ("video", {}, "gen4_turbo", r"needs 'promptImage': give an image in image_list with type 'first_frame'"),
    ("video", {}, "aleph2", "needs 'videoUri': set video"),
    ("video", {"video": FILM}, "act_two", r"needs 'character\.uri': give an image"),
    ("video", {"image_list": [as_input(PICTURE)]}, "act_two", r"needs 'reference\.uri': set video"),
    ("video", {"duration_seconds": 11}, "gen4.5", "11 is more than 10"),
    ("video", {"duration_seconds": 1}, "gen4.5", "1 is less than 2"),
    ("video", {"duration_seconds": 1.2}, "gen4.5", "1 is less than 2"),
    ("video", {"resolution": "1080p"}, "gen4.5", r"no 1080p 16:9; the model makes 720p 16:9 \(1280:720\)"),
    ("video", {"aspect_ratio": "1:1"}, "veo3.1", r"no 720p 1:1.*1080p 9:16 \(1080:1920\)"),
    ("video", {"aspect_ratio": "1920:1080"}, "gen4.5", "'1920:1080' is not one of 1280:720, 720:1280"),
    ("video", {"aspect_ratio": "1280:720", "resolution": "720p"}, "gen4.5", "give it alone"),
    ("video", {"aspect_ratio": "5:4"}, "hailuo3", "not one of adaptive, 21:9"),
    ("video", {"resolution": "4k"}, "hailuo3", "not one of 768p, 2k"),
    ("video", {"image_list": [as_frame(PICTURE)], "resolution": "4k"}, "kling_4", "not one of auto_720p, auto_1080p"),
    ("video", {"seed": -1}, "gen4.5", "-1 is less than 0"),
    ("video", {"seed": 2**32}, "gen4.5", "more than 4.29497e\\+09"),
    ("video", {"prompt": "x" * 1001}, "gen4.5", "1001 UTF-16 characters, the model takes 1000"),
    ("video", {"prompt": "🗼" * 501}, "gen4.5", "1002 UTF-16 characters"),
    ("video", {"prompt": ""}, "gen4.5", "the model needs a text"),
    ("video", {"negative_prompt": "x" * 1001}, "veo3.1", "1001 UTF-16 characters"),
    ("video", {"image_list": [as_input(PICTURE)] * 10}, "seedance2", "10 is more than 9"),
    ("video", {"video": FILM, "aspect_ratio": "5:4"}, "aleph2", "not one of 16:9, 4:3, 3:2"),
    ("video", {"model": "other"}, "gen4.5", "model: it is reserved"),
    ("video", {"webhookUrl": "https://example.com"}, "gen4.5", "webhookUrl: it is reserved"),
    ("image", {}, "gen4_image_turbo", "needs 'referenceImages'"),
    ("image", {"image_list": [as_input(PICTURE)] * 4}, "gen4_image", "4 is more than 3"),
    ("image", {"size": "1000x1000"}, "gen4_image", "'1000:1000' is not one of 1024:1024"),
    ("image", {"size": "wide"}, "gen4_image", "WIDTHxHEIGHT"),
    ("image", {"aspect_ratio": "5:4"}, "gen4_image", "'5:4' is not one of 1024:1024"),
    ("image", {"quality": "ultra"}, "gpt_image_2", "low, medium, high, auto"),
    ("image", {"n": 11}, "gpt_image_2", "11 is more than 10"),
    ("image", {"n": 2}, "gemini_image3_pro", "2 is not one of 1, 4"),
    ("tts", {"voice_id": "Nobody"}, "eleven_v4", "one of Maya, Arjun"),
    ("tts", {"voice_id": "Maya"}, "seed_audio", "learnt from a recording"),
    ("tts", {"text": "x" * 1001}, "eleven_multilingual_v2", "the model takes 1000"),
    ("tts", {"text": " "}, "eleven_v4", "needs a text"),
    ("tts", {"voice_settings": {"speed": 2}}, "eleven_v3", "2 is more than 1.2"),
    ("tts", {"voice_settings": {"stability": -0.1}}, "eleven_v3", "less than 0"),
    ("tts", {"voice_settings": {"speech_rate": 101}}, "seed_audio", "101 is more than 100"),
    ("tts", {"voice_settings": {"pitch_rate": -13}}, "seed_audio", "-13 is less than -12"),
    ("tts", {"output_format": AudioOutputFormat(format="wav")}, "eleven_v3", "makes MP3 here, not wav"),
    ("tts", {"output_format": AudioOutputFormat(format="flac")}, "seed_audio", "takes one of mp3, wav, opus"),
    ("tts", {}, "mirelo_sfx_2_0", "needs 'duration': set it in extra_params"),
    ("sts", {"voice_id": "Nobody"}, "eleven_multilingual_sts_v2", "one of Maya"),
]


@pytest.mark.parametrize(("kind", "request_", "model", "problem"), WRONG)
def test_a_wrong_value_is_refused_before_paying(
    desk: Desk, kind: str, request_: dict[str, Any], model: str, problem: str
) -> None:
    with pytest.raises(ValidationError, match=problem):
        desk.generate(kind, request_, model=model)
    assert desk.vendor.server.requests.total == 0


def test_limits_of_unknown_models_only_warn(vendor: RunwaySimulator) -> None:
    desk = Desk(SyncWorld(), vendor)
    call = ("submit_video", desk.config("video", model="gen4.5_next"), desk.request("video", {"duration_seconds": 30}))
    with pytest.warns(UserWarning, match="30 is more than 10; it is sent all the same"), pytest.raises(ValidationError):
        desk.world.call(*call)
    assert vendor.requests("create")[0].json["duration"] == 30


UNKNOWN_WAYS: list[tuple[str, dict[str, Any], str, dict[str, Any]]] = [
    ("video", {"aspect_ratio": "640:360", "duration_seconds": 3}, "text_to_video", {"ratio": "640:360", "duration": 3}),
    ("video", {"image_list": ["https://example.com/a"]}, "image_to_video", {"promptImage": "https://example.com/a"}),
    ("video", {"video": "https://example.com/a"}, "video_to_video", {"videoUri": "https://example.com/a"}),
    ("image", {"size": "640x360", "quality": "best"}, "text_to_image", {"ratio": "640:360", "quality": "best"}),
    ("tts", {"voice_id": "New"}, "text_to_speech", {"voice": {"type": "runway-preset", "presetId": "New"}}),
    ("sts", {"voice_id": "New"}, "speech_to_speech", {"voice": {"type": "runway-preset", "presetId": "New"}}),
]


@pytest.mark.parametrize(("kind", "request_", "endpoint", "sent"), UNKNOWN_WAYS)
def test_unknown_models_get_what_is_asked_for(
    vendor: RunwaySimulator, kind: str, request_: dict[str, Any], endpoint: str, sent: dict[str, Any]
) -> None:
    with pytest.raises(ValidationError, match="Unknown model 'new-9'"):
        Desk(SyncWorld(), vendor).generate(kind, request_, model="new-9")
    body = vendor.requests(endpoint)[0].json
    assert {name: body[name] for name in sent} == sent


def test_nothing_is_sent_that_the_vendor_does_not_want_and_the_caller_did_not_say(vendor: RunwaySimulator) -> None:
    desk = Desk(SyncWorld(), vendor)
    desk.generate("video", model="seedance2")
    desk.generate("tts", model="seed_audio")
    desk.generate("image", model="ideogram_4_0")
    assert [set(request.json) for request in vendor.requests("create")] == [{"model", "promptText"}] * 3


@pytest.mark.parametrize("policy", ["error", "warn", "ignore"])
def test_the_policy_decides_about_fields_without_a_place(vendor: RunwaySimulator, policy: str) -> None:
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


@pytest.mark.parametrize(("model", "words"), [("gen4_aleph", "since 2026-07-30. Use aleph2"), ("veo3", "Use veo3.1")])
def test_a_retired_model_warns_with_its_replacement(vendor: RunwaySimulator, model: str, words: str) -> None:
    desk = Desk(SyncWorld(), vendor)
    inputs = {"gen4_aleph": {"video": FILM}, "veo3": {}}[model]
    call = ("submit_video", desk.config("video", model=model), desk.request("video", inputs))
    with pytest.warns(UserWarning, match=f"{model} is retired at runway") as caught, pytest.raises(ValidationError):
        desk.world.call(*call)
    assert words in str(caught[0].message)


def test_the_defaults_are_alive() -> None:
    for kind, model in PROVIDER.default_models.items():
        info = PROVIDER.find_model(model, kind)
        assert info is not None
        assert info.status == "active"
