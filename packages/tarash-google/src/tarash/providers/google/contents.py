"""What `generateContent` and `predict` make at once: images of Gemini and Imagen, and speech of Gemini.

Sources: wire of google-genai 3.4.0; ai.google.dev, guides of image and speech generation, 2026.
"""

from __future__ import annotations

import io
import re
import wave
from collections.abc import Mapping, Sequence
from typing import Any

from tarash.providers.google.errors import blocked, is_moderated, moderated
from tarash.providers.google.files import as_bytes, as_part, located, storage_link
from tarash.providers.google.mappings import image_mapping, imagen_mapping, speech_mapping
from tarash.providers.google.places import model_name, model_url, on_vertex
from tarash.providers.google.tables import SPEECH_HERTZ
from tarash.providers.google.videos import MAX_ANSWER_BYTES, predict_body
from tarash.tarash_gateway.exceptions import GenerationFailedError, ProtocolError, TarashException
from tarash.tarash_gateway.messages import Done, Json, Output, Pending, Request, Step
from tarash.tarash_gateway.providers.base import Call, Operation
from tarash.tarash_gateway.providers.field_mappers import FieldMapping

_RATE = re.compile(r"rate=(\d+)")
_RAW_SOUND = re.compile(r"audio/(l16|pcm|raw)", re.IGNORECASE)
SAMPLE_BYTES = 2


def _post(call: Call, method: str, body: Mapping[str, Any]) -> Request:
    return Request("POST", model_url(call, method), body=Json(body), billable=True, max_bytes=MAX_ANSWER_BYTES)


def _is_imagen(call: Call) -> bool:
    return model_name(call.model).startswith("imagen-")


class Images(Operation):
    """Images. Those of Gemini come one a call, those of Imagen up to four."""

    def describe(self, call: Call) -> Step[FieldMapping | None]:
        model, bucket = model_name(call.model), call.options.get("output_gcs_uri")
        if _is_imagen(call):
            return imagen_mapping(model, call.request, vertex=on_vertex(call), bucket=bucket)
        return image_mapping(model, call.request)
        yield

    def submit(self, call: Call) -> Step[Pending | Done]:
        payload = yield from located(call, call.payload)
        if _is_imagen(call):
            answer = yield _post(call, "predict", imagen_body(call, payload))
            return read_predictions(call, answer.object())
        answer = yield _post(call, "generateContent", content_body(payload))
        body = answer.object()
        images = [data for data in inline_data(body) if str(data.get("mimeType", "")).startswith("image/")]
        if not images:
            raise nothing_made(body)
        outputs = [Output(data=as_bytes(image.get("data")), content_type=image["mimeType"]) for image in images]
        return Done(outputs, body, {}, about(body))


class Speech(Operation):
    """Speech. The models make WAV or bare samples; tarash adds or removes the header, whichever was asked for."""

    def describe(self, call: Call) -> Step[FieldMapping | None]:
        return speech_mapping(model_name(call.model), call.request)
        yield

    def submit(self, call: Call) -> Step[Pending | Done]:
        payload = dict(call.payload)
        wanted = payload.pop("local", {}).get("audio_format", "wav")
        newest = model_name(call.model).startswith("gemini-3.8-")
        answer = yield _post(call, "generateContent", content_body(payload, style_field=newest))
        body = answer.object()
        sounds = [data for data in inline_data(body) if str(data.get("mimeType", "")).startswith("audio/")]
        if not sounds:
            raise nothing_made(body)
        return Done([as_audio(sounds, wanted)], body, {}, about(body))


# --- requests


def content_body(payload: Mapping[str, Any], *, style_field: bool = False) -> dict[str, Any]:
    """The body of `generateContent`: the pieces below `contents` become the parts of one message."""
    pieces = payload.get("contents")
    if not isinstance(pieces, Mapping):
        return dict(payload)
    parts = [as_part(image) for image in pieces.get("images", ())]
    text, style = pieces.get("prompt") or pieces.get("text") or "", pieces.get("style")
    if style and style_field:
        parts.append({"text": text, "speechMetadata": {"style": style}})
    else:
        parts.append({"text": f"{style}: {text}" if style else text})
    return {**payload, "contents": [{"role": "user", "parts": parts}]}


def imagen_body(call: Call, payload: Mapping[str, Any]) -> dict[str, Any]:
    """The body of Imagen's `predict`; inputs are numbered references, of which the mask is the last."""
    instance = dict(payload.get("instances", {}))
    parameters = dict(payload.get("parameters", {}))
    images, mask = instance.pop("referenceImages", []), instance.pop("mask", None)
    references = [_reference("RAW", number, image) for number, image in enumerate(images, 1)]
    if mask is not None:
        area = {"maskImageConfig": {"maskMode": "MASK_MODE_USER_PROVIDED"}}
        references.append({**_reference("MASK", len(references) + 1, mask), **area})
        parameters.setdefault("editMode", "EDIT_MODE_INPAINT_INSERTION")
    if references:
        instance["referenceImages"] = references
    if "seed" in parameters:
        # The vendor refuses a seed while it adds its watermark.
        parameters.setdefault("addWatermark", False)
    return predict_body(call, {**payload, "instances": instance, "parameters": parameters})


