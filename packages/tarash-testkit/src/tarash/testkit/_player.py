"""Playing steps on a connection."""

import asyncio
from collections.abc import Awaitable, Callable, Iterator
from dataclasses import dataclass, field
from typing import Any, Protocol

from tarash.testkit import _wire
from tarash.testkit.clock import VirtualClock
from tarash.testkit.ledger import Ledger
from tarash.testkit.steps import (
    Alter,
    Answer,
    Charge,
    Chunk,
    Close,
    CutBody,
    CutChunked,
    DecompressionBomb,
    Delay,
    Do,
    Drip,
    EndlessBody,
    Finish,
    Hang,
    Hold,
    Normal,
    Perform,
    Played,
    Raw,
    Redirect,
    Reset,
    Start,
    Step,
    as_steps,
)


class ScriptError(Exception):
    """A script or handler asked for something that makes no sense."""


class Line(Protocol):
    """The part of a connection that playing needs."""

    def write(self, data: bytes) -> None: ...

    async def drain(self) -> None:
        """Wait until the peer has taken most of what was written."""

    async def lost(self) -> None:
        """Wait until the connection is gone."""

    def close(self) -> None: ...

    def reset(self) -> None: ...

    @property
    def closing(self) -> bool: ...


@dataclass
class Player:
    """Plays the steps that answer one request. `ordinary` asks the server's handler what it would do."""

    line: Line
    method: str
    ordinary: Callable[[], Played]
    clock: VirtualClock
    ledger: Ledger
    answered: bool = False
    chunks: list[bytes] = field(default_factory=list)

    async def play(self, steps: Iterator[Step]) -> None:
        for step in steps:
            if self.line.closing:
                return
            action = _ACTIONS.get(type(step))
            if action is None:
                raise ScriptError(f"{step!r} is no step")
            waiting = action(self, step)
            if waiting is not None:
                await waiting

    def _ordinary_answer(self) -> Answer:
        """The handler's whole answer, to be changed or cut; what else it wants played (charges, delays) comes first."""
        steps = as_steps(self.ordinary())
        for step in steps:
            if isinstance(step, Answer):
                return step
            if isinstance(step, Start):
                pieces = (following.data for following in steps if isinstance(following, Chunk))
                return Answer(step.status, step.headers, b"".join(pieces))
            action = _ACTIONS.get(type(step))
            if not isinstance(step, Charge | Delay | Do) or action is None:
                raise ScriptError(f"the ordinary handler answers with {step!r}, which cannot be changed")
            action(self, step)
        raise ScriptError("the ordinary handler gave no answer")

    def answer(self, step: Answer) -> None:
        head, body = _wire.render(step, self.method)
        self.line.write(head + body)
        self.ledger.answered(body)
        self.answered = True
        if (step.header("connection") or "").lower() == "close":
            self.line.close()

    def redirect(self, step: Redirect) -> None:
        self.answer(Answer(status=step.status, headers=[("Location", step.location)]))

    def raw(self, step: Raw) -> None:
        self.line.write(step.data)
        self.answered = True

    async def start(self, step: Start) -> None:
        self.line.write(_wire.chunked_head(step))
        await self.line.drain()

    async def chunk(self, step: Chunk) -> None:
        if step.data:
            if self.ledger.keep_answers:
                self.chunks.append(step.data)
            self.line.write(_wire.chunk(step.data))
            await self.line.drain()

    def finish(self, step: Finish) -> None:
        self.line.write(b"0\r\n\r\n")
        self.ledger.answered(b"".join(self.chunks))
        self.answered = True

    def charge(self, step: Charge) -> None:
        self.ledger.charge(step.job_id, step.amount)

    def delay(self, step: Delay) -> None:
        self.clock.advance(step.seconds)

    def do(self, step: Do) -> None:
        step.action()

    async def hold(self, step: Hold) -> None:
        loop = asyncio.get_running_loop()
        opened = asyncio.Event()

        def wake() -> None:
            if not loop.is_closed():
                loop.call_soon_threadsafe(opened.set)

        step.gate.on_open(wake)
        await opened.wait()

    async def hang(self, step: Hang) -> None:
        await self.line.lost()

    def close(self, step: Close) -> None:
        self.line.close()

    def reset(self, step: Reset) -> None:
        self.line.reset()

    async def normal(self, step: Normal) -> None:
        await self.play(as_steps(self.ordinary()))

    def perform(self, step: Perform) -> None:
        self._ordinary_answer()

    async def alter(self, step: Alter) -> None:
        await self.play(as_steps(step.change(self._ordinary_answer())))

    def cut_body(self, step: CutBody) -> None:
        head, body = _wire.render(step.answer or self._ordinary_answer(), self.method)
        self.line.write(head + body[: step.after])
        self._end(step.reset)

    def cut_chunked(self, step: CutChunked) -> None:
        answer = step.answer or self._ordinary_answer()
        headers = [item for item in answer.header_items if item[0].lower() != "content-length"]
        if answer.is_json:
            headers.append(("Content-Type", "application/json"))
        head = _wire.chunked_head(Start(answer.status, headers))
        self.line.write(head + (_wire.chunk(answer.content[: step.after]) if step.after else b""))
        self._end(step.reset)

    def _end(self, reset: bool) -> None:
        if reset:
            self.line.reset()
        else:
            self.line.close()

    async def drip(self, step: Drip) -> None:
        head, body = _wire.render(step.answer or self._ordinary_answer(), self.method)
        at_once, slowly = (head, body) if step.of == "body" else (b"", head + body)
        if at_once:
            self.line.write(at_once)
        for start in range(0, len(slowly), step.size):
            await asyncio.sleep(step.every)  # noqa: TID251 - here real time is the point
            self.line.write(slowly[start : start + step.size])
        self.answered = True

    async def endless(self, step: EndlessBody) -> None:
        self.line.write(_wire.chunked_head(Start(200, step.headers)))
        block, sent = _wire.chunk(step.block), 0
        while sent < step.limit and not self.line.closing:
            self.line.write(block)
            sent += len(step.block)
            await self._share()
        self.line.close()

    async def bomb(self, step: DecompressionBomb) -> None:
        self.line.write(_wire.bomb_head(step))
        for piece in _wire.bomb_body(step):
            self.line.write(piece)
            await self._share()
            if self.line.closing:
                return
        self.answered = True

    async def _share(self) -> None:
        # To a peer that reads as fast as we write there is never anything to drain, and nobody else would get a turn.
        await self.line.drain()
        await asyncio.sleep(0)  # noqa: TID251


_ACTIONS: dict[type[Step], Callable[[Player, Any], Awaitable[None] | None]] = {
    Answer: Player.answer,
    Redirect: Player.redirect,
    Raw: Player.raw,
    Start: Player.start,
    Chunk: Player.chunk,
    Finish: Player.finish,
    Charge: Player.charge,
    Delay: Player.delay,
    Do: Player.do,
    Hold: Player.hold,
    Hang: Player.hang,
    Close: Player.close,
    Reset: Player.reset,
    Normal: Player.normal,
    Perform: Player.perform,
    Alter: Player.alter,
    CutBody: Player.cut_body,
    CutChunked: Player.cut_chunked,
    Drip: Player.drip,
    EndlessBody: Player.endless,
    DecompressionBomb: Player.bomb,
}
