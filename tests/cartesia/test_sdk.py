"""The vendor's own SDK, unmodified, against the simulator; and how often it pays where tarash pays once."""

import asyncio
import base64
import io
from collections.abc import Generator
from typing import Any, get_args

import pytest
from tests.cartesia.cases import USUAL, VOICE
from tests.support.speech import LOSSES, RECORDING, TEXT, SpeechDesk, count_posts, heard
from tests.support.worlds import SyncWorld

from tarash.testkit.cartesia import VOICES, CartesiaSimulator
from tarash.testkit.cartesia.catalogue import FORMS, LANGUAGES, MODELS
from tarash.testkit.requests import Headers
from tarash.testkit.speech import spoken_seconds

cartesia: Any = pytest.importorskip("cartesia")
pytestmark = pytest.mark.vendor

CLIP = RECORDING["content"]
SECONDS = spoken_seconds(TEXT)
PATIENCE = 1.0
"""Seconds: enough for an answer on a busy machine, so that only what never comes is late."""
MP3 = {"container": "mp3", "sample_rate": 44_100, "bit_rate": 128_000}
RAW = {"container": "raw", "encoding": "pcm_s16le", "sample_rate": 24_000}
SPEECH: dict[str, Any] = {"model_id": "sonic-3.5", "transcript": TEXT, "voice": VOICE, "output_format": MP3}
CHANGE: dict[str, Any] = {
    "clip": CLIP,
    "voice_id": VOICE,
    **{f"output_format_{name}": value for name, value in MP3.items()},
}


@pytest.fixture
def sdk(vendor: CartesiaSimulator) -> Generator[Any]:
    with cartesia.Cartesia(api_key=vendor.key, base_url=vendor.base_url, max_retries=0) as client:
        yield client


def with_async(vendor: CartesiaSimulator, call: Any) -> Any:
    """What `call` gives with the SDK's async client."""

    async def run() -> Any:
        async with cartesia.AsyncCartesia(api_key=vendor.key, base_url=vendor.base_url, max_retries=0) as client:
            return await call(client)

    return asyncio.run(run())


FORMATS: list[dict[str, Any]] = [
    *(
        {"container": container, "encoding": encoding, "sample_rate": rate}
        for container, encoding in FORMS
        if encoding is not None
        for rate in (8000, 44_100)
    ),
    *({**MP3, "sample_rate": rate} for rate in (8000, 16_000, 22_050, 24_000, 44_100, 48_000)),
    *({**MP3, "bit_rate": rate} for rate in (32_000, 64_000, 96_000, 192_000)),
]


@pytest.mark.parametrize("wanted", FORMATS, ids=lambda wanted: "-".join(map(str, wanted.values())))
def test_each_format_is_really_made(sdk: Any, wanted: dict[str, Any]) -> None:
    audio = sdk.tts.generate(**{**SPEECH, "output_format": wanted}).read()
    form = FORMS[wanted["container"], wanted.get("encoding")]
    if form == "float":
        assert len(audio) / 4 / wanted["sample_rate"] == pytest.approx(SECONDS, abs=0.1)
        return
    found = heard(audio, form, wanted["sample_rate"])
    assert (found.sample_rate, found.channels) == (wanted["sample_rate"], 1)
    assert found.seconds == pytest.approx(SECONDS, abs=0.15)


def test_speech_costs_its_characters(sdk: Any, vendor: CartesiaSimulator) -> None:
    answer = sdk.tts.with_raw_response.generate(**SPEECH, save=True)
    assert vendor.ledger.total_amount == len(TEXT)
    assert answer.headers["content-type"] == "audio/mpeg"
    assert answer.headers["cartesia-file-id"] == "file-1"


def test_speech_of_the_async_client(vendor: CartesiaSimulator) -> None:
    async def speak(client: Any) -> bytes:
        answer: bytes = await (await client.tts.generate(**SPEECH)).read()
        return answer

    assert heard(with_async(vendor, speak), "mp3").sample_rate == 44_100


EVENTS: dict[str, Any] = {**SPEECH, "output_format": RAW, "context_id": "c1"}


