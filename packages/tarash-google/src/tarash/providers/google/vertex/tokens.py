"""What all exchanges of a secret for a token share: no secret shows, none goes out in the clear."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any

from tarash.tarash_gateway.exceptions import HTTPError, ProtocolError, TarashException, ValidationError
from tarash.tarash_gateway.messages import Response, number_or_none, text_at
from tarash.tarash_gateway.providers.base import Credentials
from tarash.tarash_gateway.providers.refusals import as_sentence
from tarash.tarash_gateway.secrets import SecretText

USUAL_LIFETIME = 3600.0
SAFE_LINK = re.compile(r"https://|http://(localhost|127\.0\.0\.1|\[::1\])(:\d+)?(/|\Z)", re.IGNORECASE)


def hidden(value: Any) -> Any:
    """JSON whose texts do not show in a traceback with local variables."""
    if isinstance(value, dict):
        return {name: hidden(item) for name, item in value.items()}
    return SecretText(value) if isinstance(value, str) else value


def link_in(info: Mapping[str, Any], name: str, safe: re.Pattern[str] = SAFE_LINK) -> str:
    """The link that a credentials file has under `name`. Raises `ValidationError` unless it is a `safe` one."""
    link = str(info.get(name))
    if not safe.match(link):
        raise ValidationError(f"{name} in the credentials file is not an https link; nothing was sent there.")
    return link


def token_error(response: Response) -> TarashException | None:
    """The exception of an answer in OAuth's shape (`{"error": "invalid_grant"}`), None for any other."""
    body = response.object_or_empty()
    code = body.get("error")
    # Of a 5xx in this shape it is not known who says it.
    if not isinstance(code, str) or response.status >= 500:
        return None
    told = as_sentence(body.get("error_description"), code=code)
    return HTTPError(f"The credentials were refused: {told}", raw_response=body, status_code=response.status)


def token_in(answer: Response, info: Mapping[str, Any]) -> Credentials:
    """The credentials in an answer of OAuth's shape."""
    body = hidden(answer.object_or_empty())
    return bearer(text_at(body, "access_token"), number_or_none(body.get("expires_in")) or USUAL_LIFETIME, info)


def bearer(token: str, lifetime: float, info: Mapping[str, Any]) -> Credentials:
    """Credentials that live `lifetime` seconds. The file may name the project whose quota is used."""
    project, token = info.get("quota_project_id"), token.strip()
    if not (token.isascii() and token.isprintable()):
        raise ProtocolError("The token service answered with a token that no header can carry.")
    quota = {"x-goog-user-project": str(project)} if project else {}
    return Credentials({"Authorization": SecretText(f"Bearer {token}"), **quota}, lifetime, SecretText(token))
