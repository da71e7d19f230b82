"""Speech that is heard while it is made: slices of samples in events, and what may go wrong among them."""

import base64
import json
from pathlib import Path
from typing import Any

import pytest
from tests.support.listening import assert_flat, assert_heard_at_once, assert_leaving_closes, assert_nothing_repeated
from tests.support.speech import LOSSES, TEXT, SpeechDesk, assert_paid_once
from tests.support.worlds import World, in_one_world

from tarash.providers.google.gemini.speech import speech_mapping
from tarash.tarash_gateway.exceptions import (
    ContentModerationError,
    GenerationFailedError,
    HTTPError,
    InsufficientCreditsError,
    SubmitOutcomeUnknownError,
    TarashException,
    ValidationError,
)
from tarash.tarash_gateway.models import AudioChunk, AudioOutputFormat, TTSRequest
from tarash.tarash_gateway.parameters import apply_mapping
from tarash.tarash_gateway.providers.base import Call
from tarash.testkit import media
from tarash.testkit.google import PROJECT, GoogleSimulator, Outcome, errors
from tarash.testkit.steps import Chunk, Finish, Start

WAV = media.wav().content
SAMPLES = WAV[44:]
L16 = "audio/L16;codec=pcm;rate=24000"


@pytest.fixture(params=["gemini", "vertex"])
def desk(
    request: pytest.FixtureRequest,
    world: World,
    google: GoogleSimulator,
    monkeypatch: pytest.MonkeyPatch,
    tmp_path: Path,
) -> SpeechDesk:
    """Both ways in. The token of Vertex AI is the machine's own, for which no POST is sent.

    Tokens are kept by options and address, and a port may come again in another test: the folder is each test's own.
    """
    monkeypatch.setenv("GCE_METADATA_HOST", google.url.removeprefix("http://"))
    monkeypatch.setenv("CLOUDSDK_CONFIG", str(tmp_path))
    monkeypatch.delenv("GOOGLE_APPLICATION_CREDENTIALS", raising=False)
    project = {"gcp_project": PROJECT, "output_gcs_uri": f"gs://films/{tmp_path.name}"}
    way = {"api_key": None, "provider_config": project} if request.param == "vertex" else {}
    return SpeechDesk(world, "google", google, {"tts": {"text": TEXT}}, way)


in_one_way = pytest.mark.parametrize("desk", ["gemini"], indirect=True)


def event(**piece: Any) -> bytes:
    return b"data: " + json.dumps(piece).encode() + b"\r\n\r\n"


def spoken(sound: bytes, end: str | None = None, kind: str = L16) -> bytes:
    part = {"inlineData": {"mimeType": kind, "data": base64.b64encode(sound).decode()}}
    return event(candidates=[{"content": {"parts": [part]}, **({"finishReason": end} if end else {})}])


def ended(reason: str | None, **more: Any) -> bytes:
    return event(candidates=[{"content": {"parts": []}, "finishReason": reason, **more}])


SOUND, LAST = spoken(SAMPLES), spoken(SAMPLES, "STOP")


def play(desk: SpeechDesk, *events: bytes) -> list[AudioChunk]:
    """What is heard of these events, before their end or their error, which is raised."""
    desk.vendor.fail_next("stream", Start(200), *map(Chunk, events), Finish())
    return desk.listen()


@pytest.mark.parametrize("model", ["gemini-3.8-flash-tts", "gemini-2.5-flash-tts"])
def test_a_stream_is_the_samples_that_were_made(desk: SpeechDesk, google: GoogleSimulator, model: str) -> None:
    chunks = desk.listen({"voice_id": "kore", "voice_settings": {"style": "calm"}}, model=model)

    assert b"".join(chunk.audio for chunk in chunks) == SAMPLES
    assert len(chunks) > 2
    assert {chunk.content_type for chunk in chunks} == {"audio/pcm;rate=24000"}
    desk.generate("tts", {"voice_id": "kore", "voice_settings": {"style": "calm"}}, model=model)
    assert google.requests("stream")[0].json == google.requests("generate")[0].json
    assert google.ledger.total_charges == 2


def test_the_first_sound_is_heard_before_the_last_is_sent(desk: SpeechDesk) -> None:
    assert_heard_at_once(desk, SOUND, LAST)


def test_leaving_early_closes_the_connection(desk: SpeechDesk) -> None:
    assert_leaving_closes(desk, SOUND)


def test_no_sound_is_repeated_after_a_fallback(desk: SpeechDesk) -> None:
    assert_nothing_repeated(desk, SOUND)


