"""Lists of wrong fields, as FastAPI writes them: `[{"loc": ["body", "text"], "msg": "Field required"}, ...]`."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

_MOST_ISSUES = 5


def issues_text(issues: Sequence[Any]) -> str:
    """Where each of the first problems is, and what; "invalid request" for a list that tells nothing."""
    told = [_issue(item).rstrip(".") for item in issues if isinstance(item, dict)]
    return "; ".join(told[:_MOST_ISSUES]) or "invalid request"


def _issue(item: dict[str, Any]) -> str:
    where = item.get("loc")
    place = ".".join(map(str, where)) if isinstance(where, list) else ""
    told = str(item.get("msg") or item.get("type"))
    return f"{place}: {told}" if place else told
