"""What becomes of each field: sent, renamed, converted, rounded, ignored or refused, and told so."""

import warnings
from typing import Any

import pytest
from tests.sarvam.cases import CASES, USUAL, Case, shape
from tests.support.speech import SpeechDesk
from tests.support.worlds import SyncWorld

from tarash.providers.sarvam.provider import LANGUAGES, Sarvam, speech_mapping
from tarash.providers.sarvam.voices import speakers
from tarash.tarash_gateway.exceptions import TarashWarning, ValidationError
from tarash.tarash_gateway.models import TTSRequest
from tarash.tarash_gateway.parameters import apply_mapping
from tarash.tarash_gateway.providers.base import Call
from tarash.testkit.sarvam import SarvamSimulator
from tarash.testkit.sarvam.catalogue import LANGUAGES as VENDOR_LANGUAGES
from tarash.testkit.sarvam.catalogue import MODELS

PROVIDER = Sarvam()
V3, V4 = "bulbul:v3", "bulbul:v4-flash"
FIELDS: list[tuple[dict[str, Any], str, str, str, str | None]] = [
    ({}, V3, "text", "sent", "text"),
    ({}, V3, "voice_id", "renamed", "speaker"),
    ({"voice_id": "Shubh"}, V3, "voice_id", "converted", "speaker"),
    ({"voice_id": "newcomer"}, "bulbul:v9", "voice_id", "renamed", "speaker"),
    ({"language_code": "ta-IN"}, V3, "language_code", "sent", "language_code"),
    ({"language_code": "ta"}, V3, "language_code", "converted", "language_code"),
    ({"language_code": "or-IN"}, V3, "language_code", "converted", "language_code"),
    (shape("wav", 8000), V3, "output_format", "converted", "output_audio_codec, speech_sample_rate"),
    (shape("wav", 96_000), V3, "output_format", "rounded", "output_audio_codec, speech_sample_rate"),
    (shape("mp3", 44_100, 128), V3, "output_format", "rounded", "output_audio_codec, speech_sample_rate"),
    (
        shape("mp3", None, 64),
        V3,
        "output_format",
        "converted",
        "output_audio_bitrate, output_audio_codec, speech_sample_rate",
    ),
    (
        shape("mp3", 24_000, 100),
        V3,
        "output_format",
        "rounded",
        "output_audio_bitrate, output_audio_codec, speech_sample_rate",
    ),
    ({"voice_settings": {"pace": 1.1}}, V3, "voice_settings", "renamed", "pace"),
    ({"voice_settings": {"speed": 1.1}}, V3, "voice_settings", "renamed", "pace"),
    ({"voice_settings": {"pace": 1.1, "speed": 1.2}}, V3, "voice_settings", "converted", "pace"),
    ({"voice_settings": {"temperature": 0.5}}, V3, "voice_settings", "renamed", "temperature"),
    ({"voice_settings": {"pitch": 0.5}}, V3, "voice_settings", "ignored", "pitch"),
    ({"voice_settings": {"loudness": 1.5}}, V3, "voice_settings", "ignored", "loudness"),
    ({"voice_id": None, "voice_settings": {"pitch": 0.5}}, V4, "voice_settings", "renamed", "pitch"),
    ({"voice_settings": {"pace": 1.1, "stability": 1}}, V3, "voice_settings", "converted", "pace"),
    ({"dict_id": "d1"}, V3, "dict_id", "sent", "dict_id"),
]


@pytest.mark.filterwarnings("ignore::tarash.tarash_gateway.exceptions.TarashWarning")
@pytest.mark.parametrize(("request_", "model", "field", "outcome", "parameter"), FIELDS)
def test_what_becomes_of_a_field(
    vendor: SarvamSimulator,
    request_: dict[str, Any],
    model: str,
    field: str,
    outcome: str,
    parameter: str | None,
) -> None:
    request = TTSRequest(**{**USUAL["tts"], **request_})
    told = apply_mapping(speech_mapping(call_of(request, model)), request).outcomes
    [found] = [one for one in told if one.field == field]
    assert (found.outcome, parameter in (None, found.parameter)) == (outcome, True)
    if model != "bulbul:v9":
        desk = SpeechDesk(SyncWorld(), "sarvam", vendor, USUAL)
        assert list(desk.generate("tts", request_, model=model).parameters) == told


