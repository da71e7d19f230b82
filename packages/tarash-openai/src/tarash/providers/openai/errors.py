"""Errors of OpenAI and of Azure, from `{"error": {"message", "type", "param", "code"}}` and its variants to ours.

Sources: schema and wire of openai 3.52 (PyPI), the vendor's page "Error codes", Microsoft's page "Content filtering",
all read 2026-11. Azure spells the details of its filter in several ways, and gateways send numeric codes.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

from tarash.tarash_gateway.exceptions import TarashException
from tarash.tarash_gateway.messages import Response
from tarash.tarash_gateway.providers.refusals import Refusals

MODERATED = frozenset(
    {
        "moderation_blocked",
        "content_policy_violation",
        "content_filter",
        "contentfilter",
        "responsibleaipolicyviolation",
        "sentinel_block",
    }
)
NO_MONEY = frozenset(
    {"insufficient_quota", "credit_balance_exhausted", "billing_hard_limit_reached", "billing_not_active"}
)
REFUSALS = Refusals(
    "OpenAI",
    {
        401: " Check the key, and that it belongs to this {vendor} account.",
        403: " The account or the region may not use this; {vendor} says who may.",
        404: " Check the model's name and base_url; the model may have been shut down.",
        429: " Too many requests or tokens at once; it may be sent again later.",
    },
    "The {vendor} account has no money or quota left: {text} Top it up; trying again will not help.",
)
_DETAILS = ("inner_error", "innererror")
_RESULTS = ("content_filter_results", "content_filter_result", "prompt_filter_results")


def openai_error(response: Response, refusals: Refusals = REFUSALS) -> TarashException | None:
    """The exception that an answer means, or None when it is not in the vendor's shape."""
    body = response.object_or_empty()
    error = _error_of(body)
    # A bare text is not the vendor's word, but perhaps a proxy's that lost the answer.
    if error is None or (response.status >= 500 and isinstance(body.get("error"), str)):
        return None
    text = str(error.get("message") or error.get("code") or error.get("type") or "no reason given")
    judged = judge_error(error, text, refusals, body, response.status)
    return judged or refusals.by_status(f"{text.rstrip('.')}{_named(error)}.", body, response.status)


def job_error(error: Any, refusals: Refusals, body: Mapping[str, Any]) -> TarashException:
    """The exception of a video that failed. Its codes are not published, so those of requests are looked for."""
    details = error if isinstance(error, dict) else {"message": str(error)} if error else {}
    text = str(details.get("message") or details.get("code") or "no reason given")
    return judge_error(details, text, refusals, body) or refusals.failed(text, body)


def judge_error(
    error: Mapping[str, Any], text: str, refusals: Refusals, body: Mapping[str, Any], status: int | None = None
) -> TarashException | None:
    """What the codes of an error say, whatever the HTTP status is; None when they say nothing special."""
    codes = {str(code).lower() for code in _codes(error)}
    if codes & MODERATED or error.get("moderation_details"):
        reasons = ", ".join(filter(None, (_moderation_details(error), filtered_categories([error]))))
        return refusals.moderated(f"{text} ({reasons})" if reasons else text, body)
    if codes & NO_MONEY or status == 402:
        return refusals.without_credit(text, body, status)
    return None


def _error_of(body: Mapping[str, Any]) -> Mapping[str, Any] | None:
    error = body.get("error")
    if isinstance(error, dict) and error:
        return error
    if isinstance(error, str) and error:
        return {"message": error}
    # Azure's front door, before a request reaches the service itself.
    if "statusCode" in body and isinstance(body.get("message"), str):
        return {"message": body["message"], "code": body["statusCode"]}
    return None


def _codes(error: Mapping[str, Any]) -> Iterable[Any]:
    yield error.get("code")
    yield error.get("type")
    for name in _DETAILS:
        inner = error.get(name)
        if isinstance(inner, dict):
            yield inner.get("code")


def _named(error: Mapping[str, Any]) -> str:
    """Code and parameter, as far as the sentence does not say them."""
    told = [f"{name} {error[name]}" for name in ("code", "param") if error.get(name)]
    return f" ({', '.join(told)})" if told else ""


def _moderation_details(error: Mapping[str, Any]) -> str:
    details = error.get("moderation_details")
    if not isinstance(details, dict):
        return ""
    categories = [str(name) for name in details.get("categories") or ()]
    stage = details.get("moderation_stage")
    return ", ".join([*categories, *([f"found in the {stage}"] if stage in ("input", "output") else [])])


def filtered_categories(items: Iterable[Mapping[str, Any]]) -> str:
    """The categories that Azure's filter acted upon, in an error or in the items of an answer."""
    found: dict[str, None] = {}
    for item in items:
        for place in (item, *(item[name] for name in _DETAILS if isinstance(item.get(name), dict))):
            found.update(dict.fromkeys(_filtered(place)))
    return ", ".join(found)


def _filtered(place: Mapping[str, Any]) -> Iterable[str]:
    for name in _RESULTS:
        results = place.get(name)
        if isinstance(results, dict):
            yield from (str(key) for key, value in results.items() if isinstance(value, dict) and value.get("filtered"))
