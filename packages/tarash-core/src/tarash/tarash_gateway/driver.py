"""One job at one provider, from first request to last: submit, wait, cancel, result. Written once, for both worlds.

A job may consist of several parts: models that make one output at a time are asked several times. Each part is one paid
submit; parts are submitted one after another and then waited for together.
"""

from __future__ import annotations

import contextlib
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field, replace
from typing import Any

from pydantic import JsonValue

from tarash.tarash_gateway.exceptions import (
    ContentModerationError,
    GenerationFailedError,
    HTTPConnectionError,
    HTTPError,
    JobNotFoundError,
    JobRejectedError,
    TarashException,
    TimeoutError,
    ValidationError,
)
from tarash.tarash_gateway.foreign import judged, judged_cancellation
from tarash.tarash_gateway.jobs import done_from_json, done_to_json, make_job
from tarash.tarash_gateway.messages import Cancellation, Done, Pending, WebhookMessage, number_or_none
from tarash.tarash_gateway.models import Job
from tarash.tarash_gateway.providers.base import Call, Operation, Provider
from tarash.tarash_gateway.retrying import HINT_CEILING, HINT_FLOOR, poll_wait
from tarash.tarash_gateway.runtime import Runtime
from tarash.tarash_gateway.sending import Sender

REQUEST_IDS = ("request_id", "request-id", "x-request-id")
"""How providers name the id of a request in the metadata of what is done."""

MISSED_POLLS_GRACE = 120.0
"""Seconds in which polls may fail in a row before the wait ends with an error (the job itself lives on)."""

NOT_FOUND_GRACE = 30.0
"""Seconds after the submit in which the provider may not know the job yet."""

LAST_POLL = 0.8
"""Seconds that a poll at the very deadline may still take."""

CANCEL_SECONDS = 5.0
"""Seconds for the attempt to cancel a remote job."""

FETCH_SECONDS = 15.0
"""Seconds for fetching a result that, as the provider says, was there when the job was to be cancelled."""

_MISSABLE_STATUS = frozenset({408, 425, 429, *range(500, 600)})
_UNAUTHORIZED = (401, 403)


@dataclass
class Part:
    """One paid submit and what became of it."""

    state: JsonValue = None
    done: Done | None = None
    error: TarashException | None = None
    seen: bool = False
    submitted_at: float = 0.0
    missing_since: float | None = None
    last_miss: TarashException | None = None
    pending: Pending | None = None
    hint: float | None = None

    @property
    def open(self) -> bool:
        return self.done is None and self.error is None


