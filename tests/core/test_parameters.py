"""The account of parameters: one outcome for each field that the caller set, and a payload to match."""

from typing import Any

import pytest

from tarash.tarash_gateway.exceptions import ValidationError
from tarash.tarash_gateway.models import (
    AudioOutputFormat,
    GenerationRequest,
    ImageGenerationRequest,
    ParameterOutcome,
    TTSRequest,
    VideoGenerationRequest,
)
from tarash.tarash_gateway.parameters import (
    Applied,
    apply_mapping,
    count_asked,
    enforce,
    fields_set,
    is_reserved,
    takes_count,
)
from tarash.tarash_gateway.providers.field_mappers import (
    Converted,
    FieldMapper,
    FieldMapping,
    Omit,
    choice_field_mapper,
    constant_field_mapper,
    duration_field_mapper,
    image_field_mapper,
    images_field_mapper,
    passthrough_field_mapper,
    size_field_mapper,
)

LINKS = [f"https://media.example/{number}.png" for number in range(4)]


def video(**fields: Any) -> VideoGenerationRequest:
    return VideoGenerationRequest.model_validate({"prompt": "a cat", **fields})


def image(number: int, role: str) -> dict[str, str]:
    return {"image": LINKS[number], "type": role}


def apply(mapping: FieldMapping, request: GenerationRequest, **options: Any) -> Applied:
    return apply_mapping(mapping, request, **options)


def told(applied: Applied) -> dict[str, tuple[str, str | None]]:
    assert len({one.field for one in applied.outcomes}) == len(applied.outcomes)
    return {one.field: (one.outcome, one.parameter) for one in applied.outcomes}


PROMPT: FieldMapping = {"prompt": passthrough_field_mapper("prompt", required=True)}

