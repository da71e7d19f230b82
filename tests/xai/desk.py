"""A desk to call xAI from, in one of the two worlds, and the inputs that lie on it."""

import warnings
from typing import Any

from tests.support.worlds import World

from tarash.tarash_gateway.models import (
    AudioGenerationConfig,
    ImageGenerationConfig,
    ImageGenerationRequest,
    TTSRequest,
    VideoGenerationConfig,
    VideoGenerationRequest,
)
from tarash.testkit.media import mp4, png
from tarash.testkit.xai import XaiSimulator

CONFIGS: dict[str, Any] = {
    "video": VideoGenerationConfig,
    "image": ImageGenerationConfig,
    "tts": AudioGenerationConfig,
}
REQUESTS: dict[str, Any] = {"video": VideoGenerationRequest, "image": ImageGenerationRequest, "tts": TTSRequest}
USUAL: dict[str, Any] = {
    "video": {"prompt": "a lighthouse at dawn"},
    "image": {"prompt": "a lighthouse at dawn"},
    "tts": {"text": "Hello, lighthouse."},
}
MODELS = {"video": "grok-imagine-video-1.5", "image": "grok-imagine-image-2.0", "tts": "tts"}

LINK, LINK_2, LINK_3 = (f"https://pictures.example/{number}.png" for number in (1, 2, 3))
CLIP_LINK = "https://pictures.example/clip.mp4"
PICTURE = png(64, 48)
CLIP = mp4()


def as_input(content: bytes, content_type: str = "image/png") -> dict[str, Any]:
    return {"content": content, "content_type": content_type}


def frame(image: Any, role: str = "first_frame") -> dict[str, Any]:
    return {"image": image, "type": role}


class Desk:
    """Calls tarash with the address and key of the simulator."""

    def __init__(self, world: World, vendor: XaiSimulator) -> None:
        self.world, self.vendor = world, vendor

    def config(self, kind: str, **changes: Any) -> Any:
        return CONFIGS[kind](**{**self.vendor.settings, "model": MODELS[kind], **changes})

    def generate(self, kind: str, request: dict[str, Any] | None = None, **changes: Any) -> Any:
        return self._call(f"generate_{kind}", self.config(kind, **changes), self.request(kind, request))

    def submit(self, kind: str, request: dict[str, Any] | None = None, **changes: Any) -> Any:
        return self._call(f"submit_{kind}", self.config(kind, **changes), self.request(kind, request))

    def ask(self, function: str, job: Any, *more: Any, **changes: Any) -> Any:
        """`resume`, `poll` or `cancel` for a job."""
        return self._call(function, job, self.config(job.kind, **changes), *more)

    @staticmethod
    def request(kind: str, request: dict[str, Any] | None) -> Any:
        return REQUESTS[kind](**{**USUAL[kind], **(request or {})})

    def _call(self, function: str, *arguments: Any) -> Any:
        # Warnings are judged where they are what a test is about.
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            return self.world.call(function, *arguments)
