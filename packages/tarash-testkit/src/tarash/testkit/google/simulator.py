"""The simulator of Google: all of its hosts on 127.0.0.1, with a virtual clock, scripted faults and a ledger."""

import json
import re
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

from tarash.testkit.clock import VirtualClock
from tarash.testkit.google import errors
from tarash.testkit.google.jobs import Job, Outcome
from tarash.testkit.google.oauth import (
    EMAIL,
    IAM_SCOPE,
    RUNNER_TOKEN,
    SCOPE,
    SUBJECT_FIELD,
    SUBJECT_TOKEN,
    Tokens,
    new_federation,
    new_service_account,
    new_user_login,
)
from tarash.testkit.google.services import Pace, Services
from tarash.testkit.google.storage import Storage, StoredFile
from tarash.testkit.ledger import Ledger
from tarash.testkit.requests import RecordedRequest
from tarash.testkit.steps import Answer, Played
from tarash.testkit.vendor import VendorSimulator

DEFAULT_KEY = "AIza-simulated-google-key"
PROJECT = "simulated-project"

_ROOT = r"/v1(?:beta1?)?(?:/projects/(?P<project>[^/]+)/locations/(?P<location>[^/]+))?"
_MODEL = _ROOT + r"(?:/publishers/google)?/models/(?P<model>[^/:]+)"
_ROUTES: tuple[tuple[str, str, str], ...] = (
    ("create", "POST", _ROOT + r"/interactions"),
    ("read", "GET", _ROOT + r"/interactions/(?P<id>[^/]+)"),
    ("delete", "DELETE", _ROOT + r"/interactions/(?P<id>[^/]+)"),
    ("cancel", "POST", _ROOT + r"/interactions/(?P<id>[^/]+)/cancel"),
    ("generate", "POST", _MODEL + r":generateContent"),
    ("stream", "POST", _MODEL + r":streamGenerateContent"),
    ("predict", "POST", _MODEL + r":predict"),
    ("start", "POST", _MODEL + r":predictLongRunning"),
    ("fetch", "POST", _MODEL + r":fetchPredictOperation"),
    ("operation", "GET", _MODEL + r"/operations/(?P<id>[^/]+)"),
    ("begin", "POST", r"/upload/v1(?:beta)?/files"),
    ("upload", "POST", r"/upload/session"),
    ("file", "GET", r"/v1(?:beta)?/files/(?P<file>[^/:]+)"),
    ("download", "GET", r"/v1(?:beta)?/files/(?P<file>[^/:]+):download"),
    ("object", "GET", r"/storage/v1/b/(?P<bucket>[^/]+)/o/(?P<object>[^/]+)"),
    ("token", "POST", r"/token"),
    ("federate", "POST", r"/v1/token"),
    ("subject", "GET", r"/identity/token"),
    ("impersonate", "POST", r"/v1/projects/-/serviceAccounts/(?P<email>[^/:]+):generateAccessToken"),
    ("metadata", "GET", r"/computeMetadata/v1/instance/service-accounts/default/token"),
)
_COMPILED = tuple((name, method, re.compile(pattern)) for name, method, pattern in _ROUTES)
_OPEN = frozenset({"upload", "token", "federate", "subject", "metadata"})
"""Requests that are made without credentials: their links or bodies prove who asks."""

_BY_TOKEN = frozenset({"object", "impersonate"})


