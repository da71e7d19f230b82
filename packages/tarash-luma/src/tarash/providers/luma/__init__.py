"""The Luma provider of tarash."""

from collections.abc import Mapping

from tarash.providers.luma.provider import LumaProvider
from tarash.tarash_gateway.hookspecs import hookimpl

__all__ = ["LumaProvider", "plugin"]


class _Plugin:
    @hookimpl
    def tarash_providers(self) -> Mapping[str, LumaProvider]:
        return {"luma": LumaProvider()}


plugin = _Plugin()
