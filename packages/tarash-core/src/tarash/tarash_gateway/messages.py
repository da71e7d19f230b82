"""What passes between provider steps and the core: values only, nothing here acts.

A step is a generator that yields `Request` and is sent `Response`. It returns `Pending`, `Done` or a `Cancellation`. It
never waits and never does I/O: to wait, it returns `Pending` with what it knows, as JSON, and is asked again later,
perhaps by another process. What it needs of this machine it asks the core for as well (`providers.asking`).
"""

from __future__ import annotations

import enum
from collections.abc import Callable, Generator, Mapping, Sequence
from dataclasses import dataclass, field
from functools import cached_property
from pathlib import Path
from typing import Any, Literal, Protocol, TypeVar

from pydantic import JsonValue

from tarash.tarash_gateway.exceptions import ProtocolError
from tarash.tarash_gateway.models import AudioChunk

Result = TypeVar("Result")
Unit = Literal["piece", "word", "sentence"]

DEFAULT_MAX_BYTES = 64 * 1024 * 1024
"""An answer that is kept in memory may have this many bytes, after decompression."""


@dataclass(frozen=True, slots=True)
class Json:
    """A JSON body. Encoded once, before the first attempt."""

    value: Any = field(repr=False)


@dataclass(frozen=True, slots=True)
class Form:
    """A URL-encoded form."""

    fields: Mapping[str, str] = field(repr=False)


@dataclass(frozen=True, slots=True)
class Bytes:
    """Raw bytes; set the content type in the request's headers."""

    data: bytes = field(repr=False)


@dataclass(frozen=True, slots=True)
class File:
    """A slice of a file on disk, opened anew for each attempt and streamed.

    The attempt fails before anything is sent when the file has no longer `size` bytes or another `modified_ns`.
    """

    path: Path
    size: int
    modified_ns: int
    offset: int = 0
    length: int | None = None


@dataclass(frozen=True, slots=True)
class Part:
    """One part of a multipart body; `name` may repeat. Text parts have no file name."""

    name: str
    content: str | bytes | File = field(repr=False)
    file_name: str | None = None
    content_type: str | None = None


@dataclass(frozen=True, slots=True)
class Multipart:
    """A multipart/form-data body."""

    parts: Sequence[Part]


Body = Json | Form | Bytes | File | Multipart


@dataclass(frozen=True, slots=True)
class Request:
    """One HTTP request, as far as the core must know it. Credentials are not in it: the core attaches them.

    `billable`: the other side may charge for it, so it is sent again only when it certainly never arrived.
    `accept`: error statuses that the step wants to read itself; all others become the provider's error.
    `timeout`: seconds for the whole exchange (None: what is left of the job's time); the deadline of the job always
    holds too. `cache_seconds`: an answer that is a JSON object may be kept on disk, and served from there, for so long
    (only for answers that depend on nothing but the URL). `optional`: a failure of any kind is sent to the step as
    `Response.missing()`. `public_only`: the link came from a caller, so it may not lead into a private network.
    `anonymous`: never attach credentials. `max_bytes`: a longer answer is an error. `secrets`: texts in the request
    that prove who calls; they are taken out of answers and errors, as the key is.
    """

    method: str
    url: str
    headers: Mapping[str, str] = field(default_factory=dict)
    query: Sequence[tuple[str, str]] = ()
    body: Body | None = None
    billable: bool = False
    accept: frozenset[int] = frozenset()
    timeout: float | None = None
    cache_seconds: float = 0
    optional: bool = False
    public_only: bool = False
    anonymous: bool = False
    max_bytes: int = DEFAULT_MAX_BYTES
    secrets: Sequence[str] = field(default=(), repr=False)


@dataclass(frozen=True)
class Response:
    """One HTTP answer, read to its end. Header names are in lower case."""

    status: int
    headers: Mapping[str, str] = field(default_factory=dict, repr=False)
    body: bytes = field(default=b"", repr=False)

    MISSING = 0

    @classmethod
    def missing(cls) -> Response:
        """Stands for the answer of an optional request that failed."""
        return cls(status=cls.MISSING)

    @property
    def ok(self) -> bool:
        return 200 <= self.status < 300

    @cached_property
    def json(self) -> Any:
        """The body as JSON. Raises `ProtocolError` when it is none."""
        # pydantic-core reads a megabyte ten times faster than json.loads, and refuses nesting that would overflow us.
        from pydantic_core import from_json

        try:
            return from_json(self.body)
        except ValueError as error:
            raise ProtocolError(f"The answer (HTTP {self.status}) is not JSON: {error}") from None

    def object(self) -> dict[str, Any]:
        """The body as a JSON object. Raises `ProtocolError` when it is none."""
        return as_object(self.json, "the answer")

    def object_or_empty(self) -> dict[str, Any]:
        """The body as a JSON object, or an empty one: for reading errors, whose bodies may be anything."""
        try:
            return self.object()
        except ProtocolError:
            return {}


def as_object(value: Any, what: str) -> dict[str, Any]:
    if not isinstance(value, dict):
        raise ProtocolError(f"Expected {what} to be a JSON object, but it is {type(value).__name__}.")
    return value


def text_at(value: Mapping[str, Any], name: str) -> str:
    """The non-empty text under `name`. Raises `ProtocolError` when it is missing or something else."""
    text = value.get(name)
    if not isinstance(text, str) or not text:
        raise ProtocolError(f"The answer has no usable {name!r}.")
    return text


