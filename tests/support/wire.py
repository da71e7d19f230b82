"""What a request says, to be compared with what a vendor's own client says."""

from collections.abc import Iterable
from typing import Any

from tarash.testkit.requests import RecordedRequest


def said_by(request: RecordedRequest, explained: Iterable[str]) -> dict[str, Any]:
    """Everything that a request says, but for headers whose names begin with one that is explained."""
    headers = {name.lower(): value.partition(";")[0] for name, value in request.headers.items()}
    said = {name: value for name, value in headers.items() if not name.startswith(tuple(explained))}
    body: Any = request.body or None
    if (request.headers.get("content-type") or "").startswith("multipart/form-data"):
        parts = [(part.name, part.file_name, part.content_type, part.content) for part in request.parts]
        body = sorted(parts, key=str)
    elif request.body.startswith((b"{", b"[")):
        body = request.json
    query = sorted(request.query)
    return {"method": request.method, "path": request.path, "query": query, "headers": said, "body": body}
