"""The videos: accepted, asked for, handed out."""

import itertools
import threading
from collections import deque
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from tarash.testkit.clock import VirtualClock
from tarash.testkit.ledger import Ledger
from tarash.testkit.media import Media, mp4
from tarash.testkit.steps import Answer
from tarash.testkit.xai import errors

SHAPES = {"16:9": "16:9", "9:16": "9:16", "1:1": "1:1", "4:3": "4:3", "3:4": "3:4", "3:2": "4:3", "2:3": "3:4"}
"""By the shape asked for the nearest of which there is a file."""

SOURCE_SECONDS = 5
TICKS_A_SECOND = 500_000_000

Publish = Callable[[Media], str]


@dataclass(frozen=True)
class VideoOutcome:
    """How a job goes.

    `error` (code and message) lets it fail, `expired` lets it expire. `withheld` is how moderation shows: "video" is a
    finished job without a link, "answer" an HTTP 400 in its place. `answers` come first, in place of the truth; one
    that is a mapping is laid over the true body. With `stored` the video lies among the files, and has no link.
    """

    error: Mapping[str, str] | None = None
    expired: bool = False
    withheld: str | None = None
    stored: bool = False
    answers: Sequence[Answer | Mapping[str, Any]] = ()
    queue_seconds: float | None = None
    run_seconds: float | None = None


@dataclass(eq=False)
class Video:
    """One job. Points in time are readings of the monotonic clock, in seconds."""

    id: str
    body: Mapping[str, Any]
    seconds: int
    outcome: VideoOutcome
    started_at: float
    finished_at: float
    told: int = 0

    def progress(self, now: float) -> int:
        length = self.finished_at - self.started_at
        return round(100 * (now - self.started_at) / length) if length else 100

    @property
    def usage(self) -> dict[str, int]:
        return {"cost_in_usd_ticks": self.seconds * TICKS_A_SECOND}


class Videos:
    """The jobs of one simulator; `publish` makes a link to a file, `store` gives it an id."""

    def __init__(
        self, clock: VirtualClock, ledger: Ledger, pace: tuple[float, float], publish: Publish, store: Publish
    ) -> None:
        self._clock, self._ledger, self._pace, self._publish, self._store = clock, ledger, pace, publish, store
        self._lock = threading.Lock()
        self._numbers = itertools.count(1)
        self._videos: dict[str, Video] = {}
        self._outcomes: deque[VideoOutcome] = deque()

    @property
    def all(self) -> list[Video]:
        with self._lock:
            return list(self._videos.values())

    def plan(self, outcome: VideoOutcome) -> None:
        with self._lock:
            self._outcomes.append(outcome)

    def forget(self, video_id: str) -> None:
        with self._lock:
            del self._videos[video_id]

    def accept(self, path: str, body: Mapping[str, Any]) -> Answer:
        now = self._clock.monotonic()
        with self._lock:
            outcome = self._outcomes.popleft() if self._outcomes else VideoOutcome()
            started = now + (self._pace[0] if outcome.queue_seconds is None else outcome.queue_seconds)
            finished = started + (self._pace[1] if outcome.run_seconds is None else outcome.run_seconds)
            name = f"{next(self._numbers):08x}-0000-4000-8000-000000000000"
            video = Video(name, body, _seconds(path, body), outcome, started, finished)
            self._videos[name] = video
        self._ledger.charge(name, video.seconds)
        return Answer(200, json={"request_id": name})

    def retrieve(self, name: str) -> Answer:
        with self._lock:
            video = self._videos.get(name)
        if video is None:
            return errors.not_found()
        self._ledger.count("poll", name)
        truth = self._truth(video)
        if video.told >= len(video.outcome.answers):
            return truth
        scripted = video.outcome.answers[video.told]
        video.told += 1
        return scripted if isinstance(scripted, Answer) else Answer(200, json=dict(scripted))

    def _truth(self, video: Video) -> Answer:
        now = self._clock.monotonic()
        if now < video.started_at:
            return Answer(202)
        if now < video.finished_at:
            return Answer(200, json={"status": "pending", "progress": video.progress(now)})
        if video.outcome.error is not None:
            return Answer(200, json={"status": "failed", "error": dict(video.outcome.error)})
        if video.outcome.expired:
            return Answer(200, json={"status": "expired"})
        if video.outcome.withheld == "answer":
            code, text = "imagine:content-moderated", "Generated video rejected by content moderation."
            return Answer(400, json={"code": code, "error": text, "usage": video.usage})
        return Answer(200, json=self._done(video))

    def _done(self, video: Video) -> dict[str, Any]:
        made: dict[str, Any] = {"duration": video.seconds, "respect_moderation": video.outcome.withheld is None}
        if made["respect_moderation"]:
            file = mp4(SHAPES[video.body.get("aspect_ratio", "16:9")])
            made |= {"file_output": {"file_id": self._store(file)}} if video.outcome.stored else {}
            made |= {} if video.outcome.stored else {"url": self._publish(file)}
        return {
            "status": "done",
            "video": made,
            "model": video.body["model"],
            "usage": video.usage,
            "progress": 100,
        }


def _seconds(path: str, body: Mapping[str, Any]) -> int:
    """How long the result is: an extension holds the video that it extends."""
    if path == "videos/edits":
        return SOURCE_SECONDS
    if path == "videos/extensions":
        return SOURCE_SECONDS + int(body.get("duration", 6))
    return int(body.get("duration", 8))
