"""A desk to call Runway from, in one of the two worlds, and the inputs that lie on it."""

from collections.abc import Mapping
from typing import Any, ClassVar

from tests.support.desks import VendorDesk, as_input

from tarash.testkit.media import mp3, mp4, png
from tarash.testkit.runway import RunwaySimulator

PICTURE = png(64, 48).content
SECOND = png(32, 32, (200, 10, 10)).content
CLIP = mp4().content
SOUND = mp3().content


def as_frame(content: bytes, role: str = "first_frame") -> dict[str, Any]:
    return {"image": as_input(content), "type": role}


FILM = as_input(CLIP, "video/mp4")
VOICE = as_input(SOUND, "audio/mpeg")
LARGE = png(64, 48).content + bytes(4_000_000)
"""A picture that is too large for a data URI: what follows the end of a PNG is not read."""

MODELS = {
    "video": "gen4.5",
    "image": "gen4_image",
    "tts": "eleven_multilingual_v2",
    "sts": "eleven_multilingual_sts_v2",
}


class Desk(VendorDesk[RunwaySimulator]):
    models = MODELS
    usual: ClassVar[Mapping[str, Mapping[str, Any]]] = {**VendorDesk.usual, "sts": {"audio": VOICE, "voice_id": "Maya"}}
