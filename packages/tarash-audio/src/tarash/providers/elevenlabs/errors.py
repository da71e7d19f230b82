"""What an error of ElevenLabs means. Its bodies have had four shapes; all of them have the key "detail".

Source: the vendor's page on errors and published answers, read 2026-11; types of elevenlabs 2.78.0 (PyPI).
"""

from __future__ import annotations

import re
from typing import Any

from tarash.tarash_gateway.exceptions import TarashException
from tarash.tarash_gateway.messages import Response
from tarash.tarash_gateway.providers.issues import issues_text
from tarash.tarash_gateway.providers.refusals import NOTHING_PAID, WRONG_REQUEST, Refusals, as_sentence

REFUSALS = Refusals(
    "ElevenLabs",
    {
        401: " Check the key and what it may do.",
        403: " The account may not use this.",
        429: " The plan allows so many requests at a time; it may be sent again later.",
    },
    "The {vendor} account needs credits or another plan: {text} Trying again will not help.",
)
NO_MONEY = frozenset({"quota_exceeded", "insufficient_credits", "payment_required"})
# The vendor documents no code for refused content; these words are in what it says of it.
POLICY = re.compile(r"polic|moderat|prohibit|violat|blocked", re.IGNORECASE)


def vendor_error(response: Response, note: str = NOTHING_PAID) -> TarashException | None:
    """The exception; None when the answer is not in the vendor's format. `note` follows where the request was wrong."""
    raw, status = response.object_or_empty(), response.status
    detail = raw.get("detail")
    if not isinstance(detail, dict | list | str):
        return None
    code = error_code(response)
    text = as_sentence(_message(detail), code=code)
    if code in NO_MONEY or status == 402:
        return REFUSALS.without_credit(text, raw, status)
    if status in (400, 403) and POLICY.search(text):
        return REFUSALS.moderated(text, raw)
    return REFUSALS.wrong(text, raw, note) if status in WRONG_REQUEST else REFUSALS.http(text, raw, status)


def error_code(response: Response) -> str:
    """The newest name of the problem that the answer has; empty without any."""
    detail = response.object_or_empty().get("detail")
    names = [detail.get(key) for key in ("code", "status", "type")] if isinstance(detail, dict) else []
    return str(next((name for name in names if name), ""))


def _message(detail: Any) -> Any:
    if isinstance(detail, dict):
        return detail.get("message") or detail.get("status")
    return issues_text(detail) if isinstance(detail, list) else detail
