"""fal: a queue in front of any endpoint. Submit, ask, fetch, cancel; every endpoint works, known here or not.

Source: fal.ai/docs, "Queue API"; wire of fal-client 1.0.3 and @fal-ai/client 1.10.1.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping, Sequence
from typing import Any
from urllib.parse import urlsplit

from pydantic import JsonValue

from tarash.providers.fal.errors import fal_error, result_error, status_error
from tarash.providers.fal.models import find_model, known_models, mapping_for, nearest_ids
from tarash.providers.fal.outputs import read_result
from tarash.providers.fal.storage import lifecycle_text, place, rest_url
from tarash.providers.fal.webhooks import KEYS_KEPT_SECONDS, KEYS_PATH, read_message, verify
from tarash.tarash_gateway.exceptions import ProtocolError, TarashException, ValidationError
from tarash.tarash_gateway.messages import (
    Cancellation,
    Done,
    Json,
    Pending,
    Request,
    Response,
    Step,
    WebhookMessage,
    text_at,
)
from tarash.tarash_gateway.models import Kind
from tarash.tarash_gateway.origins import same_origin
from tarash.tarash_gateway.providers.base import (
    Call,
    KeyHeader,
    ModelInfo,
    Operation,
    Provider,
    path_of,
    place_media,
)
from tarash.tarash_gateway.providers.field_mappers import FieldMapping
from tarash.tarash_gateway.providers.waiting import going_on, refuse_other_job

QUEUE_URL = "https://queue.fal.run"
SCHEMA_URL = "https://fal.ai"
SCHEMA_PATH = "/api/openapi/queue/openapi.json"
SUBMIT_SECONDS = 120.0
SCHEMA_ASKED: Any = {"timeout": 4.0, "cache_seconds": 24 * 3600.0, "anonymous": True, "optional": True}

HEADERS = {
    "priority": "x-fal-queue-priority",
    "start_timeout": "x-fal-request-start-timeout",
    "runner_hint": "x-fal-runner-hint",
    "no_retry": "x-fal-no-retry",
    "store_io": "x-fal-store-io",
    "lifecycle": "x-fal-object-lifecycle-preference",
    "disable_fallback": "x-app-fal-disable-fallback",
    "tags": "x-fal-tags",
}
QUERY = {"webhook_url": "fal_webhook", "max_queue_length": "fal_max_queue_length"}
OPTIONS: Mapping[str, tuple[type, ...]] = {
    "priority": (str,),
    "start_timeout": (int, float),
    "runner_hint": (str,),
    "no_retry": (bool,),
    "store_io": (bool,),
    "lifecycle": (dict, int),
    "disable_fallback": (bool,),
    "tags": (dict,),
    "webhook_url": (str,),
    "max_queue_length": (int,),
    "rest_url": (str,),
    "live_schema": (bool,),
    "schema_url": (str,),
    "inline_images": (bool,),
    "upload_lifecycle": (dict, int),
    "allow_http": (bool,),
}
PRIORITIES = ("normal", "low")
NAMESPACES = ("workflows", "comfy")
WAITING = {"IN_QUEUE": False, "IN_PROGRESS": True}
RESULT_ERRORS = frozenset(range(400, 600)) - {401, 403, 408, 425, 429}
"""A failed job is COMPLETED, and its result has the status of the failure; the others speak of the asking."""


class Queue(Operation):
    """All kinds of work at fal go through the same queue."""

    def describe(self, call: Call) -> Step[FieldMapping | None]:
        schema: Response | None = None
        if wants_live_schema(call):
            schema = yield Request("GET", schema_url(call), query=[("endpoint_id", call.model)], **SCHEMA_ASKED)
        return mapping_for(call.kind, call.model, schema.body if schema is not None and schema.ok else None)

    def submit(self, call: Call) -> Step[Pending | Done]:
        payload = yield from place_media(call.payload, lambda media: place(call, media))
        answer = yield Request(
            "POST",
            f"{call.base_url}/{path_of(call.model)}",
            headers=option_headers(call.options),
            query=[(name, str(call.options[option])) for option, name in QUERY.items() if option in call.options],
            body=Json(payload),
            billable=True,
            timeout=SUBMIT_SECONDS,
        )
        body = answer.object()
        return Pending(job_urls(call, text_at(body, "request_id"), body), event=body)

    def poll(self, call: Call, state: JsonValue) -> Step[Pending | Done]:
        job = stored(state)
        answer = yield Request("GET", f"{job['status_url']}?logs=1")
        status = answer.object()
        refuse_other_job(status, job["id"], "fal", "request_id")
        name = text_at(status, "status")
        if name == "COMPLETED":
            return (yield from self._fetch(call, job, status))
        return going_on(state, name, WAITING, status)

    def _fetch(self, call: Call, job: Mapping[str, str], status: Mapping[str, Any]) -> Step[Pending | Done]:
        answer = yield Request("GET", job["response_url"], accept=RESULT_ERRORS)
        if answer.status == 400 and "still in progress" in str(answer.object_or_empty().get("detail")):
            return Pending(dict(job), running=True, event=status)
        if not answer.ok:
            raise result_error(answer, status)
        done = read_result(call.kind, answer.json, answer.headers)
        failed = None if done.outputs else status_error(status)
        if failed is not None:
            raise failed
        return done

    def cancel(self, call: Call, state: JsonValue) -> Step[Cancellation]:
        answer = yield Request("PUT", stored(state)["cancel_url"], accept=frozenset({400}))
        too_late = answer.status == 400 or answer.object_or_empty().get("success") is False
        return Cancellation.TOO_LATE if too_late else Cancellation.CANCELLED

    def webhook(self, call: Call, state: JsonValue, message: WebhookMessage) -> Step[Pending | Done]:
        url = f"{rest_url(call)}{KEYS_PATH}"
        answer = yield Request("GET", url, anonymous=True, cache_seconds=KEYS_KEPT_SECONDS)
        verify(message, answer.object())
        return read_message(call.kind, stored(state)["id"], message)


class FalProvider(Provider):
    """fal. `provider_config` takes the keys of OPTIONS; docs/providers/fal.md says what each does."""

    id = "fal"
    key_variables = ("FAL_KEY",)
    key_header = KeyHeader("Authorization", "Key {}")
    base_url = QUEUE_URL
    default_models: Mapping[Kind, str] = {
        "video": "fal-ai/veo3.1/fast",
        "image": "fal-ai/flux-2",
        "tts": "fal-ai/minimax/speech-2.8-hd",
        "sts": "fal-ai/chatterbox/speech-to-speech",
    }
    reserved_params = frozenset(QUERY.values())
    options = OPTIONS
    operations: Mapping[Kind, Operation] = {kind: Queue() for kind in default_models}

    def trusted_origins(self, call: Call) -> Sequence[str]:
        return (rest_url(call),)

    def check(self, call: Call) -> None:
        path_of(call.model)
        if "/" not in call.model:
            raise ValidationError(f"A fal endpoint id looks like owner/app, not {call.model!r}.{self.advice(call)}")
        super().check(call)
        if call.options.get("priority", "low") not in PRIORITIES:
            raise ValidationError(f"provider_config['priority'] must be one of {', '.join(PRIORITIES)}.")

    def find_model(self, model: str, kind: Kind) -> ModelInfo | None:
        return find_model(model)

    def known_models(self) -> Iterable[ModelInfo]:
        return known_models()

    def error(self, response: Response) -> TarashException | None:
        return fal_error(response)

    def advice(self, call: Call) -> str:
        nearest = nearest_ids(call.model)
        return f" Did you mean {' or '.join(nearest)}?" if nearest else ""


def wants_live_schema(call: Call) -> bool:
    """Live schemas are fal's own: behind another queue host they are asked for only when the caller says so."""
    wanted = call.options.get("live_schema")
    return bool(wanted) if wanted is not None else call.base_url == QUEUE_URL or "schema_url" in call.options


