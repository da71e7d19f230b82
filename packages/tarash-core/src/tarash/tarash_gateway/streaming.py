"""Listening to speech while it is made, with fallback before the first sound. Written once, for both worlds."""

from __future__ import annotations

from collections.abc import AsyncGenerator, Callable, Iterator
from typing import Any

from tarash.tarash_gateway.attempt import Attempt
from tarash.tarash_gateway.exceptions import HTTPConnectionError, TarashException
from tarash.tarash_gateway.messages import Streaming
from tarash.tarash_gateway.models import AudioChunk
from tarash.tarash_gateway.runtimes import run_sync

SILENCE = 60.0
"""Seconds that a stream may be silent before it counts as broken (never longer than the configuration's timeout)."""


class Listener:
    """One attempt to listen at one provider. `heard` is true once a chunk was handed out: no fallback after that."""

    def __init__(self, attempt: Attempt) -> None:
        self.attempt = attempt
        self.heard = False

    async def chunks(self) -> AsyncGenerator[AudioChunk]:
        """The chunks, as they come. The connection is closed when the iteration ends, however it ends."""
        await self.attempt.map()
        sender = self.attempt.driver.sender
        streaming = await sender.run(self.attempt.plan.operation.stream(sender.call))
        pieces = self._pieces(streaming)
        try:
            async for chunk in pieces:
                self.heard = True
                yield chunk
        except HTTPConnectionError as error:
            raise (error if error.possibly_billed else sender.unfinished(error, heard=self.heard)) from None
        except TarashException as error:
            error.retryable = error.retryable and not self.heard
            raise sender.named(error) from error.__cause__
        finally:
            await pieces.aclose()

    async def _pieces(self, streaming: Streaming) -> AsyncGenerator[AudioChunk]:
        if streaming.request is not None:
            sender = self.attempt.driver.sender
            silence = min(SILENCE, self.attempt.plan.config.timeout)
            stream = await sender.open(streaming.request)
            try:
                while data := await stream.read(silence):
                    for chunk in streaming.decoder.feed(data):
                        yield chunk
            finally:
                await stream.close()
        for chunk in streaming.decoder.finish():
            yield chunk


def iterate_sync(chunks: AsyncGenerator[AudioChunk], close: Callable[[], Any]) -> Iterator[AudioChunk]:
    """An async generator that never suspends, as a plain one. Closing it closes the connection at once."""
    try:
        while True:
            try:
                chunk = run_sync(chunks.__anext__())
            except StopAsyncIteration:
                return
            yield chunk
    finally:
        run_sync(chunks.aclose())
        close()
