"""Which endpoint a request goes to: what the caller wants, as far as the model has it."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from tarash.providers.runway.catalogue import Model, find
from tarash.tarash_gateway.exceptions import ValidationError
from tarash.tarash_gateway.providers.base import Call

FRAMES = frozenset({"first_frame", "last_frame"})
VIDEO_PARAMS = frozenset({"videoUri", "promptVideo"})


def endpoint_of(call: Call) -> str:
    """The endpoint's name. Raises `ValidationError` when the model has not the one that the configuration names."""
    model = find(call.model, call.kind)
    offered = list(model.endpoints)
    chosen = call.options.get("endpoint")
    if chosen is None:
        wishes = _wishes(call.request, model) if call.kind == "video" else iter(offered)
        return next((wish for wish in wishes if wish in offered), offered[0])
    if chosen not in offered:
        raise ValidationError(
            f"{call.model} has no endpoint {str(chosen)[:40]!r} in tarash; it has {', '.join(offered)}."
        )
    return str(chosen)


def _wishes(request: Any, model: Model) -> Iterator[str]:
    """The endpoints that suit the inputs, best first."""
    roles = {image["type"] for image in request.image_list}
    if request.video is not None or VIDEO_PARAMS & request.extra_params.keys():
        yield "video_to_video"
    if roles & FRAMES or "promptImage" in request.extra_params:
        yield "image_to_video"
    if roles and not _takes_references(model):
        yield "image_to_video"
    yield "text_to_video"


def _takes_references(model: Model) -> bool:
    return bool(model.info.id) and "references" in model.endpoints.get("text_to_video", {})
