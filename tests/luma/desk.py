"""A desk to call Luma from, in one of the two worlds, and the inputs that lie on it."""

import warnings
from typing import Any

from tests.support.worlds import World

from tarash.tarash_gateway.models import (
    ImageGenerationConfig,
    ImageGenerationRequest,
    VideoGenerationConfig,
    VideoGenerationRequest,
)
from tarash.testkit.luma import LumaSimulator
from tarash.testkit.media import mp4, png

CONFIGS: dict[str, Any] = {"video": VideoGenerationConfig, "image": ImageGenerationConfig}
REQUESTS: dict[str, Any] = {"video": VideoGenerationRequest, "image": ImageGenerationRequest}
MODELS = {"video": "ray-3.2", "image": "uni-1"}
OLDER_MODELS = {"video": "ray-2", "image": "photon-1"}
OLDER = ("ray-1", "ray-2", "ray-flash", "photon")
"""How the ids of the Dream Machine API's models begin."""

PROMPT = "a lighthouse at dawn"
PICTURE = png(64, 48).content
SECOND = png(32, 32, (200, 10, 10)).content
CLIP = mp4().content
LARGE = PICTURE + bytes(4 * 1024 * 1024)
"""A picture that is too large for the request: what follows the end of a PNG is not read."""

LINK, OTHER_LINK, FILM_LINK = (f"https://example.com/{name}" for name in ("one.png", "two.png", "film.mp4"))


def as_input(content: bytes, content_type: str = "image/png") -> dict[str, Any]:
    return {"content": content, "content_type": content_type}


def as_image(image: Any, role: str = "first_frame") -> dict[str, Any]:
    return {"image": as_input(image) if isinstance(image, bytes) else image, "type": role}


FILM = as_input(CLIP, "video/mp4")


class Desk:
    """Calls tarash with the address and key of the simulator's interface that has the model."""

    def __init__(self, world: World, vendor: LumaSimulator) -> None:
        self.world, self.vendor = world, vendor

    def config(self, kind: str, **changes: Any) -> Any:
        named = {"model": MODELS[kind], **changes}
        older = str(named["model"]).startswith(OLDER)
        settings = self.vendor.dream_machine_settings if older else self.vendor.settings
        return CONFIGS[kind](**{**settings, **named})

    def generate(self, kind: str, request: dict[str, Any] | None = None, **changes: Any) -> Any:
        return self._call(f"generate_{kind}", self.config(kind, **changes), self.request(kind, request))

    def submit(self, kind: str, request: dict[str, Any] | None = None, **changes: Any) -> Any:
        return self._call(f"submit_{kind}", self.config(kind, **changes), self.request(kind, request))

    def ask(self, function: str, job: Any, *more: Any, **changes: Any) -> Any:
        """`resume`, `poll`, `cancel` or `receive_webhook` for a job."""
        return self._call(function, job, self.config(job.kind, **{"model": job.model, **changes}), *more)

    @staticmethod
    def request(kind: str, request: dict[str, Any] | None) -> Any:
        return REQUESTS[kind](**{"prompt": PROMPT, **(request or {})})

    def _call(self, function: str, *arguments: Any) -> Any:
        # Warnings are judged where they are what a test is about.
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            return self.world.call(function, *arguments)
