"""How inputs reach Runway: links as they are, small files inside the request, large ones through an upload.

Sources: limits from the vendor's page on inputs and its OpenAPI document of 2026-08; wire of runwayml 5.24.0 (PyPI).
"""

from __future__ import annotations

from tarash.providers.runway.service import api
from tarash.tarash_gateway.exceptions import HTTPConnectionError, ValidationError
from tarash.tarash_gateway.media import Media
from tarash.tarash_gateway.messages import Json, Multipart, Request, Response, Step, as_object, text_at
from tarash.tarash_gateway.providers.base import Call
from tarash.tarash_gateway.providers.multipart import file_part, text_parts
from tarash.tarash_gateway.secrets import without_query

MOST_LINK_CHARACTERS = 2048
MOST_IMAGE_CHARACTERS = 5 * 1024 * 1024
MOST_OTHER_CHARACTERS = 16 * 1024 * 1024
MOST_UPLOADED_BYTES = 200 * 1024 * 1024
UPLOAD_SECONDS = 600.0


def place(call: Call, media: Media) -> Step[str]:
    """What stands for an input in the body: a link, a data URI, or the name of an upload."""
    if media.url is not None:
        return _checked(media.url)
    if _characters(media) <= _most_characters(media):
        return media.data_uri()
    return (yield from _uploaded(call, media))


def _checked(url: str) -> str:
    if len(url) > MOST_LINK_CHARACTERS:
        raise ValidationError(
            f"Runway takes links of up to {MOST_LINK_CHARACTERS} characters; {without_query(url)[:80]} has {len(url)}."
        )
    if not url.lower().startswith(("https://", "http://")):
        raise ValidationError(f"Runway reads https links only, not {url[:40]!r}.")
    return url


def _characters(media: Media) -> int:
    """The length of the data URI."""
    return len(f"data:{media.content_type};base64,") + 4 * -(-(media.size or 0) // 3)


def _most_characters(media: Media) -> int:
    if media.data is None:
        return 0
    return MOST_IMAGE_CHARACTERS if media.content_type.startswith("image/") else MOST_OTHER_CHARACTERS


def _uploaded(call: Call, media: Media) -> Step[str]:
    """An upload whose second step failed cannot be gone on with; the vendor's SDK then wants a new one."""
    if (media.size or 0) > MOST_UPLOADED_BYTES:
        raise ValidationError(
            f"Runway takes uploads of up to {MOST_UPLOADED_BYTES} bytes; this input has {media.size}."
        )
    link, answer = yield from _upload(call, media)
    if not answer.ok:
        link, answer = yield from _upload(call, media)
    if not answer.ok:
        raise HTTPConnectionError(f"Runway's storage refused the upload of an input (HTTP {answer.status}).")
    return link


def _upload(call: Call, media: Media) -> Step[tuple[str, Response]]:
    started = yield api(call, "POST", "uploads", Json({"filename": media.file_name(), "type": "ephemeral"}))
    session = started.object()
    fields = as_object(session.get("fields"), "the fields of the upload")
    parts = [*text_parts(fields), file_part("file", media)]
    # The link is signed, and leads to somebody else: neither key nor version goes there.
    answer = yield Request(
        "POST",
        text_at(session, "uploadUrl"),
        body=Multipart(parts),
        accept=frozenset(range(300, 600)),
        timeout=UPLOAD_SECONDS,
        public_only=True,
        anonymous=True,
    )
    return text_at(session, "runwayUri"), answer
