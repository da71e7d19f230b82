"""Where requests go: the Gemini API, or Vertex AI for a project; and what a job remembers of that.

Sources: hosts and paths of google-genai 3.4.0 as seen on the wire, 2026-11.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any

from pydantic import JsonValue

from tarash.tarash_gateway.exceptions import JobRejectedError, ValidationError
from tarash.tarash_gateway.messages import text_at
from tarash.tarash_gateway.providers.base import Call, path_of

GEMINI_URL = "https://generativelanguage.googleapis.com"
STORAGE_URL = "https://storage.googleapis.com"
GEMINI_VERSION, VERTEX_VERSION = "v1beta", "v1beta1"
DEFAULT_LOCATION = "us-central1"
MULTI_REGIONS = ("us", "eu")
_NAME_PREFIXES = ("publishers/google/models/", "models/", "google/")
_MODEL = re.compile(r"[A-Za-z0-9][A-Za-z0-9._@-]*\Z")
_LOCATION = re.compile(r"[a-z][a-z0-9-]*\Z")


def on_vertex(call: Call) -> bool:
    """Vertex AI is meant by a project without a key; a key is the Gemini API's."""
    return not call.has_key and bool(call.options.get("gcp_project"))


def location_of(options: Mapping[str, Any]) -> str:
    """The region or multi-region. It becomes part of a host's name, so nothing else may. Raises `ValidationError`."""
    location = options.get("location") or options.get("gcp_location") or DEFAULT_LOCATION
    if not isinstance(location, str) or not _LOCATION.match(location):
        raise ValidationError("provider_config['location'] must be a Google Cloud location, such as 'us-central1'.")
    return location


def vertex_url(location: str) -> str:
    if location == "global":
        return "https://aiplatform.googleapis.com"
    if location in MULTI_REGIONS:
        return f"https://aiplatform.{location}.rep.googleapis.com"
    return f"https://{location}-aiplatform.googleapis.com"


def model_name(model: str) -> str:
    """The vendor's own name: `google/veo-3.1-generate-001` and `models/…` mean the same."""
    return next((model.removeprefix(prefix) for prefix in _NAME_PREFIXES if model.startswith(prefix)), model)


def check_names(call: Call) -> None:
    """Refuse names that would lead elsewhere. Raises `ValidationError`."""
    if not _MODEL.match(model_name(call.model)):
        raise ValidationError(f"A Google model id consists of letters, digits, '.', '_', '-', '@', not {call.model!r}.")
    root(call)


def root(call: Call) -> str:
    """The URL under which everything of this account lies."""
    version = path_of(call.api_version or (VERTEX_VERSION if on_vertex(call) else GEMINI_VERSION), what="api_version")
    return f"{call.base_url}/{version}{f'/{_parent(call)}' if on_vertex(call) else ''}"


def model_url(call: Call, method: str) -> str:
    publisher = "publishers/google/" if on_vertex(call) else ""
    return f"{root(call)}/{publisher}models/{path_of(model_name(call.model))}:{method}"


def _parent(call: Call) -> str:
    project = path_of(str(call.options["gcp_project"]), what="gcp_project")
    return f"projects/{project}/locations/{location_of(call.options)}"


def job_state(call: Call, job_id: str) -> dict[str, JsonValue]:
    """What a job remembers. On Vertex AI nothing but the project tells whose it is: there is no key."""
    return {"id": job_id, "parent": _parent(call)} if on_vertex(call) else {"id": job_id}


def job_id(call: Call, state: JsonValue) -> str:
    """The vendor's id of a job. Raises `JobRejectedError` for a job of another project or location."""
    stored = state if isinstance(state, dict) else {}
    if stored.get("parent") != (_parent(call) if on_vertex(call) else None):
        raise JobRejectedError("The job belongs to another Google Cloud project or location than this configuration.")
    return text_at(stored, "id")
