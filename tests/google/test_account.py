"""The account of parameters: each field that is set has one outcome, and the outcome is true of the captured body."""

from typing import Any

import pytest
from tests.google.conftest import REQUESTS, Studio

from tarash.providers.google import GoogleProvider
from tarash.tarash_gateway.models import Kind
from tarash.testkit import media
from tarash.testkit.requests import RecordedRequest

PNG = media.png().content
FIELDS: dict[Kind, dict[str, Any]] = {
    "video": {
        "prompt": "a lighthouse at dawn",
        "duration_seconds": 5,
        "resolution": "720p",
        "aspect_ratio": "9:16",
        "generate_audio": True,
        "image_list": [{"image": PNG, "type": "first_frame"}],
        "video": media.mp4().content,
        "seed": 4711,
        "number_of_videos": 2,
        "negative_prompt": "rain",
        "enhance_prompt": True,
    },
    "image": {
        "prompt": "a lighthouse at dawn",
        "negative_prompt": "rain",
        "size": "1K",
        "quality": "high",
        "style": "vivid",
        "n": 2,
        "aspect_ratio": "3:4",
        "image_list": [PNG],
        "mask_image": PNG,
        "seed": 4711,
    },
    "tts": {
        "text": "a lighthouse at dawn",
        "voice_id": "Kore",
        "output_format": {"format": "pcm", "sample_rate": 24000},
        "language_code": "en-GB",
        "voice_settings": {"style": "calm", "pace": "slow"},
    },
}
NEEDED = {"video": ("prompt",), "image": ("prompt",), "tts": ("text",)}
SUBMITS = ("create", "start", "generate", "predict")
MODELS = [(info.id, kind) for info in GoogleProvider().known_models() for kind in info.kinds]
LISTED = {"input", "contents", "instances"}
"""Where the pieces of a list are named; the list itself is what the body has."""

pytestmark = pytest.mark.filterwarnings("ignore::tarash.tarash_gateway.exceptions.TarashWarning")


def at(body: Any, parameter: str) -> Any:
    """The value that the body has at a parameter; None when it has none."""
    for name in parameter.split("."):
        body = body[0] if isinstance(body, list) else body
        if name in LISTED:
            return body.get(name)
        body = body.get(name) if isinstance(body, dict) else None
    return body


def submits(studio: Studio) -> list[RecordedRequest]:
    return [request for name in SUBMITS for request in studio.google.requests(name)]


@pytest.mark.parametrize("world", ["sync"], indirect=True)
@pytest.mark.parametrize(("model", "kind"), MODELS)
def test_each_field_alone_and_all_together(either: Studio, model: str, kind: Kind) -> None:
    required = {name: FIELDS[kind][name] for name in NEEDED[kind]}
    for fields in ({}, *({name: value} for name, value in FIELDS[kind].items()), FIELDS[kind]):
        given = {**required, **fields}
        before = len(submits(either))
        response = either.generate(kind, model=model, **given)
        body = submits(either)[-1].json

        assert sorted(one.field for one in response.parameters) == sorted(given)
        for one in response.parameters:
            check(one, body, given[one.field], len(submits(either)) - before)


def check(told: Any, body: Any, given: Any, sent: int) -> None:
    """Whether what was told of a field is what happened to it."""
    places = [name for name in (told.parameter or "").split(", ") if name and not name.startswith("local.")]
    if told.outcome == "ignored":
        assert told.reason
        return
    if told.field in ("n", "number_of_videos") and not places:
        assert (told.outcome, sent) == ("converted", given)
        return
    if told.field == "output_format":
        assert (told.outcome, told.used) == ("converted", "pcm")
        return
    assert places
    for place in places:
        value = at(body, place)
        assert value is not None
        if told.field == "seed" and told.outcome == "converted":
            # The body is that of the last submit; each has a seed of its own.
            assert value == given + sent - 1
            continue
        if told.outcome in ("sent", "renamed") and place.partition(".")[0] not in LISTED:
            assert value == given
        if told.outcome in ("converted", "rounded") and place.partition(".")[0] not in LISTED:
            assert value == told.used


