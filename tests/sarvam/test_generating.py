"""Speech, from the request to the sound that is heard; other people's voices are not changed here."""

import base64
from pathlib import Path
from typing import Any

import pytest
from tests.sarvam.cases import CODECS, shape
from tests.support.speech import (
    CONTAINERS,
    FORMATS,
    RECORDING,
    TEXT,
    SpeechDesk,
    assert_kept,
    assert_sounds,
    format_name,
    heard,
)
from tests.support.worlds import in_one_world

from tarash.tarash_gateway.exceptions import SubmitOutcomeUnknownError, UnsupportedOperationError, ValidationError
from tarash.tarash_gateway.models import AudioOutputFormat, STSRequest
from tarash.testkit.clock import VirtualClock
from tarash.testkit.ledger import Ledger
from tarash.testkit.sarvam import SarvamSimulator, errors
from tarash.testkit.sarvam.catalogue import MODELS
from tarash.testkit.steps import CutChunked

pytestmark = pytest.mark.filterwarnings("ignore::tarash.tarash_gateway.exceptions.TarashWarning")
OPUS_IS_DECODED_AT = 48_000


def test_the_page_is_kept_by_the_letter(desk: SpeechDesk) -> None:
    assert_kept(desk, "tts")


def test_no_voice_is_changed(desk: SpeechDesk) -> None:
    request = STSRequest(audio=RECORDING["content"], voice_id="shubh")
    for function in ("generate_sts", "submit_sts"):
        with pytest.raises(NotImplementedError, match="sarvam has no speech-to-speech") as caught:
            desk.world.call(function, desk.config(), request)
        assert isinstance(caught.value, UnsupportedOperationError)
    assert desk.vendor.server.requests.total == 0


def test_the_default_format(desk: SpeechDesk, tmp_path: Path) -> None:
    response = desk.generate("tts")
    assert_sounds(response, "mp3", 44_100)
    saved = desk.world.save(response, tmp_path / "speech")
    assert (saved.suffix, saved.read_bytes()) == (".mp3", base64.b64decode(response.audio))
    assert response.raw_response == {"request_id": "request-1"}
    assert desk.vendor.ledger.charges("request-1") == 1


def spoken(desk: SpeechDesk) -> dict[str, Any]:
    [request] = desk.vendor.server.requests
    return dict(request.json)


@in_one_world
@pytest.mark.parametrize("wanted", FORMATS, ids=format_name)
def test_every_format_is_made(desk: SpeechDesk, wanted: AudioOutputFormat) -> None:
    response = desk.generate("tts", {"output_format": wanted})
    sent = spoken(desk)
    assert sent["output_audio_codec"] == CODECS[wanted.format]
    assert_sounds(
        response, wanted.format, OPUS_IS_DECODED_AT if wanted.format == "opus" else sent["speech_sample_rate"]
    )
    [outcome] = [one for one in response.parameters if one.field == "output_format"]
    bitrate = int(sent.get("output_audio_bitrate", "0k")[:-1])
    compressed = wanted.format in ("mp3", "opus")
    exact = wanted.sample_rate in (None, sent["speech_sample_rate"]) and (
        wanted.bitrate in (None, bitrate) or not compressed
    )
    assert (outcome.outcome != "rounded") == exact, outcome


def test_a_format_that_nobody_makes_is_refused_before_paying(desk: SpeechDesk) -> None:
    with pytest.raises(ValidationError, match="the vendor makes mp3, wav, pcm, flac, not 'vorbis'"):
        desk.generate("tts", shape("vorbis"))
    assert desk.vendor.server.requests.total == 0


@pytest.mark.parametrize("codec", ["mulaw", "alaw", "aac"])
def test_a_format_without_a_name_of_ours(desk: SpeechDesk, codec: str) -> None:
    response = desk.generate("tts", {**shape("wav", 8000), "extra_params": {"output_audio_codec": codec}})
    form = {"mulaw": "ulaw"}.get(codec, codec)
    found = heard(base64.b64decode(response.audio), form, 8000)
    assert found.codec == form
    assert response.duration == pytest.approx(found.seconds, abs=0.15)
    assert response.content_type == {"aac": "audio/aac", "mulaw": "audio/basic;rate=8000"}.get(
        codec, "audio/x-alaw;rate=8000"
    )


def test_samples_are_bare_whether_the_vendor_adds_a_header_or_not(
    desk: SpeechDesk, virtual_clock: VirtualClock, ledger: Ledger
) -> None:
    bare = desk.generate("tts", shape("pcm", 16_000))
    with SarvamSimulator(clock=virtual_clock, ledger=ledger, linear16_has_header=True) as other:
        stripped = desk.generate("tts", shape("pcm", 16_000), base_url=other.base_url)
    assert stripped.audio == bare.audio
    assert_sounds(stripped, "pcm", 16_000)


