"""What an error of Hume means: issues with fields, the service's code and message, or the gateway's bare message.

Source: types of hume 0.14.1 (PyPI), the vendor's page on errors, read 2026-11. Codes for credits and for refused
content are not documented, so the words decide.
"""

from __future__ import annotations

import re

from tarash.tarash_gateway.exceptions import (
    ContentModerationError,
    HTTPError,
    InsufficientCreditsError,
    TarashException,
    ValidationError,
)
from tarash.tarash_gateway.messages import Response
from tarash.tarash_gateway.providers.issues import issues_text

NO_MONEY = re.compile(r"credit|quota|billing|payment|exhausted", re.IGNORECASE)
POLICY = re.compile(r"polic|moderat|prohibit|violat", re.IGNORECASE)
BAD_REQUEST = frozenset({400, 413, 422})
REFUSED = frozenset({400, 402, 403})


def vendor_error(response: Response) -> TarashException | None:
    """The exception; None when the answer is not in the vendor's format."""
    body, status = response.object_or_empty(), response.status
    detail, message = body.get("detail"), body.get("message")
    if isinstance(detail, list):
        text = f"Hume does not take this request: {issues_text(detail)}. Correct it."
        return ValidationError(text, raw_response=body)
    if not isinstance(message, str):
        return None
    code = body.get("code")
    text = f"Hume: {message}" + (f" ({code})" if code else "")
    if status == 402 or (status in REFUSED and NO_MONEY.search(text)):
        return InsufficientCreditsError(f"{text} The account needs credits.", raw_response=body, status_code=status)
    if status in REFUSED and POLICY.search(text):
        return ContentModerationError(text, raw_response=body)
    if status in BAD_REQUEST:
        return ValidationError(f"{text} Correct the request.", raw_response=body)
    return HTTPError(text, raw_response=body, status_code=status)
