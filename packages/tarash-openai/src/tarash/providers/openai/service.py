"""Where the interface is served, and under which names: what OpenAI and Azure do not have in common.

Sources of the models: types of openai 3.52 and 3.54 (PyPI), the vendor's list of deprecations as read by llm-sunset
0.3.1 and litellm 1.109.1; all of 2026-11.
"""

from __future__ import annotations

import os
from collections.abc import Mapping, Sequence
from typing import Any, ClassVar

from tarash.providers.openai.errors import REFUSALS
from tarash.providers.openai.image_mappings import FAMILIES, Family
from tarash.providers.openai.video_mappings import VIDEOS, VideoLimits
from tarash.tarash_gateway.exceptions import ValidationError
from tarash.tarash_gateway.messages import Body, Request, Response
from tarash.tarash_gateway.providers.base import Call, ModelInfo
from tarash.tarash_gateway.providers.catalogues import bundled_json, bundled_models, without_prefix
from tarash.tarash_gateway.providers.refusals import Refusals

REQUEST_IDS = ("x-request-id", "apim-request-id")


class Service:
    """OpenAI itself, and whatever speaks like it behind another `base_url`."""

    package: ClassVar[str] = "tarash.providers.openai"
    """Where the file of the models is."""
    prefixes: ClassVar[Sequence[str]] = ("openai/",)
    aliases: ClassVar[Mapping[str, str]] = {"sora": "sora-2", "sora-pro": "sora-2-pro"}
    """Older names in tarash's own pages."""
    refusals: ClassVar[Refusals] = REFUSALS
    image_families: ClassVar[Mapping[str, Family]] = FAMILIES
    video_limits: ClassVar[Mapping[str, VideoLimits]] = VIDEOS

    @property
    def name(self) -> str:
        return self.refusals.vendor

    @property
    def models(self) -> Sequence[ModelInfo]:
        return bundled_models(self.package)

    def name_of(self, model: str) -> str:
        """The vendor's own name of a model, which decides about its parameters."""
        name = without_prefix(model, self.prefixes)
        return self.aliases.get(name, name)

    def family(self, call: Call) -> str:
        """The name under which a model's mapping is looked up: its own, unless the file of the models names another."""
        name = self.name_of(call.model)
        rows = bundled_json(self.package, "models.json")
        return next((row["family"] for row in rows if row["id"] == name and "family" in row), name)

    def wire_model(self, call: Call) -> str:
        """What `model` says in a request."""
        return self.name_of(call.model)

    def url(self, call: Call, path: str) -> str:
        return f"{call.base_url}/{path}"

    def query(self, call: Call, path: str) -> Sequence[tuple[str, str]]:
        return ()

    def request(self, call: Call, method: str, path: str, **further: Any) -> Request:
        return Request(method, self.url(call, path), query=self.query(call, path), **further)

    def paid(self, call: Call, path: str, body: Body, **limits: Any) -> Request:
        """The one paid request of a job. Without a `timeout` it may take the job's whole time."""
        return self.request(call, "POST", path, body=body, billable=True, **limits)


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
