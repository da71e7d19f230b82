"""Inputs and outputs that are files: sent inside the request, uploaded to the Files API, or lying in Cloud Storage.

Sources: uploads of google-genai 3.4.0 as seen on the wire; ai.google.dev, "Files API" and "Omni" guides, 2026-09.
"""

from __future__ import annotations

import base64
import re
from collections.abc import Iterator, Mapping
from typing import Any
from urllib.parse import quote, unquote

from tarash.providers.google.places import GEMINI_URL, GEMINI_VERSION, STORAGE_URL, on_vertex, root
from tarash.tarash_gateway.exceptions import GenerationFailedError, ProtocolError, ValidationError
from tarash.tarash_gateway.media import Media
from tarash.tarash_gateway.messages import Bytes, Json, Output, Request, Response, Step, as_object, text_at
from tarash.tarash_gateway.providers.asking import answer_when
from tarash.tarash_gateway.providers.base import Call, path_of, place_media
from tarash.tarash_gateway.providers.inputs import fetched

INLINE_BYTES = 14 * 1024 * 1024
"""Inputs of up to this size together go into the request; its limit is about 20 MB, after base64 (unconfirmed)."""

FETCH_BYTES = 64 * 1024 * 1024
UPLOAD_SECONDS = 600.0
UNPACK_SECONDS = 300.0
"""An uploaded video is unpacked before it may be used; it is waited for so long."""

_FILE = re.compile(r"/(files/[A-Za-z0-9_-]+)(?::download)?(?:\?|\Z)")
_GS = re.compile(r"gs://([^/\s]+)/(.+)\Z")


# --- inputs


def located(call: Call, payload: Any) -> Step[Any]:
    """The payload with each input at hand: its bytes, or a link that the vendor reads itself."""
    loaded = yield from place_media(payload, lambda media: _loaded(call, media))
    size = sum(media.size or 0 for media in _medias(loaded))
    if on_vertex(call) or size <= call.options.get("inline_bytes", INLINE_BYTES):
        return loaded
    return (yield from place_media(loaded, lambda media: _uploaded(call, media)))


def _loaded(call: Call, media: Media) -> Step[Media]:
    if media.url is None or _is_ours(call, media.url):
        return media
    if media.url.startswith("gs://"):
        raise ValidationError("Only Vertex AI reads gs:// links. Give the file itself, or a link that anyone may read.")
    return (yield from fetched(media, max_bytes=FETCH_BYTES))


def _is_ours(call: Call, url: str) -> bool:
    """True for links that the vendor reads itself: Cloud Storage on Vertex AI, the Files API on the Gemini API."""
    if on_vertex(call):
        return url.startswith("gs://")
    return url.startswith((f"{call.base_url}/", f"{GEMINI_URL}/")) and _FILE.search(url) is not None


def _medias(value: Any) -> Iterator[Media]:
    if isinstance(value, Media):
        yield value
    elif isinstance(value, Mapping):
        for item in value.values():
            yield from _medias(item)
    elif isinstance(value, list | tuple):
        for item in value:
            yield from _medias(item)


def _uploaded(call: Call, media: Media) -> Step[Media]:
    """Put an input into the Files API, and wait until it may be used."""
    if media.url is not None:
        return media
    started = yield Request(
        "POST",
        f"{call.base_url}/upload/{path_of(call.api_version or GEMINI_VERSION)}/files",
        headers=_upload_headers("start", media),
        body=Json({"file": {"mime_type": media.content_type, "size_bytes": media.size}}),
    )
    sent = yield Request(
        "POST",
        text_at(started.headers, "x-goog-upload-url"),
        headers={**_upload_headers("upload, finalize", media), "X-Goog-Upload-Offset": "0"},
        body=Bytes(media.data) if media.data is not None else media.as_file(),
        timeout=UPLOAD_SECONDS,
        public_only=True,
    )
    file = as_object(sent.object().get("file"), "the uploaded file")
    yield from _usable(call, file)
    return Media(url=text_at(file, "uri"), content_type=media.content_type)


