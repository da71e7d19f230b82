"""The Runway provider of tarash."""

from tarash.providers.runway.provider import RunwayProvider
from tarash.tarash_gateway.hookspecs import ProviderPlugin

__all__ = ["RunwayProvider", "plugin"]

plugin = ProviderPlugin({"runway": RunwayProvider()})
