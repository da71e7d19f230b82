"""Error answers: `{"id", "name", "errors"}` in JSON, whatever the request wanted to have.

Source: the vendor's reference. Names of 413, 422, 429 and 500 are nobody's published words.
"""

from collections.abc import Mapping

from tarash.testkit.steps import Answer
from tarash.testkit.vendor import proxy_page as proxy_page

NAMES = {
    400: "bad_request",
    401: "unauthorized",
    402: "payment_required",
    403: "forbidden",
    404: "not_found",
    413: "payload_too_large",
    422: "unprocessable_entity",
    429: "rate_limit_exceeded",
    500: "internal_error",
}
REQUEST_ID = "ff54b236835acf1a2b13a0a7c9dd8a6a"


def error(status: int, *reasons: str, name: str | None = None, headers: Mapping[str, str] | None = None) -> Answer:
    """The vendor's own error."""
    said = name or NAMES.get(status, "internal_error")
    return Answer(status, dict(headers or {}), json={"id": REQUEST_ID, "name": said, "errors": list(reasons)})


def bad_request(*reasons: str) -> Answer:
    return error(400, *reasons)


def unauthorized() -> Answer:
    return error(401, "missing or invalid authorization header")


def no_credit() -> Answer:
    return error(402, "You lack sufficient credits to make this request. Please purchase more credits and try again.")


def moderated() -> Answer:
    reason = (
        "Your request was flagged by our content moderation system, as a result your request was denied and you were "
        "not charged."
    )
    return error(403, reason, name="content_moderation")


def not_found() -> Answer:
    return error(404, "The requested result could not be found.")


def too_many(wait: str | None = None) -> Answer:
    reason = (
        "You have exceeded the rate limit of 150 requests within a 10 second period, and are blocked for 60 seconds."
    )
    return error(429, reason, headers={"Retry-After": wait} if wait else {})
