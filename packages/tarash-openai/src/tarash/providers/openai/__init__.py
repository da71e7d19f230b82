"""The OpenAI provider of tarash."""

from collections.abc import Mapping

from tarash.providers.openai.provider import OpenAIProvider
from tarash.tarash_gateway.hookspecs import hookimpl

__all__ = ["OpenAIProvider", "plugin"]


class _Plugin:
    @hookimpl
    def tarash_providers(self) -> Mapping[str, OpenAIProvider]:
        return {"openai": OpenAIProvider()}


plugin = _Plugin()
