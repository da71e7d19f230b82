"""Tokens: the ways to get one (keys, logins, machines, foreign identities, impersonation), and who may use it.

The refusals of the token services are those of Google's pages about OAuth, workload identity federation and short-lived
credentials, 2026.
"""

import base64
import json
from collections.abc import Mapping
from datetime import UTC, datetime
from functools import cache
from typing import Any
from urllib.parse import unquote

from tarash.testkit.clock import VirtualClock
from tarash.testkit.google import errors
from tarash.testkit.requests import RecordedRequest
from tarash.testkit.steps import Answer

SCOPE = "https://www.googleapis.com/auth/cloud-platform"
IAM_SCOPE = "https://www.googleapis.com/auth/iam"
AUDIENCE = "https://oauth2.googleapis.com/token"
JWT_GRANT = "urn:ietf:params:oauth:grant-type:jwt-bearer"
CLIENT = {"client_id": "simulated.apps.googleusercontent.com", "client_secret": "simulated-client-secret"}
REFRESH_TOKEN = "1//simulated-refresh-token"  # noqa: S105 - it opens nothing
EMAIL = "painter@simulated-project.iam.gserviceaccount.com"
DELEGATE = "projects/-/serviceAccounts/steward@simulated-project.iam.gserviceaccount.com"

EXCHANGE_GRANT = "urn:ietf:params:oauth:grant-type:token-exchange"
ACCESS_TOKEN = "urn:ietf:params:oauth:token-type:access_token"  # noqa: S105 - the name of a type
SUBJECT_TYPE = "urn:ietf:params:oauth:token-type:jwt"
SUBJECT_TOKEN = "simulated.subject.token"  # noqa: S105 - it opens nothing
SUBJECT_FIELD = "value"
RUNNER_TOKEN = "simulated-runner-token"  # noqa: S105 - it opens nothing
"""What the identity provider of the simulator wants to see before it hands out the subject token."""

POOL = "//iam.googleapis.com/projects/123456789/locations/global/workloadIdentityPools/simulated/providers/runner"
WORKFORCE = "//iam.googleapis.com/locations/global/workforcePools/simulated/providers/staff"
LONGEST_IMPERSONATION = 43200


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


def new_user_login(token_uri: str) -> dict[str, Any]:
    """What `gcloud auth application-default login` writes."""
    return {"type": "authorized_user", **CLIENT, "refresh_token": REFRESH_TOKEN, "token_uri": token_uri}


def new_federation(url: str, credential_source: Mapping[str, Any]) -> dict[str, Any]:
    """What stands in the file of a foreign identity (`external_account`)."""
    return {
        "type": "external_account",
        "audience": POOL,
        "subject_token_type": SUBJECT_TYPE,
        "token_url": f"{url}/v1/token",
        "credential_source": dict(credential_source),
    }


class Tokens:
    """Hands out tokens that live `lifetime` virtual seconds, or as long as an impersonation asks for."""

    def __init__(self, clock: VirtualClock, lifetime: float) -> None:
        self._clock, self.lifetime = clock, lifetime
        self._ends: dict[str, float] = {}
        self._scopes: dict[str, str] = {}

    @property
    def issued(self) -> list[str]:
        return list(self._ends)

    def revoke_all(self) -> None:
        self._ends = dict.fromkeys(self._ends, 0.0)

    def judge(self, request: RecordedRequest, *scopes: str) -> Answer | None:
        """The refusal of a request whose token is none, is over, or has none of the scopes."""
        scheme, _, token = (request.headers.get("authorization") or "").partition(" ")
        if scheme != "Bearer" or self._clock.monotonic() >= self._ends.get(token, 0.0):
            return errors.unauthenticated()
        if self._scopes[token] in scopes:
            return None
        message = "Request had insufficient authentication scopes."
        return errors.rpc_error(403, message, details=[errors.error_info("ACCESS_TOKEN_SCOPE_INSUFFICIENT")])

    def _new(self, scope: str, lifetime: float) -> str:
        token = f"ya29.simulated-token-{len(self._ends) + 1}"
        self._ends[token] = self._clock.monotonic() + lifetime
        self._scopes[token] = scope
        return token

    def issue(self, scope: str = SCOPE, **more: Any) -> Answer:
        token = self._new(scope, self.lifetime)
        return Answer(json={"access_token": token, **more, "expires_in": int(self.lifetime), "token_type": "Bearer"})

    def exchange(self, request: RecordedRequest) -> Answer:
        """The token service: a signed assertion of a service account, or a user's refresh token."""
        fields, scope = dict(request.form), SCOPE
        if fields.get("grant_type") == JWT_GRANT:
            problem = self._problem_of_assertion(fields.get("assertion", ""))
            scope = str(_claims(fields["assertion"])["scope"]) if problem is None else scope
        elif fields.get("grant_type") == "refresh_token":
            wanted = {**CLIENT, "refresh_token": REFRESH_TOKEN}
            problem = None if wanted.items() <= fields.items() else "Token has been expired or revoked."
        else:
            return oauth_error("unsupported_grant_type", "Invalid grant_type.")
        return oauth_error("invalid_grant", problem) if problem else self.issue(scope)

    def from_metadata(self, request: RecordedRequest) -> Answer:
        if request.headers.get("metadata-flavor") != "Google":
            return Answer(403, body="Missing Metadata-Flavor:Google header.")
        return self.issue()

    def exchange_subject(self, request: RecordedRequest) -> Answer:
        """The security token service: a foreign identity's token for one of Google's."""
        fields = dict(request.form)
        problem = _problem_of_client(request, fields) or _problem_of_exchange(fields)
        return problem or self.issue(fields["scope"], issued_token_type=ACCESS_TOKEN)

    def hand_out_subject(self, request: RecordedRequest) -> Answer:
        """The identity provider: its token as text, or as JSON for those who want that."""
        if request.headers.get("authorization") != f"Bearer {RUNNER_TOKEN}":
            return Answer(401, json={"message": "The runner's token is missing or wrong."})
        wants_json = request.query_value("format") == "json"
        return Answer(json={SUBJECT_FIELD: SUBJECT_TOKEN}) if wants_json else Answer(body=SUBJECT_TOKEN)

    def impersonate(self, request: RecordedRequest, email: str) -> Answer:
        """The service of short-lived credentials: `:generateAccessToken` of one account."""
        body = request.json
        problem = _problem_of_impersonation(body)
        if problem:
            return errors.rpc_error(400, problem)
        if unquote(email) != EMAIL:
            return _no_permission()
        lifetime = float(body.get("lifetime", "3600s")[:-1])
        token = self._new(body["scope"][0], lifetime)
        end = datetime.fromtimestamp(int(self._clock.wall() + lifetime), UTC)
        return Answer(json={"accessToken": token, "expireTime": end.strftime("%Y-%m-%dT%H:%M:%SZ")})

    def _problem_of_assertion(self, assertion: str) -> str | None:
        try:
            claims = _verified(assertion)
        except Exception as error:  # noqa: BLE001 - whatever is wrong with it, the grant is invalid
            return f"Invalid JWT: {error}"
        named = (claims.get("iss"), claims.get("aud"))
        if named != (EMAIL, AUDIENCE) or claims.get("scope") not in (SCOPE, IAM_SCOPE):
            return "Invalid JWT: wrong claims."
        if abs(claims["iat"] - self._clock.wall()) > 300 or claims["exp"] - claims["iat"] > 3600:
            return "Invalid JWT: Token must be a short-lived token (60 minutes) and in a reasonable timeframe."
        return None


