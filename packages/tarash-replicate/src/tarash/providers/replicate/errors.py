"""Replicate's errors, from `{"title", "detail", "status", "invalid_fields"}` and the texts of failed jobs to ours.

Sources: Replicate's OpenAPI document 1.0.0-a1 and its pages "Errors" and "Rate limits", live replies quoted in public
issue threads; read 2026-11.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any

from tarash.tarash_gateway.exceptions import (
    GenerationFailedError,
    TarashException,
)
from tarash.tarash_gateway.messages import Response, number_or_none
from tarash.tarash_gateway.providers.reading import objects_of
from tarash.tarash_gateway.providers.refusals import WRONG_REQUEST, Refusals

MODERATED = re.compile(r"flagged as sensitive|\bE005\b|nsfw|content policy|safety (?:system|filter)|moderat", re.I)
NO_MONEY = re.compile(r"insufficient credit|billing required|spend limit", re.I)
RESETS = re.compile(r"resets in ~?(\d{1,5}(?:\.\d+)?)\s*s", re.I)
REPLICATE = Refusals(
    "Replicate",
    {
        401: " Check the token: replicate.com/account/api-tokens.",
        403: " The account may not use this model.",
        404: " Check the model's owner and name.",
        429: " Too many requests at once; it may be sent again later.",
    },
    "The {vendor} account has no credit left: {text} Top it up at replicate.com/account/billing.",
)
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
        return REPLICATE.without_credit(text, body, status)
    if status in WRONG_REQUEST and MODERATED.search(text):
        return REPLICATE.moderated(text, body)
    if status != 429:
        return REPLICATE.by_status(text, body, status)
    busy = REPLICATE.http(text, body, status)
    busy.retry_after = _wait(body, text)
    return busy


def job_error(job: Mapping[str, Any], status: str) -> TarashException:
    """The exception of a job that ended without a result."""
    told = job.get("error")
    text = str(told) if told else {"canceled": "it was cancelled", "aborted": "its deadline passed"}.get(status, "")
    if told and MODERATED.search(text):
        return REPLICATE.moderated(text, job)
    hint = next((hint for pattern, hint in JOB_HINTS if pattern.search(text)), "")
    why = text or "no reason given"
    return GenerationFailedError(f"The job {status} at Replicate: {why}.{hint}", raw_response=dict(job))


def _text(body: Mapping[str, Any]) -> str:
    """Title, detail and the fields that are wrong, as one sentence. Only these are Replicate's own words."""
    detail, title = (body.get(name) for name in ("detail", "title"))
    parts = [part.strip().rstrip(".") for part in (title, detail) if isinstance(part, str) and part.strip()]
    known = " ".join(parts)
    for one in objects_of(body.get("invalid_fields")):
        told = one.get("description")
        if isinstance(told, str) and told not in known:
            parts.append(f"{one.get('field')}: {told}")
    return f"{': '.join(parts)}." if parts else ""


def _wait(body: Mapping[str, Any], text: str) -> float | None:
    seconds = number_or_none(body.get("retry_after"))
    found = RESETS.search(text)
    return seconds if seconds is not None else float(found[1]) if found else None
