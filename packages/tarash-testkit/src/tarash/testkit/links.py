"""Links to results, on a host of their own, which refuses whoever shows a key."""

import secrets
import threading

from tarash.testkit.clock import VirtualClock
from tarash.testkit.ledger import Ledger
from tarash.testkit.media import Media
from tarash.testkit.requests import RecordedRequest
from tarash.testkit.steps import Answer


class Links:
    """The links of one simulator. `base` is the host's address, without a slash at its end."""

    def __init__(self, clock: VirtualClock, ledger: Ledger) -> None:
        self._clock, self._ledger = clock, ledger
        self._lock = threading.Lock()
        self._files: dict[str, tuple[Media, float, str]] = {}
        self.base = ""

    def make(self, folder: str, file: Media, seconds: float, signature: str = "") -> str:
        """A new link, good for so many seconds. `signature` is the name of the parameter that signs it."""
        path = f"/{folder}/{secrets.token_urlsafe(12)}/{file.file_name}"
        with self._lock:
            self._files[path] = file, self._clock.monotonic() + seconds, signature
        return f"{self.base}{path}" + (f"?{signature}={secrets.token_urlsafe(24)}" if signature else "")

    def expire(self) -> None:
        """Let all links end now."""
        with self._lock:
            self._files.clear()

    def serve(self, request: RecordedRequest) -> Answer:
        with self._lock:
            file, until, signature = self._files.get(request.path, (None, 0.0, ""))
        unsigned = signature and not request.query_value(signature)
        if file is None or unsigned or until < self._clock.monotonic():
            return refused_by_storage("AccessDenied", 403)
        if "authorization" in request.headers:
            return refused_by_storage("InvalidArgument", 400)
        self._ledger.count("download", request.path)
        return Answer(200, {"Content-Type": file.content_type}, file.content)


def refused_by_storage(code: str, status: int) -> Answer:
    """An error of a storage in the words of S3."""
    return Answer(status, {"Content-Type": "application/xml"}, f"<Error><Code>{code}</Code></Error>")
