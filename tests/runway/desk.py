"""A desk to call Runway from, in one of the two worlds, and the inputs that lie on it."""

import warnings
from typing import Any

from tests.support.worlds import World

from tarash.tarash_gateway.models import (
    AudioGenerationConfig,
    ImageGenerationConfig,
    ImageGenerationRequest,
    STSRequest,
    TTSRequest,
    VideoGenerationConfig,
    VideoGenerationRequest,
)
from tarash.testkit.media import mp3, mp4, png
from tarash.testkit.runway import RunwaySimulator

CONFIGS: dict[str, Any] = {
    "video": VideoGenerationConfig,
    "image": ImageGenerationConfig,
    "tts": AudioGenerationConfig,
    "sts": AudioGenerationConfig,
}
REQUESTS: dict[str, Any] = {
    "video": VideoGenerationRequest,
    "image": ImageGenerationRequest,
    "tts": TTSRequest,
    "sts": STSRequest,
}

PICTURE = png(64, 48).content
SECOND = png(32, 32, (200, 10, 10)).content
CLIP = mp4().content
SOUND = mp3().content


def as_input(content: bytes, content_type: str = "image/png") -> dict[str, Any]:
    return {"content": content, "content_type": content_type}


def as_frame(content: bytes, role: str = "first_frame") -> dict[str, Any]:
    return {"image": as_input(content), "type": role}


FILM = as_input(CLIP, "video/mp4")
VOICE = as_input(SOUND, "audio/mpeg")
LARGE = png(64, 48).content + bytes(4_000_000)
"""A picture that is too large for a data URI: what follows the end of a PNG is not read."""

USUAL: dict[str, Any] = {
    "video": {"prompt": "a lighthouse at dawn"},
    "image": {"prompt": "a lighthouse at dawn"},
    "tts": {"text": "Hello, lighthouse."},
    "sts": {"audio": VOICE, "voice_id": "Maya"},
}
MODELS = {
    "video": "gen4.5",
    "image": "gen4_image",
    "tts": "eleven_multilingual_v2",
    "sts": "eleven_multilingual_sts_v2",
}


class Desk:
    """Calls tarash with the address and key of the simulator."""

    def __init__(self, world: World, vendor: RunwaySimulator) -> None:
        self.world, self.vendor = world, vendor

    def config(self, kind: str, **changes: Any) -> Any:
        usual = {
            "provider": "runway",
            "model": MODELS[kind],
            "api_key": self.vendor.key,
            "base_url": self.vendor.base_url,
        }
        return CONFIGS[kind](**{**usual, **changes})

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
