"""xAI: video, images and speech."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from tarash.providers.xai.errors import xai_error
from tarash.providers.xai.images import Images
from tarash.providers.xai.speech import VOICES, Speech
from tarash.providers.xai.videos import Videos
from tarash.tarash_gateway.exceptions import TarashException
from tarash.tarash_gateway.messages import Response
from tarash.tarash_gateway.models import Kind, Voice
from tarash.tarash_gateway.providers.base import Operation, Provider
from tarash.tarash_gateway.providers.voices import fixed_voices


class XaiProvider(Provider):
    """xAI. The only option (`provider_config`) is `allow_http`."""

    id = "xai"
    key_variables = ("XAI_API_KEY",)
    base_url = "https://api.x.ai/v1"
    default_models: Mapping[Kind, str] = {
        "video": "grok-imagine-video-1.5",
        "image": "grok-imagine-image-2.0",
        "tts": "tts",
    }
    catalogue = "tarash.providers.xai"
    reserved_params = frozenset({"model"})
    options = frozenset({"allow_http"})
    operations: Mapping[Kind, Operation] = {"video": Videos(), "image": Images(), "tts": Speech()}

    def known_voices(self, model: str | None) -> Sequence[Voice]:
        return fixed_voices(VOICES)

    def error(self, response: Response) -> TarashException | None:
        return xai_error(response)
