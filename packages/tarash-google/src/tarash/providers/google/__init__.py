"""The Google provider of tarash: Gemini API and Vertex AI."""

from tarash.providers.google.provider import GoogleProvider
from tarash.tarash_gateway.hookspecs import ProviderPlugin

__all__ = ["GoogleProvider", "plugin"]

plugin = ProviderPlugin({"google": GoogleProvider()})