# --- streams


@in_one_world
@pytest.mark.parametrize("wanted", FORMATS, ids=format_name)
def test_every_format_is_streamed(desk: SpeechDesk, wanted: AudioOutputFormat) -> None:
    chunks = desk.listen({"output_format": wanted})
    sent, audio = spoken(desk), b"".join(chunk.audio for chunk in chunks)
    found = heard(audio, wanted.format, sent["speech_sample_rate"])
    assert (found.container, found.codec) == CONTAINERS[wanted.format][:2]
    assert found.sample_rate == (OPUS_IS_DECODED_AT if wanted.format == "opus" else sent["speech_sample_rate"])
    assert desk.vendor.server.requests[0].path == "/text-to-speech/stream"
    assert wanted.format == "opus" or sent["speech_sample_rate"] <= 24_000


def test_the_default_is_streamed_at_the_highest_rate_there_is(desk: SpeechDesk) -> None:
    chunks = desk.listen()
    assert len(chunks) > 1
    assert {chunk.content_type for chunk in chunks} == {"audio/mpeg"}
    assert heard(b"".join(chunk.audio for chunk in chunks), "mp3").sample_rate == 24_000
    sent = spoken(desk)
    assert (sent["speech_sample_rate"], sent["output_audio_bitrate"]) == (24_000, "128k")


@pytest.mark.parametrize("form", CODECS)
def test_a_stream_is_what_was_served(desk: SpeechDesk, form: str) -> None:
    bitrate = 64 if form in ("mp3", "opus") else None
    chunks = desk.listen(shape(form, 16_000, bitrate))
    whole = desk.generate("tts", shape(form, 16_000, bitrate))
    assert b"".join(chunk.audio for chunk in chunks) == base64.b64decode(whole.audio)
    assert {chunk.content_type for chunk in chunks} == {whole.content_type}


def test_a_stream_that_is_cut_is_paid_for(desk: SpeechDesk) -> None:
    desk.vendor.fail_next("stream", CutChunked(1000))
    with pytest.raises(SubmitOutcomeUnknownError) as caught:
        desk.listen()
    assert (caught.value.possibly_billed, desk.vendor.ledger.posts) == (True, 1)


# --- texts, voices, waiting


@pytest.mark.parametrize(
    ("model", "longest"), [("bulbul:v3", 2500), ("bulbul:v4-flash", 2500), ("bulbul:v2", 1500), ("bulbul:v9", 2500)]
)
def test_a_text_that_is_too_long_is_refused_before_paying(desk: SpeechDesk, model: str, longest: int) -> None:
    with pytest.raises(ValidationError, match=f"{longest + 1} characters, the model takes {longest}"):
        desk.generate("tts", {"text": "x" * (longest + 1), "voice_id": None}, model=model)
    assert desk.vendor.server.requests.total == 0


def test_the_longest_texts_are_spoken(desk: SpeechDesk) -> None:
    assert_sounds(desk.generate("tts", {"text": "x" * 2500}), "mp3", 44_100)
    assert len(desk.listen({"text": "x" * 3500})) > 1
    with pytest.raises(ValidationError, match="the model takes 3500"):
        desk.listen({"text": "x" * 3501})
    assert desk.vendor.ledger.total_amount == 6000


@pytest.mark.parametrize("model", [model for model in MODELS.values() if not model.ended], ids=lambda model: model.id)
def test_the_voices_of_a_model_are_listed_without_a_request(desk: SpeechDesk, model: Any) -> None:
    voices = desk.world.call("list_voices", desk.config(model=model.id))
    assert [voice.id for voice in voices] == list(model.speakers)
    assert desk.vendor.server.requests.total == 0
    assert_sounds(desk.generate("tts", {"voice_id": voices[-1].id}, model=model.id), "mp3", 44_100)


def test_nothing_is_lost_when_the_vendor_is_busy_once(desk: SpeechDesk) -> None:
    desk.vendor.fail_next("tts", errors.too_many(retry_after="2"))
    assert_sounds(desk.generate("tts"), "mp3", 44_100)
    assert (desk.vendor.ledger.posts, desk.vendor.ledger.total_amount) == (2, len(TEXT))


def test_the_settings_of_the_simulator_are_enough(vendor: SarvamSimulator, desk: SpeechDesk) -> None:
    response = desk.world.call("generate_tts", desk.config(**vendor.settings), desk.request("tts"))
    assert response.execution_metadata.attempts[0].model == "bulbul:v3"
    assert vendor.requests("tts")[0].json["model"] == "bulbul:v3"
