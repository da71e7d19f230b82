"""Veo: videos through long-running operations. Neither interface has a documented way to cancel one.

Sources: wire of google-genai 3.4.0 (and 2.34.0 for Veo on the Gemini API); cloud.google.com, Veo pages, 2026.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from pydantic import JsonValue

from tarash.providers.google.errors import job_error, moderated
from tarash.providers.google.files import located
from tarash.providers.google.jobs import Job, job_id, job_state
from tarash.providers.google.places import INLINE, bucket_of, model_name, model_url, on_vertex, paid, root
from tarash.providers.google.vertex.predictions import MAX_SEED, predict_body, prediction_output
from tarash.tarash_gateway.messages import Done, Json, Output, Pending, Request, Step, as_object, text_at
from tarash.tarash_gateway.providers.base import Call, path_of
from tarash.tarash_gateway.providers.field_mappers import (
    FieldMapper,
    FieldMapping,
    constant_field_mapper,
    duration_field_mapper,
    find_mapping,
    image_field_mapper,
    images_field_mapper,
    media_field_mapper,
    passthrough_field_mapper,
)
from tarash.tarash_gateway.providers.waiting import refuse_other_job

SECONDS = {"veo-3": (4, 6, 8), "veo-2": (5, 6, 7, 8)}
RESOLUTIONS = {"veo-3.1": ("720p", "1080p", "4k"), "veo-3.0": ("720p", "1080p"), "veo-2": ("720p",)}
REFERENCES = {"reference", "asset", "style"}


def _typed_references(kind: str, most: int, *roles: str) -> FieldMapper:
    def convert(images: Sequence[Any]) -> list[Any]:
        return [{"image": image, "referenceType": kind} for image in images]

    return images_field_mapper(*roles, maximum=most, convert=convert)


STYLE = _typed_references("STYLE", 1, "style")
ASSETS = _typed_references("ASSET", 3, "asset", "reference")
VEO: FieldMapping = {
    "instances.prompt": passthrough_field_mapper("prompt"),
    "instances.image": image_field_mapper("first_frame"),
    "instances.lastFrame": image_field_mapper("last_frame"),
    "instances.referenceImages": ASSETS,
    "instances.video": media_field_mapper("video"),
    "parameters.aspectRatio": passthrough_field_mapper("aspect_ratio", allowed=("16:9", "9:16")),
    "parameters.negativePrompt": passthrough_field_mapper("negative_prompt"),
    "parameters.enhancePrompt": passthrough_field_mapper("enhance_prompt"),
}
ON_VERTEX: FieldMapping = {
    "parameters.seed": passthrough_field_mapper("seed", minimum=0, maximum=MAX_SEED),
    "parameters.generateAudio": passthrough_field_mapper("generate_audio"),
}
LONE_REFERENCE: FieldMapping = {"instances.image": image_field_mapper("first_frame", "reference")}
COUNT: FieldMapping = {"parameters.sampleCount": passthrough_field_mapper("number_of_videos", maximum=4)}


def veo_mapping(call: Call) -> FieldMapping:
    """A lone reference is the picture to start from; there is one style image or up to three of others, never both."""
    model, request = model_name(call.model), call.request
    roles = [image["type"] for image in request.image_list]
    seconds = find_mapping(SECONDS, model)
    if REFERENCES & set(roles) and roles != ["reference"]:
        seconds = seconds and seconds[-1:]
    return {
        **VEO,
        **(ON_VERTEX if on_vertex(call) else {}),
        **(LONE_REFERENCE if roles == ["reference"] else {}),
        **(COUNT if "number_of_videos" in request.model_fields_set else {}),
        **({"instances.referenceImages": STYLE} if "style" in roles else {}),
        "parameters.durationSeconds": duration_field_mapper("int", allowed_values=seconds),
        "parameters.resolution": passthrough_field_mapper("resolution", allowed=find_mapping(RESOLUTIONS, model)),
        "parameters.storageUri": constant_field_mapper(bucket_of(call)),
    }


class LongRunning(Job):
    """Long-running operations."""

    def mapping(self, call: Call) -> FieldMapping | None:
        return veo_mapping(call)

    def submit(self, call: Call) -> Step[Pending | Done]:
        payload = yield from located(call)
        answer = yield paid(model_url(call, "predictLongRunning"), predict_body(call, payload))
        operation = answer.object()
        return Pending(job_state(call, text_at(operation, "name")), event=operation)

    def poll(self, call: Call, state: JsonValue) -> Step[Pending | Done]:
        name = job_id(call, state)
        answer = yield _look(call, name)
        operation = answer.object()
        refuse_other_job(operation, name, "Google", "name")
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
            output = yield from prediction_output(call, video, "video/mp4")
            outputs += [output] if output else []
        uris = [video[name] for video in videos for name in ("gcsUri", "uri") if video.get(name)]
        found = {"raiMediaFilteredReasons": reasons, "uris": uris}
        return Done(outputs, operation, {}, {name: value for name, value in found.items() if value})


def _look(call: Call, name: str) -> Request:
    if on_vertex(call):
        url, body = model_url(call, "fetchPredictOperation"), Json({"operationName": name})
        return Request("POST", url, body=body, **INLINE)
    return Request("GET", f"{root(call)}/{path_of(name, what='operation name')}", **INLINE)
