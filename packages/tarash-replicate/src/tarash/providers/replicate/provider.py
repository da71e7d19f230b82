"""Replicate: a prediction of any model. Submit, ask, cancel; inputs are mapped by the model's schema.

Source: Replicate's OpenAPI document 1.0.0-a1; wire of replicate 1.0.7 (PyPI).
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from typing import Any

from pydantic import JsonValue

from tarash.providers.replicate.errors import job_error, replicate_error
from tarash.providers.replicate.models import (
    bundled,
    inputs_from_openapi,
    known_models,
    plain_name,
)
from tarash.providers.replicate.outputs import read_output
from tarash.providers.replicate.rules import GENERIC, mapping_for
from tarash.tarash_gateway.exceptions import (
    HTTPError,
    TarashException,
    ValidationError,
)
from tarash.tarash_gateway.media import Media
from tarash.tarash_gateway.messages import (
    Cancellation,
    Done,
    Json,
    Multipart,
    Pending,
    Request,
    Response,
    Step,
    WebhookMessage,
    text_at,
)
from tarash.tarash_gateway.models import Kind
from tarash.tarash_gateway.providers.base import Call, ModelInfo, Operation, Provider, path_of, place_media
from tarash.tarash_gateway.providers.field_mappers import FieldMapping
from tarash.tarash_gateway.providers.multipart import file_part
from tarash.tarash_gateway.providers.reading import object_of
from tarash.tarash_gateway.providers.schemas.inputs import Inputs
from tarash.tarash_gateway.providers.standard_webhooks import verify_standard_webhook
from tarash.tarash_gateway.providers.waiting import (
    going_on,
    posted,
    refuse_other_job,
    refuse_other_webhook,
    stored_id,
)

INLINE_BYTES = 256 * 1000
"""Smaller inputs go into the request as data URIs; larger ones are uploaded first."""
MAX_UPLOAD_BYTES = 100 * 1000 * 1000
UPLOAD_SECONDS = 600.0
SUBMIT_SECONDS = 120.0
SCHEMA_SECONDS = 5.0
SCHEMA_KEPT_SECONDS = 24 * 3600.0
LONGEST_WAIT = 60

OPTIONS: Mapping[str, tuple[type, ...]] = {
    "wait": (bool, int),
    "cancel_after": (str,),
    "webhook_url": (str,),
    "webhook_events": (list, tuple),
    "webhook_secret": (str,),
    "live_schema": (bool,),
    "deployment": (bool,),
    "allow_http": (bool,),
}
EVENTS = ("start", "output", "logs", "completed")
WAITING = {"starting": False, "processing": True}
FAILED = frozenset({"failed", "canceled", "aborted"})
FINISHED = frozenset({"succeeded", *FAILED})
PROGRESS = re.compile(r"(?:^|[\r\n])[^\r\n|]{0,80}?\b(\d{1,3})%\|")
"""A line of tqdm in the logs, which many models write."""
LAST_LOGS = 4000
VERSION = re.compile(r"[0-9a-f]{64}")
DURATION = re.compile(r"(?=\d)(?:\d+h)?(?:\d+m)?(?:\d+s)?")


class Predictions(Operation):
    """Videos and images are made alike."""

    def describe(self, call: Call) -> Step[FieldMapping | None]:
        inputs: Inputs = {}
        known = bundled().get(plain_name(call.model)) if ":" not in call.model else None
        path = schema_path(call)
        if path and call.options.get("live_schema", known is None):
            answer = yield Request(
                "GET", api(call, path), timeout=SCHEMA_SECONDS, cache_seconds=SCHEMA_KEPT_SECONDS, optional=True
            )
            inputs = inputs_from_openapi(schema_of(answer))
        fallback = known.inputs if known and call.kind in known.kinds else GENERIC[call.kind]
        return mapping_for(inputs or fallback, call.kind)

    def submit(self, call: Call) -> Step[Pending | Done]:
        refuse_odd_pairs(call)
        placed = yield from place_media(call.payload, lambda media: place(call, media))
        body = {"input": placed, **webhook_fields(call.options)}
        path, version = submit_place(call)
        accept = frozenset({404}) if path.startswith("models/") else frozenset[int]()
        answer = yield post(call, path, {**body, **version}, accept)
        if answer.status == 404:
            latest = yield from self._latest_version(call, answer)
            answer = yield post(call, "predictions", {**body, "version": latest})
        job = answer.object()
        if job.get("status") == "succeeded":
            return read_output(call.kind, job, call.base_url)
        return Pending({"id": text_at(job, "id")}, job.get("status") == "processing", event=job)

    def _latest_version(self, call: Call, refusal: Response) -> Step[str]:
        """Community models are run by version. Raises the refusal itself when there is none."""
        error = replicate_error(refusal)
        if error is None:
            message = "HTTP 404 came from something that is not Replicate. Check base_url."
            raise HTTPError(message, status_code=refusal.status)
        answer = yield Request("GET", api(call, f"models/{path_of(call.model)}"), optional=True)
        latest = object_of(answer.object_or_empty().get("latest_version")).get("id")
        if not isinstance(latest, str) or not VERSION.fullmatch(latest):
            raise error
        return latest

    def poll(self, call: Call, state: JsonValue) -> Step[Pending | Done]:
        job_id = stored_id(state, what="prediction id")
        answer = yield Request("GET", api(call, f"predictions/{job_id}"))
        job = answer.object()
        refuse_other_job(job, job_id, "Replicate")
        return read_job(call, state, job)

    def cancel(self, call: Call, state: JsonValue) -> Step[Cancellation]:
        answer = yield Request("POST", api(call, f"predictions/{stored_id(state)}/cancel"))
        ended = answer.object_or_empty().get("status") in FINISHED - {"canceled", "aborted"}
        return Cancellation.TOO_LATE if ended else Cancellation.CANCELLED

    def webhook(self, call: Call, state: JsonValue, message: WebhookMessage) -> Step[Pending | Done]:
        secret = call.options.get("webhook_secret")
        if not secret:
            answer = yield Request("GET", api(call, "webhooks/default/secret"))
            secret = text_at(answer.object(), "key")
        verify_standard_webhook(message, secret)
        job = posted(message)
        refuse_other_webhook(job.get("id"), stored_id(state))
        return read_job(call, state, job)


class ReplicateProvider(Provider):
    """Replicate. `provider_config` takes the keys of OPTIONS; docs/providers/replicate.md says what each does."""

    id = "replicate"
    key_variables = ("REPLICATE_API_TOKEN",)
    base_url = "https://api.replicate.com"
    base_url_variables = ("REPLICATE_BASE_URL",)
    default_models: Mapping[Kind, str] = {"video": "google/veo-3.1", "image": "black-forest-labs/flux-schnell"}
    options = OPTIONS
    operations: Mapping[Kind, Operation] = {kind: Predictions() for kind in default_models}

    def check(self, call: Call) -> None:
        path_of(call.model)
        name, _, version = call.model.partition(":")
        if version and not VERSION.fullmatch(version):
            raise ValidationError(f"The version of {name!r} must be 64 hexadecimal digits.")
        if name.count("/") != 1 and not VERSION.fullmatch(call.model):
            raise ValidationError(f"A Replicate model is owner/name or owner/name:version, not {call.model[:80]!r}.")
        super().check(call)
        judge_options(call.options)

    def name_of(self, model: str) -> str:
        return plain_name(model)

    def known_models(self) -> Iterable[ModelInfo]:
        return known_models()

    def error(self, response: Response) -> TarashException | None:
        return replicate_error(response)


def judge_options(options: Mapping[str, Any]) -> None:
    """Raises `ValidationError` for an option that has a wrong value."""
    wait = options.get("wait", 1)
    if not isinstance(wait, bool) and not 1 <= wait <= LONGEST_WAIT:
        raise ValidationError(f"provider_config['wait'] must be from 1 to {LONGEST_WAIT} seconds, not {wait}.")
    if "cancel_after" in options and not DURATION.fullmatch(options["cancel_after"]):
        raise ValidationError("provider_config['cancel_after'] must be like '30s', '5m' or '1h30m45s'.")
    if any(event not in EVENTS for event in options.get("webhook_events", ())):
        raise ValidationError(f"provider_config['webhook_events'] may hold {', '.join(EVENTS)}.")


def refuse_odd_pairs(call: Call) -> None:
    """Raises `ValidationError` for inputs that a known model takes only in other company."""
    model = bundled().get(plain_name(call.model))
    for name, others in model.needs.items() if model else ():
        for other, values in others.items() if call.payload.get(name) is not None else ():
            given = call.payload.get(other)
            if given not in values and not ("*" in values and given is not None):
                told = " or ".join("nothing" if value is None else str(value) for value in values)
                wanted = "set" if "*" in values else told
                raise ValidationError(f"{call.model} takes {name!r} only with {other!r} {wanted}. Nothing was paid.")


def submit_place(call: Call) -> tuple[str, dict[str, str]]:
    """Path and version: official models have a path of their own, versions are named in the body."""
    name, _, version = call.model.partition(":")
    if call.options.get("deployment"):
        return f"deployments/{path_of(name)}/predictions", {}
    if version or "/" not in name:
        return "predictions", {"version": version or name}
    return f"models/{path_of(name)}/predictions", {}


def schema_path(call: Call) -> str | None:
    """Where a model's schema is; None for a bare version id and for deployments, which do not tell."""
    name, _, version = call.model.partition(":")
    if "/" not in name or call.options.get("deployment"):
        return None
    return f"models/{path_of(name)}" + (f"/versions/{path_of(version)}" if version else "")


