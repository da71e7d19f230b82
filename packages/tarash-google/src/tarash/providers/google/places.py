"""Where requests go: the Gemini API, or Vertex AI for a project.

Sources: hosts and paths of google-genai 3.4.0 as seen on the wire, 2026-11.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any

from tarash.providers.google.vertex.regions import parent
from tarash.tarash_gateway.exceptions import ValidationError
from tarash.tarash_gateway.messages import Json, Request
from tarash.tarash_gateway.providers.base import Call, path_of
from tarash.tarash_gateway.providers.catalogues import without_prefix

GEMINI_URL = "https://generativelanguage.googleapis.com"
GEMINI_VERSION, VERTEX_VERSION = "v1beta", "v1beta1"
MAX_ANSWER_BYTES = 512 * 1024 * 1024
"""Videos may come inside an answer, as base64."""

INLINE: Any = {"max_bytes": MAX_ANSWER_BYTES, "timeout": 120.0}
_NAME_PREFIXES = ("publishers/google/models/", "models/", "google/")
_MODEL = re.compile(r"[A-Za-z0-9][A-Za-z0-9._@-]*\Z")


def on_vertex(call: Call) -> bool:
    """Vertex AI is meant by a project without a key; a key is the Gemini API's."""
    return not call.has_key and bool(call.options.get("gcp_project"))


def model_name(model: str) -> str:
    """The vendor's own name: `google/veo-3.1-generate-001` and `models/…` mean the same."""
    return without_prefix(model, _NAME_PREFIXES)


def check_names(call: Call) -> None:
    """Refuse names that would lead elsewhere. Raises `ValidationError`."""
    if not _MODEL.match(model_name(call.model)):
        raise ValidationError(f"A Google model id consists of letters, digits, '.', '_', '-', '@', not {call.model!r}.")
    root(call)


def root(call: Call) -> str:
    """The URL under which everything of this account lies."""
    version = path_of(call.api_version or (VERTEX_VERSION if on_vertex(call) else GEMINI_VERSION), what="api_version")
    return f"{call.base_url}/{version}{f'/{parent(call)}' if on_vertex(call) else ''}"


def model_url(call: Call, method: str) -> str:
    publisher = "publishers/google/" if on_vertex(call) else ""
    return f"{root(call)}/{publisher}models/{path_of(model_name(call.model))}:{method}"


def paid(url: str, body: Mapping[str, Any]) -> Request:
    """The one paid request of a job."""
    return Request("POST", url, body=Json(body), billable=True, max_bytes=MAX_ANSWER_BYTES)


def bucket_of(call: Call) -> str | None:
    """Where the caller wants his outputs; only Vertex AI can put them there."""
    return call.options.get("output_gcs_uri") if on_vertex(call) else None