@dataclass
class Driver:
    """Drives one job. `report` is told of each poll; `observe` of what observers may want to know."""

    runtime: Runtime
    provider: Provider
    operation: Operation
    sender: Sender
    poll_interval: float
    max_poll_attempts: int
    timeout: float
    is_mock: bool = False
    report: Callable[[Pending], Any] | None = None
    observe: Callable[..., None] = lambda event, **details: None
    on_unknown_state: Callable[[str], None] = lambda name: None
    parts: list[Part] = field(default_factory=list)
    polls: int = 0
    counted_polls: int = 0
    created_at: float = 0.0

    # --- the handle

    @property
    def job(self) -> Job | None:
        """The handle of what was accepted so far; None before that."""
        states: list[JsonValue] = [
            {"done": done_to_json(part.done)} if part.state is None and part.done else {"pending": part.state}
            for part in self.parts
            if part.state is not None or part.done
        ]
        if not states:
            return None
        return make_job(self.sender.call, states, self.created_at, self.sender.key, self.is_mock)

    @property
    def provider_id(self) -> str | None:
        """The vendor's own id of the first remote job, or of a request that was answered at once; None without any."""
        states = (part.state for part in self.parts if isinstance(part.state, dict))
        jobs = [state["id"] for state in states if "id" in state]
        told = (part.done.metadata for part in self.parts if part.done)
        requests = [facts[name] for facts in told for name in REQUEST_IDS if facts.get(name)]
        return next(map(str, [*jobs, *requests]), None)

    def adopt(self, job: Job) -> None:
        """Take up a job that was submitted before, perhaps by another process."""
        self.created_at = job.created_at
        for stored in job.states:
            state = stored if isinstance(stored, dict) else {}
            done = done_from_json(state["done"]) if "done" in state else None
            self.parts.append(Part(state=state.get("pending"), done=done, submitted_at=self._now()))

    def _now(self) -> float:
        return self.runtime.clock.monotonic()

    # --- submit

    async def submit(self, calls: Sequence[Call]) -> None:
        """Submit a part for each call. After the first is accepted, a failing one no longer raises: it ends this."""
        self.created_at = self.runtime.clock.wall()
        for call in calls:
            try:
                await self._submit_part(call)
            except TarashException as error:
                if not self.parts:
                    raise
                self.parts.append(Part(error=error))
                return

    async def _submit_part(self, call: Call) -> None:
        self.sender.in_doubt = False
        work = self.sender.run(judged(self.operation.submit, call))
        result, stop = await self.runtime.complete(work, CANCEL_SECONDS, self.sender.stop)
        if isinstance(result, Done):
            self.parts.append(Part(done=result))
        elif result is not None:
            hint = self._hint_of(result)
            self.parts.append(Part(state=result.state, pending=result, submitted_at=self._now(), hint=hint))
            self.observe("submitted")
        if stop is not None:
            if result is None:
                note = INTERRUPTED_SUBMIT if self.sender.in_doubt else _INTERRUPTED_BEFORE
                stop.add_note(note.format(self.provider.id))
            raise stop

    # --- waiting

    async def wait(self) -> None:
        """Poll until every part is done or failed. Raises `TimeoutError` and errors that end the wait, with the job."""
        while self._open_parts():
            await self.runtime.sleep(self._next_wait())
            late = self.sender.remaining() <= 0
            if late:
                # Whoever slept past the deadline (a suspended machine) still gets the answer of one poll.
                self._extend(LAST_POLL)
            await self.poll_once()
            if self._open_parts() and (late or self.counted_polls >= self.max_poll_attempts):
                raise self._timed_out(late)

    def _open_parts(self) -> list[Part]:
        return [part for part in self.parts if part.open]

    def _next_wait(self) -> float:
        hint = max((part.hint for part in self._open_parts() if part.hint is not None), default=None)
        if hint is not None:
            wait = min(max(hint, 0.0 if self.is_mock else HINT_FLOOR), HINT_CEILING)
        else:
            wait = poll_wait(self.polls, self.poll_interval)
        self.polls += 1
        # The first polls come quickly and are not counted, so that attempts x interval is what callers expect.
        self.counted_polls += wait >= self.poll_interval
        return max(0.0, min(wait, self.sender.remaining()))

    def _hint_of(self, answer: Pending) -> float | None:
        """When to ask again, as the answer's body or header tells: a number of seconds that makes sense, or None."""
        told = number_or_none(answer.retry_after)
        return self.sender.hint if told is None or told < 0 else told

    def _extend(self, seconds: float) -> None:
        self.sender.deadline = max(self.sender.deadline, self._now() + seconds)

    async def poll_once(self) -> None:
        """Ask for each open part once."""
        for part in self._open_parts():
            await self.poll_part(part)

    async def receive(self, message: WebhookMessage) -> None:
        """Read what the vendor posted to a webhook, in place of a poll. It may speak of one part only."""
        for part in self._open_parts():
            try:
                answer = await self.sender.run(judged(self.operation.webhook, self._call_of(part), part.state, message))
            except JobRejectedError as error:
                if part is self._open_parts()[-1]:
                    raise self._with_job(error) from None
            except (GenerationFailedError, ContentModerationError, ValidationError) as error:
                part.error = error
                return
            except TarashException as error:
                raise self._with_job(error) from error.__cause__
            else:
                await self._take(part, answer)
                return

    def _call_of(self, part: Part) -> Call:
        index = self.parts.index(part)
        return replace(self.sender.call, index=index) if index else self.sender.call

    async def poll_part(self, part: Part) -> None:
        """Ask for one part. A failed poll is noted as missed; raises what ends the wait for all parts."""
        try:
            step = judged(self.operation.poll, self._call_of(part), part.state)
            answer = await self.sender.run(step, retry_free=False)
        except TarashException as error:
            self._missed(part, error)
        else:
            await self._take(part, answer)

    async def _take(self, part: Part, answer: Pending | Done) -> None:
        part.missing_since, part.last_miss, part.seen = None, None, True
        if isinstance(answer, Done):
            part.done = answer
        else:
            await self._go_on(part, answer)

    async def _go_on(self, part: Part, answer: Pending) -> None:
        part.state, part.pending, part.hint = answer.state, answer, self._hint_of(answer)
        if answer.unknown:
            self.on_unknown_state(answer.unknown)
        self.observe("polled", running=answer.running, progress=answer.progress)
        if self.report:
            await self.report(answer)

    def _missed(self, part: Part, error: TarashException) -> None:
        """A failed poll is a missed poll, until it says something final or the grace is over."""
        if isinstance(error, HTTPError) and error.status_code == 404 and self._may_be_new(part):
            part.last_miss = error
            return
        if not is_missable(error):
            self._end_part(part, error)
            return
        part.last_miss = error
        part.missing_since = self._now() if part.missing_since is None else part.missing_since
        part.hint = error.retry_after if isinstance(error, HTTPError) else None
        if self._now() - part.missing_since >= MISSED_POLLS_GRACE:
            error.message += f" All polls failed for {self._now() - part.missing_since:.0f} seconds. {_GO_ON}"
            raise self._with_job(error)

    def _may_be_new(self, part: Part) -> bool:
        return not part.seen and self._now() - part.submitted_at < NOT_FOUND_GRACE

    def _end_part(self, part: Part, error: TarashException) -> None:
        if isinstance(error, HTTPError) and error.status_code in _UNAUTHORIZED:
            error.message += f" The job itself is not touched by this. {_GO_ON}"
            raise self._with_job(error)
        if isinstance(error, HTTPError) and error.status_code == 404:
            error = self.sender.named(_not_found(error))
        part.error = error

    def _with_job(self, error: TarashException) -> TarashException:
        error.job = error.job or self.job
        return error

    def _timed_out(self, late: bool) -> TimeoutError:
        limit = f"{self.timeout:g} seconds" if late else f"{self.max_poll_attempts} polls (max_poll_attempts)"
        unknown = next((part.pending.unknown for part in self.parts if part.pending and part.pending.unknown), None)
        state = f" Its last state was {unknown[:60]!r}, which tarash does not know." if unknown else ""
        misses = next((part.last_miss for part in self.parts if part.last_miss), None)
        state += f" The last polls failed: {misses.message}" if misses else ""
        error = TimeoutError(
            f"{self.provider.id} did not finish the job within {limit}.{state} {_GO_ON}",
            timeout_seconds=self.timeout,
        )
        return self._with_job(self.sender.named(error))  # type: ignore[return-value]

    # --- cancelling

    async def cancel(self) -> Cancellation:
        """Cancel the open parts, within `CANCEL_SECONDS`. A failing attempt counts as impossible."""
        self.sender.deadline = self._now() + CANCEL_SECONDS
        outcomes = [await self._cancel_part(part) for part in self._open_parts()]
        for outcome in (Cancellation.TOO_LATE, Cancellation.IMPOSSIBLE):
            if outcome in outcomes:
                return outcome
        return Cancellation.CANCELLED if outcomes else Cancellation.TOO_LATE

    async def _cancel_part(self, part: Part) -> Cancellation:
        try:
            step = judged_cancellation(self.operation.cancel, self._call_of(part), part.state)
            return await self.sender.run(step, retry_free=False)
        except TarashException as error:
            part.last_miss = error
            return Cancellation.IMPOSSIBLE

    async def collect_finished(self, seconds: float) -> bool:
        """After a cancellation that did not succeed: fetch what is finished. True when nothing is open any more."""
        self.sender.deadline = self._now() + seconds
        for part in self._open_parts():
            # One that cannot be asked does not keep the others from being finished.
            with contextlib.suppress(TarashException):
                await self.poll_part(part)
        return not self._open_parts()

    # --- the end

    def keep_finished(self, error: TarashException) -> bool:
        """End what is open with the error that ended the wait, if anything is finished: that is paid for, and kept."""
        if not any(part.done and part.done.outputs for part in self.parts):
            return False
        for part in self._open_parts():
            part.error = error
        return True

    def outcome(self) -> Sequence[Done]:
        """The finished parts. Raises what happened when none is finished; `failures` tells of the others."""
        finished = [part.done for part in self.parts if part.done]
        errors = self.failures()
        if not finished:
            raise self._with_job(errors[0])
        if not any(done.outputs for done in finished):
            raise self._with_job(self.sender.named(_without_output(self.provider.id, finished[0])))
        return finished

    def failures(self) -> list[TarashException]:
        return [self._with_job(part.error) for part in self.parts if part.error]


_GO_ON = "It may still finish: resume(error.job, config) goes on waiting without paying again."

INTERRUPTED_SUBMIT = (
    "tarash was interrupted while a paid submit to {} was on its way: it is unknown whether the job was accepted and "
    "is being billed. It is not sent again."
)

_INTERRUPTED_BEFORE = "tarash was interrupted before {} had accepted a job: nothing was paid for it."


def is_missable(error: TarashException) -> bool:
    """True for errors of the way, which say nothing about the job."""
    if isinstance(error, HTTPError):
        return error.status_code in _MISSABLE_STATUS and type(error) is HTTPError
    return isinstance(error, HTTPConnectionError)


def _not_found(error: HTTPError) -> JobNotFoundError:
    return JobNotFoundError(
        f"The provider does not know this job (any more): {error.message}",
        raw_response=error.raw_response,
        status_code=error.status_code,
    )


def _without_output(provider: str, done: Done) -> GenerationFailedError:
    return GenerationFailedError(f"{provider} finished the job without any output.", raw_response=dict(done.raw))
