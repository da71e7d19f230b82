"""Webhooks of a project, signed as Standard Webhooks wants it. Source: `webhooks.verify_signature` of openai 3.54."""

import base64
import hashlib
import hmac
from dataclasses import dataclass, field, replace

SECRET = "whsec_" + base64.b64encode(b"a secret of the simulator, 32 b.").decode()


@dataclass(frozen=True)
class SignedWebhook:
    """A webhook as the vendor would send it."""

    headers: dict[str, str]
    body: bytes = field(repr=False)

    def altered(self, body: bytes) -> "SignedWebhook":
        """The same signature over another body: a forgery."""
        return replace(self, body=body)


def sign(body: bytes, identifier: str, moment: float, secret: str = SECRET) -> SignedWebhook:
    key = base64.b64decode(secret.removeprefix("whsec_"))
    signed = f"{identifier}.{int(moment)}.".encode() + body
    signature = base64.b64encode(hmac.new(key, signed, hashlib.sha256).digest()).decode()
    headers = {
        "webhook-id": identifier,
        "webhook-timestamp": str(int(moment)),
        "webhook-signature": f"v1,{signature}",
        "content-type": "application/json",
    }
    return SignedWebhook(headers, body)
