"""How Runway is asked: every path below /v1, and the version of the interface in a header."""

from __future__ import annotations

from typing import Any

from tarash.tarash_gateway.messages import Json, Request
from tarash.tarash_gateway.providers.base import Call

VERSION = "2024-11-06"
"""The same in every release of the vendor's SDK from 3.0 to 5.24; `api_version` takes its place."""


def api(call: Call, method: str, path: str, body: Json | None = None, **limits: Any) -> Request:
    headers = {"X-Runway-Version": call.api_version or VERSION}
    return Request(method, f"{call.base_url}/v1/{path}", headers=headers, body=body, **limits)
