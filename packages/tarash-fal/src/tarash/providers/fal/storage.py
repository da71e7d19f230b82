"""Uploading input media to fal's storage: two requests, or parts for large files.

Source: wire of @fal-ai/client 1.10.1 (storage/upload/initiate and initiate-multipart). Signed upload links get no key.
"""

from __future__ import annotations

import json
from typing import Any
from urllib.parse import urlsplit, urlunsplit

from tarash.tarash_gateway.exceptions import ProtocolError
from tarash.tarash_gateway.media import Media
from tarash.tarash_gateway.messages import Json, Request, Step, text_at
from tarash.tarash_gateway.providers.base import Call
from tarash.tarash_gateway.providers.inputs import body_of

REST_URL = "https://rest.fal.ai"
INLINE_BYTES = 128 * 1024
"""Smaller images go into the request as data URIs, which all image inputs take; some audio inputs refuse them."""

MULTIPART_BYTES = 90 * 1024 * 1024
PART_BYTES = 10 * 1024 * 1024
UPLOAD_SECONDS = 600.0


def rest_url(call: Call) -> str:
    return str(call.options.get("rest_url") or REST_URL).rstrip("/")


def place(call: Call, media: Media) -> Step[str]:
    """A link (or data URI) under which fal can read an input."""
    if media.url is not None:
        return media.url
    small_image = media.content_type.startswith("image/") and (media.size or 0) <= INLINE_BYTES
    if small_image and call.options.get("inline_images", True):
        return media.data_uri()
    return (yield from upload(call, media))


def upload(call: Call, media: Media) -> Step[str]:
    """Put an input into fal's storage and return its public link."""
    size = media.size or 0
    many = "-multipart" if size > MULTIPART_BYTES else ""
    started = yield Request(
        "POST",
        f"{rest_url(call)}/storage/upload/initiate{many}",
        query=[("storage_type", "fal-cdn-v3")],
        headers=_lifecycle(call),
        body=Json({"content_type": media.content_type, "file_name": media.file_name()}),
    )
    answer = started.object()
    target, link = text_at(answer, "upload_url"), text_at(answer, "file_url")
    if many:
        yield from _send_parts(media, target, size)
    else:
        yield _put(media, target, 0, size)
    return link


def lifecycle_text(chosen: Any) -> str:
    """How long files are kept, as fal wants it told; a plain number means seconds."""
    return json.dumps(chosen if isinstance(chosen, dict) else {"expiration_duration_seconds": chosen})


def _lifecycle(call: Call) -> dict[str, str]:
    chosen = call.options.get("upload_lifecycle")
    return {"x-fal-object-lifecycle-preference": lifecycle_text(chosen)} if chosen else {}


def _put(media: Media, url: str, offset: int, length: int) -> Request:
    return Request(
        "PUT",
        url,
        headers={"content-type": media.content_type},
        body=body_of(media, offset, length),
        timeout=UPLOAD_SECONDS,
        public_only=True,
    )


def _send_parts(media: Media, target: str, size: int) -> Step[None]:
    parts = []
    for number, offset in enumerate(range(0, size, PART_BYTES), 1):
        answer = yield _put(media, _below(target, str(number)), offset, min(PART_BYTES, size - offset))
        etag = answer.headers.get("etag")
        if not etag:
            raise ProtocolError(f"fal's storage did not confirm part {number} of the upload.")
        parts.append({"partNumber": number, "etag": etag})
    yield Request("POST", _below(target, "complete"), body=Json({"parts": parts}), public_only=True)


def _below(url: str, name: str) -> str:
    """`url` with one more path segment; its signature (the query) stays."""
    parts = urlsplit(url)
    return urlunsplit(parts._replace(path=f"{parts.path}/{name}"))
