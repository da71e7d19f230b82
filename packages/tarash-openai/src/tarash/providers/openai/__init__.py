"""The OpenAI provider of tarash."""

from tarash.providers.openai.provider import OpenAIProvider
from tarash.tarash_gateway.hookspecs import ProviderPlugin

__all__ = ["OpenAIProvider", "plugin"]

plugin = ProviderPlugin({"openai": OpenAIProvider()})
