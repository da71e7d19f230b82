"""Error answers, in the shapes of OpenAI and of Azure.

Sources: the schema of openai 3.52 (PyPI), pages "Error codes" (OpenAI) and "Content filtering" (Microsoft), threads in
the vendor's issue trackers; spellings that nobody confirmed are marked so in the wire notes they come from.
"""

from collections.abc import Mapping, Sequence
from typing import Any

from tarash.testkit.steps import Answer
from tarash.testkit.vendor import proxy_page as proxy_page


def error(
    status: int,
    code: str | int | None,
    message: str = "the request was refused",
    *,
    kind: str = "invalid_request_error",
    param: str | None = None,
    headers: Mapping[str, str] | None = None,
    further: Mapping[str, Any] | None = None,
) -> Answer:
    """The vendor's usual error; `further` are keys beside the four that every error has."""
    details = {"message": message, "type": kind, "param": param, "code": code, **(further or {})}
    return Answer(status, dict(headers or {}), json={"error": details})


def unauthorized() -> Answer:
    return error(401, "invalid_api_key", "Incorrect API key provided.")


def unknown_model(model: str) -> Answer:
    return error(404, "model_not_found", f"The model `{model}` does not exist or you do not have access to it.")


def not_found(what: str = "Invalid URL") -> Answer:
    return error(404, None, what)


def missing(name: str) -> Answer:
    return error(400, "missing_required_parameter", f"Missing required parameter: '{name}'.", param=name)


def unknown_parameter(name: str) -> Answer:
    return error(400, "unknown_parameter", f"Unknown parameter: '{name}'.", param=name)


def invalid_value(name: str, problem: str) -> Answer:
    return error(400, "invalid_value", f"Invalid value for '{name}': {problem}", param=name)


def moderation_blocked(categories: Sequence[str] = ("violence",), stage: str = "input") -> Answer:
    """How the image models refuse content."""
    message = f"Your request was rejected by the safety system. safety_violations=[{', '.join(categories)}]."
    details = {"moderation_stage": stage, "categories": list(categories)}
    return error(
        400, "moderation_blocked", message, kind="image_generation_user_error", further={"moderation_details": details}
    )


def content_policy_violation() -> Answer:
    """How DALL-E refused content."""
    return error(400, "content_policy_violation", "Your request was rejected as a result of our safety system.")


def azure_filtered(*, chat_style: bool = False, category: str = "violence") -> Answer:
    """How Azure's filter refuses content: two spellings of the same details."""
    results = {category: {"filtered": True, "severity": "high"}, "hate": {"filtered": False, "severity": "safe"}}
    names = ("innererror", "content_filter_result") if chat_style else ("inner_error", "content_filter_results")
    inner = {"code": "ResponsibleAIPolicyViolation", names[1]: results}
    code = "content_filter" if chat_style else "contentFilter"
    return error(
        400, code, "The response was filtered due to the content management policy.", further={names[0]: inner}
    )


def deployment_not_found() -> Answer:
    message = "The API deployment for this resource does not exist."
    return Answer(404, json={"error": {"code": "DeploymentNotFound", "message": message}})


def azure_unauthorized() -> Answer:
    message = "Access denied due to invalid subscription key or wrong API endpoint."
    return Answer(401, json={"error": {"code": "401", "message": message}})


def azure_not_found() -> Answer:
    return Answer(404, json={"error": {"code": "404", "message": "Resource not found"}})


def front_door(status: int, message: str) -> Answer:
    """Azure's API management, before a request reaches the service."""
    return Answer(status, json={"statusCode": status, "message": message})


def rate_limited(retry_after_ms: int | None = None) -> Answer:
    headers = {} if retry_after_ms is None else {"retry-after-ms": str(retry_after_ms)}
    return error(429, "rate_limit_exceeded", "Rate limit reached.", kind="requests", headers=headers)


def no_quota() -> Answer:
    return error(429, "insufficient_quota", "You exceeded your current quota.", kind="insufficient_quota")


def server_error(status: int = 500, code: str = "server_error") -> Answer:
    return error(status, code, "The server had an error while processing your request.", kind="server_error")
