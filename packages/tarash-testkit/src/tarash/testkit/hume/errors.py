"""Error answers of Hume. Sources: types of hume 0.14.1 (PyPI), the vendor's page on errors, read 2026-11.

The vendor lists its codes for the socket; which of them its other routes use is not known.
"""

from collections.abc import Sequence
from typing import Any

from tarash.testkit.steps import Answer


def error(status: int, code: str, name: str, message: str) -> Answer:
    """What the service says."""
    return Answer(status, json={"code": code, "error": name, "message": message})


def gateway(status: int, message: str) -> Answer:
    """What the gateway before the service says."""
    return Answer(status, json={"message": message})


def invalid(issues: Sequence[Any]) -> Answer:
    """Fields that do not fit their types."""
    return Answer(422, json={"detail": list(issues)})


def bad_request(message: str) -> Answer:
    return error(400, "E0100", "bad_request", message)


def no_voice(name: str) -> Answer:
    return error(400, "E0100", "voice_not_found", f"The voice {name} was not found.")


def no_credits() -> Answer:
    return error(402, "E0300", "credits_exhausted", "The account has no credits left.")


def unauthorized() -> Answer:
    return gateway(401, "Invalid authentication credentials")


def no_path() -> Answer:
    return gateway(404, "no Route matched with those values")


def too_many() -> Answer:
    return gateway(429, "API rate limit exceeded")


def refused_agent() -> Answer:
    """How the network in front refuses clients that name themselves as a bare library."""
    return Answer(403, {"Content-Type": "text/plain"}, "error code: 1010")
