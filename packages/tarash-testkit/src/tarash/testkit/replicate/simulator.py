"""The simulator of Replicate on 127.0.0.1, with a virtual clock, scripted faults and a ledger."""

import base64
import hashlib
import hmac
import itertools
import json
import re
from collections.abc import Callable, Mapping
from datetime import UTC, datetime
from functools import partial
from typing import Any

from tarash.testkit.clock import VirtualClock
from tarash.testkit.jobs import Jobs
from tarash.testkit.ledger import Ledger
from tarash.testkit.media import mp4, png
from tarash.testkit.replicate import errors
from tarash.testkit.replicate.catalogue import MODELS, PublishedModel, judge, version_body
from tarash.testkit.replicate.predictions import TERMINAL, Prediction, PredictionOutcome, SignedWebhook
from tarash.testkit.requests import RecordedRequest
from tarash.testkit.steps import Answer, Delay, Played
from tarash.testkit.vendor import Refused, VendorSimulator

DEFAULT_KEY = "r8_simulatedTokenOfReplicate0123456789ab"
SECRET = "whsec_" + base64.b64encode(b"a secret of the simulator, 32 b.").decode()
MAX_FILE_BYTES = 100 * 1000 * 1000
BODY = {"input", "version", "webhook", "webhook_events_filter", "stream"}
EVENTS = {"start", "output", "logs", "completed"}

_ROUTES = tuple(
    (method, re.compile(pattern), name)
    for method, pattern, name in (
        ("POST", r"/v1/models/(?P<model>[^/]+/[^/]+)/predictions", "create"),
        ("POST", r"/v1/deployments/(?P<deployment>[^/]+/[^/]+)/predictions", "create"),
        ("POST", r"/v1/predictions", "create"),
        ("GET", r"/v1/predictions/(?P<id>[^/]+)", "get"),
        ("POST", r"/v1/predictions/(?P<id>[^/]+)/cancel", "cancel"),
        ("POST", r"/v1/files", "upload"),
        ("GET", r"/v1/files/(?P<id>[^/]+)", "file"),
        ("DELETE", r"/v1/files/(?P<id>[^/]+)", "delete_file"),
        ("GET", r"/v1/models/(?P<model>[^/]+/[^/]+)", "model"),
        ("GET", r"/v1/models/(?P<model>[^/]+/[^/]+)/versions/(?P<version>[^/]+)", "version"),
        ("GET", r"/v1/webhooks/default/secret", "secret"),
        ("GET", r"/delivery/(?P<name>[^/]+)", "download"),
    )
)
OPERATIONS = frozenset(name for _, _, name in _ROUTES)


