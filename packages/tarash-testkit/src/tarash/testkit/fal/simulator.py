"""The simulator of fal: all of its hosts on 127.0.0.1, with a virtual clock, scripted faults and a ledger."""

import math
from collections.abc import Callable, Mapping
from typing import TYPE_CHECKING, Any

from tarash.testkit.clock import VirtualClock
from tarash.testkit.fal import errors
from tarash.testkit.fal.catalogue import Catalogue, Endpoint
from tarash.testkit.fal.jobs import Job, Outcome
from tarash.testkit.fal.outputs import Kind, guess_kind
from tarash.testkit.fal.queue import CancelReply, Pace, Queue
from tarash.testkit.fal.routes import OPERATIONS, ROLES, RUN_PREFIX, Addresses, Call, Role
from tarash.testkit.fal.storage import Storage, StoredFile
from tarash.testkit.fal.webhooks import SignedWebhook, WebhookSigner
from tarash.testkit.ledger import Ledger
from tarash.testkit.requests import RecordedRequest
from tarash.testkit.server import ScriptedServer
from tarash.testkit.steps import Answer, Played
from tarash.testkit.vendor import VendorSimulator

if TYPE_CHECKING:
    from tarash.testkit.tls import LocalAuthority

DEFAULT_KEY = "simulated-key-id:simulated-key-secret"

_KEY_ROLES: frozenset[Role] = frozenset({"queue", "run", "rest"})


