"""The Stability AI provider of tarash."""

from collections.abc import Mapping

from tarash.providers.stability.provider import StabilityProvider
from tarash.tarash_gateway.hookspecs import hookimpl

__all__ = ["StabilityProvider", "plugin"]


class _Plugin:
    @hookimpl
    def tarash_providers(self) -> Mapping[str, StabilityProvider]:
        return {"stability": StabilityProvider()}


plugin = _Plugin()
