"""The videos: accepted, asked for, handed out."""

import itertools
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from functools import partial
from typing import Any

from tarash.testkit.clock import VirtualClock
from tarash.testkit.jobs import Job, Jobs
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
    that is a mapping is the body. With `stored` the video lies among the files, and has no link.
    """

    error: Mapping[str, str] | None = None
    expired: bool = False
    withheld: str | None = None
    stored: bool = False
    answers: Sequence[Answer | Mapping[str, Any]] = ()
    queue_seconds: float | None = None
    run_seconds: float | None = None


@dataclass(eq=False)
class Video(Job[VideoOutcome]):
    """One job."""

    body: Mapping[str, Any]
    seconds: int

    @property
    def usage(self) -> dict[str, int]:
        return {"cost_in_usd_ticks": self.seconds * TICKS_A_SECOND}


class Videos(Jobs[VideoOutcome, Video]):
    """The jobs of one simulator; `publish` makes a link to a file, `store` gives it an id."""

    def __init__(
        self, clock: VirtualClock, ledger: Ledger, pace: tuple[float, float], publish: Publish, store: Publish
    ) -> None:
        super().__init__(clock, pace, VideoOutcome())
        self._ledger, self._publish, self._store = ledger, publish, store
        self._numbers = itertools.count(1)

    def accept(self, path: str, body: Mapping[str, Any]) -> Answer:
        name = f"{next(self._numbers):08x}-0000-4000-8000-000000000000"
        video = self.begin(partial(Video, body, _seconds(path, body), id=name))
        self._ledger.charge(name, video.seconds)
        return Answer(200, json={"request_id": name})

    def retrieve(self, name: str) -> Answer:
        video = self.find(name)
        if video is None:
            return errors.not_found()
        self._ledger.count("poll", name)
        scripted = video.next_of(video.outcome.answers)
        if scripted is None:
            return self._truth(video)
        return scripted if isinstance(scripted, Answer) else Answer(200, json=dict(scripted))

    def _truth(self, video: Video) -> Answer:
        now = self._clock.monotonic()
        if now < video.started_at:
            return Answer(202)
        if now < video.finished_at:
            return Answer(200, json={"status": "pending", "progress": round(100 * video.share(now))})
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
