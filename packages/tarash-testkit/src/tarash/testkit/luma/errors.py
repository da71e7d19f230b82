"""Error answers in the shape of Luma, `{"detail"}`. Sources: its OpenAPI document of 2025-06, its pages on errors."""

from collections.abc import Sequence
from typing import Any

from tarash.testkit.steps import Answer
from tarash.testkit.vendor import proxy_page as proxy_page


def error(status: int, detail: Any) -> Answer:
    return Answer(status, json={"detail": detail})


def invalid(place: Sequence[str | int], message: str, kind: str = "value_error") -> Answer:
    """A body that does not fit, with the field that is to blame."""
    return error(422, [{"loc": ["body", *place], "msg": message, "type": kind}])


def no_credits(*, agents: bool) -> Answer:
    """The Agents API documents 402; that the other answers 400 is a guess."""
    return error(402, "Insufficient balance") if agents else error(400, "Insufficient credits")


def moderated() -> Answer:
    return error(400, "The prompt did not pass moderation: it contains words of the blacklist")


def unauthorized() -> Answer:
    return error(401, "Not authenticated")


def suspended() -> Answer:
    return error(403, "The account is suspended")


def no_generation() -> Answer:
    return error(404, "Generation not found")


def no_path() -> Answer:
    return error(404, "Not Found")


def no_method() -> Answer:
    return error(405, "Method Not Allowed")


def rate_limited(retry_after: str | None = None, detail: str = "Rate limit exceeded") -> Answer:
    headers = {} if retry_after is None else {"Retry-After": retry_after}
    return Answer(429, headers, json={"detail": detail})


def overloaded(status: int = 503) -> Answer:
    return error(status, "The service is overloaded")
