"""Azure OpenAI (Microsoft Foundry): OpenAI's interface at a resource of one's own, with deployments and Entra ID.

Source: learn.microsoft.com, pages on authentication and content filtering, read 2026-11.
"""

from __future__ import annotations

import os
from collections.abc import Mapping
from typing import Any, ClassVar

from tarash.providers.azure_openai.service import AzureService, place_of
from tarash.providers.openai.provider import OPTIONS, OpenAIProvider, operations_of
from tarash.providers.openai.service import Service
from tarash.tarash_gateway.exceptions import ValidationError
from tarash.tarash_gateway.messages import Step
from tarash.tarash_gateway.models import Kind
from tarash.tarash_gateway.models.config import clean_key
from tarash.tarash_gateway.providers.asking import ask_caller
from tarash.tarash_gateway.providers.base import Call, Credentials, path_of

TOKEN, TOKEN_SOURCE, TOKEN_VARIABLE = "azure_ad_token", "azure_ad_token_provider", "AZURE_OPENAI_AD_TOKEN"
TOKEN_SECONDS = 600.0
"""A token from a function is asked for again after this time, and when it is refused: such functions keep their own."""

IMAGE_FORMATS = ("png", "jpeg")
NO_CREDENTIALS = (
    f"There is no key for azure-openai: pass api_key or set AZURE_OPENAI_API_KEY. For Entra ID give "
    f"provider_config[{TOKEN_SOURCE!r}] (a function that returns a token), [{TOKEN!r}], or set {TOKEN_VARIABLE}."
)


class AzureOpenAIProvider(OpenAIProvider):
    """Azure OpenAI. Options (`provider_config`) beside OpenAI's: `deployment`, and the two for Entra tokens."""

    id = "azure-openai"
    key_variables = ("AZURE_OPENAI_API_KEY",)
    key_required = False
    base_url = ""
    base_url_variables = ("AZURE_OPENAI_ENDPOINT",)
    # Deployments have names of their own, so there is none that everybody has.
    default_models: Mapping[Kind, str] = {}
    service: ClassVar[Service] = AzureService()
    operations = operations_of(service)
    options = (OPTIONS - {"webhook_secret", "project"}) | {"deployment", TOKEN, TOKEN_SOURCE}

    def authenticate(self, call: Call, key: str | None) -> Step[Credentials]:
        account = self.account_headers(call)
        if TOKEN_SOURCE in call.options:
            return _with_token((yield from ask_caller(TOKEN_SOURCE)), account, TOKEN_SECONDS)
        token = call.options.get(TOKEN) or _token_of_environment(key)
        return _with_token(token, account) if token else Credentials({"api-key": str(key), **account})

    def check(self, call: Call) -> None:
        super().check(call)
        if TOKEN in call.options and TOKEN_SOURCE in call.options:
            raise ValidationError(f"Give either {TOKEN} or {TOKEN_SOURCE}, not both.")
        if not callable(call.options.get(TOKEN_SOURCE, str)):
            raise ValidationError(f"{TOKEN_SOURCE} must be a function without arguments that returns a token.")
        if not (call.has_key or call.options.get(TOKEN) or TOKEN_SOURCE in call.options or _token_of_environment(None)):
            raise ValidationError(NO_CREDENTIALS)
        place_of(call)
        path_of(self.service.wire_model(call), what="deployment")
        _check_format(call.request)


def _token_of_environment(key: str | None) -> str | None:
    """The environment's token, which wins over a key of the environment, but not over one given in the code."""
    given_in_code = key is not None and key != os.environ.get("AZURE_OPENAI_API_KEY", "").strip()
    return None if given_in_code else os.environ.get(TOKEN_VARIABLE, "").strip() or None


def _with_token(token: Any, account: Mapping[str, str], lifetime: float | None = None) -> Credentials:
    try:
        clean = clean_key(token) if isinstance(token, str) else None
    except ValueError:
        clean = None
    if clean is None:
        raise ValidationError("The Entra token is no token: it is empty, or holds a blank or a line break.")
    return Credentials({"Authorization": f"Bearer {clean}", **account}, lifetime, clean)


def _check_format(request: Any) -> None:
    wanted = getattr(request, "extra_params", {}).get("output_format")
    if isinstance(wanted, str) and wanted not in IMAGE_FORMATS:
        raise ValidationError(f"Azure OpenAI makes images as {' or '.join(IMAGE_FORMATS)}, not {wanted}.")
