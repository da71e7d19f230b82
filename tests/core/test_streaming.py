"""Listening to speech while it is made: chunks in time, closing at once, fallback only before the first sound."""

import contextlib
import time
from collections.abc import Callable, Generator, Mapping
from typing import Any, ClassVar

import pytest
from tests.support.worlds import AsyncWorld, World

from tarash.tarash_gateway import register_provider, stream_tts, stream_tts_async
from tarash.tarash_gateway.exceptions import (
    HTTPConnectionError,
    HTTPError,
    SubmitOutcomeUnknownError,
    TarashException,
)
from tarash.tarash_gateway.messages import Json, RawAudio, Request, Response, Step, Streaming
from tarash.tarash_gateway.mock import MockConfig
from tarash.tarash_gateway.mock_media import asset
from tarash.tarash_gateway.models import AudioChunk, AudioGenerationConfig, Kind, TTSRequest
from tarash.tarash_gateway.providers.base import Call, Operation, Provider
from tarash.tarash_gateway.providers.field_mappers import FieldMapping, passthrough_field_mapper
from tarash.testkit.server import ScriptedServer, refused_port
from tarash.testkit.steps import Answer, Chunk, CutChunked, Finish, Gate, Hang, Hold, Reset, Start

AUDIO = bytes(range(256)) * 300


class Speech(Operation):
    def stream(self, call: Call) -> Step[Streaming]:
        request = Request("POST", f"{call.base_url}/speak", body=Json(call.payload), billable=True, max_bytes=1 << 40)
        return Streaming(request, RawAudio("audio/mpeg"))
        yield


class Speaker(Provider):
    id = "speaker"
    base_url = "https://speaker.example"
    key_required = False
    default_models: Mapping[Kind, str] = {"tts": "voice-1"}
    mappings: ClassVar[Mapping[Kind, Mapping[str, FieldMapping]]] = {
        "tts": {"": {"text": passthrough_field_mapper("text")}}
    }
    operations: Mapping[Kind, Operation] = {"tts": Speech()}

    def error(self, response: Response) -> TarashException | None:
        problem = response.object_or_empty().get("problem")
        return HTTPError(f"speaker: {problem}", status_code=response.status) if problem else None


@pytest.fixture(scope="module", autouse=True)
def speaker() -> None:
    register_provider("speaker", Speaker())


@pytest.fixture
def server() -> Generator[ScriptedServer]:
    with ScriptedServer() as one:
        yield one


def config(server: ScriptedServer, **more: Any) -> AudioGenerationConfig:
    return AudioGenerationConfig(provider="speaker", base_url=server.url, **more)


def listen(world: World, configuration: AudioGenerationConfig, heard: Callable[[AudioChunk], object]) -> None:
    """Hand each chunk to `heard`, in the world's own way; a true answer leaves the stream early."""
    request = TTSRequest(text="hello")
    if world.name == "sync":
        with contextlib.closing(stream_tts(configuration, request)) as chunks:  # type: ignore[type-var]
            for chunk in chunks:
                if heard(chunk):
                    return
        return

    async def work() -> None:
        async with contextlib.aclosing(stream_tts_async(configuration, request)) as chunks:
            async for chunk in chunks:
                if heard(chunk):
                    return

    assert isinstance(world, AsyncWorld)
    world.run(work)


def test_the_chunks_joined_are_the_audio(world: World, server: ScriptedServer) -> None:
    server.handler = lambda request: (Start(200), Chunk(AUDIO[:1000]), Chunk(AUDIO[1000:]), Finish())
    chunks: list[AudioChunk] = []
    listen(world, config(server), chunks.append)
    assert b"".join(chunk.audio for chunk in chunks) == AUDIO
    assert {chunk.content_type for chunk in chunks} == {"audio/mpeg"}
    assert [request.json for request in server.requests] == [{"text": "hello"}]


def test_the_first_chunk_is_heard_before_the_last_is_sent(world: World, server: ScriptedServer) -> None:
    gate = Gate()
    server.handler = lambda request: (Start(200), Chunk(b"first"), Hold(gate), Chunk(b"last"), Finish())
    heard: list[bytes] = []

    def listener(chunk: AudioChunk) -> None:
        heard.append(chunk.audio)
        gate.open()

    listen(world, config(server), listener)
    assert heard == [b"first", b"last"]


def test_leaving_early_closes_the_connection(world: World, server: ScriptedServer) -> None:
    server.handler = lambda request: (Start(200), Chunk(b"first"), Hang())
    listen(world, config(server), lambda chunk: True)
    left = time.monotonic()
    while server.connections.open:
        assert time.monotonic() - left < 0.05


def test_the_chain_goes_on_before_the_first_sound(world: World, server: ScriptedServer) -> None:
    server.handler = lambda request: (Start(200), Chunk(b"spoken"), Finish())
    server.script("POST", "/speak", Answer(503, json={"problem": "busy"}))
    chunks: list[AudioChunk] = []
    listen(world, config(server, fallback_configs=[config(server)]), chunks.append)
    assert [chunk.audio for chunk in chunks] == [b"spoken"]
    assert len(server.requests) == 2


def test_nothing_is_repeated_after_the_first_sound(world: World, server: ScriptedServer) -> None:
    server.handler = lambda request: (Start(200), Chunk(b"once"), Reset())
    chunks: list[AudioChunk] = []
    with pytest.raises(SubmitOutcomeUnknownError, match="broke off") as caught:
        listen(world, config(server, fallback_configs=[config(server)]), chunks.append)
    assert [chunk.audio for chunk in chunks] == [b"once"]
    assert not caught.value.retryable
    assert len(server.requests) == 1


@pytest.mark.parametrize("fault", [Reset(), CutChunked(0, Answer(200, body=b"lost"))], ids=["reset", "cut"])
def test_a_paid_request_is_sent_once(world: World, server: ScriptedServer, fault: Any) -> None:
    server.handler = lambda request: fault
    with pytest.raises(SubmitOutcomeUnknownError):
        listen(world, config(server), lambda chunk: None)
    assert len(server.requests) == 1


def test_where_nobody_listens_nothing_is_paid(world: World) -> None:
    with refused_port() as port, pytest.raises(HTTPConnectionError) as caught:
        listen(
            world, AudioGenerationConfig(provider="speaker", base_url=f"http://127.0.0.1:{port}", timeout=0.3), print
        )
    assert (caught.value.possibly_billed, caught.value.retryable) == (False, True)


def test_a_refusal_is_read(world: World, server: ScriptedServer) -> None:
    server.handler = lambda request: Answer(400, json={"problem": "no such voice"})
    with pytest.raises(HTTPError, match="no such voice"):
        listen(world, config(server), lambda chunk: None)


def test_the_mock_streams_its_audio(world: World, server: ScriptedServer) -> None:
    chunks: list[AudioChunk] = []
    listen(world, config(server, mock=MockConfig()), chunks.append)
    assert b"".join(chunk.audio for chunk in chunks) == asset("audio.mp3")
    assert len(chunks) > 1
