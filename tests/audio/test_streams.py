"""Streams of the speech vendors: the bytes that were served, with timings where the vendor has them."""

import base64
import json
from collections.abc import Generator
from typing import Any

import pytest

from tarash.tarash_gateway import stream_tts
from tarash.tarash_gateway.exceptions import HTTPError, SubmitOutcomeUnknownError
from tarash.tarash_gateway.mock import asset
from tarash.tarash_gateway.models import AudioGenerationConfig, AudioOutputFormat, Timing, TTSRequest
from tarash.testkit.server import ScriptedServer
from tarash.testkit.steps import Chunk, Finish, Start

MP3 = asset("audio.mp3")
pytestmark = pytest.mark.filterwarnings("ignore::tarash.tarash_gateway.planning.TarashWarning")


@pytest.fixture
def server() -> Generator[ScriptedServer]:
    with ScriptedServer() as one:
        yield one


def served(server: ScriptedServer, *pieces: bytes) -> None:
    server.handler = lambda request: (Start(200), *(Chunk(piece) for piece in pieces), Finish())


def listen(server: ScriptedServer, provider: str, **more: Any) -> tuple[bytes, list[Timing]]:
    options = more.pop("provider_config", {})
    config = AudioGenerationConfig(provider=provider, api_key="k", base_url=server.url, provider_config=options)
    chunks = list(stream_tts(config, TTSRequest(text="Hi there", voice_id="voice1", **more)))
    return b"".join(chunk.audio for chunk in chunks), [timing for chunk in chunks for timing in chunk.timings]


@pytest.mark.parametrize(
    ("provider", "path"),
    [
        ("elevenlabs", "/v1/text-to-speech/voice1/stream"),
        ("cartesia", "/tts/bytes"),
        ("sarvam", "/text-to-speech/stream"),
    ],
)
def test_raw_streams(server: ScriptedServer, provider: str, path: str) -> None:
    served(server, MP3[:100], MP3[100:])
    audio, _ = listen(server, provider, output_format=AudioOutputFormat(format="mp3", sample_rate=24000))
    assert audio == MP3
    assert [request.path for request in server.requests] == [path]


def line(value: Any) -> bytes:
    return json.dumps(value).encode() + b"\n"


def encoded(data: bytes) -> str:
    return base64.b64encode(data).decode()


def test_elevenlabs_with_timings(server: ScriptedServer) -> None:
    alignment = {
        "characters": ["H", "i"],
        "character_start_times_seconds": [0.0, 0.1],
        "character_end_times_seconds": [0.1, 0.2],
    }
    body = (
        line({"audio_base64": encoded(MP3[:50]), "alignment": alignment})
        + b"\n"
        + line({"audio_base64": encoded(MP3[50:])})
    )
    served(server, body[:30], body[30:200], body[200:])
    audio, timings = listen(server, "elevenlabs", provider_config={"timings": True})
    assert audio == MP3
    assert timings == [Timing("H", 0.0, 0.1, "character"), Timing("i", 0.1, 0.2, "character")]


def event(value: Any) -> bytes:
    return b"data: " + json.dumps(value).encode() + b"\r\n\r\n"


def test_cartesia_with_timings(server: ScriptedServer) -> None:
    pcm = asset("audio.pcm")
    words = {"words": ["Hi"], "start": [0.0], "end": [0.4]}
    body = b"".join(
        [
            event({"type": "chunk", "data": encoded(pcm[:100]), "done": False, "status_code": 206}),
            event({"type": "timestamps", "word_timestamps": words, "done": False}),
            event({"type": "chunk", "data": encoded(pcm[100:]), "done": False}),
            event({"type": "done", "done": True, "status_code": 200}),
        ]
    )
    served(server, body[:77], body[77:])
    audio, timings = listen(server, "cartesia", provider_config={"timings": True})
    assert (audio, timings) == (pcm, [Timing("Hi", 0.0, 0.4)])
    assert server.requests[0].json["output_format"] == {
        "container": "raw",
        "encoding": "pcm_s16le",
        "sample_rate": 44100,
    }


def test_an_error_inside_a_stream_is_raised(server: ScriptedServer) -> None:
    served(server, event({"type": "error", "title": "Busy", "message": "later", "status_code": 503}))
    with pytest.raises(HTTPError, match="Busy"):
        listen(server, "cartesia", provider_config={"timings": True})


def test_hume_lines(server: ScriptedServer) -> None:
    stamp = {"type": "timestamp", "timestamp": {"type": "word", "text": "Hi", "time": {"begin": 0, "end": 250}}}
    served(server, line({"type": "audio", "audio": encoded(MP3)}), line(stamp))
    assert listen(server, "hume") == (MP3, [Timing("Hi", 0.0, 0.25)])


def test_a_stream_of_nonsense_may_have_been_paid_for(server: ScriptedServer) -> None:
    served(server, b"not json\n")
    with pytest.raises(SubmitOutcomeUnknownError, match="cannot be read"):
        listen(server, "hume")
    assert len(server.requests) == 1
