"""One exchange with a provider: credentials, money rules, and what an answer means.

Rule 1: a billable request is sent again only when nothing of it went out, or when the provider answers that it did not
accept it. Rule 2: credentials go to the provider's own origins only. Rule 3: no secret comes back out.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace
from typing import Any

from tarash.tarash_gateway.credentials import forget_credentials, keep_credentials, kept_credentials, told_apart
from tarash.tarash_gateway.exceptions import (
    HTTPConnectionError,
    HTTPError,
    ProtocolError,
    SubmitOutcomeUnknownError,
    TarashException,
    TimeoutError,
)
from tarash.tarash_gateway.jobs import account_of
from tarash.tarash_gateway.machine import ask_machine
from tarash.tarash_gateway.messages import Effect, Request, Response, Result, Step, Watch
from tarash.tarash_gateway.origins import is_loopback, origin_of, refuse_plain_http
from tarash.tarash_gateway.providers.base import Call, Credentials, Provider
from tarash.tarash_gateway.retrying import HINT_FLOOR, MAX_ATTEMPTS, backoff, budget_for, retry_after
from tarash.tarash_gateway.runtime import Runtime, Socket, Stream
from tarash.tarash_gateway.schema_cache import failed_lately, read_cached, remember_failure, write_cached
from tarash.tarash_gateway.secrets import (
    SecretText,
    cut_text,
    excerpt,
    scrub_bytes,
    scrub_text,
    scrub_value,
    without_query,
)

FREE_TIMEOUT = 30.0
"""Seconds that one request which costs nothing may take; a step may say otherwise."""

MAX_REFUSAL_BYTES = 1024 * 1024
"""An error answer to a streaming request is read up to so many bytes."""


@dataclass
class Sender:
    """Sends the requests of one job's steps. `deadline` is on the runtime's clock."""

    runtime: Runtime
    provider: Provider
    call: Call
    key: str | None
    deadline: float
    hint: float | None = None
    """Seconds after which to ask again, as the header of the last answer told."""
    stopped: bool = False
    in_doubt: bool = False
    """A paid request went out, and it is not known what became of it."""
    _credentials: Credentials | None = field(default=None, repr=False)
    _authenticating: bool = False
    _renewed_once: bool = False
    _told: set[str] = field(default_factory=set, repr=False)
    """What proved who calls in earlier requests: the secrets that were exchanged for the token."""

    def remaining(self) -> float:
        return self.deadline - self.runtime.clock.monotonic()

    def stop(self) -> None:
        """Nothing more may be paid for: whoever waits is being interrupted. What is free may still be sent."""
        self.stopped = True

    async def run(self, step: Step[Result], *, retry_free: bool = True) -> Result:
        """Run a step to its end: what it yields is done, and what came of it sent back in."""
        paid = False
        failure: TarashException
        cause: BaseException | None
        try:
            effect = next(step)
            while True:
                try:
                    answer = await self._answer(effect, step, retry_free)
                except TarashException as error:
                    # What is asked after the payment is part of it: without it nobody knows what was accepted.
                    raise self.unknown(error) if paid else error from None
                paid = paid or (isinstance(effect, Request) and effect.billable and answer.ok)
                effect = step.send(answer)
        except StopIteration as end:
            return end.value  # type: ignore[no-any-return]
        except TarashException as error:
            lost = paid and isinstance(error, HTTPConnectionError) and not isinstance(error, SubmitOutcomeUnknownError)
            failure, cause = self.unknown(error) if lost else self.named(error), error.__cause__
        except Exception as error:
            wrapped = self._foreign(error)
            failure, cause = self.unknown(wrapped) if paid else wrapped, error
        # Not raised up there, where it would carry along what it stands for.
        raise failure from cause

    async def _answer(self, effect: Effect, step: Step[Any], retry_free: bool) -> Any:
        """What comes of an effect; its type is told by the steps in `providers.asking`."""
        if isinstance(effect, Request) and effect.optional:
            return await self._optional_answer(effect)
        try:
            if isinstance(effect, Request):
                return await self.send(effect, retry_free=retry_free)
            if isinstance(effect, Watch):
                return await self._watch(effect, retry_free)
            return await ask_machine(effect, self.runtime, self.call.options)
        except BaseException:
            step.close()
            raise

    async def _watch(self, watch: Watch, retry_free: bool) -> Response:
        clock = self.runtime.clock
        end = clock.monotonic() + min(watch.timeout, self.remaining())
        while True:
            response = await self.send(watch.request, retry_free=retry_free)
            if watch.ready(response) or clock.monotonic() + watch.pause >= end:
                return response
            await self.runtime.sleep(watch.pause)

    async def _optional_answer(self, request: Request) -> Response:
        if failed_lately(request):
            return Response.missing()
        try:
            return await self.send(request, retry_free=False)
        except HTTPConnectionError:
            remember_failure(request)
            return Response.missing()
        except TarashException:
            return Response.missing()

    async def send(self, request: Request, *, retry_free: bool = True) -> Response:
        """Send one request and return a good answer (or one that the request accepts)."""
        if request.cache_seconds:
            cached = await self.runtime.run(read_cached, request, self.runtime.clock.wall())
            if cached is not None:
                return cached
        self._told.update(request.secrets)
        credentials = await self.credentials_for(request)
        response = await self._deliver(request, credentials, retry_free)
        fresh = await self._renewed(request, response)
        if fresh is not None:
            response = await self._deliver(request, fresh, retry_free)
        if not response.ok and response.status not in request.accept:
            raise self.failure(request, response)
        # What a captive portal says in its place is not worth keeping.
        if request.cache_seconds and response.ok and response.object_or_empty():
            await self.runtime.run(write_cached, request, response, self.runtime.clock.wall())
        return response

    async def _deliver(self, request: Request, credentials: Mapping[str, str], retry_free: bool) -> Response:
        wire = self._prepared(request, credentials)
        budget = budget_for(f"{self.provider.id} {self.call.base_url}")
        attempt = 0
        while True:
            attempt += 1
            self._begin_paying(request)
            try:
                response = self._scrubbed(await self.runtime.send(wire, self._timeout(request)))
            except HTTPConnectionError as error:
                self.named(error)
                if request.billable and error.request_sent:
                    raise self.unknown(error) from None
                self._not_paid(request)
                wait = backoff(attempt - 1)
                if not (request.billable or retry_free) or not self._may_wait(wait, attempt, budget):
                    raise
            else:
                self.hint = retry_after(response.headers, self.runtime.clock.wall())
                told = self._wait_told(request, response, attempt, retry_free)
                if told is None:
                    budget.earn()
                if told is None or not self._may_wait(told, attempt, budget):
                    return response
                self._not_paid(request)
                wait = told
            await self.runtime.sleep(wait)

    async def open(self, request: Request) -> Stream:
        """Send a paid request and hand out its answer while it is still coming. Refusals raise as in `send`."""
        stream: Stream = await self._begin(request, self._open_stream)
        return stream

    async def dial(self, request: Request) -> Socket:
        """Open a WebSocket, which is free. Refusals raise as in `send`."""
        socket: Socket = await self._begin(request, self.runtime.dial)
        return socket

    async def _begin(self, request: Request, begin: Callable[..., Any]) -> Any:
        self._told.update(request.secrets)
        wire = self._prepared(request, await self.credentials_for(request))
        budget = budget_for(f"{self.provider.id} {self.call.base_url}")
        attempt = 0
        while True:
            attempt += 1
            self._begin_paying(request)
            try:
                begun = await begin(wire, self._timeout(request))
            except HTTPConnectionError as error:
                wait = backoff(attempt - 1)
                if not error.request_sent:
                    self._not_paid(request)
                if error.request_sent or not self._may_wait(wait, attempt, budget):
                    raise (self.unknown(error) if error.request_sent else self.named(error)) from None
            else:
                if not isinstance(begun, Response):
                    budget.earn()
                    return begun
                response = self._scrubbed(begun)
                fresh = await self._renewed(request, response)
                if fresh is not None:
                    wire = self._prepared(request, fresh)
                    continue
                told = self._wait_told(request, response, attempt, retry_free=not request.billable)
                if told is None or not self._may_wait(told, attempt, budget):
                    raise self.failure(request, response)
                wait = told
            await self.runtime.sleep(wait)

    def _prepared(self, request: Request, credentials: Mapping[str, str]) -> Any:
        loopback = is_loopback(origin_of(self.call.base_url)[1])
        return self.runtime.prepare(request, credentials, allow_loopback=loopback)

    async def _open_stream(self, wire: Any, timeout: float) -> Stream | Response:
        stream = await self.runtime.open(wire, timeout)
        return stream if stream.head.ok else await self._refusal(stream)

    async def _refusal(self, stream: Stream) -> Response:
        """The whole answer of a request that was refused, as far as it fits."""
        body = bytearray()
        try:
            while len(body) < MAX_REFUSAL_BYTES and (piece := await stream.read(max(0.01, self.remaining()))):
                body += piece
        except HTTPConnectionError:
            pass  # What came so far says enough: the status is known.
        finally:
            await stream.close()
        return replace(stream.head, body=bytes(body))

    def _begin_paying(self, request: Request) -> None:
        if request.billable and self.stopped:
            raise self.named(HTTPConnectionError("tarash was interrupted before the paid request was sent."))
        if request.billable and self.remaining() <= 0:
            raise self.named(TimeoutError("The time was over before the paid request was sent. Nothing was paid."))
        self.in_doubt = self.in_doubt or request.billable

    def _not_paid(self, request: Request) -> None:
        self.in_doubt = self.in_doubt and not request.billable

    def _wait_told(self, request: Request, response: Response, attempt: int, retry_free: bool) -> float | None:
        """Seconds to wait before the same request may be sent again; None when it may not."""
        if response.ok or response.status in request.accept:
            return None
        again = response.status in self.provider.not_accepted or (not request.billable and response.status >= 500)
        if not again or not (request.billable or retry_free):
            return None
        error = self._meant(response)
        if error is None and request.billable and response.status >= 500:
            # Something in front of the provider says so, and does not know what the provider accepted.
            return None
        if error is not None and not error.retryable:
            return None
        seconds = self.hint
        if seconds is None and isinstance(error, HTTPError):
            seconds = error.retry_after
        return backoff(attempt - 1) if seconds is None else max(HINT_FLOOR, seconds)

    def _may_wait(self, wait: float, attempt: int, budget: Any) -> bool:
        return attempt < MAX_ATTEMPTS and wait < self.remaining() and bool(budget.take())

    def _timeout(self, request: Request) -> float:
        usual = self.remaining() if request.billable else FREE_TIMEOUT
        wanted = usual if request.timeout is None else request.timeout
        return max(0.01, min(wanted, self.remaining()))

    async def credentials_for(self, request: Request) -> Mapping[str, str]:
        """The headers to attach. Raises `ProtocolError` for a link that leads away from the provider's own origins."""
        if request.anonymous or request.public_only or self._authenticating:
            return {}
        if not self.is_trusted(request.url):
            place = without_query(request.url)
            raise self.named(ProtocolError(f"A link leads to {place}, away from the provider; it was not followed."))
        if self._credentials is None or self._credentials.lifetime is not None:
            # A token is looked up for each request: a long wait outlives it.
            self._credentials = await self._authenticated()
        if self._credentials.headers:
            refuse_plain_http(request.url, allowed=bool(self.call.options.get("allow_http")))
        return self._credentials.headers

    async def _authenticated(self) -> Credentials:
        who = (self.call.base_url, account_of(self.provider.id, self.key), self.provider.account(self.call))
        account = (who, told_apart(self.call.options))
        kept = kept_credentials(account, self.runtime.clock.monotonic())
        if kept is not None:
            return kept
        self._authenticating = True
        try:
            found = await self.run(self.provider.authenticate(self.call, self.key))
        finally:
            self._authenticating = False
        headers = {name: SecretText(value) for name, value in found.headers.items()}
        secret = Credentials(headers, found.lifetime, SecretText(found.secret) if found.secret else None)
        if secret.lifetime is not None:
            keep_credentials(account, secret, self.runtime.clock.monotonic())
        return secret

    async def _renewed(self, request: Request, response: Response) -> Mapping[str, str] | None:
        """Fresh credentials after a 401, when the refused ones were a token that may have expired; else None."""
        used = self._credentials
        if response.status != 401 or used is None or used.lifetime is None or self._renewed_once:
            return None
        self._renewed_once = True
        forget_credentials(used)
        self._credentials = None
        return await self.credentials_for(request)

    def is_trusted(self, url: str) -> bool:
        """True when a URL lies at an origin that may be sent the key."""
        trusted = (self.call.base_url, *self.provider.trusted_origins(self.call))
        return origin_of(url) in [origin_of(known) for known in trusted]

    def scrubbed(self, data: bytes) -> bytes:
        """What came in, without our own key or token, should the other side have echoed it."""
        for secret in self._secrets():
            data = scrub_bytes(data, secret)
        return data

    def _scrubbed(self, response: Response) -> Response:
        for secret in self._secrets():
            body = scrub_bytes(response.body, secret)
            headers = {name: scrub_text(value, secret) for name, value in response.headers.items()}
            if body is not response.body or headers != response.headers:
                response = replace(response, body=body, headers=headers)
        return response

    def _secrets(self) -> list[str]:
        token = self._credentials.secret if self._credentials else None
        return [secret for secret in (self.key, token, *self._told) if secret]

    def _meant(self, response: Response) -> TarashException | None:
        """What the provider says that an answer means. A provider that stumbles over it does not know its meaning."""
        try:
            error = self.provider.error(response)
        except Exception:
            return None
        return error if isinstance(error, TarashException) else None

    def failure(self, request: Request, response: Response) -> TarashException:
        """The exception that a refused request means."""
        error = self._meant(response)
        if error is None and request.billable and response.status >= 500:
            said = excerpt(response.body)
            reached = f"HTTP {response.status} came from something that is not {self.provider.id}: {said}"
            return self.unknown(ProtocolError(reached, raw_response=said))
        self._not_paid(request)
        if error is None:
            place = without_query(request.url)
            error = HTTPError(
                f"{place} answered HTTP {response.status}: {excerpt(response.body)}", status_code=response.status
            )
        if request.billable and response.status in self.provider.model_unknown:
            error.message += self.provider.advice(self.call)
        if not error.raw_response:
            error.raw_response = response.object_or_empty() or excerpt(response.body)
        if isinstance(error, HTTPError) and error.retry_after is None:
            error.retry_after = retry_after(response.headers, self.runtime.clock.wall())
        return self.named(error)

    def named(self, error: TarashException) -> TarashException:
        """Complete an error with who and what; what is already there stays."""
        error.provider = error.provider or self.call.provider
        error.model = error.model or self.call.model
        error.request_id = error.request_id or self.call.request_id
        for secret in self._secrets():
            error.message = scrub_text(error.message, secret)
            error.raw_response = scrub_value(error.raw_response, secret)
        error.message = cut_text(without_query(error.message))
        # Nobody is shown the error below this one, which may repeat what the other side said.
        error.__context__ = None
        return error

    def unknown(self, cause: TarashException) -> SubmitOutcomeUnknownError:
        """The error of a paid request of which nobody knows what became of it."""
        unknown = SubmitOutcomeUnknownError(
            f"It is unknown whether {self.call.provider} accepted the job: {cause.message} The request had been sent, "
            "so it may be running and billed; it was not sent again. Look at the provider's dashboard before you do.",
            raw_response=cause.raw_response,
        )
        self.named(unknown)
        return unknown

    def _foreign(self, error: Exception) -> TarashException:
        told = f"The answer of {self.call.provider} could not be understood ({type(error).__name__}: {error})."
        return self.named(ProtocolError(told))
