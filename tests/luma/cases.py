"""The same logical calls, said to tarash and to the vendor's SDKs. `sdk` is what the latter are told beside the model.

EARLIER stands for the id of a finished generation, STORED for the id of an uploaded file.
"""

import base64
from dataclasses import dataclass, field
from typing import Any

from tests.luma.desk import CLIP, FILM, FILM_LINK, LINK, OTHER_LINK, PICTURE, SECOND, as_image
from tests.support.desks import PROMPT, as_input

EARLIER, STORED = "EARLIER", "STORED"
HOOK = "https://example.com/told"


@dataclass(frozen=True)
class Case:
    """`call` is the method of the SDK."""

    name: str
    kind: str
    model: str
    call: str
    request: dict[str, Any]
    sdk: dict[str, Any]
    config: dict[str, Any] = field(default_factory=dict)


def inline(content: bytes, content_type: str = "image/png") -> dict[str, str]:
    return {"data": base64.b64encode(content).decode(), "media_type": content_type}


ONE, TWO, MOVIE = inline(PICTURE), inline(SECOND), inline(CLIP, "video/mp4")
FIRST, LAST = as_image(LINK), as_image(OTHER_LINK, "last_frame")
FRAME, OTHER_FRAME = {"type": "image", "url": LINK}, {"type": "image", "url": OTHER_LINK}
EARLIER_FRAME = {"type": "generation", "id": EARLIER}
WITH_HOOK = {"provider_config": {"webhook_url": HOOK}}
POSITION: dict[str, Any] = {"x_start": 0, "x_end": 640, "y_start": 0, "y_end": 360, "grid_position_x": 12}


def older(name: str, request: dict[str, Any], model: str = "ray-2", **sdk: Any) -> Case:
    return Case(f"older: {name}", "video", model, "generations.video.create", request, {"prompt": PROMPT, **sdk})


def modified(name: str, request: dict[str, Any], **sdk: Any) -> Case:
    usual = {"prompt": PROMPT, "generation_type": "modify_video", "media": {"url": FILM_LINK}, "mode": "flex_1"}
    return Case(
        f"older: {name}",
        "video",
        "ray-flash-2",
        "generations.video.modify",
        {"video": FILM_LINK, **request},
        usual | sdk,
    )


def older_image(name: str, request: dict[str, Any], model: str = "photon-1", **sdk: Any) -> Case:
    return Case(f"older: {name}", "image", model, "generations.image.create", request, {"prompt": PROMPT, **sdk})


def film(name: str, request: dict[str, Any], **sdk: Any) -> Case:
    told = {"prompt": PROMPT, "type": "video", **sdk}
    return Case(name, "video", "ray-3.2", "generations.create", request, told)


def edited(name: str, request: dict[str, Any], **sdk: Any) -> Case:
    return film(name, {"video": FILM, **request}, **{"type": "video_edit", "source": MOVIE, **sdk})


def image(name: str, request: dict[str, Any], model: str = "uni-1", **sdk: Any) -> Case:
    return Case(name, "image", model, "generations.create", request, {"prompt": PROMPT, **sdk})


