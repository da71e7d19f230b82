"""fal's errors, from its three body shapes to ours.

Model errors are `{"detail": [{"type": ..., "msg": ..., "loc": [...]}]}`, request errors
`{"detail": text, "error_type": ...}`, gateway errors `{"detail": text}`; some old endpoints say
`{"error": {"message": ..., "code": ...}}`.
Source: fal.ai/docs, pages "Errors" and "Model endpoint errors", read 2026-11.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any

from tarash.tarash_gateway.exceptions import (
    GenerationFailedError,
    HTTPError,
    JobNotFoundError,
    TarashException,
    ValidationError,
)
from tarash.tarash_gateway.messages import Response
from tarash.tarash_gateway.providers.reading import list_of, objects_of
from tarash.tarash_gateway.providers.refusals import WRONG_REQUEST, Refusals

MODERATED = re.compile(r"content.polic|content.moderat|content checker|nsfw content|sensitive content", re.IGNORECASE)
"""`content_policy_violation` is the type; models that pass on a partner's text say it in these words."""

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
FAL = Refusals(
    "fal",
    {
        401: " Check the key: FAL_KEY or api_key, of the form id:secret.",
        403: " The key may not use this endpoint.",
        429: " Too many requests are running at once on this account.",
    },
    "The {vendor} account has no money left: {text} Top it up at fal.ai/dashboard/billing.",
)


def fal_error(response: Response) -> TarashException | None:
    """The exception that an answer means, or None when it is not in one of fal's shapes."""
    body = response.object_or_empty()
    problems = objects_of(body.get("detail"))
    if problems:
        return _model_error(problems, body, response.status)
    text = _text_of(body, response.status)
    kind = str(body.get("error_type") or response.headers.get("x-fal-error-type") or "")
    return _request_error(text or kind, kind, body, response.status) if text or kind else None


def result_error(answer: Response, status: Mapping[str, Any]) -> TarashException:
    """Why a job that is COMPLETED has no result: its own error, or one of the way (`HTTPError`), to be asked again."""
    error = fal_error(answer)
    # fal-client 1.0.3 tells the job's own answer from one of the way by this header, too.
    if isinstance(error, HTTPError) and answer.status >= 500 and "x-fal-request-id" in answer.headers:
        return GenerationFailedError(error.message, raw_response=error.raw_response)
    if error is None or isinstance(error, HTTPError):
        error = status_error(status) or error
    said = answer.body[:300].decode("utf-8", "replace")
    return error or FAL.http("this came for the result.", {"body": said}, answer.status)


def status_error(status: Mapping[str, Any]) -> TarashException | None:
    """The exception of a job whose status names an error; None for a good one."""
    message, kind = status.get("error"), str(status.get("error_type") or "")
    if not (message or kind):
        return None
    return _moderated(f"{kind} {message}", status) or FAL.failed(f"{message or kind}{_named(kind)}", status)


def _moderated(text: str, raw: Mapping[str, Any]) -> TarashException | None:
    return FAL.moderated(text.strip(), raw) if MODERATED.search(text) else None


def _model_error(problems: list[dict[str, Any]], raw: dict[str, Any], status: int) -> TarashException:
    kinds = {str(problem.get("type")) for problem in problems}
    text = "; ".join(_sentence(problem) for problem in problems)
    if kinds & FAILED or status >= 500:
        return GenerationFailedError(f"The model failed at fal: {text}", raw_response=raw)
    refused = ValidationError(f"fal does not take this input: {text}. Correct it and submit again.", raw_response=raw)
    return _moderated(text, raw) or refused


def _sentence(problem: Mapping[str, Any]) -> str:
    place = ".".join(str(step) for step in list_of(problem.get("loc")) if step != "body")
    told = f"{problem.get('msg') or 'no reason given'}{_named(str(problem.get('type') or ''))}"
    return f"{place}: {told}" if place else told


def _request_error(text: str, kind: str, raw: dict[str, Any], status: int) -> TarashException:
    told = f"{text}{_named(kind)}"
    if any(phrase in text.lower() for phrase in NO_MONEY) or status == 402:
        return FAL.without_credit(told, raw, status)
    moderated = _moderated(told, raw)
    if moderated is not None:
        return moderated
    if kind in FAILED and status < 500:
        return FAL.failed(told, raw)
    if status == 404 and raw.get("status") == "NOT_FOUND":
        return JobNotFoundError("fal does not know this request.", raw_response=raw, status_code=status)
    return FAL.wrong(told, raw, note="") if status in WRONG_REQUEST else FAL.http(told, raw, status)


def _named(kind: str) -> str:
    return f" ({kind})" if kind else ""


def _text_of(body: Mapping[str, Any], status: int) -> str | None:
    """What an answer says in one of fal's places. What a proxy says in others (`message`) is not fal's."""
    error = body.get("error")
    told = error.get("message") if isinstance(error, dict) and "code" in error else None
    below = (error, body.get("status")) if status < 500 else ()
    return next((text for text in (body.get("detail"), told, *below) if isinstance(text, str) and text), None)
