"""fal's webhooks: is a message really fal's, and what does it say of the job?

The signature is a hex Ed25519 over request id, user id, timestamp and hex SHA-256 of the body, one a line; the keys
are a JWKS. Source: fal.ai/docs, page "Webhooks", read 2026-11. Needs the extra `tarash-fal[webhooks]` (cryptography).
"""

from __future__ import annotations

import base64
import hashlib
import re
from collections.abc import Iterable, Mapping
from typing import Any

from pydantic_core import to_json

from tarash.providers.fal.errors import result_error
from tarash.providers.fal.outputs import read_result
from tarash.tarash_gateway.exceptions import JobRejectedError, TarashException, ValidationError
from tarash.tarash_gateway.messages import Done, Response, WebhookMessage, text_at
from tarash.tarash_gateway.models import Kind
from tarash.tarash_gateway.providers.reading import objects_of
from tarash.tarash_gateway.providers.standard_webhooks import refuse_old
from tarash.tarash_gateway.providers.waiting import posted, refuse_other_webhook

KEYS_PATH = "/.well-known/jwks.json"
KEYS_KEPT_SECONDS = 24 * 3600.0
_HEADERS = ("request-id", "user-id", "timestamp", "signature")
_STATUS = re.compile(r"\b[45]\d\d\b")
"""A failed job's webhook tells the status of its result in words: "Unexpected status code: 422"."""


def verify(message: WebhookMessage, keys: Mapping[str, Any]) -> None:
    """Raise `JobRejectedError` unless one of fal's keys signed the message within the last five minutes."""
    request_id, user_id, timestamp, signature = _signed_parts(message)
    digest = hashlib.sha256(message.body).hexdigest()
    text = "\n".join((request_id, user_id, timestamp, digest)).encode()
    try:
        raw = bytes.fromhex(signature)
    except ValueError:
        raise JobRejectedError("The webhook's signature is not hexadecimal.") from None
    if not any(_fits(key, raw, text) for key in _public_keys(keys)):
        raise JobRejectedError("The webhook was not signed by fal; it is not used.")


def _signed_parts(message: WebhookMessage) -> list[str]:
    parts = [message.headers.get(f"x-fal-webhook-{name}", "") for name in _HEADERS]
    if not all(parts):
        raise JobRejectedError("The webhook carries no complete fal signature (headers X-Fal-Webhook-*).")
    refuse_old(message, parts[2])
    return parts


def _public_keys(keys: Mapping[str, Any]) -> Iterable[bytes]:
    for key in objects_of(keys.get("keys")):
        text = key.get("x")
        if isinstance(text, str):
            try:
                yield base64.urlsafe_b64decode(text + "=" * (-len(text) % 4))
            except ValueError:
                continue


def _fits(key: bytes, signature: bytes, text: bytes) -> bool:
    try:
        from cryptography.exceptions import InvalidSignature
        from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey
    except ImportError:
        raise ValidationError(
            "Verifying fal's webhooks needs cryptography: pip install 'tarash-fal[webhooks]'."
        ) from None
    try:
        Ed25519PublicKey.from_public_bytes(key).verify(signature, text)
    except (InvalidSignature, ValueError):
        return False
    return True


def read_message(kind: Kind, request_id: str, message: WebhookMessage) -> Done:
    """The result in a verified message. Raises the job's failure, or `JobRejectedError` when it is of another job."""
    body = posted(message)
    refuse_other_webhook(request_id, body.get("request_id"), body.get("gateway_request_id"))
    if text_at(body, "status") != "OK":
        raise _failure(body)
    return read_result(kind, body.get("payload"), message.headers)


def _failure(body: Mapping[str, Any]) -> TarashException:
    text = str(body.get("error") or body.get("payload_error") or "no reason given")
    told = _STATUS.search(text)
    answer = Response(int(told[0]) if told else 500, {"x-fal-request-id": ""}, to_json(body.get("payload")))
    return result_error(answer, {**body, "error": text})