@pytest.mark.parametrize("loss", [loss for loss in LOSSES if loss != "cut"])
def test_a_stream_that_is_lost_is_paid_once(desk: SpeechDesk, loss: str) -> None:
    """A stream has no announced length; how its end may be missing is tested below."""
    assert_paid_once(desk, "stream", loss)


@in_one_world
@in_one_way
def test_a_long_stream_takes_little_memory(desk: SpeechDesk) -> None:
    assert_flat(desk, spoken(bytes(60_000)))


# --- WAV where samples are expected

SLICES: dict[str, list[bytes]] = {
    "one file": [spoken(WAV, "STOP", "audio/wav")],
    "a file in slices": [spoken(WAV[:900], None, "audio/wav"), spoken(WAV[900:], "STOP", "audio/wav")],
    "a header alone": [spoken(WAV[:44], None, "audio/wav"), spoken(SAMPLES, "STOP", "audio/wav")],
    "a header, then samples": [spoken(WAV[:900], None, "audio/wav"), spoken(WAV[900:], "STOP")],
    "rate in other letters": [spoken(SAMPLES, "STOP", "audio/l16; rate=24000; channels=1")],
    "no rate": [spoken(SAMPLES, "STOP", "audio/pcm")],
    "a rate of nothing": [spoken(SAMPLES, "STOP", "audio/L16;rate=0")],
}


@in_one_world
@in_one_way
@pytest.mark.parametrize("events", SLICES.values(), ids=list(SLICES))
def test_a_header_is_taken_off(desk: SpeechDesk, events: list[bytes]) -> None:
    chunks = play(desk, *events)
    assert b"".join(chunk.audio for chunk in chunks) == SAMPLES
    assert {chunk.content_type for chunk in chunks} == {"audio/pcm;rate=24000"}


@in_one_world
@in_one_way
def test_a_rate_that_the_header_tells_holds_for_the_slices_after_it(desk: SpeechDesk) -> None:
    file = media.wav(sample_rate=16_000).content
    chunks = play(desk, spoken(file[:900], None, "audio/wav"), spoken(file[900:], "STOP", "audio/wav"))
    assert {chunk.content_type for chunk in chunks} == {"audio/pcm;rate=16000"}


@in_one_world
@in_one_way
def test_what_is_no_sound_is_left_out(desk: SpeechDesk) -> None:
    thought = {"inlineData": {"mimeType": L16, "data": "AAAA"}, "thought": True}
    talk = event(candidates=[{"content": {"parts": [{"text": "Hm."}, thought]}}])
    usage = event(usageMetadata={"totalTokenCount": 3})
    chunks = play(desk, b": a comment\n\n", usage, talk, spoken(SAMPLES), b"event: x\r\n" + ended("STOP"), usage)
    assert [chunk.audio for chunk in chunks] == [SAMPLES]


# --- errors inside a stream


def refusal(code: int, message: str, **more: Any) -> bytes:
    return errors.rpc_error(code, message, **more).content


MONEY = [errors.error_info("BILLING_DISABLED")]
BLOCK = {"blockReason": "PROHIBITED_CONTENT", "blockReasonMessage": "Not that."}
ENDS: dict[str, tuple[bytes, type[TarashException], str]] = {
    "overloaded": (b"data: " + refusal(503, "The model is overloaded.") + b"\n\n", HTTPError, "overloaded"),
    "bare": (json.dumps(json.loads(refusal(500, "Broke")), indent=2).encode(), HTTPError, "Broke"),
    "quota": (b"data: " + refusal(429, "Too much") + b"\n\n", HTTPError, "RESOURCE_EXHAUSTED"),
    "billing": (b"data: " + refusal(403, "No", details=MONEY) + b"\n\n", InsufficientCreditsError, "cannot pay"),
    "wrong": (b"data: " + refusal(400, "Bad field") + b"\n\n", ValidationError, "Bad field"),
    "no code": (event(error={"message": "Something broke"}), HTTPError, "HTTP 500: Something broke"),
    "prompt blocked": (event(promptFeedback=BLOCK), ContentModerationError, "Not that. .PROHIBITED_CONTENT"),
    "other block": (
        event(promptFeedback={"blockReason": "OTHER"}),
        ContentModerationError,
        "prompt was blocked .OTHER",
    ),
    "unsafe": (ended("SAFETY"), ContentModerationError, "SAFETY"),
    "unsafe, with a text": (ended("RECITATION", finishMessage="A poem."), ContentModerationError, "A poem"),
    "other end": (ended("OTHER"), GenerationFailedError, "OTHER"),
    "too long": (ended("MAX_TOKENS"), GenerationFailedError, "MAX_TOKENS"),
}


