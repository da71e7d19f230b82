"""Errors of Stability AI: `{"id", "name", "errors": [text, ...]}`, in JSON whatever was asked for.

Source: the vendor's reference (platform.stability.ai), read 2026-11. Several names are not confirmed, so that only two
of them decide, and the status decides the rest.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from tarash.tarash_gateway.exceptions import HTTPError, TarashException
from tarash.tarash_gateway.messages import Response
from tarash.tarash_gateway.providers.refusals import NOTHING_PAID, Refusals, as_sentence

BLOCKED_SECONDS = 60.0
"""Who sends more than 150 requests in 10 seconds is shut out for so long."""

REFUSALS = Refusals(
    "Stability",
    {
        401: " Check the key.",
        403: " The account may not use this; {vendor} says who may.",
        404: " Check the model's name and base_url; results are gone after 24 hours, and belong to the key they were"
        " made with.",
        429: " There were more than 150 requests in 10 seconds; it may be sent again in a minute.",
    },
    "The {vendor} account has no credits left: {text} Buy some; trying again will not help.",
)


def stability_error(response: Response) -> TarashException | None:
    """The exception that an answer means, or None when it is not in the vendor's shape."""
    body = response.object_or_empty()
    name, reasons = body.get("name"), body.get("errors")
    if not isinstance(name, str) or not isinstance(reasons, list):
        return None
    text = as_sentence(*reasons, code=name, joint="; ")
    # A plain 403, for what the account may not use, exists as well.
    if name == "content_moderation":
        return REFUSALS.moderated(f"{text}{NOTHING_PAID} Change the prompt or the picture.", body)
    if name == "payment_required" or response.status == 402:
        return REFUSALS.without_credit(text, body, response.status)
    error = REFUSALS.by_status(text, body, response.status)
    if isinstance(error, HTTPError) and response.status == 429:
        error.retry_after = BLOCKED_SECONDS
    return error


def filtered(raw: Mapping[str, Any]) -> TarashException:
    """For a picture that came out, was found wanting, and was blurred: the vendor calls that a success."""
    return REFUSALS.moderated(
        "the picture was made, and then blurred by the filter (CONTENT_FILTERED). It may be paid for. "
        "Change the prompt or the picture.",
        raw,
    )
