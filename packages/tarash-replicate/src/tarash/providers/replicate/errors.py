"""Replicate's errors, from `{"title", "detail", "status", "invalid_fields"}` and the texts of failed jobs to ours.

Sources: Replicate's OpenAPI document 1.0.0-a1 and its pages "Errors" and "Rate limits", live replies quoted in public
issue threads; read 2026-11.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any

from tarash.tarash_gateway.exceptions import (
    ContentModerationError,
    GenerationFailedError,
    HTTPError,
    InsufficientCreditsError,
    TarashException,
    ValidationError,
)
from tarash.tarash_gateway.messages import Response, number_or_none

MODERATED = re.compile(r"flagged as sensitive|\bE005\b|nsfw|content policy|safety (?:system|filter)|moderat", re.I)
NO_MONEY = re.compile(r"insufficient credit|billing required|spend limit", re.I)
RESETS = re.compile(r"resets in ~?(\d{1,5}(?:\.\d+)?)\s*s", re.I)
REFUSED = frozenset({400, 413, 422})
HINTS = {
    401: " Check the token: replicate.com/account/api-tokens.",
    403: " The account may not use this model.",
    404: " Check the model's owner and name.",
    429: " Too many requests at once; it may be sent again later.",
}
JOB_HINTS = (
    (re.compile(r"code: PA\b|interrupted", re.I), " The run was interrupted by Replicate; submit it again."),
    (re.compile(r"\bE1001\b|out of memory", re.I), " The model ran out of memory: ask for less."),
    (re.compile(r"\bE6716\b|timed out", re.I), " The run took too long at Replicate."),
)


def replicate_error(response: Response) -> TarashException | None:
    """The exception that an answer means, or None when it is not in the vendor's shape."""
    body = response.object_or_empty()
    text = _text(body)
    if not text:
        return None
    status = response.status
    if status == 402 or NO_MONEY.search(text):
        message = f"The Replicate account has no credit left: {text} Top it up at replicate.com/account/billing."
        return InsufficientCreditsError(message, raw_response=body, status_code=status)
    if status in REFUSED and MODERATED.search(text):
        return ContentModerationError(f"Replicate refused the content: {text}", raw_response=body)
    if status in REFUSED:
        return ValidationError(f"Replicate refused the request: {text} Nothing was paid.", raw_response=body)
    message = f"Replicate answered HTTP {status}: {text}{HINTS.get(status, '')}"
    error = HTTPError(message, raw_response=body, status_code=status)
    error.retry_after = _wait(body, text) if status == 429 else None
    return error


def job_error(job: Mapping[str, Any], status: str) -> TarashException:
    """The exception of a job that ended without a result."""
    raw, told = dict(job), job.get("error")
    text = str(told) if told else {"canceled": "it was cancelled", "aborted": "its deadline passed"}.get(status, "")
    if told and MODERATED.search(text):
        return ContentModerationError(f"Replicate refused the content: {text}", raw_response=raw)
    hint = next((hint for pattern, hint in JOB_HINTS if pattern.search(text)), "")
    why = text or "no reason given"
    return GenerationFailedError(f"The job {status} at Replicate: {why}.{hint}", raw_response=raw)


def _text(body: Mapping[str, Any]) -> str:
    """Title, detail and the fields that are wrong, as one sentence. Only these are Replicate's own words."""
    detail, title = (body.get(name) for name in ("detail", "title"))
    parts = [part.strip().rstrip(".") for part in (title, detail) if isinstance(part, str) and part.strip()]
    known = " ".join(parts)
    fields = body.get("invalid_fields")
    for one in fields if isinstance(fields, list) else []:
        told = one.get("description") if isinstance(one, dict) else None
        if isinstance(told, str) and told not in known:
            parts.append(f"{one.get('field')}: {told}")
    return f"{': '.join(parts)}." if parts else ""


def _wait(body: Mapping[str, Any], text: str) -> float | None:
    seconds = number_or_none(body.get("retry_after"))
    found = RESETS.search(text)
    return seconds if seconds is not None else float(found[1]) if found else None
