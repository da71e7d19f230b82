"""The vendor's own SDK, unmodified, against the simulator; and how often it pays where tarash pays once."""

import asyncio
import base64
from collections.abc import Generator
from typing import Any, get_args

import pytest
from tests.sarvam.cases import USUAL
from tests.sarvam.clients import async_client, sarvamai, sync_client
from tests.support.speech import LOSSES, TEXT, SpeechDesk, count_posts, heard
from tests.support.worlds import SyncWorld

from tarash.testkit.sarvam import SarvamSimulator, errors
from tarash.testkit.sarvam.catalogue import BITRATES, FORMS, LANGUAGES, MODELS
from tarash.testkit.speech import spoken_seconds

pytestmark = [pytest.mark.vendor, pytest.mark.filterwarnings("ignore")]
SECONDS = spoken_seconds(TEXT)
PATIENCE = 1.0
"""Seconds: enough for an answer on a busy machine, so that only what never comes is late."""
SPEECH: dict[str, Any] = {"text": TEXT, "language_code": "hi-IN", "model": "bulbul:v3", "speaker": "shubh"}


@pytest.fixture
def sdk(vendor: SarvamSimulator) -> Generator[Any]:
    with sync_client(vendor) as client:
        yield client


def made_of(answer: Any) -> bytes:
    [audio] = answer.audios
    return base64.b64decode(audio)


@pytest.mark.parametrize("rate", [8000, 16_000, 22_050, 24_000, 32_000, 44_100, 48_000])
@pytest.mark.parametrize("codec", [codec for codec in FORMS if codec != "opus"])
def test_each_format_is_really_made(sdk: Any, codec: str, rate: int) -> None:
    answer = sdk.text_to_speech.convert(**SPEECH, output_audio_codec=codec, speech_sample_rate=rate)
    found = heard(made_of(answer), FORMS[codec], rate)
    assert (found.sample_rate, found.channels) == (rate, 1)
    assert found.seconds == pytest.approx(SECONDS, abs=0.2)


def test_speech_costs_its_characters(sdk: Any, vendor: SarvamSimulator) -> None:
    answer = sdk.text_to_speech.convert(**SPEECH)
    assert heard(made_of(answer), "wav")[:4] == ("wav", "pcm", 22_050, 1)
    assert (answer.request_id, vendor.ledger.total_amount) == ("request-1", len(TEXT))


def test_speech_of_the_async_client(vendor: SarvamSimulator) -> None:
    async def speak() -> bytes:
        async with async_client(vendor) as client:
            return made_of(await client.text_to_speech.convert(**SPEECH, output_audio_codec="mp3"))

    assert heard(asyncio.run(speak()), "mp3").sample_rate == 22_050


@pytest.mark.parametrize("codec", FORMS)
def test_each_format_is_streamed(sdk: Any, codec: str) -> None:
    pieces = sdk.text_to_speech.convert_stream(**SPEECH, output_audio_codec=codec, speech_sample_rate=16_000)
    found = heard(b"".join(pieces), FORMS[codec], 16_000)
    assert found.seconds == pytest.approx(SECONDS, abs=0.2)
    # Opus is decoded at 48 kHz, whatever rate it was made for.
    assert found.sample_rate == (48_000 if codec == "opus" else 16_000)


@pytest.mark.parametrize("bitrate", BITRATES)
def test_the_bit_rate_of_a_stream_is_chosen(sdk: Any, bitrate: str) -> None:
    wanted = {"output_audio_codec": "mp3", "speech_sample_rate": 24_000, "output_audio_bitrate": bitrate}
    audio = b"".join(sdk.text_to_speech.convert_stream(**SPEECH, **wanted))
    made = len(audio) * 8 / heard(audio, "mp3").seconds / 1000
    # MPEG-2 Layer III, which sample rates up to 24 kHz belong to, ends at 160 kbit/s.
    assert made == pytest.approx(min(160, int(bitrate[:-1])), rel=0.15)


def test_a_stream_of_the_async_client(vendor: SarvamSimulator) -> None:
    async def listen() -> bytes:
        async with async_client(vendor) as client:
            pieces = client.text_to_speech.convert_stream(**SPEECH, output_audio_codec="wav")
            return b"".join([piece async for piece in pieces])

    assert heard(asyncio.run(listen()), "wav").sample_rate == 22_050


@pytest.mark.parametrize(("model", "speaker"), [(name, model.speakers[-1]) for name, model in MODELS.items()])
def test_each_model_has_its_speakers(vendor: SarvamSimulator, sdk: Any, model: str, speaker: str) -> None:
    vendor.serve_retired = True
    said = {**SPEECH, "model": model, "speaker": speaker}
    assert made_of(sdk.text_to_speech.convert(**said))
    for other in MODELS.keys() - {model}:
        with pytest.raises(sarvamai.BadRequestError, match="not compatible"):
            sdk.text_to_speech.convert(**{**said, "model": other})


