"""Input media whose bytes a vendor wants, although the caller gave a link: fetched before anything is paid."""

from __future__ import annotations

from pathlib import Path
from typing import Any
from urllib.parse import urljoin

from tarash.tarash_gateway.exceptions import ValidationError
from tarash.tarash_gateway.media import Media, from_bytes, load_media
from tarash.tarash_gateway.messages import Bytes, File, Request, Response, Step
from tarash.tarash_gateway.secrets import without_query

MAX_REDIRECTS = 5
FETCH_SECONDS = 120.0
_REDIRECTS = (301, 302, 303, 307, 308)


def fetched(media: Media, *, max_bytes: int) -> Step[Media]:
    """The same input with its bytes at hand (or its file on disk); only links are fetched, without any credentials.

    Raises `ValidationError` when a link leads to nothing, or to more than `max_bytes`.
    """
    if media.url is None:
        return media
    url, answer = media.url, Response.missing()
    for _ in range(MAX_REDIRECTS + 1):
        answer = yield _request(url, max_bytes)
        if answer.status not in _REDIRECTS:
            break
        url = _redirected(url, answer)
    if answer.ok and answer.body:
        return from_bytes(answer.body, _declared(answer, media))
    raise ValidationError(
        f"The input at {without_query(media.url)} cannot be fetched (HTTP {answer.status}). Nothing was paid."
    )


def body_of(media: Media, offset: int = 0, length: int | None = None) -> Bytes | File:
    """The bytes of an input, or some of them, as a body. Raises `ValidationError` for a link."""
    if media.data is None:
        return media.as_file(offset, length)
    return Bytes(media.data[offset : None if length is None else offset + length])


def _redirected(url: str, answer: Response) -> str:
    try:
        return urljoin(url, answer.headers.get("location", ""))
    except ValueError:
        raise ValidationError(f"The input at {without_query(url)} leads to something that is no link.") from None


def _request(url: str, max_bytes: int) -> Request:
    refused = frozenset(range(300, 600))
    return Request("GET", url, accept=refused, timeout=FETCH_SECONDS, public_only=True, max_bytes=max_bytes)


def _declared(answer: Response, media: Media) -> str:
    told = answer.headers.get("content-type", "").partition(";")[0].strip()
    return told or media.content_type


def named_file(name: str, value: Any) -> Media:
    """Media that the caller gave by the vendor's own name of a parameter. Raises `ValidationError` for what is none.

    A file on disk is refused: steps do not read files.
    """
    if isinstance(value, Path) or hasattr(value, "read"):
        raise ValidationError(f"Give {name} as bytes with a type, base64, a data URI or a link.")
    return load_media(value)
