"""The bodies of the Dream Machine API. Source: the types of lumaai 1.21.0; bounds after docs.lumalabs.ai."""

import re
from collections.abc import Mapping
from typing import Annotated, Any, Literal, Self

from pydantic import AfterValidator, BaseModel, ConfigDict, Field, model_validator

MODELS = ("ray-2", "ray-flash-2", "photon-1", "photon-flash-1")

Ratio = Literal["1:1", "16:9", "9:16", "4:3", "3:4", "21:9", "9:21"]
# fmt: off
Mode = Literal[
    "adhere_1", "adhere_2", "adhere_3", "flex_1", "flex_2", "flex_3", "reimagine_1", "reimagine_2", "reimagine_3",
]
# fmt: on
_LINK = re.compile(r"https://(?!\d+\.\d+\.\d+\.\d+)[\w-]+(\.[\w-]+)+(:\d+)?(/\S*)?\Z", re.ASCII)


def public_link(link: str) -> str:
    if not _LINK.match(link):
        raise ValueError("only https URLs that anyone can read are taken")
    return link


Link = Annotated[str, AfterValidator(public_link)]
Prompt = Annotated[str, Field(min_length=3, max_length=5000)]


class Body(BaseModel):
    model_config = ConfigDict(extra="forbid", strict=True)


class Asset(Body):
    url: Link


class Weighted(Body):
    url: Link
    weight: float | None = None


class ImageFrame(Body):
    type: Literal["image"]
    url: Link


class GenerationFrame(Body):
    type: Literal["generation"]
    id: str


Frame = Annotated[ImageFrame | GenerationFrame, Field(discriminator="type")]


class Keyframes(Body):
    frame0: Frame | None = None
    frame1: Frame | None = None


class Concept(Body):
    key: str


class Called(Body):
    callback_url: Link | None = None


class Video(Called):
    model: Literal["ray-2", "ray-flash-2"]
    generation_type: Literal["video"] = "video"
    prompt: Prompt | None = None
    aspect_ratio: Ratio = "16:9"
    duration: Literal["5s", "9s"] = "5s"
    resolution: Literal["540p", "720p", "1080p", "4k"] = "720p"
    loop: bool = False
    keyframes: Keyframes | None = None
    concepts: list[Concept] = Field(default_factory=list)

    @model_validator(mode="after")
    def _fits(self) -> Self:
        frames = self.keyframes or Keyframes()
        if self.prompt is None and not any(isinstance(one, ImageFrame) for one in (frames.frame0, frames.frame1)):
            raise ValueError("Prompt is required")
        if self.loop and frames.frame1:
            raise ValueError("Loop is not supported with frame1")
        return self


class ModifyVideo(Called):
    model: Literal["ray-2", "ray-flash-2"]
    generation_type: Literal["modify_video"]
    media: Asset
    mode: Mode
    first_frame: Asset | None = None
    prompt: Prompt | None = None


class Placed(Called):
    aspect_ratio: Ratio
    media: Asset
    prompt: Prompt | None = None
    grid_position_x: int | None = None
    grid_position_y: int | None = None
    resized_width: int | None = None
    resized_height: int | None = None
    x_start: int | None = None
    x_end: int | None = None
    y_start: int | None = None
    y_end: int | None = None


class ReframeVideo(Placed):
    model: Literal["ray-2", "ray-flash-2"]
    generation_type: Literal["reframe_video"]
    first_frame: Asset | None = None


class ReframeImage(Placed):
    model: Literal["photon-1", "photon-flash-1"]
    generation_type: Literal["reframe_image"]
    format: Literal["jpg", "png"] = "jpg"


class UpscaleVideo(Called):
    generation_type: Literal["upscale_video"] = "upscale_video"
    resolution: Literal["540p", "720p", "1080p", "4k"] = "1080p"


class AddAudio(Called):
    generation_type: Literal["add_audio"] = "add_audio"
    prompt: Prompt | None = None
    negative_prompt: str | None = None


class Identity(Body):
    images: Annotated[list[Link], Field(max_length=4)]


class Character(Body):
    identity0: Identity


class Image(Called):
    model: Literal["photon-1", "photon-flash-1"]
    generation_type: Literal["image"] = "image"
    prompt: Prompt
    aspect_ratio: Ratio = "16:9"
    format: Literal["jpg", "png"] = "jpg"
    image_ref: Annotated[list[Weighted], Field(max_length=4)] = Field(default_factory=list)
    style_ref: list[Weighted] = Field(default_factory=list)
    character_ref: Character | None = None
    modify_image_ref: Weighted | None = None
    sync: bool = False
    sync_timeout: float = 60


BODIES: Mapping[str, type[Body]] = {
    "video": Video,
    "video/modify": ModifyVideo,
    "video/reframe": ReframeVideo,
    "image": Image,
    "image/reframe": ReframeImage,
    "upscale": UpscaleVideo,
    "audio": AddAudio,
}
"""By the end of the path."""


def earlier_generations(body: Mapping[str, Any]) -> list[str]:
    """The ids of the generations that a body goes on from."""
    frames = body.get("keyframes")
    every = frames.values() if isinstance(frames, dict) else ()
    return [str(one.get("id")) for one in every if isinstance(one, dict) and one.get("type") == "generation"]
