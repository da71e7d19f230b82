"""Google's errors, from their shapes to ours.

Most services answer `{"error": {"code": 429, "message", "status": "RESOURCE_EXHAUSTED", "details": [...]}}`
(google.rpc.Status), interactions `{"error": {"code": "invalid_request", "message"}}`. Refusals of content also come
inside good answers, and a google.rpc.Status inside a stream.
Sources: types of google-genai 3.4.0; cloud.google.com, "Responsible AI" pages of Veo and Imagen, 2026.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from typing import Any

from tarash.providers.google.tables import (
    BLOCKED,
    HINTS,
    MODERATION_WORDS,
    NO_MONEY_REASONS,
    NO_MONEY_WORDS,
    SUPPORT_CODES,
    WRONG_REQUEST,
)
from tarash.tarash_gateway.exceptions import ContentModerationError, HTTPError, ProtocolError, TarashException
from tarash.tarash_gateway.messages import Response
from tarash.tarash_gateway.providers.reading import list_of, object_of, objects_of
from tarash.tarash_gateway.providers.refusals import NO_REASON, Refusals, as_sentence

REFUSALS = Refusals("Google", HINTS, "The {vendor} account cannot pay: {text}")
_SUPPORT_CODE = re.compile(r"\b\d{8}\b")
_DELAY = re.compile(r"(\d+(?:\.\d+)?)s\Z")


def google_error(response: Response) -> TarashException | None:
    """The exception that an answer means, or None when it is not in one of Google's shapes."""
    try:
        # A few answers are a list that holds the object.
        bodies = objects_of([response.json, *list_of(response.json)])
    except ProtocolError:
        return None
    error = object_of(bodies[0].get("error")) if bodies else {}
    return request_error(error, response.status) if isinstance(error.get("message"), str) else None


def request_error(error: Mapping[str, Any], status: int) -> TarashException:
    """The exception that a google.rpc.Status means, which came as an answer or inside one."""
    text = str(error.get("message") or NO_REASON)
    name = str(error.get("status") or error.get("code") or "")
    details = objects_of(error.get("details"))
    reasons = {str(detail["reason"]) for detail in details if "reason" in detail}
    told = f"{_with_fields(text, details)} ({', '.join(filter(None, [name, *sorted(reasons)]))})"
    if is_moderated(text) and status in (400, 403, 422):
        return moderated(text, error)
    if reasons & NO_MONEY_REASONS or any(words in text.lower() for words in NO_MONEY_WORDS):
        return REFUSALS.without_credit(told, error, status)
    if "API_KEY_INVALID" in reasons or "api key not valid" in text.lower():
        return HTTPError(f"Google does not accept the key: {text}{HINTS[401]}", status_code=status)
    if name.upper() in WRONG_REQUEST and status < 500:
        return REFUSALS.wrong(told, error, note="")
    refused = REFUSALS.http(told, error, status)
    refused.retry_after = _retry_delay(details)
    return refused


def _with_fields(text: str, details: Sequence[Mapping[str, Any]]) -> str:
    violations = [one for detail in details for one in objects_of(detail.get("fieldViolations"))]
    told = "; ".join(f"{one.get('field')}: {one.get('description')}" for one in violations)
    return f"{text} {told}".strip()


def _retry_delay(details: Sequence[Mapping[str, Any]]) -> float | None:
    delays = [_DELAY.match(str(detail.get("retryDelay"))) for detail in details]
    return next((float(delay[1]) for delay in delays if delay), None)


# --- refusals of content, and jobs that failed


def is_moderated(text: str) -> bool:
    return bool(MODERATION_WORDS.search(text)) or any(code in SUPPORT_CODES for code in _SUPPORT_CODE.findall(text))


def moderated(text: str, raw: Mapping[str, Any]) -> ContentModerationError:
    topics = sorted({SUPPORT_CODES[code] for code in _SUPPORT_CODE.findall(text) if code in SUPPORT_CODES})
    about = f" (about: {', '.join(topics)})" if topics else ""
    return REFUSALS.moderated(f"{text}{about} Change the prompt or the inputs.", raw)


def job_error(problem: Mapping[str, Any], raw: Mapping[str, Any]) -> TarashException:
    """The exception of what ended with `{code, message}` in place of a result."""
    code, text = str(problem.get("code")), str(problem.get("message") or NO_REASON)
    meant = moderated if code in BLOCKED or is_moderated(f"{code} {text}") else REFUSALS.failed
    return meant(as_sentence(text, code=code), raw)
