"""Listening to speech while it is made, with fallback before the first sound. Written once, for both worlds."""

from __future__ import annotations

from collections.abc import AsyncGenerator, Callable, Iterator
from dataclasses import replace
from typing import Any

from tarash.tarash_gateway.attempt import Attempt
from tarash.tarash_gateway.driver import INTERRUPTED_SUBMIT
from tarash.tarash_gateway.exceptions import HTTPConnectionError, TarashException, ValidationError
from tarash.tarash_gateway.messages import Streaming
from tarash.tarash_gateway.models import AudioChunk
from tarash.tarash_gateway.runtime import TextSource
from tarash.tarash_gateway.runtimes import run_sync

SILENCE = 60.0
"""Seconds that a stream may be silent before it counts as broken (never longer than the configuration's timeout)."""

LONGEST = 2**30
"""A stream may have this many bytes. They are not kept, so this only ends what would have no end."""

_NOT_SPLIT = (
    "The text is too long for one request, and a stream is not split: call generate_tts, or stream the pieces of "
    "tarash.tarash_gateway.splitting.split_text one by one. Nothing was sent or paid."
)


def _too_long(timeout: float) -> HTTPConnectionError:
    error = HTTPConnectionError(f"The speech was not finished within {timeout:g} seconds.")
    error.request_sent = True
    return error


class Listener:
    """One attempt to listen at one provider. `heard` is true once a chunk was handed out: no fallback after that."""

    def __init__(self, attempt: Attempt, text: TextSource | None = None) -> None:
        self.attempt = attempt
        self.text = text
        self.heard = False

    async def chunks(self) -> AsyncGenerator[AudioChunk]:
        """The chunks, as they come. The connection is closed when the iteration ends, however it ends."""
        await self.attempt.map(with_text=self.text is None)
        pieces = await (self._answer() if self.text is None else self._conversation(self.text))
        try:
            async for chunk in pieces:
                self.heard = True
                yield chunk
        except TarashException as error:
            if self.text is not None and error is self.text.error:
                raise
            raise self._judged(error) from error.__cause__
        except BaseException as stop:
            # A caller who leaves early (GeneratorExit) knows; whoever is interrupted before the first sound does not.
            sender = self.attempt.driver.sender
            if sender.in_doubt and not self.heard and not isinstance(stop, Exception | GeneratorExit):
                stop.add_note(INTERRUPTED_SUBMIT.format(sender.provider.id))
            raise
        finally:
            await pieces.aclose()

    def _judged(self, error: TarashException) -> TarashException:
        """The error, with what it means for money and for the next provider."""
        sender = self.attempt.driver.sender
        if isinstance(error, HTTPConnectionError) and error.request_sent and not error.possibly_billed:
            return self._unfinished(error)
        error.retryable = error.retryable and not self.heard
        error.possibly_billed = error.possibly_billed or self.heard
        return sender.named(error)

    def _unfinished(self, error: HTTPConnectionError) -> TarashException:
        """The error of a stream that broke: before the first sound another provider may be tried, after it not."""
        sender = self.attempt.driver.sender
        unknown = sender.unknown(error)
        if self.heard:
            unknown.message = (
                f"The speech of {sender.call.provider} broke off in the middle: {error.message} It is paid for."
            )
            unknown.retryable = False
        return unknown

    async def _conversation(self, text: TextSource) -> AsyncGenerator[AudioChunk]:
        # It brings the HTTP client's encoder, which a mock never needs.
        from tarash.tarash_gateway.conversing import Speaker

        sender = self.attempt.driver.sender
        conversation = await sender.run(self.attempt.plan.operation.converse(sender.call))
        total = self.attempt.plan.config.timeout
        return Speaker(sender, conversation, text, min(SILENCE, total / 2), total).chunks()

    async def _answer(self) -> AsyncGenerator[AudioChunk]:
        sender = self.attempt.driver.sender
        if self.attempt.division.is_text:
            raise sender.named(ValidationError(_NOT_SPLIT))
        return self._pieces(await sender.run(self.attempt.plan.operation.stream(sender.call)))

    async def _pieces(self, streaming: Streaming) -> AsyncGenerator[AudioChunk]:
        if streaming.request is not None:
            sender = self.attempt.driver.sender
            timeout, clock = self.attempt.plan.config.timeout, sender.runtime.clock
            left = timeout
            stream = await sender.open(replace(streaming.request, max_bytes=LONGEST))
            try:
                while left > 0:
                    # A caller who listens slowly is not waited for; only the provider's own time counts.
                    begun = clock.monotonic()
                    data = await stream.read(min(SILENCE, left))
                    left -= clock.monotonic() - begun
                    if not data:
                        break
                    for chunk in streaming.decoder.feed(data):
                        yield chunk
                else:
                    raise _too_long(timeout)
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
