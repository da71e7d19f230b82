"""What an error of Cartesia means: by its code, else by its status.

Sources: error types of cartesia 4.2.0 (PyPI, 2026-09-02); the vendor's page on errors, read 2026-11.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from tarash.tarash_gateway.exceptions import TarashException
from tarash.tarash_gateway.messages import Response
from tarash.tarash_gateway.providers.refusals import NOTHING_PAID, Refusals, as_sentence

REFUSALS = Refusals(
    "Cartesia",
    {
        401: " Check the key.",
        403: " The account may not use this.",
        429: " The plan allows so many requests at a time; it may be sent again later.",
    },
    "The {vendor} account needs credits or another plan: {text} Trying again will not help.",
)
NO_MONEY = frozenset({"quota_exceeded", "plan_upgrade_required"})
WRONG = frozenset(
    {
        *("voice_not_found", "model_not_found", "voice_model_mismatch"),
        *("language_not_supported", "unsupported_audio_format", "file_too_large"),
    }
)
LONGEST_TEXT = 500


def vendor_error(response: Response) -> TarashException | None:
    """The exception; None when the answer is not in the vendor's format."""
    body = response.object_or_empty()
    if "error_code" in body or {"title", "message"} <= body.keys():
        return told_error(body, response.status)
    title, separator, message = response.body[:LONGEST_TEXT].decode("utf-8", "replace").partition(": ")
    # Versions before 2026-03-01 answer with a text, as proxies do; who failed with a 5xx cannot be told from it.
    if separator and response.status < 500 and not title.lstrip().startswith(("<", "{", "[")):
        return told_error({"title": title, "message": message}, response.status)
    return None


def told_error(body: Mapping[str, Any], status: int, note: str = NOTHING_PAID) -> TarashException:
    """The exception that an error answer or an error event is. `note` is added where the request was wrong."""
    code = str(body.get("error_code") or "")
    text = as_sentence(body.get("title"), body.get("message"), code=code)
    if code in NO_MONEY or status == 402:
        return REFUSALS.without_credit(text, body, status)
    if code in WRONG or status == 404:
        return REFUSALS.wrong(text, body, note)
    return REFUSALS.by_status(text, body, status)
