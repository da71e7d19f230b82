"""What becomes of each field: sent, renamed, converted, rounded, ignored or refused, and told so."""

import warnings
from typing import Any

import pytest
from tests.cartesia.cases import CASES, USUAL, VOICE, Case, shape
from tests.support.speech import SpeechDesk
from tests.support.worlds import SyncWorld

from tarash.providers.cartesia.provider import CONVERSION, SPEECH, Cartesia
from tarash.tarash_gateway.exceptions import TarashWarning, UnsupportedOperationError, ValidationError
from tarash.tarash_gateway.models import STSRequest, TTSRequest
from tarash.tarash_gateway.parameters import apply_mapping
from tarash.tarash_gateway.providers.field_mappers import FieldMapping
from tarash.testkit.cartesia import CartesiaSimulator
from tarash.testkit.cartesia.catalogue import LANGUAGES, MODELS

PROVIDER = Cartesia()
FIELDS: list[tuple[str, dict[str, Any], str, str, str | None]] = [
    ("tts", {}, "text", "renamed", "transcript"),
    ("tts", {}, "voice_id", "renamed", "voice"),
    ("tts", shape("wav", 8000), "output_format", "converted", "output_format"),
    ("tts", shape("mp3", 32_000), "output_format", "rounded", "output_format"),
    ("tts", shape("mp3", 44_100, 160), "output_format", "rounded", "output_format"),
    ("tts", {"language_code": "de"}, "language_code", "renamed", "language"),
    ("tts", {"language_code": "de_AT"}, "language_code", "converted", "language"),
    ("tts", {"language_code": "de", "locale": "de-AT"}, "language_code", "ignored", "language"),
    ("tts", {"locale": "de-AT"}, "locale", "sent", "locale"),
    ("tts", {"voice_settings": {"speed": 1.1}}, "voice_settings", "renamed", "generation_config.speed"),
    ("tts", {"voice_settings": {"speed": "Fast"}}, "voice_settings", "converted", "speed"),
    ("tts", {"voice_settings": {"volume": 2}}, "voice_settings", "renamed", "generation_config.volume"),
    ("tts", {"voice_settings": {"emotion": "calm"}}, "voice_settings", "renamed", "generation_config.emotion"),
    (
        "tts",
        {"voice_settings": {"emotion": "calm", "stability": 1}},
        "voice_settings",
        "converted",
        "generation_config.emotion",
    ),
    ("sts", {}, "audio", "renamed", "clip"),
    ("sts", {"voice_settings": {"speed": 1.1}}, "voice_settings", "ignored", None),
    ("sts", {"prompt": "slowly"}, "prompt", "ignored", None),
]


@pytest.mark.filterwarnings("ignore::tarash.tarash_gateway.exceptions.TarashWarning")
@pytest.mark.parametrize(("kind", "request_", "field", "outcome", "parameter"), FIELDS)
def test_what_becomes_of_a_field(
    vendor: CartesiaSimulator, kind: str, request_: dict[str, Any], field: str, outcome: str, parameter: str | None
) -> None:
    desk = SpeechDesk(SyncWorld(), "cartesia", vendor, USUAL)
    response = desk.generate(kind, request_)
    [told] = [one for one in response.parameters if one.field == field]
    assert told.outcome == outcome
    assert parameter is None or parameter in (told.parameter or "")
    asked = {**USUAL[kind], **request_}
    assert sorted(one.field for one in response.parameters) == sorted(asked)


WRONG: list[tuple[str, dict[str, Any], str]] = [
    ("tts", {"voice_id": None}, "needs 'voice': set voice_id"),
    ("tts", {"voice_settings": {"speed": 1.6}}, "1.6 is more than 1.5"),
    ("tts", {"voice_settings": {"speed": 0.5}}, "0.5 is less than 0.6"),
    ("tts", {"voice_settings": {"speed": "faster"}}, "'faster' is not one of slow, normal, fast"),
    ("tts", {"voice_settings": {"volume": 2.1}}, "2.1 is more than 2"),
    ("tts", shape("flac"), "the vendor makes mp3, wav, pcm"),
    ("tts", shape("opus"), "the vendor makes mp3, wav, pcm"),
    ("tts", {"extra_params": {"output_format": "mp3"}}, "must be an object"),
    ("sts", {"extra_params": {"output_format": "mp3"}}, "must be an object"),
    ("tts", {"model_id": "other"}, "model_id: it is reserved"),
    ("tts", {"transcript": "other"}, "transcript: it is reserved"),
    ("sts", shape("flac"), "the vendor makes mp3, wav, pcm"),
]


