"""Uploaded and stored files, which want the key; and results, which are handed out by link to anybody."""

import itertools
from typing import Any

from tarash.testkit.ledger import Ledger
from tarash.testkit.media import Media
from tarash.testkit.requests import RecordedRequest
from tarash.testkit.steps import Answer
from tarash.testkit.vendor import Refused
from tarash.testkit.xai import errors

MOST_BYTES = 48 * 1000 * 1000
EXPIRES = range(3600, 2_592_001)


class Files:
    """The files of one simulator. `link_base` is where results are served, without a slash at its end."""

    def __init__(self, ledger: Ledger) -> None:
        self._ledger = ledger
        self._numbers = itertools.count(1)
        self._files: dict[str, Media] = {}
        self._results: dict[str, Media] = {}
        self.link_base = ""

    def has(self, name: Any) -> bool:
        return name in self._files

    def content_of(self, name: str) -> bytes:
        return self._files[name].content

    def store(self, file: Media) -> str:
        name = f"file_{next(self._numbers):08}"
        self._files[name] = file
        return name

    def publish(self, file: Media) -> str:
        name = f"{next(self._numbers):08}-{file.file_name}"
        self._results[name] = file
        return f"{self.link_base}/results/{name}"

    def upload(self, request: RecordedRequest) -> Answer:
        try:
            parts = request.parts
        except ValueError:
            raise Refused(errors.unreadable("Expected a multipart form.")) from None
        names = [part.name for part in parts]
        if "file" not in names or "expires_after" in names[names.index("file") :]:
            raise Refused(errors.invalid("The form needs `file`, and `expires_after` before it."))
        expires = next((part.text for part in parts if part.name == "expires_after"), "3600")
        file = next(part for part in parts if part.name == "file")
        if not expires.isdecimal() or int(expires) not in EXPIRES or len(file.content) > MOST_BYTES:
            raise Refused(errors.invalid("The file is too large, or its time is out of range."))
        kind = file.content_type or "application/octet-stream"
        name = self.store(Media(file.content, kind, file.file_name or "file"))
        self._ledger.count("upload", name)
        return Answer(200, json={"id": name, "object": "file", "bytes": len(file.content), "filename": file.file_name})

    def content(self, name: str) -> Answer:
        return self._serve(self._files.get(name), name)

    def download(self, request: RecordedRequest) -> Answer:
        """A result. Whoever shows a key here has sent it to the wrong place."""
        if "authorization" in request.headers:
            return Answer(400, {"Content-Type": "text/plain"}, "only one way to authenticate")
        name = request.segments[-1]
        return self._serve(self._results.get(name), name)

    def _serve(self, file: Media | None, name: str) -> Answer:
        if file is None:
            return errors.not_found()
        self._ledger.count("download", name)
        return Answer(200, {"Content-Type": file.content_type}, file.content)