# mapping, fields of the request, payload (beside the prompt), outcome of each field (beside the prompt)
Row = tuple[FieldMapping, dict[str, Any], dict[str, Any], dict[str, tuple[str, str | None]]]
ROWS: dict[str, Row] = {
    "sent": ({"seed": passthrough_field_mapper("seed")}, {"seed": 0}, {"seed": 0}, {"seed": ("sent", "seed")}),
    "false is a value": (
        {"audio": passthrough_field_mapper("generate_audio")},
        {"generate_audio": False},
        {"audio": False},
        {"generate_audio": ("renamed", "audio")},
    ),
    "renamed": (
        {"ratio": passthrough_field_mapper("aspect_ratio")},
        {"aspect_ratio": "16:9"},
        {"ratio": "16:9"},
        {"aspect_ratio": ("renamed", "ratio")},
    ),
    "nested": (
        {"settings.ratio": passthrough_field_mapper("aspect_ratio"), "settings.seed": passthrough_field_mapper("seed")},
        {"aspect_ratio": "16:9", "seed": 1},
        {"settings": {"ratio": "16:9", "seed": 1}},
        {"aspect_ratio": ("renamed", "settings.ratio"), "seed": ("renamed", "settings.seed")},
    ),
    "converted": (
        {"duration": duration_field_mapper("str", suffix="s")},
        {"duration_seconds": 8},
        {"duration": "8s"},
        {"duration_seconds": ("converted", "duration")},
    ),
    "rounded": (
        {"duration": duration_field_mapper(allowed_values=[4, 8])},
        {"duration_seconds": 5},
        {"duration": 4},
        {"duration_seconds": ("rounded", "duration")},
    ),
    "ignored": ({}, {"seed": 3}, {}, {"seed": ("ignored", None)}),
    "left out by the converter": (
        {"seed": FieldMapper(("seed",), lambda value: (_ for _ in ()).throw(Omit("not with this model")))},
        {"seed": 3},
        {},
        {"seed": ("ignored", "seed")},
    ),
    "refused by the list": (
        {"ratio": passthrough_field_mapper("aspect_ratio", allowed=["16:9"])},
        {"aspect_ratio": "1:1"},
        {},
        {"aspect_ratio": ("refused", "ratio")},
    ),
    "refused by a limit": (
        {"seed": passthrough_field_mapper("seed", minimum=0, maximum=9)},
        {"seed": 10},
        {},
        {"seed": ("refused", "seed")},
    ),
    "refused by the converter": (
        {"size": choice_field_mapper("resolution", {"1080p": "hd"})},
        {"resolution": "4k"},
        {},
        {"resolution": ("refused", "size")},
    ),
    "the vendor's spelling": (
        {"size": choice_field_mapper("resolution", ["4K", "1080P"])},
        {"resolution": "4k"},
        {"size": "4K"},
        {"resolution": ("converted", "size")},
    ),
    "a constant": ({"mode": constant_field_mapper("fast")}, {}, {"mode": "fast"}, {}),
    "a default that was not asked for": (
        {"count": passthrough_field_mapper("number_of_videos")},
        {},
        {"count": 1},
        {},
    ),
    "unset fields": ({"seed": passthrough_field_mapper("seed")}, {"seed": None, "image_list": []}, {}, {}),
    "extra parameters pass by name": (
        {},
        {"cfg_scale": 0.5, "deep": {"a": [1]}},
        {"cfg_scale": 0.5, "deep": {"a": [1]}},
        {"cfg_scale": ("sent", "cfg_scale"), "deep": ("sent", "deep")},
    ),
    "extra parameters with dots": ({}, {"a.b": 1}, {"a.b": 1}, {"a.b": ("sent", "a.b")}),
    "extra parameters win": (
        {"duration": duration_field_mapper("str", suffix="s")},
        {"duration_seconds": 8, "duration": "auto"},
        {"duration": "auto"},
        {"duration_seconds": ("ignored", "duration"), "duration": ("sent", "duration")},
    ),
    "extra parameters join what is nested": (
        {"voice.speed": passthrough_field_mapper("seed")},
        {"seed": 2, "voice": {"id": 1}},
        {"voice": {"id": 1, "speed": 2}},
        {"seed": ("renamed", "voice.speed"), "voice": ("sent", "voice")},
    ),
    "extra parameters win over what is nested": (
        {"voice.speed": passthrough_field_mapper("seed")},
        {"seed": 2, "voice": {"speed": 9}},
        {"voice": {"speed": 9}},
        {"seed": ("ignored", "voice.speed"), "voice": ("sent", "voice")},
    ),
    "extra parameters that are no object win over all that is nested": (
        {"voice.speed": passthrough_field_mapper("seed")},
        {"seed": 2, "voice": "ann"},
        {"voice": "ann"},
        {"seed": ("ignored", "voice.speed"), "voice": ("sent", "voice")},
    ),
    "one field in two places": (
        {"width": passthrough_field_mapper("seed"), "height": passthrough_field_mapper("seed")},
        {"seed": 2},
        {"width": 2, "height": 2},
        {"seed": ("renamed", "height, width")},
    ),
    "several outputs, one submit": (
        {"n": passthrough_field_mapper("number_of_videos")},
        {"number_of_videos": 3},
        {"n": 3},
        {"number_of_videos": ("renamed", "n")},
    ),
    "several outputs, one submit each": ({}, {"number_of_videos": 3}, {}, {"number_of_videos": ("converted", None)}),
}


@pytest.mark.parametrize("row", ROWS)
def test_what_becomes_of_a_field(row: str) -> None:
    mapping, fields, payload, outcomes = ROWS[row]
    applied = apply({**PROMPT, **mapping}, video(**fields))
    assert applied.payload == {"prompt": "a cat", **payload}
    assert told(applied) == {"prompt": ("sent", "prompt"), **outcomes}


def test_every_field_that_was_set_has_one_outcome_whatever_the_mapping() -> None:
    fields: dict[str, Any] = {
        "duration_seconds": 5,
        "resolution": "1080p",
        "aspect_ratio": "16:9",
        "generate_audio": True,
        "image_list": [image(0, "style")],
        "video": LINKS[0],
        "seed": 1,
        "number_of_videos": 2,
        "negative_prompt": "dogs",
        "enhance_prompt": False,
        "cfg_scale": 1,
    }
    for mapping in ({}, PROMPT, *(row[0] for row in ROWS.values())):
        assert set(told(apply(mapping, video(**fields)))) == {"prompt", *fields}


