"""What an error of ElevenLabs means. Its bodies have had four shapes; all of them have the key "detail".

Source: the vendor's page on errors and published answers, read 2026-11; types of elevenlabs 2.78.0 (PyPI).
"""

from __future__ import annotations

import re
from typing import Any

from tarash.tarash_gateway.exceptions import (
    ContentModerationError,
    HTTPError,
    InsufficientCreditsError,
    TarashException,
    ValidationError,
)
from tarash.tarash_gateway.messages import Response
from tarash.tarash_gateway.providers.issues import issues_text

NO_MONEY = frozenset({"quota_exceeded", "insufficient_credits", "payment_required"})
BAD_REQUEST = frozenset({400, 413, 422})
# The vendor documents no code for refused content; these words are in what it says of it.
POLICY = re.compile(r"polic|moderat|prohibit|violat|blocked", re.IGNORECASE)


def vendor_error(response: Response) -> TarashException | None:
    """The exception; None when the answer is not in the vendor's format."""
    raw = response.object_or_empty()
    detail = raw.get("detail")
    if not isinstance(detail, dict | list | str):
        return None
    code, status = error_code(response), response.status
    text = f"ElevenLabs: {_message(detail)}" + (f" ({code})" if code else "")
    if code in NO_MONEY or status == 402:
        advice = "The account needs credits or another plan."
        return InsufficientCreditsError(f"{text} {advice}", raw_response=raw, status_code=status)
    if status in (400, 403) and POLICY.search(text):
        return ContentModerationError(text, raw_response=raw)
    if status in BAD_REQUEST:
        return ValidationError(f"{text} Correct the request.", raw_response=raw)
    return HTTPError(text, raw_response=raw, status_code=status)


def error_code(response: Response) -> str:
    """The newest name of the problem that the answer has; empty without any."""
    detail = response.object_or_empty().get("detail")
    names = [detail.get(key) for key in ("code", "status", "type")] if isinstance(detail, dict) else []
    return str(next((name for name in names if name), ""))


def _message(detail: Any) -> str:
    if isinstance(detail, dict):
        return str(detail.get("message") or detail.get("status") or "no reason given")
    if isinstance(detail, list):
        return issues_text(detail)
    return str(detail)
