"""fal's queue and synchronous host: accepting jobs, telling about them, cancelling them, handing over results."""

import json
import threading
import uuid
from collections import deque
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any, Literal

from tarash.testkit.clock import VirtualClock
from tarash.testkit.fal import errors
from tarash.testkit.fal.catalogue import Catalogue
from tarash.testkit.fal.jobs import Job, MediaFile, Outcome
from tarash.testkit.fal.outputs import default_output
from tarash.testkit.fal.routes import Addresses, Call
from tarash.testkit.fal.schemas import validation_failure
from tarash.testkit.fal.storage import Storage
from tarash.testkit.ledger import Ledger
from tarash.testkit.media import Media
from tarash.testkit.steps import Answer, Chunk, Delay, Finish, Played, Start, Step

SSE = {"Content-Type": "text/event-stream", "Cache-Control": "no-cache"}

CancelReply = Literal["status", "success"]
"""What a cancelling answers: `{"status": …}` as the documentation pages say, or `{"success": true}` as OpenAPI says."""


@dataclass(frozen=True)
class Pace:
    """How fast jobs go, unless their outcome says otherwise (virtual seconds)."""

    queue_seconds: float
    run_seconds: float
    advance_per_poll: float


class Queue:
    """The jobs of one simulator."""

    def __init__(
        self,
        clock: VirtualClock,
        ledger: Ledger,
        addresses: Addresses,
        catalogue: Catalogue,
        storage: Storage,
        pace: Pace,
        cancel_reply: CancelReply,
    ) -> None:
        self._clock, self._ledger, self._addresses = clock, ledger, addresses
        self._catalogue, self._storage = catalogue, storage
        self._pace, self._cancel_reply = pace, cancel_reply
        self._lock = threading.Lock()
        self._jobs: dict[str, Job] = {}
        self._outcomes: deque[tuple[str | None, Outcome]] = deque()

    @property
    def jobs(self) -> list[Job]:
        with self._lock:
            return list(self._jobs.values())

    def job(self, job_id: str) -> Job:
        with self._lock:
            return self._jobs[job_id]

    def forget(self, job_id: str) -> None:
        with self._lock:
            del self._jobs[job_id]

    def plan(self, outcome: Outcome, endpoint: str | None) -> None:
        with self._lock:
            self._outcomes.append((endpoint, outcome))

    # Accepting.

    def submit(self, call: Call) -> Answer:
        limit = call.request.query_value("fal_max_queue_length")
        if limit is not None and self._queued(call.names["app"]) > int(limit):
            return errors.rate_limited()
        job = self._accept(call)
        body: dict[str, Any] = {**_links(job), "status": "IN_QUEUE", "request_id": job.id}
        body["queue_position"] = int(job.queue_seconds)
        return Answer(200, {"X-Fal-Request-Id": job.id}, json=body)

    def run(self, call: Call) -> Played:
        job = self._accept(call)
        return Delay(job.queue_seconds + job.run_seconds), self._result(job)

    def run_stream(self, call: Call) -> Played:
        """The whole output as the last of a few events; what comes before it differs from model to model."""
        job = self._accept(call)
        answer = self._result(job)
        if answer.status != 200:
            return answer
        events = [{"progress": 0.5}, answer.json]
        return Start(200, SSE), *(Chunk(_event(event)) for event in events), Finish()

    def _accept(self, call: Call) -> Job:
        job = self._new_job(call)
        _heed_start_timeout(call, job)
        with self._lock:
            self._jobs[job.id] = job
        self._ledger.charge(job.id)
        return job

    def _new_job(self, call: Call) -> Job:
        endpoint = self._catalogue.endpoint(call.names["endpoint"])
        arguments = _arguments(call)
        outcome = self._next_outcome(endpoint.id) or endpoint.outcome or Outcome()
        return Job(
            id=str(uuid.uuid4()),
            endpoint=endpoint.id,
            app=call.names["app"],
            input=arguments,
            outcome=outcome,
            accepted_at=self._clock.monotonic(),
            queue_base=self._addresses.base("queue", call.request),
            cdn_base=self._addresses.base("cdn", call.request),
            queue_seconds=_either(outcome.queue_seconds, self._pace.queue_seconds),
            run_seconds=_either(outcome.run_seconds, self._pace.run_seconds),
            failure=outcome.failure or validation_failure(endpoint.input_schema, arguments),
            webhook=call.request.query_value("fal_webhook"),
        )

    def _next_outcome(self, endpoint: str) -> Outcome | None:
        with self._lock:
            for planned in self._outcomes:
                if planned[0] in (None, endpoint):
                    self._outcomes.remove(planned)
                    return planned[1]
        return None

    def _queued(self, app: str) -> int:
        now = self._clock.monotonic()
        return sum(job.app == app and job.phase(now) == "IN_QUEUE" for job in self.jobs)

    # Telling.

    def status(self, call: Call) -> Answer:
        job = self._find(call)
        if job is None:
            return errors.unknown_request()
        self._ledger.count("poll", job.id)
        body = self._status_body(call, job)
        self._clock.advance(self._pace.advance_per_poll)
        return Answer(200 if body["status"] == "COMPLETED" else 202, {"X-Fal-Request-Id": job.id}, json=body)

    def stream(self, call: Call) -> Played:
        job = self._find(call)
        return errors.unknown_request() if job is None else self._status_events(call, job)

    def _status_events(self, call: Call, job: Job) -> Iterator[Step]:
        """One event per change. Nobody else waits meanwhile, so the stream itself moves the clock to the next one."""
        yield Start(200, SSE)
        while True:
            body = self._status_body(call, job)
            yield Chunk(_event(body))
            if body["status"] == "COMPLETED":
                break
            yield Delay(job.next_change(self._clock.monotonic()))
        yield Finish()

    def _status_body(self, call: Call, job: Job) -> dict[str, Any]:
        now = self._clock.monotonic()
        body = {**_links(job), **job.tell(now)}
        if body["status"] != "IN_QUEUE":
            wanted = call.request.query_value("logs") in ("1", "true")
            body.setdefault("logs", job.logs(now, self._clock.wall()) if wanted else None)
        return body

    def _find(self, call: Call) -> Job | None:
        with self._lock:
            job = self._jobs.get(call.names["id"])
        return job if job is not None and job.app == call.names["app"] else None

    # Ending.

    def result(self, call: Call) -> Answer:
        job = self._find(call)
        if job is None:
            return errors.unknown_request()
        self._ledger.count("result", job.id)
        if job.phase(self._clock.monotonic()) != "COMPLETED":
            return Answer(400, json={"detail": "Request is still in progress"})
        return self._result(job)

    def cancel(self, call: Call) -> Answer:
        job = self._find(call)
        if job is None:
            return errors.unknown_request()
        self._ledger.count("cancel", job.id)
        if not job.cancel(self._clock.monotonic()):
            return Answer(400, json={"status": "ALREADY_COMPLETED"})
        if self._cancel_reply == "success":
            return Answer(json={"success": True})
        return Answer(202, json={"status": "CANCELLATION_REQUESTED"})

    def _result(self, job: Job) -> Answer:
        request_id = ("X-Fal-Request-Id", job.id)
        if job.failure is not None:
            return job.failure.with_headers(request_id)
        units = ("X-Fal-Billable-Units", f"{job.outcome.billable_units:g}")
        return Answer(200, [request_id, units], json=self.output(job))

    def output(self, job: Job) -> Any:
        """What the job made, with links for its files (or the files themselves, in sync mode)."""
        output = job.outcome.output
        if output is None:
            kind = self._catalogue.endpoint(job.endpoint).kind
            output = default_output(kind, job.input if isinstance(job.input, dict) else {})
        return _Renderer(job, self._storage).render(output)


