"""A desk to call Replicate from, in one of the two worlds, and the inputs that lie on it."""

import warnings
from typing import Any

from tests.support.worlds import World

from tarash.tarash_gateway.models import (
    ImageGenerationConfig,
    ImageGenerationRequest,
    VideoGenerationConfig,
    VideoGenerationRequest,
)
from tarash.testkit.media import png
from tarash.testkit.replicate import ReplicateSimulator

CONFIGS: dict[str, Any] = {"video": VideoGenerationConfig, "image": ImageGenerationConfig}
REQUESTS: dict[str, Any] = {"video": VideoGenerationRequest, "image": ImageGenerationRequest}
MODELS = {"video": "google/veo-3.1", "image": "black-forest-labs/flux-schnell"}
PROMPT = "a lighthouse at dawn"

PICTURE = png(64, 48)
SECOND = png(32, 32, (200, 10, 10))
LARGE = PICTURE.content + b"\0" * 300_000


def image(content: bytes = PICTURE.content, role: str = "reference") -> dict[str, Any]:
    return {"image": {"content": content, "content_type": "image/png"}, "type": role}


class Desk:
    """Calls tarash with the address and key of the simulator."""

    def __init__(self, world: World, vendor: ReplicateSimulator) -> None:
        self.world, self.vendor = world, vendor

    def config(self, kind: str, **changes: Any) -> Any:
        usual = {"model": MODELS[kind], "api_key": self.vendor.key, "base_url": self.vendor.base_url}
        return CONFIGS[kind](**{"provider": "replicate", **usual, **changes})

    def generate(self, kind: str, request: dict[str, Any] | None = None, **changes: Any) -> Any:
        return self._call(f"generate_{kind}", self.config(kind, **changes), self.request(kind, request))

    def submit(self, kind: str, request: dict[str, Any] | None = None, **changes: Any) -> Any:
        return self._call(f"submit_{kind}", self.config(kind, **changes), self.request(kind, request))

    def ask(self, function: str, job: Any, *more: Any, **changes: Any) -> Any:
        """`resume`, `poll`, `cancel` or `receive_webhook` for a job."""
        return self._call(function, job, self.config(job.kind, **changes), *more)

    @staticmethod
    def request(kind: str, request: dict[str, Any] | None) -> Any:
        return REQUESTS[kind](**{"prompt": PROMPT, **(request or {})})

    def _call(self, function: str, *arguments: Any) -> Any:
        # Warnings are judged where they are what a test is about.
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            return self.world.call(function, *arguments)
