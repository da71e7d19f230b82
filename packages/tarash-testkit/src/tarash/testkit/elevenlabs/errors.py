"""Error answers of ElevenLabs, in the shapes that it has had.

Sources: the vendor's page on errors, read 2026-11; answers that others published; types of elevenlabs 2.78.0 (PyPI).
"""

from collections.abc import Sequence
from typing import Any

from tarash.testkit.steps import Answer


def error(status: int, kind: str, code: str, message: str, *, param: str | None = None) -> Answer:
    """The present shape."""
    detail = {"type": kind, "code": code, "message": message, "status": code, "request_id": f"trace-{code}"}
    return Answer(
        status, {"x-trace-id": f"trace-{code}"}, json={"detail": {**detail, **({"param": param} if param else {})}}
    )


def older(status: int, code: str, message: str) -> Answer:
    """The shape of before: only a status and a message."""
    return Answer(status, json={"detail": {"status": code, "message": message}})


def plain(status: int, message: str) -> Answer:
    """The shape of the framework below."""
    return Answer(status, json={"detail": message})


def invalid(issues: Sequence[Any]) -> Answer:
    """Fields that do not fit their types."""
    return Answer(422, json={"detail": list(issues)})


def bad_request(code: str, message: str, param: str | None = None) -> Answer:
    return error(400, "validation_error", code, message, param=param)


def unauthorized() -> Answer:
    return error(401, "authentication_error", "invalid_api_key", "The API key is invalid.")


def no_credits() -> Answer:
    return error(402, "payment_required", "insufficient_credits", "The account has not enough credits.")


def wants_tier(tier: str) -> Answer:
    message = f"This output format is for the tier {tier} and above."
    return error(403, "authorization_error", "subscription_required", message)


def no_voice(voice_id: str) -> Answer:
    return error(404, "not_found", "voice_not_found", f"A voice with the id {voice_id} was not found.")


def no_model(model_id: str) -> Answer:
    return error(404, "not_found", "model_not_found", f"A model with the id {model_id} was not found.")


def too_many(retry_after: str | None = None) -> Answer:
    answer = error(429, "rate_limit_error", "concurrent_limit_exceeded", "Too many requests at a time.")
    return answer if retry_after is None else answer.with_headers(("Retry-After", retry_after))


def busy(status: int = 503) -> Answer:
    return error(status, "service_unavailable", "maintenance", "The service is being maintained.")
