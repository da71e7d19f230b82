"""The Replicate provider of tarash."""

from tarash.providers.replicate.provider import ReplicateProvider
from tarash.tarash_gateway.hookspecs import ProviderPlugin

__all__ = ["ReplicateProvider", "plugin"]

plugin = ProviderPlugin({"replicate": ReplicateProvider()})
