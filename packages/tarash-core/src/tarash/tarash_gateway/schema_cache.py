"""Answers that depend on nothing but their URL (published schemas), kept on disk between processes.

The folder is `$TARASH_CACHE_DIR`, else `tarash` in the user's cache folder; it may be deleted at any time. Nothing here
ever fails a call: a cache that cannot be read or written is as good as none.
"""

from __future__ import annotations

import contextlib
import hashlib
import os
import tempfile
import time
from pathlib import Path
from urllib.parse import urlencode, urlsplit

from tarash.tarash_gateway.messages import Request, Response

MAX_FILES = 2000


def cache_folder() -> Path:
    chosen = os.environ.get("TARASH_CACHE_DIR")
    if chosen:
        return Path(chosen)
    return Path(os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache") / "tarash"


def _file_for(request: Request) -> Path:
    name = hashlib.sha256(f"{request.url}?{urlencode(list(request.query))}".encode()).hexdigest()
    return cache_folder() / f"{name}.json"


def read_cached(request: Request, now: float) -> Response | None:
    """A kept answer that is younger than the request's `cache_seconds`."""
    try:
        file = _file_for(request)
        age = now - file.stat().st_mtime
        return Response(200, {}, file.read_bytes()) if 0 <= age < request.cache_seconds else None
    except (OSError, RuntimeError):
        return None


_FAILURE_SECONDS = 300.0
_failed_until: dict[str, float] = {}


def failed_lately(request: Request) -> bool:
    """True when the host of such a request could not be reached a short while ago: nobody need wait for it again."""
    return _failed_until.get(urlsplit(request.url).netloc, 0.0) > time.monotonic()


def remember_failure(request: Request) -> None:
    _failed_until[urlsplit(request.url).netloc] = time.monotonic() + _FAILURE_SECONDS


def write_cached(request: Request, response: Response, now: float) -> None:
    """Keep an answer. It appears whole, so that processes can share the folder."""
    with contextlib.suppress(OSError, RuntimeError):
        file = _file_for(request)
        file.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
        if sum(1 for _ in file.parent.iterdir()) > MAX_FILES:
            return
        descriptor, temporary = tempfile.mkstemp(dir=file.parent)
        try:
            with os.fdopen(descriptor, "wb") as opened:
                opened.write(response.body)
            os.utime(temporary, (now, now))
            Path(temporary).replace(file)
        except OSError:
            Path(temporary).unlink()
