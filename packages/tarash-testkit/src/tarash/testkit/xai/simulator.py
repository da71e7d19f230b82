"""The simulator of xAI: interface and results on 127.0.0.1, a virtual clock, scripted faults and a ledger."""

from collections.abc import Callable
from contextlib import ExitStack
from types import TracebackType
from typing import Any, Self

from tarash.testkit.clock import VirtualClock
from tarash.testkit.ledger import Ledger
from tarash.testkit.requests import RecordedRequest
from tarash.testkit.scripts import Moment, Script
from tarash.testkit.server import ScriptedServer
from tarash.testkit.steps import Answer, Perform, Played, Step
from tarash.testkit.xai import bodies, errors
from tarash.testkit.xai.errors import Refused
from tarash.testkit.xai.files import Files
from tarash.testkit.xai.makers import Makers
from tarash.testkit.xai.videos import Video, VideoOutcome, Videos

DEFAULT_KEY = "xai-simulated-key-0123456789"
OPERATIONS = {
    "generate": "videos/generations",
    "edit": "videos/edits",
    "extend": "videos/extensions",
    "generate_image": "images/generations",
    "edit_image": "images/edits",
    "tts": "tts",
}
"""What is paid, with its path."""

ALIASES = {"stream": "tts"}
"""The same request, listened to while its answer comes."""

FREE = frozenset({"retrieve", "upload", "content", "download"})
_NAMES = {path: operation for operation, path in OPERATIONS.items()}


class XaiSimulator:
    """xAI, for one `with` block: videos, images, speech and files.

    Videos wait `queue_seconds` and run `run_seconds` of virtual time, images and speech take `make_seconds`. Unknown
    models are refused unless `serve_unknown`. Results lie on a server of their own (`results`), which refuses
    requests with a key.
    """

    def __init__(
        self,
        *,
        clock: VirtualClock | None = None,
        ledger: Ledger | None = None,
        key: str = DEFAULT_KEY,
        queue_seconds: float = 0.0,
        run_seconds: float = 0.0,
        make_seconds: float = 0.0,
        serve_unknown: bool = False,
        keep: int | None = None,
    ) -> None:
        self.clock, self.ledger, self.key = clock or VirtualClock(), ledger or Ledger(), key
        self.files = Files(self.ledger)
        self._serve_unknown = serve_unknown
        pace = (queue_seconds, run_seconds)
        self._videos = Videos(self.clock, self.ledger, pace, self.files.publish, self.files.store)
        self._makers = Makers(self.clock, self.ledger, make_seconds, self.files.publish)
        self.server = ScriptedServer(self._handle, clock=self.clock, ledger=self.ledger, keep=keep)
        self.results = ScriptedServer(
            self._handle_results, clock=self.clock, ledger=self.ledger, keep=keep, scripts=self.server.scripts
        )
        self._running = ExitStack()

    def __enter__(self) -> Self:
        self._running.enter_context(self.server)
        self._running.enter_context(self.results)
        self.files.link_base = self.results.url
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> None:
        self._running.__exit__(kind, error, traceback)

    @property
    def base_url(self) -> str:
        """What a client takes for https://api.x.ai/v1, without a slash at its end."""
        return f"{self.server.url}/v1"

    @property
    def settings(self) -> dict[str, Any]:
        """What a configuration needs to reach this simulator: `**simulator.settings`."""
        return {"provider": "xai", "api_key": self.key, "base_url": self.base_url}

    # What a test arranges and looks at.

    def next_video(self, outcome: VideoOutcome, *, times: int = 1) -> None:
        """Let the next video, or the next `times`, go like this."""
        for _ in range(times):
            self._videos.plan(outcome)

    def withhold_images(self, count: int) -> None:
        """Let moderation keep the first `count` pictures of the next answer."""
        self._makers.withheld = count

    def fail_next(
        self, operation: str, *steps: Step, times: int | None = 1, charged: bool = False, moment: Moment = "body"
    ) -> Script:
        """Play `steps` for the next request of an operation, or the next `times`; None means for every one.

        Operations are those of `OPERATIONS`, `ALIASES` and `FREE`. With `charged` the simulator does what was asked,
        and only its answer is lost. Raises ValueError for an unknown operation.
        """
        known = {*OPERATIONS, *ALIASES, *FREE}
        if operation not in known:
            raise ValueError(f"{operation!r} is none of {', '.join(sorted(known))}")
        played = (Perform(), *steps) if charged else steps
        return self.server.scripts.add(_asks_for(operation), played, times=times, moment=moment)

    def forget(self, video_id: str) -> None:
        """Let a video vanish. Raises KeyError."""
        self._videos.forget(video_id)

    @property
    def videos(self) -> list[Video]:
        """Every video that was accepted, oldest first."""
        return self._videos.all

    def requests(self, operation: str | None = None) -> list[RecordedRequest]:
        """All requests to the interface and for results, or those of one operation."""
        every = [*self.server.requests.snapshot(), *self.results.requests.snapshot()]
        return every if operation is None else [request for request in every if _asks_for(operation)(request)]

    def clear_requests(self) -> None:
        self.server.requests.clear()
        self.results.requests.clear()

    # Answering.

    def _handle(self, request: RecordedRequest) -> Played:
        authorization = request.headers.get("authorization")
        if authorization is None:
            return errors.no_key()
        if authorization != f"Bearer {self.key}":
            return errors.wrong_key()
        try:
            return self._answer(request, operation_of(request))
        except Refused as refused:
            return refused.answer

    def _answer(self, request: RecordedRequest, operation: str | None) -> Played:
        match operation:
            case "retrieve":
                return self._videos.retrieve(request.segments[-1])
            case "upload":
                return self.files.upload(request)
            case "content":
                return self.files.content(request.segments[2])
            case None | "download":
                return errors.not_found()
            case paid:
                path = OPERATIONS[paid]
                body = bodies.read(request, path, self.files.has, unknown=self._serve_unknown)
                return self._makers_of(paid)(path, body)

    def _makers_of(self, operation: str) -> Callable[..., Played]:
        if operation == "tts":
            return self._makers.speech
        return self._makers.images if operation.endswith("_image") else self._videos.accept

    def _handle_results(self, request: RecordedRequest) -> Played:
        return self.files.download(request) if operation_of(request) == "download" else Answer(404)


def operation_of(request: RecordedRequest) -> str | None:
    """What a request asks for; None where the vendor has nothing."""
    match (request.method, request.segments):
        case ("POST", ["v1", "files"]):
            return "upload"
        case ("POST", ["v1", *path]):
            return _NAMES.get("/".join(path))
        case ("GET", ["v1", "videos", _]):
            return "retrieve"
        case ("GET", ["v1", "files", _, "content"]):
            return "content"
        case ("GET", ["results", _]):
            return "download"
        case _:
            return None


def _asks_for(operation: str) -> Callable[[RecordedRequest], bool]:
    return lambda request: operation_of(request) == ALIASES.get(operation, operation)
