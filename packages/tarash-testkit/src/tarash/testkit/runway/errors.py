"""Error answers in the shape of Runway. Sources: its OpenAPI document of 2026-08, and published answers."""

from collections.abc import Sequence
from typing import Any

from tarash.testkit.steps import Answer
from tarash.testkit.vendor import proxy_page as proxy_page

DOCS = "https://docs.dev.runwayml.com"


def error(status: int, message: str, **further: Any) -> Answer:
    return Answer(status, json={"error": message, **further})


def issue(code: str, path: Sequence[str | int], message: str) -> dict[str, Any]:
    return {"code": code, "path": list(path), "message": message}


def invalid(*issues: dict[str, Any]) -> Answer:
    """A body that does not fit."""
    return error(400, "Validation of body failed", issues=list(issues), docUrl=f"{DOCS}/api")


def invalid_field(name: str, message: str = "Invalid input", code: str = "invalid_type") -> Answer:
    return invalid(issue(code, [name], message))


def no_credits() -> Answer:
    """There is no 402: this is a 400 without issues."""
    return error(400, "You do not have enough credits to run this task.", docUrl=f"{DOCS}/usage/billing")


def unauthorized() -> Answer:
    return error(401, "Unauthorized: the API key is missing, invalid or disabled.")


def no_task() -> Answer:
    return error(404, "Could not find Task")


def no_path() -> Answer:
    return error(404, "Not found")


def no_method() -> Answer:
    return error(405, "Method not allowed")


def daily_cap(retry_after: str | None = None) -> Answer:
    headers = {} if retry_after is None else {"Retry-After": retry_after}
    return Answer(429, headers, json={"error": "You have reached the number of generations of your tier for today."})


def overloaded(status: int = 503) -> Answer:
    return error(status, "The service is overloaded. Please try again later.")
