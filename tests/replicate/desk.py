"""A desk to call Replicate from, in one of the two worlds, and the inputs that lie on it."""

from typing import Any

from tests.support.desks import VendorDesk

from tarash.testkit.media import png
from tarash.testkit.replicate import ReplicateSimulator

MODELS = {"video": "google/veo-3.1", "image": "black-forest-labs/flux-schnell"}

PICTURE = png(64, 48)
SECOND = png(32, 32, (200, 10, 10))
LARGE = PICTURE.content + b"\0" * 300_000


def image(content: bytes = PICTURE.content, role: str = "reference") -> dict[str, Any]:
    return {"image": {"content": content, "content_type": "image/png"}, "type": role}


class Desk(VendorDesk[ReplicateSimulator]):
    models = MODELS
