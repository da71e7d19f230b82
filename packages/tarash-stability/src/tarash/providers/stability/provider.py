"""Stability AI: images. Its service of video has ended, and it has no speech."""

from __future__ import annotations

from collections.abc import Mapping

from tarash.providers.stability.errors import stability_error
from tarash.providers.stability.images import ACCEPT, CLIENT_HEADERS, Images, vendor_name
from tarash.tarash_gateway.exceptions import TarashException, ValidationError
from tarash.tarash_gateway.messages import Response
from tarash.tarash_gateway.models import Kind
from tarash.tarash_gateway.providers.base import Call, Operation, Provider

LONGEST_HEADER = 256
OPTIONS: Mapping[str, tuple[type, ...]] = {
    "accept": (str,),
    "allow_http": (bool,),
    **dict.fromkeys(CLIENT_HEADERS, (str,)),
}


class StabilityProvider(Provider):
    """Stability AI.

    Options (`provider_config`): `accept` ("json" or "image"), `client_id`, `client_user_id`, `client_version`,
    `allow_http`.
    """

    id = "stability"
    key_variables = ("STABILITY_API_KEY",)
    base_url = "https://api.stability.ai"
    default_models: Mapping[Kind, str] = {"image": "stable-image-core"}
    catalogue = "tarash.providers.stability"
    reserved_params = frozenset({"model", "mode"})
    options = OPTIONS
    # A model that is gone may be refused like a wrong value.
    model_unknown = frozenset({400, 404, 405})
    operations: Mapping[Kind, Operation] = {"image": Images()}

    def name_of(self, model: str) -> str:
        return vendor_name(model)

    def check(self, call: Call) -> None:
        super().check(call)
        if call.options.get("accept", "json") not in ACCEPT:
            raise ValidationError(f"accept is one of {', '.join(ACCEPT)}.")
        for option in CLIENT_HEADERS:
            value = call.options.get(option, "")
            if len(value) > LONGEST_HEADER or not (value.isascii() and value.isprintable()):
                raise ValidationError(f"{option} must be plain text in one line, of up to {LONGEST_HEADER} characters.")

    def error(self, response: Response) -> TarashException | None:
        return stability_error(response)
