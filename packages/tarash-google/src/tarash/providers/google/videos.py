"""Videos: Gemini Omni through interactions, Veo through long-running operations. Both are asked how they stand.

Sources: wire of google-genai 3.4.0 (and 2.34.0 for Veo on the Gemini API); ai.google.dev, Omni guide, 2026-09-18.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from pydantic import JsonValue

from tarash.providers.google.errors import is_moderated, job_error, moderated
from tarash.providers.google.files import as_bytes, as_content, as_instance, located, output_at
from tarash.providers.google.mappings import omni_mapping, veo_mapping
from tarash.providers.google.places import job_id, job_state, model_name, model_url, on_vertex, root
from tarash.providers.google.tables import OMNI_FAILED, OMNI_WAITING
from tarash.tarash_gateway.exceptions import GenerationFailedError, JobRejectedError, ProtocolError, TarashException
from tarash.tarash_gateway.messages import (
    Cancellation,
    Done,
    Json,
    Output,
    Pending,
    Request,
    Step,
    WebhookMessage,
    as_object,
    text_at,
)
from tarash.tarash_gateway.providers.base import Call, Operation, path_of
from tarash.tarash_gateway.providers.field_mappers import FieldMapping

MAX_ANSWER_BYTES = 512 * 1024 * 1024
"""Videos may come inside an answer, as base64."""

INLINE: Any = {"max_bytes": MAX_ANSWER_BYTES, "timeout": 120.0}


class Videos(Operation):
    """Sends each model to the interface that it has."""

    def __init__(self) -> None:
        self._omni, self._veo = Interactions(), LongRunning()

    def _of(self, call: Call) -> Operation:
        return self._veo if model_name(call.model).startswith("veo-") else self._omni

    def describe(self, call: Call) -> Step[FieldMapping | None]:
        return self._of(call).describe(call)

    def submit(self, call: Call) -> Step[Pending | Done]:
        return self._of(call).submit(call)

    def poll(self, call: Call, state: JsonValue) -> Step[Pending | Done]:
        return self._of(call).poll(call, state)

    def cancel(self, call: Call, state: JsonValue) -> Step[Cancellation]:
        return self._of(call).cancel(call, state)

    def webhook(self, call: Call, state: JsonValue, message: WebhookMessage) -> Step[Pending | Done]:
        """Google's signatures are not documented, so a message is only a hint to ask: the answer comes from Google."""
        if job_id(call, state).rpartition("/")[2].encode() not in message.body:
            raise JobRejectedError("The webhook speaks of another job.")
        return self.poll(call, state)


# --- Gemini Omni


class Interactions(Operation):
    """Interactions in the background: created, asked for, cancelled."""

    def describe(self, call: Call) -> Step[FieldMapping | None]:
        bucket = call.options.get("output_gcs_uri")
        return omni_mapping(model_name(call.model), call.request, vertex=on_vertex(call), bucket=bucket)
        yield

    def submit(self, call: Call) -> Step[Pending | Done]:
        payload = yield from located(call, call.payload)
        answer = yield Request(
            "POST",
            f"{root(call)}/interactions",
            body=Json(interaction_body(call, payload)),
            billable=True,
            max_bytes=MAX_ANSWER_BYTES,
        )
        body = answer.object()
        status = body.get("status")
        if status in OMNI_FAILED:
            raise interaction_error(str(status), body)
        outputs = [output for content in video_contents(body) if (output := _inline(content))]
        if status == "completed" and outputs:
            # A caller may have set background=False: then the video is here already, and perhaps nowhere else.
            return _done(outputs, body)
        return Pending(job_state(call, text_at(body, "id")), event=body)

    def poll(self, call: Call, state: JsonValue) -> Step[Pending | Done]:
        wanted = job_id(call, state)
        answer = yield Request("GET", _interaction_url(call, wanted), query=[("stream", "false")], **INLINE)
        body = answer.object()
        if body.get("id", wanted) != wanted:
            raise ProtocolError("Google answered with the status of another job.")
        status = text_at(body, "status")
        if status == "completed":
            return (yield from self._result(call, state, body))
        if status in OMNI_FAILED:
            raise interaction_error(status, body)
        unknown = None if status in OMNI_WAITING else status
        return Pending(state, running=OMNI_WAITING.get(status, True), event=body, unknown=unknown)

    def _result(self, call: Call, state: JsonValue, body: Mapping[str, Any]) -> Step[Pending | Done]:
        outputs: list[Output] = []
        for content in video_contents(body):
            output = _inline(content)
            if output is None:
                output = yield from output_at(call, text_at(content, "uri"), content.get("mime_type"))
            if output is None:
                return Pending(state, running=True, event=body)
            outputs.append(output)
        if not outputs:
            raise interaction_error("completed", body)
        return _done(outputs, body)

    def cancel(self, call: Call, state: JsonValue) -> Step[Cancellation]:
        url = f"{_interaction_url(call, job_id(call, state))}/cancel"
        answer = yield Request("POST", url, accept=frozenset({400, 409}))
        status = answer.object_or_empty().get("status")
        late = not answer.ok or (status == "completed" or status in OMNI_FAILED - {"cancelled"})
        return Cancellation.TOO_LATE if late else Cancellation.CANCELLED