IMAGES: dict[str, tuple[FieldMapping, list[dict[str, str]], dict[str, Any], str]] = {
    "one for one": ({"image_url": image_field_mapper("first_frame")}, [image(0, "first_frame")], {"image_url": 0}, ""),
    "the second choice": (
        {"image_url": image_field_mapper("first_frame", "reference")},
        [image(0, "reference")],
        {"image_url": 0},
        "",
    ),
    "the first choice is better": (
        {"image_url": image_field_mapper("first_frame", "reference")},
        [image(0, "reference"), image(1, "first_frame")],
        {"image_url": 1},
        "reference",
    ),
    "first and last": (
        {"first": image_field_mapper("first_frame", "reference"), "last": image_field_mapper("last_frame")},
        [image(0, "last_frame"), image(1, "reference")],
        {"first": 1, "last": 0},
        "",
    ),
    "many": (
        {"images": images_field_mapper("reference", "asset")},
        [image(0, "asset"), image(1, "reference"), image(2, "reference")],
        {"images": [0, 1, 2]},
        "",
    ),
    "no place": ({"first": image_field_mapper("first_frame")}, [image(0, "style")], {}, "style"),
    "more than places": (
        {"first": image_field_mapper("first_frame")},
        [image(0, "first_frame"), image(1, "first_frame")],
        {"first": 0},
        "first_frame",
    ),
}


@pytest.mark.parametrize("row", IMAGES)
def test_each_image_goes_where_its_role_is_wanted_most(row: str) -> None:
    mapping, images, places, left = IMAGES[row]
    applied = apply(mapping, video(image_list=images))
    links = {
        name: [LINKS[one] for one in number] if isinstance(number, list) else LINKS[number]
        for name, number in places.items()
    }
    assert applied.payload == links
    outcome = next(one for one in applied.outcomes if one.field == "image_list")
    assert outcome.outcome == ("ignored" if left else "renamed")
    assert left in (outcome.reason or "")


def test_too_many_images_are_refused_before_they_are_sent() -> None:
    mapping = {"images": images_field_mapper("reference", maximum=2)}
    applied = apply(mapping, video(image_list=[image(number, "reference") for number in range(3)]))
    assert told(applied)["image_list"] == ("refused", "images")
    assert applied.payload == {}


def test_what_the_model_needs_is_asked_for() -> None:
    mapping = {
        "image_url": image_field_mapper("first_frame", required=True),
        "seed": passthrough_field_mapper("seed", required=True),
        "mode": FieldMapper(required=True),
    }
    reasons = " ".join(one.reason or "" for one in apply(mapping, video()).named("refused"))
    assert "type 'first_frame'" in reasons
    assert "set seed" in reasons
    assert "set it in extra_params" in reasons
    given = apply(mapping, video(image_url="x", seed=3, mode="fast"))
    assert given.named("refused") == []


def test_what_only_may_be_wrong_warns() -> None:
    mapping = {
        "ratio": passthrough_field_mapper("aspect_ratio", allowed=["16:9"]).lenient(),
        "seed": passthrough_field_mapper("seed", required=True).lenient(),
    }
    applied = apply(mapping, video(aspect_ratio="1:1"))
    assert applied.payload == {"ratio": "1:1"}
    assert applied.named("refused") == []
    assert len(applied.warnings) == 2


def test_a_field_of_a_field_is_read_and_told_of_as_the_field() -> None:
    mapping = {
        "voice_setting.rate": passthrough_field_mapper("output_format.sample_rate"),
        "format": passthrough_field_mapper("output_format.format"),
        "stability": passthrough_field_mapper("voice_settings.stability"),
    }
    request = TTSRequest(
        text="x", output_format=AudioOutputFormat(format="wav", sample_rate=8000), voice_settings={"stability": 0.4}
    )
    applied = apply(mapping, request)
    assert applied.payload == {"voice_setting": {"rate": 8000}, "format": "wav", "stability": 0.4}
    assert told(applied)["output_format"] == ("renamed", "format, voice_setting.rate")


def test_the_default_audio_format_is_sent_but_nobody_asked_for_it() -> None:
    applied = apply({"rate": passthrough_field_mapper("output_format.sample_rate")}, TTSRequest(text="x"))
    assert applied.payload == {"rate": 44100}
    assert set(told(applied)) == {"text"}


