"""A desk to call Luma from, in one of the two worlds, and the inputs that lie on it."""

from typing import Any

from tests.support.desks import VendorDesk, as_input
from tests.support.purchases import CLASSES

from tarash.testkit.luma import LumaSimulator
from tarash.testkit.media import mp4, png

MODELS = {"video": "ray-3.2", "image": "uni-1"}
OLDER_MODELS = {"video": "ray-2", "image": "photon-1"}
OLDER = ("ray-1", "ray-2", "ray-flash", "photon")
"""How the ids of the Dream Machine API's models begin."""

PICTURE = png(64, 48).content
SECOND = png(32, 32, (200, 10, 10)).content
CLIP = mp4().content
LARGE = PICTURE + bytes(4 * 1024 * 1024)
"""A picture that is too large for the request: what follows the end of a PNG is not read."""

LINK, OTHER_LINK, FILM_LINK = (f"https://example.com/{name}" for name in ("one.png", "two.png", "film.mp4"))


def as_image(image: Any, role: str = "first_frame") -> dict[str, Any]:
    return {"image": as_input(image) if isinstance(image, bytes) else image, "type": role}


FILM = as_input(CLIP, "video/mp4")


class Desk(VendorDesk[LumaSimulator]):
    """Calls the interface that has the model."""

    models = MODELS

    def config(self, kind: str, **changes: Any) -> Any:
        named = {"model": MODELS[kind], **changes}
        older = str(named["model"]).startswith(OLDER)
        settings = self.vendor.dream_machine_settings if older else self.vendor.settings
        return CLASSES[kind][0](**{**settings, **named})