@in_one_way
@pytest.mark.parametrize(("piece", "kind", "told"), ENDS.values(), ids=list(ENDS))
def test_an_error_before_and_after_the_first_sound(
    desk: SpeechDesk, piece: bytes, kind: type[TarashException], told: str
) -> None:
    for events in ([piece], [SOUND, piece]):
        chunks: list[AudioChunk] = []
        desk.vendor.fail_next("stream", Start(200), *map(Chunk, events), Finish())
        with pytest.raises(kind, match=told) as caught:
            desk.attend(chunks.append)
        assert type(caught.value) is kind
        assert len(chunks) == len(events) - 1
        assert caught.value.possibly_billed == bool(chunks)
        assert not (chunks and caught.value.retryable)
        assert desk.vendor.key not in str(caught.value)


@in_one_world
@in_one_way
def test_an_end_without_any_sound(desk: SpeechDesk) -> None:
    silent = event(candidates=[{"content": {"parts": [{"text": "I cannot speak."}]}, "finishReason": "STOP"}])
    with pytest.raises(GenerationFailedError, match="cannot speak"):
        play(desk, silent)
    with pytest.raises(GenerationFailedError, match="before its work was done"):
        play(desk, spoken(WAV[:44], None, "audio/wav"), ended("STOP"))


NO_ENDS: dict[str, list[bytes]] = {
    "nothing": [],
    "sound only": [SOUND],
    "HTML": [b"<html><body>Welcome!</body></html>"],
    "a list": [b"[" + b"{}]\n\n"],
    "no JSON": [b"data: {\n\n"],
    "an error that is none": [event(error=7)],
    "numbers": [event(candidates=3, promptFeedback=[1])],
    "not base64": [event(candidates=[{"content": {"parts": [{"inlineData": {"mimeType": L16, "data": "ä"}}]}}])],
}


@in_one_world
@in_one_way
@pytest.mark.parametrize("events", NO_ENDS.values(), ids=list(NO_ENDS))
def test_a_stream_that_has_no_readable_end_is_an_unknown_outcome(desk: SpeechDesk, events: list[bytes]) -> None:
    with pytest.raises(SubmitOutcomeUnknownError) as caught:
        play(desk, *events)
    assert caught.value.possibly_billed
    assert desk.vendor.ledger.posts == 1


def test_the_next_of_the_chain_speaks_after_an_error_in_an_event(desk: SpeechDesk, google: GoogleSimulator) -> None:
    google.next_outcome(Outcome(failure={"code": 503, "message": "The model is overloaded.", "status": "UNAVAILABLE"}))
    chunks = desk.listen(fallback_configs=[desk.config(model="gemini-2.5-flash-tts")])
    assert b"".join(chunk.audio for chunk in chunks) == SAMPLES
    assert [request.path.rpartition("/")[2] for request in google.requests("stream")] == [
        "gemini-3.8-flash-tts:streamGenerateContent",
        "gemini-2.5-flash-tts:streamGenerateContent",
    ]


def test_a_refusal_before_the_stream_is_that_of_any_request(desk: SpeechDesk, google: GoogleSimulator) -> None:
    google.retire("gemini-3.8-flash-tts")
    with pytest.raises(HTTPError, match="not found"):
        desk.listen()
    google.fail_next("stream", errors.rpc_error(429, "slow down", details=[errors.retry_info("2s")], in_list=True))
    started = google.clock.monotonic()
    assert desk.listen(model="gemini-2.5-flash-tts")
    assert google.clock.monotonic() - started >= 2
    assert google.ledger.total_charges == 1


# --- the account


@pytest.mark.parametrize("wanted", ["mp3", "wav", "pcm"])
def test_the_account_says_that_a_stream_is_pcm(wanted: str) -> None:
    request = TTSRequest(text=TEXT, output_format=AudioOutputFormat(format=wanted))
    call = Call("tts", "google", "gemini-3.8-flash-tts", "", request, "r", streamed=True)
    [told] = [one for one in apply_mapping(speech_mapping(call), request).outcomes if one.field == "output_format"]
    assert (told.outcome, told.used) == ("converted", "pcm")
    assert told.reason == "it is made as pcm at 24000 Hz, mono, 16 bits"


@in_one_world
@in_one_way
def test_a_format_that_is_not_made_is_refused_before_paying(desk: SpeechDesk) -> None:
    with pytest.raises(ValidationError, match="'flac' is not one of wav, pcm"):
        desk.listen({"output_format": {"format": "flac"}})
    assert desk.vendor.ledger.posts == 0