def call_of(request: TTSRequest, model: str, *, streamed: bool = False) -> Call:
    return Call("tts", "sarvam", model, PROVIDER.base_url, request, "request", streamed=streamed)


WRONG: list[tuple[dict[str, Any], str, str]] = [
    ({"language_code": "de"}, V3, "the vendor speaks bn-IN, en-IN"),
    ({"voice_id": "anushka"}, V3, r"anushka speaks with bulbul:v2 only; list_voices names the voices of bulbul:v3"),
    ({"voice_id": "shubh"}, V4, "shubh speaks with bulbul:v3 only"),
    ({"voice_id": "shubh_enhi_ads"}, V3, "speaks with bulbul:v4-flash only"),
    ({"voice_settings": {"pace": 2.1}}, V3, "2.1 is more than 2"),
    ({"voice_settings": {"speed": 0.4}}, V3, "0.4 is less than 0.5"),
    ({"voice_settings": {"pace": 0.4}, "voice_id": None}, V4, "0.4 is less than 0.5"),
    ({"voice_settings": {"pace": 3.1}, "voice_id": None}, "bulbul:v2", "3.1 is more than 3"),
    ({"voice_settings": {"pitch": 0.8}, "voice_id": None}, "bulbul:v2", "0.8 is more than 0.75"),
    ({"voice_settings": {"loudness": 0.2}, "voice_id": None}, "bulbul:v2", "0.2 is less than 0.3"),
    ({"voice_settings": {"temperature": 0}}, V3, "0 is less than 0.01"),
    ({"model": "other"}, V3, "model: it is reserved"),
]


@pytest.mark.filterwarnings("ignore::tarash.tarash_gateway.exceptions.TarashWarning")
@pytest.mark.parametrize(("request_", "model", "problem"), WRONG)
def test_a_wrong_value_is_refused_before_paying(
    desk: SpeechDesk, request_: dict[str, Any], model: str, problem: str
) -> None:
    with pytest.raises(ValidationError, match=problem):
        desk.generate("tts", request_, model=model)
    assert desk.vendor.server.requests.total == 0


def test_an_option_that_nobody_knows_is_refused(desk: SpeechDesk) -> None:
    with pytest.raises(ValidationError, match="does not know: timings"):
        desk.generate("tts", provider_config={"timings": True})
    assert desk.vendor.server.requests.total == 0


NO_PITCH, NO_LOUDNESS = "pitch: bulbul:v3 has none", "loudness: bulbul:v3 has none"
NO_FOO = "foo: the model has no such setting"
UNUSED: list[tuple[dict[str, Any], str, str]] = [
    ({"pitch": 0.1}, "ignored", NO_PITCH),
    ({"foo": 3}, "ignored", NO_FOO),
    ({"foo": 3, "pitch": 0.2}, "ignored", f"{NO_PITCH}; {NO_FOO}"),
    (
        {"foo": 3, "pitch": 0.2, "loudness": 1, "pace": 1.2},
        "converted",
        f"only pace is used; {NO_PITCH}; {NO_LOUDNESS}; {NO_FOO}",
    ),
    (
        {"temperature": 0.5, "pace": 1.1, "speed": 1.2},
        "converted",
        "only pace and temperature are used; speed: voice_settings.pace decides this already",
    ),
]


@pytest.mark.parametrize(("settings", "outcome", "reason"), UNUSED)
def test_each_setting_that_is_not_used_is_named(
    desk: SpeechDesk, settings: dict[str, Any], outcome: str, reason: str
) -> None:
    with pytest.warns(TarashWarning, match=reason):
        response = desk.generate("tts", {"voice_settings": settings})
    [told] = [one for one in response.parameters if one.field == "voice_settings"]
    assert (told.outcome, told.reason) == (outcome, reason)
    sent = desk.vendor.server.requests[0].json
    assert settings.items() & sent.items() == {item for item in settings.items() if item[0] in ("pace", "temperature")}


