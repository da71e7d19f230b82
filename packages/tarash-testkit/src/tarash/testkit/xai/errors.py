"""Error answers of xAI, in its three shapes.

Sources: docs.x.ai, the OpenAPI document of the tryAGI client (2026-08) and published answers of the real service.
"""

from tarash.testkit.steps import Answer
from tarash.testkit.vendor import proxy_page as proxy_page


def error(status: int, code: str, text: str) -> Answer:
    """The usual shape; `code` is a slug, and used to be a sentence."""
    return Answer(status, json={"code": code, "error": text})


def openai_error(status: int, code: str | None, text: str, kind: str = "invalid_request_error") -> Answer:
    """The shape of OpenAI."""
    return Answer(status, json={"error": {"message": text, "type": kind, "param": None, "code": code}})


def speech_error(status: int, text: str) -> Answer:
    """The shape of the speech interface."""
    return Answer(status, json={"error": text})


def no_key() -> Answer:
    return error(401, "unauthenticated", "No API key was provided.")


def wrong_key() -> Answer:
    """The real service says 400, not 401."""
    return error(400, "invalid-argument", "Incorrect API key provided. You can obtain an API key from the console.")


def moderated(what: str = "image") -> Answer:
    return error(400, "imagine:content-moderated", f"Generated {what} rejected by content moderation.")


def invalid(text: str) -> Answer:
    return error(400, "invalid-argument", text)


def unreadable(text: str) -> Answer:
    return error(422, "unprocessable-entity", text)


def not_found(text: str = "The requested resource was not found.") -> Answer:
    return error(404, "not-found", text)


def unknown_model(model: str) -> Answer:
    return error(404, "not-found", f"The model {model} does not exist or your team does not have access to it.")


def rate_limited(seconds: int | None = None) -> Answer:
    answer = error(429, "Too many requests", "Too many requests for this model.")
    return answer if seconds is None else answer.with_headers(("Retry-After", str(seconds)))


def no_credit(status: int = 403) -> Answer:
    text = "Your team has used all available credits or reached its monthly spending limit."
    return error(status, "permission-denied" if status == 403 else "resource-exhausted", text)


def server_error(status: int = 500) -> Answer:
    return error(status, "internal", "Internal error.")
