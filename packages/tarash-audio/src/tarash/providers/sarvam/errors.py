"""What an error of Sarvam means: `{"error": {"message", "code", "request_id"}}`.

Sources: error types of sarvamai 0.1.39 (PyPI, 2026-10-26); the vendor's page on errors, read 2026-11.
"""

from __future__ import annotations

from tarash.tarash_gateway.exceptions import TarashException
from tarash.tarash_gateway.messages import Response
from tarash.tarash_gateway.providers.refusals import Refusals, as_sentence

REFUSALS = Refusals(
    "Sarvam",
    {
        401: " Check the key.",
        403: " Check the key: a wrong one is refused with 403 here.",
        429: " Too many requests in a minute; it may be sent again later.",
    },
    "The {vendor} account has no credits left: {text} Top it up; trying again will not help.",
)
NO_MONEY = "insufficient_quota_error"


def vendor_error(response: Response) -> TarashException | None:
    """The exception; None when the answer is not in the vendor's format."""
    body = response.object_or_empty()
    error = body.get("error")
    if not isinstance(error, dict):
        return None
    code = str(error.get("code") or "")
    text = as_sentence(error.get("message"), code=code)
    if code == NO_MONEY or response.status == 402:
        return REFUSALS.without_credit(text, body, response.status)
    return REFUSALS.by_status(text, body, response.status)
