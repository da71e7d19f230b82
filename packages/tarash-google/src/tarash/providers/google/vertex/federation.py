"""Tokens for other tokens: of GitHub, Kubernetes or Azure for one of Google's, and of one account for another's.

Sources: wire of google-auth 2.62.2; RFC 8693; cloud.google.com, "Workload identity federation" and "Create short-lived
credentials for a service account", 2026.
"""

from __future__ import annotations

import json
import re
from base64 import b64encode
from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Any
from urllib.parse import quote

from tarash.providers.google.vertex.tokens import SAFE_LINK, bearer, hidden, link_in, token_in
from tarash.tarash_gateway.exceptions import ValidationError
from tarash.tarash_gateway.messages import Form, Json, Request, Response, Step, text_at
from tarash.tarash_gateway.providers.asking import read_file, time_of_day
from tarash.tarash_gateway.providers.base import Credentials
from tarash.tarash_gateway.providers.reading import object_of, present
from tarash.tarash_gateway.secrets import SecretText

IAM_SCOPE = "https://www.googleapis.com/auth/iam"
"""The scope of a token that is only used to ask for the token of another account."""

EXCHANGE = {
    "grant_type": "urn:ietf:params:oauth:grant-type:token-exchange",
    "requested_token_type": "urn:ietf:params:oauth:token-type:access_token",
}
IMPERSONATION = "service_account_impersonation_url"
IMPERSONATED_SECONDS = 3600
OTHER_SOURCES = {
    "environment_id": "AWS (environment_id)",
    "executable": "an executable",
    "certificate": "a certificate",
}
OTHER_SOURCE = (
    "The credentials file takes its subject token from {}; tarash takes it from a file or a url. Let something write "
    "it to a file, or use a service_account, or the account of a Google machine. Nothing was sent."
)
SAFE_SOURCE = re.compile(rf"{SAFE_LINK.pattern}|http://169\.254\.169\.254/", re.IGNORECASE)
"""Azure gives its machines their tokens at a link-local address, which has no https."""


def federated(info: Mapping[str, Any], scope: str) -> Step[Credentials]:
    """What a foreign identity is worth at Google: a token of its own, or of the account that it impersonates."""
    own = _exchanged(info, IAM_SCOPE if info.get(IMPERSONATION) else scope)
    return impersonated(info, scope, own) if info.get(IMPERSONATION) else own


def impersonated(info: Mapping[str, Any], scope: str, source: Step[Credentials]) -> Step[Credentials]:
    """The token of an account, asked for with the token of `source`."""
    link = link_in(info, IMPERSONATION)
    wanted = object_of(info.get("service_account_impersonation")).get("token_lifetime_seconds") or IMPERSONATED_SECONDS
    body = Json({"delegates": info.get("delegates"), "scope": [scope], "lifetime": f"{wanted}s"})
    asking = yield from source
    answer = yield Request("POST", link, headers=asking.headers, body=body, secrets=[asking.secret or ""])
    found, now = hidden(answer.object_or_empty()), datetime.fromtimestamp((yield from time_of_day()), UTC)
    return bearer(text_at(found, "accessToken"), (_instant(text_at(found, "expireTime")) - now).total_seconds(), info)


def _instant(text: str) -> datetime:
    found = datetime.fromisoformat(text)
    return found if found.tzinfo else found.replace(tzinfo=UTC)


def _exchanged(info: Mapping[str, Any], scope: str) -> Step[Credentials]:
    """The token that Google's token service (STS) gives for the subject token."""
    link, login, project = link_in(info, "token_url"), _login(info), info.get("workforce_pool_user_project")
    subject = yield from _subject_token(object_of(info.get("credential_source")))
    fields = {**EXCHANGE, **present(info, "audience", "subject_token_type"), "subject_token": subject, "scope": scope}
    options = {"options": quote(json.dumps({"userProject": project}))} if project and not login else {}
    headers = {"Authorization": SecretText(f"Basic {login}")} if login else {}
    secrets = [subject, login, SecretText(info.get("client_secret") or "")]
    answer = yield Request("POST", link, headers=headers, body=Form({**fields, **options}), secrets=secrets)
    return token_in(answer, info)


def _login(info: Mapping[str, Any]) -> str:
    """The client, as HTTP Basic writes it; empty where the file names none."""
    login = f"{info.get('client_id')}:{info.get('client_secret') or ''}".encode()
    return SecretText(b64encode(login).decode()) if info.get("client_id") else ""


def _subject_token(source: Mapping[str, Any]) -> Step[str]:
    """What proves the foreign identity. It is read anew each time, because it lives for minutes."""
    for name in OTHER_SOURCES.keys() & source.keys():
        raise ValidationError(OTHER_SOURCE.format(OTHER_SOURCES[name]))
    form = object_of(source.get("format"))
    field = None if form.get("type", "text") == "text" else str(form.get("subject_token_field_name"))
    if "file" in source:
        answer = Response(200, body=(yield from read_file(str(source["file"]))))
    else:
        headers = {name: SecretText(value) for name, value in object_of(source.get("headers")).items()}
        secrets = [SecretText(value.rpartition(" ")[2]) for value in headers.values()]
        answer = yield Request("GET", link_in(source, "url", SAFE_SOURCE), headers=headers, secrets=secrets)
    text = hidden(answer.object_or_empty()).get(field) if field else answer.body.decode(errors="replace").strip()
    if not isinstance(text, str) or not text:
        raise ValidationError(f"The source of the subject token has no text{f' under {field!r}' if field else ''}.")
    return SecretText(text)
