"""What a scripted server remembers of the requests it was sent."""

import fnmatch
import json as json_module
import threading
from collections import deque
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from email.message import Message
from functools import cached_property
from typing import Any, overload
from urllib.parse import parse_qsl, unquote


class Headers:
    """Header fields in the order they came. Lookup ignores case; `headers["name"]` joins repeated fields with ", "."""

    def __init__(self, items: Iterable[tuple[str, str]] = ()) -> None:
        self._items = tuple(items)
        self._values: dict[str, list[str]] = {}
        for name, value in self._items:
            self._values.setdefault(name.lower(), []).append(value)

    def __getitem__(self, name: str) -> str:
        return ", ".join(self._values[name.lower()])

    def __contains__(self, name: str) -> bool:
        return name.lower() in self._values

    def __len__(self) -> int:
        return len(self._items)

    def __repr__(self) -> str:
        return f"Headers({list(self._items)!r})"

    def items(self) -> tuple[tuple[str, str], ...]:
        """Every field by itself, spelled as it came."""
        return self._items

    def get(self, name: str, default: str | None = None) -> str | None:
        values = self._values.get(name.lower())
        return default if values is None else ", ".join(values)

    def get_all(self, name: str) -> list[str]:
        return list(self._values.get(name.lower(), ()))


@dataclass(frozen=True)
class Part:
    """One part of a multipart/form-data body."""

    name: str | None
    file_name: str | None
    headers: Headers
    content: bytes

    @property
    def content_type(self) -> str | None:
        return self.headers.get("content-type")

    @property
    def text(self) -> str:
        return self.content.decode()


@dataclass(frozen=True)
class RecordedRequest:
    """A request as it came over the wire.

    `path` is the path as it was sent (still percent-encoded), `segments` the decoded pieces between its slashes;
    `origin` is where the request really arrived (scheme, host and port), whatever its Host header says. `at` is the
    reading of the server's clock (monotonic, seconds). `complete` is False when a script answered before the body
    had been read; `body` is then empty.
    """

    number: int
    connection: int
    origin: str
    method: str
    raw_target: str
    version: str
    headers: Headers
    body: bytes = b""
    at: float = 0.0
    complete: bool = True

    @cached_property
    def path(self) -> str:
        return self.raw_target.partition("?")[0]

    @cached_property
    def segments(self) -> list[str]:
        return [unquote(segment) for segment in self.path.strip("/").split("/")]

    @cached_property
    def query(self) -> list[tuple[str, str]]:
        return parse_qsl(self.raw_target.partition("?")[2], keep_blank_values=True)

    def query_value(self, name: str) -> str | None:
        """The last value of a query parameter."""
        return dict(self.query).get(name)

    @cached_property
    def json(self) -> Any:
        """The body read as JSON. Raises ValueError when it is none."""
        return json_module.loads(self.body)

    @property
    def json_object(self) -> dict[str, Any] | None:
        """The body read as JSON; None when it is no object."""
        try:
            value = self.json
        except ValueError:
            return None
        return value if isinstance(value, dict) else None

    @cached_property
    def form(self) -> list[tuple[str, str]]:
        """The fields of an application/x-www-form-urlencoded body."""
        return parse_qsl(self.body.decode(), keep_blank_values=True, strict_parsing=bool(self.body))

    @cached_property
    def parts(self) -> list[Part]:
        """The parts of a multipart/form-data body. Raises ValueError when it is none, or is not well-formed."""
        message = Message()
        message["content-type"] = self.headers.get("content-type", "") or ""
        boundary = message.get_boundary()
        if message.get_content_maintype() != "multipart" or not boundary:
            raise ValueError("the body is not multipart")
        return list(_split_parts(self.body, boundary.encode("latin-1")))


def _split_parts(body: bytes, boundary: bytes) -> Iterator[Part]:
    # The first delimiter has no line end before it; with one put there all delimiters are alike.
    pieces = (b"\r\n" + body).split(b"\r\n--" + boundary)
    if len(pieces) < 2 or pieces[0] or not pieces[-1].startswith(b"--"):
        raise ValueError("the multipart body has no proper beginning or end")
    for piece in pieces[1:-1]:
        head, separator, content = piece.partition(b"\r\n\r\n")
        if not separator or not head.startswith(b"\r\n"):
            raise ValueError("a part of the multipart body has no proper head")
        yield _read_part(head[2:], content)


def _read_part(head: bytes, content: bytes) -> Part:
    message = Message()
    items: list[tuple[str, str]] = []
    for line in head.decode("utf-8").split("\r\n"):
        name, _, value = line.partition(":")
        items.append((name, value.strip()))
        message[name] = value.strip()
    name_parameter = message.get_param("name", header="content-disposition")
    return Part(
        name=name_parameter if isinstance(name_parameter, str) else None,
        file_name=message.get_filename(),
        headers=Headers(items),
        content=content,
    )


class RequestLog(Sequence[RecordedRequest]):
    """The requests a server was sent, oldest first. Written by the server's thread, read from any.

    With `keep` only the newest requests are held, for runs whose memory is measured; `total` counts all of them.
    """

    def __init__(self, keep: int | None = None) -> None:
        self._requests: deque[RecordedRequest] = deque(maxlen=keep)
        self._changed = threading.Condition()
        self.total = 0

    @overload
    def __getitem__(self, index: int) -> RecordedRequest: ...
    @overload
    def __getitem__(self, index: slice) -> list[RecordedRequest]: ...
    def __getitem__(self, index: int | slice) -> RecordedRequest | list[RecordedRequest]:
        return self.snapshot()[index]

    def __len__(self) -> int:
        return len(self._requests)

    def __iter__(self) -> Iterator[RecordedRequest]:
        return iter(self.snapshot())

    def __repr__(self) -> str:
        return f"<RequestLog {[f'{request.method} {request.raw_target}' for request in self]}>"

    def snapshot(self) -> list[RecordedRequest]:
        with self._changed:
            return list(self._requests)

    def matching(self, method: str = "*", path: str = "*") -> list[RecordedRequest]:
        """The requests whose method and path fit; `*` in `path` stands for any characters, slashes included."""
        return [request for request in self.snapshot() if matches(request, method, path)]

    def add(self, request: RecordedRequest) -> None:
        with self._changed:
            self._requests.append(request)
            self.total += 1
            self._changed.notify_all()

    def clear(self) -> None:
        """Forget what was recorded, for a test in several acts."""
        with self._changed:
            self._requests.clear()
            self.total = 0

    def wait_for(self, total: int, timeout: float = 10.0) -> None:
        """Block until `total` requests have come. Raises TimeoutError after `timeout` real seconds."""
        with self._changed:
            if not self._changed.wait_for(lambda: self.total >= total, timeout):
                raise TimeoutError(f"{self.total} requests came, not {total}")


def matches(request: RecordedRequest, method: str, path: str) -> bool:
    return method in ("*", request.method) and fnmatch.fnmatchcase(request.path, path)
