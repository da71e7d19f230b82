"""The Sarvam provider of tarash."""

from collections.abc import Mapping

from tarash.providers.sarvam.provider import Sarvam
from tarash.tarash_gateway.hookspecs import hookimpl

__all__ = ["Sarvam", "plugin"]


class _Plugin:
    @hookimpl
    def tarash_providers(self) -> Mapping[str, Sarvam]:
        return {"sarvam": Sarvam()}


plugin = _Plugin()
