"""Texts longer than a model takes: refused before paying, or bought in pieces that become one sound."""

import base64
from collections.abc import Generator, Mapping
from typing import Any, ClassVar

import pytest
from pydantic import JsonValue
from tests.support.speech import heard
from tests.support.worlds import WORLDS, World

from tarash.tarash_gateway import Job, register_provider, stream_tts
from tarash.tarash_gateway.exceptions import (
    GenerationFailedError,
    HTTPError,
    PartialResultError,
    SubmitOutcomeUnknownError,
    TarashException,
    ValidationError,
)
from tarash.tarash_gateway.messages import Done, Json, Output, Pending, Request, Response, Step, text_at
from tarash.tarash_gateway.models import AudioGenerationConfig, AudioOutputFormat, Kind, TTSRequest
from tarash.tarash_gateway.providers.base import Call, Operation, Provider
from tarash.tarash_gateway.providers.field_mappers import FieldMapping, passthrough_field_mapper, text_field_mapper
from tarash.tarash_gateway.providers.sounds import read_sound
from tarash.testkit.clock import VirtualClock
from tarash.testkit.elevenlabs import VOICES, ElevenLabsSimulator
from tarash.testkit.fal import FalSimulator
from tarash.testkit.openai import OpenAISimulator
from tarash.testkit.runway import RunwaySimulator
from tarash.testkit.sarvam import SarvamSimulator
from tarash.testkit.server import ScriptedServer
from tarash.testkit.sounds import sound
from tarash.testkit.steps import Answer, Close

PIECES = ["The sea is calm.", "The lamp is lit!", "Is anybody there?"]
TEXT = "  ".join(PIECES)
MAPPING: FieldMapping = {
    "text": text_field_mapper("text", maximum=20, required=True),
    "format": passthrough_field_mapper("output_format.format"),
}


class Narration(Operation):
    """Answers with the sound, or with a job for it ("later")."""

    def submit(self, call: Call) -> Step[Pending | Done]:
        answer = yield Request("POST", f"{call.base_url}/speak", body=Json(call.payload), billable=True)
        if call.model == "later":
            return Pending({"id": text_at(answer.object(), "id")})
        return read_sound(answer, "audio/pcm" if call.payload["format"] == "pcm" else "audio/mpeg")

    def poll(self, call: Call, state: JsonValue) -> Step[Pending | Done]:
        job = text_at(state if isinstance(state, dict) else {}, "id")
        answer = (yield Request("GET", f"{call.base_url}/jobs/{job}")).object()
        if answer.get("state") == "failed":
            raise GenerationFailedError("narrator: it failed")
        return Done([Output(url=text_at(answer, "url"), duration=answer.get("seconds"))], answer)


class Narrator(Provider):
    id = "narrator"
    base_url = "https://narrator.example"
    key_required = False
    default_models: Mapping[Kind, str] = {"tts": "now"}
    mappings: ClassVar[Mapping[Kind, Mapping[str, FieldMapping]]] = {"tts": {"": MAPPING}}
    operations: Mapping[Kind, Operation] = {"tts": Narration()}

    def error(self, response: Response) -> TarashException | None:
        problem = response.object_or_empty().get("problem")
        return HTTPError(f"narrator: {problem}", status_code=response.status) if problem else None


@pytest.fixture(scope="module", autouse=True)
def narrator() -> None:
    register_provider("narrator", Narrator())
    register_provider("other", Narrator())


@pytest.fixture
def server() -> Generator[ScriptedServer]:
    with ScriptedServer() as one:
        one.handler = lambda request: Answer(body=sound("mp3", 24_000, seconds=1.0))
        yield one


def config(server: ScriptedServer, **changes: Any) -> AudioGenerationConfig:
    where = {"provider": "narrator", "base_url": server.url, "poll_interval": 0}
    return AudioGenerationConfig(**{**where, **changes})


def request(**changes: Any) -> TTSRequest:
    return TTSRequest(**{"text": TEXT, "split_text": True, **changes})


def texts(server: ScriptedServer) -> list[str]:
    return [sent.json["text"] for sent in server.requests.matching("POST")]


def test_each_piece_is_bought_once_and_heard_in_order(world: World, server: ScriptedServer, tmp_path: Any) -> None:
    sounds = {text: bytes([number]) * 4800 for number, text in enumerate(PIECES)}
    server.handler = lambda request: Answer(body=sounds[request.json["text"]])
    wanted = AudioOutputFormat(format="pcm", sample_rate=24_000)
    response = world.call("generate_tts", config(server), request(output_format=wanted))
    assert texts(server) == PIECES
    audio = base64.b64decode(response.audio)
    assert audio == b"".join(sounds.values())
    assert response.duration == pytest.approx(0.3)
    assert world.save(response, tmp_path / "all.pcm").read_bytes() == audio
    [told] = [outcome for outcome in response.parameters if outcome.field == "split_text"]
    assert (told.outcome, told.used) == ("converted", 3)
    assert len(response.raw_response["responses"]) == 3


