"""The vendor's own SDK, unmodified, against the simulator; and what it sends where an answer is lost."""

import asyncio
import base64
import json
from collections.abc import Callable, Generator
from typing import Any

import httpx
import pytest
from tests.hume.cases import BY_ID, BY_NAME, OWN, USUAL
from tests.support.speech import LATE, RECORDING, TEXT, SpeechDesk, count_posts, heard
from tests.support.worlds import SyncWorld

from tarash.testkit.clock import VirtualClock
from tarash.testkit.hume import LIBRARY, HumeSimulator, errors
from tarash.testkit.speech import spoken_seconds
from tarash.testkit.steps import Answer

hume: Any = pytest.importorskip("hume")
ApiError = pytest.importorskip("hume.core.api_error").ApiError
pytestmark = [pytest.mark.vendor, pytest.mark.filterwarnings("ignore")]
UTTERANCE = {"text": TEXT, "voice": BY_ID}
SPEECH: dict[str, Any] = {"utterances": [UTTERANCE]}
CHANGE: dict[str, Any] = {"audio": ("input.wav", RECORDING["content"], "audio/wav"), "voice": BY_ID}


@pytest.fixture
def simulator() -> Generator[HumeSimulator]:
    with HumeSimulator(clock=VirtualClock()) as running:
        yield running


@pytest.fixture
def connect() -> Generator[Callable[..., Any]]:
    """The SDK's client of a simulator, as it comes but for sockets that are closed in the end."""
    with httpx.Client() as http:
        yield lambda vendor, **more: hume.HumeClient(
            **{"api_key": vendor.key, "base_url": vendor.base_url, "httpx_client": http, **more}
        )


@pytest.fixture
def sdk(connect: Callable[..., Any], simulator: HumeSimulator) -> Any:
    return connect(simulator)


@pytest.mark.parametrize("form", ["mp3", "wav", "pcm"])
def test_sound_is_of_the_format_that_was_asked_for(sdk: Any, simulator: HumeSimulator, form: str) -> None:
    wanted = {"format": {"type": form}}
    [generation] = sdk.tts.synthesize_json(**SPEECH, **wanted).generations
    whole = base64.b64decode(generation.audio)
    found = heard(whole, form, 48_000)
    assert (found.codec, found.sample_rate, found.channels) == ({"wav": "pcm"}.get(form, form), 48_000, 1)
    assert [found.seconds, generation.duration] == [pytest.approx(spoken_seconds(TEXT), abs=0.01)] * 2
    assert (generation.encoding.format, generation.file_size) == (form, len(whole))
    assert b"".join(sdk.tts.synthesize_file(**SPEECH, **wanted)) == whole
    assert b"".join(sdk.tts.synthesize_file_streaming(**SPEECH, **wanted)) == whole
    chunks = list(sdk.tts.synthesize_json_streaming(**SPEECH, **wanted, strip_headers=True))
    assert b"".join(base64.b64decode(chunk.audio) for chunk in chunks) == whole
    assert [chunk.is_last_chunk for chunk in chunks] == [False, False, False, True]
    changed = b"".join(sdk.tts.convert_voice_file(**CHANGE, **wanted))
    assert heard(changed, form, 48_000).seconds == pytest.approx(1.0, abs=0.01)
    parts = [base64.b64decode(chunk.audio) for chunk in sdk.tts.convert_voice_json(**CHANGE, **wanted)]
    assert [heard(part, form, 48_000).seconds for part in parts] == [pytest.approx(0.25, abs=0.03)] * 4
    assert simulator.ledger.total_charges == 6


def test_the_asynchronous_sdk(simulator: HumeSimulator) -> None:
    async def check() -> None:
        async with httpx.AsyncClient() as http:
            client = hume.AsyncHumeClient(api_key=simulator.key, base_url=simulator.base_url, httpx_client=http)
            whole = base64.b64decode((await client.tts.synthesize_json(**SPEECH)).generations[0].audio)
            assert heard(whole, "mp3").sample_rate == 48_000
            assert b"".join([piece async for piece in client.tts.synthesize_file(**SPEECH)]) == whole
            lines = [line async for line in client.tts.synthesize_json_streaming(**SPEECH, strip_headers=True)]
            assert b"".join(base64.b64decode(line.audio) for line in lines) == whole
            changed = b"".join([piece async for piece in client.tts.convert_voice_file(**CHANGE)])
            assert heard(changed, "mp3").seconds == pytest.approx(1.0, abs=0.05)
            voices = [voice async for voice in await client.tts.voices.list(provider="HUME_AI")]
            assert [voice.id for voice in voices] == [voice.id for voice in LIBRARY]
            with pytest.raises(ApiError, match="voice_not_found"):
                await client.tts.synthesize_json(utterances=[{"text": TEXT, "voice": {"name": "Nobody"}}])

    asyncio.run(check())
    assert simulator.ledger.total_charges == 4


def test_timestamps(sdk: Any) -> None:
    timed = {**SPEECH, "version": "2", "include_timestamp_types": ["word"]}
    lines = list(sdk.tts.synthesize_json_streaming(**timed))
    assert [line.timestamp.text for line in lines if line.type == "timestamp"] == TEXT.split()
    [[snippet]] = sdk.tts.synthesize_json(**timed).generations[0].snippets
    assert snippet.timestamps[-1].time.end == pytest.approx(1000 * spoken_seconds(TEXT))


def test_the_lists_of_voices(sdk: Any) -> None:
    pager = sdk.tts.voices.list(provider="HUME_AI", page_size=5)
    assert [voice.name for voice in pager] == [voice.name for voice in LIBRARY]
    assert [voice.id for voice in sdk.tts.voices.list(provider="CUSTOM_VOICE")] == [OWN]


