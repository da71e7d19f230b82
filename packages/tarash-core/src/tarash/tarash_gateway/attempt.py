"""One attempt: one plan carried out by the driver, with what must happen when it ends badly."""

from __future__ import annotations

import logging
import sys
from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from typing import Any, NamedTuple

from tarash.tarash_gateway.downloads import LinkExpiredError
from tarash.tarash_gateway.driver import FETCH_SECONDS, LAST_POLL, Driver
from tarash.tarash_gateway.exceptions import (
    HTTPConnectionError,
    HTTPError,
    PartialResultError,
    TarashException,
    TimeoutError,
    UnsupportedOperationError,
)
from tarash.tarash_gateway.foreign import blamed
from tarash.tarash_gateway.joining import join_sounds
from tarash.tarash_gateway.messages import Cancellation, Done, Output
from tarash.tarash_gateway.models import GenerationConfig, Job
from tarash.tarash_gateway.parameters import (
    Applied,
    apply_mapping,
    enforce,
    in_one_account,
    without_field,
)
from tarash.tarash_gateway.planning import Plan, warn_all, with_payload
from tarash.tarash_gateway.progress import Progress
from tarash.tarash_gateway.providers.base import Call
from tarash.tarash_gateway.responses import Ingredients, build_response
from tarash.tarash_gateway.runtime import Runtime
from tarash.tarash_gateway.saving import ResponseSaver, fetch_bytes, fresh_output
from tarash.tarash_gateway.sending import Sender
from tarash.tarash_gateway.splitting import Division, divide

log = logging.getLogger("tarash")

MAX_AUDIO_BYTES = 256 * 1024 * 1024
Observe = Callable[..., None]


class Place(NamedTuple):
    """Where an output stands: in which part of the job, and where among that part's outputs."""

    part: int
    position: int