def test_events_with_timings(sdk: Any) -> None:
    events = list(sdk.tts.generate_sse(**EVENTS, add_timestamps=True, add_phoneme_timestamps=True))
    kinds = [event.type for event in events]
    assert (kinds.count("chunk"), kinds[-1], {event.context_id for event in events}) == (4, "done", {"c1"})
    audio = b"".join(event.audio for event in events if event.type == "chunk")
    assert heard(audio, "pcm", 24_000).seconds == pytest.approx(SECONDS, abs=0.01)
    words = next(event.word_timestamps for event in events if event.type == "timestamps")
    assert words.words == TEXT.split()
    assert words.end[-1] == pytest.approx(SECONDS, abs=0.01)
    phonemes = next(event.phoneme_timestamps for event in events if event.type == "phoneme_timestamps")
    assert len(phonemes.phonemes) == len(phonemes.start) == len(phonemes.end) > 20


def test_events_of_the_async_client(vendor: CartesiaSimulator) -> None:
    async def listen(client: Any) -> list[str]:
        return [event.type async for event in await client.tts.generate_sse(**EVENTS)]

    assert with_async(vendor, listen) == ["chunk"] * 4 + ["done"]


def test_voices_are_changed(sdk: Any, vendor: CartesiaSimulator) -> None:
    for clip in (CLIP, ("mine.wav", io.BytesIO(CLIP), "audio/wav")):
        audio = sdk.voice_changer.generate(**{**CHANGE, "clip": clip}).read()
        assert heard(audio, "mp3").seconds == pytest.approx(1.0, abs=0.1)
    assert [entry.amount for entry in vendor.ledger.entries] == [15, 15]


def test_a_changed_voice_comes_as_events_too(sdk: Any, vendor: CartesiaSimulator) -> None:
    raw = {f"output_format_{name}": value for name, value in RAW.items()}
    events = list(sdk.voice_changer.generate_sse(clip=CLIP, voice_id=VOICE, **raw))
    audio = b"".join(base64.b64decode(event.data) for event in events if not event.done)
    assert heard(audio, "pcm", 24_000).seconds == pytest.approx(1.0, abs=0.01)
    assert events[-1].status_code == 200

    async def change(client: Any) -> int:
        return len(await (await client.voice_changer.generate(**CHANGE)).read())

    assert with_async(vendor, change) > 1000


def test_voices_are_listed(sdk: Any, vendor: CartesiaSimulator) -> None:
    assert [voice.id for voice in sdk.voices.list(limit=5)] == [voice.id for voice in VOICES]
    assert len(vendor.requests("voices")) == 4
    found = [voice.name for voice in sdk.voices.list(gender="masculine", q="d", expand=["preview_file_url"])]
    assert found == ["Dieter", "Farid"]
    assert [voice.name for voice in sdk.voices.list(is_owner=True)] == ["Hana", "Ilka"]
    page = sdk.voices.list(ending_before=VOICES[4].id, limit=2)
    assert ([voice.name for voice in page.data], page.next_page_info() is not None) == (["Chiara", "Dieter"], True)
    one = sdk.voices.get(VOICE, expand=["preview_file_url"])
    assert (one.name, one.locales[0].locale, one.preview_file_url is not None) == ("Ayla", "en-US", True)
    assert sdk.get_status().ok

    async def count(client: Any) -> int:
        return len([voice async for voice in client.voices.list()])

    assert with_async(vendor, count) == len(VOICES)
    assert vendor.ledger.total_charges == 0


def test_what_the_sdk_knows_is_known_here() -> None:
    from cartesia import types

    models, languages = (get_args(get_args(union)[0]) for union in (types.TTSModel, types.SupportedLanguage))
    assert set(models) <= MODELS
    assert set(languages) == LANGUAGES


