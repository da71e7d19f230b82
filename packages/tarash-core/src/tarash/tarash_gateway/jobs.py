"""Making and judging job handles: what may be stored, and who may use it."""

from __future__ import annotations

import base64
import hashlib
import hmac
from collections.abc import Sequence
from typing import Any

from pydantic import JsonValue

from tarash.tarash_gateway.exceptions import JobRejectedError
from tarash.tarash_gateway.messages import Done, Output
from tarash.tarash_gateway.models import Job
from tarash.tarash_gateway.models.job import JOB_VERSION
from tarash.tarash_gateway.providers.base import Call


def make_job(call: Call, states: Sequence[JsonValue], created_at: float, key: str | None, is_mock: bool) -> Job:
    """A signed handle."""
    job = Job(
        request_id=call.request_id,
        provider=call.provider,
        model=call.model,
        kind=call.kind,
        base_url=call.base_url,
        created_at=created_at,
        states=list(states),
        is_mock=is_mock,
        account=account_of(call.provider, key),
    )
    return job.model_copy(update={"signature": _signature(job, key)})


def account_of(provider: str, key: str | None) -> str:
    """A fingerprint that tells accounts apart and from which no key can be had."""
    return hashlib.sha256(f"tarash account {provider} {key or ''}".encode()).hexdigest()[:16]


def _signature(job: Job, key: str | None) -> str:
    content = job.model_dump_json(exclude={"signature"}).encode()
    return hmac.new((key or "no key").encode(), content, hashlib.sha256).hexdigest()


def _is_signed(job: Job, key: str | None) -> bool:
    try:
        return hmac.compare_digest(job.signature.encode(), _signature(job, key).encode())
    except ValueError:
        # Text that is no text (half a character): tarash never wrote such a handle.
        return False


def judge_job(job: Job, key: str | None, base_url: str) -> None:
    """Check a handle before anything is sent. Raises `JobRejectedError` saying what does not fit."""
    details: Any = {"provider": job.provider, "model": job.model, "request_id": job.request_id}
    if job.account != account_of(job.provider, key):
        raise JobRejectedError(
            "The job belongs to another account than the key of this configuration. Use the key it was made with.",
            **details,
        )
    if job.version != JOB_VERSION or not _is_signed(job, key):
        raise JobRejectedError("The job handle was altered after tarash made it; it is not used.", **details)
    if job.base_url != base_url:
        raise JobRejectedError(f"The job was made at {job.base_url}, but base_url is {base_url}.", **details)


def done_to_json(done: Done) -> JsonValue:
    """A finished result as JSON, for providers that answer at once and have nothing to ask later."""
    outputs = [
        {
            "url": output.url,
            "data": base64.b64encode(output.data).decode() if output.data is not None else None,
            "content_type": output.content_type,
            "width": output.width,
            "height": output.height,
            "duration": output.duration,
            "authenticated": output.authenticated,
        }
        for output in done.outputs
    ]
    plain = {"raw": done.raw, "facts": done.facts, "metadata": done.metadata}
    return {"outputs": outputs, **{name: dict(value) for name, value in plain.items()}}  # type: ignore[dict-item]


def done_from_json(value: Any) -> Done:
    """`done_to_json` back. Raises `JobRejectedError` when it does not fit."""
    try:
        outputs = [_output_from_json(fields) for fields in value["outputs"]]
        return Done(outputs, value["raw"], value["facts"], value["metadata"])
    except (TypeError, KeyError, ValueError) as error:
        raise JobRejectedError(f"The job's stored result cannot be read: {error}") from None


def _output_from_json(fields: Any) -> Output:
    data = fields["data"]
    return Output(
        url=fields["url"],
        data=None if data is None else base64.b64decode(data),
        content_type=fields["content_type"],
        width=fields["width"],
        height=fields["height"],
        duration=fields["duration"],
        authenticated=fields["authenticated"],
    )