class Attempt:
    """Carries out one plan. `job` is the handle of what was accepted, None before."""

    def __init__(self, runtime: Runtime, plan: Plan, observe: Observe, progress: Progress | None = None) -> None:
        self.runtime = runtime
        self.plan = plan
        self.observe = observe
        self.progress = progress
        self.applied = Applied()
        self.division = Division(())
        self.payloads: Sequence[Mapping[str, Any]] = ()
        self._unknown_states: set[str] = set()
        self.driver = self._make_driver(plan)

    def _make_driver(self, plan: Plan) -> Driver:
        config = plan.config
        return Driver(
            runtime=self.runtime,
            provider=plan.provider,
            operation=plan.operation,
            sender=make_sender(self.runtime, plan, config.timeout),
            poll_interval=config.poll_interval,
            max_poll_attempts=_most_polls(config),
            timeout=config.timeout,
            is_mock=plan.is_mock,
            report=self.progress.pending if self.progress else None,
            observe=self._observe,
            on_unknown_state=self._warn_once,
        )

    def _observe(self, event: str, **details: Any) -> None:
        self.observe(f"job_{event}", lambda: {"job": self.driver.job, **details})

    def _warn_once(self, name: str) -> None:
        if name not in self._unknown_states:
            self._unknown_states.add(name)
            log.warning("%s reports the unknown state %r; waiting goes on.", self.plan.call.provider, name[:60])

    # --- submitting

    async def submit(self) -> None:
        """Check, map and submit. Whatever is wrong with the request is raised before the first paid request."""
        await self.map()
        await self.driver.submit(self._calls())

    def _calls(self) -> list[Call]:
        """What is bought: each piece of a text that is split, or else so many of the same."""
        call, parts = self.plan.call, zip(self.division.requests, self.payloads, strict=True)
        return [replace(call, request=one, payload=payload, index=at) for at, (one, payload) in enumerate(parts)]

    async def map(self, *, with_text: bool = True) -> None:
        """Make the payload of the request, and the account of its parameters; perhaps of all but the text."""
        sender = self.driver.sender
        mapping = self.plan.mapping(await sender.run(self.plan.operation.describe(sender.call)))
        if mapping is None:
            raise UnsupportedOperationError(f"{sender.call.provider} has no mapping for {sender.call.model}.")
        request = sender.call.request
        if not with_text:
            mapping, request = without_field("text", mapping, request)
        self.division = divide(request, mapping)
        applied = [apply_mapping(mapping, one, self.plan.provider.reserved_params) for one in self.division.requests]
        self.applied, self.payloads = in_one_account(applied, self.division.notes), [one.payload for one in applied]
        where = f"{sender.call.provider} {sender.call.model}"
        warn_all(enforce(self.applied, self.plan.config.unsupported_params, where), where)
        self.plan = with_payload(self.plan, self.applied.payload)
        sender.call = self.plan.call

    # --- the whole way

    async def generate(self, *, more_to_come: bool) -> Any:
        """Submit, wait and build the response. `more_to_come`: another provider follows after a retryable error."""
        return await self._guarded(lambda: self._to_the_end(self._submit_and_wait, more_to_come))

    async def finish(self) -> Any:
        """Wait for an adopted job and build the response."""
        return await self._guarded(lambda: self._to_the_end(self.driver.wait, False))

    async def hand_out(self) -> Job:
        """Submit and return the handle. Raises when not all parts were accepted; the handle of the others is in it."""
        await self._guarded(self.submit)
        job = self.driver.job
        failures = self.driver.failures()
        if job is None:
            raise failures[0]
        if failures:
            asked = max(len(self.division.requests), len(job.states) + len(failures))
            raise self._partial(f"{len(job.states)} of {asked} jobs were accepted")
        return job

    async def completed(self, response: Any) -> None:
        """Tell the caller's callback. What interrupts it carries the job, so that the result is not lost."""
        if self.progress is None:
            return
        try:
            await self.progress.completed(response)
        except BaseException as stop:
            if self.driver.job:
                stop.add_note(f"tarash: the job was finished. Its handle: {self.driver.job.to_json()}")
            raise

    async def _submit_and_wait(self) -> None:
        await self.submit()
        await self.driver.wait()

    async def _to_the_end(self, work: Callable[[], Any], more_to_come: bool) -> Any:
        try:
            await work()
        except TarashException as error:
            rescued = await self._rescue(error, more_to_come)
            # The next provider would make again what is paid for here; without one, resuming the job brings all of it.
            if not rescued and not (more_to_come and self.driver.keep_finished(error)):
                raise
        return await self._respond()

    async def _guarded(self, work: Callable[[], Any]) -> Any:
        """Whatever ends the work carries the job away."""
        try:
            return await work()
        except Exception as raised:
            blame = blamed(self.plan.config, raised)
            blame.job = blame.job or self.driver.job
            raise blame from blame.__cause__
        except GeneratorExit:
            raise
        except BaseException as stop:
            await self._abandon(stop)
            raise

    async def _rescue(self, error: TarashException, more_to_come: bool) -> bool:
        """Before a job is left behind: cancel it where that is wanted. True when it turned out to be finished."""
        lost = isinstance(error, TimeoutError | HTTPConnectionError | HTTPError)
        wanted = more_to_come and error.retryable
        wanted = wanted or (isinstance(error, TimeoutError) and self.plan.config.on_timeout == "cancel")
        if not (lost and wanted and self.driver.job):
            return False
        outcome = await self.driver.cancel()
        if outcome is not Cancellation.CANCELLED:
            # Whatever kept it from being cancelled, it may have been that the job was finished, and paid.
            seconds = FETCH_SECONDS if outcome is Cancellation.TOO_LATE else LAST_POLL
            if await self.driver.collect_finished(seconds):
                return True
        error.message += _CANCEL_REPORT[outcome]
        return False

    async def _abandon(self, stop: BaseException) -> None:
        """We are being interrupted: one bounded attempt to cancel, and the job in the exception's note."""
        job = self.driver.job
        if job is None:
            return
        outcome = None
        try:
            outcome, _ = await self.runtime.complete(self.driver.cancel(), 0)
        except Exception:
            log.debug("The attempt to cancel failed.", exc_info=True)
        told = outcome.value if outcome else "unknown"
        stop.add_note(f"tarash: the remote job was interrupted (cancelled there: {told}). Its handle: {job.to_json()}")

    # --- the result

    async def _respond(self) -> Any:
        """The response. The result is paid for, so nothing that goes wrong from here on leads to another provider."""
        dones = self.driver.outcome()
        try:
            return await self._response(dones)
        except Exception as raised:
            error = blamed(self.plan.config, raised)
            error.retryable = False
            raise error from error.__cause__

    async def _response(self, dones: Sequence[Done]) -> Any:
        call = self.driver.sender.call
        outputs = [output for done in dones for output in done.outputs]
        audio = b""
        if call.kind in ("tts", "sts"):
            audio = await self._sound()
            if len(dones) > 1:
                outputs = [Output(data=audio, content_type=outputs[0].content_type)]
        response = build_response(
            Ingredients(
                call.kind,
                call.request_id,
                dones,
                self.applied.outcomes,
                self.driver.job,
                self.plan.is_mock,
                call.request,
                audio,
            )
        )
        finished = self.plan.provider.finish(call, response)
        # Another response than the one that was built has outputs of its own.
        finished.attach_saver(self._saver(outputs if finished is response else []))
        self._raise_if_partial(finished)
        return finished

    async def _sound(self) -> bytes:
        """The speech, of all pieces where the text was split. Raises `PartialResultError` for what does not join."""
        firsts = [(place, output) for place, output in self._places() if place.position == 0]
        sounds = [await self._audio(output, place) for place, output in firsts]
        if len(sounds) == 1:
            return sounds[0]
        try:
            return await self.runtime.run(join_sounds, sounds, firsts[0][1].content_type)
        except ValueError as reason:
            error = PartialResultError(
                f"All {len(sounds)} pieces are paid and in error.sounds, but they cannot be joined: {reason}.",
                job=self.driver.job,
            )
            error.sounds = tuple(sounds)
            raise self.driver.sender.named(error) from None

    async def _audio(self, output: Output, place: Place) -> bytes:
        """The bytes of one part's speech. A link that has ended is asked for anew, once."""
        try:
            return await fetch_bytes(self.driver.sender, output, MAX_AUDIO_BYTES)
        except LinkExpiredError as expired:
            fresh = await fresh_output(read_again(self.runtime, self.plan, self.driver.job, place), expired)
        return await fetch_bytes(self.driver.sender, fresh, MAX_AUDIO_BYTES)

    def _places(self) -> list[tuple[Place, Output]]:
        """Every output, with where it stands in the job: parts that failed have none."""
        dones = [(number, part.done) for number, part in enumerate(self.driver.parts) if part.done]
        return [(Place(number, at), output) for number, done in dones for at, output in enumerate(done.outputs)]

    def _saver(self, outputs: list[Output]) -> ResponseSaver:
        plan, job, places = self.plan, self.driver.job, [place for place, _ in self._places()]

        async def refresh(runtime: Runtime, index: int) -> Output | None:
            return await read_again(runtime, plan, job, places[index]) if index < len(places) else None

        return ResponseSaver(lambda runtime: make_sender(runtime, plan, plan.config.timeout), outputs, refresh)

    def _raise_if_partial(self, response: Any) -> None:
        failures = self.driver.failures()
        if failures:
            finished = len(self.driver.parts) - len(failures)
            what = "pieces of the text" if self.division.is_text else "outputs"
            asked = max(len(self.division.requests), finished + len(failures))
            error = self._partial(f"{finished} of {asked} {what} are there (error.response)")
            error.response = response
            raise error

    def _partial(self, what: str) -> PartialResultError:
        failures = self.driver.failures()
        error = PartialResultError(
            f"{what}, then this went wrong: {failures[0].message} Nothing was bought again.",
            raw_response=failures[0].raw_response,
            job=self.driver.job,
        )
        error.errors = tuple(failures)
        error.missing = self._missing()
        error.possibly_billed = any(failure.possibly_billed for failure in failures)
        self.driver.sender.named(error)
        return error

    def _missing(self) -> tuple[str, ...]:
        """The pieces of a text that was split which are not spoken."""
        spoken = [part.error is None for part in self.driver.parts]
        pieces = self.division.requests if self.division.is_text else ()
        return tuple(piece.text for at, piece in enumerate(pieces) if at >= len(spoken) or not spoken[at])


