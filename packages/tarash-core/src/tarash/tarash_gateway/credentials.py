"""Tokens that live longer than one job, kept in this process for the next jobs of the same account."""

from __future__ import annotations

from collections.abc import Hashable, Mapping
from types import MethodType
from typing import Any

from tarash.tarash_gateway.providers.base import Credentials

_MARGIN = 60.0
"""A token is fetched anew so many seconds before it ends (or a tenth of a short life), lest it end on the way."""
_MOST = 256
"""So many tokens are kept; a program that makes a new function for each call would fill the memory with them."""

_kept: dict[Hashable, tuple[Credentials, float]] = {}


def kept_credentials(account: Hashable, now: float) -> Credentials | None:
    found = _kept.get(account)
    return found[0] if found and now < found[1] else None


def keep_credentials(account: Hashable, credentials: Credentials, now: float) -> None:
    lifetime = max(0.0, credentials.lifetime or 0.0)
    for known, (_, end) in list(_kept.items()):
        if end <= now or len(_kept) >= _MOST:
            _kept.pop(known, None)
    _kept[account] = (credentials, now + lifetime - min(_MARGIN, lifetime / 10))


def forget_credentials(credentials: Credentials) -> None:
    for account in [name for name, (kept, _) in list(_kept.items()) if kept is credentials]:
        _kept.pop(account, None)


def told_apart(value: Any) -> Hashable:
    """Something that is equal only for the same account: texts by what they say, functions and objects by themselves.

    What it is made of is held, so that no other object can take the place of one that is gone.
    """
    if isinstance(value, Mapping):
        return "mapping", tuple((name, told_apart(value[name])) for name in sorted(value, key=str))
    if isinstance(value, list | tuple):
        return "list", tuple(map(told_apart, value))
    # Methods of one object are equal although each look makes a new one; whatever else has its own idea of that.
    return value if isinstance(value, str | int | float | None | MethodType) else _Itself(value)


class _Itself:
    """Equal to nothing but the same object."""

    def __init__(self, value: object) -> None:
        self._value = value

    def __eq__(self, other: object) -> bool:
        return isinstance(other, _Itself) and self._value is other._value

    def __hash__(self) -> int:
        return id(self._value)
