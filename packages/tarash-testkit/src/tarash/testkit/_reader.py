"""Reading HTTP/1.1 requests out of a stream of bytes: strict, and without any input or output of its own."""

import re
from dataclasses import dataclass

from tarash.testkit.requests import Headers

MAX_HEAD = 64 * 1024

_NAME = r"[!#$%&'*+.^_`|~0-9A-Za-z-]+"
_REQUEST_LINE = re.compile(rf"({_NAME}) ([\x21-\x7e]+) HTTP/(1\.[01])")
_FIELD = re.compile(rf"({_NAME}):[ \t]*([^\x00-\x08\x0a-\x1f\x7f]*?)[ \t]*")
_CHUNK_SIZE = re.compile(rb"([0-9A-Fa-f]{1,15})[ \t]*(?:;[^\r\n]*)?")


class MalformedRequestError(Exception):
    """The peer sent something that is not a request, or one that two readers could understand differently."""


@dataclass(frozen=True)
class RequestHead:
    method: str
    target: str
    version: str
    headers: Headers
    length: int | None
    """Length of the body in bytes; None for a chunked one."""

    @property
    def keeps_alive(self) -> bool:
        wishes = (self.headers.get("connection") or "").lower()
        return "close" not in wishes if self.version == "1.1" else "keep-alive" in wishes


class RequestReader:
    """Feed it bytes; ask for a `head`, then for its `body`, until there are no more. Requests may follow each other."""

    def __init__(self) -> None:
        self._buffer = bytearray()
        self._searched = 0
        self._chunks: list[bytes] = []

    def feed(self, data: bytes) -> None:
        self._buffer += data

    def head(self) -> RequestHead | None:
        """The next request's head, or None while it is incomplete. Raises MalformedRequestError."""
        end = self._buffer.find(b"\r\n\r\n", self._searched)
        if max(end, len(self._buffer) if end < 0 else 0) > MAX_HEAD:
            raise MalformedRequestError("the head of the request is too long")
        if end < 0:
            self._searched = max(0, len(self._buffer) - 3)
            return None
        self._searched = 0
        return parse_head(self._take(end + 4)[:-4])

    def body(self, head: RequestHead) -> bytes | None:
        """The body that belongs to `head`, or None while it is incomplete. Raises MalformedRequestError."""
        if head.length is None:
            return self._chunked_body()
        return self._take(head.length) if len(self._buffer) >= head.length else None

    def _chunked_body(self) -> bytes | None:
        while True:
            line_end = self._buffer.find(b"\r\n")
            if line_end < 0:
                return None
            match = _CHUNK_SIZE.fullmatch(self._buffer, 0, line_end)
            if match is None:
                raise MalformedRequestError("the size of a chunk is not a number")
            size, start = int(match[1], 16), line_end + 2
            if size == 0:
                return self._end_of_chunks(start)
            if len(self._buffer) < start + size + 2:
                return None
            chunk = self._take(start + size + 2)
            if not chunk.endswith(b"\r\n"):
                raise MalformedRequestError("a chunk is longer than it says")
            self._chunks.append(chunk[start:-2])

    def _end_of_chunks(self, start: int) -> bytes | None:
        trailers_end = self._buffer.find(b"\r\n\r\n", start - 2)
        if trailers_end < 0:
            return None
        self._take(trailers_end + 4)
        body, self._chunks = b"".join(self._chunks), []
        return body

    def _take(self, count: int) -> bytes:
        taken = bytes(memoryview(self._buffer)[:count])
        del self._buffer[:count]
        return taken


def parse_head(head: bytes) -> RequestHead:
    first, *lines = head.decode("latin-1").split("\r\n")
    match = _REQUEST_LINE.fullmatch(first)
    if match is None:
        raise MalformedRequestError(f"this is no request line: {first[:200]!r}")
    method, target, version = match.groups()
    headers = Headers([_parse_field(line) for line in lines])
    hosts = headers.get_all("host")
    if len(hosts) > 1 or (version == "1.1" and not hosts):
        raise MalformedRequestError("there must be exactly one Host field")
    return RequestHead(method, target, version, headers, _body_length(headers))


def _parse_field(line: str) -> tuple[str, str]:
    match = _FIELD.fullmatch(line)
    if match is None:
        raise MalformedRequestError(f"this is no header field: {line[:200]!r}")
    return match[1], match[2]


def _body_length(headers: Headers) -> int | None:
    encodings, lengths = headers.get_all("transfer-encoding"), headers.get_all("content-length")
    if encodings:
        # Both at once is how requests are smuggled past a proxy.
        if lengths or [encoding.lower() for encoding in encodings] != ["chunked"]:
            raise MalformedRequestError("Transfer-Encoding must be 'chunked', and without Content-Length")
        return None
    if not lengths:
        return 0
    if len(lengths) > 1 or not (lengths[0].isascii() and lengths[0].isdigit()):
        raise MalformedRequestError("there must be one Content-Length, and it must be a number")
    return int(lengths[0])
