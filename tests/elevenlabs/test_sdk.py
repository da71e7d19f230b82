"""The vendor's own SDK, unmodified, against the simulator; and what it sends where an answer is lost."""

import asyncio
import base64
import json
from collections.abc import Callable, Generator
from typing import Any

import httpx
import pytest
from tests.elevenlabs.cases import USUAL, VOICE
from tests.support.speech import LATE, RECORDING, TEXT, SpeechDesk, count_posts, heard
from tests.support.worlds import SyncWorld

from tarash.testkit.clock import VirtualClock
from tarash.testkit.elevenlabs import VOICES, ElevenLabsSimulator, errors
from tarash.testkit.elevenlabs.catalogue import FORMATS, MODELS
from tarash.testkit.sounds import sound
from tarash.testkit.speech import spoken_seconds
from tarash.testkit.steps import Answer

elevenlabs: Any = pytest.importorskip("elevenlabs")
ApiError = pytest.importorskip("elevenlabs.core.api_error").ApiError
pytestmark = [pytest.mark.vendor, pytest.mark.filterwarnings("ignore")]


@pytest.fixture
def simulator() -> Generator[ElevenLabsSimulator]:
    with ElevenLabsSimulator(clock=VirtualClock()) as running:
        yield running


@pytest.fixture
def connect() -> Generator[Callable[..., Any]]:
    """The SDK's client of a simulator, as it comes but for sockets that are closed in the end."""
    with httpx.Client() as http:
        yield lambda vendor, **more: elevenlabs.ElevenLabs(
            api_key=vendor.key, base_url=vendor.base_url, httpx_client=http, **more
        )


@pytest.fixture
def sdk(connect: Callable[..., Any], simulator: ElevenLabsSimulator) -> Any:
    return connect(simulator)


def spoken(sdk: Any, call: str = "convert", **changes: Any) -> Any:
    return getattr(sdk.text_to_speech, call)(
        **{"voice_id": VOICE, "text": TEXT, "model_id": "eleven_flash_v2_5", **changes}
    )


@pytest.mark.parametrize("name", FORMATS)
def test_speech_is_of_the_format_that_was_asked_for(sdk: Any, name: str) -> None:
    wanted = FORMATS[name]
    for audio in (
        b"".join(spoken(sdk, output_format=name)),
        b"".join(
            sdk.speech_to_speech.convert(
                VOICE, audio=RECORDING["content"], model_id="eleven_multilingual_sts_v2", output_format=name
            )
        ),
    ):
        found = heard(audio, wanted.form, wanted.sample_rate)
        codec = {"wav": "pcm"}.get(wanted.form, wanted.form)
        assert (found.codec, found.sample_rate, found.channels) == (codec, wanted.sample_rate, 1)


def test_streams_of_the_sdk(sdk: Any, simulator: ElevenLabsSimulator) -> None:
    whole = b"".join(spoken(sdk))
    assert b"".join(spoken(sdk, "stream")) == whole
    lines = list(spoken(sdk, "stream_with_timestamps"))
    assert b"".join(base64.b64decode(line.audio_base_64) for line in lines) == whole
    assert "".join(character for line in lines for character in line.alignment.characters) == TEXT
    timed = spoken(sdk, "convert_with_timestamps")
    assert base64.b64decode(timed.audio_base_64) == whole
    assert timed.alignment.character_end_times_seconds[-1] == pytest.approx(spoken_seconds(TEXT))
    changed = sdk.speech_to_speech.stream(VOICE, audio=RECORDING["content"], model_id="eleven_multilingual_sts_v2")
    assert heard(b"".join(changed), "mp3").seconds == pytest.approx(1.0, abs=0.05)
    assert simulator.ledger.total_charges == 5


