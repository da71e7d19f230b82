"""The voices of the library, then those of the account, in pages.

Source: wire and types of hume 0.14.1 (PyPI, 2026-08-17).
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from tarash.tarash_gateway.messages import Request, Step, number_or_none
from tarash.tarash_gateway.models import Voice
from tarash.tarash_gateway.providers.base import Call
from tarash.tarash_gateway.providers.voices import Cursor, paged_voices, voice_from

OWNERS = ("HUME_AI", "CUSTOM_VOICE")
PAGE_SIZE = "100"


def all_voices(call: Call) -> Step[Sequence[Voice]]:
    """All voices; `raw["provider"]` tells whose they are, as `voice_settings={"provider": ...}` takes it."""
    found: list[Voice] = []
    for owner in OWNERS:
        found += yield from _voices_of(call, owner)
    return found


def _voices_of(call: Call, owner: str) -> Step[Sequence[Voice]]:
    def ask(number: Cursor | None) -> Request:
        query = [("provider", owner), ("page_number", str(number or 0)), ("page_size", PAGE_SIZE)]
        return Request("GET", f"{call.base_url}/v0/tts/voices", query=query)

    return paged_voices(ask, voice_from, "voices_page", _next_page)


def _next_page(page: Mapping[str, Any]) -> Cursor | None:
    """Pages count from 0."""
    number = int(number_or_none(page.get("page_number")) or 0) + 1
    return number if number < (number_or_none(page.get("total_pages")) or 0) else None
