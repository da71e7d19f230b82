"""The Replicate provider of tarash."""

from collections.abc import Mapping

from tarash.providers.replicate.provider import ReplicateProvider
from tarash.tarash_gateway.hookspecs import hookimpl

__all__ = ["ReplicateProvider", "plugin"]


class _Plugin:
    @hookimpl
    def tarash_providers(self) -> Mapping[str, ReplicateProvider]:
        return {"replicate": ReplicateProvider()}


plugin = _Plugin()