def test_what_the_sdk_knows_is_known_here() -> None:
    from sarvamai import types

    def values(union: Any) -> list[str]:
        return list(get_args(get_args(union)[0]))

    assert values(types.TextToSpeechModel) == sorted(MODELS, key=values(types.TextToSpeechModel).index)
    assert set(values(types.TextToSpeechLanguage)) == set(LANGUAGES)
    assert set(values(types.TextToSpeechOutputAudioCodec)) == set(FORMS)
    assert set(values(types.SpeechStreamBitrate)) == set(BITRATES)
    assert set(values(types.TextToSpeechSpeaker)) == {name for model in MODELS.values() for name in model.speakers}


WRONG: list[tuple[dict[str, Any], str, str]] = [
    ({"text": ""}, "BadRequestError", "must not be empty"),
    ({"text": "x" * 2501}, "BadRequestError", "the limit is 2500"),
    ({"language_code": "or-IN"}, "BadRequestError", "language_code"),
    ({"language_code": None}, "UnprocessableEntityError", "language_code"),
    ({"speaker": "Shubh"}, "BadRequestError", "not compatible"),
    ({"model": "bulbul:v1"}, "BadRequestError", "model"),
    ({"model": "bulbul:v2", "speaker": "anushka"}, "BadRequestError", "deprecated. Use bulbul:v3"),
    ({"pace": 2.1}, "BadRequestError", "pace"),
    ({"temperature": 0.0}, "BadRequestError", "temperature"),
    ({"pitch": 0.1}, "BadRequestError", "pitch is not supported"),
    ({"loudness": 1.1}, "BadRequestError", "loudness is not supported"),
    ({"speech_sample_rate": 11_025}, "BadRequestError", "speech_sample_rate"),
    ({"output_audio_codec": "opus", "speech_sample_rate": 24_000}, "BadRequestError", "no opus"),
    ({"output_audio_codec": "ogg"}, "UnprocessableEntityError", "output_audio_codec"),
    ({"request_options": {"additional_body_parameters": {"seed": 1}}}, "UnprocessableEntityError", "seed"),
]


@pytest.mark.parametrize(("change", "kind", "words"), WRONG)
def test_what_is_wrong_is_refused(
    sdk: Any, vendor: SarvamSimulator, change: dict[str, Any], kind: str, words: str
) -> None:
    with pytest.raises(getattr(sarvamai, kind)) as caught:
        sdk.text_to_speech.convert(**{**SPEECH, **change})
    assert words in caught.value.body["error"]["message"]
    assert vendor.ledger.total_charges == 0


@pytest.mark.parametrize(
    "change",
    [{"text": "x" * 3501}, {"speech_sample_rate": 44_100}, {"output_audio_bitrate": "48k"}, {"model": "bulbul:v2"}],
)
def test_what_is_wrong_with_a_stream_is_refused(sdk: Any, vendor: SarvamSimulator, change: dict[str, Any]) -> None:
    with pytest.raises((sarvamai.BadRequestError, sarvamai.UnprocessableEntityError)):
        list(sdk.text_to_speech.convert_stream(**{**SPEECH, **change}))
    assert vendor.ledger.total_charges == 0


def test_a_wrong_key_is_forbidden(vendor: SarvamSimulator, sdk: Any) -> None:
    vendor.key = "another"
    with pytest.raises(sarvamai.ForbiddenError) as caught:
        sdk.text_to_speech.convert(**SPEECH)
    assert caught.value.body["error"]["code"] == "invalid_api_key_error"


def test_an_empty_account_is_told(vendor: SarvamSimulator, sdk: Any) -> None:
    vendor.credits = len(TEXT)
    sdk.text_to_speech.convert(**SPEECH)
    with pytest.raises(sarvamai.TooManyRequestsError) as caught:
        sdk.text_to_speech.convert(**SPEECH, request_options={"max_retries": 0})
    assert caught.value.body["error"]["code"] == "insufficient_quota_error"


@pytest.mark.parametrize("operation", ["tts", "stream"])
def test_how_often_a_lost_answer_is_paid_for(vendor: SarvamSimulator, operation: str) -> None:
    desk = SpeechDesk(SyncWorld(), "sarvam", vendor, USUAL)
    with sync_client(vendor, PATIENCE) as client:
        speech = client.text_to_speech
        ours, theirs = {
            "tts": (lambda: desk.generate("tts", timeout=PATIENCE), lambda: speech.convert(**SPEECH)),
            "stream": (lambda: desk.listen(timeout=PATIENCE), lambda: list(speech.convert_stream(**SPEECH))),
        }[operation]
        table = count_posts(desk, operation, ours, theirs)
    again = ("500", "504") if operation == "tts" else ()
    assert table == {loss: (3 if loss in again else 1, 1) for loss in LOSSES}


def test_the_sdk_asks_an_empty_account_three_times(vendor: SarvamSimulator, sdk: Any) -> None:
    desk = SpeechDesk(SyncWorld(), "sarvam", vendor, USUAL)
    vendor.fail_next("tts", errors.no_credits().with_headers(("Retry-After", "1")), times=None)
    assert desk.posts(lambda: sdk.text_to_speech.convert(**SPEECH)) == 3
    assert desk.posts(lambda: desk.generate("tts")) == 1
