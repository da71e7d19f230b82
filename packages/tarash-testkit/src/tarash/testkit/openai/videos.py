"""The video jobs: created, asked for, fetched, deleted."""

import itertools
import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import partial
from typing import Any

from tarash.testkit.clock import VirtualClock
from tarash.testkit.jobs import Job, Jobs
from tarash.testkit.ledger import Ledger
from tarash.testkit.openai import bodies, errors, media
from tarash.testkit.openai.bodies import Body
from tarash.testkit.openai.routes import Call
from tarash.testkit.steps import Answer
from tarash.testkit.vendor import Refused

CREATE = frozenset({"model", "prompt", "seconds", "size", "input_reference"})
SECONDS = ("4", "8", "12")
EXTENSIONS = ("4", "8", "12", "16", "20")
SIZES = ("720x1280", "1280x720", "1024x1792", "1792x1024", "1080x1920", "1920x1080")
AZURE_SIZES = SIZES[:2]
LINK_SECONDS = 3600
DEFAULT_MODEL = "sora-2"


@dataclass(frozen=True)
class VideoOutcome:
    """How a job goes. `error` lets it fail; `statuses` are told to the first requests in place of the truth.

    A status that is a mapping is laid over the true body. A job that is not `deletable` refuses to be deleted before
    it has finished.
    """

    error: Mapping[str, Any] | None = None
    final: str | None = None
    statuses: Sequence[str | Mapping[str, Any]] = ()
    queue_seconds: float | None = None
    run_seconds: float | None = None
    deletable: bool = True


@dataclass(eq=False)
class Video(Job[VideoOutcome]):
    """One job."""

    model: str
    prompt: str
    seconds: str
    size: str
    remixed_from: str | None = None

    def status(self, now: float) -> str:
        if now >= self.finished_at:
            return self.outcome.final or ("failed" if self.outcome.error else "completed")
        return "in_progress" if now >= self.started_at else "queued"

    def truth(self, now: float, wall: float) -> dict[str, Any]:
        status = self.status(now)
        return {
            "id": self.id,
            "object": "video",
            "model": self.model,
            "status": status,
            "progress": round(100 * self.share(now)),
            "created_at": int(wall - now + self.created_at),
            "completed_at": int(wall - now + self.finished_at) if status == "completed" else None,
            "expires_at": int(wall - now + self.finished_at) + LINK_SECONDS if status == "completed" else None,
            "prompt": self.prompt,
            "seconds": self.seconds,
            "size": self.size,
            "remixed_from_video_id": self.remixed_from,
            "error": dict(self.outcome.error) if self.outcome.error and status == "failed" else None,
        }


