"""The frame of the predict methods, and how they spell inputs.

Source: wire of google-genai 3.4.0 (and 2.34.0 for Veo on the Gemini API).
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from tarash.providers.google.files import output_of
from tarash.providers.google.places import on_vertex
from tarash.tarash_gateway.media import Media
from tarash.tarash_gateway.messages import Output, Step
from tarash.tarash_gateway.providers.base import Call

MAX_SEED = 2**32 - 1
FRAME = ("instances", "parameters", "labels")


def predict_body(call: Call, payload: Mapping[str, Any]) -> dict[str, Any]:
    """The body of a predict method. Parameters of the caller's own belong below `parameters`."""
    framed = {name: payload[name] for name in FRAME if name in payload}
    own = {name: value for name, value in payload.items() if name not in FRAME}
    instances = _spelled(framed.get("instances", {}), gemini=not on_vertex(call))
    parameters = {**framed.pop("parameters", {}), **own}
    body = {**framed, "instances": instances if isinstance(instances, list) else [instances]}
    return {**body, "parameters": parameters} if parameters else body


def _spelled(value: Any, *, gemini: bool, name: str = "") -> Any:
    """A payload with each input in it spelled in the way of these methods; on the Gemini API videos have another."""
    if isinstance(value, Mapping):
        return {inner: _spelled(item, gemini=gemini, name=inner) for inner, item in value.items()}
    if isinstance(value, list):
        return [_spelled(item, gemini=False) for item in value]
    if not isinstance(value, Media):
        return value
    if gemini and name == "video":
        return {"uri": value.url} if value.url else {"encodedVideo": value.as_base64(), "encoding": value.content_type}
    place = {"gcsUri": value.url} if value.url is not None else {"bytesBase64Encoded": value.as_base64()}
    return {**place, "mimeType": value.content_type}


def prediction_output(call: Call, prediction: Mapping[str, Any], usual_type: str | None) -> Step[Output | None]:
    """The picture or video of a prediction; None where there is none."""
    uri = prediction.get("gcsUri") or prediction.get("uri")
    return output_of(call, prediction.get("bytesBase64Encoded"), uri, prediction.get("mimeType") or usual_type)
