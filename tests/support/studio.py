"""What stands at acme's end of the wire: it accepts and charges jobs, tells how they stand, and serves the films."""

from dataclasses import dataclass, field
from typing import Any

from tarash.tarash_gateway.mock_media import asset
from tarash.testkit.ledger import Ledger
from tarash.testkit.requests import RecordedRequest
from tarash.testkit.steps import Answer, Charge, Played

FILM = asset("video_16x9_720p.mp4")


@dataclass
class AcmeStudio:
    """The ordinary handler of a scripted server. A job is done with poll number `polls_needed`.

    `film_url` is what finished jobs point to; set it when the server runs, or leave the results out with None. With an
    `etag` films can be fetched by range.
    """

    ledger: Ledger
    film_url: str | None = None
    etag: str | None = None
    film: bytes = FILM
    polls_needed: int = 3
    cancelled: set[str] = field(default_factory=set)
    last: int = 0
    prompts: dict[str, str] = field(default_factory=dict)

    def __call__(self, request: RecordedRequest) -> Played:
        kind = request.segments[0]
        if request.method == "POST" and kind == "videos":
            return self._accept(request)
        if kind == "films":
            self.ledger.count("download", request.path)
            return self._serve(request)
        if kind != "jobs" or not self._knows(request.segments[1]):
            return Answer(404, json={"problem": "no such thing"})
        return self._status(request.segments[1]) if request.method == "GET" else self._cancel(request.segments[1])

    def _serve(self, request: RecordedRequest) -> Answer:
        headers = {"Content-Type": "video/mp4", **({"ETag": self.etag} if self.etag else {})}
        wanted = request.headers.get("range")
        if not wanted or not self.etag or request.headers.get("if-range") != self.etag:
            return Answer(headers=headers, body=self.film)
        start = int(wanted.removeprefix("bytes=").removesuffix("-"))
        if start >= len(self.film):
            return Answer(416, {"Content-Range": f"bytes */{len(self.film)}"})
        span = f"bytes {start}-{len(self.film) - 1}/{len(self.film)}"
        return Answer(206, {**headers, "Content-Range": span}, self.film[start:])

    def _knows(self, job: str) -> bool:
        # Jobs that a script charged were never accepted here.
        return job in self.prompts or self.ledger.charges(job) > 0

    def _accept(self, request: RecordedRequest) -> Played:
        # Charges are booked when they are played, so a job that was just accepted may not be among them yet.
        self.last = max(self.last, self.ledger.total_charges) + 1
        job = f"job-{self.last}"
        self.prompts[job] = request.json.get("prompt", "")
        return [Charge(job), Answer(json={"id": job})]

    def _status(self, job: str) -> Answer:
        self.ledger.count("poll", job)
        if job in self.cancelled:
            return Answer(json={"id": job, "status": "cancelled", "reason": "the customer did not want it"})
        polls = self.ledger.events("poll", job)
        if polls < self.polls_needed:
            percent = 100 * polls // self.polls_needed
            return Answer(json={"id": job, "status": "running", "percent": percent})
        return Answer(json=self.finished(job))

    def finished(self, job: str) -> dict[str, Any]:
        """The status of a job that is done."""
        link = {} if self.film_url is None else {"url": f"{self.film_url}/{job}.mp4"}
        return {"id": job, "status": "done", **link}

    def _cancel(self, job: str) -> Answer:
        self.ledger.count("cancel", job)
        if self.ledger.events("poll", job) >= self.polls_needed:
            return Answer(409, json={"problem": "too late"})
        self.cancelled.add(job)
        return Answer(json={})
