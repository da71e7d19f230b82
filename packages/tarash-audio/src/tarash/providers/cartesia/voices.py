"""The voices of an account and of the public library, in pages.

Source: wire and types of cartesia 4.2.0 (PyPI, 2026-09-02).
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from tarash.tarash_gateway.messages import Request, Step
from tarash.tarash_gateway.models import Voice
from tarash.tarash_gateway.providers.base import Call
from tarash.tarash_gateway.providers.voices import Cursor, paged_voices, voice_from

PAGE_SIZE = "100"


def all_voices(call: Call, version: str) -> Step[Sequence[Voice]]:
    """All voices that the account can speak with. Samples (`preview_url`) want the account's key."""

    def ask(last: Cursor | None) -> Request:
        further = [("starting_after", str(last))] if last else []
        query = [("limit", PAGE_SIZE), ("expand[]", "preview_file_url"), *further]
        return Request("GET", f"{call.base_url}/voices", {"cartesia-version": version}, query=query)

    return paged_voices(ask, _voice, "data", _next_page)


def _next_page(page: Mapping[str, Any]) -> Cursor | None:
    """A page begins after the last voice of the one before."""
    voices = page.get("data")
    return str(voices[-1]["id"]) if page.get("has_more") and voices else None


def _voice(item: Mapping[str, Any]) -> Voice:
    locales = [one for one in item.get("locales") or () if isinstance(one, Mapping)]
    return voice_from(
        item,
        languages=[item.get("language"), *(one.get("locale") for one in locales)],
        gender=item.get("gender"),
        description=item.get("description") or item.get("tagline"),
        preview_url=item.get("preview_file_url"),
    )
