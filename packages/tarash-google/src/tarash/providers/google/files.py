"""Inputs and outputs that are files: inside the request, in the Files API, or in Cloud Storage.

Sources: google-genai 3.4.0 as seen on the wire; ai.google.dev, "Files API" and "Omni" guides, 2026-09.
"""

from __future__ import annotations

import re
from typing import Any

from tarash.providers.google.gemini.uploads import uploaded
from tarash.providers.google.places import GEMINI_URL, on_vertex, root
from tarash.providers.google.vertex.regions import storage_link
from tarash.tarash_gateway.exceptions import GenerationFailedError, ValidationError
from tarash.tarash_gateway.media import Media
from tarash.tarash_gateway.messages import Output, Request, Step
from tarash.tarash_gateway.providers.base import Call, media_in, place_media
from tarash.tarash_gateway.providers.inputs import fetched
from tarash.tarash_gateway.providers.outputs import decoded

INLINE_BYTES = 14 * 1024 * 1024
"""Inputs of up to this size together go into the request; its limit is about 20 MB, after base64 (unconfirmed)."""

FETCH_BYTES = 64 * 1024 * 1024
_FILE = re.compile(r"/(files/[A-Za-z0-9_-]+)(?::download)?(?:\?|\Z)")


def located(call: Call) -> Step[Any]:
    """The payload with each input at hand: its bytes, or a link that the vendor reads itself."""
    loaded = yield from place_media(call.payload, lambda media: _loaded(call, media))
    size = sum(media.size or 0 for media in media_in(loaded))
    if on_vertex(call) or size <= call.options.get("inline_bytes", INLINE_BYTES):
        return loaded
    return (yield from place_media(loaded, lambda media: uploaded(call, media)))


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


def output_of(call: Call, data: Any, uri: Any, told: Any) -> Step[Output | None]:
    """The output that an answer holds or links to; None where there is none, or while it is still being stored."""
    content_type = told if isinstance(told, str) else None
    if data:
        return Output(data=decoded(data), content_type=content_type)
    if not isinstance(uri, str) or not uri:
        return None
    name = _FILE.search(uri)
    if uri.startswith("gs://"):
        uri = storage_link(call, uri)
    elif name is not None and not on_vertex(call):
        answer = yield Request("GET", f"{root(call)}/{name[1]}", accept=frozenset({403, 404}))
        file = answer.object_or_empty()
        if file.get("state") == "FAILED":
            raise GenerationFailedError("Google made the video, but failed to store it.", raw_response=file)
        if file.get("state") == "PROCESSING":
            return None
        # Built from the file's name: the link in the answer leads to Google's own host even behind another base URL.
        uri = f"{root(call)}/{name[1]}:download?alt=media"
    return Output(url=uri, content_type=content_type, authenticated=True)
