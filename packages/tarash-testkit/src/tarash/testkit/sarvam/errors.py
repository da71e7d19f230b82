"""Error answers of Sarvam.

Sources: error types of sarvamai 0.1.39 (PyPI); the vendor's page on errors, read 2026-11.
"""

from collections.abc import Sequence
from typing import Any

from tarash.testkit.steps import Answer


def error(status: int, code: str, message: str) -> Answer:
    return Answer(status, json={"error": {"message": message, "code": code, "request_id": "request-refused"}})


def bad_request(message: str) -> Answer:
    return error(400, "invalid_request_error", message)


def wrong_fields(issues: Sequence[dict[str, Any]]) -> Answer:
    """Fields that do not fit their types."""
    told = "; ".join(f"{'.'.join(map(str, issue['loc']))}: {issue['msg']}" for issue in issues)
    return error(422, "unprocessable_entity_error", told)


def wrong_key() -> Answer:
    """A wrong key is 403 here."""
    return error(403, "invalid_api_key_error", "Invalid API key.")


def no_credits() -> Answer:
    return error(429, "insufficient_quota_error", "The account has no credits left.")


def not_found() -> Answer:
    return error(404, "not_found_error", "There is nothing here.")


def too_many(retry_after: str | None = None) -> Answer:
    answer = error(429, "rate_limit_exceeded_error", "Too many requests in a minute.")
    return answer if retry_after is None else answer.with_headers(("Retry-After", retry_after))


def broken(status: int = 500) -> Answer:
    code = {503: "rate_limit_exceeded_error", 504: "gateway_timeout_error"}.get(status, "internal_server_error")
    return error(status, code, "Something went wrong.")
