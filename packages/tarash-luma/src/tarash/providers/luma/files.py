"""How inputs reach the Agents API: links as they are, small files inside the request, large ones through an upload.

Source: wire and types of luma-agents 0.5.0 (PyPI), read 2026-11.
"""

from __future__ import annotations

import base64
from typing import Any

from tarash.providers.luma.errors import LUMA, MODERATED
from tarash.tarash_gateway.exceptions import HTTPConnectionError
from tarash.tarash_gateway.media import Media
from tarash.tarash_gateway.messages import Bytes, Json, Request, Response, Step, as_object, text_at
from tarash.tarash_gateway.providers.asking import answer_when
from tarash.tarash_gateway.providers.base import Call, path_of

INLINE_BYTES = 4 * 1024 * 1024
"""Larger inputs are uploaded; the vendor does not tell how large a request may be."""

UPLOAD_SECONDS = 600.0
INGEST_SECONDS = 300.0
PENDING = "pending"


def reference(call: Call, media: Media) -> Step[dict[str, Any]]:
    """What stands for an input in the body."""
    told = {"media_type": media.content_type}
    if media.url is not None:
        return {"url": media.url, **(told if media.content_type.startswith("video/") else {})}
    if media.data is not None and len(media.data) <= INLINE_BYTES:
        return {"data": base64.b64encode(media.data).decode(), **told}
    file = yield from _uploaded(call, media)
    return {"file_id": file}


def _uploaded(call: Call, media: Media) -> Step[str]:
    """The id of a file that is ready to be used."""
    announced = Json({"mime_type": media.content_type, "size_bytes": media.size})
    started = yield Request("POST", f"{call.base_url}/files", body=announced)
    session = started.object()
    file = path_of(text_at(session, "id"), what="file id")
    yield _transfer(as_object(session.get("upload"), "the upload"), media)
    completed = yield Request("POST", f"{call.base_url}/files/{file}/complete")
    if _is_ingested(completed):
        _refuse_unusable(completed)
        return file
    look = Request("GET", f"{call.base_url}/files/{file}")
    ingested = yield from answer_when(_is_ingested, look, timeout=INGEST_SECONDS)
    _refuse_unusable(ingested)
    return file


def _transfer(upload: dict[str, Any], media: Media) -> Request:
    # The link is signed, and leads to somebody else: the key does not go there.
    headers = upload.get("headers")
    return Request(
        "PUT",
        text_at(upload, "url"),
        headers={str(name): str(value) for name, value in headers.items()} if isinstance(headers, dict) else {},
        body=Bytes(media.data) if media.data is not None else media.as_file(),
        timeout=UPLOAD_SECONDS,
        public_only=True,
        anonymous=True,
    )


def _is_ingested(answer: Response) -> bool:
    return answer.object().get("state") != PENDING


def _refuse_unusable(answer: Response) -> None:
    file = answer.object()
    state = file.get("state")
    if state == "ready":
        return
    if state == PENDING:
        raise HTTPConnectionError("Luma did not take in an uploaded input in time. Nothing was paid.")
    reason = f"an uploaded input is {state}: {file.get('failure_reason') or 'no reason given'}."
    raise LUMA.moderated(reason, file) if MODERATED.search(reason) else LUMA.wrong(reason, file)
