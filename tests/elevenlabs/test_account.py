"""The account of parameters: each field that is set has one outcome, and the wire agrees with it."""

import json
import warnings
from typing import Any

import pytest
from tests.elevenlabs.cases import SETTINGS, USUAL
from tests.support.speech import RECORDING, SpeechDesk
from tests.support.worlds import SyncWorld

from tarash.providers.elevenlabs import ElevenLabs
from tarash.providers.elevenlabs.provider import CONVERSION, LONGEST_TEXT, speech_mapping
from tarash.tarash_gateway.exceptions import TarashWarning, ValidationError
from tarash.tarash_gateway.models import AudioOutputFormat, STSRequest, TTSRequest
from tarash.tarash_gateway.parameters import apply_mapping
from tarash.testkit.elevenlabs import ElevenLabsSimulator
from tarash.testkit.requests import RecordedRequest

pytestmark = pytest.mark.filterwarnings("ignore::tarash.tarash_gateway.exceptions.TarashWarning")
MODELS = [(kind, info.id) for info in ElevenLabs().known_models() for kind in info.kinds]
FIELDS: dict[str, list[Any]] = {
    "output_format": [AudioOutputFormat(format="wav", sample_rate=16_000), AudioOutputFormat(sample_rate=11_025)],
    "language_code": ["de", "en-GB"],
    "voice_settings": [SETTINGS, {"stability": 0.1}, {"emotion": "happy", "stability": 0.2}, {"emotion": "happy"}],
    "extra_params": [{"seed": 7}, {"enable_logging": False}, {"output_format": "ulaw_8000"}],
}
ALL_SETTINGS = {**SETTINGS, "clone_strength": 0.3}


def combinations(kind: str) -> list[dict[str, Any]]:
    """Each field alone in each of its values, and all of them together."""
    known = {name: values for name, values in FIELDS.items() if kind == "tts" or name != "language_code"}
    singles = [{name: value} for name, values in known.items() for value in values]
    return [*singles, {name: values[0] for name, values in known.items()}]


def on_wire(request: RecordedRequest) -> dict[str, Any]:
    """What a request says, by parameter; settings by their names."""
    said: dict[Any, Any] = dict(request.query) | {"voice_id": request.segments[2]}
    if request.segments[1] == "text-to-speech":
        said |= request.json
    else:
        said |= {part.name: part.content if part.file_name else part.text for part in request.parts}
        said["voice_settings"] = json.loads(said.get("voice_settings", "{}"))
    settings = said.pop("voice_settings", {})
    return said | {f"voice_settings.{name}": value for name, value in settings.items()}


@pytest.mark.parametrize(("kind", "model"), MODELS)
def test_each_field_has_one_outcome_and_the_wire_agrees(vendor: ElevenLabsSimulator, kind: str, model: str) -> None:
    desk = SpeechDesk(SyncWorld(), "elevenlabs", vendor, USUAL, {"model": model})
    for fields in combinations(kind):
        vendor.server.requests.clear()
        response = desk.generate(kind, fields)
        extra = fields.get("extra_params", {})
        outcomes = {outcome.field: outcome for outcome in response.parameters}
        assert len(outcomes) == len(response.parameters)
        assert set(outcomes) == {*USUAL[kind], *fields, *extra} - {"extra_params"}
        said = on_wire(vendor.requests()[0])
        assert said["model_id"] == model
        for name, outcome in outcomes.items():
            agree(name, outcome, fields, said)


def agree(name: str, outcome: Any, fields: dict[str, Any], said: dict[str, Any]) -> None:
    if name == "voice_settings":
        for setting, value in fields[name].items():
            assert said.get(f"voice_settings.{setting}") == (None if setting == "emotion" else value)
        placed = [setting for setting in fields[name] if setting != "emotion"]
        lost = len(placed) < len(fields[name])
        assert outcome.outcome == ("sent" if not lost else "converted" if placed else "ignored")
        assert ("emotion: the model has no such setting" in (outcome.reason or "")) == lost
    elif outcome.outcome == "ignored":
        assert outcome.reason
        assert name not in said or name in fields["extra_params"]
    elif outcome.used is not None:
        assert said[outcome.parameter] == outcome.used
    else:
        assert outcome.parameter in said


@pytest.mark.parametrize(
    ("fields", "model", "field", "outcome"),
    [
        ({"language_code": "de"}, "eleven_flash_v2_5", "language_code", "sent"),
        ({"language_code": "de-AT"}, "eleven_flash_v2_5", "language_code", "converted"),
        ({"language_code": "de"}, "eleven_multilingual_v2", "language_code", "ignored"),
        ({"language_code": "de"}, "eleven_next", "language_code", "sent"),
        ({"voice_settings": {"speed": 3.5}}, "eleven_v3", "voice_settings", "sent"),
        ({"voice_settings": {"pitch": 1}}, "eleven_v3", "voice_settings", "ignored"),
        (
            {"output_format": AudioOutputFormat(sample_rate=44_100, bitrate=128)},
            "eleven_v3",
            "output_format",
            "converted",
        ),
        (
            {"output_format": AudioOutputFormat(sample_rate=44_100, bitrate=320)},
            "eleven_v3",
            "output_format",
            "rounded",
        ),
        (
            {"output_format": AudioOutputFormat(format="pcm", sample_rate=96_000)},
            "eleven_v3",
            "output_format",
            "rounded",
        ),
    ],
)
def test_what_becomes_of_a_field(fields: dict[str, Any], model: str, field: str, outcome: str) -> None:
    applied = apply_mapping(speech_mapping(model), TTSRequest(**{**USUAL["tts"], **fields}))
    assert [one.outcome for one in applied.outcomes if one.field == field] == [outcome]


