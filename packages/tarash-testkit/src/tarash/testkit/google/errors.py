"""Google's error answers: google.rpc.Status, and the shorter shape of interactions."""

from collections.abc import Mapping, Sequence
from typing import Any

from tarash.testkit.steps import Answer

STATUS = {
    400: "INVALID_ARGUMENT",
    401: "UNAUTHENTICATED",
    403: "PERMISSION_DENIED",
    404: "NOT_FOUND",
    409: "ABORTED",
    429: "RESOURCE_EXHAUSTED",
    500: "INTERNAL",
    501: "UNIMPLEMENTED",
    503: "UNAVAILABLE",
    504: "DEADLINE_EXCEEDED",
}
_TYPES = "type.googleapis.com/google.rpc."


def rpc_error(
    code: int,
    message: str = "the request failed",
    *,
    status: str | None = None,
    details: Sequence[Mapping[str, Any]] = (),
    in_list: bool = False,
) -> Answer:
    """A google.rpc.Status. `in_list`: inside a list, as streams answer."""
    error: dict[str, Any] = {"code": code, "message": message, "status": status or STATUS.get(code, "UNKNOWN")}
    if details:
        error["details"] = [dict(detail) for detail in details]
    body = {"error": error}
    return Answer(code, json=[body] if in_list else body)


def retry_info(seconds: str) -> dict[str, Any]:
    return {"@type": f"{_TYPES}RetryInfo", "retryDelay": seconds}


def error_info(reason: str) -> dict[str, Any]:
    return {"@type": f"{_TYPES}ErrorInfo", "reason": reason, "domain": "googleapis.com"}


def bad_request(field: str, description: str) -> dict[str, Any]:
    return {"@type": f"{_TYPES}BadRequest", "fieldViolations": [{"field": field, "description": description}]}


def interaction_error(code: str, message: str, status: int = 400) -> Answer:
    """How interactions refuse: the code is a word, and there is no status."""
    return Answer(status, json={"error": {"code": code, "message": message}})


def invalid_key() -> Answer:
    message = "API key not valid. Please pass a valid API key."
    return rpc_error(400, message, details=[error_info("API_KEY_INVALID")])


def no_key() -> Answer:
    return rpc_error(403, "Method doesn't allow unregistered callers (callers without established identity).")


def unauthenticated() -> Answer:
    message = "Request had invalid authentication credentials. Expected OAuth 2 access token."
    return rpc_error(401, message, details=[error_info("ACCESS_TOKEN_TYPE_UNSUPPORTED")])


def model_not_found(model: str) -> Answer:
    return rpc_error(404, f"models/{model} is not found for this API version, or is not supported for this method.")


def ingress_error(status: int = 502) -> Answer:
    """HTML from something in front of Google."""
    return Answer(status, {"Content-Type": "text/html"}, f"<html><title>Error {status}</title><b>{status}.</b></html>")
