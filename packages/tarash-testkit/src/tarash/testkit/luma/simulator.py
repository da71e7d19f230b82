"""The simulator of Luma: both interfaces and storage on 127.0.0.1, a virtual clock, scripted faults and a ledger."""

import json
from collections.abc import Mapping
from typing import Any

from tarash.tarash_gateway.messages import WebhookMessage
from tarash.testkit.clock import VirtualClock
from tarash.testkit.ledger import Ledger
from tarash.testkit.luma import _agents, _dream_machine, errors
from tarash.testkit.luma.files import Files, StoredFile
from tarash.testkit.luma.generations import Generation, GenerationOutcome, Generations
from tarash.testkit.luma.routes import OPERATIONS, ROOTS, judged, object_of, operation_of, place_of
from tarash.testkit.requests import RecordedRequest
from tarash.testkit.steps import Answer, Played
from tarash.testkit.vendor import Refused, VendorSimulator

DEFAULT_KEY = "luma-api-" + "0123456789abcdef" * 4
DEFAULT_DREAM_MACHINE_KEY = "luma-" + "fedcba9876543210" * 4
CONCEPTS = ("dolly_zoom", "crane_up", "orbit_left")


class LumaSimulator(VendorSimulator):
    """Luma, for one `with` block: the Agents API at `base_url` and the Dream Machine API at `dream_machine_url`.

    Generations wait `queue_seconds` and run `run_seconds` of virtual time; a file is taken in for `ingest_seconds`.
    `balance` is what the account has, in cents (None: enough). With `serve_unknown` models that are not there are
    served, too, and their bodies are not judged. Uploads and results lie on a server of their own (`storage`), which
    refuses requests with a key.
    """

    provider = "luma"
    operations = OPERATIONS

    def __init__(
        self,
        *,
        clock: VirtualClock | None = None,
        ledger: Ledger | None = None,
        key: str = DEFAULT_KEY,
        dream_machine_key: str = DEFAULT_DREAM_MACHINE_KEY,
        queue_seconds: float = 0.0,
        run_seconds: float = 0.0,
        ingest_seconds: float = 3.0,
        balance: float | None = None,
        serve_unknown: bool = False,
        keep: int | None = None,
    ) -> None:
        super().__init__(key, clock, ledger, keep)
        self.storage = self.host(self._handle_storage)
        self.dream_machine_key = dream_machine_key
        self._serve_unknown = serve_unknown
        self._generations = Generations(self.clock, self.ledger, (queue_seconds, run_seconds), balance)
        self._files = Files(self.clock, self.ledger, ingest_seconds)

    def begin(self) -> None:
        self._generations.links.base = self._files.link_base = self.storage.url

    @property
    def base_url(self) -> str:
        """What a client takes for https://agents.lumalabs.ai/v1."""
        return f"{self.server.url}/{ROOTS['agents']}"

    @property
    def dream_machine_url(self) -> str:
        """What a client takes for https://api.lumalabs.ai/dream-machine/v1."""
        return f"{self.server.url}/{ROOTS['dream-machine']}"

    @property
    def dream_machine_settings(self) -> dict[str, Any]:
        """What a configuration of a model of the Dream Machine API needs to reach this simulator."""
        return {**self.settings, "api_key": self.dream_machine_key, "base_url": self.dream_machine_url}

    # What a test arranges and looks at.

    def next_generation(self, outcome: GenerationOutcome, *, times: int = 1) -> None:
        """Let the next generation, or the next `times`, go like this."""
        self._generations.plan(outcome, times)

    def fail_next_file(self, reason: str) -> None:
        """Let the next file that is announced be refused when it is taken in."""
        self._files.fail_next(reason)

    def forget(self, generation_id: str) -> None:
        """Let a generation vanish. Raises KeyError."""
        self._generations.forget(generation_id)

    def expire_links(self) -> None:
        """Let the links to all results end now; a generation that is asked for again names new ones."""
        self._generations.links.expire()

    def callback(self, generation_id: str) -> WebhookMessage:
        """What the Dream Machine API would post to the callback of a generation now: the same object, unsigned."""
        truth = self._generations.truth(self._generations.known("dream-machine", generation_id))
        return WebhookMessage({"content-type": "application/json"}, json.dumps(truth).encode(), self.clock.wall())

    @property
    def generations(self) -> list[Generation]:
        """Every generation that was accepted and not deleted, oldest first."""
        return self._generations.all

    @property
    def files(self) -> list[StoredFile]:
        """Every file that was announced, oldest first."""
        return self._files.all

    # Answering.

    def operation_of(self, request: RecordedRequest) -> str | None:
        return operation_of(request)

    def handle(self, request: RecordedRequest) -> Played:
        interface, _ = place_of(request)
        keys = {"agents": self.key, "dream-machine": self.dream_machine_key}
        if interface is None:
            return errors.no_path()
        if (request.headers.get("authorization") or "") != f"Bearer {keys[interface]}":
            return errors.unauthorized()
        try:
            answer = self._answer(request, interface, operation_of(request))
        except Refused as refused:
            answer = refused.answer
        return answer.with_headers(("X-API-Version", "2026-04-01")) if interface == "agents" else answer

    def _answer(self, request: RecordedRequest, interface: str, operation: str | None) -> Answer:
        identity = place_of(request)[1][-1]
        match operation:
            case "create":
                return self._create(request, interface)
            case "get":
                return self._generations.tell(interface, identity)
            case "delete":
                return self._generations.delete(interface, identity)
            case "list":
                limit, offset = (int(request.query_value(name) or 0) for name in ("limit", "offset"))
                return self._generations.list(interface, limit or 10, offset)
            case "credits":
                return Answer(200, json={"credit_balance": min(self._generations.balance, 1e9)})
            case "ping":
                return Answer(200, json={"message": "pong"})
            case "concepts":
                return Answer(200, json=list(CONCEPTS))
            case None:
                return errors.no_path()
            case of_files:
                return self._answer_files(request, of_files)

    def _answer_files(self, request: RecordedRequest, operation: str) -> Answer:
        words = place_of(request)[1]
        match operation:
            case "announce":
                return judged(lambda: self._files.announce(object_of(request)))
            case "complete":
                return self._files.complete(words[1])
            case "file":
                return self._files.tell(words[1])
            case "delete_file":
                return self._files.delete(words[1])
            case _:
                return self._files.list(request)

    def _create(self, request: RecordedRequest, interface: str) -> Answer:
        body = object_of(request)
        if interface == "agents":
            return self._create_by_agents(body)
        return self._create_by_dream_machine(body, place_of(request)[1])

    def _create_by_agents(self, body: dict[str, Any]) -> Answer:
        known = body.get("model", "uni-1") in _agents.MODELS
        if known or not self._serve_unknown:
            judged(lambda: _agents.Create.model_validate(body))
            self._judge_references(body)
        task = str(body.get("type", "image"))
        kind = "video" if task in _agents.VIDEO_TYPES else "image"
        return self._generations.create("agents", kind, task, body)

    def _judge_references(self, body: Mapping[str, Any]) -> None:
        for one in _agents.references(body):
            if "generation_id" in one and self._generations.find(one["generation_id"]) is None:
                raise Refused(errors.no_generation())
            if "file_id" in one and not self._files.is_ready(one["file_id"]):
                raise Refused(errors.invalid(["file_id"], "The file is not ready"))

    def _create_by_dream_machine(self, body: dict[str, Any], words: list[str]) -> Answer:
        task = words[-1] if words[1] not in ("video", "image") else "/".join(words[1:])
        shape = _dream_machine.BODIES[task]
        known = "model" not in shape.model_fields or body.get("model") in _dream_machine.MODELS
        if known or not self._serve_unknown:
            judged(lambda: shape.model_validate(body))
        earlier = _dream_machine.earlier_generations(body)
        for identity in [*earlier, *([words[1]] if task in ("upscale", "audio") else [])]:
            self._generations.known("dream-machine", identity)
        kind = "image" if task.startswith("image") else "video"
        return self._generations.create("dream-machine", kind, task, body)

    def _handle_storage(self, request: RecordedRequest) -> Played:
        match operation_of(request):
            case "storage":
                return self._files.take(request)
            case "download":
                return self._generations.links.serve(request)
            case _:
                return Answer(404)