WRONG: list[tuple[str, dict[str, Any], str, str]] = [
    *(("tts", {"text": "x" * (longest + 1)}, model, str(longest)) for model, longest in LONGEST_TEXT.items()),
    ("tts", {"voice_id": None}, "eleven_v3", "set voice_id"),
    ("tts", {"voice_id": "a/stream"}, "eleven_v3", "no slash"),
    ("tts", {"voice_id": "../models"}, "eleven_v3", "no slash"),
    ("tts", {"voice_id": "a?b"}, "eleven_v3", "voice id"),
    ("tts", {"voice_settings": {"stability": 1.2}}, "eleven_v3", "1.2 is more than 1"),
    ("sts", {"voice_settings": {"similarity_boost": -1}}, "eleven_english_sts_v2", "-1 is less than 0"),
    ("tts", {"voice_settings": {"use_speaker_boost": "yes"}}, "eleven_v3", "True, False"),
    ("tts", {"extra_params": {"model_id": "other"}}, "eleven_v3", "model_id: it is reserved"),
    ("sts", {"extra_params": {"voice_id": "other"}}, "eleven_english_sts_v2", "voice_id: it is reserved"),
    ("tts", {"output_format": AudioOutputFormat(format="flac")}, "eleven_v3", "mp3, wav, pcm, opus, not 'flac'"),
]


@pytest.mark.parametrize(("kind", "fields", "model", "problem"), WRONG, ids=lambda value: str(value)[:40])
def test_a_wrong_value_is_refused_before_paying(
    desk: SpeechDesk, kind: str, fields: dict[str, Any], model: str, problem: str
) -> None:
    with pytest.raises(ValidationError, match=problem):
        desk.generate(kind, fields, model=model)
    assert desk.vendor.server.requests.total == 0


@pytest.mark.parametrize(
    ("options", "problem"),
    [({"timing": True}, "timing"), ({"timings": "yes"}, "must be bool"), ({"sts_path": "../x?y"}, "sts_path")],
)
def test_a_wrong_option_is_refused_before_paying(desk: SpeechDesk, options: dict[str, Any], problem: str) -> None:
    with pytest.raises(ValidationError, match=problem):
        desk.generate("sts", provider_config=options)
    assert desk.vendor.server.requests.total == 0


SPOKEN = TTSRequest(
    text="Hello.",
    voice_id="v1",
    language_code="de",
    voice_settings=ALL_SETTINGS,
    output_format=AudioOutputFormat(format="pcm", sample_rate=8000),
)
CHANGED = STSRequest(
    audio=RECORDING["content"],
    voice_id="v1",
    voice_settings=ALL_SETTINGS,
    output_format=AudioOutputFormat(format="pcm", sample_rate=8000),
)
PAYLOAD = {"voice_id": "v1", "voice_settings": ALL_SETTINGS, "output_format": "pcm_8000"}


@pytest.mark.parametrize(
    ("mapping", "request_", "payload", "ignored"),
    [
        (speech_mapping("eleven_v3"), SPOKEN, {**PAYLOAD, "text": "Hello.", "language_code": "de"}, []),
        (speech_mapping("eleven_multilingual_v2"), SPOKEN, {**PAYLOAD, "text": "Hello."}, ["hears the language"]),
        (CONVERSION, CHANGED, {**PAYLOAD, "audio": CHANGED.audio}, []),
    ],
    ids=["speech", "speech without a language", "change"],
)
def test_no_line_of_a_mapping_can_be_missed(mapping: Any, request_: Any, payload: Any, ignored: list[str]) -> None:
    def judged(lines: Any) -> tuple[Any, list[str]]:
        applied = apply_mapping(lines, request_)
        reasons = [str(one.reason) for one in applied.outcomes if one.outcome == "ignored"]
        return applied.payload, [words for words in ignored if words in str(reasons)]

    assert judged(mapping) == (payload, ignored)
    for parameter in mapping:
        assert judged({name: mapper for name, mapper in mapping.items() if name != parameter}) != (payload, ignored)


@pytest.mark.parametrize(
    "info", [info for info in ElevenLabs.models if info.status != "active"], ids=lambda info: info.id
)
def test_a_model_near_its_end_warns_with_its_replacement(desk: SpeechDesk, info: Any) -> None:
    with pytest.warns(TarashWarning, match=f"{info.id} is deprecated at elevenlabs") as caught:
        desk.generate("tts", model=info.id)
    assert info.replacement in str(caught[0].message)


@pytest.mark.parametrize("model", ["eleven_v3", "eleven_v4"])
def test_a_model_that_goes_on_warns_of_nothing(desk: SpeechDesk, model: str) -> None:
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        desk.generate("tts", model=model)
