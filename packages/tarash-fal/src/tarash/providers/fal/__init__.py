"""The fal provider of tarash."""

from collections.abc import Mapping

from tarash.providers.fal.provider import FalProvider
from tarash.tarash_gateway.hookspecs import hookimpl

__all__ = ["FalProvider", "plugin"]


class _Plugin:
    @hookimpl
    def tarash_providers(self) -> Mapping[str, FalProvider]:
        return {"fal": FalProvider()}


plugin = _Plugin()
