"""fal's storage: uploads in both ways, and the CDN that serves them and the outputs of jobs."""

import hashlib
import itertools
import math
import re
import secrets
import threading
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any
from urllib.parse import quote

from tarash.testkit.clock import VirtualClock
from tarash.testkit.fal import errors
from tarash.testkit.fal.routes import Addresses, Call
from tarash.testkit.ledger import Ledger
from tarash.testkit.media import Media
from tarash.testkit.steps import Answer

TOKEN_SECONDS = 3600.0

_RANGE = re.compile(r"bytes=(\d*)-(\d*)")


@dataclass(frozen=True)
class StoredFile:
    """A file on the simulated CDN. `expires_at` is a reading of the monotonic clock."""

    path: str
    content: bytes
    content_type: str
    file_name: str
    uploaded: bool
    expires_at: float = math.inf

    @property
    def etag(self) -> str:
        return f'"{hashlib.sha256(self.content).hexdigest()[:32]}"'


@dataclass
class _Upload:
    """An upload that was announced and has not arrived whole."""

    path: str
    content_type: str
    file_name: str
    signature: str = ""
    parts: dict[int, bytes] = field(default_factory=dict)


class Storage:
    """The files of one simulator."""

    def __init__(self, clock: VirtualClock, ledger: Ledger, addresses: Addresses, link_seconds: float) -> None:
        self._clock, self._ledger, self._addresses = clock, ledger, addresses
        self._link_seconds = link_seconds
        self._lock = threading.Lock()
        self._numbers = itertools.count(1)
        self._files: dict[str, StoredFile] = {}
        self._outputs: dict[tuple[str, int], StoredFile] = {}
        self._uploads: dict[str, _Upload] = {}
        self._tokens: dict[str, float] = {}

    @property
    def uploads(self) -> list[StoredFile]:
        """The files that were uploaded, oldest first."""
        with self._lock:
            return [file for file in self._files.values() if file.uploaded]

    def file(self, path: str) -> StoredFile:
        """The file that is served under a path (or URL). Raises KeyError."""
        with self._lock:
            return self._files["/files/" + path.partition("/files/")[2]]

    def publish(self, job_id: str, number: int, media: Media) -> StoredFile:
        """Serve an output of a job; once its link has expired, under a new one."""
        with self._lock:
            file = self._outputs.get((job_id, number))
            if file is None or file.expires_at <= self._clock.monotonic():
                path = f"/files/{job_id}/{next(self._numbers)}_{media.file_name}"
                until = self._clock.monotonic() + self._link_seconds
                file = StoredFile(path, media.content, media.content_type, media.file_name, False, until)
                self._outputs[job_id, number] = self._files[path] = file
            return file

    def expire_links(self) -> None:
        """Let the links to all outputs end now; a result that is asked for again names new ones."""
        with self._lock:
            for file in self._outputs.values():
                del self._files[file.path]
            self._outputs.clear()

    # Way A: a token, then the bytes (fal-client's default).

    def token(self, call: Call) -> Answer:
        if call.request.query_value("storage_type") != "fal-cdn-v3":
            return errors.model_error("literal_error", location=("query", "storage_type"))
        token = secrets.token_urlsafe(24)
        with self._lock:
            self._tokens[token] = self._clock.monotonic() + TOKEN_SECONDS
        expires = datetime.fromtimestamp(self._clock.wall() + TOKEN_SECONDS, UTC)
        base = self._addresses.base("cdn", call.request)
        return Answer(
            json={"token": token, "token_type": "Bearer", "base_url": base, "expires_at": expires.isoformat()}
        )

    def upload(self, call: Call) -> Answer:
        if not self._has_token(call):
            return errors.unauthorized()
        upload = self._announce(call.request.headers.get("x-fal-file-name"), call.request.headers.get("content-type"))
        return Answer(json={"access_url": self._keep(call, upload, call.request.body)})

    def begin_parts(self, call: Call) -> Answer:
        if not self._has_token(call):
            return errors.unauthorized()
        headers = call.request.headers
        upload = self._announce(headers.get("x-fal-file-name"), headers.get("content-type"))
        upload_id = self._remember(upload)
        return Answer(json={"access_url": self._url(call, upload.path), "uploadId": upload_id})

    def upload_part(self, call: Call) -> Answer:
        upload = self._uploads.get(call.names["id"])
        if not self._has_token(call):
            return errors.unauthorized()
        if upload is None or upload.path != quote(call.names["file"]):
            return errors.not_found("Upload not found")
        return self._take_part(call, upload)

    def complete_parts(self, call: Call) -> Answer:
        if not self._has_token(call):
            return errors.unauthorized()
        return self._complete(call)

    # Way B: announce, then the bytes to a signed link (the JavaScript client's default).

    def initiate(self, call: Call) -> Answer:
        body = call.request.json if call.request.body else None
        if not isinstance(body, dict) or not {"file_name", "content_type"} <= body.keys():
            return errors.model_error("missing", "Field required", location=("body", "file_name"))
        upload = self._announce(str(body["file_name"]), str(body["content_type"]))
        upload.signature = secrets.token_urlsafe(12)
        target = f"{self._addresses.base('cdn', call.request)}/upload/{self._remember(upload)}"
        urls = {"upload_url": f"{target}?signature={upload.signature}", "file_url": self._url(call, upload.path)}
        return Answer(json=urls)

    def put(self, call: Call) -> Answer:
        upload = self._signed(call)
        if upload is None:
            return errors.forbidden("The signature does not match")
        del self._uploads[call.names["id"]]
        self._keep(call, upload, call.request.body)
        return Answer(200, {"ETag": _etag_of(call.request.body)})

    def put_part(self, call: Call) -> Answer:
        upload = self._signed(call)
        return errors.forbidden("The signature does not match") if upload is None else self._take_part(call, upload)

    def complete_put(self, call: Call) -> Answer:
        if self._signed(call) is None:
            return errors.forbidden("The signature does not match")
        return self._complete(call)

    # What both share.

    def _has_token(self, call: Call) -> bool:
        scheme, _, token = (call.request.headers.get("authorization") or "").partition(" ")
        return scheme == "Bearer" and self._tokens.get(token, -math.inf) > self._clock.monotonic()

    def _signed(self, call: Call) -> _Upload | None:
        upload = self._uploads.get(call.names["id"])
        signature = call.request.query_value("signature")
        return upload if upload is not None and upload.signature == signature and signature else None

    def _announce(self, file_name: str | None, content_type: str | None) -> _Upload:
        name = file_name or "upload.bin"
        path = f"/files/uploaded/{next(self._numbers)}_{quote(name.rpartition('/')[2])}"
        return _Upload(path, content_type or "application/octet-stream", name)

    def _remember(self, upload: _Upload) -> str:
        upload_id = secrets.token_urlsafe(9)
        self._uploads[upload_id] = upload
        return upload_id

    def _keep(self, call: Call, upload: _Upload, content: bytes) -> str:
        with self._lock:
            self._files[upload.path] = StoredFile(upload.path, content, upload.content_type, upload.file_name, True)
        self._ledger.count("upload", upload.path)
        return self._url(call, upload.path)

    def _take_part(self, call: Call, upload: _Upload) -> Answer:
        upload.parts[int(call.names["part"])] = call.request.body
        return Answer(200, {"ETag": _etag_of(call.request.body)})

    def _complete(self, call: Call) -> Answer:
        upload = self._uploads.get(call.names["id"])
        if upload is None:
            return errors.not_found("Upload not found")
        named: list[dict[str, Any]] = call.request.json["parts"]
        numbers = [part["partNumber"] for part in sorted(named, key=lambda part: int(part["partNumber"]))]
        right = {number: _etag_of(content) for number, content in upload.parts.items()}
        if numbers != sorted(upload.parts) or any(right[part["partNumber"]] != part["etag"] for part in named):
            return errors.model_error("value_error", "the parts do not fit", location=("body", "parts"))
        del self._uploads[call.names["id"]]
        url = self._keep(call, upload, b"".join(upload.parts[number] for number in numbers))
        return Answer(json={"access_url": url})

    def _url(self, call: Call, path: str) -> str:
        return self._addresses.base("cdn", call.request) + path

    # Serving.

    def download(self, call: Call) -> Answer:
        with self._lock:
            file = self._files.get(call.request.path)
        if file is None or file.expires_at <= self._clock.monotonic():
            return Answer(404, {"Content-Type": "text/plain"}, "Not Found")
        self._ledger.count("download", file.path)
        common = [("ETag", file.etag), ("Accept-Ranges", "bytes"), ("Content-Type", file.content_type)]
        if call.request.headers.get("if-none-match") == file.etag:
            return Answer(304, common)
        wanted = call.request.headers.get("range")
        if wanted is None or call.request.headers.get("if-range", file.etag) != file.etag:
            return Answer(200, common, file.content)
        return _partial(wanted, file.content, common)


def _partial(wanted: str, content: bytes, headers: list[tuple[str, str]]) -> Answer:
    match, size = _RANGE.fullmatch(wanted), len(content)
    if match is None or match[0] == "bytes=-":
        return Answer(200, headers, content)
    start, end = (int(match[1]), int(match[2] or size - 1)) if match[1] else (max(0, size - int(match[2])), size - 1)
    end = min(end, size - 1)
    if start > end:
        return Answer(416, [("Content-Range", f"bytes */{size}")])
    return Answer(206, [*headers, ("Content-Range", f"bytes {start}-{end}/{size}")], content[start : end + 1])


def _etag_of(content: bytes) -> str:
    return f'"{hashlib.sha256(content).hexdigest()[:32]}"'