@pytest.mark.parametrize(("kind", "request_", "problem"), WRONG)
def test_a_wrong_value_is_refused_before_paying(
    desk: SpeechDesk, kind: str, request_: dict[str, Any], problem: str
) -> None:
    with pytest.raises(ValidationError, match=problem):
        desk.generate(kind, request_)
    assert desk.vendor.server.requests.total == 0


def test_an_option_that_nobody_knows_is_refused(desk: SpeechDesk) -> None:
    with pytest.raises(ValidationError, match="does not know: timing"):
        desk.generate("tts", provider_config={"timing": True})
    assert desk.vendor.server.requests.total == 0


def test_a_new_language_is_sent_with_a_warning(desk: SpeechDesk) -> None:
    with pytest.warns(TarashWarning, match="'xx' is not one of en, fr"), pytest.raises(ValidationError, match="xx"):
        desk.generate("tts", {"language_code": "xx"})
    assert desk.vendor.server.requests[0].json["language"] == "xx"


@pytest.mark.parametrize("kind", ["tts", "sts"])
def test_nothing_is_sent_that_the_caller_did_not_say(desk: SpeechDesk, kind: str) -> None:
    desk.generate(kind)
    [request] = desk.vendor.server.requests
    if kind == "tts":
        assert set(request.json) == {"model_id", "transcript", "voice", "output_format"}
    else:
        assert {(part.name or "").partition("[")[0] for part in request.parts} == {"clip", "voice", "output_format"}


def payload(case: Case, mapping: FieldMapping) -> dict[str, Any]:
    request = {"tts": TTSRequest, "stream": TTSRequest, "sts": STSRequest}[case.kind]
    usual = USUAL["sts" if case.kind == "sts" else "tts"]
    return apply_mapping(mapping, request(**{**usual, **case.request})).payload


@pytest.mark.parametrize(
    ("kind", "parameter"), [*(("tts", name) for name in SPEECH), *(("sts", name) for name in CONVERSION)]
)
def test_no_line_of_the_tables_can_be_missing(kind: str, parameter: str) -> None:
    """The payloads of the cases, which are the SDK's on the wire, are others without it."""
    mapping = SPEECH if kind == "tts" else CONVERSION
    shorter = {name: mapper for name, mapper in mapping.items() if name != parameter}
    assert any(payload(case, mapping) != payload(case, shorter) for case in CASES if case.kind == kind)


# --- models


def test_the_models_are_those_of_the_vendor() -> None:
    active = {info.id for info in PROVIDER.models if info.status == "active" and "tts" in info.kinds}
    assert active == MODELS
    assert set(SPEECH["language"].allowed or ()) == LANGUAGES


@pytest.mark.parametrize("model", ["sonic-2", "sonic-turbo", "sonic", "sonic-english", "sonic-multilingual"])
def test_a_stopped_model_warns_with_its_replacement(desk: SpeechDesk, model: str) -> None:
    warned = f"{model} is retired at cartesia since 2026-06-01. Use sonic-3.5 instead"
    with pytest.warns(TarashWarning, match=warned), pytest.raises(ValidationError, match=r"no model.*Use sonic-3\.5"):
        desk.generate("tts", model=model)


@pytest.mark.parametrize("model", sorted(MODELS))
def test_every_model_speaks_without_a_warning(desk: SpeechDesk, model: str) -> None:
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        desk.generate("tts", model=model)
    assert desk.vendor.server.requests[0].json["model_id"] == model


def test_the_default_model_is_named(desk: SpeechDesk) -> None:
    assert desk.generate("tts").execution_metadata.attempts[0].model == "sonic-3.5"
    assert desk.vendor.server.requests[0].json["voice"] == {"id": VOICE}


def test_there_are_no_pictures(desk: SpeechDesk) -> None:
    from tarash.tarash_gateway.models import ImageGenerationConfig, ImageGenerationRequest

    config = ImageGenerationConfig(provider="cartesia", model="m", api_key="k", base_url=desk.vendor.base_url)
    with pytest.raises(UnsupportedOperationError):
        desk.world.call("generate_image", config, ImageGenerationRequest(prompt="x"))