def schema_url(call: Call) -> str:
    """Where live schemas are: a host's usual place, unless the option names the place itself."""
    told = str(call.options.get("schema_url") or SCHEMA_URL).rstrip("/")
    return told if urlsplit(told).path else f"{told}{SCHEMA_PATH}"


def option_headers(options: Mapping[str, Any]) -> dict[str, str]:
    """The headers of the options that were set. Booleans are sent as 1 and 0, objects as JSON."""
    return {header: _header_text(option, options[option]) for option, header in HEADERS.items() if option in options}


def _header_text(option: str, value: Any) -> str:
    if option == "lifecycle":
        return lifecycle_text(value)
    if isinstance(value, bool):
        return "1" if value else "0"
    return json.dumps(value) if isinstance(value, dict) else str(value)


def job_urls(call: Call, request_id: str, answer: Mapping[str, Any]) -> dict[str, JsonValue]:
    """Where to ask for a job: the links of the answer where they lie on the queue host, else built from the ids."""
    try:
        below = f"{call.base_url}/{queue_path(call.model)}/requests/{path_of(request_id)}"
    except ValidationError:
        raise ProtocolError("fal gave the job an id that cannot stand in a link.") from None
    built = {"status_url": f"{below}/status", "response_url": below, "cancel_url": f"{below}/cancel"}
    ours = {name: _on_queue_host(call, request_id, answer.get(name)) or url for name, url in built.items()}
    return {"id": request_id, **ours}


def queue_path(model: str) -> str:
    """owner/app: status links drop the rest of an endpoint id (workflows and comfy keep three segments)."""
    segments = model.split("/")
    return path_of("/".join(segments[: 3 if segments[0] in NAMESPACES else 2]))


def _on_queue_host(call: Call, request_id: str, url: Any) -> str | None:
    if not isinstance(url, str) or f"/requests/{request_id}/" not in f"{url}/" or "?" in url or "#" in url:
        return None
    return url if same_origin(url, call.base_url) and "@" not in urlsplit(url).netloc else None


def stored(state: JsonValue) -> dict[str, str]:
    """The ids and links of a job, as `submit` stored them. Raises `ProtocolError` when they are not all there."""
    if not isinstance(state, dict):
        raise ProtocolError("The job's state is not one that the fal provider wrote.")
    return {name: text_at(state, name) for name in ("id", "status_url", "response_url", "cancel_url")}
