"""The account of parameters: each field that is set has one outcome, and the wire agrees with it."""

import json
from typing import Any

import pytest
from tests.hume.cases import SETTINGS, USUAL, VOICE
from tests.support.speech import RECORDING, SpeechDesk
from tests.support.worlds import SyncWorld

from tarash.providers.hume import Hume
from tarash.providers.hume.provider import CONVERSION, SPEECH
from tarash.tarash_gateway.exceptions import TarashWarning, ValidationError
from tarash.tarash_gateway.models import AudioOutputFormat, STSRequest, TTSRequest
from tarash.tarash_gateway.parameters import apply_mapping
from tarash.testkit.hume import HumeSimulator
from tarash.testkit.requests import RecordedRequest

pytestmark = pytest.mark.filterwarnings("ignore::tarash.tarash_gateway.exceptions.TarashWarning")
MODELS = [(kind, info.id) for info in Hume().known_models() for kind in info.kinds] + [("tts", "octave-9")]
FIELDS: dict[str, dict[str, list[Any]]] = {
    "tts": {
        "output_format": [AudioOutputFormat(format="wav"), AudioOutputFormat(sample_rate=44_100)],
        "language_code": ["de"],
        "voice_settings": [SETTINGS, {"speed": 0.8}, {"stability": 0.2, "speed": 0.8}, {"provider": "HUME_AI"}],
        "extra_params": [{"temperature": 0.5}, {"num_generations": 2}],
    },
    "sts": {
        "output_format": [AudioOutputFormat(format="wav"), AudioOutputFormat(sample_rate=44_100)],
        "voice_settings": [{"provider": "HUME_AI"}, {"speed": 0.8}],
        "extra_params": [{"strip_headers": True}],
    },
}


def combinations(kind: str) -> list[dict[str, Any]]:
    """Each field alone in each of its values, and all of them together."""
    singles = [{name: value} for name, values in FIELDS[kind].items() for value in values]
    return [*singles, {name: values[0] for name, values in FIELDS[kind].items()}]


def on_wire(request: RecordedRequest) -> dict[str, Any]:
    """What a request says, by parameter; that of the utterance and of its voice, too."""
    if request.segments[-1] != "file":
        [utterance] = request.json["utterances"]
        said = {**request.json, **utterance}
    else:
        said = {str(part.name): part.content if part.file_name else json.loads(part.content) for part in request.parts}
    return {**said, "provider": said["voice"]["provider"]}


@pytest.mark.parametrize(("kind", "model"), MODELS)
def test_each_field_has_one_outcome_and_the_wire_agrees(vendor: HumeSimulator, kind: str, model: str) -> None:
    desk = SpeechDesk(SyncWorld(), "hume", vendor, USUAL, {"model": model})
    for fields in combinations(kind):
        vendor.server.requests.clear()
        response = desk.generate(kind, fields)
        outcomes = {outcome.field: outcome for outcome in response.parameters}
        assert len(outcomes) == len(response.parameters)
        assert set(outcomes) == {*USUAL[kind], *fields, *fields.get("extra_params", {})} - {"extra_params"}
        said = on_wire(vendor.requests()[0])
        for name, outcome in outcomes.items():
            agree(name, outcome, fields, said)


def agree(name: str, outcome: Any, fields: dict[str, Any], said: dict[str, Any]) -> None:
    if name == "voice_settings":
        placed = [setting for setting, value in fields[name].items() if said.get(setting) == value]
        lost = fields[name].keys() - placed
        assert outcome.outcome == ("renamed" if not lost else "converted" if placed else "ignored")
        assert all(f"{setting}: the model has no such setting" in outcome.reason for setting in lost)
    elif outcome.outcome == "ignored":
        assert outcome.reason
        assert name not in said
    elif outcome.used is not None:
        assert said[outcome.parameter] == outcome.used
    else:
        assert outcome.parameter in said


