"""Verifying webhooks that are signed as Standard Webhooks says, which several vendors do.

The signature is base64 HMAC-SHA256 over `id.timestamp.body`; the secret is `whsec_` and base64.
Source: standardwebhooks.com, "Specification", version 1.
"""

from __future__ import annotations

import base64
import binascii
import hashlib
import hmac
from collections.abc import Iterator

from tarash.tarash_gateway.exceptions import JobRejectedError, ValidationError
from tarash.tarash_gateway.messages import WebhookMessage

TOLERANCE_SECONDS = 300.0
_HEADERS = ("id", "timestamp", "signature")


def verify_standard_webhook(message: WebhookMessage, secret: str) -> None:
    """Raise `JobRejectedError` unless the message was signed with the secret within the last five minutes."""
    identifier, moment, signatures = (message.headers.get(f"webhook-{name}", "") for name in _HEADERS)
    if not (identifier and moment and signatures):
        raise JobRejectedError("The webhook carries no complete signature (headers webhook-*).")
    refuse_old(message, moment)
    signed = f"{identifier}.{moment}.".encode() + message.body
    expected = hmac.new(_key(secret), signed, hashlib.sha256).digest()
    if not any(hmac.compare_digest(expected, given) for given in _given(signatures)):
        raise JobRejectedError("The webhook was not signed with this secret; it is not used.")


def refuse_old(message: WebhookMessage, moment: str) -> None:
    """Raise `JobRejectedError` unless `moment` (epoch seconds) is within five minutes of when the message came."""
    try:
        age = abs(message.received_at - int(moment))
    except (ValueError, OverflowError):
        raise JobRejectedError("The webhook's timestamp is not a number.") from None
    if age > TOLERANCE_SECONDS:
        raise JobRejectedError(f"The webhook is {age:.0f} seconds off; it may be a replay of an old one.")


def _key(secret: str) -> bytes:
    if not secret.startswith("whsec_"):
        return secret.encode()
    try:
        return base64.b64decode(secret.removeprefix("whsec_"), validate=True)
    except binascii.Error:
        raise ValidationError("The webhook secret is not whsec_ followed by base64.") from None


def _given(signatures: str) -> Iterator[bytes]:
    """The signatures of version 1; several stand there while a secret is being changed."""
    for signature in signatures.split():
        version, _, text = signature.partition(",")
        try:
            yield base64.b64decode(text, validate=True) if version == "v1" else b""
        except binascii.Error:
            continue
