"""A third party's provider, written as its author would: a queue with submit, status and cancel, in steps."""

import re
from collections.abc import Mapping
from typing import ClassVar

from pydantic import JsonValue

from tarash.tarash_gateway import exceptions
from tarash.tarash_gateway.messages import Cancellation, Done, Json, Output, Pending, Request, Response, Step, text_at
from tarash.tarash_gateway.models import Kind
from tarash.tarash_gateway.providers import field_mappers
from tarash.tarash_gateway.providers.base import Call, KeyHeader, Operation, Provider, path_of

MAPPING: field_mappers.FieldMapping = {
    "prompt": field_mappers.passthrough_field_mapper("prompt", required=True),
    "seconds": field_mappers.duration_field_mapper(allowed_values=[4, 8]),
    "ratio": field_mappers.passthrough_field_mapper("aspect_ratio", allowed=["16:9", "9:16"]),
}
POLICY = re.compile(r"policy|moderat|nsfw|forbidden content", re.IGNORECASE)


class Videos(Operation):
    def submit(self, call: Call) -> Step[Pending | Done]:
        url = f"{call.base_url}/videos/{path_of(call.model)}"
        answer = yield Request("POST", url, body=Json(call.payload), billable=True)
        return Pending({"id": text_at(answer.object(), "id")})

    def poll(self, call: Call, state: JsonValue) -> Step[Pending | Done]:
        answer = yield Request("GET", self._url(call, state))
        job, status = answer.object(), text_at(answer.object(), "status")
        if job.get("id") != self._id(state):
            raise exceptions.ProtocolError("acme spoke of another job than it was asked for.")
        if status in ("failed", "expired", "cancelled", "aborted"):
            refused = POLICY.search(str(job.get("reason")))
            kind = exceptions.ContentModerationError if refused else exceptions.GenerationFailedError
            raise kind(f"The job {status} at acme: {job.get('reason')}", raw_response=job)
        if status == "done":
            return Done([Output(url=text_at(job, "url"), content_type="video/mp4")] if "url" in job else [], job)
        unknown = None if status in ("waiting", "running") else status
        return Pending(state, status == "running", job.get("percent"), job.get("retry_after"), job, unknown)

    def cancel(self, call: Call, state: JsonValue) -> Step[Cancellation]:
        patience = call.options.get("cancel_seconds")
        answer = yield Request("DELETE", self._url(call, state), accept=frozenset({409}), timeout=patience)
        return Cancellation.TOO_LATE if answer.status == 409 else Cancellation.CANCELLED

    def _url(self, call: Call, state: JsonValue) -> str:
        return f"{call.base_url}/jobs/{path_of(self._id(state), what='job id')}"

    def _id(self, state: JsonValue) -> str:
        return text_at(state if isinstance(state, dict) else {}, "id")


class Acme(Provider):
    id = "acme"
    key_variables = ("ACME_KEY",)
    key_header = KeyHeader("X-Acme-Key", "{}")
    base_url = "https://api.acme.example"
    default_models: Mapping[Kind, str] = {"video": "film-1"}
    mappings: ClassVar[Mapping[Kind, Mapping[str, field_mappers.FieldMapping]]] = {"video": {"": MAPPING}}
    operations: Mapping[Kind, Operation] = {"video": Videos()}

    def error(self, response: Response) -> exceptions.TarashException | None:
        problem = response.object_or_empty().get("problem")
        if not isinstance(problem, str):
            return None
        if POLICY.search(problem):
            return exceptions.ContentModerationError(f"acme refused the content: {problem}")
        kind = exceptions.InsufficientCreditsError if problem == "no credit" else exceptions.HTTPError
        return kind(f"acme: {problem}", status_code=response.status)