WRONG: list[tuple[str, dict[str, Any], str, str]] = [
    ("tts", {"text": "x" * 5001}, "default", "5001 characters, the model takes 5000"),
    ("tts", {"voice_settings": {"description": "x" * 1001}}, "default", "1001 characters, the model takes 1000"),
    ("tts", {"voice_settings": {"speed": 2.5}}, "default", "2.5 is more than 2"),
    ("tts", {"voice_settings": {"trailing_silence": 6}}, "default", "6 is more than 5"),
    ("sts", {"voice_settings": {"provider": "OTHER"}}, "default", "HUME_AI, CUSTOM_VOICE"),
    ("tts", {"voice_id": None}, "octave-2", "set voice_id"),
    ("tts", {"voice_id": None}, "2", "set voice_id"),
    ("tts", {"output_format": AudioOutputFormat(format="opus")}, "default", "mp3, wav, pcm, not 'opus'"),
    ("sts", {"extra_params": {"audio": "x"}}, "default", "audio: it is reserved"),
    ("sts", {"extra_params": {"provider": "x"}}, "default", "provider: it is reserved"),
]


@pytest.mark.parametrize(("kind", "fields", "model", "problem"), WRONG, ids=lambda value: str(value)[:40])
def test_a_wrong_value_is_refused_before_paying(
    desk: SpeechDesk, kind: str, fields: dict[str, Any], model: str, problem: str
) -> None:
    with pytest.raises(ValidationError, match=problem):
        desk.generate(kind, fields, model=model)
    assert desk.vendor.server.requests.total == 0


@pytest.mark.parametrize("extra", [{"format": "wav"}, {"format": {"type": "ogg"}}, {"voice": "Ada"}])
@pytest.mark.parametrize("kind", ["tts", "sts"])
def test_what_only_the_vendor_can_judge_is_left_to_it(desk: SpeechDesk, kind: str, extra: dict[str, Any]) -> None:
    with pytest.raises(ValidationError, match="Hume refused the request"):
        desk.generate(kind, {"extra_params": extra})
    assert (desk.vendor.ledger.posts, desk.vendor.ledger.total_charges) == (1, 0)


def test_a_wrong_option_is_refused_before_paying(desk: SpeechDesk) -> None:
    with pytest.raises(ValidationError, match="must be bool"):
        desk.generate("tts", provider_config={"timings": "words"})
    assert desk.vendor.server.requests.total == 0


LIBRARY_VOICE = {"id": VOICE, "provider": "HUME_AI"}
SPOKEN = TTSRequest(
    text="Hello.",
    voice_id=VOICE,
    voice_settings={**SETTINGS, "provider": "CUSTOM_VOICE"},
    output_format=AudioOutputFormat(format="pcm"),
)
CHANGED = STSRequest(
    audio=RECORDING["content"],
    voice_id=VOICE,
    voice_settings={"provider": "CUSTOM_VOICE"},
    output_format=AudioOutputFormat(format="pcm"),
)
PAYLOAD = {"voice": LIBRARY_VOICE, "provider": "CUSTOM_VOICE", "format": {"type": "pcm"}}


@pytest.mark.parametrize(
    ("mapping", "request_", "payload"),
    [
        (SPEECH, SPOKEN, {**PAYLOAD, **SETTINGS, "text": "Hello."}),
        (CONVERSION, CHANGED, {**PAYLOAD, "audio": CHANGED.audio}),
    ],
    ids=["speech", "change"],
)
def test_no_line_of_a_mapping_can_be_missed(mapping: Any, request_: Any, payload: Any) -> None:
    assert apply_mapping(mapping, request_).payload == payload
    for parameter in mapping:
        fewer = {name: mapper for name, mapper in mapping.items() if name != parameter}
        assert apply_mapping(fewer, request_).payload != payload


@pytest.mark.parametrize("model", [*(info.id for info in Hume.models), "octave-9"])
@pytest.mark.parametrize("kind", ["tts", "sts"])
def test_every_model_warns_of_the_end(desk: SpeechDesk, kind: str, model: str) -> None:
    with pytest.warns(TarashWarning, match=f"{model} is retired at hume since 2026-11-13.*announced the end"):
        desk.generate(kind, model=model)