class ReplicateSimulator(VendorSimulator):
    """Replicate, for one `with` block. Predictions wait `queue_seconds` and run `run_seconds` of virtual time."""

    provider = "replicate"
    operations = OPERATIONS

    def __init__(
        self,
        *,
        clock: VirtualClock | None = None,
        ledger: Ledger | None = None,
        key: str = DEFAULT_KEY,
        queue_seconds: float = 0.0,
        run_seconds: float = 0.0,
        models: Mapping[str, PublishedModel] = MODELS,
    ) -> None:
        super().__init__(key, clock, ledger)
        self.webhook_secret = SECRET
        self.models = dict(models)
        self.files: dict[str, dict[str, Any]] = {}
        self.uploaded: dict[str, bytes] = {}
        self._numbers = itertools.count(1)
        pace, usual = (queue_seconds, run_seconds), PredictionOutcome()
        self._jobs: Jobs[PredictionOutcome, Prediction] = Jobs(self.clock, pace, usual)
        self.delivery = self.host(self.handle)

    @property
    def predictions(self) -> list[Prediction]:
        """Every prediction that was accepted, oldest first."""
        return self._jobs.all

    def next_prediction(self, outcome: PredictionOutcome, *, times: int = 1) -> None:
        """Let the next prediction, or the next `times`, go like this."""
        self._jobs.plan(outcome, times)

    def webhook(self, prediction_id: str, *, age: float = 0.0) -> SignedWebhook:
        """The webhook of a prediction as it stands now, signed `age` seconds ago. Raises `Refused` without one."""
        body = json.dumps(self._truth(self._known(prediction_id))).encode()
        moment, identifier = str(int(self.clock.wall() - age)), f"msg_{prediction_id}"
        key = base64.b64decode(self.webhook_secret.removeprefix("whsec_"))
        digest = hmac.new(key, f"{identifier}.{moment}.".encode() + body, hashlib.sha256).digest()
        headers = {
            "webhook-id": identifier,
            "webhook-timestamp": moment,
            "webhook-signature": f"v1,{base64.b64encode(digest).decode()}",
        }
        return SignedWebhook(headers, body)

    # Answering, in the server's thread.

    def operation_of(self, request: RecordedRequest) -> str | None:
        return _read(request)[0]

    def handle(self, request: RecordedRequest) -> Played:
        operation, names = _read(request)
        if operation == "download":
            return self._download(names["name"])
        if request.headers.get("authorization") != f"Bearer {self.key}":
            return errors.unauthenticated()
        actions: dict[str, Callable[[RecordedRequest, dict[str, str]], Played]] = {
            "create": self._create,
            "get": lambda request, names: self._get(names["id"]),
            "cancel": lambda request, names: self._cancel(names["id"]),
            "upload": lambda request, names: self._upload(request),
            "file": lambda request, names: self._file(names["id"]),
            "delete_file": lambda request, names: self._delete_file(names["id"]),
            "model": lambda request, names: self._model(names["model"]),
            "version": lambda request, names: self._version(names["model"], names["version"]),
            "secret": lambda request, names: Answer(200, json={"key": self.webhook_secret}),
        }
        return actions[operation](request, names) if operation in actions else errors.not_found()

    def _create(self, request: RecordedRequest, names: dict[str, str]) -> Played:
        body = request.json
        if not isinstance(body, dict) or not isinstance(body.get("input"), dict) or set(body) - BODY:
            return errors.error(422, "Input validation failed", "- (root): the body is not as it should be\n")
        if set(body.get("webhook_events_filter", ())) - EVENTS:
            return errors.error(422, "Invalid request", "webhook_events_filter holds an unknown event")
        model = names.get("model") or names.get("deployment") or self._by_version(str(body.get("version")))
        published = self.models.get(model or "")
        if names.get("model") and not (published and published.official):
            return errors.not_found()
        if published is None and "deployment" not in names:
            return errors.error(422, "Invalid version or not permitted", "The specified version does not exist.")
        refusal = judge(body["input"], published) if published else None
        return refusal or self._accept(request, str(model), body)

    def _by_version(self, version: str) -> str | None:
        found = (
            name
            for name, one in self.models.items()
            if version in (one.version, f"{name}:{one.version}") or (one.official and version == name)
        )
        return next(found, None)

    def _accept(self, request: RecordedRequest, model: str, body: dict[str, Any]) -> Played:
        job_id = f"{next(self._numbers):026}".translate(str.maketrans("0123456789", "abcdefghij"))
        made = self._made(model, body["input"])
        one = self._jobs.begin(partial(Prediction, model, body["input"], made, body.get("webhook"), id=job_id))
        self.ledger.charge(job_id)
        held = re.fullmatch(r"wait(?:=(\d+))?", request.headers.get("prefer") or "")
        if held is None:
            return Answer(201, json={**self._truth(one), "status": "starting", "output": None})
        seconds = min(float(held[1] or 60), one.finished_at - one.created_at)
        status = 201 if one.created_at + seconds >= one.finished_at else 202
        return Delay(seconds), Answer(status, json=self._truth(one, one.created_at + seconds))

    def _made(self, model: str, given: Mapping[str, Any]) -> Any:
        if any(word in model for word in ("flux", "painter")):
            return [f"{self.delivery.url}/delivery/{number}.png" for number in range(given.get("num_outputs", 1))]
        return f"{self.delivery.url}/delivery/{str(given.get('aspect_ratio', '16:9')).replace(':', 'x')}.mp4"

    def _truth(self, one: Prediction, at: float | None = None) -> dict[str, Any]:
        now = self.clock.monotonic() if at is None else at
        status, url = one.status(now), f"{self.server.url}/v1/predictions/{one.id}"
        return {
            "id": one.id,
            "model": one.model,
            "version": "hidden",
            "input": one.input,
            "status": status,
            "output": one.output if status == "succeeded" else None,
            "error": one.outcome.error if status == "failed" else None,
            "logs": one.outcome.logs,
            "metrics": {"predict_time": one.finished_at - one.started_at} if status in TERMINAL else {},
            "created_at": datetime.fromtimestamp(self.clock.wall() - now + one.created_at, UTC).isoformat(),
            "data_removed": False,
            "source": "api",
            "urls": {"get": url, "cancel": f"{url}/cancel"},
        }

    def _get(self, job_id: str) -> Answer:
        one = self._known(job_id)
        self.ledger.count("poll", job_id)
        return Answer(200, json=one.tell(self._truth(one), one.outcome.statuses))

    def _cancel(self, job_id: str) -> Answer:
        one = self._known(job_id)
        self.ledger.count("cancel", job_id)
        if one.outcome.cancelable and one.status(self.clock.monotonic()) not in TERMINAL:
            one.canceled = True
        return Answer(200, json=self._truth(one))

    def _known(self, job_id: str) -> Prediction:
        one = self._jobs.find(job_id)
        if one is None:
            raise Refused(errors.not_found())
        return one

    def _upload(self, request: RecordedRequest) -> Answer:
        part = next((part for part in request.parts if part.name == "content" and part.file_name), None)
        if part is None:
            return errors.error(422, "Input validation failed", "- content: a file is required\n")
        if len(part.content) > MAX_FILE_BYTES:
            return errors.error(413, "Content too large", "The file is larger than 100 MB.")
        file_id = f"file{next(self._numbers)}"
        self.ledger.count("upload", file_id)
        self.uploaded[file_id] = part.content
        self.files[file_id] = {
            "id": file_id,
            "name": part.file_name,
            "content_type": part.content_type,
            "size": len(part.content),
            "checksums": {"sha256": hashlib.sha256(part.content).hexdigest()},
            "etag": file_id,
            "metadata": {},
            "created_at": datetime.fromtimestamp(self.clock.wall(), UTC).isoformat(),
            "expires_at": datetime.fromtimestamp(self.clock.wall() + 86400, UTC).isoformat(),
            "urls": {"get": f"{self.server.url}/v1/files/{file_id}"},
        }
        return Answer(201, json=self.files[file_id])

    def _file(self, file_id: str) -> Answer:
        return Answer(200, json=self.files[file_id]) if file_id in self.files else errors.not_found()

    def _delete_file(self, file_id: str) -> Answer:
        return Answer(204) if self.files.pop(file_id, None) else errors.not_found()

    def _model(self, name: str) -> Answer:
        one = self.models.get(name)
        if one is None:
            return errors.not_found()
        owner, _, short = name.partition("/")
        about = {"owner": owner, "name": short, "url": f"https://replicate.com/{name}", "visibility": "public"}
        return Answer(200, json={**about, "run_count": 1, "latest_version": version_body(one)})

    def _version(self, name: str, version: str) -> Answer:
        one = self.models.get(name)
        return Answer(200, json=version_body(one)) if one and one.version == version else errors.not_found()

    def _download(self, name: str) -> Answer:
        self.ledger.count("download", name)
        stem, _, suffix = name.rpartition(".")
        media = mp4(stem.replace("x", ":")) if suffix == "mp4" else png(64, 48)
        return Answer(200, {"Content-Type": media.content_type}, media.content)


def _read(request: RecordedRequest) -> tuple[str, dict[str, str]]:
    """The operation that a request asks for and the names in its path; "" where the vendor has nothing."""
    for method, pattern, name in _ROUTES:
        found = pattern.fullmatch(request.path)
        if found and method == request.method:
            return name, found.groupdict()
    return "", {}
