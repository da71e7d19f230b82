"""The voices that a provider can speak with."""

from __future__ import annotations

from typing import Any

from pydantic import ConfigDict, Field

from tarash.tarash_gateway.models.base import Model


class Voice(Model):
    """One voice of a provider. `id` is what `voice_id` of a request takes.

    `languages` are the vendor's own codes, its main language first; empty where it tells none. `gender` is the vendor's
    word. `preview_url` leads to a sample; some vendors want the account's key for it. `raw` is what the vendor says.
    """

    model_config = ConfigDict(frozen=True)

    id: str
    name: str
    languages: tuple[str, ...] = ()
    gender: str | None = None
    description: str | None = None
    preview_url: str | None = None
    raw: dict[str, Any] = Field(default_factory=dict, repr=False)