IGNORED: list[tuple[Kind, str, dict[str, Any], str]] = [
    ("image", "gemini-2.5-flash-image", {"size": "2K"}, "this model has one size only"),
    ("video", "gemini-omni-1.2-flash", {"generate_audio": True}, "Omni always makes sound"),
]


@pytest.mark.parametrize(("kind", "model", "fields", "reason"), IGNORED)
def test_what_is_ignored_is_told_with_its_reason(
    either: Studio, kind: Kind, model: str, fields: dict[str, Any], reason: str
) -> None:
    response = either.generate(kind, model=model, prompt="a lighthouse", **fields)
    [told] = [one for one in response.parameters if one.field in fields]
    assert told.outcome == "ignored"
    assert told.reason.startswith(reason)


LINES: list[tuple[Kind, str, str, dict[str, Any], str]] = [
    ("video", "gemini-omni-1.2-flash", "create", {"prompt": "x1"}, '"input":"x1"'),
    ("video", "gemini-omni-1.2-flash", "create", {"duration_seconds": 5}, '"duration":"5s"'),
    ("video", "gemini-omni-1.2-flash", "create", {"duration_seconds": 15}, '"duration":"15s"'),
    ("video", "gemini-omni-1.2-flash", "create", {"resolution": "360p"}, '"resolution":"360p"'),
    ("video", "gemini-omni-1.2-flash", "create", {"aspect_ratio": "9:16"}, '"aspect_ratio":"9:16"'),
    ("video", "gemini-omni-1.2-flash", "create", {"seed": 5}, '"seed":5'),
    ("video", "gemini-omni-1.2-flash", "create", {"video": "gs://a/b.mp4"}, '"uri":"gs://a/b.mp4"'),
    ("video", "gemini-omni-1.2-flash", "create", {"image_list": ["gs://a/b.png"]}, "<IMAGE_REF_0>@Image1"),
    ("video", "veo-3.1-lite-generate-001", "start", {"prompt": "x1"}, '"prompt":"x1"'),
    ("video", "veo-3.1-lite-generate-001", "start", {"seed": 5}, '"seed":5'),
    ("video", "veo-3.1-lite-generate-001", "start", {"generate_audio": False}, '"generateAudio":false'),
    ("video", "veo-3.1-lite-generate-001", "start", {"number_of_videos": 3}, '"sampleCount":3'),
    ("video", "veo-3.1-lite-generate-001", "start", {"negative_prompt": "x1"}, '"negativePrompt":"x1"'),
    ("video", "veo-3.1-lite-generate-001", "start", {"enhance_prompt": False}, '"enhancePrompt":false'),
    ("image", "gemini-3.1-flash-image", "generate", {"size": "512"}, '"imageSize":"512"'),
    ("image", "gemini-3.1-flash-image", "generate", {"aspect_ratio": "8:1"}, '"aspectRatio":"8:1"'),
    ("image", "gemini-3-pro-image", "generate", {"size": "4K"}, '"imageSize":"4K"'),
    ("image", "gemini-3-pro-image", "generate", {"aspect_ratio": "21:9"}, '"aspectRatio":"21:9"'),
    ("image", "gemini-3.1-flash-image", "generate", {"size": "1024x768"}, '"aspectRatio":"4:3"'),
    ("tts", "gemini-3.8-flash-tts", "generate", {"language_code": "fr-FR"}, '"languageCode":"fr-FR"'),
    ("tts", "gemini-3.8-flash-tts", "generate", {"voice_id": "PUCK"}, '"voice":"Puck"'),
]


@pytest.mark.parametrize(("kind", "model", "operation", "fields", "piece"), LINES)
def test_what_a_field_looks_like_on_the_wire(
    vertex: Studio, kind: Kind, model: str, operation: str, fields: dict[str, Any], piece: str
) -> None:
    vertex.generate(kind, model=model, **fields)
    assert piece in vertex.google.requests(operation)[-1].body.decode()


