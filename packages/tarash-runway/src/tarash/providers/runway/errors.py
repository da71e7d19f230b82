"""Errors of Runway: of requests, as `{"error", "issues", "docUrl"}`, and of tasks, by the prefix of their code.

Sources: the vendor's OpenAPI document of 2026-08 and its pages on errors and on task failures; published answers of the
real service for credits. Codes of failures are dotted, and more of them come.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from typing import Any

from tarash.tarash_gateway.exceptions import (
    ContentModerationError,
    GenerationFailedError,
    TarashException,
    ValidationError,
)
from tarash.tarash_gateway.messages import Response
from tarash.tarash_gateway.providers.reading import list_of, objects_of
from tarash.tarash_gateway.providers.refusals import NOTHING_PAID, Refusals, as_sentence

RUNWAY = Refusals(
    "Runway",
    {
        401: " Check the key, and that it belongs to this Runway organization.",
        403: " This organization may not do that.",
        404: " The task is unknown or deleted, or belongs to another organization; or base_url is wrong.",
        405: " Check base_url.",
        429: " The organization has reached its number of generations for today; another provider may be tried.",
    },
    "The {vendor} organization has not enough credits: {text} Buy some; trying again will not help.",
)
FAILURES: Mapping[str, tuple[type[TarashException], str]] = {
    "SAFETY.INPUT": (
        ContentModerationError,
        "The input was refused, and is paid for. Change the prompt or the inputs.",
    ),
    "SAFETY.OUTPUT": (ContentModerationError, "What came out was refused. Another prompt may work."),
    "INPUT_PREPROCESSING.SAFETY.TEXT": (ContentModerationError, "The prompt was refused. Change it."),
    "INPUT_PREPROCESSING.SAFETY.THIRD_PARTY": (
        ContentModerationError,
        "The filter of the model's maker refused it. Change the prompt or the inputs.",
    ),
    "INPUT_PREPROCESSING": (GenerationFailedError, "Runway could not handle the input. It may work later."),
    "THIRD_PARTY.INPUT_VALIDATION": (ValidationError, "The model's maker refused the parameters. Change them."),
    "THIRD_PARTY": (GenerationFailedError, "The model's maker could not do it now. It may work later."),
    "ASSET": (ValidationError, "An input has a wrong size, format or length. Change it."),
    "INTERNAL.BAD_OUTPUT": (
        GenerationFailedError,
        "The result was too poor, and was thrown away. Another prompt or input may work.",
    ),
    "": (GenerationFailedError, "It is the fault of Runway. It may work later."),
}
"""By prefix of the code, the longest that fits: what it is, and what may be done about it."""

UNNAMED_SAFETY = (ContentModerationError, "The content was refused. Change the prompt or the inputs.")
_CREDITS = re.compile(r"\bcredits?\b", re.IGNORECASE)
_MODERATION = re.compile(r"\bmoderat|\bcontent polic|\bsafety\b", re.IGNORECASE)
_MOST_ISSUES = 5


def runway_error(response: Response) -> TarashException | None:
    """The exception that an answer means, or None when it is not in the vendor's shape."""
    body = response.object_or_empty()
    text = body.get("error")
    if not isinstance(text, str) or not text:
        return None
    told = as_sentence(text, *_issues(body), joint="; ")
    if "issues" not in body and response.status in (400, 402, 403):
        judged = _judged(text, told, body, response.status)
        if judged:
            return judged
    return RUNWAY.by_status(told, body, response.status)


def _judged(text: str, told: str, body: dict[str, Any], status: int) -> TarashException | None:
    """What only the words of a refusal tell: credits that are gone, and content that may not be."""
    if _CREDITS.search(text) or status == 402:
        return RUNWAY.without_credit(told, body, status)
    if _MODERATION.search(text):
        return RUNWAY.moderated(f"{told}{NOTHING_PAID}", body)
    return None


def _issues(body: Mapping[str, Any]) -> Iterator[str]:
    """What is wrong with which field."""
    for issue in objects_of(body.get("issues"))[:_MOST_ISSUES]:
        where = ".".join(map(str, list_of(issue.get("path"))))
        yield f"{where or 'body'}: {issue.get('message') or issue.get('code')}"


def task_error(task: Mapping[str, Any], status: str) -> TarashException:
    """The exception of a task that came to nothing."""
    if status != "FAILED":
        return GenerationFailedError("The task was cancelled or deleted at Runway.", raw_response=dict(task))
    code = task.get("failureCode")
    code = code if isinstance(code, str) else ""
    kind, advice = _failure(code)
    reason = as_sentence(task.get("failure"), code=code)
    return kind(f"The Runway task failed: {reason} {advice}", raw_response=dict(task))


def _failure(code: str) -> tuple[type[TarashException], str]:
    fits = [prefix for prefix in FAILURES if not prefix or f"{code}.".startswith(f"{prefix}.")]
    found = FAILURES[max(fits, key=len)]
    return UNNAMED_SAFETY if "SAFETY" in code and found[0] is not ContentModerationError else found