def oauth_error(code: str, description: str, status: int = 400) -> Answer:
    """How the token services refuse."""
    return Answer(status, json={"error": code, "error_description": description})


def _problem_of_client(request: RecordedRequest, fields: Mapping[str, str]) -> Answer | None:
    login = request.headers.get("authorization")
    known = base64.b64encode(":".join(CLIENT.values()).encode()).decode()
    if login not in (None, f"Basic {known}"):
        return oauth_error("invalid_client", "The OAuth client was not found.", 401)
    options = json.loads(unquote(fields.get("options", "{}")))
    if fields.get("audience") == WORKFORCE and login is None and not options.get("userProject"):
        return oauth_error("invalid_request", "The userProject option is required for a workforce pool.")
    return None


def _problem_of_exchange(fields: Mapping[str, str]) -> Answer | None:
    if fields.get("grant_type") != EXCHANGE_GRANT or fields.get("requested_token_type") != ACCESS_TOKEN:
        return oauth_error("unsupported_grant_type", "Invalid grant_type or requested_token_type.")
    if fields.get("audience") not in (POOL, WORKFORCE):
        wrong = 'The target service indicated by the "audience" parameters is invalid. This might either be because '
        return oauth_error("invalid_target", f"{wrong}the pool or provider is disabled, deleted, or does not exist.")
    if fields.get("scope") not in (SCOPE, IAM_SCOPE):
        return oauth_error("invalid_scope", "Invalid scope.")
    if (fields.get("subject_token"), fields.get("subject_token_type")) != (SUBJECT_TOKEN, SUBJECT_TYPE):
        return oauth_error("invalid_grant", "The given credential is rejected by the attribute condition.")
    return None


def _problem_of_impersonation(body: Mapping[str, Any]) -> str | None:
    unknown = sorted(body.keys() - {"delegates", "scope", "lifetime"})
    if unknown:
        return f'Invalid JSON payload received. Unknown name "{unknown[0]}": Cannot find field.'
    if body.get("scope") not in ([SCOPE], [IAM_SCOPE]):
        return "Scope required."
    if any(not str(one).startswith("projects/-/serviceAccounts/") for one in body.get("delegates") or ()):
        return "Invalid form of delegate: projects/-/serviceAccounts/{ACCOUNT} is expected."
    lifetime = str(body.get("lifetime", "3600s"))
    seconds = lifetime[:-1] if lifetime.endswith("s") else ""
    if not seconds.isdigit() or not 0 < int(seconds) <= LONGEST_IMPERSONATION:
        return f"The lifetime must be between 1s and {LONGEST_IMPERSONATION}s."
    return None


def _no_permission() -> Answer:
    permission = "iam.serviceAccounts.getAccessToken"
    detail = {
        **errors.error_info("IAM_PERMISSION_DENIED"),
        "domain": "iam.googleapis.com",
        "metadata": {"permission": permission},
    }
    message = f"Permission '{permission}' denied on resource (or it may not exist)."
    return errors.rpc_error(403, message, details=[detail])


def _verified(assertion: str) -> Mapping[str, Any]:
    from cryptography.hazmat.primitives import hashes
    from cryptography.hazmat.primitives.asymmetric import padding

    head, claims, signature = assertion.split(".")
    _private_key().public_key().verify(
        _decoded(signature), f"{head}.{claims}".encode(), padding.PKCS1v15(), hashes.SHA256()
    )
    if json.loads(_decoded(head)).get("kid") != "simulated-key":
        raise ValueError("unknown key id")
    return _claims(assertion)


def _claims(assertion: str) -> Mapping[str, Any]:
    found: Mapping[str, Any] = json.loads(_decoded(assertion.split(".")[1]))
    return found


def _decoded(text: str) -> bytes:
    return base64.urlsafe_b64decode(text + "=" * (-len(text) % 4))
