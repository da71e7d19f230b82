"""Images: one form is sent, and the answer is the picture, or the id of a job that is asked for until it is done.

Source: the vendor's reference (platform.stability.ai), read 2026-11.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from pydantic import JsonValue

from tarash.providers.stability.endpoints import FILES, MAX_REQUEST_BYTES, ONE_OF, endpoint_of, mapping_of
from tarash.providers.stability.errors import filtered
from tarash.tarash_gateway.exceptions import ProtocolError, ValidationError
from tarash.tarash_gateway.messages import Done, Output, Pending, Request, Response, Step, text_at
from tarash.tarash_gateway.providers.base import Call, Operation
from tarash.tarash_gateway.providers.catalogues import bundled_model, without_prefix
from tarash.tarash_gateway.providers.field_mappers import FieldMapping
from tarash.tarash_gateway.providers.inputs import named_file
from tarash.tarash_gateway.providers.multipart import form_of
from tarash.tarash_gateway.providers.outputs import decoded
from tarash.tarash_gateway.providers.waiting import going_on, stored_id

PREFIXES = ("stability/", "stabilityai/")
"""Of gateways, before a model's name."""

POLL_SECONDS = 10.0
"""The vendor asks not to be asked more often."""

MAX_ANSWER_BYTES = 128 * 1024 * 1024
"""A picture of 16 million pixels as base64, and room to spare."""

LONGEST_SEED = 10
"""Digits."""

ACCEPT = {"json": "application/json", "image": "image/*"}
CLIENT_HEADERS = {
    "client_id": "stability-client-id",
    "client_user_id": "stability-client-user-id",
    "client_version": "stability-client-version",
}
WAITING = {"in-progress": True}


def vendor_name(model: str) -> str:
    return without_prefix(model, PREFIXES)


class Images(Operation):
    """Every endpoint of the vendor: each is a model, and those of Stable Diffusion 3.5 share one."""

    def describe(self, call: Call) -> Step[FieldMapping | None]:
        model = vendor_name(call.model)
        known = bundled_model("tarash.providers.stability", model) is not None
        return mapping_of(model, call.request, known=known)
        yield

    def submit(self, call: Call) -> Step[Pending | Done]:
        endpoint = endpoint_of(vendor_name(call.model))
        body = yield from form_of(_fields(call, endpoint), max_bytes=MAX_REQUEST_BYTES)
        url = f"{call.base_url}/v2beta/stable-image/{endpoint}"
        answer = yield Request("POST", url, _headers(call), body=body, billable=True, max_bytes=MAX_ANSWER_BYTES)
        if _is_picture(answer):
            return _picture_of_bytes(answer)
        told = answer.object()
        if "image" not in told and "id" in told:
            return Pending({"id": text_at(told, "id")}, retry_after=POLL_SECONDS, event=told)
        return _picture_of_json(told, answer)

    def poll(self, call: Call, state: JsonValue) -> Step[Pending | Done]:
        url = f"{call.base_url}/v2beta/results/{stored_id(state)}"
        answer = yield Request("GET", url, _headers(call), max_bytes=MAX_ANSWER_BYTES)
        if answer.status == 202:
            told = answer.object_or_empty()
            status = str(told.get("status", "in-progress"))
            return going_on(state, status, WAITING, told, retry_after=POLL_SECONDS)
        return _picture_of_bytes(answer) if _is_picture(answer) else _picture_of_json(answer.object(), answer)


def _fields(call: Call, endpoint: str) -> dict[str, Any]:
    """The form. Raises `ValidationError` for one that the vendor would refuse."""
    fields: dict[str, Any] = {
        name: named_file(name, value) if name in FILES else value for name, value in call.payload.items()
    }
    wanted = ONE_OF.get(endpoint, ())
    if wanted and not any(name in fields for name in wanted):
        raise ValidationError(f"{call.model} needs at least one of {', '.join(wanted)}. Nothing was sent or paid.")
    return {"model": vendor_name(call.model), **fields} if endpoint == "generate/sd3" else fields


def _headers(call: Call) -> dict[str, str]:
    told = {header: call.options[option] for option, header in CLIENT_HEADERS.items() if option in call.options}
    return {"Accept": ACCEPT[call.options.get("accept", "json")], **told}


def _is_picture(answer: Response) -> bool:
    return answer.headers.get("content-type", "").startswith("image/")


def _picture_of_bytes(answer: Response) -> Done:
    if not answer.body:
        raise ProtocolError("The answer is a picture of no bytes.")
    seed = answer.headers.get("seed", "")
    known = seed.isdecimal() and len(seed) <= LONGEST_SEED
    told = {"finish_reason": answer.headers.get("finish-reason"), "seed": int(seed) if known else None}
    content_type = answer.headers["content-type"].partition(";")[0]
    return _done(Output(data=answer.body, content_type=content_type), told, answer)


def _picture_of_json(told: Mapping[str, Any], answer: Response) -> Done:
    picture = decoded(text_at(told, "image"))
    return _done(Output(data=picture), {name: told[name] for name in told if name != "image"}, answer)


def _done(output: Output, told: Mapping[str, Any], answer: Response) -> Done:
    """Raises `ContentModerationError` for a picture that was blurred."""
    raw = {name: value for name, value in told.items() if value is not None}
    if raw.get("finish_reason") == "CONTENT_FILTERED":
        raise filtered(raw)
    request_id = answer.headers.get("x-request-id")
    return Done([output], raw, {}, {**raw, **({"vendor_request_id": request_id} if request_id else {})})
