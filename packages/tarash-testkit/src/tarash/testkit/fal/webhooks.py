"""fal's signed webhooks. Needs the extra `tarash-testkit[webhooks]`."""

import base64
import hashlib
import http.client
import json
from dataclasses import dataclass, field, replace
from functools import cached_property
from typing import TYPE_CHECKING, Any
from urllib.parse import urlsplit

if TYPE_CHECKING:
    from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

USER_ID = "simulated-user"


@dataclass(frozen=True)
class SignedWebhook:
    """A webhook as fal would send it: to be delivered, or given to a verifier directly."""

    url: str
    headers: dict[str, str]
    body: bytes = field(repr=False)

    def deliver(self, timeout: float = 10.0) -> int:
        """POST it and return the status of the answer. Raises OSError when nobody is there."""
        parts = urlsplit(self.url)
        kind = http.client.HTTPSConnection if parts.scheme == "https" else http.client.HTTPConnection
        connection = kind(parts.hostname or "", parts.port, timeout=timeout)
        try:
            target = (parts.path or "/") + (f"?{parts.query}" if parts.query else "")
            connection.request("POST", target, self.body, self.headers)
            return connection.getresponse().status
        finally:
            connection.close()

    def altered(self, body: bytes) -> "SignedWebhook":
        """The same signature over another body: a forgery."""
        return replace(self, body=body)


class WebhookSigner:
    """Signs with an Ed25519 key made at its first use. Raises ModuleNotFoundError without cryptography."""

    @cached_property
    def _key(self) -> "Ed25519PrivateKey":
        from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

        return Ed25519PrivateKey.generate()

    def jwks(self) -> dict[str, Any]:
        """The public key, as it stands under /.well-known/jwks.json."""
        public = base64.urlsafe_b64encode(self._key.public_key().public_bytes_raw()).rstrip(b"=").decode()
        return {"keys": [{"kty": "OKP", "crv": "Ed25519", "use": "sig", "kid": "simulated", "x": public}]}

    def sign(self, url: str, payload: dict[str, Any], wall: float) -> SignedWebhook:
        """`wall` is the time of the signature, in seconds since 1970."""
        body, timestamp = json.dumps(payload).encode(), str(int(wall))
        request_id = str(payload["request_id"])
        message = "\n".join([request_id, USER_ID, timestamp, hashlib.sha256(body).hexdigest()]).encode()
        headers = {
            "Content-Type": "application/json",
            "X-Fal-Webhook-Request-Id": request_id,
            "X-Fal-Webhook-User-Id": USER_ID,
            "X-Fal-Webhook-Timestamp": timestamp,
            "X-Fal-Webhook-Signature": self._key.sign(message).hex(),
        }
        return SignedWebhook(url, headers, body)
