"""Lists of wrong fields, as FastAPI writes them: `[{"loc": ["body", "text"], "msg": "Field required"}, ...]`."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any


def issues_text(issues: Sequence[Any]) -> str:
    """Where each problem is, and what it is, for people; "invalid request" for a list that tells nothing."""
    return "; ".join(_issue(item) for item in issues if isinstance(item, dict)) or "invalid request"


def _issue(item: dict[str, Any]) -> str:
    where = item.get("loc")
    place = ".".join(map(str, where)) if isinstance(where, list) else ""
    return f"{place}: {item.get('msg')}" if place else str(item.get("msg"))