@pytest.mark.parametrize("form", ["mp3", "wav", "opus"])
def test_the_sound_is_one_file(world: World, server: ScriptedServer, form: str) -> None:
    server.handler = lambda request: Answer(body=sound(form, 24_000, seconds=1.0))
    response = world.call("generate_tts", config(server), request(output_format=AudioOutputFormat(format=form)))
    found = heard(base64.b64decode(response.audio), form)
    assert found.seconds == pytest.approx(3.0, abs=0.3)
    assert response.duration == pytest.approx(found.seconds, abs=0.05)


def test_a_text_that_fits_is_spoken_in_one_piece(world: World, server: ScriptedServer) -> None:
    response = world.call("generate_tts", config(server), request(text="Short."))
    assert texts(server) == ["Short."]
    [told] = [outcome for outcome in response.parameters if outcome.field == "split_text"]
    assert (told.outcome, told.reason) == (
        "converted",
        "the text is within the limits that are known, and spoken in one piece",
    )


@pytest.mark.parametrize(
    ("changes", "reason"),
    [
        ({"split_text": False}, "the text has 53 characters, the model takes 20"),
        (
            {"output_format": AudioOutputFormat(format="flac")},
            "pieces of flac cannot be joined. Ask for one of mp3, wav",
        ),
    ],
)
def test_what_cannot_be_spoken_is_refused_before_paying(
    world: World, server: ScriptedServer, changes: Mapping[str, Any], reason: str
) -> None:
    with pytest.raises(ValidationError, match=reason):
        world.call("generate_tts", config(server), request(**changes))
    assert not server.requests


def test_a_text_among_the_extra_parameters_is_bought_once(world: World, server: ScriptedServer) -> None:
    place = config(server, unsupported_params="ignore")
    world.call("generate_tts", place, request(extra_params={"text": "Something else."}))
    assert texts(server) == ["Something else."]


def test_a_stream_is_not_split(server: ScriptedServer) -> None:
    with pytest.raises(ValidationError, match=r"generate_tts.*Nothing was sent"):
        next(stream_tts(config(server), request()))
    assert not server.requests


def test_paid_pieces_are_not_bought_again_after_a_429(world: World, server: ScriptedServer) -> None:
    server.script("POST", "/speak", Answer(body=sound("mp3", 24_000, seconds=1.0)))
    server.script("POST", "/speak", Answer(429, {"Retry-After": "0"}, json={"problem": "busy"}))
    world.call("generate_tts", config(server), request())
    assert texts(server) == [PIECES[0], PIECES[1], PIECES[1], PIECES[2]]


def test_a_lost_piece_ends_the_buying_and_nothing_is_lost(world: World, server: ScriptedServer) -> None:
    server.script("POST", "/speak", Answer(body=sound("mp3", 24_000, seconds=1.0)))
    server.script("POST", "/speak", Close())
    chain = config(server, fallback_configs=[config(server, provider="other")])
    with pytest.raises(PartialResultError, match="1 of 3 pieces of the text are there") as caught:
        world.call("generate_tts", chain, request())
    error = caught.value
    assert texts(server) == PIECES[:2]
    assert error.missing == tuple(PIECES[1:])
    assert isinstance(error.errors[0], SubmitOutcomeUnknownError)
    assert error.possibly_billed
    assert heard(base64.b64decode(error.response.audio), "mp3").seconds == pytest.approx(1.0, abs=0.1)


def test_the_chain_goes_on_before_the_first_piece(world: World, server: ScriptedServer) -> None:
    server.script("POST", "/speak", Answer(500, json={"problem": "down"}))
    chain = config(server, fallback_configs=[config(server, provider="other")])
    response = world.call("generate_tts", chain, request())
    assert texts(server) == [PIECES[0], *PIECES]
    assert response.execution_metadata.successful_attempt == 2


def test_sound_that_does_not_join_is_not_lost(world: World, server: ScriptedServer) -> None:
    sounds = {text: sound("wav", rate, seconds=0.2) for text, rate in zip(PIECES, (8000, 8000, 16_000), strict=True)}
    server.handler = lambda request: Answer(body=sounds[request.json["text"]])
    with pytest.raises(PartialResultError, match="cannot be joined") as caught:
        world.call("generate_tts", config(server), request())
    assert caught.value.sounds == tuple(sounds.values())
    assert not caught.value.missing


# --- vendors whose speech is a job


class Jobs:
    """A job for each text; the one that holds `fails` fails."""

    def __init__(self, server: ScriptedServer, fails: str = "nothing", seconds: float | None = None) -> None:
        self.server, self.fails, self.seconds = server, fails, seconds
        self.texts: list[str] = []

    def __call__(self, request: Any) -> Answer:
        if request.method == "POST":
            self.texts.append(request.json["text"])
            return Answer(json={"id": str(len(self.texts))})
        number = int(request.path.rpartition("/")[2])
        if request.path.startswith("/files/"):
            return Answer(body=sound("mp3", 24_000, seconds=float(number)))
        if self.fails in self.texts[number - 1]:
            return Answer(json={"state": "failed"})
        return Answer(json={"url": f"{self.server.url}/files/{number}", "seconds": self.seconds})