_CANCEL_REPORT = {
    Cancellation.CANCELLED: " The remote job was cancelled.",
    Cancellation.TOO_LATE: " It was too late to cancel the remote job, but its result could not be read yet.",
    Cancellation.IMPOSSIBLE: " The remote job could not be cancelled and may still be running and billed.",
}


def make_sender(runtime: Runtime, plan: Plan, seconds: float) -> Sender:
    return Sender(runtime, plan.provider, plan.call, plan.key, runtime.clock.monotonic() + seconds)


def _most_polls(config: GenerationConfig) -> int:
    """The default only fits the default of the timeout: whoever sets no number of polls means the time."""
    return config.max_poll_attempts if "max_poll_attempts" in config.model_fields_set else sys.maxsize


async def read_again(runtime: Runtime, plan: Plan, job: Job | None, place: Place) -> Output | None:
    """Ask for one part of a finished job once more, for a fresh link. Raises what kept it from being read."""
    if job is None:
        return None
    sender = make_sender(runtime, plan, plan.config.timeout)
    driver = Driver(runtime, plan.provider, plan.operation, sender, 0, 1, plan.config.timeout, plan.is_mock)
    driver.adopt(job)
    part = driver.parts[place.part]
    if part.open:
        await driver.poll_part(part)
    reason = part.error or part.last_miss
    if reason is not None:
        raise reason
    outputs = part.done.outputs if part.done else ()
    return outputs[place.position] if place.position < len(outputs) else None
