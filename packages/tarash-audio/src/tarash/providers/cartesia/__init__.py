"""The Cartesia provider of tarash."""

from collections.abc import Mapping

from tarash.providers.cartesia.provider import Cartesia
from tarash.tarash_gateway.hookspecs import hookimpl

__all__ = ["Cartesia", "plugin"]


class _Plugin:
    @hookimpl
    def tarash_providers(self) -> Mapping[str, Cartesia]:
        return {"cartesia": Cartesia()}


plugin = _Plugin()