OLDER_VIDEOS = [
    older("text", {}),
    older("upright", {"aspect_ratio": "9:16"}, aspect_ratio="9:16"),
    older("very wide", {"aspect_ratio": "21:9"}, "ray-flash-2", aspect_ratio="21:9"),
    older("nine seconds", {"duration_seconds": 9}, duration="9s"),
    older("the nearest duration", {"duration_seconds": 6}, duration="5s"),
    older("largest", {"resolution": "4k"}, resolution="4k"),
    older("smallest", {"resolution": "540p"}, resolution="540p"),
    older(
        "a loop with camera words",
        {"loop": True, "concepts": [{"key": "orbit_left"}]},
        loop=True,
        concepts=[{"key": "orbit_left"}],
    ),
    older("first frame", {"image_list": [FIRST]}, keyframes={"frame0": FRAME}),
    older("plain picture", {"image_list": [LINK]}, keyframes={"frame0": FRAME}),
    older("last frame", {"image_list": [LAST]}, keyframes={"frame1": OTHER_FRAME}),
    older("both frames", {"image_list": [FIRST, LAST]}, keyframes={"frame0": FRAME, "frame1": OTHER_FRAME}),
    older("continued", {"keyframes": {"frame0": EARLIER_FRAME}}, keyframes={"frame0": EARLIER_FRAME}),
    older("led up to", {"keyframes": {"frame1": EARLIER_FRAME}}, keyframes={"frame1": EARLIER_FRAME}),
    older(
        "continued to a picture",
        {"keyframes": {"frame0": EARLIER_FRAME}, "image_list": [LAST]},
        keyframes={"frame0": EARLIER_FRAME, "frame1": OTHER_FRAME},
    ),
    Case(
        "older: without words",
        "video",
        "ray-2",
        "generations.video.create",
        {"prompt": "", "image_list": [FIRST]},
        {"keyframes": {"frame0": FRAME}},
    ),
    Case(
        "older: with a callback",
        "video",
        "ray-2",
        "generations.video.create",
        {},
        {"prompt": PROMPT, "callback_url": HOOK},
        WITH_HOOK,
    ),
    modified("modified", {}),
    modified(
        "modified far", {"mode": "reimagine_3", "image_list": [FIRST]}, mode="reimagine_3", first_frame={"url": LINK}
    ),
    Case(
        "older: reframed",
        "video",
        "ray-2",
        "generations.video.reframe",
        {
            "video": FILM_LINK,
            "generation_type": "reframe_video",
            "aspect_ratio": "9:21",
            "image_list": [LINK],
            **POSITION,
        },
        {
            "prompt": PROMPT,
            "generation_type": "reframe_video",
            "media": {"url": FILM_LINK},
            "aspect_ratio": "9:21",
            "first_frame": {"url": LINK},
            **POSITION,
        },
    ),
    Case(
        "older: enlarged",
        "video",
        "ray-2",
        "generations.upscale",
        {"generation_type": "upscale_video", "generation_id": EARLIER, "resolution": "4k"},
        {"id": EARLIER, "generation_type": "upscale_video", "resolution": "4k"},
    ),
    Case(
        "older: given sound",
        "video",
        "ray-2",
        "generations.audio",
        {"generation_type": "add_audio", "generation_id": EARLIER, "negative_prompt": "voices"},
        {"id": EARLIER, "generation_type": "add_audio", "prompt": PROMPT, "negative_prompt": "voices"},
    ),
]
OLDER_IMAGES = [
    older_image("image", {}),
    older_image(
        "image of a shape and format", {"aspect_ratio": "3:4", "format": "png"}, aspect_ratio="3:4", format="png"
    ),
    older_image("image after another", {"image_list": [LINK]}, "photon-flash-1", image_ref=[{"url": LINK}]),
    older_image(
        "image with every kind of reference",
        {"image_list": [as_image(LINK, "reference"), as_image(OTHER_LINK, "style"), as_image(LINK, "asset"), LAST]},
        image_ref=[{"url": LINK}, {"url": OTHER_LINK}],
        style_ref=[{"url": OTHER_LINK}],
        character_ref={"identity0": {"images": [LINK]}},
    ),
    older_image(
        "image with weights", {"image_ref": [{"url": LINK, "weight": 0.4}]}, image_ref=[{"url": LINK, "weight": 0.4}]
    ),
    older_image(
        "image changed",
        {"modify_image_ref": {"url": LINK, "weight": 1.0}},
        modify_image_ref={"url": LINK, "weight": 1.0},
    ),
    Case(
        "older: image reframed, with a callback",
        "image",
        "photon-1",
        "generations.image.reframe",
        {"generation_type": "reframe_image", "image_list": [LINK], "aspect_ratio": "16:9", "format": "png"},
        {
            "generation_type": "reframe_image",
            "prompt": PROMPT,
            "media": {"url": LINK},
            "aspect_ratio": "16:9",
            "format": "png",
            "callback_url": HOOK,
        },
        WITH_HOOK,
    ),
]
VIDEOS = [
    film("text", {}),
    film("very wide", {"aspect_ratio": "21:9"}, aspect_ratio="21:9"),
    film("ten seconds", {"duration_seconds": 10}, video={"duration": "10s"}),
    film("the nearest duration", {"duration_seconds": 7}, video={"duration": "5s"}),
    film("a draft", {"resolution": "360p"}, video={"resolution": "360p"}),
    film(
        "in full HD", {"resolution": "1080p", "aspect_ratio": "4:3"}, aspect_ratio="4:3", video={"resolution": "1080p"}
    ),
    film("first frame", {"image_list": [as_image(PICTURE)]}, video={"start_frame": ONE}),
    film("plain link", {"image_list": [LINK]}, video={"start_frame": {"url": LINK}}),
    film(
        "both frames",
        {"image_list": [as_image(PICTURE), as_image(SECOND, "last_frame")]},
        video={"start_frame": ONE, "end_frame": TWO},
    ),
    film(
        "continued",
        {"extra_params": {"video": {"start_frame": {"generation_id": EARLIER}}}, "duration_seconds": 5},
        video={"duration": "5s", "start_frame": {"generation_id": EARLIER}},
    ),
    film("a loop", {"extra_params": {"video": {"loop": True}}, "user_id": "u1"}, video={"loop": True}, user_id="u1"),
    film(
        "high dynamic range",
        {"extra_params": {"video": {"hdr": True, "exr_export": True}}},
        video={"hdr": True, "exr_export": True},
    ),
    film(
        "guide frames",
        {"extra_params": {"video": {"keyframes": [{"url": LINK}, {"file_id": STORED}], "keyframe_indexes": [0, 48]}}},
        video={"keyframes": [{"url": LINK}, {"file_id": STORED}], "keyframe_indexes": [0, 48]},
    ),
    edited("edited", {}),
    edited("edited, by a link", {"video": FILM_LINK}, source={"url": FILM_LINK, "media_type": "video/mp4"}),
    edited(
        "edited, by a link that tells no type",
        {"video": "https://example.com/film"},
        source={"url": "https://example.com/film", "media_type": "video/mp4"},
    ),
    edited(
        "edited from a frame on",
        {"image_list": [as_image(PICTURE)], "resolution": "720p", "aspect_ratio": "1:1"},
        aspect_ratio="1:1",
        video={"resolution": "720p", "start_frame": ONE},
    ),
    edited(
        "edited within bounds",
        {"extra_params": {"video": {"edit": {"strength": "adhere_2", "controls": {"pose": {"enabled": True}}}}}},
        video={"edit": {"strength": "adhere_2", "controls": {"pose": {"enabled": True}}}},
    ),
    film(
        "edited after an edit",
        {"source": {"generation_id": EARLIER}},
        type="video_edit",
        source={"generation_id": EARLIER},
    ),
    edited(
        "reframed",
        {"type": "video_reframe", "aspect_ratio": "9:16", "resolution": "540p"},
        type="video_reframe",
        aspect_ratio="9:16",
        video={"resolution": "540p"},
    ),
]
IMAGES = [
    image("image", {}),
    image(
        "image of a shape", {"aspect_ratio": "3:1", "output_format": "jpeg"}, aspect_ratio="3:1", output_format="jpeg"
    ),
    image("image as a comic", {"style": "manga", "web_search": True}, "uni-1-max", style="manga", web_search=True),
    image(
        "image after others",
        {"image_list": [as_input(PICTURE), as_image(LINK, "style"), as_image(SECOND, "asset")]},
        image_ref=[ONE, {"url": LINK}, TWO],
    ),
    image("image changed", {"type": "image_edit", "image_list": [as_input(PICTURE)]}, type="image_edit", source=ONE),
    image(
        "image changed after another",
        {"type": "image_edit", "image_list": [LINK, as_image(SECOND, "style")], "aspect_ratio": "1:1", "style": "auto"},
        type="image_edit",
        source={"url": LINK},
        image_ref=[TWO],
        aspect_ratio="1:1",
        style="auto",
    ),
    image(
        "image changed again",
        {"source": {"generation_id": EARLIER}},
        type="image_edit",
        source={"generation_id": EARLIER},
    ),
    image(
        "image taken apart",
        {"type": "layering", "image_list": [as_input(PICTURE)], "layering": {"resolution": "2k"}},
        type="layering",
        source=ONE,
        layering={"resolution": "2k"},
    ),
]
CASES = [*OLDER_VIDEOS, *OLDER_IMAGES, *VIDEOS, *IMAGES]
