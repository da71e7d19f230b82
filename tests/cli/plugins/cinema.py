"""The provider "cinema" of the tests, found by the command as any installed plugin is: through its entry point.

It speaks to the server that stands in `--base-url`: POST /jobs, GET and DELETE /jobs/ID.
"""

from collections.abc import Mapping
from typing import Any, ClassVar

from pydantic import JsonValue

from tarash.tarash_gateway.exceptions import ContentModerationError, GenerationFailedError, HTTPError, TarashException
from tarash.tarash_gateway.hookspecs import hookimpl
from tarash.tarash_gateway.messages import Cancellation, Done, Json, Output, Pending, Request, Response, Step, text_at
from tarash.tarash_gateway.models import Kind
from tarash.tarash_gateway.providers.base import Call, KeyHeader, ModelInfo, Operation, Provider, path_of
from tarash.tarash_gateway.providers.field_mappers import (
    FieldMapping,
    duration_field_mapper,
    passthrough_field_mapper,
)

print("cinema says hello on standard output")

MAPPING: FieldMapping = {
    "prompt": passthrough_field_mapper("prompt", required=True),
    "seconds": duration_field_mapper(allowed_values=[4, 8]),
    "ratio": passthrough_field_mapper("aspect_ratio", allowed=["16:9", "9:16"]),
    "count": passthrough_field_mapper("number_of_videos"),
}
SPEECH: FieldMapping = {"text": passthrough_field_mapper("text"), "voice": passthrough_field_mapper("voice_id")}


class Jobs(Operation):
    def submit(self, call: Call) -> Step[Pending | Done]:
        answer = yield Request("POST", f"{call.base_url}/jobs", body=Json(call.payload), billable=True)
        return Pending({"id": text_at(answer.object(), "id")}, retry_after=0.0)

    def poll(self, call: Call, state: JsonValue) -> Step[Pending | Done]:
        answer = yield Request("GET", self._url(call, state))
        job: Mapping[str, Any] = answer.object()
        if job.get("state") == "failed":
            raise GenerationFailedError(f"cinema failed: {job.get('reason')}", raw_response=job)
        if job.get("state") != "done":
            return Pending(state, job.get("state") == "running", job.get("percent"), 0.0, job)
        return Done([Output(url=url) for url in job["urls"]], job)

    def cancel(self, call: Call, state: JsonValue) -> Step[Cancellation]:
        answer = yield Request("DELETE", self._url(call, state), accept=frozenset({409}))
        return Cancellation.TOO_LATE if answer.status == 409 else Cancellation.CANCELLED

    def _url(self, call: Call, state: JsonValue) -> str:
        job = text_at(state if isinstance(state, dict) else {}, "id")
        return f"{call.base_url}/jobs/{path_of(job, what='job id')}"


class Cinema(Provider):
    id = "cinema"
    key_variables = ("CINEMA_KEY",)
    key_header = KeyHeader("X-Cinema-Key", "{}")
    base_url = "https://api.cinema.example"
    default_models: Mapping[Kind, str] = {"video": "film-1", "tts": "voice-1"}
    mappings: ClassVar[Mapping[Kind, Mapping[str, FieldMapping]]] = {"video": {"": MAPPING}, "tts": {"": SPEECH}}
    models = (
        ModelInfo("film-1", ["video"], parameters={"seconds": {"type": "integer", "allowed": [4, 8]}, "odd": "a word"}),
        ModelInfo("film-0", ["video"], "retired", "2024-01-31", "film-1", note="[bold]loud[/bold]\x1b[31m"),
        ModelInfo("voice-1", ["tts", "sts"]),
    )
    operations: Mapping[Kind, Operation] = {"video": Jobs(), "tts": Jobs()}

    def error(self, response: Response) -> TarashException | None:
        problem = response.object_or_empty().get("problem")
        if not isinstance(problem, str):
            return None
        if "policy" in problem:
            return ContentModerationError(f"cinema: {problem}")
        return HTTPError(f"cinema: {problem}", status_code=response.status)


class _Plugin:
    @hookimpl
    def tarash_providers(self) -> Mapping[str, Provider]:
        return {"cinema": Cinema()}


plugin = _Plugin()
