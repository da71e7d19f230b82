"""Where the interface is served, and under which names: what OpenAI and Azure do not have in common."""

from __future__ import annotations

import os
from collections.abc import Mapping, Sequence
from typing import Any, ClassVar

from tarash.providers.openai.image_mappings import FAMILIES, Family
from tarash.providers.openai.models import Catalogue, plain_name
from tarash.providers.openai.video_mappings import VIDEOS, VideoLimits
from tarash.tarash_gateway.exceptions import ValidationError
from tarash.tarash_gateway.messages import Body, Request, Response
from tarash.tarash_gateway.providers.base import Call

REQUEST_IDS = ("x-request-id", "apim-request-id")


class Service:
    """OpenAI itself, and whatever speaks like it behind another `base_url`."""

    name: ClassVar[str] = "OpenAI"
    image_families: ClassVar[Mapping[str, Family]] = FAMILIES
    video_limits: ClassVar[Mapping[str, VideoLimits]] = VIDEOS
    catalogue: ClassVar[Catalogue] = Catalogue("tarash.providers.openai")

    def name_of(self, model: str) -> str:
        """The vendor's own name of a model, which decides about its parameters."""
        return plain_name(model)

    def capability(self, call: Call) -> str:
        return self.name_of(call.model)

    def family(self, call: Call) -> str:
        return self.catalogue.family(self.capability(call))

    def wire_model(self, call: Call) -> str:
        """What `model` says in a request."""
        return self.capability(call)

    def url(self, call: Call, path: str) -> str:
        return f"{call.base_url}/{path}"

    def query(self, call: Call, path: str) -> Sequence[tuple[str, str]]:
        return ()

    def get(self, call: Call, path: str) -> Request:
        return Request("GET", self.url(call, path), query=self.query(call, path))

    def delete(self, call: Call, path: str, accept: frozenset[int]) -> Request:
        return Request("DELETE", self.url(call, path), query=self.query(call, path), accept=accept)

    def post(self, call: Call, path: str, body: Body, **limits: Any) -> Request:
        """The one paid request of a job. Without a `timeout` it may take the job's whole time."""
        query = self.query(call, path)
        return Request("POST", self.url(call, path), query=query, body=body, billable=True, **limits)


def setting(call: Call, option: str, variable: str) -> str | None:
    """A setting from `provider_config`, else from the environment as the vendor's SDK reads it.

    Raises `ValidationError` for what could not stand in a header.
    """
    value = call.options.get(option) or os.environ.get(variable, "").strip() or None
    if value is not None and not (isinstance(value, str) and value.isascii() and value.isprintable()):
        raise ValidationError(f"{option} (or {variable}) must be plain text in one line.")
    return value


def about(answer: Response) -> dict[str, Any]:
    """The vendor's id of a request, for support."""
    found = next((answer.headers[name] for name in REQUEST_IDS if name in answer.headers), None)
    return {"vendor_request_id": found} if found else {}
