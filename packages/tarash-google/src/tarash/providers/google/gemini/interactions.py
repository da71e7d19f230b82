"""Videos of Gemini Omni: interactions in the background, which are created, asked for, cancelled.

Sources: wire of google-genai 3.4.0; ai.google.dev, Omni guide, 2026-09-18.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from pydantic import JsonValue

from tarash.providers.google.errors import job_error
from tarash.providers.google.files import located, output_of
from tarash.providers.google.gemini.omni import omni_mapping
from tarash.providers.google.jobs import Job, job_id, job_state
from tarash.providers.google.places import INLINE, model_name, paid, root
from tarash.tarash_gateway.exceptions import TarashException
from tarash.tarash_gateway.media import Media
from tarash.tarash_gateway.messages import Cancellation, Done, Output, Pending, Request, Step, text_at
from tarash.tarash_gateway.providers.base import Call, path_of
from tarash.tarash_gateway.providers.field_mappers import FieldMapping
from tarash.tarash_gateway.providers.reading import list_of, objects_of, present
from tarash.tarash_gateway.providers.waiting import going_on, refuse_other_job

WAITING = {"queued": False, "in_progress": True}
FAILED = frozenset({"failed", "cancelled", "incomplete", "budget_exceeded", "requires_action", "requires_continuation"})
LATE = FAILED - {"cancelled"} | {"completed"}
IMAGES = ("first_frame", "last_frame")
ABOUT = ("id", "model", "usage")


class Interactions(Job):
    """Interactions in the background."""

    def mapping(self, call: Call) -> FieldMapping | None:
        return omni_mapping(call)

    def submit(self, call: Call) -> Step[Pending | Done]:
        payload = yield from located(call)
        answer = yield paid(f"{root(call)}/interactions", interaction_body(call, payload))
        body = answer.object()
        status = str(body.get("status"))
        if status in FAILED:
            raise interaction_error(status, body)
        contents = video_contents(body)
        if status == "completed" and contents and all(content.get("data") for content in contents):
            # A caller may have set background=False: then the video is here already, and perhaps nowhere else.
            return (yield from self._result(call, None, body))
        return Pending(job_state(call, text_at(body, "id")), event=body)

    def poll(self, call: Call, state: JsonValue) -> Step[Pending | Done]:
        job = job_id(call, state)
        answer = yield Request("GET", _url(call, job), query=[("stream", "false")], **INLINE)
        body = answer.object()
        refuse_other_job(body, job, "Google")
        status = text_at(body, "status")
        if status in FAILED:
            raise interaction_error(status, body)
        if status == "completed":
            return (yield from self._result(call, state, body))
        return going_on(state, status, WAITING, body)

    def _result(self, call: Call, state: JsonValue, body: Mapping[str, Any]) -> Step[Pending | Done]:
        outputs: list[Output] = []
        for content in video_contents(body):
            output = yield from output_of(call, content.get("data"), content.get("uri"), content.get("mime_type"))
            if output is None:
                return Pending(state, running=True, event=body)
            outputs.append(output)
        if not outputs:
            raise interaction_error("completed", body)
        uris = [content["uri"] for content in video_contents(body) if content.get("uri")]
        return Done(outputs, body, {}, {**present(body, *ABOUT), **({"uris": uris} if uris else {})})

    def cancel(self, call: Call, state: JsonValue) -> Step[Cancellation]:
        answer = yield Request("POST", f"{_url(call, job_id(call, state))}/cancel", accept=frozenset({400, 409}))
        late = not answer.ok or str(answer.object_or_empty().get("status")) in LATE
        return Cancellation.TOO_LATE if late else Cancellation.CANCELLED


def _url(call: Call, interaction: str) -> str:
    return f"{root(call)}/interactions/{path_of(interaction, what='interaction id')}"


def interaction_body(call: Call, payload: Mapping[str, Any]) -> dict[str, Any]:
    """The body of an interaction: the pieces below `input` become one list, or plain text when that is all."""
    body: dict[str, Any] = {"model": model_name(call.model), **payload}
    body.pop("task", None)  # The mapping has put it where the vendor wants it.
    if isinstance(body.get("input"), Mapping):
        body["input"] = _input(body["input"])
    return body


def _input(pieces: Mapping[str, Any]) -> Any:
    images = [*(pieces[name] for name in IMAGES if name in pieces), *pieces.get("references", ())]
    contents = [_content("image", image) for image in images]
    contents += [_content("video", pieces["video"])] if "video" in pieces else []
    text = pieces.get("prompt", "")
    if not contents:
        return text
    return [{"type": "user_input", "content": [*contents, {"type": "text", "text": text}]}]


def _content(kind: str, media: Media) -> dict[str, Any]:
    place = {"uri": media.url} if media.url is not None else {"data": media.as_base64()}
    return {"type": kind, **place, "mime_type": media.content_type}


def video_contents(body: Mapping[str, Any]) -> Sequence[Mapping[str, Any]]:
    """The videos of the last step that has some. Short forms such as `output_video` exist in the SDK only."""
    made = [step for step in objects_of(body.get("steps")) if step.get("type") == "model_output"]
    videos = [[one for one in objects_of(step.get("content")) if one.get("type") == "video"] for step in made]
    usable = [[one for one in contents if one.get("data") or one.get("uri")] for contents in videos]
    return next(filter(None, reversed(usable)), [])


def interaction_error(status: str, body: Mapping[str, Any]) -> TarashException:
    """The exception of an interaction that ended without a video."""
    steps = objects_of(body.get("steps"))
    problems = objects_of([*list_of(body.get("errors")), body.get("error"), *(step.get("error") for step in steps)])
    if problems:
        return job_error(problems[0], body)
    texts = [str(one["text"]) for step in steps for one in objects_of(step.get("content")) if "text" in one]
    return job_error({"code": status, "message": " ".join(texts)[:500] or "it ended without a video"}, body)