@pytest.mark.parametrize(("settings", "reason"), [(settings, reason) for settings, _, reason in UNUSED])
def test_what_is_not_used_is_an_error_where_the_caller_wants_one(
    desk: SpeechDesk, settings: dict[str, Any], reason: str
) -> None:
    with pytest.raises(ValidationError, match=f"voice_settings: {reason}"):
        desk.generate("tts", {"voice_settings": settings}, unsupported_params="error")
    assert desk.vendor.server.requests.total == 0


def test_a_refused_setting_beside_others_is_told_once(desk: SpeechDesk) -> None:
    settings = {"pace": 9, "pitch": 0.2, "temperature": 0.5}
    with pytest.raises(ValidationError) as caught:
        desk.generate("tts", {"voice_settings": settings}, unsupported_params="error")
    assert str(caught.value).count("9 is more than 2") == 1


def test_the_bit_rate_is_chosen_alike_with_and_without_the_usual_rate(desk: SpeechDesk) -> None:
    for rate in (None, 24_000):
        desk.generate("tts", shape("mp3", rate, 64))
    unsaid, said = desk.vendor.server.requests
    assert (unsaid.path, unsaid.json) == (said.path, said.json)
    assert (said.segments[-1], said.json["output_audio_bitrate"]) == ("stream", "64k")


def test_the_default_format_is_nobodys_wish(desk: SpeechDesk) -> None:
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        response = desk.generate("tts")
    assert [one.field for one in response.parameters] == ["text", "language_code", "voice_id"]


def test_nothing_is_sent_that_the_vendor_does_not_want_and_the_caller_did_not_say(desk: SpeechDesk) -> None:
    desk.generate("tts", {"voice_id": None, "language_code": None})
    assert set(desk.vendor.server.requests[0].json) == {
        *("model", "text", "language_code", "output_audio_codec", "speech_sample_rate"),
    }


def payload(case: Case, without: str | None = None) -> dict[str, Any]:
    request = TTSRequest(**{**USUAL["tts"], **case.request})
    mapping = dict(speech_mapping(call_of(request, case.config["model"], streamed=case.kind == "stream")))
    mapping.pop(without or "", None)
    return apply_mapping(mapping, request).payload


@pytest.mark.parametrize("kind", ["tts", "stream"])
def test_no_line_of_the_tables_can_be_missing(kind: str) -> None:
    """The payloads of the cases, which are the SDK's on the wire, are others without it."""
    cases = [case for case in CASES if case.kind == kind]
    parameters = {"text", "language_code", "speaker", "speech_sample_rate", "output_audio_codec", "pace", "temperature"}
    parameters |= {"output_audio_bitrate"} | ({"pitch", "loudness"} if kind == "tts" else set())
    for parameter in parameters:
        assert any(payload(case) != payload(case, parameter) for case in cases), parameter


# --- models


def test_the_tables_are_those_of_the_vendor() -> None:
    assert {info.id for info in PROVIDER.models} == set(MODELS)
    assert {info.id for info in PROVIDER.models if info.status == "retired"} == {
        model.id for model in MODELS.values() if model.ended
    }
    assert tuple(f"{code}-IN" for code in LANGUAGES) == VENDOR_LANGUAGES
    for model in MODELS.values():
        assert [voice.id for voice in speakers(model.id)] == list(model.speakers)


def test_a_retired_model_warns_with_its_replacement(desk: SpeechDesk) -> None:
    warned = "bulbul:v2 is retired at sarvam since 2026-09. Use bulbul:v3 instead"
    with (
        pytest.warns(TarashWarning, match=warned),
        pytest.raises(ValidationError, match=r"deprecated.*retired since 2026-09\. Use bulbul:v3 instead"),
    ):
        desk.generate("tts", {"voice_id": "anushka", **shape("mp3", 22_050)}, model="bulbul:v2")
