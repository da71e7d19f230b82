"""A desk to call OpenAI and Azure from, in one of the two worlds, and the inputs that lie on it."""

import io
import warnings
from typing import Any

from PIL import Image, ImageDraw
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
from tarash.testkit.openai import OpenAISimulator

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
MODELS = {"video": "sora-2", "image": "gpt-image-2", "tts": "gpt-4o-mini-tts"}

PICTURE = png(64, 48).content
SECOND = png(32, 32, (200, 10, 10)).content
CLIP = mp4().content


def as_input(content: bytes, content_type: str = "image/png") -> dict[str, Any]:
    return {"content": content, "content_type": content_type}


def drawn_mask(mode: str = "L", size: tuple[int, int] = (64, 48)) -> bytes:
    """White in its left half, black elsewhere."""
    mask = Image.new(mode, size, "black")
    ImageDraw.Draw(mask).rectangle((0, 0, size[0] // 2 - 1, size[1]), fill="white")
    return saved(mask)


def saved(picture: Image.Image, form: str = "PNG") -> bytes:
    file = io.BytesIO()
    picture.save(file, form)
    return file.getvalue()


def alpha_of(mask: bytes) -> bytes:
    """The alpha channel of a picture, a byte a pixel."""
    return Image.open(io.BytesIO(mask)).convert("RGBA").getchannel("A").tobytes()


class Desk:
    """Calls tarash with the address and key of the simulator."""

    def __init__(self, world: World, vendor: OpenAISimulator) -> None:
        self.world, self.vendor = world, vendor

    def config(self, kind: str, provider: str = "openai", **changes: Any) -> Any:
        url = self.vendor.base_url if provider == "openai" else self.vendor.azure_endpoint
        usual = {"provider": provider, "model": MODELS[kind], "api_key": self.vendor.key, "base_url": url}
        return CONFIGS[kind](**{**usual, **changes})

    def generate(
        self, kind: str, request: dict[str, Any] | None = None, provider: str = "openai", **changes: Any
    ) -> Any:
        return self._call(f"generate_{kind}", self.config(kind, provider, **changes), self.request(kind, request))

    def submit(self, kind: str, request: dict[str, Any] | None = None, provider: str = "openai", **changes: Any) -> Any:
        return self._call(f"submit_{kind}", self.config(kind, provider, **changes), self.request(kind, request))

    def ask(self, function: str, job: Any, *more: Any, provider: str = "openai", **changes: Any) -> Any:
        """`resume`, `poll`, `cancel` or `receive_webhook` for a job."""
        return self._call(function, job, self.config(job.kind, provider, **changes), *more)

    @staticmethod
    def request(kind: str, request: dict[str, Any] | None) -> Any:
        return REQUESTS[kind](**{**USUAL[kind], **(request or {})})

    def _call(self, function: str, *arguments: Any) -> Any:
        # Warnings are judged where they are what a test is about.
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            return self.world.call(function, *arguments)
