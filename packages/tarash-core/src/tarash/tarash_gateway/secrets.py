"""Keys and signed links must never be printed. What shows text to people passes through here."""

from __future__ import annotations

import re
from functools import lru_cache
from itertools import islice
from typing import Any
from urllib.parse import quote

REPLACEMENT = "[redacted]"
_SHORTEN_AT = 120
_SHOWN_ITEMS = 50
_LONGEST_MESSAGE = 2000
# Slashes may be escaped, as in the JSON of some vendors.
_SCHEME = r"[a-z][a-z0-9+.-]{1,20}:(?:\\?/){2}"
_QUERY = re.compile(rf"({_SCHEME}[^\s\"'<>?#]+)[?#][^\s\"'<>]*", re.IGNORECASE)
_DATA_URI = re.compile(r"(data:[\w.+/;=-]{0,80},)[A-Za-z0-9+/=_-]{16,}")
_USERINFO = re.compile(rf"({_SCHEME})[^\s/@\"'<>]+@", re.IGNORECASE)
_ESCAPED = re.compile(rb"\\(?:u00([2-7][0-9a-fA-F])|(.))", re.DOTALL)
_PLAIN = re.compile(rb"[A-Za-z0-9._~:/+=@-]")
_SHORTEST_SECRET = 6


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


class SecretBytes(bytes):
    """Bytes whose `repr` shows nothing, as that of `SecretText`."""

    __slots__ = ()

    def __repr__(self) -> str:
        return f"b'{REPLACEMENT}'"


def without_query(text: str) -> str:
    """Remove query, fragment and login from every link in `text` (signatures live there), and data from data URIs."""
    return _DATA_URI.sub(r"\1…", _USERINFO.sub(r"\1", _QUERY.sub(r"\1", text)))


def scrub_bytes(data: bytes, secret: str) -> bytes:
    """Replace a secret that the other side echoed: as it is, percent-encoded, or with its characters escaped in JSON.

    Secrets too short to be any (placeholders such as "test") are left alone: they stand in every second word.
    """
    for needle in _spellings(secret):
        if needle in data:
            data = data.replace(needle, REPLACEMENT.encode())
    if b"\\u00" in data or b"\\/" in data:
        unescaped = _ESCAPED.sub(_unescape, data)
        if any(needle in unescaped for needle in _spellings(secret)):
            return scrub_bytes(unescaped, secret)
    return data


@lru_cache(maxsize=64)
def _spellings(secret: str) -> tuple[bytes, ...]:
    # Of a key such as "id:secret" the second half is the secret.
    texts = [text for text in (secret, secret.partition(":")[2]) if _is_tellable(text)]
    spellings = [spelling for text in texts for spelling in (text, *_percent_encoded(text))]
    return tuple(dict.fromkeys(spelling.encode() for spelling in spellings))


def _percent_encoded(text: str) -> list[str]:
    upper = [quote(text, safe) for safe in ("", "/", "/:", "/:@!$&'()*+,;=")]
    return [*upper, *(re.sub(r"%..", lambda found: found[0].lower(), one) for one in upper)]


def _is_tellable(text: str) -> bool:
    return len(text) >= _SHORTEST_SECRET and not (text.isdigit() and len(text) < 2 * _SHORTEST_SECRET)


def _unescape(match: re.Match[bytes]) -> bytes:
    """The character that an escape stands for, when it needs none."""
    character = bytes([int(match[1], 16)]) if match[1] else match[2]
    wanted = match[1] is not None or character == b"/"
    return character if wanted and _PLAIN.match(character) else match[0]


def scrub_text(text: str, secret: str | None) -> str:
    """`scrub_bytes` for text."""
    if not secret:
        return text
    return scrub_bytes(text.encode("utf-8", "surrogatepass"), secret).decode("utf-8", "surrogatepass")


def scrub_value(value: Any, secret: str) -> Any:
    """`scrub_text` for every text in a JSON value, names included."""
    if isinstance(value, dict):
        return {scrub_value(name, secret): scrub_value(item, secret) for name, item in value.items()}
    if isinstance(value, list | tuple):
        return type(value)(scrub_value(item, secret) for item in value)
    return scrub_text(value, secret) if isinstance(value, str) else value


def excerpt(body: bytes) -> str:
    """The beginning of an answer, in one line, for an error."""
    text = body[:300].decode("utf-8", "replace")
    return without_query(" ".join("".join(c if c.isprintable() else " " for c in text).split())) or "(empty body)"


def cut_text(text: str, limit: int = _LONGEST_MESSAGE) -> str:
    """A message of somebody else's, cut to what people read."""
    return text if len(text) <= limit else f"{text[:limit]}… ({len(text)} characters)"


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
