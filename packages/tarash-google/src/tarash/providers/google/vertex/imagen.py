"""Imagen: up to four images a call. The capability models edit: an image, and a mask whose white is the area.

Sources: wire of google-genai 3.4.0; cloud.google.com, Imagen pages, 2026. All of these models are retired.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from tarash.providers.google.errors import REFUSALS, moderated
from tarash.providers.google.files import located
from tarash.providers.google.places import bucket_of, model_name, model_url, on_vertex, paid
from tarash.providers.google.sizes import shaped, size_class_mapper
from tarash.providers.google.vertex.predictions import MAX_SEED, predict_body, prediction_output
from tarash.tarash_gateway.exceptions import ProtocolError
from tarash.tarash_gateway.messages import Done, Output, Pending, Step
from tarash.tarash_gateway.providers.base import Call, Operation
from tarash.tarash_gateway.providers.field_mappers import (
    FieldMapping,
    constant_field_mapper,
    images_field_mapper,
    media_field_mapper,
    passthrough_field_mapper,
)

IMAGEN: FieldMapping = {
    "instances.prompt": passthrough_field_mapper("prompt"),
    "parameters.sampleCount": passthrough_field_mapper("n", maximum=4),
    "parameters.sampleImageSize": size_class_mapper(("1K", "2K")),
    "parameters.aspectRatio": passthrough_field_mapper("aspect_ratio", allowed=("1:1", "3:4", "4:3", "9:16", "16:9")),
    "parameters.includeRaiReason": constant_field_mapper(True),
}
ON_VERTEX: FieldMapping = {
    "parameters.seed": passthrough_field_mapper("seed", minimum=0, maximum=MAX_SEED),
    "parameters.negativePrompt": passthrough_field_mapper("negative_prompt"),
}
EDITING: FieldMapping = {
    "instances.referenceImages": images_field_mapper("reference", "first_frame"),
    "instances.mask": media_field_mapper("mask_image"),
}
MASK_AREA = {"maskImageConfig": {"maskMode": "MASK_MODE_USER_PROVIDED"}}


class Imagen(Operation):
    """Images by `predict`."""

    def mapping(self, call: Call) -> FieldMapping | None:
        mapping = shaped(IMAGEN, "parameters.aspectRatio", call.request)
        if not on_vertex(call):
            return mapping
        editing = EDITING if "-capability-" in model_name(call.model) else {}
        place: FieldMapping = {"parameters.storageUri": constant_field_mapper(bucket_of(call))}
        return {**mapping, **ON_VERTEX, **editing, **place}

    def submit(self, call: Call) -> Step[Pending | Done]:
        payload = yield from located(call)
        answer = yield paid(model_url(call, "predict"), predict_body(call, with_references(payload)))
        body = answer.object()
        if not isinstance(body.get("predictions"), list):
            raise ProtocolError("The answer has no predictions.")
        predictions = [one for one in body["predictions"] if isinstance(one, Mapping)]
        outputs: list[Output] = []
        for prediction in predictions:
            output = yield from prediction_output(call, prediction, None)
            outputs += [output] if output else []
        reasons = [str(one["raiFilteredReason"]) for one in predictions if one.get("raiFilteredReason")]
        if not outputs:
            raise moderated(" ".join(reasons), body) if reasons else REFUSALS.failed("there is no image.", body)
        prompt = next((one["prompt"] for one in predictions if one.get("prompt")), None)
        return Done(outputs, body, {"revised_prompt": prompt}, {"raiFilteredReasons": reasons} if reasons else {})


def with_references(payload: Mapping[str, Any]) -> dict[str, Any]:
    """The payload with its inputs as numbered references, of which the mask is the last."""
    instance, parameters = dict(payload.get("instances", {})), dict(payload.get("parameters", {}))
    images, mask = instance.pop("referenceImages", []), instance.pop("mask", None)
    references = [_reference("RAW", number, image) for number, image in enumerate(images, 1)]
    if mask is not None:
        references.append({**_reference("MASK", len(references) + 1, mask), **MASK_AREA})
        parameters.setdefault("editMode", "EDIT_MODE_INPAINT_INSERTION")
    if references:
        instance["referenceImages"] = references
    if "seed" in parameters:
        # The vendor refuses a seed while it adds its watermark.
        parameters.setdefault("addWatermark", False)
    return {**payload, "instances": instance, "parameters": parameters}


def _reference(kind: str, number: int, image: Any) -> dict[str, Any]:
    return {"referenceType": f"REFERENCE_TYPE_{kind}", "referenceId": number, "referenceImage": image}