def test_of_two_sources_the_second_is_told_to_be_covered() -> None:
    mapper = size_field_mapper(lambda width, height: f"{width}x{height}", {"16:9": "wide"})
    applied = apply({"size": mapper}, ImageGenerationRequest(prompt="x", size="10x20", aspect_ratio="16:9"))
    assert applied.payload == {"size": "10x20"}
    assert told(applied)["aspect_ratio"][0] == "ignored"
    assert apply({"size": mapper}, ImageGenerationRequest(prompt="x", aspect_ratio="16:9")).payload == {"size": "wide"}


def test_an_outcome_shows_short_values_and_a_reason() -> None:
    convert = FieldMapper(("prompt",), lambda text: Converted(text[:10], "converted", "cut"))
    outcome = apply({"text": convert}, video(prompt="x" * 10_000)).outcomes[0]
    assert outcome.used == "x" * 10
    assert len(str(outcome.given)) < 100
    assert outcome.reason == "cut"


# --- what is done about it


def outcomes(*names: str) -> Applied:
    return Applied(outcomes=[ParameterOutcome(f"field{i}", name, reason="because") for i, name in enumerate(names)])  # type: ignore[arg-type]


@pytest.mark.parametrize(
    ("names", "policy", "result"),
    [
        (["sent", "renamed", "converted", "rounded"], "error", 0),
        (["ignored"], "warn", 1),
        (["ignored", "ignored"], "warn", 2),
        (["ignored"], "ignore", 0),
        (["ignored"], "error", None),
        (["refused"], "warn", None),
        (["refused"], "ignore", None),
        (["refused", "ignored"], "error", None),
    ],
)
def test_the_policy_decides_about_ignored_fields_and_never_about_refused_ones(
    names: list[str], policy: str, result: int | None
) -> None:
    if result is not None:
        assert len(enforce(outcomes(*names), policy, "acme film-1")) == result
        return
    with pytest.raises(ValidationError, match=r"acme film-1 .*because.* Nothing was sent") as caught:
        enforce(outcomes(*names), policy, "acme film-1")
    assert str(caught.value).count("because") == len(names)


def test_counts() -> None:
    assert [count_asked(video(number_of_videos=3)), count_asked(ImageGenerationRequest(prompt="x", n=2))] == [3, 2]
    assert [
        count_asked(video()),
        count_asked(ImageGenerationRequest(prompt="x")),
        count_asked(TTSRequest(text="x")),
    ] == [
        1,
        1,
        1,
    ]
    assert takes_count({"n": passthrough_field_mapper("n")})
    assert not takes_count(PROMPT)


def test_fields_set_are_those_that_say_something() -> None:
    assert fields_set(video(seed=0, generate_audio=False, image_list=[], extra_params={"a": 1}, video=None)) == {
        "prompt": "a cat",
        "seed": 0,
        "generate_audio": False,
    }


RESERVED = [
    *("authorization", "Authorization", "AUTHORIZATION", "proxy-authorization", "headers", "Headers"),
    *("api_key", "apiKey", "API-KEY", "x-api-key", "X_Api_Key", "xi-api-key", "x-goog-api-key", "access_token"),
    *("accessToken", "auth_token", "bearer", "webhook", "webhooks", "webhook_url", "webhookUrl", "WEBHOOK-URL"),
    *(
        "fal_webhook",
        "webhook_events_filter",
        "webhook_secret",
        "callback_url",
        "callbackUrl",
        "callback",
        "notify_url",
    ),
    *("x-fal-queue-priority", "own_name", "Own-Name"),
]


@pytest.mark.parametrize("name", RESERVED)
def test_reserved_names_in_every_spelling(name: str) -> None:
    own = frozenset({"own_name"})
    assert is_reserved(name, own)
    applied = apply({}, video(extra_params={name: "x"}), reserved=own)
    assert applied.payload == {}
    assert [one.field for one in applied.named("refused")] == [name]


@pytest.mark.parametrize(
    "name", ["seed", "cfg_scale", "openai_api_key", "key", "keyframes", "token_limit", "prompt", "a.b"]
)
def test_names_that_are_not_reserved(name: str) -> None:
    assert not is_reserved(name, frozenset({"own_name"}))
