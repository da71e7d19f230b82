"""The Runway provider of tarash."""

from collections.abc import Mapping

from tarash.providers.runway.provider import RunwayProvider
from tarash.tarash_gateway.hookspecs import hookimpl

__all__ = ["RunwayProvider", "plugin"]


class _Plugin:
    @hookimpl
    def tarash_providers(self) -> Mapping[str, RunwayProvider]:
        return {"runway": RunwayProvider()}


plugin = _Plugin()
