"""Keys and signed links must never be printed. What shows text to people passes through here."""

from __future__ import annotations

import re
from itertools import islice

REPLACEMENT = "[redacted]"
_SHORTEN_AT = 120
_SHOWN_ITEMS = 50
_QUERY = re.compile(r"(https?://[^\s\"'<>?#]+)[?#][^\s\"'<>]*")
_DATA_URI = re.compile(r"(data:[\w.+/;=-]{0,80},)[A-Za-z0-9+/=_-]{16,}")
_USERINFO = re.compile(r"(https?://)[^\s/@\"'<>]+@")


class SecretText(str):
    """Text whose `repr` shows nothing, so that a traceback with local variables or a dumped dict cannot leak it."""

    __slots__ = ()

    def __repr__(self) -> str:
        return f"'{REPLACEMENT}'"

    def __copy__(self) -> SecretText:
        return self

    def __deepcopy__(self, memo: object) -> SecretText:
        return self

    def __reduce__(self) -> tuple[type[str], tuple[()]]:
        # A pickle travels: it is a place where a key may not be found, so what comes back is empty.
        return (str, ())


def without_query(text: str) -> str:
    """Remove query, fragment and login from every link in `text` (signatures live there), and data from data URIs."""
    return _DATA_URI.sub(r"\1…", _USERINFO.sub(r"\1", _QUERY.sub(r"\1", text)))


def scrub_bytes(data: bytes, secret: str) -> bytes:
    """Replace a secret that the other side echoed."""
    needle = secret.encode()
    return data.replace(needle, REPLACEMENT.encode()) if needle and needle in data else data


def scrub_text(text: str, secret: str | None) -> str:
    return text.replace(secret, REPLACEMENT) if secret else text


def shorten(value: object, limit: int = _SHORTEN_AT) -> object:
    """A value fit for a `repr` or a log line: long text, bytes and the insides of containers are cut."""
    if isinstance(value, str) and len(value) > limit:
        return f"{value[:40]}… ({len(value)} characters)"
    if isinstance(value, bytes | bytearray | memoryview):
        return f"<{len(value)} bytes>"
    if isinstance(value, dict):
        kept = {shorten(key, limit): shorten(item, limit) for key, item in islice(value.items(), _SHOWN_ITEMS)}
        return {**kept, "…": f"{len(value) - _SHOWN_ITEMS} more"} if len(value) > _SHOWN_ITEMS else kept
    if isinstance(value, list | tuple):
        items = [shorten(item, limit) for item in value[:_SHOWN_ITEMS]]
        return [*items, f"… ({len(value) - _SHOWN_ITEMS} more)"] if len(value) > _SHOWN_ITEMS else items
    return value
