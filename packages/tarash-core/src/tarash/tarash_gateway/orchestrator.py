"""The fallback chain: which provider is tried next, and the true story of all attempts."""

from __future__ import annotations

from collections.abc import AsyncGenerator, Callable, Mapping
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any

from tarash.tarash_gateway.attempt import Attempt, make_sender
from tarash.tarash_gateway.exceptions import (
    JobRejectedError,
    SubmitOutcomeUnknownError,
    TarashException,
    UnsupportedOperationError,
    ValidationError,
    is_retryable_error,
)
from tarash.tarash_gateway.foreign import call_handler, owned
from tarash.tarash_gateway.jobs import judge_job
from tarash.tarash_gateway.messages import Cancellation, WebhookMessage
from tarash.tarash_gateway.mock import MockProvider, reports_progress
from tarash.tarash_gateway.models import (
    AttemptMetadata,
    AudioChunk,
    ExecutionMetadata,
    GenerationConfig,
    Job,
    Kind,
    Voice,
)
from tarash.tarash_gateway.planning import (
    Plan,
    base_url_of,
    check_config,
    check_kind,
    check_request,
    flatten,
    load_inputs,
    make_plan,
    resolve_key,
)
from tarash.tarash_gateway.plugins import Registry
from tarash.tarash_gateway.progress import Progress, check_callback, percentage
from tarash.tarash_gateway.providers.base import Provider
from tarash.tarash_gateway.responses import build_update
from tarash.tarash_gateway.runtime import Runtime, TextSource
from tarash.tarash_gateway.streaming import Listener

Callback = Callable[[Any], Any] | None