def test_the_asynchronous_sdk(simulator: ElevenLabsSimulator) -> None:
    async def check() -> None:
        async with httpx.AsyncClient() as http:
            where = {"api_key": simulator.key, "base_url": simulator.base_url}
            client = elevenlabs.AsyncElevenLabs(**where, httpx_client=http)
            speech = {"voice_id": VOICE, "text": TEXT}
            whole = b"".join([piece async for piece in client.text_to_speech.convert(**speech)])
            assert heard(whole, "mp3").sample_rate == 44_100
            assert b"".join([piece async for piece in client.text_to_speech.stream(**speech)]) == whole
            lines = [line async for line in client.text_to_speech.stream_with_timestamps(**speech)]
            assert b"".join(base64.b64decode(line.audio_base_64) for line in lines) == whole
            timed = await client.text_to_speech.convert_with_timestamps(**speech)
            assert "".join(timed.alignment.characters) == TEXT
            change = {"audio": RECORDING["content"], "model_id": "eleven_multilingual_sts_v2"}
            changed = [piece async for piece in client.speech_to_speech.convert(VOICE, **change)]
            assert heard(b"".join(changed), "mp3").seconds == pytest.approx(1.0, abs=0.05)
            assert len((await client.voices.search()).voices) == 10
            with pytest.raises(ApiError, match="voice_not_found"):
                await client.text_to_speech.convert_with_timestamps("nobody", text=TEXT)

    asyncio.run(check())
    assert simulator.ledger.total_charges == 5


def test_what_is_charged_is_told(sdk: Any, simulator: ElevenLabsSimulator) -> None:
    with sdk.text_to_speech.with_raw_response.convert(VOICE, text="x" * 100, model_id="eleven_flash_v2_5") as answer:
        list(answer.data)
    assert answer.headers["character-cost"] == "50"
    assert simulator.ledger.amount(answer.headers["request-id"]) == 50
    assert sdk.user.subscription.get().character_count == 50


def test_the_lists(sdk: Any) -> None:
    first = sdk.voices.search()
    second = sdk.voices.search(next_page_token=first.next_page_token)
    assert (first.has_more, second.has_more, first.total_count) == (True, False, len(VOICES))
    assert [voice.voice_id for voice in (*first.voices, *second.voices)] == [voice.id for voice in VOICES]
    assert [voice.name for voice in sdk.voices.search(search="ad").voices] == ["Ada"]
    assert len(sdk.voices.get_all().voices) == len(VOICES)
    assert {model.model_id for model in sdk.models.list()} == set(MODELS)


WRONG: dict[str, tuple[Callable[[Any], Any], int, str]] = {
    "no text": (lambda sdk: spoken(sdk, text=" "), 400, "empty_text"),
    "a long text": (lambda sdk: spoken(sdk, text="x" * 5001, model_id="eleven_v3"), 400, "text_too_long"),
    "an unknown voice": (lambda sdk: spoken(sdk, voice_id="nobody"), 404, "voice_not_found"),
    "an unknown model": (lambda sdk: spoken(sdk, model_id="eleven_v99"), 404, "model_not_found"),
    "a model that does not speak": (
        lambda sdk: spoken(sdk, model_id="eleven_english_sts_v2"),
        400,
        "unsupported_model",
    ),
    "an unknown format": (lambda sdk: spoken(sdk, output_format="mp3_8000_32"), 422, "enum"),
    "a stream of WAV": (lambda sdk: spoken(sdk, "stream", output_format="wav_24000"), 422, "enum"),
    "a setting out of range": (lambda sdk: spoken(sdk, voice_settings={"stability": 2}), 422, "less_than_equal"),
    "an unknown setting": (lambda sdk: spoken(sdk, voice_settings={"pitch": 2}), 422, "extra_forbidden"),
    "a language the model cannot be told": (
        lambda sdk: spoken(sdk, model_id="eleven_multilingual_v2", language_code="de"),
        400,
        "unsupported_language",
    ),
    "a region": (lambda sdk: spoken(sdk, language_code="en-US"), 422, "string_pattern_mismatch"),
    "a text before version 3": (
        lambda sdk: spoken(sdk, model_id="eleven_v3", previous_text="a"),
        400,
        "unsupported_model",
    ),
    "four ids": (lambda sdk: spoken(sdk, previous_request_ids=["a"] * 4), 422, "too_long"),
    "no recording": (
        lambda sdk: sdk.speech_to_speech.convert(VOICE, audio=b"text", model_id="eleven_english_sts_v2"),
        400,
        "invalid_audio",
    ),
    "a long recording": (
        lambda sdk: sdk.speech_to_speech.convert(
            VOICE, audio=b"\0" * 9_700_000, model_id="eleven_english_sts_v2", file_format="pcm_s16le_16"
        ),
        400,
        "audio_too_long",
    ),
    "a model that changes no voice": (
        lambda sdk: sdk.speech_to_speech.convert(VOICE, audio=RECORDING["content"], model_id="eleven_v3"),
        400,
        "unsupported_model",
    ),
    "settings that are no JSON": (
        lambda sdk: sdk.speech_to_speech.convert(VOICE, audio=RECORDING["content"], voice_settings="{"),
        422,
        "json_invalid",
    ),
}


