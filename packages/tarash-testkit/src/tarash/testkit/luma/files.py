"""The files of the Agents API: announced, put into somebody else's storage, completed, and taken in after a while."""

import threading
import uuid
from collections import deque
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any

from pydantic import Field, TypeAdapter

from tarash.testkit.clock import VirtualClock
from tarash.testkit.ledger import Ledger
from tarash.testkit.links import refused_by_storage
from tarash.testkit.luma import errors
from tarash.testkit.luma._dream_machine import Body
from tarash.testkit.requests import RecordedRequest
from tarash.testkit.steps import Answer
from tarash.testkit.vendor import Refused

LINK_SECONDS = 3600.0


class Announcement(Body):
    """What is told of a file before it is put into the storage."""

    mime_type: str
    size_bytes: int = Field(gt=0, le=5 * 1024**3)
    filename: str | None = None
    purpose: str | None = Field(None, pattern="^(input|reference)$")
    expires_at: str | None = None
    user_id: str | None = None


@dataclass
class StoredFile:
    """A file that was announced; `content` is there once it has arrived. `failure` lets the intake fail."""

    id: str
    announced: Announcement
    at: float
    failure: str | None = None
    content: bytes | None = field(default=None, repr=False)
    ready_at: float | None = None
    deleted: bool = False

    def state(self, now: float) -> str:
        if self.deleted:
            return "deleted"
        if self.ready_at is None or now < self.ready_at:
            return "pending"
        return "failed" if self.failure else "ready"


class Files:
    """The files of one simulator. Taking one in lasts `ingest_seconds` of virtual time."""

    def __init__(self, clock: VirtualClock, ledger: Ledger, ingest_seconds: float) -> None:
        self._clock, self._ledger, self._ingest_seconds = clock, ledger, ingest_seconds
        self._lock = threading.Lock()
        self._files: dict[str, StoredFile] = {}
        self._failures: deque[str] = deque()
        self.link_base = ""

    @property
    def all(self) -> list[StoredFile]:
        with self._lock:
            return list(self._files.values())

    def fail_next(self, reason: str) -> None:
        with self._lock:
            self._failures.append(reason)

    def is_ready(self, file_id: str) -> bool:
        file = self._files.get(file_id)
        return file is not None and file.state(self._clock.monotonic()) == "ready"

    def announce(self, body: dict[str, Any]) -> Answer:
        announced = TypeAdapter(Announcement).validate_python(body)
        with self._lock:
            failure = self._failures.popleft() if self._failures else None
            file = StoredFile(str(uuid.uuid4()), announced, self._clock.monotonic(), failure)
            self._files[file.id] = file
        upload = {
            "url": f"{self.link_base}/uploads/{file.id}?X-Amz-Signature=0123",
            "method": "PUT",
            "headers": {"Content-Type": announced.mime_type},
            "expires_at": self._moment(file.at + LINK_SECONDS),
        }
        return Answer(201, json={"id": file.id, "state": "pending", "file": self._told(file), "upload": upload})

    def take(self, request: RecordedRequest) -> Answer:
        """The bytes: with exactly the headers that were told, and nothing that proves who calls."""
        file = self._files.get(request.segments[-1])
        if file is None or "authorization" in request.headers or not request.query_value("X-Amz-Signature"):
            return refused_by_storage("AccessDenied", 403)
        if request.headers.get("content-type") != file.announced.mime_type:
            return refused_by_storage("SignatureDoesNotMatch", 403)
        if len(request.body) != file.announced.size_bytes:
            return refused_by_storage("EntityTooLarge", 400)
        file.content = request.body
        self._ledger.count("upload", file.id)
        return Answer(200)

    def complete(self, file_id: str) -> Answer:
        file = self._known(file_id)
        if file.content is None:
            raise Refused(errors.error(409, "No bytes have been uploaded"))
        file.ready_at = self._clock.monotonic() + self._ingest_seconds
        return Answer(200, json=self._told(file))

    def tell(self, file_id: str) -> Answer:
        return Answer(200, json=self._told(self._known(file_id)))

    def list(self, request: RecordedRequest) -> Answer:
        state, purpose = request.query_value("state"), request.query_value("purpose")
        told = [self._told(file) for file in reversed(self.all)]
        fits = [one for one in told if state in (None, one["state"]) and purpose in (None, one["purpose"])]
        limit = int(request.query_value("limit") or 25)
        return Answer(200, json={"data": fits[:limit], "has_more": len(fits) > limit, "next_cursor": None})

    def delete(self, file_id: str) -> Answer:
        self._known(file_id).deleted = True
        return Answer(204)

    def _known(self, file_id: str) -> StoredFile:
        file = self._files.get(file_id)
        if file is None or file.deleted:
            raise Refused(errors.error(404, "File not found"))
        return file

    def _told(self, file: StoredFile) -> dict[str, Any]:
        state = file.state(self._clock.monotonic())
        return {
            "id": file.id,
            "created_at": self._moment(file.at),
            "mime_type": file.announced.mime_type,
            "size_bytes": file.announced.size_bytes,
            "purpose": file.announced.purpose or "input",
            "filename": file.announced.filename,
            "state": state,
            "failure_reason": file.failure if state == "failed" else None,
        }

    def _moment(self, monotonic: float) -> str:
        epoch = self._clock.wall() - self._clock.monotonic() + monotonic
        return datetime.fromtimestamp(epoch, UTC).isoformat()