class Orchestrator:
    """One call of the public interface."""

    def __init__(self, runtime: Runtime, registry: Registry, kind: Kind, callback: Callback = None) -> None:
        self.runtime = runtime
        self.registry = registry
        self.kind: Kind = kind
        self.callback = callback
        self.attempts: list[AttemptMetadata] = []
        self._not_tried: list[str] = []
        self._begun = 0.0

    # --- generating

    async def generate(self, config: GenerationConfig, request: Any) -> Any:
        """Walk the chain until one provider succeeds. Raises the last error, with the story of all attempts."""
        return await self._walk(config, request, self._generate_with)

    async def submit(self, config: GenerationConfig, request: Any) -> Job:
        """Walk the chain until one provider has accepted the job."""
        job: Job = await self._walk(config, request, self._submit_to)
        return job

    async def _walk(self, config: GenerationConfig, request: Any, work: Callable[..., Any]) -> Any:
        check_callback(self.callback)
        chain, loaded = await self._checked(config, request)
        for number, link in enumerate(chain, 1):
            story = self._begin(link, number)
            try:
                result = await work(link, request, loaded, number < len(chain), story)
            except Exception as raised:
                error = owned(link, raised)
                self._end(story, error)
                if number == len(chain) or not self._may_go_on(link, error):
                    raise self._with_story(error, len(chain)) from error.__cause__
            else:
                self._end(story, None)
                if not isinstance(result, Job):
                    result.execution_metadata = self._metadata(len(chain))
                return result
        raise AssertionError("a chain has at least one link")

    async def _checked(self, config: Any, request: Any) -> tuple[list[GenerationConfig], Any]:
        """The chain, and the request with its inputs read. Raises `ValidationError` for what cannot be either."""
        check_config(config)
        check_request(self.kind, request)
        first, *fallbacks = flatten(config)
        chain = [first, *[link for link in fallbacks if await self._is_usable(link)]]
        return chain, await self.runtime.run(load_inputs, request)

    async def _is_usable(self, fallback: GenerationConfig) -> bool:
        """Whether a job may be left for this fallback: not for one without a key. Raises for what is a mistake."""
        handler = await self._handler(fallback)
        if isinstance(handler, Provider) and not isinstance(handler, MockProvider):
            check_kind(self.kind, fallback, handler)
            try:
                resolve_key(fallback, handler)
            except ValidationError as error:
                self._not_tried.append(error.message)
                return False
        return True

    async def stream(self, config: GenerationConfig, request: Any, text: Any = None) -> AsyncGenerator[AudioChunk]:
        """Walk the chain until one provider's speech is heard; after its first chunk there is no way back.

        With `text` (the caller's iterator) what was read of it is said to the next provider again. What it raises is
        the caller's own, and ends the walk as it is.
        """
        chain, loaded = await self._checked(config, request)
        source = None if text is None else self._text_apart(request, text)
        chunks = self._listen(chain, loaded, source)
        try:
            async for chunk in chunks:
                yield chunk
        finally:
            await chunks.aclose()
            if source is not None:
                await source.close()

    def _text_apart(self, request: Any, text: Any) -> TextSource:
        if request.text:
            raise ValidationError("Give the text in the request or as an iterator, not both: set the request's to ''.")
        return self.runtime.read_text(text)

    async def _listen(
        self, chain: list[GenerationConfig], loaded: Any, text: TextSource | None
    ) -> AsyncGenerator[AudioChunk]:
        for number, link in enumerate(chain, 1):
            story = self._begin(link, number)
            listener = None
            try:
                listener = Listener(await self._attempt_to_stream(link, loaded, story), text)
                chunks = listener.chunks()
                try:
                    async for chunk in chunks:
                        yield chunk
                finally:
                    await chunks.aclose()
            except Exception as raised:
                if text is not None and raised is text.error:
                    self._end(story, raised)
                    raise
                error = owned(link, raised)
                self._end(story, error)
                heard = listener is not None and listener.heard
                if heard or number == len(chain) or not self._may_go_on(link, error):
                    raise self._with_story(error, len(chain)) from error.__cause__
            else:
                self._end(story, None)
                return

    async def _attempt_to_stream(self, config: GenerationConfig, loaded: Any, story: AttemptMetadata) -> Attempt:
        handler = await self._handler(config)
        if not isinstance(handler, Provider):
            raise UnsupportedOperationError(f"{config.provider} runs its own methods; it has no streaming.")
        plan = self._plan(config, handler, loaded, story)
        listening = replace(plan, call=replace(plan.call, streamed=True))
        return Attempt(self.runtime, listening, self._observe)

    async def _generate_with(
        self, config: GenerationConfig, request: Any, loaded: Any, more_to_come: bool, story: AttemptMetadata
    ) -> Any:
        handler = await self._handler(config)
        if not isinstance(handler, Provider):
            return await call_handler(self.runtime, handler, self.kind, config, request, self.callback)
        plan = self._plan(config, handler, loaded, story)
        progress = Progress(self.runtime, self.kind, plan.call.request_id, self._callback_of(config))
        attempt = Attempt(self.runtime, plan, self._observe, progress)
        try:
            response = await attempt.generate(more_to_come=more_to_come)
        except Exception as error:
            failed = {"error": error}
            self._observe("job_failed", lambda: {"job": attempt.driver.job, **failed})
            if not (more_to_come and self._may_go_on(config, error)):
                await progress.failed(error)
            raise
        finally:
            story.request_id = attempt.driver.provider_id or story.request_id
        self._observe("job_finished", lambda: {"job": attempt.driver.job, "response": response})
        await attempt.completed(response)
        return response

    async def _submit_to(
        self, config: GenerationConfig, request: Any, loaded: Any, more_to_come: bool, story: AttemptMetadata
    ) -> Job:
        handler = await self._handler(config)
        if not isinstance(handler, Provider):
            raise UnsupportedOperationError(f"{config.provider} runs its own methods; it has no jobs to hand out.")
        attempt = Attempt(self.runtime, self._plan(config, handler, loaded, story), self._observe)
        try:
            return await attempt.hand_out()
        finally:
            story.request_id = attempt.driver.provider_id or story.request_id

    async def voices(self, config: GenerationConfig) -> list[Voice]:
        """The voices of the configuration's own provider: from its table, or else from the vendor."""
        check_config(config)
        handler = await self._handler(config)
        if not isinstance(handler, Provider):
            raise UnsupportedOperationError(f"{config.provider} runs its own methods; it has no list of voices.")
        known = handler.known_voices(config.model or handler.default_models.get(self.kind))
        if known:
            return list(known)
        plan = make_plan(self.kind, config, None, handler)
        sender = make_sender(self.runtime, plan, config.timeout)
        return list(await sender.run(handler.voices(sender.call)))

    # --- jobs

    async def resume(self, job: Job, config: GenerationConfig) -> Any:
        """Wait for a job that was submitted before. Never submits."""
        check_callback(self.callback)
        plan = await self._plan_for_job(job, config)
        progress = Progress(self.runtime, self.kind, job.request_id, self.callback)
        attempt = self._adopted(plan, job, progress)
        story = self._begin(config, 1, plan.call.model)
        story.request_id = attempt.driver.provider_id
        try:
            response = await attempt.finish()
        except Exception as error:
            self._end(story, error)
            await progress.failed(error)
            raise self._with_story(error, 1) from error.__cause__
        self._end(story, None)
        response.execution_metadata = self._metadata(1)
        self._observe("job_finished", lambda: {"job": job, "response": response})
        await attempt.completed(response)
        return response

    async def receive(self, job: Job, config: GenerationConfig, headers: Mapping[str, str], body: bytes) -> Any:
        """Finish a job from what its provider posted to a webhook; parts that it does not speak of are waited for."""
        attempt = self._adopted(await self._plan_for_job(job, config), job, None)
        lower = {name.lower(): value for name, value in headers.items()}
        await attempt.driver.receive(WebhookMessage(lower, body, self.runtime.clock.wall()))
        return await attempt.finish()

    async def poll(self, job: Job, config: GenerationConfig) -> Any:
        """Ask once how a job stands: an update, with the result when it is finished."""
        plan = await self._plan_for_job(job, config)
        attempt = self._adopted(plan, job, None)
        await attempt.driver.poll_once()
        if not any(part.open for part in attempt.driver.parts):
            response = await attempt.finish()
            return build_update(self.kind, job.request_id, "completed", progress=100, result=response)
        pending = next((part.pending for part in attempt.driver.parts if part.open and part.pending), None)
        missed = next((part.last_miss for part in attempt.driver.parts if part.last_miss), None)
        if pending is None and missed is not None:
            missed.job = job
            raise missed
        status = "processing" if pending and pending.running else "queued"
        event, percent = (pending.event, percentage(pending.progress)) if pending else ({}, None)
        return build_update(self.kind, job.request_id, status, progress=percent, event=event)

    async def cancel(self, job: Job, config: GenerationConfig) -> str:
        """Cancel a job: "cancelled", "too_late" (it is finished) or "impossible"."""
        attempt = self._adopted(await self._plan_for_job(job, config), job, None)
        outcome: Cancellation = await attempt.driver.cancel()
        failed = next((part.last_miss for part in attempt.driver.parts if part.last_miss), None)
        if failed is not None:
            failed.job = job
            raise failed
        return outcome.value

    async def _plan_for_job(self, job: Any, config: GenerationConfig) -> Plan:
        if not isinstance(job, Job):
            raise JobRejectedError(f"Expected a tarash Job, not {type(job).__name__}; read one with Job.from_json.")
        check_config(config)
        if job.provider != config.provider:
            raise JobRejectedError(f"The job is of {job.provider}, but the configuration is of {config.provider}.")
        handler = await self._handler(config)
        if not isinstance(handler, Provider):
            raise UnsupportedOperationError(f"{config.provider} runs its own methods; it has no jobs to resume.")
        is_mock = isinstance(handler, MockProvider)
        # Key and base URL may depend on the model, which the job knows.
        config = config.model_copy(update={"model": job.model})
        judge_job(job, None if is_mock else resolve_key(config, handler), base_url_of(config, handler))
        return make_plan(self.kind, config, None, handler, is_mock=is_mock, request_id=job.request_id)

    def _adopted(self, plan: Plan, job: Job, progress: Progress | None) -> Attempt:
        attempt = Attempt(self.runtime, plan, self._observe, progress)
        attempt.driver.adopt(job)
        return attempt

    # --- pieces

    async def _handler(self, config: GenerationConfig) -> Any:
        if config.mock is not None and config.mock.enabled:
            return MockProvider(config.mock)
        ready = self.registry.ready(config.provider)
        # The first use of a plugin imports its code, which may take its time.
        return await self.runtime.run(self.registry.handler, config.provider) if ready is None else ready

    def _plan(self, config: GenerationConfig, provider: Provider, loaded: Any, story: AttemptMetadata) -> Plan:
        is_mock = isinstance(provider, MockProvider)
        registered = self.registry.mappings(config.provider)
        plan = make_plan(self.kind, config, loaded, provider, registered, is_mock=is_mock)
        story.model, story.request_id = plan.call.model, plan.call.request_id if is_mock else None
        return plan

    def _callback_of(self, config: GenerationConfig) -> Callback:
        return self.callback if reports_progress(config.mock) else None

    def _observe(self, event: str, details: Callable[[], dict[str, Any]]) -> None:
        # The details (a signed job handle) are made only when somebody wants them.
        if self.registry.has_observers(event):
            self.registry.tell(event, **details())

    def _may_go_on(self, config: GenerationConfig, error: BaseException) -> bool:
        if isinstance(error, SubmitOutcomeUnknownError) and config.on_unknown_submit == "raise":
            return False
        return is_retryable_error(error)

    # --- the story

    def _begin(self, config: GenerationConfig, number: int, model: str | None = None) -> AttemptMetadata:
        provider, name = config.provider, model or config.model or ""
        story = AttemptMetadata.model_construct(
            provider=provider,
            model=name,
            attempt_number=number,
            started_at=self._utc(),
            ended_at=None,
            status="failed",
            error_type=None,
            error_message=None,
            is_retryable=None,
            request_id=None,
            possibly_billed=False,
            job=None,
        )
        self._begun = self.runtime.clock.monotonic()
        self.attempts.append(story)
        self._observe("attempt_started", lambda: {"provider": provider, "model": name, "attempt_number": number})
        return story

    def _end(self, story: AttemptMetadata, error: Exception | None) -> None:
        # The wall clock only dates: it may jump meanwhile.
        story.ended_at = story.started_at + timedelta(seconds=self.runtime.clock.monotonic() - self._begun)
        story.status = "success" if error is None else "failed"
        if error is not None:
            story.error_type, story.error_message = type(error).__name__, str(error)
            story.is_retryable = is_retryable_error(error)
            story.job = getattr(error, "job", None)
            story.possibly_billed = bool(getattr(error, "possibly_billed", False) or story.job)
        self._observe("attempt_finished", lambda: {"attempt": story})

    def _utc(self) -> datetime:
        return datetime.fromtimestamp(self.runtime.clock.wall(), UTC)

    def _metadata(self, configs: int) -> ExecutionMetadata:
        won = next((story.attempt_number for story in self.attempts if story.status == "success"), None)
        return ExecutionMetadata.model_construct(
            total_attempts=len(self.attempts),
            successful_attempt=won,
            attempts=self.attempts,
            fallback_triggered=len(self.attempts) > 1,
            configs_in_chain=configs,
        )

    def _with_story(self, error: Exception, configs: int) -> Exception:
        if isinstance(error, TarashException):
            error.execution_metadata = self._metadata(configs)
            error.message += "".join(f" A fallback was not tried: {reason}" for reason in self._not_tried)
        return error