def _interaction_url(call: Call, interaction: str) -> str:
    return f"{root(call)}/interactions/{path_of(interaction, what='interaction id')}"


def interaction_body(call: Call, payload: Mapping[str, Any]) -> dict[str, Any]:
    """The body of an interaction: the pieces below `input` become one list, or plain text when that is all."""
    body: dict[str, Any] = {"model": model_name(call.model), **payload}
    task = body.pop("task", None)
    if task is not None:
        config = dict(body.get("generation_config") or {})
        body["generation_config"] = {**config, "video_config": {**config.get("video_config", {}), "task": task}}
    if "webhook_url" in call.options:
        body["webhook_config"] = {"uris": [str(call.options["webhook_url"])]}
    if isinstance(body.get("input"), Mapping):
        body["input"] = _input(body["input"])
    return body


def _input(pieces: Mapping[str, Any]) -> Any:
    frames = [pieces[name] for name in ("first_frame", "last_frame") if name in pieces]
    contents = [as_content(image, "image") for image in [*frames, *pieces.get("references", ())]]
    if "video" in pieces:
        contents.append(as_content(pieces["video"], "video"))
    text = pieces.get("prompt", "")
    if not contents:
        return text
    return [{"type": "user_input", "content": [*contents, {"type": "text", "text": text}]}]


def video_contents(body: Mapping[str, Any]) -> list[Mapping[str, Any]]:
    """The videos of the last step that has some. Short forms such as `output_video` exist in the SDK only."""
    steps = [step for step in body.get("steps") or () if isinstance(step, Mapping)]
    for step in reversed([step for step in steps if step.get("type") == "model_output"]):
        contents = [one for one in step.get("content") or () if isinstance(one, Mapping) and one.get("type") == "video"]
        usable = [one for one in contents if one.get("data") or one.get("uri")]
        if usable:
            return usable
    return []


def _inline(content: Mapping[str, Any]) -> Output | None:
    data = content.get("data")
    return Output(data=as_bytes(data), content_type=content.get("mime_type")) if data else None


def _done(outputs: Sequence[Output], body: Mapping[str, Any]) -> Done:
    uris = [content["uri"] for content in video_contents(body) if content.get("uri")]
    metadata = {name: body[name] for name in ("id", "model", "usage") if body.get(name) is not None}
    return Done(outputs, body, {}, {**metadata, **({"uris": uris} if uris else {})})


