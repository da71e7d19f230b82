"""Google: the Gemini API with a key, Vertex AI with a project. One provider, because models and bodies are the same."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from functools import lru_cache
from importlib import resources

from pydantic_core import from_json

from tarash.providers.google.contents import Images, Speech
from tarash.providers.google.credentials import fetch_token
from tarash.providers.google.errors import google_error
from tarash.providers.google.places import (
    GEMINI_URL,
    STORAGE_URL,
    check_names,
    location_of,
    model_name,
    on_vertex,
    vertex_url,
)
from tarash.providers.google.tables import DEFAULT_MODELS, OPTIONS, SUCCESSORS
from tarash.providers.google.videos import Videos
from tarash.tarash_gateway.exceptions import TarashException, ValidationError
from tarash.tarash_gateway.messages import Response, Step
from tarash.tarash_gateway.models import GenerationConfig, Kind
from tarash.tarash_gateway.providers.base import Call, Credentials, KeyHeader, ModelInfo, Operation, Provider


class GoogleProvider(Provider):
    """Google. Options (`provider_config`): see `tables.OPTIONS`."""

    id = "google"
    key_variables = ("GOOGLE_API_KEY", "GEMINI_API_KEY")
    key_header = KeyHeader("x-goog-api-key", "{}")
    base_url = GEMINI_URL
    default_models = DEFAULT_MODELS
    reserved_params = frozenset({"webhook_config", "local"})
    operations: Mapping[Kind, Operation] = {"video": Videos(), "image": Images(), "tts": Speech()}

    def wants_key(self, config: GenerationConfig) -> bool:
        return not config.provider_config.get("gcp_project")

    def default_base_url(self, config: GenerationConfig) -> str:
        keyless = config.api_key is None and not self.wants_key(config)
        return vertex_url(location_of(config.provider_config)) if keyless else GEMINI_URL

    def trusted_origins(self, call: Call) -> Sequence[str]:
        """Results on Vertex AI lie in Cloud Storage, which takes the same token."""
        return (str(call.options.get("storage_url") or STORAGE_URL),) if on_vertex(call) else ()

    def authenticate(self, call: Call, key: str | None) -> Step[Credentials]:
        return fetch_token(call) if on_vertex(call) else super().authenticate(call, key)

    def check(self, call: Call) -> None:
        check_names(call)
        unknown = set(call.options) - OPTIONS
        if unknown:
            raise ValidationError(
                f"provider_config has options that Google does not know: {', '.join(sorted(unknown))}."
            )
        if not isinstance(call.options.get("inline_bytes", 0), int):
            raise ValidationError("provider_config['inline_bytes'] must be a number of bytes.")
        bucket = call.options.get("output_gcs_uri")
        if bucket is not None and not str(bucket).startswith("gs://"):
            raise ValidationError("provider_config['output_gcs_uri'] must look like gs://bucket/folder.")

    def find_model(self, model: str, kind: Kind) -> ModelInfo | None:
        name = model_name(model)
        return next((info for info in known_models() if info.id == name and kind in info.kinds), None)

    def known_models(self) -> Iterable[ModelInfo]:
        return known_models()

    def error(self, response: Response) -> TarashException | None:
        return google_error(response)

    def advice(self, call: Call) -> str:
        name = model_name(call.model)
        successor = next((new for old, new in SUCCESSORS.items() if name.startswith(old) and new != name), None)
        return f" Its successor is {successor}." if successor else ""


@lru_cache(maxsize=1)
def known_models() -> Sequence[ModelInfo]:
    """The models of the JSON table, read when they are first asked for."""
    rows = from_json((resources.files("tarash.providers.google") / "models.json").read_bytes())
    return tuple(ModelInfo(**row) for row in rows)
