"""The Hume provider of tarash."""

from collections.abc import Mapping

from tarash.providers.hume.provider import Hume
from tarash.tarash_gateway.hookspecs import hookimpl

__all__ = ["Hume", "plugin"]


class _Plugin:
    @hookimpl
    def tarash_providers(self) -> Mapping[str, Hume]:
        return {"hume": Hume()}


plugin = _Plugin()
