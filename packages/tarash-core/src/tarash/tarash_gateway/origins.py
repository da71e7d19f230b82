"""Where a URL leads: who may be sent a key is decided by it."""

from __future__ import annotations

import ipaddress
from functools import lru_cache
from urllib.parse import urlsplit

from tarash.tarash_gateway.exceptions import ProtocolError, ValidationError


@lru_cache(maxsize=1024)
def origin_of(url: str) -> tuple[str, str, int | None]:
    """Scheme, host and port. Raises `ProtocolError` for text that is no URL."""
    try:
        parts = urlsplit(url)
        port = parts.port or {"http": 80, "https": 443}.get(parts.scheme)
    except ValueError:
        raise ProtocolError("The provider gave a link that cannot be read.") from None
    return parts.scheme.lower(), (parts.hostname or "").lower(), port


def same_origin(one: str, other: str) -> bool:
    """Whether two URLs lead to the same scheme, host and port; text that is no URL leads nowhere."""
    try:
        return origin_of(one) == origin_of(other)
    except ProtocolError:
        return False


def is_loopback(host: str) -> bool:
    """True for a host that is this machine whatever the network says: names such as 127.example.com are not."""
    if host == "localhost" or host.endswith(".localhost"):
        return True
    try:
        address = ipaddress.ip_address(host)
    except ValueError:
        return False
    return address.is_loopback


def refuse_plain_http(url: str, *, allowed: bool) -> None:
    """Raise `ValidationError` when a key would travel to `url` in the clear, beyond this machine."""
    scheme, host, _ = origin_of(url)
    if scheme != "https" and not is_loopback(host) and not allowed:
        raise ValidationError(
            f"The key would travel in the clear to {host}. Use an https base_url, "
            "or set provider_config={'allow_http': True} if that network is yours."
        )
