"""Where things are on Vertex AI: its hosts (one for each region, and one for all), projects, and Cloud Storage."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any
from urllib.parse import quote, unquote

from tarash.tarash_gateway.exceptions import ValidationError
from tarash.tarash_gateway.providers.base import Call, path_of

STORAGE_URL = "https://storage.googleapis.com"
DEFAULT_LOCATION = "us-central1"
MULTI_REGIONS = ("us", "eu")
_LOCATION = re.compile(r"[a-z][a-z0-9-]*\Z")


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


def parent(call: Call) -> str:
    """The path of the project and location that a call belongs to."""
    project = path_of(str(call.options["gcp_project"]), what="gcp_project")
    return f"projects/{project}/locations/{location_of(call.options)}"


def storage_link(call: Call, uri: str) -> str:
    """Where Cloud Storage's JSON interface serves an object (gs://bucket/name)."""
    bucket, _, name = uri.removeprefix("gs://").partition("/")
    host = str(call.options.get("storage_url") or STORAGE_URL).rstrip("/")
    return f"{host}/storage/v1/b/{quote(bucket, safe='')}/o/{quote(unquote(name), safe='')}?alt=media"
