"""What `generateContent` makes at once: images and speech of Gemini. Below `contents` are the pieces of the message.

Sources: wire of google-genai 3.4.0; ai.google.dev, guides of image and speech generation, 2026.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from typing import Any

from tarash.providers.google.errors import REFUSALS, is_moderated, moderated
from tarash.providers.google.files import located
from tarash.providers.google.gemini.images import image_mapping
from tarash.providers.google.gemini.speech import NEWEST, SPEECH_HERTZ, speech_mapping
from tarash.providers.google.places import model_name, model_url, paid
from tarash.providers.google.tables import BLOCKED
from tarash.tarash_gateway.exceptions import ProtocolError, TarashException
from tarash.tarash_gateway.media import Media
from tarash.tarash_gateway.messages import Done, Output, Pending, Step
from tarash.tarash_gateway.providers.base import Call, Operation
from tarash.tarash_gateway.providers.field_mappers import FieldMapping
from tarash.tarash_gateway.providers.outputs import decoded
from tarash.tarash_gateway.providers.reading import object_of, objects_of, present
from tarash.tarash_gateway.providers.sounds import samples_in, samples_output

_RATE = re.compile(r"rate=(\d+)")
_RAW_SOUND = re.compile(r"audio/(l16|pcm|raw)", re.IGNORECASE)


class Images(Operation):
    """Images of Gemini, which come one a call."""

    def mapping(self, call: Call) -> FieldMapping | None:
        return image_mapping(model_name(call.model), call.request)

    def submit(self, call: Call) -> Step[Pending | Done]:
        body, images = yield from _generated(call, "image/")
        outputs = [Output(data=decoded(image.get("data")), content_type=image["mimeType"]) for image in images]
        return Done(outputs, body, {}, about(body))


class Speech(Operation):
    """Speech. The models make WAV or bare samples; tarash adds or removes the header, whichever was asked for."""

    def mapping(self, call: Call) -> FieldMapping | None:
        return speech_mapping(model_name(call.model), call.request)

    def submit(self, call: Call) -> Step[Pending | Done]:
        body, sounds = yield from _generated(call, "audio/")
        wanted = call.payload.get("local", {}).get("audio_format", "wav")
        return Done([as_audio(sounds, wanted)], body, {}, about(body))


def _generated(call: Call, kind: str) -> Step[tuple[dict[str, Any], Sequence[Mapping[str, Any]]]]:
    """The answer and the media of this kind in it. Raises the reason when there are none."""
    payload = yield from located(call)
    answer = yield paid(model_url(call, "generateContent"), content_body(call, payload))
    body = answer.object()
    found = [data for data in inline_data(body) if str(data.get("mimeType")).startswith(kind) and data.get("data")]
    if not found:
        raise nothing_made(body)
    return body, found


def content_body(call: Call, payload: Mapping[str, Any]) -> dict[str, Any]:
    """The body: the pieces below `contents` become the parts of one message."""
    body = {name: value for name, value in payload.items() if name != "local"}
    pieces = body.get("contents")
    if not isinstance(pieces, Mapping):
        return body
    text, style = pieces.get("prompt") or pieces.get("text") or "", pieces.get("style")
    told: dict[str, Any] = {"text": f"{style}: {text}" if style else text}
    if style and model_name(call.model).startswith(NEWEST):
        told = {"text": text, "speechMetadata": {"style": style}}
    return {**body, "contents": [{"role": "user", "parts": [*map(_part, pieces.get("images", ())), told]}]}


def _part(media: Media) -> dict[str, Any]:
    if media.url is not None:
        return {"fileData": {"fileUri": media.url, "mimeType": media.content_type}}
    return {"inlineData": {"mimeType": media.content_type, "data": media.as_base64()}}


def inline_data(body: Mapping[str, Any]) -> list[Mapping[str, Any]]:
    """The media of the first candidate; drafts, which the models show as thoughts, are left out."""
    kept = [object_of(part.get("inlineData")) for part in _parts(body) if not part.get("thought")]
    return [data for data in kept if data]


def _candidate(body: Mapping[str, Any]) -> dict[str, Any]:
    return next(iter(objects_of(body.get("candidates"))), {})


def _parts(body: Mapping[str, Any]) -> list[dict[str, Any]]:
    return objects_of(object_of(_candidate(body).get("content")).get("parts"))


def nothing_made(body: Mapping[str, Any]) -> TarashException:
    """Why an answer holds no media: the prompt or the result was blocked, or the model only talked."""
    feedback, candidate = object_of(body.get("promptFeedback")), _candidate(body)
    if feedback.get("blockReason"):
        return moderated(f"{': '.join(present(feedback, 'blockReason', 'blockReasonMessage').values())}.", body)
    if not candidate:
        return ProtocolError("The answer has neither candidates nor a reason why there are none.")
    text = " ".join(str(part["text"]) for part in _parts(body) if part.get("text"))[:500]
    reason = str(candidate.get("finishReason", "no reason given"))
    told = f"{reason}: {candidate.get('finishMessage') or text}".removesuffix(": ")
    if reason in BLOCKED or is_moderated(text):
        return moderated(f"{told}.", body)
    return REFUSALS.failed(f"the model returned nothing ({told}).", body)


def about(body: Mapping[str, Any]) -> dict[str, Any]:
    """Facts for `provider_metadata`."""
    return {**present(body, "responseId", "modelVersion", "usageMetadata"), **present(_candidate(body), "finishReason")}


def as_audio(sounds: Sequence[Mapping[str, Any]], wanted: str) -> Output:
    """The sound as WAV, or as bare samples where those are wanted."""
    kind, pieces = str(sounds[0]["mimeType"]), [decoded(sound.get("data")) for sound in sounds]
    if _RAW_SOUND.match(kind):
        told = _RATE.search(kind)
        return samples_output(b"".join(pieces), (int(told[1]) if told else 0) or SPEECH_HERTZ, wanted)
    found = samples_in(pieces[0]) if wanted == "pcm" else None
    return samples_output(found[0], found[1] or SPEECH_HERTZ, wanted) if found else Output(None, pieces[0], kind)
