"""OAuth for Vertex AI: a credentials file of one of four types, or the machine's account, exchanged for a token.

Sources: wire of google-auth 2.62.2; cloud.google.com, "Application Default Credentials", 2026. Signing for a service
account needs the extra `tarash-google[vertex]`; nothing else does.
"""

from __future__ import annotations

import os
from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

from tarash.providers.google.vertex.federation import IAM_SCOPE, federated, impersonated
from tarash.providers.google.vertex.tokens import hidden, link_in, token_in
from tarash.tarash_gateway.exceptions import ValidationError
from tarash.tarash_gateway.messages import Form, Request, Response, Step
from tarash.tarash_gateway.providers.asking import read_file, read_file_if_any, time_of_day
from tarash.tarash_gateway.providers.base import Call, Credentials
from tarash.tarash_gateway.providers.reading import object_of, present
from tarash.tarash_gateway.secrets import SecretText

SCOPE = "https://www.googleapis.com/auth/cloud-platform"
AUDIENCE = "https://oauth2.googleapis.com/token"
"""The audience of a signed request for a token, whatever the file's `token_uri` says; also that address's default."""

JWT_GRANT = {"grant_type": "urn:ietf:params:oauth:grant-type:jwt-bearer"}
USER_GRANT = {"grant_type": "refresh_token"}
USER_FIELDS = ("client_id", "client_secret", "refresh_token")
ASSERTION_SECONDS = 3600
LOGIN_VARIABLES = (
    *("GOOGLE_APPLICATION_CREDENTIALS", "CLOUDSDK_CONFIG", "GOOGLE_CLOUD_QUOTA_PROJECT"),
    *("NO_GCE_CHECK", "GCE_METADATA_HOST"),
)
"""Environment variables that decide whose token it is."""

METADATA_HOST = "metadata.google.internal"
METADATA_PATH = "/computeMetadata/v1/instance/service-accounts/default/token"
METADATA = Request(
    "GET", METADATA_HOST, headers={"Metadata-Flavor": "Google"}, query=[("scopes", SCOPE)], timeout=3.0, optional=True
)
NO_CREDENTIALS = (
    "There are no Google credentials for Vertex AI: set provider_config['credentials_path'] or "
    "GOOGLE_APPLICATION_CREDENTIALS to a credentials file, or run 'gcloud auth application-default login'."
)
NO_SIGNER = "Service accounts need google-auth: pip install 'tarash-google[vertex]'. Nothing was sent."


def fetch_token(call: Call) -> Step[Credentials]:
    """A token from the file that the caller names, else from the application default credentials."""
    quota = present({"quota_project_id": os.environ.get("GOOGLE_CLOUD_QUOTA_PROJECT") or None}, "quota_project_id")
    info = yield from _file(call)
    return (yield from (_from_machine(quota) if info is None else _token({**info, **quota}, SCOPE)))


def _file(call: Call) -> Step[dict[str, Any] | None]:
    """What stands in the credentials file; None when there is none."""
    named = call.options.get("credentials_path") or os.environ.get("GOOGLE_APPLICATION_CREDENTIALS")
    data = (yield from read_file(str(named))) if named else (yield from read_file_if_any(_gcloud_file()))
    return None if data is None else hidden(Response(200, body=data).object_or_empty())


def _gcloud_file() -> Path:
    """Where gcloud keeps a user's login."""
    home = os.environ.get("APPDATA", "~") if os.name == "nt" else "~/.config"
    return Path(os.environ.get("CLOUDSDK_CONFIG") or f"{home}/gcloud", "application_default_credentials.json")


def _token(info: Mapping[str, Any], scope: str) -> Step[Credentials]:
    kind = str(info.get("type"))
    if kind not in KINDS:
        raise ValidationError(f"The credentials file is of type {kind[:40]!r}; tarash reads {', '.join(KINDS)}.")
    names, exchange = KINDS[kind]
    lacking = [name for name in names if not isinstance(info.get(name), str)]
    if lacking:
        raise ValidationError(f"The credentials file ({kind}) lacks {', '.join(lacking)}.")
    return exchange({"token_uri": AUDIENCE, **info}, scope)


def _from_service_account(info: Mapping[str, Any], scope: str) -> Step[Credentials]:
    link, now = link_in(info, "token_uri"), int((yield from time_of_day()))
    claims = {"iss": info["client_email"], "aud": AUDIENCE, "scope": scope, "iat": now, "exp": now + ASSERTION_SECONDS}
    assertion = _signed(info, claims)
    answer = yield Request("POST", link, body=Form({**JWT_GRANT, "assertion": assertion}), secrets=[assertion])
    return token_in(answer, info)


def _from_user(info: Mapping[str, Any], scope: str) -> Step[Credentials]:
    """A login has the scopes that its user agreed to; `scope` is not asked for."""
    body = Form({**USER_GRANT, **present(info, *USER_FIELDS)})
    secrets = [info["refresh_token"], info["client_secret"]]
    answer = yield Request("POST", link_in(info, "token_uri"), body=body, secrets=secrets)
    return token_in(answer, info)


def _from_impersonation(info: Mapping[str, Any], scope: str) -> Step[Credentials]:
    source = object_of(info.get("source_credentials"))
    if source.get("type") == info["type"]:
        raise ValidationError("The source_credentials of an impersonated account may not be impersonated themselves.")
    return impersonated(info, scope, _token(source, IAM_SCOPE))


def _from_machine(quota: Mapping[str, str]) -> Step[Credentials]:
    """The account of the machine that this runs on, where it is one of Google's."""
    link = f"http://{os.environ.get('GCE_METADATA_HOST') or METADATA_HOST}{METADATA_PATH}"
    answer = (yield replace(METADATA, url=link)) if os.environ.get("NO_GCE_CHECK") != "true" else Response.missing()
    if answer.status == Response.MISSING:
        raise ValidationError(NO_CREDENTIALS)
    return token_in(answer, quota)


KINDS: Mapping[str, tuple[Sequence[str], Callable[[Mapping[str, Any], str], Step[Credentials]]]] = {
    "service_account": (("client_email", "private_key"), _from_service_account),
    "authorized_user": (USER_FIELDS, _from_user),
    "external_account": (("audience", "subject_token_type", "token_url"), federated),
    "impersonated_service_account": (("service_account_impersonation_url",), _from_impersonation),
}
"""The types of credentials files: the texts that must stand in them, and how they become a token."""


def _signed(info: Mapping[str, Any], claims: Mapping[str, Any]) -> str:
    try:
        from google.auth import crypt, jwt

        signers: Any = crypt.RSASigner
        encode: Any = jwt.encode
        signed = encode(signers.from_string(info["private_key"], info.get("private_key_id")), claims)
    except ImportError:
        raise ValidationError(NO_SIGNER) from None
    except (TypeError, ValueError):
        # What went wrong may quote the private key, so it is not passed on.
        raise ValidationError("The private key in the credentials file cannot be read.") from None
    return SecretText(bytes(signed).decode())