def interaction_error(status: str, body: Mapping[str, Any]) -> TarashException:
    """The exception of an interaction that ended without a video."""
    steps = [step for step in body.get("steps") or () if isinstance(step, Mapping)]
    problems = [*(body.get("errors") or ()), body.get("error"), *(step.get("error") for step in steps)]
    told = next((problem for problem in problems if isinstance(problem, Mapping)), None)
    if told is not None:
        return job_error(told, body)
    texts = [str(one.get("text")) for step in steps for one in step.get("content") or () if "text" in one]
    text = " ".join(texts)[:500] or "no reason given"
    if is_moderated(text):
        return moderated(text, body)
    return GenerationFailedError(f"The interaction ended ({status}) without a video: {text}", raw_response=dict(body))


# --- Veo


class LongRunning(Operation):
    """Long-running operations. Neither interface has a documented way to cancel one."""

    def describe(self, call: Call) -> Step[FieldMapping | None]:
        bucket = call.options.get("output_gcs_uri")
        return veo_mapping(model_name(call.model), call.request, vertex=on_vertex(call), bucket=bucket)
        yield

    def submit(self, call: Call) -> Step[Pending | Done]:
        payload = yield from located(call, call.payload)
        body = Json(predict_body(call, payload))
        answer = yield Request("POST", model_url(call, "predictLongRunning"), body=body, billable=True)
        operation = answer.object()
        return Pending(job_state(call, text_at(operation, "name")), event=operation)

    def poll(self, call: Call, state: JsonValue) -> Step[Pending | Done]:
        name = job_id(call, state)
        answer = yield _operation_request(call, name)
        operation = answer.object()
        if operation.get("name", name) != name:
            raise ProtocolError("Google answered with the status of another job.")
        if not operation.get("done"):
            return Pending(state, running=True, event=operation)
        if operation.get("error"):
            raise job_error(as_object(operation["error"], "the operation's error"), operation)
        return (yield from self._result(call, operation))

    def _result(self, call: Call, operation: Mapping[str, Any]) -> Step[Pending | Done]:
        response = as_object(operation.get("response") or {}, "the operation's response")
        response = response.get("generateVideoResponse", response)
        videos = [*(response.get("videos") or ()), *(one["video"] for one in response.get("generatedSamples") or ())]
        reasons = [str(reason) for reason in response.get("raiMediaFilteredReasons") or ()]
        if not videos and (reasons or response.get("raiMediaFilteredCount")):
            raise moderated(" ".join(reasons) or "All videos were filtered.", operation)
        outputs: list[Output] = []
        for video in videos:
            output = yield from _veo_output(call, video)
            outputs += [output] if output else []
        uris = [video[name] for video in videos for name in ("gcsUri", "uri") if video.get(name)]
        found = {"raiMediaFilteredReasons": reasons, "uris": uris}
        return Done(outputs, operation, {}, {name: value for name, value in found.items() if value})


def _operation_request(call: Call, name: str) -> Request:
    if on_vertex(call):
        url, body = model_url(call, "fetchPredictOperation"), Json({"operationName": name})
        return Request("POST", url, body=body, **INLINE)
    return Request("GET", f"{root(call)}/{path_of(name, what='operation name')}", **INLINE)


def predict_body(call: Call, payload: Mapping[str, Any]) -> dict[str, Any]:
    """The frame of the predict methods. Parameters of the caller's own belong below `parameters`."""
    framed = {name: payload[name] for name in ("instances", "parameters", "labels") if name in payload}
    own = {name: value for name, value in payload.items() if name not in framed}
    instances = as_instance(framed.get("instances", {}), gemini_video=not on_vertex(call))
    parameters = {**framed.get("parameters", {}), **own}
    return {
        "instances": instances if isinstance(instances, list) else [instances],
        **({"parameters": parameters} if parameters else {}),
        **({"labels": framed["labels"]} if "labels" in framed else {}),
    }


def _veo_output(call: Call, video: Mapping[str, Any]) -> Step[Output | None]:
    content_type = video.get("mimeType") or "video/mp4"
    if video.get("bytesBase64Encoded"):
        return Output(data=as_bytes(video["bytesBase64Encoded"]), content_type=content_type)
    uri = video.get("gcsUri") or video.get("uri")
    return (yield from output_at(call, uri, content_type)) if isinstance(uri, str) and uri else None
