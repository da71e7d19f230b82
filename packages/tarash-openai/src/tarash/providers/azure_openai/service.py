"""Azure's two families of URLs, and the deployments in them.

    v1      {resource}/openai/v1/{path}                                        api_version "v1", "preview", or none
    dated   {resource}/openai/deployments/{deployment}/{path}?api-version=...  api_version "2025-04-01-preview"

Videos exist in the v1 family only. Source: learn.microsoft.com, pages "API version lifecycle" and "Video generation",
read 2026-11; wire of `AzureOpenAI` in openai 3.52 and 3.54 (PyPI).
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import ClassVar

from tarash.providers.openai.errors import REFUSALS
from tarash.providers.openai.image_mappings import AZURE_FAMILIES
from tarash.providers.openai.service import Service, setting
from tarash.providers.openai.video_mappings import AZURE_VIDEOS
from tarash.tarash_gateway.exceptions import ValidationError
from tarash.tarash_gateway.providers.base import Call, path_of

WITHOUT_QUERY, PREVIEW = "v1", "preview"
_DATED = re.compile(r"\d{4}-\d{2}-\d{2}(-preview)?\Z")
_BASE = re.compile(r"(?P<resource>.*?)(?:/openai(?:/(?P<v1>v1)|/deployments/(?P<deployment>[^/]+))?)?\Z")


@dataclass(frozen=True)
class Place:
    """What a base URL and an `api_version` say together. `version` is None in the v1 family's general availability."""

    resource: str
    dated: bool
    version: str | None
    deployment: str | None


def place_of(call: Call) -> Place:
    """Read the base URL: the resource alone, or with `/openai`, `/openai/v1` or `/openai/deployments/NAME`.

    Raises `ValidationError` for an `api_version` that is none.
    """
    parts = _BASE.match(call.base_url)
    assert parts is not None, "the pattern takes any text"
    version = call.api_version or setting(call, "api_version", "OPENAI_API_VERSION")
    if version and version not in (WITHOUT_QUERY, PREVIEW) and not _DATED.match(version):
        raise ValidationError('api_version is "v1", "preview" or a date such as "2025-04-01-preview".')
    version = None if version == WITHOUT_QUERY else version
    if version is None and parts["deployment"]:
        raise ValidationError('A base_url with /deployments/ needs an api_version such as "2025-04-01-preview".')
    dated = version not in (None, PREVIEW) and not parts["v1"]
    return Place(parts["resource"], dated, version if dated or version == PREVIEW else None, parts["deployment"])


class AzureService(Service):
    """One resource, and its deployments."""

    package = "tarash.providers.azure_openai"
    prefixes = ("azure/", "azure-openai/", "openai/")
    aliases: ClassVar[Mapping[str, str]] = {}
    refusals = replace(REFUSALS, vendor="Azure OpenAI")
    image_families = AZURE_FAMILIES
    video_limits = AZURE_VIDEOS

    def wire_model(self, call: Call) -> str:
        """The deployment: its name is free, so it may differ from the model, which decides about parameters."""
        return str(call.options.get("deployment") or place_of(call).deployment or self.name_of(call.model))

    def url(self, call: Call, path: str) -> str:
        place = place_of(call)
        if not place.dated or path.startswith("videos"):
            return f"{place.resource}/openai/v1/{path}"
        deployment = path_of(self.wire_model(call), what="deployment")
        return f"{place.resource}/openai/deployments/{deployment}/{path}"

    def query(self, call: Call, path: str) -> Sequence[tuple[str, str]]:
        place = place_of(call)
        sent = place.version and not (place.dated and path.startswith("videos"))
        return (("api-version", str(place.version)),) if sent else ()
