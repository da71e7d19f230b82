"""Error answers of Cartesia: JSON since the version 2026-03-01 of its interface, text before.

Sources: error types of cartesia 4.2.0 (PyPI); the vendor's page on errors, read 2026-11.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from tarash.testkit.cartesia.catalogue import JSON_ERRORS_SINCE
from tarash.testkit.steps import Answer


@dataclass(eq=False)
class Problem(Exception):  # noqa: N818 - answered by the simulator, and no error of its own
    """What is wrong with a request."""

    status: int
    title: str
    message: str
    code: str | None = None

    def answer(self, version: str = JSON_ERRORS_SINCE, request_id: str = "request-refused") -> Answer:
        """The answer in the shape that a version of the interface has."""
        if version < JSON_ERRORS_SINCE:
            return Answer(self.status, {"Content-Type": "text/plain"}, f"{self.title}: {self.message}")
        return Answer(self.status, json=self.described(request_id))

    def described(self, request_id: str) -> dict[str, str | None]:
        told = {"error_code": self.code, "title": self.title, "message": self.message, "request_id": request_id}
        return {**told, **({"doc_url": f"https://docs.cartesia.ai/errors/{self.code}"} if self.code else {})}


def invalid(message: str) -> Problem:
    return Problem(400, "Invalid request", message)


def wrong_fields(issues: Sequence[dict[str, Any]]) -> Problem:
    """Fields that do not fit their types."""
    return invalid("; ".join(f"{'.'.join(map(str, issue['loc']))}: {issue['msg']}" for issue in issues))


def unauthorized() -> Problem:
    return Problem(401, "Unauthorized", "The API key is invalid.")


def no_credits() -> Problem:
    return Problem(402, "Quota exceeded", "The account has not enough credits.", "quota_exceeded")


def no_voice(voice_id: str) -> Problem:
    return Problem(404, "Voice not found", f"There is no voice {voice_id}.", "voice_not_found")


def no_model(model_id: str) -> Problem:
    return Problem(404, "Model not found", f"There is no model {model_id}.", "model_not_found")


def no_language(language: str) -> Problem:
    message = f"The model does not speak {language}."
    return Problem(400, "Language not supported", message, "language_not_supported")


def bad_audio() -> Problem:
    message = "The clip cannot be read."
    return Problem(400, "Unsupported audio format", message, "unsupported_audio_format")


def not_found() -> Problem:
    return Problem(404, "Not found", "There is nothing here.")


def too_many() -> Problem:
    return Problem(429, "Too many requests", "The account has too many requests at a time.", "concurrency_limited")


def busy(status: int = 500) -> Problem:
    return Problem(status, "Internal server error", "Something went wrong.")
