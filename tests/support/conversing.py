"""Speaking while text is still being written: vendors' WebSockets to talk to, in one of the two worlds."""

import asyncio
import contextlib
import threading
from collections.abc import AsyncIterator, Callable, Iterable, Iterator
from dataclasses import dataclass, field
from types import TracebackType
from typing import Any, Self

from tests.support.worlds import AsyncWorld, World

from tarash import tarash_gateway as tarash
from tarash.tarash_gateway.models import AudioChunk, AudioGenerationConfig, AudioOutputFormat, TTSRequest
from tarash.testkit.ledger import Ledger
from tarash.testkit.spoken import CartesiaSpeech, ElevenLabsSpeech, HumeSpeech
from tarash.testkit.websockets import Fault, Visit, WebSocketServer

VENDORS: dict[str, Callable[[], Any]] = {
    "elevenlabs": ElevenLabsSpeech,
    "cartesia": CartesiaSpeech,
    "hume": HumeSpeech,
}
WORDS = ("Hel", "lo", " world", ". How", " are you?")
PCM = AudioOutputFormat(format="pcm", sample_rate=24_000)


@dataclass
class Talkshow:
    """Servers for the vendors that a test speaks to, each made with its first use."""

    world: World
    ledger: Ledger
    servers: dict[str, WebSocketServer] = field(default_factory=dict)
    _exits: contextlib.ExitStack = field(default_factory=contextlib.ExitStack)

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> None:
        self._exits.__exit__(kind, error, traceback)

    def server(self, name: str = "elevenlabs") -> WebSocketServer:
        if name not in self.servers:
            server = WebSocketServer(VENDORS[name.partition(" ")[0]](), ledger=self.ledger)
            self.servers[name] = self._exits.enter_context(server)
        return self.servers[name]

    def fail(self, *faults: Fault, name: str = "elevenlabs") -> None:
        self.server(name).fail_next(*faults)

    def visits(self, name: str = "elevenlabs") -> list[Visit]:
        return self.server(name).visits

    def config(self, name: str = "elevenlabs", **changes: Any) -> AudioGenerationConfig:
        """The configuration for a vendor; "elevenlabs 2" is a second server of the same one."""
        server, provider = self.server(name), name.partition(" ")[0]
        settings = {"provider": provider, "api_key": server.vendor.key, "base_url": server.url}  # type: ignore[attr-defined]
        return AudioGenerationConfig(**{**settings, **changes})

    def listen(
        self,
        given: Any = WORDS,
        heard: Callable[[AudioChunk], object] = lambda chunk: None,
        config: AudioGenerationConfig | None = None,
        **fields: Any,
    ) -> list[AudioChunk]:
        """All chunks, each also handed to `heard`; a true answer of it leaves the stream early."""
        request = TTSRequest(**{"text": "", "voice_id": "v1", "output_format": PCM, **fields})
        return listen(self.world, config or self.config(), request, given, heard)


def listen(
    world: World,
    config: AudioGenerationConfig,
    request: TTSRequest,
    text: Any,
    heard: Callable[[AudioChunk], object] = lambda chunk: None,
) -> list[AudioChunk]:
    chunks: list[AudioChunk] = []
    if world.name == "sync":
        with contextlib.closing(tarash.stream_tts(config, request, text=text)) as stream:  # type: ignore[type-var]
            for chunk in stream:
                chunks.append(chunk)
                if heard(chunk):
                    break
        return chunks

    async def work() -> None:
        async with contextlib.aclosing(tarash.stream_tts_async(config, request, text=text)) as stream:
            async for chunk in stream:
                chunks.append(chunk)
                if heard(chunk):
                    break

    assert isinstance(world, AsyncWorld)
    world.run(work)
    return chunks


class Writing:
    """Text that is still being written, for both worlds: at an event it waits, an exception it raises."""

    def __init__(self, *pieces: str | threading.Event | BaseException) -> None:
        self._pieces = pieces

    def __iter__(self) -> Iterator[str]:
        for piece in self._pieces:
            if isinstance(piece, threading.Event):
                piece.wait()
            elif isinstance(piece, BaseException):
                raise piece
            else:
                yield piece

    async def __aiter__(self) -> AsyncIterator[str]:
        for piece in self._pieces:
            if isinstance(piece, threading.Event):
                await asyncio.to_thread(piece.wait)
            elif isinstance(piece, BaseException):
                raise piece
            else:
                yield piece


def sound_of(chunks: Iterable[AudioChunk]) -> bytes:
    return b"".join(chunk.audio for chunk in chunks)
