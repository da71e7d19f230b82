"""What an error of Hume means: issues with fields, the service's code and message, or the gateway's bare message.

Source: types of hume 0.14.1 (PyPI), the vendor's page on errors, read 2026-11. Codes for credits and for refused
content are not documented, so the words decide.
"""

from __future__ import annotations

import re

from tarash.tarash_gateway.exceptions import TarashException
from tarash.tarash_gateway.messages import Response
from tarash.tarash_gateway.providers.issues import issues_text
from tarash.tarash_gateway.providers.refusals import NOTHING_PAID, WRONG_REQUEST, Refusals, as_sentence

REFUSALS = Refusals(
    "Hume",
    {401: " Check the key.", 403: " The account may not use this.", 429: " It may be sent again later."},
    "The {vendor} account has no credits left: {text} Top it up; trying again will not help.",
)
NO_MONEY = re.compile(r"credit|quota|billing|payment|exhausted", re.IGNORECASE)
POLICY = re.compile(r"polic|moderat|prohibit|violat", re.IGNORECASE)
REFUSED = frozenset({400, 402, 403})


def vendor_error(response: Response, note: str = NOTHING_PAID) -> TarashException | None:
    """The exception; None when the answer is not in the vendor's format. `note` follows where the request was wrong."""
    body, status = response.object_or_empty(), response.status
    detail, message = body.get("detail"), body.get("message")
    if isinstance(detail, list):
        return REFUSALS.wrong(as_sentence(issues_text(detail)), body, note)
    if not isinstance(message, str):
        return None
    text = as_sentence(message, code=body.get("code"))
    if status == 402 or (status in REFUSED and NO_MONEY.search(text)):
        return REFUSALS.without_credit(text, body, status)
    if status in REFUSED and POLICY.search(text):
        return REFUSALS.moderated(text, body)
    return REFUSALS.wrong(text, body, note) if status in WRONG_REQUEST else REFUSALS.http(text, body, status)