class Videos(Jobs[VideoOutcome, Video]):
    """The jobs of one simulator."""

    def __init__(
        self, clock: VirtualClock, ledger: Ledger, pace: tuple[float, float], poll_after_ms: int | None
    ) -> None:
        super().__init__(clock, pace, VideoOutcome())
        self._ledger, self._poll_after_ms = ledger, poll_after_ms
        self._numbers = itertools.count(1)

    # Making.

    def create(self, call: Call) -> Answer:
        body = bodies.read(call.request, CREATE)
        reference = body.values.get("input_reference")
        if reference is not None and (body.form or not isinstance(reference, dict)):
            raise Refused(errors.error(400, "invalid_type", "Invalid type.", param="input_reference"))
        for part in body.files.get("input_reference", ()):
            if not (part.content_type or "").startswith("image/"):
                raise Refused(errors.invalid_value("input_reference", f"unsupported mimetype ('{part.content_type}')"))
        size = body.choice("size", AZURE_SIZES if call.at_azure else SIZES, SIZES[0])
        model = body.text("model", required=False) or DEFAULT_MODEL
        return self._accept(model, body.text("prompt"), body.choice("seconds", SECONDS, "4"), size)

    def remix(self, call: Call) -> Answer:
        source = self._find(call)
        prompt = bodies.read(call.request, {"prompt"}).text("prompt")
        return self._accept(source.model, prompt, source.seconds, source.size, source.id)

    def edit(self, call: Call) -> Answer:
        body = bodies.read(call.request, {"prompt", "video"})
        source = self._source(body)
        seconds, size = (source.seconds, source.size) if source else (SECONDS[0], SIZES[0])
        return self._accept(source.model if source else DEFAULT_MODEL, body.text("prompt"), seconds, size)

    def extend(self, call: Call) -> Answer:
        body = bodies.read(call.request, {"prompt", "video", "seconds"})
        source = self._source(body)
        body.text("seconds")
        added = body.choice("seconds", EXTENSIONS, "4")
        seconds = str(int(added) + int(source.seconds if source else SECONDS[0]))
        return self._accept(
            source.model if source else DEFAULT_MODEL, body.text("prompt"), seconds, source.size if source else SIZES[0]
        )

    def _source(self, body: Body) -> Video | None:
        """The video that is named, or None when one was uploaded. A form names it in brackets."""
        named = body.values.get("video")
        video_id = body.values.get("video[id]") if body.form else named.get("id") if isinstance(named, dict) else None
        if video_id is None:
            if not body.files.get("video"):
                raise Refused(errors.missing("video"))
            return None
        return self._known(str(video_id))

    def _accept(self, model: str, prompt: str, seconds: str, size: str, remixed_from: str | None = None) -> Answer:
        video_id = f"video_{next(self._numbers):024x}"
        video = self.begin(partial(Video, model, prompt, seconds, size, remixed_from, id=video_id))
        self._ledger.charge(video_id, float(seconds))
        fresh = {**self._truth(video), "status": "queued", "progress": 0, "error": None}
        return Answer(200, {"x-request-id": f"req_{video_id}"}, json=fresh)

    # Telling and ending.

    def retrieve(self, call: Call) -> Answer:
        video = self._find(call)
        self._ledger.count("poll", video.id)
        hint = {} if self._poll_after_ms is None else {"openai-poll-after-ms": str(self._poll_after_ms)}
        told = video.tell(self._truth(video), video.outcome.statuses)
        return Answer(200, {"x-request-id": "req_poll", **hint}, json=told)

    def list(self, call: Call) -> Answer:
        data = [self._truth(video) for video in self.all]
        ends = {"first_id": data[0]["id"], "last_id": data[-1]["id"]} if data else {"first_id": None, "last_id": None}
        return Answer(200, json={"object": "list", "data": data, "has_more": False, **ends})

    def content(self, call: Call) -> Answer:
        video = self._find(call)
        if video.status(self._clock.monotonic()) != "completed":
            return errors.error(404, "video_not_ready", "The video is not ready to be downloaded.")
        self._ledger.count("download", video.id)
        if call.request.query_value("variant") == "thumbnail":
            return Answer(200, {"Content-Type": "image/webp"}, media.thumbnail())
        return Answer(200, {"Content-Type": "video/mp4"}, media.video(video.size).content)

    def delete(self, call: Call) -> Answer:
        video = self._find(call)
        self._ledger.count("cancel", video.id)
        running = video.status(self._clock.monotonic()) in ("queued", "in_progress")
        if running and not video.outcome.deletable:
            return errors.error(400, "video_in_progress", "The video cannot be deleted before it has finished.")
        self.forget(video.id)
        return Answer(200, json={"id": video.id, "object": "video.deleted", "deleted": True})

    def _find(self, call: Call) -> Video:
        return self._known(call.names["id"])

    def _known(self, video_id: str) -> Video:
        video = self.find(video_id)
        if video is None:
            raise Refused(errors.not_found(f"Video with id '{video_id}' not found."))
        return video

    def _truth(self, video: Video) -> dict[str, Any]:
        return video.truth(self._clock.monotonic(), self._clock.wall())


def event(video: Video, status: str, moment: float) -> bytes:
    """The body of a webhook: it names the video and nothing else."""
    body = {"id": f"evt_{video.id}", "object": "event", "type": f"video.{status}", "created_at": int(moment)}
    return json.dumps({**body, "data": {"id": video.id}}).encode()