def number_or_none(value: Any) -> float | None:
    """A finite number, or None for anything else (text, booleans, NaN)."""
    if isinstance(value, bool) or not isinstance(value, int | float):
        return None
    try:
        number = float(value)
    except OverflowError:
        return None
    return number if abs(number) < float("inf") else None


@dataclass(frozen=True, slots=True)
class Output:
    """One generated thing: a link or bytes. Sizes in pixels, `duration` in seconds.

    `authenticated`: the link wants the provider's credentials (attached only at the provider's own origins).
    """

    url: str | None = None
    data: bytes | None = field(default=None, repr=False)
    content_type: str | None = None
    width: int | None = None
    height: int | None = None
    duration: float | None = None
    authenticated: bool = False


@dataclass(frozen=True, slots=True)
class Done:
    """The job is finished. `raw` is the provider's own JSON; `facts` are further fields of the response.

    Known facts: `duration`, `resolution`, `aspect_ratio`, `audio_url`, `revised_prompt`. `metadata` becomes
    `provider_metadata`.
    """

    outputs: Sequence[Output]
    raw: Mapping[str, Any] = field(default_factory=dict)
    facts: Mapping[str, Any] = field(default_factory=dict)
    metadata: Mapping[str, Any] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Pending:
    """The job goes on.

    `state` is all that the next step needs, in this or another process; the vendor's id of the job is in it as "id".

    `progress` is a percentage, `retry_after` the provider's hint in seconds, `event` the raw answer (shown to progress
    callbacks), `unknown` the name of a status that no table knows.
    """

    state: JsonValue
    running: bool = False
    progress: float | None = None
    retry_after: float | None = None
    event: Mapping[str, Any] = field(default_factory=dict)
    unknown: str | None = None


@dataclass(frozen=True, slots=True)
class WebhookMessage:
    """What a provider posted to the caller's webhook. Header names in lower case; `received_at` in epoch seconds."""

    headers: Mapping[str, str]
    body: bytes = field(repr=False)
    received_at: float


class Decoder(Protocol):
    """Makes chunks of audio out of the pieces of a body, however the network cut them."""

    def feed(self, data: bytes) -> Sequence[AudioChunk]:
        """The chunks that are complete with this piece. Raises `TarashException` for an error inside the stream."""
        ...

    def finish(self) -> Sequence[AudioChunk]:
        """What is left at the proper end. Raises `ProtocolError` when the stream had not come to its end."""
        ...


@dataclass(frozen=True, slots=True)
class Streaming:
    """A paid request whose answer is listened to while it comes. Without a `request` the decoder's end is all."""

    request: Request | None
    decoder: Decoder


Frame = Mapping[str, Any]
"""A message to the other end of a WebSocket: a JSON object."""


class FrameDecoder(Decoder, Protocol):
    """A decoder that is fed the messages of a WebSocket, each whole. `finish` is called when the other side closed."""

    @property
    def finished(self) -> bool:
        """True once the last sound has come: the core closes then, without waiting for the other side to do it."""
        ...


@dataclass(frozen=True, slots=True)
class Conversation:
    """Speech over a WebSocket, made while its text is still being written. The core opens it, speaks and listens.

    `request` is a GET whose http or https address stands for the ws or wss one; it is free, the text is what is paid.
    `say` makes the frame of one unit of text: a "piece" as the caller's iterator gave it, or one or more whole words
    or sentences; `longest` is the most characters that a unit may have. `opening` and `closing` frames go before and
    after all text. Without a `request` the text is only read, and the decoder's end is all.
    """

    request: Request | None
    decoder: FrameDecoder
    say: Callable[[str], Frame] = field(default=lambda text: {"text": text}, repr=False)
    opening: Sequence[Frame] = field(default=(), repr=False)
    closing: Sequence[Frame] = field(default=(), repr=False)
    unit: Unit = "piece"
    longest: int | None = None


class RawAudio:
    """The decoder of a body that is the audio itself."""

    def __init__(self, content_type: str | None = None) -> None:
        self._content_type = content_type

    def feed(self, data: bytes) -> Sequence[AudioChunk]:
        return (AudioChunk(data, content_type=self._content_type),)

    def finish(self) -> Sequence[AudioChunk]:
        return ()


class Cancellation(enum.Enum):
    """What became of the wish to stop a remote job."""

    CANCELLED = "cancelled"
    TOO_LATE = "too_late"
    IMPOSSIBLE = "impossible"


@dataclass(frozen=True, slots=True)
class ReadFile:
    """Asks for the bytes of a file of this machine, never named by an answer; `optional`: None when there is none."""

    path: Path
    optional: bool = False


@dataclass(frozen=True, slots=True)
class AskCaller:
    """Asks for the text that a function in `provider_config` returns: a source of tokens. It may be `async def`."""

    option: str


@dataclass(frozen=True, slots=True)
class TellTime:
    """Asks for the time of day, in seconds since the epoch."""


@dataclass(frozen=True, slots=True)
class Watch:
    """Asks for the answer of a free request once it is `ready`: every `pause` seconds, for `timeout` seconds at most.

    For what is over in a moment, such as an upload that is being unpacked; jobs are `Pending`. The last answer is given
    when the time is over.
    """

    request: Request
    ready: Callable[[Response], bool]
    pause: float
    timeout: float


Effect = Request | ReadFile | AskCaller | TellTime | Watch
"""What a step may yield: the core does it, and sends back what came of it."""

Step = Generator[Effect, Response, Result]
