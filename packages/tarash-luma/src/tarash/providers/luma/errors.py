"""Errors of both of Luma's interfaces: refusals as `{"detail"}`, and what failed generations say.

Sources: the OpenAPI document of the Dream Machine API of 2025-06-24, the types of luma-agents 0.5.0 (PyPI), and the
pages on errors of docs.lumalabs.ai and docs.agents.lumalabs.ai, read 2026-11.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from typing import Any

from tarash.tarash_gateway.exceptions import TarashException
from tarash.tarash_gateway.messages import Response
from tarash.tarash_gateway.providers.refusals import WRONG_REQUEST, Refusals

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

_MOST_PROBLEMS = 5


def luma_error(response: Response) -> TarashException | None:
    """The exception that an answer means, or None when it is not in the vendor's shape."""
    body, status = response.object_or_empty(), response.status
    text = _text(body.get("detail"))
    if not text:
        return None
    if status == 402 or (status in MAY_MEAN_MONEY and NO_MONEY.search(text)):
        return LUMA.without_credit(text, body, status)
    if status in WRONG_REQUEST | {403} and MODERATED.search(text):
        return LUMA.moderated(text, body)
    return LUMA.by_status(text, body, status)


def _text(detail: Any) -> str:
    """The vendor's words as a sentence; it has them as a text, or as a list of what is wrong with which field."""
    parts = list(_problems(detail)) if isinstance(detail, list) else [detail] if isinstance(detail, str) else []
    told = "; ".join(part.strip().rstrip(".") for part in parts if part.strip())
    return f"{told}." if told else ""


def _problems(detail: list[Any]) -> Iterator[str]:
    for problem in detail[:_MOST_PROBLEMS]:
        if isinstance(problem, dict):
            place = problem.get("loc")
            where = ".".join(map(str, place)) if isinstance(place, list) else "body"
            yield f"{where}: {problem.get('msg') or problem.get('type')}"


def failure(generation: Mapping[str, Any]) -> TarashException:
    """The exception of a generation that came to nothing. Only the Agents API gives a code beside the reason."""
    reason, code = generation.get("failure_reason"), generation.get("failure_code")
    told = _text(reason) or "no reason given."
    text = f"{told[:-1]} ({code})." if isinstance(code, str) else told
    if code == "content_moderated" or MODERATED.search(told):
        return LUMA.moderated(text, generation)
    if code == "budget_exhausted":
        return LUMA.without_credit(text, generation, None)
    if code in UNREADABLE:
        return LUMA.wrong(text, generation, ANOTHER_INPUT)
    return LUMA.failed(text, generation)