def test_a_style_that_is_said_before_the_text_is_told_of_both(either: Studio) -> None:
    response = either.generate("tts", model="gemini-2.5-flash-tts", text="hi", voice_settings={"style": "calm"})
    [message] = submits(either)[-1].json["contents"]
    assert message["parts"] == [{"text": "calm: hi"}]
    told = {one.field: (one.outcome, one.used, one.reason) for one in response.parameters}
    assert told == dict.fromkeys(
        ("text", "voice_settings"), ("converted", "calm: hi", "the style is said before the text")
    )


def test_each_setting_of_speech_that_is_not_used_is_named(gemini: Studio) -> None:
    response = gemini.generate("tts", voice_settings={"pace": "slow", "style": "calm", "pitch": 2})
    [told] = [one for one in response.parameters if one.field == "voice_settings"]
    assert told.outcome == "converted"
    lost = "pace: the model has no such setting; pitch: the model has no such setting"
    assert told.reason == f"only style is used; {lost}"


def test_a_bit_rate_that_cannot_be_chosen_is_told(gemini: Studio) -> None:
    response = gemini.generate("tts", output_format={"format": "mp3", "bitrate": 64})
    [told] = [one for one in response.parameters if one.field == "output_format"]
    assert (told.outcome, told.used) == ("converted", "wav")
    assert told.reason == "it is made as wav at 24000 Hz, mono, 16 bits; the bit rate cannot be chosen"


def test_nothing_is_sent_that_nobody_set(gemini: Studio) -> None:
    gemini.generate(model="gemini-omni-1.2-flash")
    assert gemini.body("create") == {
        "model": "gemini-omni-1.2-flash",
        "input": "a cat",
        "background": True,
        "response_format": {"type": "video", "delivery": "uri"},
    }
    gemini.generate(model="veo-3.1-lite-generate-001")
    assert gemini.body("start") == {"instances": [{"prompt": "a cat"}]}
    gemini.generate("tts")
    assert gemini.body("generate")["generationConfig"] == {"responseModalities": ["AUDIO"]}


def test_extra_parameters_win_and_the_account_says_so(gemini: Studio) -> None:
    response = gemini.generate(seed=1, duration_seconds=5, generation_config={"seed": 2, "thinking_level": "low"})
    assert gemini.body("create")["generation_config"] == {"seed": 2, "thinking_level": "low"}
    outcomes = {one.field: one.outcome for one in response.parameters}
    assert (outcomes["seed"], outcomes["generation_config"]) == ("ignored", "sent")


def test_lone_last_frames_and_too_many_inputs(vertex: Studio) -> None:
    from tarash.tarash_gateway.exceptions import ValidationError

    with pytest.raises(ValidationError, match="more than 3"):
        vertex.generate(model="veo-3.1-lite-generate-001", image_list=[PNG] * 4)
    with pytest.warns(UserWarning, match="more than 6"):
        vertex.generate(image_list=[PNG] * 7)


def test_ignored_fields_may_be_errors(gemini: Studio) -> None:
    from tarash.tarash_gateway.exceptions import ValidationError

    wrong: list[tuple[Kind, str, Any]] = [("video", "negative_prompt", "rain"), ("image", "mask_image", PNG)]
    for kind, field, value in wrong:
        config = gemini.config(kind, unsupported_params="error")
        with pytest.raises(ValidationError, match=field):
            gemini.generate(kind, config=config, **{field: value})
    assert not gemini.google.requests()


def test_all_models_of_the_table_are_well_formed() -> None:
    provider = GoogleProvider()
    for info in provider.known_models():
        assert info.status in ("active", "deprecated", "retired")
        assert (info.status == "active") == (info.replacement is None)
        assert provider.find_model(f"models/{info.id}", info.kinds[0]) == info
    active = {info.id for info in provider.known_models() if info.status == "active"}
    assert set(provider.default_models.values()) <= active
    assert {info.replacement for info in provider.known_models()} - {None} <= active
    assert provider.default_models.keys() == REQUESTS.keys()
