"""A desk to call OpenAI and Azure from, in one of the two worlds, and the inputs that lie on it."""

import io
from typing import Any

from PIL import Image, ImageDraw
from tests.support.desks import VendorDesk
from tests.support.purchases import CLASSES

from tarash.testkit.media import mp4, png
from tarash.testkit.openai import OpenAISimulator

MODELS = {"video": "sora-2", "image": "gpt-image-2", "tts": "gpt-4o-mini-tts"}

PICTURE = png(64, 48).content
SECOND = png(32, 32, (200, 10, 10)).content
CLIP = mp4().content


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


class Desk(VendorDesk[OpenAISimulator]):
    """Calls OpenAI, or Azure where that is the provider."""

    models = MODELS

    def config(self, kind: str, provider: str = "openai", **changes: Any) -> Any:
        url = self.vendor.base_url if provider == "openai" else self.vendor.azure_endpoint
        usual = {"provider": provider, "model": MODELS[kind], "api_key": self.vendor.key, "base_url": url}
        return CLASSES[kind][0](**{**usual, **changes})

    def generate(self, kind: str, request: Any = None, provider: str = "openai", **changes: Any) -> Any:
        return super().generate(kind, request, provider=provider, **changes)

    def submit(self, kind: str, request: Any = None, provider: str = "openai", **changes: Any) -> Any:
        return super().submit(kind, request, provider=provider, **changes)
