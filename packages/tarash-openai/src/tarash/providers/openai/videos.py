"""Video: a job that is created, asked for, fetched with the key, and deleted.

Source: wire of openai 3.52 and 3.54 (PyPI). OpenAI ended this service on 2026-09-24, Azure's deployments are retired;
compatible servers still speak it.
"""

from __future__ import annotations

from typing import Any

from pydantic import JsonValue

from tarash.providers.openai.errors import job_error
from tarash.providers.openai.service import Service, about, setting
from tarash.providers.openai.video_mappings import OPERATION, SOURCE, operation_of, video_mapping
from tarash.tarash_gateway.exceptions import ValidationError
from tarash.tarash_gateway.messages import (
    Body,
    Cancellation,
    Done,
    Json,
    Output,
    Pending,
    Response,
    Step,
    WebhookMessage,
    number_or_none,
    text_at,
)
from tarash.tarash_gateway.providers.base import Call, Operation, path_of
from tarash.tarash_gateway.providers.field_mappers import FieldMapping, find_mapping, seconds_of
from tarash.tarash_gateway.providers.multipart import form_of
from tarash.tarash_gateway.providers.sizes import sides
from tarash.tarash_gateway.providers.standard_webhooks import verify_standard_webhook
from tarash.tarash_gateway.providers.waiting import (
    going_on,
    posted,
    refuse_other_job,
    refuse_other_webhook,
    stored_id,
)

SUBMIT_SECONDS = 300.0
MAX_INPUT_BYTES = 512 * 1024 * 1024

WAITING = {"queued": False, "preprocessing": True, "in_progress": True, "running": True, "processing": True}
FINISHED = frozenset({"completed", "succeeded"})
FAILED = frozenset({"failed", "cancelled", "canceled", "expired"})
NOT_DELETED = frozenset({400, 404, 405, 409, 422})
UNVERIFIABLE = (
    "Verifying OpenAI's webhooks needs their secret: set provider_config['webhook_secret'] or OPENAI_WEBHOOK_SECRET."
)
PATHS = {"create": "videos", "edit": "videos/edits", "extend": "videos/extensions"}


class Videos(Operation):
    """Videos of one service."""

    def __init__(self, service: Service) -> None:
        self.service = service

    def mapping(self, call: Call) -> FieldMapping | None:
        limits = find_mapping(self.service.video_limits, self.service.family(call))
        return video_mapping(operation_of(call.request), limits) if limits else None

    def submit(self, call: Call) -> Step[Pending | Done]:
        operation = operation_of(call.request)
        fields = {name: value for name, value in call.payload.items() if name not in (OPERATION, SOURCE)}
        source = call.payload.get(SOURCE)
        path = PATHS.get(operation) or f"videos/{path_of(str(source), what='video id')}/remix"
        body = yield from self._body(call, operation, fields, source)
        answer = yield self.service.paid(call, path, body, timeout=SUBMIT_SECONDS)
        video = answer.object()
        return Pending({"id": text_at(video, "id")}, event=video)

    def _body(self, call: Call, operation: str, fields: dict[str, Any], source: Any) -> Step[Body]:
        if operation == "create":
            # The SDK sends a form even when there is no file.
            return (yield from form_of({"model": self.service.wire_model(call), **fields}, max_bytes=MAX_INPUT_BYTES))
        if operation == "remix":
            return Json(fields)
        if source:
            return Json({**fields, "video": {"id": str(source)}})
        return (yield from form_of(fields, max_bytes=MAX_INPUT_BYTES))

    def poll(self, call: Call, state: JsonValue) -> Step[Pending | Done]:
        job = stored_id(state)
        answer = yield self.service.request(call, "GET", f"videos/{job}")
        video = answer.object()
        refuse_other_job(video, job, self.service.name)
        status = text_at(video, "status")
        if status in FAILED:
            told = video.get("error") or {"message": f"its state is {status!r}"}
            raise job_error(told, self.service.refusals, video)
        if status in FINISHED:
            return self._done(call, job, answer)
        hint, progress = _poll_after(answer), number_or_none(video.get("progress"))
        return going_on(state, status, WAITING, video, progress=progress, retry_after=hint)

    def _done(self, call: Call, job: str, answer: Response) -> Done:
        video = answer.object()
        width, height = sides(str(video.get("size"))) or (None, None)
        seconds = seconds_of(video.get("seconds"))
        query = "&".join(f"{name}={value}" for name, value in self.service.query(call, "videos"))
        link = self.service.url(call, f"videos/{job}/content") + (f"?{query}" if query else "")
        output = Output(link, None, "video/mp4", width, height, seconds, authenticated=True)
        names = ("model", "expires_at", "completed_at", "remixed_from_video_id")
        metadata = {name: video[name] for name in names if video.get(name) is not None}
        return Done([output], video, {"duration": seconds}, {**metadata, **about(answer)})

    def cancel(self, call: Call, state: JsonValue) -> Step[Cancellation]:
        """The vendor has no cancelling: an unfinished video is deleted. A finished one would be lost, so it is not."""
        job = stored_id(state)
        answer = yield self.service.request(call, "GET", f"videos/{job}")
        if answer.object().get("status") in FINISHED | FAILED:
            return Cancellation.TOO_LATE
        deleted = yield self.service.request(call, "DELETE", f"videos/{job}", accept=NOT_DELETED)
        gone = deleted.ok and deleted.object_or_empty().get("deleted", True) is not False
        return Cancellation.CANCELLED if gone else Cancellation.IMPOSSIBLE

    def webhook(self, call: Call, state: JsonValue, message: WebhookMessage) -> Step[Pending | Done]:
        """A message names the video only, so it is asked for."""
        secret = setting(call, "webhook_secret", "OPENAI_WEBHOOK_SECRET")
        if not secret:
            raise ValidationError(UNVERIFIABLE)
        verify_standard_webhook(message, secret)
        data = posted(message).get("data")
        refuse_other_webhook(data.get("id") if isinstance(data, dict) else None, stored_id(state))
        return (yield from self.poll(call, state))


def _poll_after(answer: Response) -> float | None:
    milliseconds = seconds_of(answer.headers.get("openai-poll-after-ms"))
    return None if milliseconds is None else milliseconds / 1000
