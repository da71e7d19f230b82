"""Input media whose bytes a vendor wants, although the caller gave a link: fetched before anything is paid."""

from __future__ import annotations

from urllib.parse import urljoin

from tarash.tarash_gateway.exceptions import ValidationError
from tarash.tarash_gateway.media import Media, from_bytes
from tarash.tarash_gateway.messages import Request, Response, Step
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
