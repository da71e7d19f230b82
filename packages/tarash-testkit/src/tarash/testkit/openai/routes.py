"""Which operation a request asks for, and at which of the addresses: OpenAI's own, or one of Azure's two families."""

import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Literal
from urllib.parse import unquote

from tarash.testkit.requests import RecordedRequest

Door = Literal["openai", "azure-v1", "azure-dated", "files"]

_DOORS: tuple[tuple[Door, re.Pattern[str]], ...] = (
    ("openai", re.compile(r"/v1/(?P<rest>.+)")),
    ("azure-v1", re.compile(r"/openai/v1/(?P<rest>.+)")),
    ("azure-dated", re.compile(r"/openai/deployments/(?P<deployment>[^/]+)/(?P<rest>.+)")),
    ("files", re.compile(r"/(?P<rest>files/.+)")),
)
_OPERATIONS = tuple(
    (method, re.compile(pattern), name)
    for method, pattern, name in (
        ("POST", "images/generations", "generate"),
        ("POST", "images/edits", "edit_image"),
        ("POST", "audio/speech", "speech"),
        ("POST", "videos", "create"),
        ("GET", "videos", "list"),
        ("POST", "videos/edits", "edit"),
        ("POST", "videos/extensions", "extend"),
        ("POST", r"videos/(?P<id>[^/]+)/remix", "remix"),
        ("GET", r"videos/(?P<id>[^/]+)/content", "content"),
        ("GET", r"videos/(?P<id>[^/]+)", "retrieve"),
        ("DELETE", r"videos/(?P<id>[^/]+)", "delete"),
        ("GET", r"files/(?P<id>.+)", "download"),
    )
)
OPERATIONS = frozenset(name for _, _, name in _OPERATIONS)
_DATED = re.compile(r"\d{4}-\d{2}-\d{2}(-preview)?")


@dataclass(frozen=True)
class Call:
    """A request that was understood."""

    request: RecordedRequest
    door: Door
    operation: str
    names: Mapping[str, str]

    @property
    def at_azure(self) -> bool:
        return self.door.startswith("azure")


def read(request: RecordedRequest) -> Call | None:
    """What a request asks for; None where the vendor has nothing."""
    for door, pattern in _DOORS:
        found = pattern.fullmatch(request.path)
        if found and _version_fits(door, request.query_value("api-version")):
            return _operation(request, door, found.groupdict())
    return None


def _version_fits(door: Door, version: str | None) -> bool:
    if door == "azure-dated":
        return version is not None and _DATED.fullmatch(version) is not None
    return door != "azure-v1" or version in (None, "v1", "preview")


def _operation(request: RecordedRequest, door: Door, names: Mapping[str, str]) -> Call | None:
    for method, pattern, name in _OPERATIONS:
        found = pattern.fullmatch(names["rest"])
        exists = door != "azure-dated" or not names["rest"].startswith("videos")
        if found and method == request.method and exists:
            every = {**names, **found.groupdict()}
            return Call(request, door, name, {key: unquote(value) for key, value in every.items()})
    return None
