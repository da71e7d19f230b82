"""The Google provider of tarash: Gemini API and Vertex AI."""

from collections.abc import Mapping

from tarash.providers.google.provider import GoogleProvider
from tarash.tarash_gateway.hookspecs import hookimpl

__all__ = ["GoogleProvider", "plugin"]


class _Plugin:
    @hookimpl
    def tarash_providers(self) -> Mapping[str, GoogleProvider]:
        return {"google": GoogleProvider()}


plugin = _Plugin()