def schema_of(answer: Response) -> Any:
    """The schema in a model's reply or in a version's."""
    body = answer.object_or_empty()
    return (object_of(body.get("latest_version")) or body).get("openapi_schema")


def post(call: Call, path: str, body: Mapping[str, Any], accept: frozenset[int] = frozenset()) -> Request:
    """The paid request."""
    headers, wait = {}, call.options.get("wait")
    if wait:
        headers["prefer"] = "wait" if wait is True else f"wait={wait}"
    if "cancel_after" in call.options:
        headers["cancel-after"] = call.options["cancel_after"]
    return Request(
        "POST", api(call, path), headers, body=Json(body), billable=True, accept=accept, timeout=SUBMIT_SECONDS
    )


def webhook_fields(options: Mapping[str, Any]) -> dict[str, Any]:
    if "webhook_url" not in options:
        return {}
    return {
        "webhook": options["webhook_url"],
        "webhook_events_filter": list(options.get("webhook_events", ("completed",))),
    }


def place(call: Call, media: Media) -> Step[str]:
    """A link or data URI under which Replicate can read an input."""
    if media.url is not None:
        return media.url
    size = media.size or 0
    if size <= INLINE_BYTES and media.data is not None:
        return media.data_uri()
    if size > MAX_UPLOAD_BYTES:
        raise ValidationError(f"Replicate takes files up to 100 MB; this one has {size} bytes. Give a link instead.")
    body = Multipart([file_part("content", media)])
    answer = yield Request("POST", api(call, "files"), body=body, timeout=UPLOAD_SECONDS)
    return text_at(object_of(answer.object().get("urls")), "get")


def read_job(call: Call, state: JsonValue, job: Mapping[str, Any]) -> Pending | Done:
    """What a prediction says of itself. Raises its failure."""
    status = text_at(job, "status")
    if status in FAILED:
        raise job_error(job, status)
    if status == "succeeded":
        return read_output(call.kind, job, call.base_url)
    return going_on(state, status, WAITING, job, progress=progress_of(job.get("logs")))


def progress_of(logs: Any) -> float | None:
    """The last percentage that a progress bar wrote into the logs."""
    found = PROGRESS.findall(logs[-LAST_LOGS:]) if isinstance(logs, str) else []
    return min(100.0, float(found[-1])) if found else None


def api(call: Call, path: str) -> str:
    """A URL of the interface. Replicate's own clients disagree whether the base URL ends with /v1: both do here."""
    return f"{call.base_url.removesuffix('/v1')}/v1/{path}"
