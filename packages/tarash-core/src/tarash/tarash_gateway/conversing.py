"""Speaking to a provider while listening to it: one conversation over a WebSocket. Written once, for both worlds."""

from __future__ import annotations

import builtins
from collections.abc import AsyncGenerator

from tarash.tarash_gateway.encoding import encode_json
from tarash.tarash_gateway.exceptions import HTTPConnectionError, ProtocolError, TimeoutError, ValidationError
from tarash.tarash_gateway.messages import Conversation, Frame, Request
from tarash.tarash_gateway.models import AudioChunk
from tarash.tarash_gateway.runtime import Socket, TextSource
from tarash.tarash_gateway.sending import Sender
from tarash.tarash_gateway.texts import Joiner

_NothingCame = builtins.TimeoutError


class Speaker:
    """One conversation. The text is sent beside the listening, so that neither holds up the other.

    `silence` is how long the other side may be silent, in seconds, once it has been sent the whole text; `total` how
    long it may be waited for in all (a caller who listens slowly is not waited for).
    """

    def __init__(
        self, sender: Sender, conversation: Conversation, text: TextSource, silence: float, total: float
    ) -> None:
        self._sender, self._conversation, self._text = sender, conversation, text
        self._silence, self._total, self._left = silence, total, total
        self._paid = False
        self._said_all = False
        self._failure: BaseException | None = None

    async def chunks(self) -> AsyncGenerator[AudioChunk]:
        """The sound, as it comes. Raises what the caller's iterator raises as it is."""
        request = self._conversation.request
        conversing = self._only_read() if request is None else self._converse(request)
        try:
            async for chunk in conversing:
                yield chunk
        except (HTTPConnectionError, TimeoutError) as error:
            if error is not self._text.error:
                self._judge(error)
            raise
        finally:
            await conversing.aclose()

    async def _only_read(self) -> AsyncGenerator[AudioChunk]:
        index = 0
        while await self._text.take(index) is not None:
            index += 1
        for chunk in self._conversation.decoder.finish():
            yield chunk

    async def _converse(self, request: Request) -> AsyncGenerator[AudioChunk]:
        decoder = self._conversation.decoder
        socket = await self._sender.dial(request)
        speaking = self._sender.runtime.start(self._speak(socket))
        try:
            while not decoder.finished:
                frame = await self._next_frame(socket)
                if frame is None:
                    break
                for chunk in decoder.feed(self._sender.scrubbed(frame)):
                    yield chunk
        finally:
            await socket.close()
            await speaking.stop()
        if not self._said_all:
            raise ProtocolError("The other side ended before the whole text was said.")
        for chunk in decoder.finish():
            yield chunk

    async def _next_frame(self, socket: Socket) -> bytes | None:
        clock = self._sender.runtime.clock
        silent = 0.0
        while True:
            patience = min(self._silence - silent, self._left)
            begun, said_all = clock.monotonic(), self._said_all
            try:
                frame = await socket.receive(patience)
                self._left -= clock.monotonic() - begun
            except _NothingCame:
                self._left -= patience
                # As long as the text goes on, it is not the other side's turn.
                silent = silent + patience if said_all else 0.0
            except HTTPConnectionError:
                self._raise_failure()
                raise
            else:
                self._raise_failure()
                return frame
            self._raise_when_late(silent)

    def _raise_failure(self) -> None:
        if self._failure is not None:
            raise self._failure

    def _raise_when_late(self, silent: float) -> None:
        if silent >= self._silence:
            raise HTTPConnectionError(f"The other side was silent for {self._silence:g} seconds.")
        if self._left <= 0:
            raise TimeoutError(
                f"The speech was not finished within {self._total:g} seconds.", timeout_seconds=self._total
            )

    def _judge(self, error: HTTPConnectionError | TimeoutError) -> None:
        """Note the one fact that matters for money: was any text sent?"""
        if isinstance(error, HTTPConnectionError):
            error.request_sent = self._paid
        else:
            error.possibly_billed = self._paid

    # --- beside the listening

    async def _speak(self, socket: Socket) -> None:
        """Send the whole text. What the caller's iterator raises ends the connection, and so wakes the listener."""
        try:
            await self._send_all(socket)
        except BaseException as error:
            if isinstance(error, HTTPConnectionError) and error is not self._text.error:
                return  # Who listens finds the same, after all that came before it.
            self._failure = error
            await socket.close()

    async def _send_all(self, socket: Socket) -> None:
        conversation = self._conversation
        joiner = Joiner(conversation.unit, conversation.longest)
        await self._send(socket, *conversation.opening)
        index, piece = 0, await self._text.take(0)
        while piece is not None:
            await self._say(socket, joiner.feed(piece))
            index += 1
            piece = await self._text.take(index)
        await self._say(socket, joiner.finish())
        if not self._paid:
            raise ValidationError("There was no text to speak. Nothing was paid.")
        # Said first: the answer may be there before the sending has come back.
        self._said_all = True
        await self._send(socket, *conversation.closing)

    async def _say(self, socket: Socket, units: list[str]) -> None:
        for unit in units:
            self._paid = self._paid or bool(unit.strip())
            # Blanks alone are no text: nothing is sent, and nothing paid, before a first word.
            if self._paid:
                await self._send(socket, self._conversation.say(unit))

    async def _send(self, socket: Socket, *frames: Frame) -> None:
        for frame in frames:
            await socket.send(encode_json(frame).decode())
