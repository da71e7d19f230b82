"""How answers look on the wire."""

import zlib
from collections.abc import Iterator
from functools import lru_cache
from http import HTTPStatus

from tarash.testkit.steps import Answer, DecompressionBomb, HeaderFields, Start

_MEBIBYTE = 1 << 20


@lru_cache(maxsize=256)
def _status_line(status: int, reason: str | None) -> bytes:
    if reason is None:
        reason = HTTPStatus(status).phrase if status in HTTPStatus._value2member_map_ else "Unknown"
    return f"HTTP/1.1 {status} {reason}\r\n".encode("latin-1")


def head_of(status: int, headers: list[tuple[str, str]], reason: str | None = None) -> bytes:
    fields = "".join(f"{name}: {value}\r\n" for name, value in headers)
    return _status_line(status, reason) + fields.encode("latin-1") + b"\r\n"


def render(answer: Answer, method: str) -> tuple[bytes, bytes]:
    """Head and body of an answer to a request of this method."""
    content = answer.content
    headers = answer.header_items
    names = {name.lower() for name, _ in headers}
    if answer.is_json and "content-type" not in names:
        headers.append(("Content-Type", "application/json"))
    bodiless = answer.status in (204, 304) or answer.status < 200
    if not bodiless and not names & {"content-length", "transfer-encoding"}:
        headers.append(("Content-Length", str(len(content))))
    return head_of(answer.status, headers, answer.reason), b"" if bodiless or method == "HEAD" else content


def chunked_head(start: Start) -> bytes:
    return head_of(start.status, [*header_items(start.headers), ("Transfer-Encoding", "chunked")])


def chunk(data: bytes) -> bytes:
    return b"%x\r\n%b\r\n" % (len(data), data)


def header_items(headers: HeaderFields) -> list[tuple[str, str]]:
    return Answer(headers=headers).header_items


def bomb_head(bomb: DecompressionBomb) -> bytes:
    block, _ = _zeros()
    length = len(_prefix(bomb)) + _blocks(bomb) * len(block) + len(_END) + (8 if bomb.encoding == "gzip" else 4)
    headers = [("Content-Type", "application/octet-stream"), *header_items(bomb.headers)]
    return head_of(200, [*headers, ("Content-Encoding", bomb.encoding), ("Content-Length", str(length))])


def bomb_body(bomb: DecompressionBomb) -> Iterator[bytes]:
    """The compressed body, a MiB of zeros at a time: compressed once and repeated, so that size costs nothing here."""
    block, zeros = _zeros()
    checksum = 0 if bomb.encoding == "gzip" else 1
    update = zlib.crc32 if bomb.encoding == "gzip" else zlib.adler32
    yield _prefix(bomb)
    for _ in range(_blocks(bomb)):
        checksum = update(zeros, checksum)
        yield block
    size = _blocks(bomb) * _MEBIBYTE
    if bomb.encoding == "gzip":
        yield _END + checksum.to_bytes(4, "little") + (size % (1 << 32)).to_bytes(4, "little")
    else:
        yield _END + checksum.to_bytes(4, "big")


_END = b"\x03\x00"
"""The last block of a deflate stream, empty."""


@lru_cache(maxsize=1)
def _zeros() -> tuple[bytes, bytes]:
    zeros = bytes(_MEBIBYTE)
    packer = zlib.compressobj(9, zlib.DEFLATED, -zlib.MAX_WBITS)
    # A full flush ends on a byte and refers to nothing before it: such blocks can be repeated.
    return packer.compress(zeros) + packer.flush(zlib.Z_FULL_FLUSH), zeros


def _prefix(bomb: DecompressionBomb) -> bytes:
    return b"\x1f\x8b\x08\x00\x00\x00\x00\x00\x00\xff" if bomb.encoding == "gzip" else b"\x78\xda"


def _blocks(bomb: DecompressionBomb) -> int:
    return -(-bomb.size // _MEBIBYTE)
