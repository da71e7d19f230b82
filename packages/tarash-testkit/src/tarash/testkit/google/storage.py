"""The Files API, and Cloud Storage as far as results lie in it."""

from dataclasses import dataclass
from typing import Any
from urllib.parse import unquote

from tarash.testkit.clock import VirtualClock
from tarash.testkit.google import errors
from tarash.testkit.ledger import Ledger
from tarash.testkit.media import Media
from tarash.testkit.requests import RecordedRequest
from tarash.testkit.steps import Answer


@dataclass(eq=False)
class StoredFile:
    """One file. It is PROCESSING until `ready_at` (monotonic)."""

    name: str
    content: bytes
    content_type: str
    ready_at: float
    generated: bool
    failed: bool = False


class Storage:
    """Files and objects of one simulator. Videos take `unpack_seconds` until they may be used."""

    def __init__(self, clock: VirtualClock, ledger: Ledger, unpack_seconds: float, advance_per_poll: float) -> None:
        self._clock, self._ledger = clock, ledger
        self._unpack_seconds, self._advance = unpack_seconds, advance_per_poll
        self.files: dict[str, StoredFile] = {}
        self.objects: dict[str, Media] = {}
        self._sessions: dict[str, tuple[str, int, bytearray]] = {}

    def begin(self, request: RecordedRequest, names: dict[str, str]) -> Answer:
        headers, told = request.headers, request.json["file"]
        if headers.get("x-goog-upload-command") != "start" or headers.get("x-goog-upload-protocol") != "resumable":
            return errors.rpc_error(400, "Upload protocol headers are missing.")
        size = int(headers.get("x-goog-upload-header-content-length") or -1)
        if size != told.get("size_bytes", told.get("sizeBytes")):
            return errors.rpc_error(400, "The sizes differ.")
        session = str(len(self._sessions) + 1)
        self._sessions[session] = (headers.get("x-goog-upload-header-content-type") or "", size, bytearray())
        link = f"{request.origin}/upload/session?upload_id={session}"
        return Answer(200, {"X-Goog-Upload-URL": link, "X-Goog-Upload-Status": "active"}, json={})

    def finish(self, request: RecordedRequest, names: dict[str, str]) -> Answer:
        """One piece of an upload, or all of it; the last one says that it is."""
        content_type, size, received = self._sessions[request.query_value("upload_id") or ""]
        if request.headers.get("x-goog-upload-offset") != str(len(received)):
            return errors.rpc_error(400, "The piece does not follow the one before.")
        received += request.body
        if request.headers.get("x-goog-upload-command") == "upload":
            return Answer(200, {"X-Goog-Upload-Status": "active"}, json={})
        if len(received) != size:
            return errors.rpc_error(400, "The upload is not what was announced.")
        slow = self._unpack_seconds if content_type.startswith("video/") else 0.0
        file = self.keep(bytes(received), content_type, slow, generated=False)
        self._ledger.count("upload", file.name)
        return Answer(200, {"X-Goog-Upload-Status": "final"}, json={"file": self._about(file, request)})

    def keep(self, content: bytes, content_type: str, seconds: float = 0.0, *, generated: bool = True) -> StoredFile:
        name = f"files/sim{len(self.files) + 1}"
        file = StoredFile(name, content, content_type, self._clock.monotonic() + seconds, generated)
        self.files[name] = file
        return file

    def is_ready(self, file: StoredFile) -> bool:
        return self._clock.monotonic() >= file.ready_at

    def describe(self, request: RecordedRequest, names: dict[str, str]) -> Answer:
        file = self.files.get(f"files/{names['file']}")
        if file is None:
            return errors.rpc_error(403, "You do not have permission to access the File or it may not exist.")
        answer = Answer(json=self._about(file, request))
        self._clock.advance(self._advance)
        return answer

    def _about(self, file: StoredFile, request: RecordedRequest) -> dict[str, Any]:
        state = "FAILED" if file.failed else "ACTIVE" if self.is_ready(file) else "PROCESSING"
        uri = f"{request.origin}/v1beta/{file.name}"
        about = {"name": file.name, "uri": uri, "mimeType": file.content_type, "state": state}
        return {**about, "sizeBytes": str(len(file.content)), "source": "GENERATED" if file.generated else "UPLOADED"}

    def download(self, request: RecordedRequest, names: dict[str, str]) -> Answer:
        file = self.files.get(f"files/{names['file']}")
        if file is None or not file.generated or not self.is_ready(file):
            return errors.rpc_error(404, "The file cannot be downloaded.")
        self._ledger.count("download", file.name)
        return Answer(200, {"Content-Type": file.content_type}, file.content)

    def put_object(self, folder: str, name: str, media: Media) -> str:
        uri = f"{folder.rstrip('/')}/{name}"
        self.objects[uri] = media
        return uri

    def get_object(self, request: RecordedRequest, names: dict[str, str]) -> Answer:
        media = self.objects.get(f"gs://{unquote(names['bucket'])}/{unquote(names['object'])}")
        if media is None or request.query_value("alt") != "media":
            return errors.rpc_error(404, "No such object.")
        self._ledger.count("download", media.file_name)
        return Answer(200, {"Content-Type": media.content_type}, media.content)
