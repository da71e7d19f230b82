"""Which of fal's hosts and operations a request is meant for."""

import re
from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Literal
from urllib.parse import unquote

from tarash.testkit.fal.jobs import app_of
from tarash.testkit.requests import RecordedRequest

Role = Literal["queue", "run", "rest", "cdn", "openapi", "platform"]

ROLES: tuple[Role, ...] = ("queue", "run", "rest", "cdn", "openapi", "platform")

VENDOR_ORIGINS: dict[str, Role] = {
    "https://queue.fal.run": "queue",
    "https://fal.run": "run",
    "https://rest.fal.ai": "rest",
    "https://v3.fal.media": "cdn",
    "https://fal.ai": "openapi",
    "https://api.fal.ai": "platform",
    "https://queue.falrun.com": "queue",
    "https://falrun.com": "run",
}
"""fal's own hosts, and the fallback domains of fal-client 1.0.3; the first of each role is the one named in answers."""

RUN_PREFIX = "/run"
"""Where the synchronous host is found when all hosts share one origin: a submit and a call look the same otherwise."""

_SHARED: tuple[tuple[str, Role], ...] = (
    (RUN_PREFIX + "/", "run"),
    ("/storage/", "rest"),
    ("/.well-known/", "rest"),
    ("/files/", "cdn"),
    ("/upload/", "cdn"),
    ("/api/openapi/", "openapi"),
    ("/v1/models", "platform"),
)

_PATTERNS: tuple[tuple[Role, str, str, str], ...] = (
    ("queue", "GET", r"/(?P<app>.+)/requests/(?P<id>[^/]+)/status", "status"),
    ("queue", "GET", r"/(?P<app>.+)/requests/(?P<id>[^/]+)/status/stream", "stream"),
    ("queue", "GET", r"/(?P<app>.+)/requests/(?P<id>[^/]+)", "result"),
    ("queue", "PUT", r"/(?P<app>.+)/requests/(?P<id>[^/]+)/cancel", "cancel"),
    ("queue", "POST", r"/(?P<endpoint>.+)", "submit"),
    ("run", "POST", r"/(?P<endpoint>.+)/stream", "run_stream"),
    ("run", "POST", r"/(?P<endpoint>.+)", "run"),
    ("rest", "POST", r"/storage/auth/token", "token"),
    ("rest", "POST", r"/storage/upload/(?P<how>initiate|initiate-multipart)", "initiate"),
    ("rest", "GET", r"/\.well-known/jwks\.json", "jwks"),
    ("cdn", "POST", r"/files/upload", "upload"),
    ("cdn", "POST", r"/files/upload/multipart", "begin_parts"),
    ("cdn", "PUT", r"(?P<file>/files/.+)/multipart/(?P<id>[^/]+)/(?P<part>[1-9][0-9]*)", "upload_part"),
    ("cdn", "POST", r"(?P<file>/files/.+)/multipart/(?P<id>[^/]+)/complete", "complete_parts"),
    ("cdn", "PUT", r"/upload/(?P<id>[^/]+)", "put"),
    ("cdn", "PUT", r"/upload/(?P<id>[^/]+)/(?P<part>[1-9][0-9]*)", "put_part"),
    ("cdn", "POST", r"/upload/(?P<id>[^/]+)/complete", "complete_put"),
    ("cdn", "GET", r"(?P<file>/files/.+)", "download"),
    ("cdn", "HEAD", r"(?P<file>/files/.+)", "download"),
    ("openapi", "GET", r"/api/openapi/queue/openapi\.json", "openapi"),
    ("platform", "GET", r"/v1/models", "models"),
    ("platform", "GET", r"/v1/models/pricing", "pricing"),
)

_COMPILED = tuple((role, method, re.compile(pattern), action) for role, method, pattern, action in _PATTERNS)

_OPERATIONS = {
    "put": "upload",
    "upload_part": "upload",
    "put_part": "upload",
    "begin_parts": "initiate",
    "complete_parts": "complete",
    "complete_put": "complete",
}
"""Under which name a fault is scripted for an action, where it is another one."""

OPERATIONS = frozenset(_OPERATIONS.get(action, action) for _, _, _, action in _PATTERNS)


@dataclass(frozen=True)
class Call:
    """A request that was understood: the host it is for, what is to be done, and the names in its path (decoded)."""

    request: RecordedRequest
    role: Role
    action: str
    names: Mapping[str, str]

    @property
    def operation(self) -> str:
        return _OPERATIONS.get(self.action, self.action)


@dataclass(frozen=True)
class Addresses:
    """The base URLs of a simulator's hosts. Links in answers lead where the request came from: here, or to fal."""

    bases: Mapping[Role, str]
    shared: bool

    def base(self, role: Role, asked: RecordedRequest) -> str:
        if asked.origin in VENDOR_ORIGINS:
            return next(origin for origin, known in VENDOR_ORIGINS.items() if known == role)
        return self.bases[role]

    def read(self, request: RecordedRequest) -> Call | None:
        """What a request asks for, or None when fal has nothing like it."""
        role, path = self._role_and_path(request)
        for known_role, method, pattern, action in _COMPILED:
            if (known_role, method) == (role, request.method) and (match := pattern.fullmatch(path)):
                names = {name: unquote(value) for name, value in match.groupdict().items()}
                return _checked(Call(request, role, action, names))
        return None

    def _role_and_path(self, request: RecordedRequest) -> tuple[Role, str]:
        vendor_role = VENDOR_ORIGINS.get(request.origin)
        if vendor_role is not None:
            return vendor_role, request.path
        if not self.shared:
            return next(role for role in ROLES if self.bases[role] == request.origin), request.path
        for prefix, role in _SHARED:
            if request.path.startswith(prefix):
                return role, request.path.removeprefix(RUN_PREFIX)
        return "queue", request.path


def _checked(call: Call) -> Call | None:
    endpoint = call.names.get("endpoint")
    if endpoint is not None:
        segments = endpoint.split("/")
        if not 2 <= len(segments) <= 7 or not all(segments):
            return None
        return replace(call, names={**call.names, "app": app_of(endpoint)})
    return call
