"""Error answers in Replicate's shapes. Source: its OpenAPI document 1.0.0-a1 and public issue threads."""

from typing import Any

from tarash.testkit.steps import Answer


def error(status: int, title: str, detail: str, **further: Any) -> Answer:
    """The vendor's usual error."""
    return Answer(status, json={"title": title, "detail": detail, "status": status, **further})


def unauthenticated() -> Answer:
    return error(401, "Unauthenticated", "You did not pass a valid authentication token")


def no_credit() -> Answer:
    return error(402, "Insufficient credit", "You have insufficient credit to run this model.")


def not_found() -> Answer:
    return Answer(404, json={"detail": "The requested resource could not be found.", "status": 404})


def throttled(seconds: int = 5) -> Answer:
    detail = f"Request was throttled. Your rate limit resets in ~{seconds}s."
    return Answer(429, json={"detail": detail, "status": 429, "retry_after": seconds})


def invalid_input(name: str, problem: str) -> Answer:
    wrong = [{"type": "invalid", "field": f"input.{name}", "description": problem}]
    return error(422, "Input validation failed", f"- input: {problem}\n", invalid_fields=wrong)
