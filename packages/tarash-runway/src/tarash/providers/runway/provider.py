"""Runway: video, images and speech, all of them tasks that are waited for."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence

from tarash.providers.runway.catalogue import find, known_models
from tarash.providers.runway.errors import runway_error
from tarash.providers.runway.speech import VOICES, conversion_mapping, speech_mapping
from tarash.providers.runway.tasks import Tasks, visual_mapping
from tarash.tarash_gateway.exceptions import TarashException
from tarash.tarash_gateway.messages import Response
from tarash.tarash_gateway.models import Kind, Voice
from tarash.tarash_gateway.providers.base import ModelInfo, Operation, Provider
from tarash.tarash_gateway.providers.voices import fixed_voices


class RunwayProvider(Provider):
    """Runway. Options (`provider_config`): `endpoint` (where a model has several), `allow_http`."""

    id = "runway"
    key_variables = ("RUNWAYML_API_SECRET",)
    base_url = "https://api.dev.runwayml.com"
    base_url_variables = ("RUNWAYML_BASE_URL",)
    default_models: Mapping[Kind, str] = {
        "video": "gen4.5",
        "image": "gen4_image",
        "tts": "eleven_multilingual_v2",
        "sts": "eleven_multilingual_sts_v2",
    }
    reserved_params = frozenset({"model"})
    options = frozenset({"endpoint", "allow_http"})
    not_accepted = frozenset({429, 503})
    # A model that is gone is refused like a wrong value.
    model_unknown = frozenset({400, 404, 405})
    operations: Mapping[Kind, Operation] = {
        "video": Tasks(visual_mapping),
        "image": Tasks(visual_mapping),
        "tts": Tasks(speech_mapping),
        "sts": Tasks(conversion_mapping),
    }

    def known_models(self) -> Iterable[ModelInfo]:
        return known_models()

    def known_voices(self, model: str | None) -> Sequence[Voice]:
        return fixed_voices(VOICES)

    def find_model(self, model: str, kind: Kind) -> ModelInfo | None:
        info = find(model, kind).info
        return info if info.id == model else None

    def error(self, response: Response) -> TarashException | None:
        return runway_error(response)
