"""A desk to call xAI from, in one of the two worlds, and the inputs that lie on it."""

from typing import Any

from tests.support.desks import VendorDesk

from tarash.testkit.media import mp4, png
from tarash.testkit.xai import XaiSimulator

MODELS = {"video": "grok-imagine-video-1.5", "image": "grok-imagine-image-2.0", "tts": "tts"}

LINK, LINK_2, LINK_3 = (f"https://pictures.example/{number}.png" for number in (1, 2, 3))
CLIP_LINK = "https://pictures.example/clip.mp4"
PICTURE = png(64, 48)
CLIP = mp4()


def frame(image: Any, role: str = "first_frame") -> dict[str, Any]:
    return {"image": image, "type": role}


class Desk(VendorDesk[XaiSimulator]):
    models = MODELS
