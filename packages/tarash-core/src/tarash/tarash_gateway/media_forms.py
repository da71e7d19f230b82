"""The forms in which a caller may hand in media, and the check of a form that touches neither disk nor network."""

import base64
import binascii
import re
from collections.abc import Mapping
from pathlib import Path
from typing import IO, Any, TypedDict

LINK = re.compile(r"(https?|gs)://[^\s\x00-\x1f]+\Z", re.IGNORECASE)
UNKNOWN_TYPE = "application/octet-stream"
_MIME_TYPE = re.compile(r"[\w.+-]+/[\w.+-]+(;[ -~]*)?\Z", re.ASCII)
_LINE_BREAKS = str.maketrans("", "", "\r\n\t")
_DATA_URI = re.compile(r"data:(?P<type>[\w.+-]+/[\w.+-]+)?(?:;[\w=.\"+-]+)*?(?P<base64>;base64)?,", re.IGNORECASE)


class MediaContent(TypedDict):
    """Raw bytes with their MIME type."""

    content: bytes
    content_type: str


MediaType = str | bytes | MediaContent | Path | IO[bytes]


def check_media(value: Any) -> Any:
    """Validate the form of a media input. Raises ValueError, whose message never repeats the value."""
    if isinstance(value, str):
        return _check_text(value)
    if isinstance(value, Mapping):
        return _check_content(value)
    if isinstance(value, bytes | bytearray):
        return _check_bytes(value)
    if isinstance(value, Path) or hasattr(value, "read"):
        return value
    forms = "a link, a data URI, base64 text, bytes, a Path or an open binary file"
    raise ValueError(f"media must be {forms}, not {type(value).__name__}")


def _check_bytes(value: bytes | bytearray) -> bytes:
    if not value:
        raise ValueError("media may not be empty")
    return bytes(value)


def _check_text(value: str) -> str:
    if LINK.match(value):
        return value
    if value[:5].lower() == "data:":
        decode_data_uri(value)
    else:
        decode_base64(value)
    return value


def _check_content(value: Mapping[str, Any]) -> Any:
    if set(value) != {"content", "content_type"}:
        raise ValueError("a media dict has exactly the keys 'content' and 'content_type'")
    content, content_type = value["content"], value["content_type"]
    if not isinstance(content, bytes | bytearray) or not content:
        raise ValueError("'content' must be bytes, and not empty")
    if not isinstance(content_type, str) or not _MIME_TYPE.match(content_type):
        raise ValueError("'content_type' must be a MIME type such as image/png")
    return value


def decode_base64(text: str) -> bytes:
    """Decode standard or URL-safe base64. Raises ValueError, whose message never repeats the text."""
    try:
        data = base64.b64decode(_standard_base64(text), validate=True)
    except (binascii.Error, ValueError):
        raise ValueError(
            "media text is neither a link (http, https), nor a data URI, nor base64; for a local file pass pathlib.Path"
        ) from None
    if not data:
        raise ValueError("media text is empty")
    return data


def _standard_base64(text: str) -> str:
    """Without line breaks, in the standard alphabet, padded. Only the URL-safe one may come without padding."""
    compact = text.strip().translate(_LINE_BREAKS) if "\n" in text or "\r" in text else text.strip()
    if compact.endswith("==="):
        raise ValueError("too much padding")
    if "+" in compact or "/" in compact:
        return compact
    compact = compact.replace("-", "+").replace("_", "/")
    return compact + "=" * (-len(compact) % 4)


def decode_data_uri(text: str) -> tuple[bytes, str]:
    """The bytes and MIME type of a data URI. Raises ValueError, whose message never repeats the text."""
    match = _DATA_URI.match(text)
    if match is None:
        raise ValueError("malformed data URI: expected data:<type>;base64,<data>")
    if not match["base64"]:
        raise ValueError("a data URI must be base64: data:<type>;base64,<data>")
    return decode_base64(text[match.end() :]), (match["type"] or UNKNOWN_TYPE).lower()
