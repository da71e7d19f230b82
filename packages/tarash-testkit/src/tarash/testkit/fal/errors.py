"""fal's error answers, in all the shapes that it uses.

Sources: fal.ai/docs (errors, queue), the tables of the OpenAPI documents, and fal-client 1.0.3, which reads
`error_type` and `X-Fal-Error-Type`. Each function returns a whole answer: as the failure of a job it comes from the
result (or the synchronous call), as a step it can be the answer to any request.
"""

from collections.abc import Mapping, Sequence
from typing import Any

from tarash.testkit.steps import Answer

_MODEL_STATUS = {
    "generation_timeout": 504,
    "internal_server_error": 500,
    "downstream_service_error": 500,
    "downstream_service_unavailable": 500,
}
"""Model errors that are not the caller's fault; all others are 422."""

_REQUEST_STATUS = {
    "request_timeout": 504,
    "startup_timeout": 504,
    "runner_scheduling_failure": 503,
    "runner_connection_timeout": 503,
    "runner_disconnected": 503,
    "runner_connection_refused": 503,
    "runner_connection_error": 503,
    "runner_incomplete_response": 502,
    "runner_server_error": 500,
    "client_disconnected": 499,
    "client_cancelled": 499,
    "bad_request": 400,
    "internal_error": 500,
}


def model_error(
    kind: str,
    message: str = "the model refused this input",
    *,
    location: Sequence[str | int] = ("body", "prompt"),
    context: Mapping[str, Any] | None = None,
    value: Any = None,
    retryable: bool | None = None,
    status: int | None = None,
) -> Answer:
    """A model's own error: a list of details, of which the first one's type tells what happened."""
    detail: dict[str, Any] = {
        "loc": list(location),
        "msg": message,
        "type": kind,
        "url": f"https://docs.fal.ai/errors/#{kind}",
        "input": value,
    }
    if context is not None:
        detail["ctx"] = dict(context)
    return model_errors([detail], retryable=retryable, status=status or _MODEL_STATUS.get(kind, 422))


def model_errors(details: Sequence[Mapping[str, Any]], *, retryable: bool | None = None, status: int = 422) -> Answer:
    headers = {} if retryable is None else {"X-Fal-Retryable": "true" if retryable else "false"}
    return Answer(status, headers, json={"detail": [dict(detail) for detail in details]})


def request_error(kind: str, message: str = "the request failed", *, by_caller: bool = False) -> Answer:
    """An error of the queue or runner. `by_caller` marks a timeout that the caller's own header caused."""
    headers = {"X-Fal-Error-Type": kind}
    if by_caller:
        headers["X-Fal-Request-Timeout-Type"] = "user"
    return Answer(_REQUEST_STATUS.get(kind, 500), headers, json={"detail": message, "error_type": kind})


def unauthorized() -> Answer:
    return Answer(401, json={"detail": "Authentication is required to access this application"})


def forbidden(message: str = "Access denied") -> Answer:
    return Answer(403, json={"detail": message})


def exhausted_balance() -> Answer:
    """No money: a 403 that has nothing to do with the key."""
    return forbidden("User is locked. Reason: Exhausted balance. Top up your balance at fal.ai/dashboard/billing.")


def not_found(message: str = "Application not found") -> Answer:
    return Answer(404, json={"detail": message})


def unknown_request() -> Answer:
    return Answer(404, json={"status": "NOT_FOUND"})


def rate_limited(retry_after: str | None = None) -> Answer:
    """Too many at once; fal itself sends Retry-After only from its platform API."""
    headers = {"X-Fal-Needs-Retry": "1", "X-Fal-Error-Type": "concurrent_requests_limit"}
    if retry_after is not None:
        headers["Retry-After"] = retry_after
    return Answer(429, headers, json={"detail": "Too many requests", "error_type": "concurrent_requests_limit"})


def legacy_error(message: str, code: int | str = 400, *, status: int = 400) -> Answer:
    """The shape of some old endpoints, as @ai-sdk/fal reads it."""
    return Answer(status, json={"error": {"message": message, "code": code}})


def ingress_error(status: int = 502) -> Answer:
    """HTML from something in front of fal."""
    page = f"<html><head><title>{status}</title></head><body><center>nginx</center></body></html>"
    return Answer(status, {"Content-Type": "text/html"}, page)


def error_summary(failure: Answer) -> dict[str, str]:
    """What a completed status says of a failure: a short text, and fal's type of error where there is one."""
    body = failure.json if failure.is_json else None
    detail = body.get("detail") if isinstance(body, dict) else None
    summary = {"error": detail if isinstance(detail, str) else f"Unexpected status code: {failure.status}"}
    kind = failure.header("X-Fal-Error-Type")
    return summary if kind is None else {**summary, "error_type": kind}
