"""The voices of an account, in pages.

Source: wire and types of elevenlabs 2.78.0 (PyPI, 2026-11-12).
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from tarash.tarash_gateway.messages import Request, Step
from tarash.tarash_gateway.models import Voice
from tarash.tarash_gateway.providers.base import Call
from tarash.tarash_gateway.providers.voices import Cursor, paged_voices, voice_from

PAGE_SIZE = "100"


def all_voices(call: Call) -> Step[Sequence[Voice]]:
    """The account's own voices, and those of the library that were added to it."""

    def ask(token: Cursor | None) -> Request:
        further = [("next_page_token", str(token))] if token else []
        return Request("GET", f"{call.base_url}/v2/voices", query=[("page_size", PAGE_SIZE), *further])

    return paged_voices(ask, _voice, "voices", _next_page)


def _next_page(page: Mapping[str, Any]) -> Cursor | None:
    return page.get("next_page_token") or None if page.get("has_more") else None


def _voice(item: Mapping[str, Any]) -> Voice:
    labels = item["labels"] if isinstance(item.get("labels"), Mapping) else {}
    verified = [one for one in item.get("verified_languages") or () if isinstance(one, Mapping)]
    return voice_from(
        item,
        identity="voice_id",
        languages=[labels.get("language"), *(one.get("language") for one in verified)],
        gender=labels.get("gender"),
        description=item.get("description"),
        preview_url=item.get("preview_url"),
    )
