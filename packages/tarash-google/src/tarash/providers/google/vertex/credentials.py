"""OAuth for Vertex AI: a service account, a user's own login, or the machine's account, each exchanged for a token.

Sources: wire of google-auth 2.62.2; cloud.google.com, "Application Default Credentials", 2026. Signing needs the extra
`tarash-google[vertex]`; the other two kinds do not.
"""

from __future__ import annotations

import os
from collections.abc import Mapping
from typing import Any
from urllib.parse import urlsplit

from tarash.tarash_gateway.exceptions import HTTPError, TarashException, ValidationError
from tarash.tarash_gateway.messages import Form, Request, Response, Step, number_or_none, text_at
from tarash.tarash_gateway.providers.asking import read_file, read_file_if_any, time_of_day
from tarash.tarash_gateway.providers.base import Call, Credentials

SCOPE = "https://www.googleapis.com/auth/cloud-platform"
AUDIENCE = "https://oauth2.googleapis.com/token"
"""The audience of a signed request for a token, whatever the file's `token_uri` says; also that address's default."""

JWT_GRANT = "urn:ietf:params:oauth:grant-type:jwt-bearer"
ASSERTION_SECONDS = 3600
USUAL_LIFETIME = 3600.0
METADATA_HOST = "metadata.google.internal"
METADATA_PATH = "/computeMetadata/v1/instance/service-accounts/default/token"
METADATA_SECONDS = 3.0
NO_CREDENTIALS = (
    "There are no Google credentials for Vertex AI: set provider_config['credentials_path'] or "
    "GOOGLE_APPLICATION_CREDENTIALS to a credentials file, or run 'gcloud auth application-default login'."
)


def fetch_token(call: Call) -> Step[Credentials]:
    """A token from the file that the caller names, else from the application default credentials."""
    named = call.options.get("credentials_path") or os.environ.get("GOOGLE_APPLICATION_CREDENTIALS")
    data = (yield from read_file(str(named))) if named else (yield from read_file_if_any(_gcloud_file()))
    if data is None:
        return (yield from _from_machine())
    info = Response(200, body=data).object_or_empty()
    if info.get("type") == "service_account":
        return (yield from _from_service_account(info))
    if info.get("type") == "authorized_user":
        return (yield from _from_user(info))
    raise ValidationError(
        f"The credentials file is of type {str(info.get('type'))[:40]!r}; tarash reads service_account and "
        "authorized_user."
    )


def _gcloud_file() -> str:
    """Where gcloud keeps a user's login."""
    home = os.environ.get("APPDATA", "~") if os.name == "nt" else "~/.config"
    folder = os.environ.get("CLOUDSDK_CONFIG") or f"{home}/gcloud"
    return f"{folder}/application_default_credentials.json"


def _from_service_account(info: Mapping[str, Any]) -> Step[Credentials]:
    now = int((yield from time_of_day()))
    claims = {"iss": info.get("client_email"), "aud": AUDIENCE, "scope": SCOPE}
    assertion = _signed(info, {**claims, "iat": now, "exp": now + ASSERTION_SECONDS})
    return (yield from _exchange(info, {"grant_type": JWT_GRANT, "assertion": assertion}))


def _from_user(info: Mapping[str, Any]) -> Step[Credentials]:
    names = ("client_id", "client_secret", "refresh_token")
    if not all(isinstance(info.get(name), str) for name in names):
        raise ValidationError(f"The credentials file lacks one of {', '.join(names)}.")
    return (yield from _exchange(info, {"grant_type": "refresh_token", **{name: info[name] for name in names}}))


def _from_machine() -> Step[Credentials]:
    """The account of the machine that this runs on, where it is one of Google's."""
    if os.environ.get("NO_GCE_CHECK") == "true":
        raise ValidationError(NO_CREDENTIALS)
    host = os.environ.get("GCE_METADATA_HOST") or METADATA_HOST
    answer = yield Request(
        "GET",
        f"http://{host}{METADATA_PATH}",
        headers={"Metadata-Flavor": "Google"},
        query=[("scopes", SCOPE)],
        timeout=METADATA_SECONDS,
        optional=True,
    )
    if answer.status == Response.MISSING:
        raise ValidationError(NO_CREDENTIALS)
    return _credentials(answer, {})


def _exchange(info: Mapping[str, Any], fields: Mapping[str, str]) -> Step[Credentials]:
    address = str(info.get("token_uri") or AUDIENCE)
    parts = urlsplit(address)
    if parts.scheme != "https" and parts.hostname not in ("127.0.0.1", "localhost", "::1"):
        raise ValidationError("The credentials file names a token_uri that is not https; nothing was sent there.")
    answer = yield Request("POST", address, body=Form(fields))
    return _credentials(answer, info)


def _credentials(answer: Response, info: Mapping[str, Any]) -> Credentials:
    body = answer.object()
    token = text_at(body, "access_token")
    project = os.environ.get("GOOGLE_CLOUD_QUOTA_PROJECT") or info.get("quota_project_id")
    headers = {"Authorization": f"Bearer {token}", **({"x-goog-user-project": str(project)} if project else {})}
    return Credentials(headers, number_or_none(body.get("expires_in")) or USUAL_LIFETIME, token)


def token_error(response: Response) -> TarashException | None:
    """The exception of a refused exchange (`{"error": "invalid_grant", "error_description"}`), None for any other."""
    body = response.object_or_empty()
    error = body.get("error")
    if not isinstance(error, str):
        return None
    told = body.get("error_description") or error
    return HTTPError(f"Google refused the credentials: {error} ({told}).", status_code=response.status)


def _signed(info: Mapping[str, Any], claims: Mapping[str, Any]) -> str:
    try:
        from google.auth import crypt, jwt
    except ImportError:
        raise ValidationError(
            "Service accounts need google-auth: pip install 'tarash-google[vertex]'. Nothing was sent."
        ) from None
    try:
        signers: Any = crypt.RSASigner
        encode: Any = jwt.encode
        signed = encode(signers.from_string(info["private_key"], info.get("private_key_id")), claims)
    except (KeyError, TypeError, ValueError):
        # What went wrong may quote the private key, so it is not passed on.
        raise ValidationError("The private key in the credentials file cannot be read.") from None
    return bytes(signed).decode()