def test_jobs_of_all_pieces_are_one_job(world: World, server: ScriptedServer) -> None:
    server.handler = Jobs(server, seconds=2.0)
    job = world.call("submit_tts", config(server, model="later"), request())
    again = Job.from_json(job.to_json())
    response = world.call("resume", again, config(server, model="later"))
    assert len(server.requests.matching("POST")) == 3
    assert heard(base64.b64decode(response.audio), "mp3").seconds == pytest.approx(1 + 2 + 3, abs=0.3)
    assert response.duration == pytest.approx(6.0)


def test_a_piece_that_failed_is_named(world: World, server: ScriptedServer) -> None:
    server.handler = Jobs(server, fails="lamp")
    with pytest.raises(PartialResultError, match=r"2 of 3 pieces.*it failed.*Nothing was bought again") as caught:
        world.call("generate_tts", config(server, model="later"), request())
    assert caught.value.missing == (PIECES[1],)
    assert heard(base64.b64decode(caught.value.response.audio), "mp3").seconds == pytest.approx(1 + 3, abs=0.2)
    assert texts(server) == PIECES


# --- the limits of the vendors

LIMITS = [
    ("elevenlabs", "eleven_v3", 5000),
    ("elevenlabs", "eleven_multilingual_v2", 10_000),
    ("elevenlabs", "eleven_flash_v2_5", 40_000),
    ("sarvam", "bulbul:v3", 2500),
    ("sarvam", "bulbul:v4-flash", 2500),
    ("hume", "octave-1", 5000),
    ("openai", "gpt-4o-mini-tts", 4096),
    ("azure-openai", "tts-1", 4096),
    ("runway", "eleven_multilingual_v2", 1000),
]


@pytest.mark.filterwarnings("ignore::tarash.tarash_gateway.exceptions.TarashWarning")
@pytest.mark.parametrize(("provider", "model", "most"), LIMITS, ids=lambda value: str(value))
def test_a_vendor_is_not_asked_for_more_than_it_takes(
    server: ScriptedServer, provider: str, model: str, most: int
) -> None:
    place = AudioGenerationConfig(provider=provider, model=model, api_key="key", base_url=server.url)
    voice = {"runway": None, "hume": "voice"}.get(provider, "alloy")
    with pytest.raises(ValidationError, match=rf"the text has {most + 1} .*the model takes {most}"):
        WORLDS["sync"]().call("generate_tts", place, TTSRequest(text="x" * (most + 1), voice_id=voice))
    assert not server.requests


# --- against simulators

STORY = " ".join(f"This is sentence number {number} of a long story." for number in range(400))
SPEECH_SCHEMA = {
    "properties": {"prompt": {"type": "string", "maxLength": 6000}},
    "required": ["prompt"],
}


def tell(world: World, vendor: Any, **more: Any) -> Any:
    """A long story spoken by a simulator's vendor; the response."""
    voice = more.pop("voice_id", None)
    place = AudioGenerationConfig(**{**vendor.settings, "poll_interval": 0, **more})
    return world.call("generate_tts", place, TTSRequest(text=STORY, voice_id=voice, split_text=True))


def assert_told(response: Any, spoken: list[str], pieces: int) -> None:
    assert len(spoken) == pieces
    assert " ".join(spoken) == STORY
    assert heard(base64.b64decode(response.audio), "mp3").seconds == pytest.approx(response.duration, abs=0.2)


@pytest.mark.filterwarnings("ignore::tarash.tarash_gateway.exceptions.TarashWarning")
def test_fal_says_in_its_schemas_how_long_a_text_may_be(world: World, virtual_clock: VirtualClock) -> None:
    with FalSimulator(clock=virtual_clock) as fal:
        fal.register_endpoint("newlab/voice-9", SPEECH_SCHEMA, kind="audio")
        options = {"schema_url": fal.openapi_url}
        response = tell(world, fal, model="newlab/voice-9", provider_config=options)
        assert_told(response, [job.input["prompt"] for job in fal.jobs], 3)


def test_runways_tasks_are_joined(world: World, virtual_clock: VirtualClock) -> None:
    with RunwaySimulator(clock=virtual_clock) as runway:
        response = tell(world, runway)
        spoken = [request.json["promptText"] for request in runway.server.requests.matching("POST")]
        assert_told(response, spoken, 19)


@pytest.mark.parametrize(
    ("make", "more", "field", "pieces"),
    [
        (OpenAISimulator, {}, "input", 5),
        (ElevenLabsSimulator, {"voice_id": VOICES[0].id, "model": "eleven_v3"}, "text", 4),
        (SarvamSimulator, {}, "text", 8),
    ],
    ids=["openai", "elevenlabs", "sarvam"],
)
@pytest.mark.filterwarnings("ignore::tarash.tarash_gateway.exceptions.TarashWarning")
def test_vendors_that_answer_at_once_are_joined(
    world: World, virtual_clock: VirtualClock, make: Any, more: dict[str, Any], field: str, pieces: int
) -> None:
    with make(clock=virtual_clock) as vendor:
        response = tell(world, vendor, **more)
        spoken = [request.json[field] for request in vendor.server.requests.matching("POST")]
        assert_told(response, spoken, pieces)
