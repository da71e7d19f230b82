"""The ledger: what was charged, what was asked, and who saw which header."""

import base64
import threading
from collections import Counter, defaultdict
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from typing import Protocol
from urllib.parse import quote, unquote_to_bytes

from tarash.testkit.requests import RecordedRequest


class WatchedServer(Protocol):
    """What a ledger wants of a server: everything that it was sent."""

    def recorded(self) -> Iterable[RecordedRequest]: ...


@dataclass(frozen=True)
class ChargeEntry:
    """One charge, in whatever unit the script or simulator counts."""

    job_id: str
    amount: float


class Ledger:
    """Counts charges, polls, cancels, uploads, downloads and bytes over all servers that it is given to.

    Servers and simulators write to it from their threads; a test reads it from any. With `keep_answers` it also holds
    the body of every answer that went out whole.
    """

    def __init__(self, *, keep_answers: bool = False) -> None:
        self._lock = threading.Lock()
        self._servers: list[WatchedServer] = []
        self._entries: list[ChargeEntry] = []
        self._events: Counter[tuple[str, str]] = Counter()
        self._methods: Counter[str] = Counter()
        self._headers: defaultdict[str, Counter[tuple[str, str]]] = defaultdict(Counter)
        self._bytes_served = 0
        self.keep_answers = keep_answers
        self._answers: list[bytes] = []

    def __repr__(self) -> str:
        return f"<Ledger charges={self.total_charges} posts={self.posts} polls={self.polls} cancels={self.cancels}>"

    def charge(self, job_id: str, amount: float = 1.0) -> None:
        with self._lock:
            self._entries.append(ChargeEntry(job_id, amount))

    def count(self, event: str, subject: str = "") -> None:
        """Note an event ("poll", "cancel", "upload", "download" or one of your own) of a job or a file."""
        with self._lock:
            self._events[event, subject] += 1

    def saw(self, request: RecordedRequest) -> None:
        """Note the method and headers of a request; every server with this ledger calls it."""
        with self._lock:
            self._methods[request.method] += 1
            self._headers[request.origin].update(request.headers.items())

    def served(self, count: int) -> None:
        with self._lock:
            self._bytes_served += count

    def answered(self, body: bytes) -> None:
        if self.keep_answers:
            with self._lock:
                self._answers.append(body)

    def watch(self, server: WatchedServer) -> None:
        """Include the requests of `server` in the search for keys."""
        with self._lock:
            if server not in self._servers:
                self._servers.append(server)

    def charges(self, job_id: str) -> int:
        """How often the job was charged."""
        return sum(entry.job_id == job_id for entry in self.entries)

    def amount(self, job_id: str) -> float:
        return sum(entry.amount for entry in self.entries if entry.job_id == job_id)

    def events(self, event: str, subject: str | None = None) -> int:
        """How often an event was noted, for one subject or for all."""
        with self._lock:
            return sum(
                number for (name, about), number in self._events.items() if name == event and subject in (None, about)
            )

    @property
    def entries(self) -> list[ChargeEntry]:
        with self._lock:
            return list(self._entries)

    @property
    def charged_jobs(self) -> list[str]:
        """The ids of the jobs that were charged, in the order of their first charge."""
        return list(dict.fromkeys(entry.job_id for entry in self.entries))

    @property
    def total_charges(self) -> int:
        return len(self.entries)

    @property
    def total_amount(self) -> float:
        return sum(entry.amount for entry in self.entries)

    @property
    def posts(self) -> int:
        return self.requests("POST")

    @property
    def polls(self) -> int:
        return self.events("poll")

    @property
    def cancels(self) -> int:
        return self.events("cancel")

    @property
    def uploads(self) -> int:
        return self.events("upload")

    @property
    def downloads(self) -> int:
        return self.events("download")

    @property
    def bytes_served(self) -> int:
        """Bytes that were written to clients: heads and bodies, before TLS."""
        return self._bytes_served

    @property
    def answers(self) -> list[bytes]:
        """The bodies of the answers so far; empty without `keep_answers`."""
        with self._lock:
            return list(self._answers)

    def requests(self, method: str | None = None) -> int:
        """How many requests came, by any or by one method."""
        with self._lock:
            return self._methods.total() if method is None else self._methods[method]

    @property
    def origins(self) -> list[str]:
        """Every origin that was sent a request."""
        with self._lock:
            return list(self._headers)

    def headers_at(self, origin: str) -> list[tuple[str, str]]:
        """Every header field that arrived at `origin`, each spelling and value once."""
        with self._lock:
            return list(self._headers[origin]) if origin in self._headers else []

    def assert_key_only_at(self, origin: str | Iterable[str], key: str) -> None:
        """Assert that `key` arrived at `origin` (or at one of several) in a header, and nowhere else at all.

        Searched are targets, headers and bodies of every request that the watched servers still hold, and every
        header they ever saw, for the key as it is, percent-encoded and in base64; of a key like "id:secret" also for
        the secret alone.
        """
        if not key:
            raise ValueError("there is no key to look for")
        allowed = {origin} if isinstance(origin, str) else set(origin)
        places = sorted({place for needle in _spellings(key) for place in self._places(needle)})
        wrong = [place for place in places if place[0] not in allowed or place[1] != "header"]
        assert not wrong, "the key was sent to places where it does not belong: " + "; ".join(map(" ".join, wrong))
        assert places, f"the key never arrived at {', '.join(sorted(allowed))}"

    def _places(self, needle: bytes) -> Iterator[tuple[str, str, str]]:
        with self._lock:
            servers = list(self._servers)
            headers = {origin: list(fields) for origin, fields in self._headers.items()}
        for origin, fields in headers.items():
            for name, value in fields:
                if needle in f"{name}: {value}".encode("latin-1"):
                    yield origin, "header", name.lower()
        for request in (request for server in servers for request in server.recorded()):
            target = request.raw_target.encode()
            if needle in target or needle in unquote_to_bytes(target):
                yield request.origin, "target", request.method
            if needle in request.body:
                yield request.origin, "body", f"{request.method} {request.path}"


def _spellings(key: str) -> Iterator[bytes]:
    secret = key.partition(":")[2] or key
    for text in {key, secret}:
        yield text.encode()
        yield quote(text, safe="").encode()
        yield from _inside_base64(text.encode())


def _inside_base64(text: bytes) -> Iterator[bytes]:
    """How `text` looks in the base64 of a longer text, for the three ways it can fall onto groups of three bytes."""
    for shift, unsure in enumerate((0, 2, 3)):
        inner = base64.b64encode(b"\0" * shift + text).rstrip(b"=")[unsure:]
        # The last letter also carries bits of whatever follows, unless the text ends with a whole group.
        clean = inner[:-1] if (shift + len(text)) % 3 else inner
        if len(clean) >= 8:
            yield clean
