"""The xAI provider of tarash."""

from collections.abc import Mapping

from tarash.providers.xai.provider import XaiProvider
from tarash.tarash_gateway.hookspecs import hookimpl

__all__ = ["XaiProvider", "plugin"]


class _Plugin:
    @hookimpl
    def tarash_providers(self) -> Mapping[str, XaiProvider]:
        return {"xai": XaiProvider()}


plugin = _Plugin()
