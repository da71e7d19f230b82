"""Errors of both of Luma's interfaces: refusals as `{"detail"}`, and what failed generations say.

Sources: the OpenAPI document of the Dream Machine API of 2025-06-24, the types of luma-agents 0.5.0 (PyPI), and the
pages on errors of docs.lumalabs.ai and docs.agents.lumalabs.ai, read 2026-11.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any

from tarash.tarash_gateway.exceptions import TarashException
from tarash.tarash_gateway.messages import Response
from tarash.tarash_gateway.providers.issues import issues_text
from tarash.tarash_gateway.providers.refusals import WRONG_REQUEST, Refusals, as_sentence

LUMA = Refusals(
    "Luma",
    {
        401: " Check the key: Luma's two interfaces have keys of their own.",
        403: " The key may not do that, or the account is suspended.",
        404: " The generation is unknown or deleted, or belongs to another account; or base_url is wrong.",
        429: " Too many requests, or too many generations at once; it may be sent again later.",
    },
)
MODERATED = re.compile(r"moderat|blacklist|content polic", re.IGNORECASE)
NO_MONEY = re.compile(
    r"(?:insufficient|not enough|out of|no more) (?:\w+ )?(?:credit|balance|fund)|budget", re.IGNORECASE
)
MAY_MEAN_MONEY = frozenset({400, 403, 429})
"""Statuses that other refusals have, too; the words decide."""

ANOTHER_INPUT = " Change the inputs; the generation may have been paid for."
UNREADABLE = frozenset({"image_too_large", "unsupported_format", "corrupt_input", "invalid_request"})
"""Codes of failures that the inputs are to blame for. Others (generation_failed, output_not_found, …) may pass."""


def luma_error(response: Response) -> TarashException | None:
    """The exception that an answer means, or None when it is not in the vendor's shape."""
    body, status = response.object_or_empty(), response.status
    detail = body.get("detail")
    if not isinstance(detail, str | list) or not detail:
        return None
    text = as_sentence(issues_text(detail) if isinstance(detail, list) else detail)
    if status == 402 or (status in MAY_MEAN_MONEY and NO_MONEY.search(text)):
        return LUMA.without_credit(text, body, status)
    if status in WRONG_REQUEST | {403} and MODERATED.search(text):
        return LUMA.moderated(text, body)
    return LUMA.by_status(text, body, status)


def failure(generation: Mapping[str, Any]) -> TarashException:
    """The exception of a generation that came to nothing. Only the Agents API gives a code beside the reason."""
    reason, code = generation.get("failure_reason"), generation.get("failure_code")
    text = as_sentence(reason if isinstance(reason, str) else "", code=code if isinstance(code, str) else "")
    if code == "content_moderated" or MODERATED.search(text):
        return LUMA.moderated(text, generation)
    if code == "budget_exhausted":
        return LUMA.without_credit(text, generation, None)
    if code in UNREADABLE:
        return LUMA.wrong(text, generation, ANOTHER_INPUT)
    return LUMA.failed(text, generation)
