"""Uploads to the Files API, which is the Gemini API's own.

Sources: uploads of google-genai 3.4.0 as seen on the wire; ai.google.dev, "Files API" guide, 2026-09.
"""

from __future__ import annotations

from tarash.providers.google.places import GEMINI_VERSION, root
from tarash.tarash_gateway.exceptions import ValidationError
from tarash.tarash_gateway.media import Media
from tarash.tarash_gateway.messages import Json, Request, Response, Step, as_object, text_at
from tarash.tarash_gateway.providers.asking import answer_when
from tarash.tarash_gateway.providers.base import Call, path_of
from tarash.tarash_gateway.providers.inputs import body_of

UPLOAD_SECONDS = 600.0
UNPACK_SECONDS = 300.0
"""An uploaded video is unpacked before it may be used; it is waited for so long."""


def uploaded(call: Call, media: Media) -> Step[Media]:
    """Put an input into the Files API, and wait until it may be used."""
    if media.url is not None:
        return media
    url = f"{call.base_url}/upload/{path_of(call.api_version or GEMINI_VERSION)}/files"
    described = Json({"file": {"mime_type": media.content_type, "size_bytes": media.size}})
    started = yield Request("POST", url, _headers("start", media), body=described)
    link, headers = text_at(started.headers, "x-goog-upload-url"), _headers("upload, finalize", media)
    headers["X-Goog-Upload-Offset"] = "0"
    sent = yield Request("POST", link, headers, body=body_of(media), timeout=UPLOAD_SECONDS, public_only=True)
    file = as_object(sent.object().get("file"), "the uploaded file")
    if file.get("state") == "PROCESSING":
        look = Request("GET", f"{root(call)}/{path_of(text_at(file, 'name'), what='file name')}")
        answer = yield from answer_when(_is_unpacked, look, timeout=UNPACK_SECONDS)
        file = {**file, **answer.object()}
    if file.get("state") not in ("ACTIVE", None):
        raise ValidationError(f"Google could not read the uploaded input ({file.get('state')}). Nothing was paid.")
    return Media(url=text_at(file, "uri"), content_type=media.content_type)


def _is_unpacked(answer: Response) -> bool:
    return answer.object().get("state") != "PROCESSING"


def _headers(command: str, media: Media) -> dict[str, str]:
    return {
        "X-Goog-Upload-Protocol": "resumable",
        "X-Goog-Upload-Command": command,
        "X-Goog-Upload-Header-Content-Length": str(media.size),
        "X-Goog-Upload-Header-Content-Type": media.content_type,
    }
