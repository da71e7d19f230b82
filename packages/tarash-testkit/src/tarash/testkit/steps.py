"""What a scripted server can be told to do with a request. Steps are values; they are played in the order given.

A sequence such as `[Charge("job-1"), Delay(5), Reset()]` books a charge, moves the virtual clock by five seconds and
then breaks the connection. After an answer the connection stays open for the next request, unless the step says
otherwise; a sequence that ends without an answer and without an end of the connection is an error of the script.
"""

import json as json_module
import threading
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any, Literal

from tarash.testkit.requests import Headers

HeaderFields = Mapping[str, str] | Sequence[tuple[str, str]]

_NOTHING: Any = object()


class Step:
    """Base of everything that can be played."""

    __slots__ = ()


@dataclass(frozen=True)
class Answer(Step):
    """A complete answer. Give `body` (text is sent as UTF-8) or `json`.

    Content-Length, and for JSON Content-Type, are added unless `headers` has them. Headers go out exactly as given.
    """

    status: int = 200
    headers: HeaderFields = ()
    body: bytes | str = b""
    json: Any = field(default=_NOTHING, repr=False)
    reason: str | None = None

    @property
    def content(self) -> bytes:
        if self.json is not _NOTHING:
            return json_module.dumps(self.json).encode()
        return self.body.encode() if isinstance(self.body, str) else self.body

    @property
    def is_json(self) -> bool:
        return self.json is not _NOTHING

    @property
    def header_items(self) -> list[tuple[str, str]]:
        return list(self.headers.items()) if isinstance(self.headers, Mapping) else list(self.headers)

    def header(self, name: str) -> str | None:
        return Headers(self.header_items).get(name)

    def with_headers(self, *items: tuple[str, str]) -> "Answer":
        """The same answer with these header fields, in place of any of the same name."""
        names = {name.lower() for name, _ in items}
        kept = [item for item in self.header_items if item[0].lower() not in names]
        return replace(self, headers=(*kept, *items))


@dataclass(frozen=True)
class Redirect(Step):
    """A redirect to `location`; 307 and 308 ask the client to repeat method and body there."""

    location: str
    status: int = 307


@dataclass(frozen=True)
class Raw(Step):
    """Bytes written as they are, for answers that no well-behaved server would send. The connection stays open."""

    data: bytes


@dataclass(frozen=True)
class Start(Step):
    """The head of a chunked answer. `Chunk`s follow, and `Finish`; without `Finish` the body is cut."""

    status: int = 200
    headers: HeaderFields = ()


@dataclass(frozen=True)
class Chunk(Step):
    """One chunk of a chunked answer."""

    data: bytes


@dataclass(frozen=True)
class Finish(Step):
    """The proper end of a chunked answer."""


@dataclass(frozen=True)
class Charge(Step):
    """Books a charge for a job in the server's ledger."""

    job_id: str
    amount: float = 1.0


@dataclass(frozen=True)
class Delay(Step):
    """Moves the server's virtual clock on by `seconds`; no real time passes."""

    seconds: float


@dataclass(frozen=True)
class Do(Step):
    """Calls `action` in the server's thread, for whatever has no step of its own. It must not block."""

    action: Callable[[], object]


class Gate:
    """Holds back the answers of the requests that wait at it (`Hold`) until the test opens it."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._open = False
        self._waiting: list[Callable[[], object]] = []

    def open(self) -> None:
        """Let everybody through, now and from now on."""
        with self._lock:
            self._open = True
            waiting, self._waiting = self._waiting, []
        for wake in waiting:
            wake()

    def on_open(self, wake: Callable[[], object]) -> None:
        """Call `wake` when the gate opens: at once if it is open already, else from the thread that opens it."""
        with self._lock:
            if not self._open:
                self._waiting.append(wake)
                return
        wake()


@dataclass(frozen=True)
class Hold(Step):
    """Waits, in real time, until `gate` is opened or the peer leaves."""

    gate: Gate


@dataclass(frozen=True)
class Hang(Step):
    """Keeps the connection open and silent until the peer leaves or the server closes."""


@dataclass(frozen=True)
class Close(Step):
    """Ends the connection in an orderly way (FIN), after what was written so far."""


@dataclass(frozen=True)
class Reset(Step):
    """Breaks the connection (RST), so that the peer sees "connection reset"."""


@dataclass(frozen=True)
class Normal(Step):
    """What the server's ordinary handler does with the request; for scripts that only add to it."""


@dataclass(frozen=True)
class Perform(Step):
    """Lets the ordinary handler do its work (accept the job, book the charge) and throws its answer away."""


@dataclass(frozen=True)
class Alter(Step):
    """Plays what `change` makes of the ordinary handler's answer."""

    change: Callable[[Answer], "Played"]


@dataclass(frozen=True)
class CutBody(Step):
    """Announces the whole length of an answer, sends `after` bytes of its body and ends the connection.

    `answer` is by default the ordinary handler's; `reset` breaks the connection instead of closing it.
    """

    after: int
    answer: Answer | None = None
    reset: bool = False


@dataclass(frozen=True)
class CutChunked(Step):
    """Sends an answer chunked, and ends the connection after `after` bytes of its body, without the last chunk."""

    after: int
    answer: Answer | None = None
    reset: bool = False


@dataclass(frozen=True)
class Drip(Step):
    """Sends an answer `size` bytes at a time, `every` real seconds.

    With `of="body"` the head goes out at once, with `of="header"` the dripping starts with the first byte. Stops when
    the peer leaves or the server closes.
    """

    every: float
    answer: Answer | None = None
    of: Literal["header", "body"] = "body"
    size: int = 1


@dataclass(frozen=True)
class EndlessBody(Step):
    """A body without end (chunked); stops when the peer leaves, and by itself only after `limit` bytes."""

    headers: HeaderFields = ()
    limit: int = 8 << 30
    block: bytes = b"\0" * 65536


@dataclass(frozen=True)
class DecompressionBomb(Step):
    """A small body that decompresses to `size` zero bytes (rounded up to whole MiB)."""

    size: int
    encoding: Literal["gzip", "deflate"] = "gzip"
    headers: HeaderFields = ()


Played = Step | Iterable[Step]
"""What a handler may return: one step, or several; a generator's steps are made one by one as they are played."""


def as_steps(played: Played) -> Iterator[Step]:
    """Raises TypeError for what is neither a step nor several."""
    return iter((played,)) if isinstance(played, Step) else iter(played)


def alter_json(change: Callable[[Any], Any]) -> Alter:
    """Sends the ordinary handler's JSON answer with the value that `change` makes of its own."""
    return Alter(lambda answer: replace(answer, json=change(json_module.loads(answer.content))))