def _upload_headers(command: str, media: Media) -> dict[str, str]:
    return {
        "X-Goog-Upload-Protocol": "resumable",
        "X-Goog-Upload-Command": command,
        "X-Goog-Upload-Header-Content-Length": str(media.size),
        "X-Goog-Upload-Header-Content-Type": media.content_type,
    }


def _usable(call: Call, file: Mapping[str, Any]) -> Step[None]:
    if file.get("state") == "PROCESSING":
        look = Request("GET", f"{root(call)}/{path_of(text_at(file, 'name'), what='file name')}")
        answer = yield from answer_when(_is_unpacked, look, timeout=UNPACK_SECONDS)
        file = answer.object()
    if file.get("state") not in ("ACTIVE", None):
        raise ValidationError(f"Google could not read the uploaded input ({file.get('state')}). Nothing was paid.")


def _is_unpacked(answer: Response) -> bool:
    return answer.object().get("state") != "PROCESSING"


# --- how the three interfaces spell an input


def as_part(media: Media) -> dict[str, Any]:
    """A part of `generateContent`."""
    if media.url is not None:
        return {"fileData": {"fileUri": media.url, "mimeType": media.content_type}}
    return {"inlineData": {"mimeType": media.content_type, "data": _base64(media)}}


def as_content(media: Media, kind: str) -> dict[str, Any]:
    """A content of an interaction: `kind` is "image" or "video"."""
    place = {"uri": media.url} if media.url is not None else {"data": _base64(media)}
    return {"type": kind, **place, "mime_type": media.content_type}


def as_instance(value: Any, *, gemini_video: bool = False) -> Any:
    """A payload of the predict methods, with each input in it spelled their way."""
    if isinstance(value, Mapping):
        video = {name: gemini_video and name == "video" for name in value}
        return {name: as_instance(item, gemini_video=video[name]) for name, item in value.items()}
    if isinstance(value, list):
        return [as_instance(item) for item in value]
    if not isinstance(value, Media):
        return value
    if gemini_video:
        uri = {"uri": value.url}
        return uri if value.url is not None else {"encodedVideo": _base64(value), "encoding": value.content_type}
    place = {"gcsUri": value.url} if value.url is not None else {"bytesBase64Encoded": _base64(value)}
    return {**place, "mimeType": value.content_type}


def _base64(media: Media) -> str:
    return base64.b64encode(media.require_bytes()).decode()


# --- outputs


def as_bytes(text: Any) -> bytes:
    """Base64 of an answer. Raises `ProtocolError` when it is none."""
    try:
        return base64.b64decode(text)
    except (ValueError, TypeError):
        raise ProtocolError("The answer holds media that is not base64.") from None


def output_at(call: Call, uri: str, content_type: str | None) -> Step[Output | None]:
    """The output at a link of an answer; None while the file behind it is still being made."""
    stored = _GS.match(uri)
    if stored is not None:
        return Output(url=storage_link(call, *stored.groups()), content_type=content_type, authenticated=True)
    name = _FILE.search(uri)
    if name is None or on_vertex(call):
        return Output(url=uri, content_type=content_type, authenticated=True)
    answer = yield Request("GET", f"{root(call)}/{name[1]}", accept=frozenset({403, 404}))
    file = answer.object_or_empty()
    if file.get("state") == "FAILED":
        raise GenerationFailedError("Google made the video, but failed to store it.", raw_response=file)
    if file.get("state") == "PROCESSING":
        return None
    # Built from the file's name: the link in the answer leads to Google's own host even behind another base URL.
    return Output(url=f"{root(call)}/{name[1]}:download?alt=media", content_type=content_type, authenticated=True)


def storage_link(call: Call, bucket: str, name: str) -> str:
    """Where Cloud Storage's JSON interface serves an object."""
    host = str(call.options.get("storage_url") or STORAGE_URL).rstrip("/")
    return f"{host}/storage/v1/b/{quote(bucket, safe='')}/o/{quote(unquote(name), safe='')}?alt=media"
