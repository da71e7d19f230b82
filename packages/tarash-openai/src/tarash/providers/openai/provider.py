"""OpenAI: images, video and speech. Retired models keep their ways, because compatible servers still speak them."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import ClassVar

from tarash.providers.openai.errors import openai_error
from tarash.providers.openai.images import Images
from tarash.providers.openai.service import Service, setting
from tarash.providers.openai.speech import VOICES, Speech
from tarash.providers.openai.videos import Videos
from tarash.tarash_gateway.exceptions import TarashException, ValidationError
from tarash.tarash_gateway.messages import Response, Step
from tarash.tarash_gateway.models import Kind, Voice
from tarash.tarash_gateway.providers.base import Call, Credentials, ModelInfo, Operation, Provider
from tarash.tarash_gateway.providers.voices import fixed_voices

ACCOUNT_HEADERS = {
    "organization": ("OpenAI-Organization", "OPENAI_ORG_ID"),
    "project": ("OpenAI-Project", "OPENAI_PROJECT_ID"),
}
MASK_FORMS = ("white", "transparent")


def operations_of(service: Service) -> Mapping[Kind, Operation]:
    return {"image": Images(service), "video": Videos(service), "tts": Speech(service)}


OPTIONS = frozenset({*ACCOUNT_HEADERS, "webhook_secret", "mask_form", "allow_http"})


class OpenAIProvider(Provider):
    """OpenAI. Options (`provider_config`): `organization`, `project`, `webhook_secret`, `mask_form`, `allow_http`."""

    id = "openai"
    key_variables = ("OPENAI_API_KEY",)
    base_url = "https://api.openai.com/v1"
    base_url_variables = ("OPENAI_BASE_URL",)
    default_models: Mapping[Kind, str] = {"image": "gpt-image-2.5-sunburst", "tts": "gpt-4o-mini-tts"}
    # Answers to these are streams of events, which nobody here reads.
    reserved_params = frozenset({"model", "stream", "partial_images", "stream_format"})
    service: ClassVar[Service] = Service()
    operations = operations_of(service)
    options = OPTIONS

    def authenticate(self, call: Call, key: str | None) -> Step[Credentials]:
        return Credentials({"Authorization": f"Bearer {key}", **self.account_headers(call)})
        yield

    def known_models(self) -> Iterable[ModelInfo]:
        return self.service.models

    def known_voices(self, model: str | None) -> Sequence[Voice]:
        return fixed_voices(VOICES)

    def name_of(self, model: str) -> str:
        return self.service.name_of(model)

    def check(self, call: Call) -> None:
        super().check(call)
        if call.options.get("mask_form", "white") not in MASK_FORMS:
            raise ValidationError(f"mask_form is one of {', '.join(MASK_FORMS)}.")
        self.account_headers(call)

    def account_headers(self, call: Call) -> dict[str, str]:
        """Which of the key's organisations and projects pays."""
        known = {option: names for option, names in ACCOUNT_HEADERS.items() if option in (self.options or ())}
        told = {header: setting(call, option, variable) for option, (header, variable) in known.items()}
        return {header: value for header, value in told.items() if value}

    def error(self, response: Response) -> TarashException | None:
        return openai_error(response, self.service.refusals)