WRONG: list[tuple[dict[str, Any], str, str | None, str]] = [
    ({"transcript": ""}, "BadRequestError", None, "transcript"),
    ({"voice": "nobody"}, "NotFoundError", "voice_not_found", "nobody"),
    ({"voice": {"mode": "embedding", "embedding": [0.1]}}, "BadRequestError", None, "voice"),
    ({"model_id": "sonic-2"}, "NotFoundError", "model_not_found", "sonic-2"),
    ({"language": "xx"}, "BadRequestError", "language_not_supported", "xx"),
    ({"language": "en", "locale": "en-GB"}, "BadRequestError", None, "never both"),
    ({"output_format": {**MP3, "bit_rate": 48_000}}, "BadRequestError", None, "bit_rate"),
    ({"output_format": {**MP3, "sample_rate": 32_000}}, "BadRequestError", None, "sample_rate"),
    ({"output_format": {"container": "flac"}}, "BadRequestError", None, "container"),
    ({"generation_config": {"speed": 1.6}}, "BadRequestError", None, "speed"),
    ({"generation_config": {"volume": 0.4}}, "BadRequestError", None, "volume"),
    ({"extra_body": {"pitch": 2}}, "BadRequestError", None, "pitch"),
    ({"extra_headers": {"cartesia-version": "2020-01-01"}}, "BadRequestError", None, "Cartesia-Version"),
    ({"extra_headers": {"Authorization": "Bearer wrong"}}, "AuthenticationError", None, "API key"),
]


@pytest.mark.parametrize(("change", "kind", "code", "words"), WRONG)
def test_what_is_wrong_is_refused(
    sdk: Any, vendor: CartesiaSimulator, change: dict[str, Any], kind: str, code: str | None, words: str
) -> None:
    with pytest.raises(getattr(cartesia, kind)) as caught:
        sdk.tts.generate(**{**SPEECH, **change})
    assert words in caught.value.body["message"] if isinstance(caught.value.body, dict) else words in str(caught.value)
    assert not isinstance(caught.value.body, dict) or caught.value.body["error_code"] == code
    assert vendor.ledger.total_charges == 0


def test_events_are_bare_samples_only(sdk: Any) -> None:
    with pytest.raises(cartesia.BadRequestError, match="raw container"):
        list(sdk.tts.generate_sse(**SPEECH))


def test_a_clip_that_is_no_recording_is_refused(sdk: Any) -> None:
    with pytest.raises(cartesia.BadRequestError, match="cannot be read"):
        sdk.voice_changer.generate(**{**CHANGE, "clip": b"no sound at all"})


def test_an_empty_account_is_told(vendor: CartesiaSimulator, sdk: Any) -> None:
    vendor.credits = len(TEXT)
    sdk.tts.generate(**SPEECH)
    with pytest.raises(cartesia.APIStatusError) as caught:
        sdk.tts.generate(**SPEECH)
    assert (caught.value.status_code, caught.value.body["error_code"]) == (402, "quota_exceeded")


@pytest.mark.parametrize("version", ["2024-06-10", "2024-11-13", "2025-04-16", "2025-11-04", "2026-03-01"])
def test_older_versions_want_a_mode_and_answer_as_they_did(sdk: Any, version: str) -> None:
    older = {"extra_headers": {"cartesia-version": version}}
    assert sdk.tts.generate(**{**SPEECH, "voice": {"mode": "id", "id": VOICE}, **older}).read()
    with pytest.raises(cartesia.BadRequestError) as caught:
        sdk.tts.generate(**SPEECH, **older)
    answer = caught.value.response
    assert Headers(answer.headers.items())["content-type"] == (
        "text/plain" if version < "2026-03-01" else "application/json"
    )
    assert "Invalid request" in answer.text


@pytest.mark.parametrize(("operation", "losses"), [("tts", list(LOSSES)), ("sts", ["500", "drop"])])
def test_how_often_a_lost_answer_is_paid_for(vendor: CartesiaSimulator, operation: str, losses: list[str]) -> None:
    desk = SpeechDesk(SyncWorld(), "cartesia", vendor, USUAL)
    with cartesia.Cartesia(api_key=vendor.key, base_url=vendor.base_url, timeout=PATIENCE) as client:
        calls = {
            "tts": lambda: client.tts.generate(**SPEECH).read(),
            "sts": lambda: client.voice_changer.generate(**CHANGE).read(),
        }
        table = count_posts(
            desk, operation, lambda: desk.generate(operation, timeout=PATIENCE), calls[operation], losses
        )
    assert table == dict.fromkeys(losses, (3, 1))
