"""The ElevenLabs provider of tarash."""

from collections.abc import Mapping

from tarash.providers.elevenlabs.provider import ElevenLabs
from tarash.tarash_gateway.hookspecs import hookimpl

__all__ = ["ElevenLabs", "plugin"]


class _Plugin:
    @hookimpl
    def tarash_providers(self) -> Mapping[str, ElevenLabs]:
        return {"elevenlabs": ElevenLabs()}


plugin = _Plugin()
