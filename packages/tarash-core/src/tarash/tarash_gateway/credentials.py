"""Tokens that live longer than one job, kept in this process for the next jobs of the same account."""

from __future__ import annotations

from tarash.tarash_gateway.providers.base import Credentials

_MARGIN = 60.0
"""A token is fetched anew so many seconds before it ends (or a tenth of a short life), lest it end on the way."""

_kept: dict[str, tuple[Credentials, float]] = {}


def kept_credentials(account: str, now: float) -> Credentials | None:
    found = _kept.get(account)
    return found[0] if found and now < found[1] else None


def keep_credentials(account: str, credentials: Credentials, now: float) -> None:
    lifetime = credentials.lifetime or 0.0
    _kept[account] = (credentials, now + lifetime - min(_MARGIN, lifetime / 10))


def forget_credentials(credentials: Credentials) -> None:
    for account in [name for name, (kept, _) in _kept.items() if kept is credentials]:
        _kept.pop(account, None)
