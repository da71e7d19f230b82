"""A desk to call Stability AI from, in one of the two worlds, and the inputs that lie on it."""

import warnings
from typing import Any

from tests.support.worlds import World

from tarash.tarash_gateway.models import ImageGenerationConfig, ImageGenerationRequest
from tarash.testkit.media import png
from tarash.testkit.stability import StabilitySimulator
from tarash.testkit.stability.works import picture

PROMPT = "a lighthouse at dawn"
PICTURE = png(128, 64).content
SECOND = png(64, 64, (200, 10, 10)).content
MASK = png(128, 64, (255, 255, 255)).content
JPEG = picture("5:4", "jpeg", 1)


def as_input(content: bytes, content_type: str = "image/png") -> dict[str, Any]:
    return {"content": content, "content_type": content_type}


def as_style(content: bytes) -> dict[str, Any]:
    return {"image": as_input(content), "type": "style"}


ONE: dict[str, Any] = {"image_list": [as_input(PICTURE)]}


class Desk:
    """Calls tarash with the address and key of the simulator."""

    def __init__(self, world: World, vendor: StabilitySimulator) -> None:
        self.world, self.vendor = world, vendor

    def config(self, model: str | None = "stable-image-core", **changes: Any) -> ImageGenerationConfig:
        usual: dict[str, Any] = {**self.vendor.settings, "model": model}
        return ImageGenerationConfig(**{**usual, **changes})

    def generate(self, request: dict[str, Any] | None = None, model: str | None = "stable-image-core", **c: Any) -> Any:
        return self._call("generate_image", self.config(model, **c), self.request(request))

    def submit(self, request: dict[str, Any] | None = None, model: str | None = "stable-image-core", **c: Any) -> Any:
        return self._call("submit_image", self.config(model, **c), self.request(request))

    def ask(self, function: str, job: Any, *more: Any, **changes: Any) -> Any:
        """`resume`, `poll` or `cancel` for a job."""
        return self._call(function, job, self.config(job.model, **changes), *more)

    @staticmethod
    def request(request: dict[str, Any] | None) -> ImageGenerationRequest:
        usual: dict[str, Any] = {"prompt": PROMPT}
        return ImageGenerationRequest(**{**usual, **(request or {})})

    def _call(self, function: str, *arguments: Any) -> Any:
        # Warnings are judged where they are what a test is about.
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            return self.world.call(function, *arguments)
