"""The interfaces that take jobs: interactions, long-running operations, and those that answer at once."""

from collections import deque
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from tarash.testkit.clock import VirtualClock
from tarash.testkit.google import errors, makers
from tarash.testkit.google.jobs import Job, Outcome
from tarash.testkit.google.storage import Storage
from tarash.testkit.ledger import Ledger
from tarash.testkit.requests import RecordedRequest
from tarash.testkit.speech import chunked
from tarash.testkit.steps import Answer, Played

CONTENT_FIELDS = frozenset(
    {
        *("contents", "generationConfig", "safetySettings", "tools", "toolConfig", "systemInstruction"),
        *("cachedContent", "labels"),
    }
)
INTERACTION_FIELDS = frozenset(
    {
        *("model", "input", "response_format", "generation_config", "background", "store", "stream", "labels"),
        *("previous_interaction_id", "safety_settings", "service_tier", "webhook_config", "system_instruction"),
    }
)
VIDEO_FORMAT_FIELDS = frozenset({"type", "aspect_ratio", "resolution", "duration", "delivery", "gcs_uri", "mime_type"})
Names = dict[str, str]


@dataclass(frozen=True)
class Pace:
    """Virtual seconds: how long jobs run, how long their files are still unpacked, how far a poll moves the clock."""

    run_seconds: float
    file_seconds: float
    advance_per_poll: float


