"""Tokens: the three ways to get one, and who may use it."""

import base64
import json
from collections.abc import Mapping
from functools import cache
from typing import Any

from tarash.testkit.clock import VirtualClock
from tarash.testkit.requests import RecordedRequest
from tarash.testkit.steps import Answer

SCOPE = "https://www.googleapis.com/auth/cloud-platform"
AUDIENCE = "https://oauth2.googleapis.com/token"
JWT_GRANT = "urn:ietf:params:oauth:grant-type:jwt-bearer"
CLIENT = {"client_id": "simulated.apps.googleusercontent.com", "client_secret": "simulated-client-secret"}
REFRESH_TOKEN = "1//simulated-refresh-token"  # noqa: S105 - it opens nothing
EMAIL = "painter@simulated-project.iam.gserviceaccount.com"


@cache
def _private_key() -> Any:
    from cryptography.hazmat.primitives.asymmetric import rsa

    return rsa.generate_private_key(public_exponent=65537, key_size=2048)


def new_service_account(token_uri: str) -> dict[str, Any]:
    """What stands in a service account's file. Needs cryptography."""
    from cryptography.hazmat.primitives import serialization

    pem = _private_key().private_bytes(
        serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
    )
    return {
        "type": "service_account",
        "project_id": "simulated-project",
        "private_key_id": "simulated-key",
        "private_key": pem.decode(),
        "client_email": EMAIL,
        "token_uri": token_uri,
    }


class Tokens:
    """Hands out tokens that live `lifetime` virtual seconds."""

    def __init__(self, clock: VirtualClock, lifetime: float) -> None:
        self._clock, self.lifetime = clock, lifetime
        self._ends: dict[str, float] = {}

    @property
    def issued(self) -> list[str]:
        return list(self._ends)

    def revoke_all(self) -> None:
        self._ends = dict.fromkeys(self._ends, 0.0)

    def is_good(self, request: RecordedRequest) -> bool:
        scheme, _, token = (request.headers.get("authorization") or "").partition(" ")
        return scheme == "Bearer" and self._clock.monotonic() < self._ends.get(token, 0.0)

    def issue(self) -> Answer:
        token = f"ya29.simulated-token-{len(self._ends) + 1}"
        self._ends[token] = self._clock.monotonic() + self.lifetime
        return Answer(json={"access_token": token, "expires_in": int(self.lifetime), "token_type": "Bearer"})

    def exchange(self, request: RecordedRequest) -> Answer:
        """The token service: a signed assertion of a service account, or a user's refresh token."""
        fields = dict(request.form)
        if fields.get("grant_type") == JWT_GRANT:
            problem = self._judge(fields.get("assertion", ""))
        elif fields.get("grant_type") == "refresh_token":
            wanted = {**CLIENT, "refresh_token": REFRESH_TOKEN}
            problem = None if wanted.items() <= fields.items() else "Token has been expired or revoked."
        else:
            return Answer(400, json={"error": "unsupported_grant_type", "error_description": "Invalid grant_type."})
        if problem:
            return Answer(400, json={"error": "invalid_grant", "error_description": problem})
        return self.issue()

    def from_metadata(self, request: RecordedRequest) -> Answer:
        if request.headers.get("metadata-flavor") != "Google":
            return Answer(403, body="Missing Metadata-Flavor:Google header.")
        return self.issue()

    def _judge(self, assertion: str) -> str | None:
        try:
            claims = _verified(assertion)
        except Exception as error:  # noqa: BLE001 - whatever is wrong with it, the grant is invalid
            return f"Invalid JWT: {error}"
        wanted = {"iss": EMAIL, "aud": AUDIENCE, "scope": SCOPE}
        if {name: claims.get(name) for name in wanted} != wanted:
            return "Invalid JWT: wrong claims."
        if abs(claims["iat"] - self._clock.wall()) > 300 or claims["exp"] - claims["iat"] > 3600:
            return "Invalid JWT: Token must be a short-lived token (60 minutes) and in a reasonable timeframe."
        return None


def _verified(assertion: str) -> Mapping[str, Any]:
    from cryptography.hazmat.primitives import hashes
    from cryptography.hazmat.primitives.asymmetric import padding

    head, claims, signature = assertion.split(".")
    _private_key().public_key().verify(
        _decoded(signature), f"{head}.{claims}".encode(), padding.PKCS1v15(), hashes.SHA256()
    )
    if json.loads(_decoded(head)).get("kid") != "simulated-key":
        raise ValueError("unknown key id")
    found: Mapping[str, Any] = json.loads(_decoded(claims))
    return found


def _decoded(text: str) -> bytes:
    return base64.urlsafe_b64decode(text + "=" * (-len(text) % 4))
