"""The same logical calls, said to tarash and to the vendor's own SDK. `sdk` is given the SDK's client."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any

from tests.support.speech import RECORDING, TEXT

from tarash.tarash_gateway.models import AudioOutputFormat
from tarash.testkit.hume import LIBRARY, OWN_VOICES

VOICE, OWN = LIBRARY[0].id, OWN_VOICES[0].id
BY_ID = {"id": VOICE, "provider": "HUME_AI"}
BY_NAME = {"name": LIBRARY[1].name, "provider": "HUME_AI"}
USUAL: dict[str, dict[str, Any]] = {
    "tts": {"text": TEXT, "voice_id": VOICE},
    "sts": {"audio": RECORDING, "voice_id": VOICE},
}


@dataclass(frozen=True)
class Case:
    name: str
    kind: str
    request: dict[str, Any]
    sdk: Callable[[Any], Any]
    model: str
    config: dict[str, Any] = field(default_factory=dict)


def speech(
    name: str,
    request: dict[str, Any],
    utterance: Mapping[str, Any] | None = None,
    *,
    model: str = "default",
    streamed: bool = False,
    config: dict[str, Any] | None = None,
    **sends: Any,
) -> Case:
    """`utterance` and `sends` are what the SDK is told beside text, voice and the usual format."""
    said = {"text": TEXT, "voice": BY_ID, **(utterance or {})}
    usual = {"utterances": [{key: value for key, value in said.items() if value}], "format": {"type": "mp3"}}
    streaming = {"instant_mode": True, "strip_headers": True} if streamed else {}
    call = "synthesize_json_streaming" if streamed else "synthesize_json"

    def speak(sdk: Any) -> Any:
        answer = getattr(sdk.tts, call)(**{**usual, **streaming, **sends})
        return list(answer) if streamed else answer

    return Case(name, "stream" if streamed else "tts", request, speak, model, config or {})


def change(name: str, request: dict[str, Any], **sends: Any) -> Case:
    audio = ("input.wav", RECORDING["content"], "audio/wav")
    usual = {"audio": audio, "voice": BY_ID, "format": {"type": "mp3"}}
    return Case(name, "sts", request, lambda sdk: list(sdk.tts.convert_voice_file(**{**usual, **sends})), "default")


def shape(form: str, rate: int | None = None, bitrate: int | None = None) -> dict[str, Any]:
    return {"output_format": AudioOutputFormat(format=form, sample_rate=rate, bitrate=bitrate)}


FORMATS = {
    **{
        f"{form} {rate}": (form, shape(form, rate)) for form in ("mp3", "wav", "pcm") for rate in (None, 48_000, 44_100)
    },
    "mp3 as usual": ("mp3", shape("mp3", 44_100, 128)),
}
SETTINGS: dict[str, Any] = {"description": "calm", "speed": 1.5, "trailing_silence": 2.0}
CONTEXT = {"utterances": [{"text": "Before."}]}
BEFORE = {"generation_id": "g1"}
DESIGNED = {"voice_id": None, "voice_settings": {"description": "an old man"}}
ALL: dict[str, Any] = {"num_generations": 2, "temperature": 0.7, "split_utterances": False, "strip_headers": True}


def spoken(*, streamed: bool) -> list[Case]:
    """What both routes are asked."""

    def case(name: str, *arguments: Any, **named: Any) -> Case:
        return speech(f"streamed {name}" if streamed else name, *arguments, streamed=streamed, **named)

    return [
        *(case(f"speech as {name}", request, format={"type": form}) for name, (form, request) in FORMATS.items()),
        *(
            case(f"speech with {name}", {"voice_settings": {name: value}}, {name: value})
            for name, value in SETTINGS.items()
        ),
        case("speech of a text alone", {}),
        case("speech with all settings", {"voice_settings": SETTINGS}, SETTINGS),
        case("speech of a voice by name", {"voice_id": LIBRARY[1].name}, {"voice": BY_NAME}),
        case(
            "speech of one's own voice",
            {"voice_id": OWN, "voice_settings": {"provider": "CUSTOM_VOICE"}},
            {"voice": {"id": OWN, "provider": "CUSTOM_VOICE"}},
        ),
        case("speech by Octave 1", {}, model="octave-1", version="1"),
        case("speech by Octave", {}, model="octave", version="1"),
        case("speech by Octave 2", {}, model="octave-2", version="2"),
        case("speech by a version", {}, model="2", version="2"),
        case("speech by a model that is not known", {}, model="octave-9"),
        case("speech after a text", {"extra_params": {"context": CONTEXT}}, context=CONTEXT),
        case("speech after a generation", {"extra_params": {"context": BEFORE}}, context=BEFORE),
        case("speech at a temperature", {"extra_params": {"temperature": 0.7}}, temperature=0.7),
        case("speech in one piece", {"extra_params": {"split_utterances": False}}, split_utterances=False),
        case(
            "speech of two utterances",
            {"extra_params": {"utterances": [{"text": "One."}, {"text": "Two."}], "instant_mode": False}},
            utterances=[{"text": "One."}, {"text": "Two."}],
            instant_mode=False,
        ),
        case(
            "speech with phonemes",
            {"extra_params": {"include_timestamp_types": ["phoneme"]}},
            model="octave-2",
            version="2",
            include_timestamp_types=["phoneme"],
        ),
        case(
            "speech with timings",
            {},
            model="octave-2",
            version="2",
            config={"provider_config": {"timings": True}},
            include_timestamp_types=["word"],
        ),
        case("speech in other letters", {"text": "Güten Täg, 灯台 🗼"}, {"text": "Güten Täg, 灯台 🗼"}),
    ]


CASES = [
    *spoken(streamed=False),
    *spoken(streamed=True),
    speech("speech of a designed voice", DESIGNED, {"voice": None, "description": "an old man"}),
    speech("speech with everything", {"extra_params": ALL}, **ALL),
    speech(
        "streamed speech of a designed voice",
        DESIGNED,
        {"voice": None, "description": "an old man"},
        streamed=True,
        instant_mode=False,
    ),
    *(change(f"change as {name}", request, format={"type": form}) for name, (form, request) in FORMATS.items()),
    change("change to a voice by name", {"voice_id": LIBRARY[1].name}, voice=BY_NAME),
    change(
        "change to one's own voice",
        {"voice_id": OWN, "voice_settings": {"provider": "CUSTOM_VOICE"}},
        voice={"id": OWN, "provider": "CUSTOM_VOICE"},
    ),
    change("change with stripped headers", {"extra_params": {"strip_headers": True}}, strip_headers=True),
    change("change after a generation", {"extra_params": {"context": BEFORE}}, context=BEFORE),
]