class _Renderer:
    """Puts descriptions of files in the place of `MediaFile`s."""

    def __init__(self, job: Job, storage: Storage) -> None:
        self._job, self._storage = job, storage
        self._inline = isinstance(job.input, dict) and job.input.get("sync_mode") is True
        self._count = 0

    def render(self, value: Any) -> Any:
        match value:
            case MediaFile():
                return self._describe(value)
            case dict():
                return {name: self.render(inner) for name, inner in value.items()}
            case list() | tuple():
                return [self.render(inner) for inner in value]
            case _:
                return value

    def _describe(self, file: MediaFile) -> dict[str, Any]:
        media, self._count = file.media, self._count + 1
        about = {"content_type": media.content_type, "file_name": media.file_name, "file_size": len(media.content)}
        return {"url": self._url(media), **about, **file.fields}

    def _url(self, media: Media) -> str:
        if self._inline:
            return media.data_uri
        return self._job.cdn_base + self._storage.publish(self._job.id, self._count, media).path


def _links(job: Job) -> dict[str, str]:
    root = f"{job.queue_base}/{job.app}/requests/{job.id}"
    return {"response_url": root, "status_url": f"{root}/status", "cancel_url": f"{root}/cancel"}


def _arguments(call: Call) -> Any:
    try:
        return call.request.json
    except ValueError:
        return call.request.body.decode("utf-8", "replace")


def _heed_start_timeout(call: Call, job: Job) -> None:
    """A job that would have to wait longer than its sender allows fails at that moment, and was never started."""
    headers = call.request.headers
    allowed = headers.get("x-fal-request-start-timeout") or headers.get("x-fal-request-timeout")
    if allowed is not None and float(allowed) < job.queue_seconds:
        job.queue_seconds, job.run_seconds = float(allowed), 0.0
        job.failure = errors.request_error("request_timeout", "Request timed out", by_caller=True)


def _either(value: float | None, default: float) -> float:
    return default if value is None else value


def _event(value: Any) -> bytes:
    return f"data: {json.dumps(value)}\n\n".encode()