def _reference(kind: str, number: int, image: Any) -> dict[str, Any]:
    return {"referenceType": f"REFERENCE_TYPE_{kind}", "referenceId": number, "referenceImage": image}


# --- answers


def inline_data(body: Mapping[str, Any]) -> list[Mapping[str, Any]]:
    """The media of the first candidate; drafts, which the models show as thoughts, are left out."""
    candidate = _candidate(body)
    content = candidate.get("content")
    parts = content.get("parts") or () if isinstance(content, Mapping) else ()
    kept = [part for part in parts if isinstance(part, Mapping) and not part.get("thought")]
    return [part["inlineData"] for part in kept if isinstance(part.get("inlineData"), Mapping)]


def _candidate(body: Mapping[str, Any]) -> Mapping[str, Any]:
    candidates = body.get("candidates") or [{}]
    return candidates[0] if isinstance(candidates[0], Mapping) else {}


def nothing_made(body: Mapping[str, Any]) -> TarashException:
    """Why an answer holds no media: the prompt or the result was blocked, or the model only talked."""
    feedback = body.get("promptFeedback") or {}
    if feedback.get("blockReason"):
        told = feedback.get("blockReasonMessage")
        return moderated(f"{feedback['blockReason']}{f': {told}' if told else ''}.", body)
    if not body.get("candidates"):
        return ProtocolError("The answer has neither candidates nor a reason why there are none.")
    candidate = _candidate(body)
    parts = (candidate.get("content") or {}).get("parts") or ()
    text = " ".join(str(part["text"]) for part in parts if part.get("text"))[:500]
    reason = str(candidate.get("finishReason") or "no reason given")
    if is_moderated(text):
        return moderated(text, body)
    return blocked(reason, candidate.get("finishMessage") or text, body)


def about(body: Mapping[str, Any]) -> dict[str, Any]:
    """Facts for `provider_metadata`."""
    found = {name: body.get(name) for name in ("responseId", "modelVersion", "usageMetadata")}
    found["finishReason"] = _candidate(body).get("finishReason")
    return {name: value for name, value in found.items() if value is not None}


def read_predictions(call: Call, body: Mapping[str, Any]) -> Done:
    if not isinstance(body.get("predictions"), list):
        raise ProtocolError("The answer has no predictions.")
    predictions = [one for one in body["predictions"] if isinstance(one, Mapping)]
    outputs = [output for one in predictions if (output := _prediction(call, one)) is not None]
    reasons = [str(one["raiFilteredReason"]) for one in predictions if one.get("raiFilteredReason")]
    if not outputs and reasons:
        raise moderated(" ".join(reasons), body)
    if not outputs:
        raise GenerationFailedError("Imagen returned no image.", raw_response=dict(body))
    prompt = next((one["prompt"] for one in predictions if one.get("prompt")), None)
    return Done(outputs, body, {"revised_prompt": prompt}, {"raiFilteredReasons": reasons} if reasons else {})


def _prediction(call: Call, prediction: Mapping[str, Any]) -> Output | None:
    content_type = prediction.get("mimeType")
    if prediction.get("bytesBase64Encoded"):
        return Output(data=as_bytes(prediction["bytesBase64Encoded"]), content_type=content_type)
    bucket, _, name = str(prediction.get("gcsUri") or "").removeprefix("gs://").partition("/")
    if not name:
        return None
    return Output(url=storage_link(call, bucket, name), content_type=content_type, authenticated=True)


# --- sound


def as_audio(sounds: Sequence[Mapping[str, Any]], wanted: str) -> Output:
    """The sound as WAV, or as bare samples where those are wanted."""
    kind = str(sounds[0]["mimeType"])
    if not _RAW_SOUND.match(kind):
        return _without_header(as_bytes(sounds[0].get("data")), kind) if wanted == "pcm" else _as_sent(sounds[0])
    samples = b"".join(as_bytes(sound.get("data")) for sound in sounds)
    rate = int(match[1]) if (match := _RATE.search(kind)) else SPEECH_HERTZ
    return _bare(samples, rate) if wanted == "pcm" else _with_header(samples, rate)


def _as_sent(sound: Mapping[str, Any]) -> Output:
    return Output(data=as_bytes(sound.get("data")), content_type=str(sound["mimeType"]))


def _without_header(sound: bytes, kind: str) -> Output:
    start = sound.find(b"data", 12) + 8 if sound[:4] == b"RIFF" else 0
    if start < 44:
        return Output(data=sound, content_type=kind)
    return _bare(sound[start:], int.from_bytes(sound[24:28], "little") or SPEECH_HERTZ)


def _bare(samples: bytes, rate: int) -> Output:
    return Output(
        data=samples, content_type=f"audio/pcm;rate={rate}", duration=len(samples) / SAMPLE_BYTES / (rate or 1)
    )


def _with_header(samples: bytes, rate: int) -> Output:
    file = io.BytesIO()
    with wave.open(file, "wb") as writer:
        writer.setnchannels(1)
        writer.setsampwidth(SAMPLE_BYTES)
        writer.setframerate(rate or SPEECH_HERTZ)
        writer.writeframes(samples)
    return Output(data=file.getvalue(), content_type="audio/wav")
