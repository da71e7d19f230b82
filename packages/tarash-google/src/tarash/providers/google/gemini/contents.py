"""What `generateContent` makes at once: its request, its answer, and the images of Gemini.

Below `contents` of a payload are the pieces of the message: its images, and what its text part says.
Sources: wire of google-genai 3.4.0; ai.google.dev, guides of image and speech generation, 2026.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from tarash.providers.google.errors import job_error, moderated
from tarash.providers.google.files import located
from tarash.providers.google.gemini.images import IMAGES, RATIO
from tarash.providers.google.places import model_name, model_url, paid
from tarash.providers.google.sizes import shaped
from tarash.tarash_gateway.exceptions import ProtocolError, TarashException
from tarash.tarash_gateway.media import Media
from tarash.tarash_gateway.messages import Done, Output, Pending, Step
from tarash.tarash_gateway.providers.base import Call, Operation
from tarash.tarash_gateway.providers.field_mappers import FieldMapping, find_mapping
from tarash.tarash_gateway.providers.outputs import decoded
from tarash.tarash_gateway.providers.reading import object_of, objects_of, present


class Images(Operation):
    """Images of Gemini, which come one a call."""

    def mapping(self, call: Call) -> FieldMapping | None:
        return shaped(find_mapping(IMAGES, model_name(call.model)) or {}, RATIO, call.request)

    def submit(self, call: Call) -> Step[Pending | Done]:
        body, images = yield from generated(call, "image/")
        outputs = [Output(data=decoded(image.get("data")), content_type=image["mimeType"]) for image in images]
        return Done(outputs, body, {}, about(body))


def generated(call: Call, kind: str) -> Step[tuple[dict[str, Any], Sequence[Mapping[str, Any]]]]:
    """The answer and the media of this kind in it. Raises the reason when there are none."""
    payload = yield from located(call)
    answer = yield paid(model_url(call, "generateContent"), content_body(payload))
    body = answer.object()
    found = media_of(body, kind)
    if not found:
        raise nothing_made(body)
    return body, found


def content_body(payload: Mapping[str, Any]) -> dict[str, Any]:
    """The body: the pieces below `contents` become the parts of one message."""
    body = {name: value for name, value in payload.items() if name != "local"}
    if not isinstance(body.get("contents"), Mapping):
        return body
    part = {"text": "", **body["contents"]}
    images = part.pop("images", ())
    return {**body, "contents": [{"role": "user", "parts": [*map(_part, images), part]}]}


def _part(media: Media) -> dict[str, Any]:
    if media.url is not None:
        return {"fileData": {"fileUri": media.url, "mimeType": media.content_type}}
    return {"inlineData": {"mimeType": media.content_type, "data": media.as_base64()}}


def media_of(body: Mapping[str, Any], kind: str) -> list[Mapping[str, Any]]:
    """The media of a kind that an answer holds; drafts, which the models show as thoughts, are left out."""
    kept = [object_of(part.get("inlineData")) for part in _parts(body) if not part.get("thought")]
    return [data for data in kept if data.get("data") and str(data.get("mimeType")).startswith(kind)]


def _candidate(body: Mapping[str, Any]) -> dict[str, Any]:
    return next(iter(objects_of(body.get("candidates"))), {})


def _parts(body: Mapping[str, Any]) -> list[dict[str, Any]]:
    return objects_of(object_of(_candidate(body).get("content")).get("parts"))


def end_of(body: Mapping[str, Any]) -> Any:
    """Why the model stopped, which is "STOP" when it had done its work, or why it never began; None while it works."""
    return object_of(body.get("promptFeedback")).get("blockReason") or _candidate(body).get("finishReason")


def nothing_made(body: Mapping[str, Any]) -> TarashException:
    """Why an answer holds no media: the prompt or the result was blocked, or the model only talked."""
    feedback, candidate = object_of(body.get("promptFeedback")), _candidate(body)
    if feedback.get("blockReason"):
        told = feedback.get("blockReasonMessage") or "the prompt was blocked"
        return moderated(f"{told} ({feedback['blockReason']}).", body)
    if not candidate:
        return ProtocolError("The answer has neither candidates nor a reason why there are none.")
    text = " ".join(str(part["text"]) for part in _parts(body) if part.get("text"))[:500]
    told = candidate.get("finishMessage") or text or "the model ended before its work was done"
    return job_error({"code": candidate.get("finishReason"), "message": told}, body)


def about(body: Mapping[str, Any]) -> dict[str, Any]:
    """Facts for `provider_metadata`."""
    return {**present(body, "responseId", "modelVersion", "usageMetadata"), **present(_candidate(body), "finishReason")}
