"""Uploads: a session, then a form to somebody else's storage. Source: wire of runwayml 5.24.0."""

import secrets
import threading
from dataclasses import dataclass, field

from tarash.testkit.clock import VirtualClock
from tarash.testkit.ledger import Ledger
from tarash.testkit.links import refused_by_storage
from tarash.testkit.requests import RecordedRequest
from tarash.testkit.runway import errors
from tarash.testkit.steps import Answer

LIFETIME = 24 * 3600.0
FEWEST_BYTES, MOST_BYTES = 512, 200 * 1024 * 1024


@dataclass
class Upload:
    """An upload that was announced; `content` is there once it has arrived."""

    uri: str
    file_name: str
    fields: dict[str, str]
    until: float
    content: bytes | None = field(default=None, repr=False)


class Uploads:
    """The uploads of one simulator."""

    def __init__(self, clock: VirtualClock, ledger: Ledger) -> None:
        self._clock, self._ledger = clock, ledger
        self._lock = threading.Lock()
        self._uploads: dict[str, Upload] = {}
        self.link_base = ""

    @property
    def all(self) -> list[Upload]:
        with self._lock:
            return list(self._uploads.values())

    def has(self, uri: str) -> bool:
        upload = self._uploads.get(uri.removeprefix("runway://"))
        return upload is not None and upload.content is not None and upload.until > self._clock.monotonic()

    def announce(self, request: RecordedRequest) -> Answer:
        body = request.json if request.body else {}
        name = body.get("filename")
        if not isinstance(name, str) or not 3 <= len(name) <= 255:
            return errors.invalid_field("filename", "3 to 255 characters are required")
        if body.get("type") != "ephemeral":
            return errors.invalid_field("type", "Expected ephemeral")
        number = secrets.token_hex(16)
        fields = {
            "key": f"uploads/{number}",
            "policy": secrets.token_urlsafe(20),
            "x-amz-signature": secrets.token_hex(8),
        }
        upload = Upload(f"runway://{number}", name, fields, self._clock.monotonic() + LIFETIME)
        with self._lock:
            self._uploads[number] = upload
        link = f"{self.link_base}/storage/{number}"
        return Answer(200, json={"uploadUrl": link, "fields": fields, "runwayUri": upload.uri})

    def take(self, request: RecordedRequest) -> Answer:
        """The form: all fields first, then the file, and nothing that proves who calls."""
        upload = self._uploads.get(request.segments[-1])
        known = {"authorization", "x-runway-version"}
        if upload is None or any(name.lower() in known for name, _ in request.headers.items()):
            return refused_by_storage("AccessDenied", 403)
        *fields, file = request.parts
        if {part.name: part.text for part in fields} != upload.fields or file.name != "file" or not file.file_name:
            return refused_by_storage("InvalidPolicyDocument", 400)
        if not FEWEST_BYTES <= len(file.content) <= MOST_BYTES:
            return refused_by_storage("EntityTooSmall", 400)
        upload.content = file.content
        self._ledger.count("upload", upload.uri)
        return Answer(204)