def spoken(sdk: Any, utterance: dict[str, Any] | None = None, **more: Any) -> Any:
    return sdk.tts.synthesize_json(utterances=[{**UTTERANCE, **(utterance or {})}], **more)


WRONG: dict[str, tuple[Callable[[Any], Any], int, str]] = {
    "no utterance": (lambda sdk: sdk.tts.synthesize_json(utterances=[]), 422, "too_short"),
    "no text": (lambda sdk: spoken(sdk, {"text": " "}), 400, "no text"),
    "a long text": (lambda sdk: spoken(sdk, {"text": "x" * 5001}), 422, "string_too_long"),
    "a long description": (lambda sdk: spoken(sdk, {"description": "x" * 1001}), 422, "string_too_long"),
    "too fast": (lambda sdk: spoken(sdk, {"speed": 3}), 422, "less_than_equal"),
    "a long silence": (lambda sdk: spoken(sdk, {"trailing_silence": 6}), 422, "less_than_equal"),
    "an unknown field": (lambda sdk: spoken(sdk, {"pitch": 1}), 422, "extra_forbidden"),
    "an unknown voice": (lambda sdk: spoken(sdk, {"voice": {"name": "Nobody"}}), 400, "voice_not_found"),
    "a voice of the library as one's own": (
        lambda sdk: spoken(sdk, {"voice": {"id": BY_ID["id"]}}),
        400,
        "voice_not_found",
    ),
    "a voice by id and name": (lambda sdk: spoken(sdk, {"voice": {**BY_ID, **BY_NAME}}), 422, "either id or name"),
    "an unknown format": (lambda sdk: spoken(sdk, format={"type": "flac"}), 422, "literal_error"),
    "six generations": (lambda sdk: spoken(sdk, num_generations=6), 422, "less_than_equal"),
    "Octave 2 without a voice": (lambda sdk: spoken(sdk, {"voice": None}, version="2"), 400, "Octave 2 needs a voice"),
    "a stream without a voice": (
        lambda sdk: list(sdk.tts.synthesize_json_streaming(utterances=[{"text": "x"}])),
        400,
        "instant mode needs a voice",
    ),
    "two instant generations": (
        lambda sdk: list(sdk.tts.synthesize_json_streaming(**SPEECH, num_generations=2)),
        400,
        "one generation",
    ),
    "timestamps of Octave 1": (lambda sdk: spoken(sdk, include_timestamp_types=["word"]), 400, "need Octave 2"),
    "no recording": (
        lambda sdk: list(sdk.tts.convert_voice_file(audio=("a.wav", b"text"), voice=BY_ID)),
        400,
        "cannot be read",
    ),
}


@pytest.mark.parametrize("name", WRONG)
def test_what_is_wrong_is_refused(sdk: Any, simulator: HumeSimulator, name: str) -> None:
    call, status, words = WRONG[name]
    with pytest.raises(ApiError) as caught:
        call(sdk)
    body = caught.value.body
    assert caught.value.status_code == status
    assert words in json.dumps(body if isinstance(body, dict) else body.model_dump())
    assert simulator.ledger.total_charges == 0


def test_keys_credits_clients_and_paths(connect: Callable[..., Any], simulator: HumeSimulator) -> None:
    with pytest.raises(ApiError, match="Invalid authentication"):
        spoken(connect(simulator, api_key="wrong"))
    with pytest.raises(ApiError, match="1010"):
        spoken(connect(simulator), request_options={"additional_headers": {"User-Agent": "python-httpx/0.28"}})
    with HumeSimulator(credits=10) as poor, pytest.raises(ApiError) as caught:
        spoken(connect(poor))
    assert caught.value.status_code == 402
    nothing = httpx.get(f"{simulator.base_url}/v0/nothing", headers={"User-Agent": "test"})
    assert nothing.json() == errors.no_path().json


@pytest.mark.parametrize("answer", [errors.too_many(), errors.gateway(404, "gone")])
def test_a_fault_is_played_once(sdk: Any, simulator: HumeSimulator, answer: Answer) -> None:
    simulator.fail_next("sts", answer)
    with pytest.raises(ApiError) as caught:
        list(sdk.tts.convert_voice_file(**CHANGE))
    assert (caught.value.status_code, caught.value.body) == (answer.status, answer.json)
    assert list(sdk.tts.convert_voice_file(**CHANGE))


ONCE = dict.fromkeys(("drop", "reset", "cut", "500", "504", "late"), 1)
SENT_BY_THE_SDK = {"tts": {**ONCE, "500": 3, "504": 3}, "stream": ONCE, "sts": ONCE}


@pytest.mark.parametrize("kind", SENT_BY_THE_SDK)
def test_the_posts_of_the_sdk_and_of_tarash(connect: Callable[..., Any], simulator: HumeSimulator, kind: str) -> None:
    """The SDK as it comes: it repeats what has a JSON answer, and what it repeats was charged."""
    sdk = connect(simulator, timeout=LATE)
    desk = SpeechDesk(SyncWorld(), "hume", simulator, USUAL)
    theirs: dict[str, Callable[[], Any]] = {
        "tts": lambda: spoken(sdk),
        "stream": lambda: list(sdk.tts.synthesize_json_streaming(**SPEECH)),
        "sts": lambda: list(sdk.tts.convert_voice_file(**CHANGE)),
    }
    ours: dict[str, Callable[[], Any]] = {
        "tts": lambda: desk.generate("tts", timeout=LATE),
        "stream": lambda: desk.listen(timeout=LATE),
        "sts": lambda: desk.generate("sts", timeout=LATE),
    }
    table = count_posts(desk, kind, ours[kind], theirs[kind])
    assert table == {loss: (SENT_BY_THE_SDK[kind][loss], 1) for loss in table}