class Services:
    """The jobs of one simulator."""

    def __init__(self, clock: VirtualClock, ledger: Ledger, storage: Storage, pace: Pace) -> None:
        self._clock, self._ledger, self._storage, self._pace = clock, ledger, storage, pace
        self.jobs: dict[str, Job] = {}
        self.plans: deque[tuple[str | None, Outcome]] = deque()
        self.retired: set[str] = set()
        self._finished: dict[str, dict[str, Any]] = {}

    # --- accepting

    def _outcome(self, model: str) -> Outcome:
        for plan in self.plans:
            if plan[0] in (None, model):
                self.plans.remove(plan)
                return plan[1]
        return Outcome()

    def _accept(self, job_id: str, model: str, request: RecordedRequest) -> Job:
        outcome = self._outcome(model)
        seconds = self._pace.run_seconds if outcome.run_seconds is None else outcome.run_seconds
        vertex = "/projects/" in request.path
        now = self._clock.monotonic()
        job = Job(job_id, model, request.json, outcome, now, seconds, request.origin, vertex)
        self.jobs[job_id] = job
        self._ledger.charge(job_id)
        return job

    def _next_id(self, what: str) -> str:
        return f"{what}-{len(self.jobs) + 1:04}"

    # --- interactions

    def create(self, request: RecordedRequest, names: Names) -> Answer:
        body = request.json
        problem = self._interaction_problem(body)
        if problem is not None:
            return problem
        job = self._accept(self._next_id("interaction"), body["model"], request)
        if not body.get("background"):
            self._clock.advance(job.run_seconds)
        return Answer(json=self._interaction(job))

    def _interaction_problem(self, body: Mapping[str, Any]) -> Answer | None:
        unknown = [*(body.keys() - INTERACTION_FIELDS), *(_format_of(body).keys() - VIDEO_FORMAT_FIELDS)]
        if unknown:
            return errors.interaction_error("invalid_request", f"Unknown parameter: {', '.join(sorted(unknown))}.")
        if not body.get("input"):
            return errors.interaction_error("invalid_request", "The input is empty.")
        if body["model"] in self.retired:
            return errors.interaction_error("not_found", f"Model {body['model']} was not found.", 404)
        return None

    def read(self, request: RecordedRequest, names: Names) -> Answer:
        job = self.jobs.get(names["id"])
        if job is None:
            return errors.interaction_error("not_found", "Interaction not found.", 404)
        self._ledger.count("poll", job.id)
        answer = Answer(json=self._interaction(job))
        self._clock.advance(self._pace.advance_per_poll)
        return answer

    def _interaction(self, job: Job) -> dict[str, Any]:
        when = {"created": "2026-11-21T10:00:00Z", "updated": "2026-11-21T10:00:01Z"}
        body: dict[str, Any] = {"id": job.id, "object": "interaction", "model": job.model, **when, "steps": []}
        if not job.finished(self._clock.monotonic()):
            return {**body, "status": self._told(job)}
        if job.cancelled:
            return {**body, "status": "cancelled"}
        if job.outcome.failure:
            return {**body, "status": "failed", "errors": [dict(job.outcome.failure)]}
        if job.id not in self._finished:
            steps = makers.interaction_steps(job, self._storage, self._pace.file_seconds)
            self._finished[job.id] = {"status": job.outcome.end_status, "steps": steps, "usage": {"total_tokens": 9}}
        return {**body, **self._finished[job.id]}

    def _told(self, job: Job) -> str:
        job.told += 1
        return job.outcome.statuses[job.told - 1] if job.told <= len(job.outcome.statuses) else "in_progress"

    def cancel(self, request: RecordedRequest, names: Names) -> Answer:
        job = self.jobs.get(names["id"])
        if job is None:
            return errors.interaction_error("not_found", "Interaction not found.", 404)
        self._ledger.count("cancel", job.id)
        if job.finished(self._clock.monotonic()) or not job.outcome.cancellable:
            return errors.interaction_error("invalid_request", "The interaction is not running.")
        job.cancelled = True
        return Answer(json=self._interaction(job))

    def delete(self, request: RecordedRequest, names: Names) -> Answer:
        self.jobs.pop(names["id"], None)
        return Answer(json={})

    # --- long-running operations

    def start(self, request: RecordedRequest, names: Names) -> Answer:
        instances = request.json.get("instances")
        if names["model"] in self.retired:
            return errors.model_not_found(names["model"])
        if not isinstance(instances, list) or len(instances) != 1:
            return errors.rpc_error(400, "There must be exactly one instance.")
        path = request.path.split("/", 2)[2].partition(":")[0]
        job = self._accept(f"{path}/operations/{self._next_id('operation')}", names["model"], request)
        return Answer(json={"name": job.id})

    def fetch(self, request: RecordedRequest, names: Names) -> Answer:
        return self._operation(str(request.json.get("operationName")))

    def get_operation(self, request: RecordedRequest, names: Names) -> Answer:
        return self._operation(request.path.split("/", 2)[2])

    def _operation(self, name: str) -> Answer:
        job = self.jobs.get(name)
        if job is None:
            return errors.rpc_error(404, "The operation was not found.")
        self._ledger.count("poll", job.id)
        body: dict[str, Any] = {"name": job.id}
        if job.finished(self._clock.monotonic()):
            body["done"] = True
            if job.outcome.failure:
                body["error"] = dict(job.outcome.failure)
            else:
                body["response"] = self._finished.setdefault(job.id, {}) or self._respond(job)
        self._clock.advance(self._pace.advance_per_poll)
        return Answer(json=body)

    def _respond(self, job: Job) -> dict[str, Any]:
        self._finished[job.id] = makers.operation_response(job, self._storage)
        return self._finished[job.id]

    # --- answers at once

    def generate(self, request: RecordedRequest, names: Names) -> Answer:
        model = names["model"]
        problem = self._content_problem(request.json, model)
        if problem is not None:
            return problem
        job = self._accept(self._next_id("content"), model, request)
        return Answer(json=makers.content_answer(model, request.json, job.outcome))

    def stream(self, request: RecordedRequest, names: Names) -> Played:
        """The same in pieces: server-sent events, or without `alt=sse` one JSON list."""
        model = names["model"]
        problem = self._content_problem(request.json, model)
        if problem is not None:
            return problem
        job = self._accept(self._next_id("content"), model, request)
        pieces = makers.content_pieces(model, job.outcome)
        if request.query_value("alt") != "sse":
            return Answer(json=pieces)
        return chunked({"Content-Type": "text/event-stream"}, map(makers.event, pieces))

    def _content_problem(self, body: Mapping[str, Any], model: str) -> Answer | None:
        if model in self.retired:
            return errors.model_not_found(model)
        unknown = sorted(body.keys() - CONTENT_FIELDS)
        if not unknown:
            return None
        message = f'Invalid JSON payload received. Unknown name "{unknown[0]}": Cannot find field.'
        return errors.rpc_error(400, message, details=[errors.bad_request(unknown[0], message)])

    def predict(self, request: RecordedRequest, names: Names) -> Answer:
        if names["model"] in self.retired:
            return errors.model_not_found(names["model"])
        job = self._accept(self._next_id("prediction"), names["model"], request)
        return Answer(json=makers.predictions(request.json, job.outcome, self._storage))


def _format_of(body: Mapping[str, Any]) -> Mapping[str, Any]:
    found = body.get("response_format")
    return found if isinstance(found, Mapping) else {}
