"""The simulator of xAI: interface and results on 127.0.0.1, a virtual clock, scripted faults and a ledger."""

from collections.abc import Callable

from tarash.testkit.clock import VirtualClock
from tarash.testkit.ledger import Ledger
from tarash.testkit.requests import RecordedRequest
from tarash.testkit.steps import Answer, Played
from tarash.testkit.vendor import VendorSimulator
from tarash.testkit.xai import bodies, errors
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


class XaiSimulator(VendorSimulator):
    """xAI, for one `with` block: videos, images, speech and files.

    Videos wait `queue_seconds` and run `run_seconds` of virtual time, images and speech take `make_seconds`. Unknown
    models are refused unless `serve_unknown`. Results lie on a server of their own (`results`), which refuses
    requests with a key. The operations are those of `OPERATIONS`, `ALIASES` and `FREE`.
    """

    provider = "xai"
    operations = frozenset({*OPERATIONS, *ALIASES, *FREE})

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
        super().__init__(key, clock, ledger, keep)
        self.results = self.host(self._handle_results)
        self.files = Files(self.ledger)
        self._serve_unknown = serve_unknown
        pace = (queue_seconds, run_seconds)
        self._videos = Videos(self.clock, self.ledger, pace, self.files.publish, self.files.store)
        self._makers = Makers(self.clock, self.ledger, make_seconds, self.files.publish)

    def begin(self) -> None:
        self.files.link_base = self.results.url

    @property
    def base_url(self) -> str:
        """What a client takes for https://api.x.ai/v1, without a slash at its end."""
        return f"{self.server.url}/v1"

    # What a test arranges and looks at.

    def next_video(self, outcome: VideoOutcome, *, times: int = 1) -> None:
        """Let the next video, or the next `times`, go like this."""
        self._videos.plan(outcome, times)

    def withhold_images(self, count: int) -> None:
        """Let moderation keep the first `count` pictures of the next answer."""
        self._makers.withheld = count

    def forget(self, video_id: str) -> None:
        """Let a video vanish. Raises KeyError."""
        self._videos.forget(video_id)

    @property
    def videos(self) -> list[Video]:
        """Every video that was accepted, oldest first."""
        return self._videos.all

    # Answering.

    def operation_of(self, request: RecordedRequest) -> str | None:
        return operation_of(request)

    def asks_for(self, request: RecordedRequest, operation: str) -> bool:
        return operation_of(request) == ALIASES.get(operation, operation)

    def handle(self, request: RecordedRequest) -> Played:
        authorization = request.headers.get("authorization")
        if authorization is None:
            return errors.no_key()
        if authorization != f"Bearer {self.key}":
            return errors.wrong_key()
        return self._answer(request, operation_of(request))

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
