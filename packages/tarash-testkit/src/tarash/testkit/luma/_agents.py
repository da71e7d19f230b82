"""The body of the Agents API. Source: the types of luma-agents 0.5.0, and what they say in words."""

import base64
from collections.abc import Iterator, Mapping, Sequence
from typing import Annotated, Any, Literal, Self

from pydantic import Field, model_validator

from tarash.tarash_gateway.sniffing import sniff
from tarash.testkit.luma._dream_machine import Body, Mode

IMAGE_RATIOS = ("3:1", "2:1", "16:9", "3:2", "1:1", "2:3", "9:16", "1:2", "1:3")
VIDEO_RATIOS = ("9:16", "3:4", "1:1", "4:3", "16:9", "21:9")
IMAGE_TYPES, VIDEO_TYPES = ("image", "image_edit", "layering"), ("video", "video_edit", "video_reframe")
MODELS = {**dict.fromkeys(("uni-1", "uni-1-max"), IMAGE_TYPES), "ray-3.2": VIDEO_TYPES}
MOST_REFERENCES = {"image": 9, "image_edit": 8}
MOST_BYTES = {"image": 50_000_000, "video": 200_000_000}


class Reference(Body):
    url: str | None = None
    data: str | None = None
    media_type: str | None = None
    generation_id: str | None = None
    file_id: str | None = None

    @model_validator(mode="after")
    def _fits(self) -> Self:
        given = [name for name in ("url", "data", "generation_id", "file_id") if getattr(self, name) is not None]
        if len(given) != 1:
            raise ValueError("exactly one of url, data, generation_id and file_id is required")
        if self.url is not None and not self.url.startswith("https://"):
            raise ValueError("the URL is not public")
        if self.data is not None:
            self._judge_data(self.data)
        return self

    def _judge_data(self, data: str) -> None:
        content = base64.b64decode(data, validate=True)
        known = sniff(content[:65536])
        if known is None or known.content_type != self.media_type:
            raise ValueError(f"the data is not {self.media_type}")
        if len(content) > MOST_BYTES[known.content_type.partition("/")[0]]:
            raise ValueError("the data is too large")


class Control(Body):
    enabled: bool | None = None
    strength: str | None = None


class Edit(Body):
    auto_controls: bool | None = None
    controls: dict[str, dict[str, Any]] | None = None
    keyframes: list[Reference] | None = None
    keyframe_indexes: list[int] | None = None
    strength: Mode | None = None


class SourcePosition(Body):
    x_norm: float
    y_norm: float
    w_norm: float
    h_norm: float


class VideoOptions(Body):
    duration: Literal["5s", "10s"] | None = None
    resolution: Literal["360p", "540p", "720p", "1080p"] | None = None
    start_frame: Reference | None = None
    end_frame: Reference | None = None
    keyframes: Annotated[list[Reference], Field(min_length=1, max_length=64)] | None = None
    keyframe_indexes: list[int] | None = None
    loop: bool | None = None
    hdr: bool | None = None
    exr_export: bool | None = None
    edit: Edit | None = None
    source_position: SourcePosition | None = None

    @model_validator(mode="after")
    def _fits(self) -> Self:
        problems = {
            "end_frame is not possible with 10s": self.end_frame and self.duration == "10s",
            "loop is not possible with 10s, hdr or end_frame": self.loop
            and (self.duration == "10s" or self.hdr or self.end_frame),
            "hdr is not possible with 360p": self.hdr and self.resolution == "360p",
            "keyframes exclude start_frame, end_frame and loop": self.keyframes
            and (self.start_frame or self.end_frame or self.loop),
            "keyframes and keyframe_indexes differ in length": len(self.keyframes or ())
            != len(self.keyframe_indexes or ()),
        }
        wrong = next((problem for problem, found in problems.items() if found), None)
        if wrong:
            raise ValueError(wrong)
        return self


class Layering(Body):
    resolution: Literal["1k", "2k"] = "1k"


class Create(Body):
    prompt: Annotated[str, Field(min_length=1, max_length=6000)]
    model: str = "uni-1"
    type: Literal["image", "image_edit", "video", "video_edit", "video_reframe", "layering"] = "image"
    aspect_ratio: str | None = None
    image_ref: list[Reference] = Field(default_factory=list)
    source: Reference | None = None
    style: Literal["auto", "manga"] = "auto"
    output_format: Literal["png", "jpeg"] | None = None
    web_search: bool = False
    user_id: str | None = None
    layering: Layering | None = None
    video: VideoOptions | None = None

    @model_validator(mode="after")
    def _fits(self) -> Self:
        wrong = next(self._problems(), None)
        if wrong:
            raise ValueError(wrong)
        return self

    def _problems(self) -> Iterator[str]:
        if self.type not in MODELS.get(self.model, ()):
            yield f"Unknown model {self.model!r} for type {self.type}"
        ratios: Sequence[str] = VIDEO_RATIOS if self.type in VIDEO_TYPES else IMAGE_RATIOS
        if self.aspect_ratio is not None and self.aspect_ratio not in ratios:
            yield f"aspect_ratio must be one of {', '.join(ratios)}"
        if len(self.image_ref) > MOST_REFERENCES.get(self.type, 0):
            yield f"too many entries in image_ref for type {self.type}"
        if (self.source is None) != (self.type in ("image", "video")):
            yield f"source does not fit type {self.type}"
        if self.video is not None and self.type not in VIDEO_TYPES:
            yield f"video does not fit type {self.type}"
        if self.type == "layering" and (len(self.prompt) > 500 or self.model != "uni-1"):
            yield "layering takes uni-1 and at most 500 characters"
        yield from self._source_problems()

    def _source_problems(self) -> Iterator[str]:
        source = self.source
        if source is None or (source.url is None and source.data is None):
            return
        wanted = "video/" if self.type in VIDEO_TYPES else "image/"
        unclear = source.media_type is None and wanted == "image/"
        if not unclear and not (source.media_type or "").startswith(wanted):
            yield f"source.media_type must begin with {wanted}"


def references(value: Any) -> Iterator[Mapping[str, Any]]:
    """All objects of a body that refer to something by an id."""
    if isinstance(value, dict):
        if "generation_id" in value or "file_id" in value:
            yield value
        for item in value.values():
            yield from references(item)
    elif isinstance(value, list):
        for item in value:
            yield from references(item)
