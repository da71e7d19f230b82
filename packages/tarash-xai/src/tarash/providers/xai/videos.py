"""Video: a job that is created and asked for. The vendor has no way to stop or delete one.

Sources: wire of @ai-sdk/xai 5.0.12 (npm), docs.x.ai, published answers of the real service, read 2026-11.
"""

from __future__ import annotations

from collections.abc import Mapping
from functools import partial
from typing import Any

from pydantic import JsonValue

from tarash.providers.xai.errors import REFUSALS, video_error
from tarash.providers.xai.service import about, paid, place
from tarash.providers.xai.video_mappings import OPERATION, operation_of, video_mapping
from tarash.tarash_gateway.exceptions import ProtocolError
from tarash.tarash_gateway.messages import Done, Output, Pending, Request, Response, Step, number_or_none, text_at
from tarash.tarash_gateway.providers.base import Call, Operation, path_of, place_media
from tarash.tarash_gateway.providers.field_mappers import FieldMapping
from tarash.tarash_gateway.providers.reading import object_of, present
from tarash.tarash_gateway.providers.waiting import going_on, refuse_other_job, stored_id

SUBMIT_SECONDS = 300.0
PATHS = {"generate": "videos/generations", "edit": "videos/edits", "extend": "videos/extensions"}
ACCEPTED = 202
WAITING = {"queued": False, "pending": True}
FAILED = frozenset({"failed", "expired"})
WITHHELD = "the video was made, and is withheld. It is charged all the same."


class Videos(Operation):
    """Videos from text, images, references, and from other videos."""

    def describe(self, call: Call) -> Step[FieldMapping | None]:
        return video_mapping(call.model, call.request)
        yield

    def submit(self, call: Call) -> Step[Pending | Done]:
        inputs = {name: value for name, value in call.payload.items() if name != OPERATION}
        fields = yield from place_media(inputs, partial(place, call))
        path = PATHS[operation_of(call.request)]
        answer = yield paid(call, path, {"model": call.model, **fields}, timeout=SUBMIT_SECONDS)
        job = answer.object()
        return Pending({"id": text_at(job, "request_id")}, event=job)

    def poll(self, call: Call, state: JsonValue) -> Step[Pending | Done]:
        job = stored_id(state, what="request id")
        answer = yield Request("GET", f"{call.base_url}/videos/{job}")
        # What was accepted and has not begun may have no body at all.
        video = answer.object_or_empty() if answer.status == ACCEPTED else answer.object()
        refuse_other_job(video, job, REFUSALS.vendor, "request_id")
        status = _status(answer, video)
        if status in FAILED:
            raise video_error({"error": f"its state is {status!r}", **video})
        if status == "done":
            return _done(call, answer, video)
        return going_on(state, status, WAITING, video, progress=number_or_none(video.get("progress")))


def _status(answer: Response, video: Mapping[str, Any]) -> str:
    """The state that an answer tells, or means where it tells none."""
    if "status" in video:
        return text_at(video, "status")
    if answer.status == ACCEPTED:
        return "queued"
    if isinstance(video.get("video"), dict):
        return "done"
    raise ProtocolError("The answer has neither a status nor a video.")


def _done(call: Call, answer: Response, body: dict[str, Any]) -> Done:
    video = object_of(body.get("video"))
    link = _link(call, video)
    if link is None and video.get("respect_moderation") is False:
        raise REFUSALS.moderated(WITHHELD, body)
    seconds = number_or_none(video.get("duration"))
    metadata = {**about(answer, body), **present(video, "file_output", "storage_error")}
    return Done([link] if link else [], body, {"duration": seconds}, metadata)


def _link(call: Call, video: Mapping[str, Any]) -> Output | None:
    """Where the video lies: under its own link, or among the account's files when it was to be stored there."""
    seconds = number_or_none(video.get("duration"))
    stored, url = object_of(video.get("file_output")), video.get("url")
    if isinstance(url, str) and url:
        return Output(url, content_type="video/mp4", duration=seconds)
    if stored.get("file_id"):
        file = path_of(str(stored["file_id"]), what="file id")
        content = f"{call.base_url}/files/{file}/content"
        return Output(content, content_type="video/mp4", duration=seconds, authenticated=True)
    return None
