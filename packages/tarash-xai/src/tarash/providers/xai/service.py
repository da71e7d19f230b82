"""What all work at xAI has in common: the paid request, inputs, and what an answer tells beside its result.

Sources: docs.x.ai and the wire of @ai-sdk/xai 5.0.12 (npm), read 2026-11; meanings and limits from xai-sdk 1.21.0
(PyPI).
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from tarash.tarash_gateway.exceptions import ValidationError
from tarash.tarash_gateway.media import Media
from tarash.tarash_gateway.messages import Json, Multipart, Part, Request, Response, Step, number_or_none, text_at
from tarash.tarash_gateway.providers.base import Call
from tarash.tarash_gateway.providers.multipart import file_part
from tarash.tarash_gateway.providers.reading import object_of

TICKS_IN_USD = 10**10
TRACE_HEADER = "x-trace-id"

MOST_INLINE_BYTES = 8 * 1024 * 1024
"""Larger inputs are uploaded: the vendor names no limit for data URIs, and its own SDK sends at most 20 MiB in all."""

MOST_FILE_BYTES = 48 * 1000 * 1000
"""The vendor's pages say 48 MB and 50 MB."""

FILE_SECONDS = 24 * 3600
"""How long an uploaded input is kept at the vendor."""

UPLOAD_SECONDS = 600.0


def paid(call: Call, path: str, fields: Mapping[str, Any], **limits: Any) -> Request:
    """The one paid request of a job. Without a `timeout` it may take the job's whole time."""
    return Request("POST", f"{call.base_url}/{path}", body=Json(fields), billable=True, **limits)


def place(call: Call, media: Media) -> Step[dict[str, str]]:
    """How an input stands in a body: a link, a data URI, or the name of an uploaded file."""
    if media.url is not None:
        return {"url": media.url}
    if media.data is not None and len(media.data) <= MOST_INLINE_BYTES:
        return {"url": media.data_uri()}
    return {"file_id": (yield from _uploaded(call, media))}


def _uploaded(call: Call, media: Media) -> Step[str]:
    if (media.size or 0) > MOST_FILE_BYTES:
        raise ValidationError(f"xAI takes files of up to {MOST_FILE_BYTES} bytes; this input has {media.size}.")
    # The vendor reads the form as it comes: how long the file is kept must be known before the file.
    form = Multipart([Part("expires_after", str(FILE_SECONDS)), file_part("file", media)])
    answer = yield Request("POST", f"{call.base_url}/files", body=form, timeout=UPLOAD_SECONDS)
    return text_at(answer.object(), "id")


def about(answer: Response, body: Mapping[str, Any]) -> dict[str, Any]:
    """The vendor's id of a request, for support, and what the work cost in US dollars."""
    ticks = number_or_none(object_of(body.get("usage")).get("cost_in_usd_ticks"))
    told = {
        "vendor_request_id": answer.headers.get(TRACE_HEADER),
        "cost_usd": None if ticks is None else ticks / TICKS_IN_USD,
        "model": body.get("model"),
    }
    return {name: value for name, value in told.items() if value is not None}
