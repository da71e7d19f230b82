"""From a described request to bytes: URL, headers and body, encoded once and sent as often as it takes."""

from __future__ import annotations

import os
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from functools import lru_cache
from typing import Any

from tarash.tarash_gateway.exceptions import ValidationError
from tarash.tarash_gateway.messages import Body, Bytes, File, Form, Json, Multipart, Part, Request
from tarash.tarash_gateway.network import httpcore, httpx
from tarash.tarash_gateway.secrets import without_query

BATCH = 1024 * 1024
"""Files are read in pieces of so many bytes."""


@dataclass(frozen=True, slots=True)
class WireRequest:
    """A request with its body encoded and its headers complete; it can be sent several times."""

    request: Request
    url: Any
    headers: list[tuple[bytes, bytes]] = field(repr=False)
    body: bytes | File = field(repr=False)
    allow_loopback: bool = False


def prepare(request: Request, credentials: Mapping[str, str], *, allow_loopback: bool = False) -> WireRequest:
    """Encode a request once. Raises `ValidationError` for a URL, header or body that cannot be sent."""
    try:
        url, host = _parse_url(request.url)
        if request.query:
            url = httpx.URL(request.url).copy_merge_params(list(request.query))
            url = httpcore.URL(scheme=url.raw_scheme, host=url.raw_host, port=url.port, target=url.raw_path)
        content_type, body = _encode(request.body)
        headers = _headers(host, {**content_type, **request.headers, **credentials}, body, request)
    except (httpx.InvalidURL, UnicodeError, ValueError, TypeError) as error:
        raise ValidationError(f"The request cannot be put together: {error}. Nothing was sent.") from None
    return WireRequest(request, url, headers, body, allow_loopback)


@lru_cache(maxsize=4096)
def _parse_url(text: str) -> tuple[Any, bytes]:
    url = httpx.URL(text)
    if url.scheme not in ("http", "https") or not url.raw_host or (url.port or 0) > 65535:
        raise ValueError(f"{without_query(text)!r} is not a complete http or https link")
    if url.userinfo:
        raise ValueError(f"the link {without_query(text)!r} has a login in it")
    host = url.netloc
    return httpcore.URL(scheme=url.raw_scheme, host=url.raw_host, port=url.port, target=url.raw_path), host


def _headers(host: bytes, given: Mapping[str, str], body: bytes | File, request: Request) -> list[tuple[bytes, bytes]]:
    headers = {"host": host, "accept": b"*/*", "accept-encoding": b"gzip", "user-agent": _user_agent()}
    for name, value in given.items():
        headers[name.lower()] = _header_value(name, value)
    length = len(body) if isinstance(body, bytes) else (body.length or body.size - body.offset)
    if length or request.method not in ("GET", "HEAD", "DELETE"):
        headers["content-length"] = str(length).encode()
    return [(name.encode("ascii"), value) for name, value in headers.items()]


def _header_value(name: str, value: str) -> bytes:
    text = value.strip()
    if not (text.isascii() and text.isprintable()):
        # Never repeat the value: it may be a key.
        raise ValueError(f"the value of the header {name!r} may hold printable ASCII characters only")
    return text.encode("ascii")


@lru_cache(maxsize=1)
def _user_agent() -> bytes:
    from importlib.metadata import PackageNotFoundError, version

    try:
        return f"tarash/{version('tarash-core')}".encode()
    except PackageNotFoundError:
        return b"tarash"


def _encode(body: Body | None) -> tuple[dict[str, str], bytes | File]:
    if isinstance(body, Json):
        return {"content-type": "application/json"}, encode_json(body.value)
    if isinstance(body, Multipart):
        return _encode_multipart(body)
    if isinstance(body, Form):
        request = httpx.Request("POST", "http://form", data=dict(body.fields))
        return {"content-type": request.headers["content-type"]}, request.read()
    if isinstance(body, Bytes):
        return {}, body.data
    return {}, body if isinstance(body, File) else b""


def encode_json(value: Any) -> bytes:
    """Compact JSON. Raises ValueError for what JSON cannot say (bytes, NaN, lone surrogates)."""
    import json

    try:
        text = json.dumps(value, ensure_ascii=False, separators=(",", ":"), allow_nan=False)
    except RecursionError:
        raise ValueError("a parameter is nested too deeply") from None
    return text.encode()


def _encode_multipart(body: Multipart) -> tuple[dict[str, str], bytes]:
    files = [(part.name, (part.file_name, _part_bytes(part), part.content_type)) for part in body.parts]
    request = httpx.Request("POST", "http://multipart", files=files)
    return {"content-type": request.headers["content-type"]}, request.read()


def _part_bytes(part: Part) -> str | bytes:
    return b"".join(read_file(part.content)) if isinstance(part.content, File) else part.content


def read_file(file: File, chunk: int = BATCH) -> Iterator[bytes]:
    """The bytes of a slice. Raises `ValidationError` when the file is not the one that was checked before."""
    try:
        with file.path.open("rb") as opened:
            _same_file(file, opened.fileno())
            opened.seek(file.offset)
            left = file.length if file.length is not None else file.size - file.offset
            while left > 0:
                data = opened.read(min(chunk, left))
                if not data:
                    raise ValidationError("The input file was cut while it was being read. Nothing was paid.")
                left -= len(data)
                yield data
    except OSError as error:
        raise ValidationError(f"The input file can no longer be read ({error.strerror}). Nothing was paid.") from None


def _same_file(file: File, descriptor: int) -> None:
    status = os.fstat(descriptor)
    if (status.st_size, status.st_mtime_ns) != (file.size, file.modified_ns):
        raise ValidationError("The input file changed after it had been checked. Nothing was paid.")
