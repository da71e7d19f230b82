"""The Azure OpenAI provider of tarash."""

from collections.abc import Mapping

from tarash.providers.azure_openai.provider import AzureOpenAIProvider
from tarash.tarash_gateway.hookspecs import hookimpl

__all__ = ["AzureOpenAIProvider", "plugin"]


class _Plugin:
    @hookimpl
    def tarash_providers(self) -> Mapping[str, AzureOpenAIProvider]:
        return {"azure-openai": AzureOpenAIProvider()}


plugin = _Plugin()