class GoogleSimulator(VendorSimulator):
    """Google, for one `with` block: Gemini API, Vertex AI, Files API, Cloud Storage, token services, metadata server.

    Jobs run `run_seconds` of virtual time; for clients that wait in real time, `advance_per_poll` moves the clock
    after each poll. A finished video is unpacked for `file_seconds` more, an uploaded one for `unpack_seconds`. Tokens
    live `token_seconds`. The operations are those of `_ROUTES`.
    """

    provider = "google"
    operations = frozenset(name for name, _, _ in _ROUTES)

    def __init__(
        self,
        *,
        clock: VirtualClock | None = None,
        ledger: Ledger | None = None,
        key: str = DEFAULT_KEY,
        run_seconds: float = 0.0,
        file_seconds: float = 0.0,
        unpack_seconds: float = 0.0,
        advance_per_poll: float = 0.0,
        token_seconds: float = 3600.0,
        keep: int | None = None,
    ) -> None:
        super().__init__(key, clock, ledger, keep)
        self.storage = Storage(self.clock, self.ledger, unpack_seconds, advance_per_poll)
        self.tokens = Tokens(self.clock, token_seconds)
        pace = Pace(run_seconds, file_seconds, advance_per_poll)
        self.services = Services(self.clock, self.ledger, self.storage, pace)
        self._actions = self._find_actions()

    @property
    def url(self) -> str:
        """What a client takes for generativelanguage.googleapis.com, aiplatform and storage.googleapis.com alike."""
        return self.server.url

    # --- what a test arranges

    def next_outcome(self, outcome: Outcome, *, model: str | None = None, times: int = 1) -> None:
        """Let the next job, or the next `times`, of one model or of any go like this."""
        self.services.plans.extend([(model, outcome)] * times)

    def retire(self, model: str) -> None:
        self.services.retired.add(model)

    def forget(self, job_id: str) -> None:
        del self.services.jobs[job_id]

    def write_service_account(self, path: Path) -> Path:
        """A service account's file whose tokens come from here. Needs cryptography."""
        return _write(path, new_service_account(f"{self.url}/token"))

    def write_user_login(self, path: Path, **more: Any) -> Path:
        """A file as `gcloud auth application-default login` writes it, whose tokens come from here."""
        return _write(path, {**new_user_login(f"{self.url}/token"), **more})

    def write_impersonation(self, path: Path, source: Mapping[str, Any] | None = None, /, **more: Any) -> Path:
        """A file as gcloud writes it with `--impersonate-service-account`. The source is a user's login, or another."""
        info = {
            "type": "impersonated_service_account",
            "service_account_impersonation_url": self.impersonation_url,
            "source_credentials": dict(source or new_user_login(f"{self.url}/token")),
            "delegates": [],
        }
        return _write(path, {**info, **more})

    def write_federation(self, path: Path, source: Mapping[str, Any] | None = None, /, **more: Any) -> Path:
        """The file of a foreign identity (`external_account`). Its token is in a file beside it, or in `source`."""
        beside = path.with_suffix(".token")
        beside.write_text(SUBJECT_TOKEN, encoding="utf-8")
        return _write(path, {**new_federation(self.url, source or {"file": str(beside)}), **more})

    @property
    def impersonation_url(self) -> str:
        """Where the token of the simulated account is asked for by others."""
        return f"{self.url}/v1/projects/-/serviceAccounts/{EMAIL}:generateAccessToken"

    def subject_source(self, form: str = "text") -> dict[str, Any]:
        """A `credential_source` at this simulator: its address and headers, for "text" or "json"."""
        named = {"subject_token_field_name": SUBJECT_FIELD} if form == "json" else {}
        return {
            "url": f"{self.url}/identity/token?format={form}",
            "headers": {"Authorization": f"Bearer {RUNNER_TOKEN}"},
            "format": {"type": form, **named},
        }

    # --- what a test looks at

    @property
    def jobs(self) -> list[Job]:
        """Every job that was accepted and not deleted, oldest first."""
        return list(self.services.jobs.values())

    @property
    def files(self) -> list[StoredFile]:
        return list(self.storage.files.values())

    # --- answering

    def operation_of(self, request: RecordedRequest) -> str | None:
        return _read(request)[0]

    def handle(self, request: RecordedRequest) -> Played:
        action, names = _read(request)
        if action is None:
            return Answer(404, {"Content-Type": "text/html"}, "<html><title>Error 404 (Not Found)!!1</title></html>")
        refused = self._judge(request, action, names)
        return refused or self._actions[action](request, names)

    def _judge(self, request: RecordedRequest, action: str, names: dict[str, str]) -> Answer | None:
        if action in _OPEN:
            return None
        if "project" in names or action in _BY_TOKEN:
            return self.tokens.judge(request, SCOPE, *([IAM_SCOPE] if action == "impersonate" else []))
        given = request.headers.get("x-goog-api-key") or request.query_value("key")
        if given is None:
            return errors.no_key()
        return None if given == self.key else errors.invalid_key()

    def _find_actions(self) -> dict[str, Callable[[RecordedRequest, dict[str, str]], Played]]:
        services, storage = self.services, self.storage
        return {
            "create": services.create,
            "read": services.read,
            "delete": services.delete,
            "cancel": services.cancel,
            "generate": services.generate,
            "stream": services.stream,
            "predict": services.predict,
            "start": services.start,
            "fetch": services.fetch,
            "operation": services.get_operation,
            "begin": storage.begin,
            "upload": storage.finish,
            "file": storage.describe,
            "download": storage.download,
            "object": storage.get_object,
            "token": lambda request, names: self.tokens.exchange(request),
            "federate": lambda request, names: self.tokens.exchange_subject(request),
            "subject": lambda request, names: self.tokens.hand_out_subject(request),
            "impersonate": lambda request, names: self.tokens.impersonate(request, names["email"]),
            "metadata": lambda request, names: self.tokens.from_metadata(request),
        }


def _write(path: Path, info: Mapping[str, Any]) -> Path:
    path.write_text(json.dumps(info), encoding="utf-8")
    return path


def _read(request: RecordedRequest) -> tuple[str | None, dict[str, str]]:
    for name, method, pattern in _COMPILED:
        match = pattern.fullmatch(request.path) if method == request.method else None
        if match is not None:
            return name, {key: value for key, value in match.groupdict().items() if value is not None}
    return None, {}
