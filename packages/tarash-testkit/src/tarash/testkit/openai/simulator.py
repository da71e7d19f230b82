"""The simulator of OpenAI and Azure OpenAI: both on 127.0.0.1, with a virtual clock, scripted faults and a ledger."""

import itertools
from collections.abc import Callable
from typing import Any

from tarash.testkit.clock import VirtualClock
from tarash.testkit.ledger import Ledger
from tarash.testkit.openai import errors, routes
from tarash.testkit.openai.makers import Makers
from tarash.testkit.openai.routes import Call
from tarash.testkit.openai.videos import Video, VideoOutcome, Videos, event
from tarash.testkit.openai.webhooks import SECRET, SignedWebhook, sign
from tarash.testkit.requests import RecordedRequest
from tarash.testkit.steps import Answer, Played
from tarash.testkit.vendor import VendorSimulator

DEFAULT_KEY = "sk-simulated-key-0123456789"


class OpenAISimulator(VendorSimulator):
    """OpenAI and Azure OpenAI, for one `with` block: images, speech, videos and their webhooks.

    Videos wait `queue_seconds` and run `run_seconds` of virtual time, images and speech take `make_seconds`. With
    `poll_after_ms` the vendor tells when to ask again. Azure's doors take the key as `api-key`, or `token` (the key,
    unless it is set) as a bearer; deployments have any name, unless `deployments` lists them. The operations are
    generate, edit_image, speech, create, edit, extend, remix, retrieve, content, delete, list and download.
    """

    provider = "openai"
    operations = frozenset(routes.OPERATIONS)

    def __init__(
        self,
        *,
        clock: VirtualClock | None = None,
        ledger: Ledger | None = None,
        key: str = DEFAULT_KEY,
        token: str | None = None,
        deployments: frozenset[str] | None = None,
        queue_seconds: float = 0.0,
        run_seconds: float = 0.0,
        make_seconds: float = 0.0,
        poll_after_ms: int | None = None,
        keep: int | None = None,
    ) -> None:
        super().__init__(key, clock, ledger, keep)
        self.token, self.webhook_secret = token or key, SECRET
        self._deployments = deployments
        self._files: dict[str, Answer] = {}
        self._numbers = itertools.count(1)
        self._videos = Videos(self.clock, self.ledger, (queue_seconds, run_seconds), poll_after_ms)
        self._makers = Makers(self.clock, self.ledger, make_seconds, self._publish)
        self._actions = self._find_actions()

    # Addresses; none of them ends with a slash.

    @property
    def base_url(self) -> str:
        """What a client takes for https://api.openai.com/v1."""
        return f"{self.server.url}/v1"

    @property
    def azure_endpoint(self) -> str:
        """What a client takes for https://RESOURCE.openai.azure.com."""
        return self.server.url

    @property
    def azure_v1_url(self) -> str:
        """What a client takes for https://RESOURCE.openai.azure.com/openai/v1."""
        return f"{self.server.url}/openai/v1"

    # What a test arranges and looks at.

    def next_video(self, outcome: VideoOutcome, *, times: int = 1) -> None:
        """Let the next video, or the next `times`, go like this."""
        self._videos.plan(outcome, times)

    def forget(self, video_id: str) -> None:
        """Let a video vanish. Raises KeyError."""
        self._videos.forget(video_id)

    @property
    def videos(self) -> list[Video]:
        """Every video that was accepted and not deleted, oldest first."""
        return self._videos.all

    def webhook(self, video_id: str, *, age: float = 0.0) -> SignedWebhook:
        """The webhook of a finished video, signed `age` seconds ago. Raises ValueError for one that has not."""
        video = self._videos.find(video_id)
        status = video.status(self.clock.monotonic()) if video else None
        if video is None or status not in ("completed", "failed"):
            raise ValueError("the video has not finished")
        moment = self.clock.wall() - age
        return sign(event(video, status, moment), f"wh_{video_id}", moment)

    # Answering.

    def operation_of(self, request: RecordedRequest) -> str | None:
        call = routes.read(request)
        return call.operation if call else None

    def handle(self, request: RecordedRequest) -> Played:
        azure = request.path.startswith("/openai/")
        call = routes.read(request)
        if call is None:
            return errors.azure_not_found() if azure else errors.not_found(f"Invalid URL ({request.path})")
        if not self._may(call):
            return errors.azure_unauthorized() if azure else errors.unauthorized()
        deployment = call.names.get("deployment")
        if deployment and self._deployments is not None and deployment not in self._deployments:
            return errors.deployment_not_found()
        return self._actions[call.operation](call)

    def _may(self, call: Call) -> bool:
        headers = call.request.headers
        bearer = (headers.get("authorization") or "").removeprefix("Bearer ")
        if call.door == "files":
            return True
        if call.at_azure:
            return headers.get("api-key") == self.key or bearer in (self.key, self.token)
        return bearer == self.key

    def _publish(self, content: bytes, content_type: str) -> str:
        name = f"{next(self._numbers)}.{content_type.partition('/')[2]}"
        self._files[name] = Answer(200, {"Content-Type": content_type}, content)
        return f"{self.server.url}/files/{name}"

    def _download(self, call: Call) -> Answer:
        self.ledger.count("download", call.names["id"])
        return self._files.get(call.names["id"], errors.not_found())

    def _find_actions(self) -> dict[str, Callable[[Call], Played]]:
        videos, makers = self._videos, self._makers
        return {
            "generate": makers.generate,
            "edit_image": makers.edit_image,
            "speech": makers.speech,
            "create": videos.create,
            "list": videos.list,
            "edit": videos.edit,
            "extend": videos.extend,
            "remix": videos.remix,
            "content": videos.content,
            "retrieve": videos.retrieve,
            "delete": videos.delete,
            "download": self._download,
        }


class AzureOpenAISimulator(OpenAISimulator):
    """The same simulator, whose settings lead through Azure's doors."""

    provider = "azure-openai"

    @property
    def settings(self) -> dict[str, Any]:
        return {**super().settings, "base_url": self.azure_endpoint}
