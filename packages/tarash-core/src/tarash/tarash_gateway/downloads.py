"""Fetching a finished result: whole or not at all, by range where that helps, and never into a private network.

A download is free, so it is tried again; it never leads back to a submit.
"""

from __future__ import annotations

import re
import sys
from typing import Any, Protocol
from urllib.parse import urljoin

from tarash.tarash_gateway.exceptions import DownloadError, HTTPConnectionError, ProtocolError, TarashException
from tarash.tarash_gateway.messages import Request, Response
from tarash.tarash_gateway.origins import is_loopback, origin_of
from tarash.tarash_gateway.retrying import HINT_CEILING, MAX_ATTEMPTS, backoff, retry_after
from tarash.tarash_gateway.runtime import Runtime, Stream
from tarash.tarash_gateway.secrets import without_query
from tarash.tarash_gateway.sending import Sender
from tarash.tarash_gateway.sniffing import looks_like_text_error

DOWNLOAD_SECONDS = 900.0
SILENCE = 60.0
"""Seconds in which a little more must have come (never longer than the configuration's timeout)."""
_LEAST = 65536
MAX_REDIRECTS = 5
_HEAD = 65536
_TELLING = 512
"""So many bytes tell whether a text is coming; fewer may be the beginning of either."""
_BATCH = 1024 * 1024
_REDIRECTS = (301, 302, 303, 307, 308)
_GONE = (401, 403, 404, 410)
_RANGE = re.compile(r"bytes (\d{1,18})-\d{1,18}/(\d{1,18}|\*)")


class LinkExpiredError(DownloadError):
    """The link no longer leads to the result."""


class Target(Protocol):
    """Where the bytes go."""

    def write(self, data: bytes) -> None: ...

    def restart(self) -> None: ...


class MemoryTarget:
    """Keeps the bytes."""

    def __init__(self) -> None:
        self.data = bytearray()

    def write(self, data: bytes) -> None:
        self.data += data

    def restart(self) -> None:
        self.data.clear()


class _Collected:
    """What has been received of one result, over as many answers as it takes. Lets only media through."""

    def __init__(self, target: Target, max_bytes: int) -> None:
        self.target = target
        self.max_bytes = max_bytes
        self.head = b""
        self.size = 0
        self.total: int | None = None
        self.etag: str | None = None

    def headers(self) -> dict[str, str]:
        """The request for the rest, where an earlier answer told how it is known that nothing changed."""
        wanted = {"range": f"bytes={self.size}-", "if-range": self.etag} if self.size and self.etag else {}
        return {**wanted, "accept-encoding": "identity"}

    def start(self, response: Response) -> None:
        """Judge the head of an answer. Raises `HTTPConnectionError` when it is another part than was asked for."""
        start, self.total = _span(response)
        same = self.etag is not None and response.headers.get("etag") == self.etag
        if start and not (start == self.size and same):
            self.forget()
            raise HTTPConnectionError("another part of the file was sent than had been asked for")
        if not start:
            self.forget()
        self.etag = _strong_tag(response)

    def is_whole(self, response: Response) -> bool:
        """Whether an answer says that there is no rest to ask for."""
        told = response.headers.get("content-range") if response.status == 416 else None
        return told == f"bytes */{self.size}"

    def forget(self) -> None:
        self.target.restart()
        self.head, self.size, self.etag = b"", 0, None

    def write(self, data: bytes) -> None:
        if len(self.head) < _HEAD:
            self.head += data[: _HEAD - len(self.head)]
            if len(self.head) >= _TELLING:
                self._refuse_text()
        self.target.write(data)
        self.size += len(data)

    def _refuse_text(self) -> None:
        if looks_like_text_error(self.head):
            raise DownloadError("The link serves a page of text instead of media; nothing was written.")

    def refuse_more(self, coming: int) -> None:
        if self.size + coming > self.max_bytes:
            raise DownloadError(f"The result is larger than the limit of {self.max_bytes} bytes.")

    def finish(self) -> None:
        self._refuse_text()
        if self.total is not None and self.size != self.total:
            raise HTTPConnectionError(f"{self.size} of {self.total} bytes were sent")
        if not self.size:
            raise DownloadError("The link serves an empty file.")


def _span(response: Response) -> tuple[int, int | None]:
    """Where an answer begins, and how long the whole is, if that is told."""
    if response.status == 200:
        return 0, None
    told = _RANGE.fullmatch(response.headers.get("content-range", ""))
    if told is None:
        raise HTTPConnectionError("a part of the file was sent without telling which")
    return int(told[1]), None if told[2] == "*" else int(told[2])


def _strong_tag(response: Response) -> str | None:
    """The tag that stands for exactly these bytes. What comes compressed is counted otherwise than a range."""
    tag = response.headers.get("etag", "")
    plain = response.headers.get("content-encoding", "identity") == "identity"
    return tag if tag.startswith('"') and plain else None


def _redirected(url: str, response: Response) -> str:
    try:
        return urljoin(url, response.headers.get("location", ""))
    except ValueError:
        raise DownloadError("A redirect leads to something that is no link; it was not followed.") from None