@pytest.mark.parametrize("name", WRONG)
def test_what_is_wrong_is_refused(sdk: Any, simulator: ElevenLabsSimulator, name: str) -> None:
    call, status, code = WRONG[name]
    with pytest.raises(ApiError) as caught:
        list(call(sdk))
    assert caught.value.status_code == status
    assert code in json.dumps(caught.value.body)
    assert simulator.ledger.total_charges == 0


def test_keys_plans_and_credits(connect: Callable[..., Any]) -> None:
    with ElevenLabsSimulator(tier="free", credits=20) as simulator:
        sdk = connect(simulator)
        for status, code, sends in (
            (401, "invalid_api_key", {"request_options": {"additional_headers": {"xi-api-key": "wrong"}}}),
            (403, "subscription_required", {"output_format": "pcm_44100"}),
            (402, "insufficient_credits", {"text": "x" * 100}),
        ):
            with pytest.raises(ApiError) as caught:
                list(spoken(sdk, **sends))
            assert (caught.value.status_code, caught.value.body["detail"]["code"]) == (status, code)
        assert simulator.ledger.total_charges == 0


@pytest.mark.parametrize(
    "answer",
    [errors.too_many(), errors.busy(), errors.older(401, "quota_exceeded", "No."), errors.plain(404, "Not Found")],
)
def test_a_fault_is_played_once(sdk: Any, simulator: ElevenLabsSimulator, answer: Answer) -> None:
    simulator.fail_next("tts", answer)
    with pytest.raises(ApiError) as caught:
        list(spoken(sdk))
    assert (caught.value.status_code, caught.value.body) == (answer.status, answer.json)
    assert list(spoken(sdk))


def test_the_voice_changer_may_have_its_older_name_only(connect: Callable[..., Any]) -> None:
    with ElevenLabsSimulator(sts_paths=["speech-to-speech"]) as simulator:
        sdk = connect(simulator)
        with pytest.raises(ApiError, match="Not Found"):
            list(sdk.speech_to_speech.convert(VOICE, audio=sound("wav", 16_000)))


SENT_BY_THE_SDK = {"tts": dict.fromkeys(("drop", "reset", "cut", "500", "504", "late"), 1)}
SENT_BY_THE_SDK["timed"] = {**SENT_BY_THE_SDK["tts"], "500": 3, "504": 3}


@pytest.mark.parametrize("call", ["tts", "timed", "stream", "sts"])
def test_the_posts_of_the_sdk_and_of_tarash(
    connect: Callable[..., Any], simulator: ElevenLabsSimulator, call: str
) -> None:
    """The SDK as it comes: it repeats what has a JSON answer, and what it repeats was charged."""
    sdk = connect(simulator, timeout=LATE)
    desk = SpeechDesk(SyncWorld(), "elevenlabs", simulator, USUAL)
    options = {"provider_config": {"timings": True}} if call == "timed" else {}
    pairs: dict[str, tuple[Callable[[], Any], Callable[[], Any]]] = {
        "tts": (lambda: desk.generate("tts", timeout=LATE), lambda: list(spoken(sdk))),
        "timed": (
            lambda: desk.generate("tts", timeout=LATE, **options),
            lambda: spoken(sdk, "convert_with_timestamps"),
        ),
        "stream": (lambda: desk.listen(timeout=LATE), lambda: list(spoken(sdk, "stream"))),
        "sts": (
            lambda: desk.generate("sts", timeout=LATE),
            lambda: list(
                sdk.speech_to_speech.convert(VOICE, audio=RECORDING["content"], model_id="eleven_multilingual_sts_v2")
            ),
        ),
    }
    table = count_posts(desk, "tts" if call == "timed" else call, *pairs[call])
    theirs = SENT_BY_THE_SDK.get(call, SENT_BY_THE_SDK["tts"])
    assert table == {loss: (theirs[loss], 1) for loss in table}
