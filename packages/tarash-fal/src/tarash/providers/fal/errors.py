"""fal's errors, from its three body shapes to ours.

Model errors are `{"detail": [{"type": ..., "msg": ..., "loc": [...]}]}`, request errors
`{"detail": text, "error_type": ...}`, gateway errors `{"detail": text}`; some old endpoints say
`{"error": {"message": ..., "code": ...}}`.
Source: fal.ai/docs, pages "Errors" and "Model endpoint errors", read 2026-11.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from tarash.tarash_gateway.exceptions import (
    ContentModerationError,
    GenerationFailedError,
    HTTPError,
    InsufficientCreditsError,
    JobNotFoundError,
    TarashException,
    ValidationError,
)
from tarash.tarash_gateway.messages import Response

MODERATED = frozenset({"content_policy_violation", "partner_validation_failed"})
FAILED = frozenset(
    {
        "no_media_generated",
        "generation_timeout",
        "internal_server_error",
        "downstream_service_error",
        "downstream_service_unavailable",
        "request_timeout",
        "startup_timeout",
        "runner_scheduling_failure",
        "runner_connection_timeout",
        "runner_disconnected",
        "runner_connection_refused",
        "runner_connection_error",
        "runner_incomplete_response",
        "runner_server_error",
        "client_disconnected",
        "client_cancelled",
        "internal_error",
    }
)
NO_MONEY = ("exhausted balance", "insufficient balance", "top up your balance")


def fal_error(response: Response) -> TarashException | None:
    """The exception that an answer means, or None when it is not in one of fal's shapes."""
    body = response.object_or_empty()
    problems = [item for item in _list(body.get("detail")) if isinstance(item, dict)]
    if problems:
        return _model_error(problems, response)
    text = _text_of(body)
    kind = str(body.get("error_type") or response.headers.get("x-fal-error-type") or "")
    if text is None and not kind:
        return None
    return _request_error(text or kind, kind, response)


def status_error(status: Mapping[str, Any]) -> TarashException | None:
    """The exception of a job whose status says COMPLETED and names an error; None for a good one."""
    message = status.get("error")
    if not message:
        return None
    kind, raw = str(status.get("error_type") or ""), dict(status)
    if kind in MODERATED:
        return ContentModerationError(f"fal refused the content: {message}", raw_response=raw)
    return GenerationFailedError(f"fal could not finish the job: {message}{_named(kind)}", raw_response=raw)


def _model_error(problems: list[dict[str, Any]], response: Response) -> TarashException:
    raw = response.object_or_empty()
    kinds = {str(problem.get("type")) for problem in problems} | {_reason(problem) for problem in problems}
    text = "; ".join(_sentence(problem) for problem in problems)
    if kinds & MODERATED:
        return ContentModerationError(f"fal refused the content: {text}", raw_response=raw)
    if kinds & FAILED or response.status >= 500:
        return GenerationFailedError(f"The model failed at fal: {text}", raw_response=raw)
    return ValidationError(f"fal does not take this input: {text}. Correct it and submit again.", raw_response=raw)


def _reason(problem: Mapping[str, Any]) -> str:
    context = problem.get("ctx")
    extra = context.get("extra_info") if isinstance(context, dict) else None
    return str(extra.get("reason")) if isinstance(extra, dict) else ""


def _sentence(problem: Mapping[str, Any]) -> str:
    place = ".".join(str(step) for step in _list(problem.get("loc")) if step != "body")
    message = str(problem.get("msg") or problem.get("type") or "no reason given")
    return f"{place}: {message}" if place else message


def _request_error(text: str, kind: str, response: Response) -> TarashException:
    status, raw = response.status, response.object_or_empty()
    if any(phrase in text.lower() for phrase in NO_MONEY) or status == 402:
        message = f"The fal account has no money left: {text} Top it up at fal.ai/dashboard/billing."
        return InsufficientCreditsError(message, raw_response=raw, status_code=status)
    if kind in MODERATED:
        return ContentModerationError(f"fal refused the content: {text}", raw_response=raw)
    if kind in FAILED and status < 500:
        return GenerationFailedError(f"fal could not finish the job: {text}{_named(kind)}", raw_response=raw)
    if status == 404 and raw.get("status") == "NOT_FOUND":
        return JobNotFoundError("fal does not know this request.", raw_response=raw, status_code=status)
    if status in (400, 413, 422):
        return ValidationError(f"fal refused the request: {text}{_named(kind)}", raw_response=raw)
    hint = _HINTS.get(status, "")
    return HTTPError(f"fal answered HTTP {status}: {text}{_named(kind)}{hint}", raw_response=raw, status_code=status)


_HINTS = {
    401: " Check the key: FAL_KEY or api_key, of the form id:secret.",
    403: " The key may not use this endpoint.",
    429: " Too many requests are running at once on this account.",
}


def _named(kind: str) -> str:
    return f" ({kind})" if kind else ""


def _text_of(body: Mapping[str, Any]) -> str | None:
    error = body.get("error")
    told = error.get("message") or error.get("code") if isinstance(error, dict) else error
    for text in (body.get("detail"), told, body.get("status"), body.get("message")):
        if isinstance(text, str) and text:
            return text
    return None


def _list(value: Any) -> list[Any]:
    return value if isinstance(value, list) else []