class Downloader:
    """Fetches links for one job, with the job's credentials where the provider wants them."""

    def __init__(self, sender: Sender, *, seconds: float = DOWNLOAD_SECONDS) -> None:
        self.sender = sender
        self.seconds = seconds
        self.silence = min(SILENCE, sender.remaining() if sender.remaining() > 0 else SILENCE)

    async def fetch(self, url: str, target: Target, *, authenticated: bool, max_bytes: int) -> bytes:
        """Write what `url` serves to `target` and return its first bytes.

        Raises `LinkExpiredError` when the link is gone, and `DownloadError` for everything else, both with the link;
        what `target` raises is passed on.
        """
        self.sender.deadline = self.sender.runtime.clock.monotonic() + self.seconds
        collected = _Collected(target, max_bytes)
        try:
            await self._attempts(url, collected, authenticated)
        except DownloadError as error:
            error.url = without_query(url)
            raise self.sender.named(error) from None
        return collected.head

    async def _attempts(self, url: str, collected: _Collected, authenticated: bool) -> None:
        last = ""
        for attempt in range(MAX_ATTEMPTS):
            wait = None
            try:
                response = await self._follow(url, collected, authenticated)
            except DownloadError:
                raise
            except TarashException as error:
                # Of the network, or of something that will not pass: the link, the key, whoever gives out tokens.
                if isinstance(error, ProtocolError) or not isinstance(error, HTTPConnectionError):
                    raise DownloadError(f"The result at {without_query(url)} cannot be fetched: {error}") from error
                last = error.message
            else:
                if response.status in (200, 206) or collected.is_whole(response):
                    return
                last = f"HTTP {response.status}"
                wait = self._judge(url, response, collected)
            await self._pause(attempt, wait)
        place = without_query(url)
        raise DownloadError(f"The result at {place} cannot be fetched ({MAX_ATTEMPTS} attempts). The last one: {last}")

    def _judge(self, url: str, response: Response, collected: _Collected) -> float | None:
        """What an answer without a result means: the link is gone, or seconds to wait (None: as usual)."""
        if response.status in _GONE:
            raise LinkExpiredError(f"The link {without_query(url)} is no longer served (HTTP {response.status}).")
        if response.status == 416:
            collected.forget()
        return retry_after(response.headers, self.sender.runtime.clock.wall())

    async def _pause(self, attempt: int, told: float | None) -> None:
        wait = backoff(attempt) if told is None else min(told, HINT_CEILING)
        if attempt + 1 < MAX_ATTEMPTS:
            await self.sender.runtime.sleep(min(wait, max(0.0, self.sender.remaining())))

    async def _follow(self, url: str, collected: _Collected, authenticated: bool) -> Response:
        for _ in range(MAX_REDIRECTS + 1):
            response = await self._once(url, collected, authenticated)
            if response.status not in _REDIRECTS:
                return response
            target = _redirected(url, response)
            if origin_of(url)[0] == "https" and origin_of(target)[0] != "https":
                raise DownloadError("A redirect leads from https to something else; it was not followed.")
            url = target
        raise DownloadError(f"More than {MAX_REDIRECTS} redirects.")

    async def _once(self, url: str, collected: _Collected, authenticated: bool) -> Response:
        """One answer. Only that of a result is read beyond its head."""
        trusted = self.sender.is_trusted(url)
        request = Request("GET", url, collected.headers(), public_only=not trusted, max_bytes=sys.maxsize)
        credentials: Any = await self.sender.credentials_for(request) if authenticated and trusted else {}
        loopback = is_loopback(origin_of(self.sender.call.base_url)[1])
        wire = self.sender.runtime.prepare(request, credentials, allow_loopback=loopback)
        stream = await self.sender.runtime.open(wire, self._patience())
        try:
            if stream.head.status in (200, 206):
                await self.sender.runtime.run(collected.start, stream.head)
                await _Batches(self.sender.runtime, collected).fill(stream, self._patience)
            return stream.head
        finally:
            await stream.close()

    def _patience(self) -> float:
        return max(0.01, min(self.silence, self.sender.remaining()))


class _Batches:
    """Hands bytes over to the disk in large pieces: in an event loop each costs the way to a thread and back."""

    def __init__(self, runtime: Runtime, collected: _Collected) -> None:
        self.runtime = runtime
        self.collected = collected
        self.pieces: list[bytes] = []
        self.size = 0

    async def fill(self, stream: Stream, patience: Any) -> None:
        try:
            while data := await stream.read(patience(), _LEAST):
                self.pieces.append(data)
                self.size += len(data)
                self.collected.refuse_more(self.size)
                if self.size >= _BATCH:
                    await self._hand_over()
        except HTTPConnectionError:
            # What came before the connection was lost need not be fetched again.
            await self._hand_over()
            raise
        await self._hand_over()
        self.collected.finish()

    async def _hand_over(self) -> None:
        data, self.pieces, self.size = b"".join(self.pieces), [], 0
        if data:
            await self.runtime.run(self.collected.write, data)
