"""The fal provider of tarash."""

from tarash.providers.fal.provider import FalProvider
from tarash.tarash_gateway.hookspecs import ProviderPlugin

__all__ = ["FalProvider", "plugin"]

plugin = ProviderPlugin({"fal": FalProvider()})