class FalSimulator(VendorSimulator):
    """fal, for one `with` block, as far as its clients can see it (queue, calls, storage, CDN, schemas, webhooks).

    Jobs wait `queue_seconds` and run `run_seconds` of virtual time. Clients that wait on the virtual clock move it
    themselves; for those that wait in real time, such as fal-client, `advance_per_poll` moves it by so many seconds
    after each status answer. Links to outputs end `link_seconds` after they were made.

    All hosts share one origin unless `separate_hosts`. With an `authority` the simulator also answers as a proxy
    under the vendor's own host names (`proxy_environment`), so that a vendor's SDK needs no settings at all.
    Endpoints that were not registered accept every input, and make what their name suggests; with `strict` they are
    unknown to fal. The operations are submit, status, stream, result, cancel, run, run_stream, token, initiate, upload,
    complete, download, openapi, models, pricing and jwks.
    """

    provider = "fal"
    operations = frozenset(OPERATIONS)

    def __init__(
        self,
        *,
        clock: VirtualClock | None = None,
        ledger: Ledger | None = None,
        key: str = DEFAULT_KEY,
        queue_seconds: float = 0.0,
        run_seconds: float = 0.0,
        advance_per_poll: float = 0.0,
        link_seconds: float = math.inf,
        cancel_reply: CancelReply = "status",
        separate_hosts: bool = False,
        strict: bool = False,
        authority: "LocalAuthority | None" = None,
        keep: int | None = None,
    ) -> None:
        super().__init__(key, clock, ledger, keep, authority=authority)
        self.catalogue = Catalogue()
        self._pace = Pace(queue_seconds, run_seconds, advance_per_poll)
        self._link_seconds, self._strict = link_seconds, strict
        self._cancel_reply: CancelReply = cancel_reply
        self._signer = WebhookSigner()
        # Without separate hosts the server of the queue is the only one.
        self._servers: dict[Role, ScriptedServer] = {"queue": self.server}
        for role in ROLES if separate_hosts else ():
            self._servers.setdefault(role, self.server if role == "queue" else self.host(self.handle))

    def begin(self) -> None:
        self._addresses = self._find_addresses()
        self._storage = Storage(self.clock, self.ledger, self._addresses, self._link_seconds)
        self._queue = Queue(
            self.clock,
            self.ledger,
            self._addresses,
            self.catalogue,
            self._storage,
            self._pace,
            self._cancel_reply,
        )
        self._actions = self._find_actions()

    # Addresses.

    @property
    def queue_url(self) -> str:
        """What a client takes for https://queue.fal.run; none of these ends with a slash."""
        return self._addresses.bases["queue"]

    @property
    def settings(self) -> dict[str, Any]:
        options = {"rest_url": self.rest_url}
        return {**super().settings, "base_url": self.queue_url, "provider_config": options}

    @property
    def run_url(self) -> str:
        """What a client takes for https://fal.run."""
        return self._addresses.bases["run"]

    @property
    def rest_url(self) -> str:
        """What a client takes for https://rest.fal.ai."""
        return self._addresses.bases["rest"]

    @property
    def cdn_url(self) -> str:
        """What a client takes for https://v3.fal.media."""
        return self._addresses.bases["cdn"]

    @property
    def openapi_url(self) -> str:
        """What a client takes for https://fal.ai."""
        return self._addresses.bases["openapi"]

    @property
    def platform_url(self) -> str:
        """What a client takes for https://api.fal.ai."""
        return self._addresses.bases["platform"]

    @property
    def servers(self) -> list[ScriptedServer]:
        return list(self._servers.values())

    def proxy_environment(self) -> dict[str, str]:
        """Environment variables under which fal's own hosts lead here. Needs an authority (RuntimeError)."""
        return self.server.proxy_environment()

    def _find_addresses(self) -> Addresses:
        shared = len(self._servers) == 1
        bases: dict[Role, str] = {role: self._servers.get(role, self.server).url for role in ROLES}
        if shared:
            bases["run"] += RUN_PREFIX
        return Addresses(bases, shared)

    # What a test arranges.

    def register_endpoint(
        self,
        endpoint_id: str,
        input_schema: Mapping[str, Any] | None = None,
        output: Any = None,
        *,
        kind: Kind | None = None,
        output_schema: Mapping[str, Any] | None = None,
        schemas: Mapping[str, Any] | None = None,
        outcome: Outcome | None = None,
        category: str | None = None,
        status: str = "active",
    ) -> Endpoint:
        """Describe an endpoint.

        With an `input_schema` (JSON schema of an object) its OpenAPI document exists, and inputs that break it fail
        with fal's validation error. `schemas` are further ones that it refers to. Give either `output` (see
        `Outcome`) or `outcome`; without both, jobs make what is usual for the endpoint's `kind`.
        """
        endpoint = Endpoint(
            id=endpoint_id,
            kind=kind or guess_kind(endpoint_id),
            input_schema=input_schema,
            output_schema=output_schema,
            schemas=dict(schemas or {}),
            outcome=outcome or (None if output is None else Outcome(output=output)),
            category=category,
            status=status,
        )
        self.catalogue.register(endpoint)
        return endpoint

    def next_outcome(self, outcome: Outcome, *, endpoint: str | None = None, times: int = 1) -> None:
        """Let the next job, or the next `times`, of one endpoint or of any go like this."""
        for _ in range(times):
            self._queue.plan(outcome, endpoint)

    def expire_links(self) -> None:
        """Let the links to all outputs end now; a result that is asked for again names new ones."""
        self._storage.expire_links()

    def forget(self, job_id: str) -> None:
        """Let a job vanish: from now on fal does not know it. Raises KeyError."""
        self._queue.forget(job_id)

    # What a test looks at.

    @property
    def jobs(self) -> list[Job]:
        """Every job that was accepted, oldest first."""
        return self._queue.jobs

    def job(self, job_id: str) -> Job:
        """One job. Raises KeyError."""
        return self._queue.job(job_id)

    @property
    def uploads(self) -> list[StoredFile]:
        return self._storage.uploads

    def file(self, url: str) -> StoredFile:
        """What the CDN serves under a link. Raises KeyError."""
        return self._storage.file(url)

    def webhook(self, job_id: str, *, age: float = 0.0) -> SignedWebhook:
        """The webhook of a finished job, signed `age` seconds ago. Raises ValueError when there is nothing to send."""
        job = self.job(job_id)
        if job.webhook is None or job.phase(self.clock.monotonic()) != "COMPLETED":
            raise ValueError("the job has no webhook, or has not finished")
        payload: dict[str, Any] = {"request_id": job.id, "gateway_request_id": job.id, "status": "OK"}
        if job.failure is None:
            payload["payload"] = self._queue.output(job)
        else:
            failed = job.failure.json if job.failure.is_json else None
            payload.update(errors.error_summary(job.failure), status="ERROR", payload=failed)
        return self._signer.sign(job.webhook, payload, self.clock.wall() - age)

    # Answering.

    def operation_of(self, request: RecordedRequest) -> str | None:
        call = self._addresses.read(request)
        return call.operation if call else None

    def handle(self, request: RecordedRequest) -> Played:
        call = self._addresses.read(request)
        if call is None:
            return errors.not_found("Path not found")
        needs_key = call.role in _KEY_ROLES and call.action != "jwks"
        if needs_key and request.headers.get("authorization") != f"Key {self.key}":
            return errors.unauthorized()
        endpoint = call.names.get("endpoint")
        if endpoint is not None and self._strict and not self.catalogue.known(endpoint):
            return errors.not_found()
        return self._actions[call.action](call)

    def _find_actions(self) -> dict[str, Callable[[Call], Played]]:
        queue, storage, catalogue = self._queue, self._storage, self.catalogue
        return {
            "submit": queue.submit,
            "status": queue.status,
            "stream": queue.stream,
            "result": queue.result,
            "cancel": queue.cancel,
            "run": queue.run,
            "run_stream": queue.run_stream,
            "token": storage.token,
            "upload": storage.upload,
            "begin_parts": storage.begin_parts,
            "upload_part": storage.upload_part,
            "complete_parts": storage.complete_parts,
            "initiate": storage.initiate,
            "put": storage.put,
            "put_part": storage.put_part,
            "complete_put": storage.complete_put,
            "download": storage.download,
            "openapi": catalogue.openapi,
            "models": catalogue.models,
            "pricing": catalogue.pricing,
            "jwks": lambda call: Answer(json=self._signer.jwks()),
        }
