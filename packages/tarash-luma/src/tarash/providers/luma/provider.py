"""Luma: video and images, by the Agents API and by the Dream Machine API."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from tarash.providers.luma.errors import luma_error
from tarash.providers.luma.generations import AGENTS, DREAM_MACHINE, INTERFACES, Generations, called, interface_of
from tarash.tarash_gateway.exceptions import TarashException, ValidationError
from tarash.tarash_gateway.messages import Response
from tarash.tarash_gateway.models import GenerationConfig, Kind
from tarash.tarash_gateway.providers.base import Call, Operation, Provider

OPTIONS: dict[str, tuple[type, ...]] = {
    "api": (str,),
    "webhook_url": (str,),
    "cancel_by_deleting": (bool,),
    "allow_http": (bool,),
}


class LumaProvider(Provider):
    """Luma. Options (`provider_config`): `api`, `webhook_url`, `cancel_by_deleting`, `allow_http`."""

    id = "luma"
    key_variables = DREAM_MACHINE.key_variables
    base_url = AGENTS.base_url
    default_models: Mapping[Kind, str] = {"video": "ray-3.2", "image": "uni-1"}
    catalogue = "tarash.providers.luma"
    reserved_params = frozenset({"model"})
    options = OPTIONS
    # A model that is gone is refused like a wrong value.
    model_unknown = frozenset({400, 404, 405, 422})
    operations: Mapping[Kind, Operation] = {"video": Generations(), "image": Generations()}

    def key_variables_for(self, config: GenerationConfig) -> Sequence[str]:
        return interface_of(config.model, config.provider_config).key_variables

    def base_url_variables_for(self, config: GenerationConfig) -> Sequence[str]:
        return interface_of(config.model, config.provider_config).base_url_variables

    def default_base_url(self, config: GenerationConfig) -> str:
        return interface_of(config.model, config.provider_config).base_url

    def check(self, call: Call) -> None:
        super().check(call)
        here = called(call)
        foreign = {name for one in INTERFACES.values() for name in one.options & call.options.keys()} - here.options
        if foreign:
            told = ", ".join(sorted(foreign))
            raise ValidationError(f"The interface of {call.model} ({here.id}) has no {told}.")

    def error(self, response: Response) -> TarashException | None:
        return luma_error(response)
