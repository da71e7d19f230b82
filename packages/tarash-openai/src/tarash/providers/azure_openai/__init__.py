"""The Azure OpenAI provider of tarash."""

from tarash.providers.azure_openai.provider import AzureOpenAIProvider
from tarash.tarash_gateway.hookspecs import ProviderPlugin

__all__ = ["AzureOpenAIProvider", "plugin"]

plugin = ProviderPlugin({"azure-openai": AzureOpenAIProvider()})
