"""Google: the Gemini API with a key, Vertex AI with a project. One provider, because models and bodies are the same."""

from __future__ import annotations

import os
from collections.abc import Hashable, Mapping, Sequence

from tarash.providers.google.errors import google_error
from tarash.providers.google.gemini.contents import Images
from tarash.providers.google.gemini.interactions import Interactions
from tarash.providers.google.gemini.sounds import Speech
from tarash.providers.google.gemini.speech import VOICES
from tarash.providers.google.places import GEMINI_URL, check_names, model_name, on_vertex
from tarash.providers.google.tables import DEFAULT_MODELS, OPTIONS, SUCCESSORS
from tarash.providers.google.vertex.credentials import LOGIN_VARIABLES, fetch_token
from tarash.providers.google.vertex.imagen import Imagen
from tarash.providers.google.vertex.regions import STORAGE_URL, location_of, vertex_url
from tarash.providers.google.vertex.tokens import token_error
from tarash.providers.google.vertex.veo import LongRunning
from tarash.tarash_gateway.exceptions import TarashException, ValidationError
from tarash.tarash_gateway.messages import Response, Step
from tarash.tarash_gateway.models import GenerationConfig, Kind, Voice
from tarash.tarash_gateway.providers.base import Call, Credentials, KeyHeader, Operation, Provider
from tarash.tarash_gateway.providers.field_mappers import find_mapping
from tarash.tarash_gateway.providers.routing import ByModel
from tarash.tarash_gateway.providers.voices import fixed_voices


class GoogleProvider(Provider):
    """Google. Options (`provider_config`): see `tables.OPTIONS`."""

    id = "google"
    key_variables = ("GOOGLE_API_KEY", "GEMINI_API_KEY")
    key_header = KeyHeader("x-goog-api-key", "{}")
    base_url = GEMINI_URL
    catalogue = "tarash.providers.google"
    default_models = DEFAULT_MODELS
    reserved_params = frozenset({"webhook_config", "local"})
    options = OPTIONS
    operations: Mapping[Kind, Operation] = {
        "video": ByModel({"veo-": LongRunning(), "": Interactions()}, model_name),
        "image": ByModel({"imagen-": Imagen(), "": Images()}, model_name),
        "tts": Speech(),
    }

    def known_voices(self, model: str | None) -> Sequence[Voice]:
        return fixed_voices(VOICES)

    def wants_key(self, config: GenerationConfig) -> bool:
        return not config.provider_config.get("gcp_project")

    def default_base_url(self, config: GenerationConfig) -> str:
        keyless = config.api_key is None and not self.wants_key(config)
        return vertex_url(location_of(config.provider_config)) if keyless else GEMINI_URL

    def trusted_origins(self, call: Call) -> Sequence[str]:
        """Results on Vertex AI lie in Cloud Storage, which takes the same token."""
        return (str(call.options.get("storage_url") or STORAGE_URL),) if on_vertex(call) else ()

    def account(self, call: Call) -> Hashable:
        return tuple(map(os.environ.get, LOGIN_VARIABLES)) if on_vertex(call) else None

    def authenticate(self, call: Call, key: str | None) -> Step[Credentials]:
        return fetch_token(call) if on_vertex(call) else super().authenticate(call, key)

    def check(self, call: Call) -> None:
        super().check(call)
        check_names(call)
        if not call.options.get("output_gcs_uri", "gs://").startswith("gs://"):
            raise ValidationError("provider_config['output_gcs_uri'] must look like gs://bucket/folder.")

    def name_of(self, model: str) -> str:
        return model_name(model)

    def error(self, response: Response) -> TarashException | None:
        return token_error(response) or google_error(response)

    def advice(self, call: Call) -> str:
        name = model_name(call.model)
        successor = find_mapping(SUCCESSORS, name)
        return f" Its successor is {successor}." if successor and successor != name else ""
