"""Jobs that are asked for until they are done: what is the same at every vendor."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from pydantic import JsonValue

from tarash.tarash_gateway.exceptions import JobRejectedError, ProtocolError
from tarash.tarash_gateway.messages import Pending, Response, WebhookMessage, text_at
from tarash.tarash_gateway.providers.base import path_of


def stored_id(state: JsonValue, *, what: str = "job id") -> str:
    """The vendor's id of a job, fit for a URL. Raises `ProtocolError` when the state holds none."""
    return path_of(text_at(state if isinstance(state, dict) else {}, "id"), what=what)


def refuse_other_job(answer: Mapping[str, Any], job: str, vendor: str, name: str = "id") -> None:
    """Raise `ProtocolError` for an answer that speaks of another job than it was asked for."""
    if answer.get(name, job) != job:
        raise ProtocolError(f"{vendor} answered with the status of another job.")


def going_on(
    state: JsonValue,
    status: str,
    waiting: Mapping[str, bool],
    event: Mapping[str, Any],
    *,
    progress: float | None = None,
    retry_after: float | None = None,
) -> Pending:
    """A job that goes on. `waiting` has the vendor's words for that, each with whether it means that work has begun.

    A word that is not among them counts as running, and is told.
    """
    unknown = None if status in waiting else status
    return Pending(state, waiting.get(status, True), progress, retry_after, event, unknown)


def posted(message: WebhookMessage) -> dict[str, Any]:
    """What a webhook says, as a JSON object. Raises `ProtocolError` when it says none."""
    return Response(200, message.headers, message.body).object()


def refuse_other_webhook(told: object, *jobs: object) -> None:
    """Raise `JobRejectedError` unless the job that a webhook names is among `jobs`."""
    if told not in jobs:
        raise JobRejectedError("The webhook speaks of another job.")
