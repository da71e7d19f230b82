"""Fetching a finished result: whole or not at all, by range where that helps, and never into a private network.

A download is free, so it is tried again; it never leads back to a submit.
"""

from __future__ import annotations

from typing import Any, Protocol
from urllib.parse import urljoin

from tarash.tarash_gateway.exceptions import DownloadError, HTTPConnectionError, ProtocolError, ValidationError
from tarash.tarash_gateway.messages import Request, Response
from tarash.tarash_gateway.retrying import MAX_ATTEMPTS, backoff
from tarash.tarash_gateway.secrets import without_query
from tarash.tarash_gateway.sending import Sender, is_loopback, origin_of
from tarash.tarash_gateway.sniffing import looks_like_text_error, sniff

DOWNLOAD_SECONDS = 900.0
MAX_REDIRECTS = 5
_HEAD = 65536
_REDIRECTS = (301, 302, 303, 307, 308)
_GONE = (401, 403, 404, 410)


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


class _MediaSink:
    """Judges each answer as it starts, and lets only media through to the target."""

    def __init__(self, target: Target) -> None:
        self.target = target
        self.head = b""
        self.size = 0
        self.etag: str | None = None
        self.keep = False
        self.content_type: str | None = None

    def start(self, response: Response) -> None:
        self.keep = response.status in (200, 206)
        if not self.keep:
            return
        if response.status == 200 or not self._continues(response):
            self.target.restart()
            self.head, self.size = b"", 0
        self.etag = response.headers.get("etag")
        self.content_type = response.headers.get("content-type", "").partition(";")[0].strip() or None

    def _continues(self, response: Response) -> bool:
        return response.headers.get("content-range", "").startswith(f"bytes {self.size}-")

    def write(self, data: bytes) -> None:
        if not self.keep:
            return
        if len(self.head) < _HEAD:
            self.head += data[: _HEAD - len(self.head)]
            self.refuse_text()
        self.target.write(data)
        self.size += len(data)

    def refuse_text(self) -> None:
        if sniff(self.head) is None and looks_like_text_error(self.head):
            raise DownloadError("The link serves a page of text instead of media; nothing was written.")


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

    async def fetch(self, url: str, target: Target, *, authenticated: bool, max_bytes: int) -> bytes:
        """Write what `url` serves to `target` and return its first bytes.

        Raises `LinkExpiredError` when the link is gone, and `DownloadError` for everything else, both with the link.
        """
        self.sender.deadline = self.sender.runtime.clock.monotonic() + self.seconds
        sink = _MediaSink(target)
        try:
            await self._attempts(url, sink, authenticated, max_bytes)
            if not sink.size:
                raise DownloadError("The link serves an empty file.")
        except DownloadError as error:
            error.url = without_query(url)
            raise self.sender.named(error) from None
        return sink.head

    async def _attempts(self, url: str, sink: _MediaSink, authenticated: bool, max_bytes: int) -> None:
        last: Exception | str = ""
        for attempt in range(MAX_ATTEMPTS):
            if attempt:
                await self.sender.runtime.sleep(backoff(attempt - 1))
            try:
                response = await self._follow(url, sink, authenticated, max_bytes)
            except (ValidationError, ProtocolError, OSError) as error:
                raise DownloadError(f"The result at {without_query(url)} cannot be fetched: {error}") from error
            except DownloadError:
                raise
            except HTTPConnectionError as error:
                last = error
                continue
            if response.status in (200, 206):
                return
            if response.status in _GONE:
                raise LinkExpiredError(f"The link {without_query(url)} is no longer served (HTTP {response.status}).")
            last = f"HTTP {response.status}"
        raise DownloadError(f"The result at {without_query(url)} cannot be fetched: {last} ({MAX_ATTEMPTS} attempts).")

    async def _follow(self, url: str, sink: _MediaSink, authenticated: bool, max_bytes: int) -> Response:
        for _ in range(MAX_REDIRECTS + 1):
            response = await self._once(url, sink, authenticated, max_bytes)
            if response.status not in _REDIRECTS:
                return response
            target = _redirected(url, response)
            if origin_of(url)[0] == "https" and origin_of(target)[0] != "https":
                raise DownloadError("A redirect leads from https to something else; it was not followed.")
            url = target
        raise DownloadError(f"More than {MAX_REDIRECTS} redirects.")

    async def _once(self, url: str, sink: _MediaSink, authenticated: bool, max_bytes: int) -> Response:
        trusted = self.sender.is_trusted(url)
        headers = {"range": f"bytes={sink.size}-", "if-range": sink.etag} if sink.size and sink.etag else {}
        headers["accept-encoding"] = "identity"
        request = Request(
            "GET",
            url,
            headers,
            public_only=not trusted,
            max_bytes=max_bytes - (sink.size if headers.get("range") else 0),
        )
        credentials: Any = await self.sender.credentials_for(request) if authenticated and trusted else {}
        loopback = is_loopback(origin_of(self.sender.call.base_url)[1])
        wire = self.sender.runtime.prepare(request, credentials, allow_loopback=loopback)
        return await self.sender.runtime.send(wire, max(0.01, self.sender.remaining()), sink)
