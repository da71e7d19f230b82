"""The same logical calls, said to tarash and to the vendor's own SDK.

`sdk` is given the SDK's client. `places` says where a case makes sense: at OpenAI, in Azure's v1 family, or
in the dated one.
"""

import io
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

from PIL import Image, ImageOps
from tests.openai.desk import CLIP, PICTURE, SECOND, drawn_mask, saved
from tests.support.desks import as_input

EVERYWHERE = ("openai", "v1", "dated")
NOT_AT_AZURE = ("openai",)
BOTH_V1 = ("openai", "v1")
PNG = ("input.png", PICTURE, "image/png")
PNG_2 = ("input.png", SECOND, "image/png")
MP4 = ("input.mp4", CLIP, "video/mp4")
JPEG = saved(Image.new("RGB", (64, 48), "green"), "JPEG")


@dataclass(frozen=True)
class Case:
    name: str
    kind: str
    request: dict[str, Any]
    sdk: Callable[[Any], Any]
    model: str
    places: tuple[str, ...] = EVERYWHERE
    config: dict[str, Any] = field(default_factory=dict)
    client: dict[str, Any] = field(default_factory=dict)


def vendor_mask() -> tuple[str, bytes, str]:
    """The drawn mask as the vendor wants it: its white half is transparent."""
    mask = Image.open(io.BytesIO(drawn_mask()))
    made = Image.new("RGBA", mask.size)
    made.putalpha(ImageOps.invert(mask))
    return "input.png", saved(made), "image/png"


def image(name: str, request: dict[str, Any], model: str = "gpt-image-2", **rest: Any) -> Case:
    """`sends` is what the SDK is told beside prompt and model."""
    sends = rest.pop("sends")
    prompt = "a lighthouse at dawn"
    return Case(
        name, "image", request, lambda sdk: sdk.images.generate(model=model, prompt=prompt, **sends), model, **rest
    )


def edit(name: str, request: dict[str, Any], model: str = "gpt-image-2", **rest: Any) -> Case:
    sends = rest.pop("sends")
    prompt = "a lighthouse at dawn"
    return Case(name, "image", request, lambda sdk: sdk.images.edit(model=model, prompt=prompt, **sends), model, **rest)


def video(name: str, request: dict[str, Any], model: str = "sora-2", wire: str = "sora-2", **rest: Any) -> Case:
    sends = rest.pop("sends")
    prompt = "a lighthouse at dawn"
    rest = {"places": BOTH_V1, **rest}
    return Case(
        name, "video", request, lambda sdk: sdk.videos.create(model=wire, prompt=prompt, **sends), model, **rest
    )


def from_video(name: str, request: dict[str, Any], sdk: Callable[[Any], Any]) -> Case:
    return Case(name, "video", request, sdk, "sora-2", BOTH_V1)


def speech(name: str, request: dict[str, Any], model: str = "gpt-4o-mini-tts", **rest: Any) -> Case:
    sends = {"input": "Hello, lighthouse.", "voice": "alloy", **rest.pop("sends")}
    return Case(name, "tts", request, lambda sdk: sdk.audio.speech.create(model=model, **sends), model, **rest)


ONE = {"image_list": [as_input(PICTURE)]}
MASKED = {**ONE, "mask_image": as_input(drawn_mask())}
OWN_FORM = {**ONE, "mask_image": as_input(vendor_mask()[1])}
FIRST_FRAME = {"image_list": [{"image": as_input(PICTURE), "type": "first_frame"}]}
BEFORE = "video_000000000000000000000001"
LONG_TEXT = "All work and no play. " * 186
ORGANIZED = {"organization": "org-1", "project": "proj_1"}
SVG = {"model": "gpt-5.6", "reasoning": {"effort": "low"}}

IMAGES = [
    image("image of a prompt alone", {}, sends={}),
    image("image with a free size", {"size": "1536x864"}, sends={"size": "1536x864"}),
    image("image with a size to be chosen", {"size": "auto"}, sends={"size": "auto"}),
    image("image of a ratio, free sizes", {"aspect_ratio": "21:9"}, sends={"size": "1680x720"}),
    image("image of a ratio, few sizes", {"aspect_ratio": "16:9"}, "gpt-image-1.5", sends={"size": "1536x1024"}),
    image("image in low quality", {"quality": "low"}, sends={"quality": "low"}),
    image("image in best quality", {"quality": "max"}, "gpt-image-2.5-flare", sends={"quality": "max"}),
    image("image in a legacy quality", {"quality": "hd"}, sends={"quality": "high"}),
    image("three images", {"n": 3}, sends={"n": 3}),
    image(
        "image with a format",
        {"background": "opaque", "output_format": "jpeg", "output_compression": 70},
        sends={"background": "opaque", "output_format": "jpeg", "output_compression": 70},
    ),
    image("image as webp", {"output_format": "webp"}, sends={"output_format": "webp"}, places=NOT_AT_AZURE),
    image(
        "image with less moderation",
        {"moderation": "low", "safety_identifier": "user-1"},
        sends={"moderation": "low", "safety_identifier": "user-1"},
    ),
    image("image with complexity", {"complexity": "high"}, "gpt-image-2.6-flare", sends={"complexity": "high"}),
    image("image by an author of SVG", {"svg": SVG}, "gpt-image-2.5-sunburst", sends={"svg": SVG}),
    image(
        "image for an organisation",
        {},
        sends={},
        config={"provider_config": ORGANIZED},
        client=ORGANIZED,
        places=NOT_AT_AZURE,
    ),
    image(
        "DALL-E 3",
        {"style": "natural", "quality": "hd", "aspect_ratio": "16:9"},
        "dall-e-3",
        sends={"style": "natural", "quality": "hd", "size": "1792x1024"},
    ),
    image("DALL-E 2", {"size": "512x512", "n": 2}, "dall-e-2", sends={"size": "512x512", "n": 2}),
    image("an unknown model", {"size": "640x480", "n": 2}, "painter-9", sends={"size": "640x480", "n": 2}),
    edit("edit of one image", ONE, sends={"image": [PNG]}),
    edit(
        "edit of a JPEG",
        {"image_list": [as_input(JPEG, "image/jpeg")]},
        sends={"image": [("input.jpg", JPEG, "image/jpeg")]},
    ),
    edit(
        "edit of two images, in their order",
        {"image_list": [{"image": as_input(PICTURE), "type": "style"}, as_input(SECOND)]},
        sends={"image": [PNG, PNG_2]},
    ),
    edit("edit with a mask", MASKED, sends={"image": [PNG], "mask": vendor_mask()}),
    edit(
        "edit with a mask of the vendor's form",
        OWN_FORM,
        sends={"image": [PNG], "mask": vendor_mask()},
        config={"provider_config": {"mask_form": "transparent"}},
    ),
    edit(
        "edit with size, quality and number",
        {**ONE, "size": "1024x1024", "quality": "high", "n": 2},
        sends={"image": [PNG], "size": "1024x1024", "quality": "high", "n": 2},
    ),
    edit(
        "edit with fidelity",
        {**ONE, "input_fidelity": "high", "background": "opaque"},
        "gpt-image-1.5",
        sends={"image": [PNG], "input_fidelity": "high", "background": "opaque"},
    ),
    edit("edit by an author of SVG", {**ONE, "svg": SVG}, sends={"image": [PNG], "svg": SVG}),
    edit(
        "edit with markup",
        {**ONE, "markup": as_input(SECOND)},
        "gpt-image-2.5-flare",
        sends={"image": [PNG], "markup": PNG_2},
    ),
    edit("edit by DALL-E 2", ONE, "dall-e-2", sends={"image": PNG}),
]
VIDEOS = [
    video("video of a prompt alone", {}, sends={}),
    video("video by its gateway name", {}, "openai/sora-2", sends={}),
    video("video by its short name", {}, "sora", sends={}, places=NOT_AT_AZURE),
    video("video of eight seconds", {"duration_seconds": 8}, sends={"seconds": "8"}),
    video("video of rounded length", {"duration_seconds": 9.5}, sends={"seconds": "8"}),
    video("video across", {"resolution": "720p", "aspect_ratio": "16:9"}, sends={"size": "1280x720"}),
    video("upright video", {"aspect_ratio": "9:16"}, sends={"size": "720x1280"}),
    video(
        "full HD video",
        {"resolution": "1080p", "aspect_ratio": "9:16"},
        "sora-2-pro",
        "sora-2-pro",
        sends={"size": "1080x1920"},
        places=NOT_AT_AZURE,
    ),
    video(
        "video of a further size",
        {"resolution": "1792x1024"},
        "sora-2-pro",
        "sora-2-pro",
        sends={"size": "1792x1024"},
        places=NOT_AT_AZURE,
    ),
    video("video from a first frame", FIRST_FRAME, sends={"input_reference": PNG}),
    video("video from a reference", ONE, sends={"input_reference": PNG}),
    from_video("remix", {"video_id": BEFORE}, lambda sdk: sdk.videos.remix(BEFORE, prompt="a lighthouse at dawn")),
    from_video(
        "edit of a file",
        {"video": as_input(CLIP, "video/mp4")},
        lambda sdk: sdk.videos.edit(prompt="a lighthouse at dawn", video=MP4),
    ),
    from_video(
        "edit of a video made before",
        {"video_id": BEFORE, "operation": "edit"},
        lambda sdk: sdk.post(
            "/videos/edits", cast_to=object, body={"prompt": "a lighthouse at dawn", "video": {"id": BEFORE}}
        ),
    ),
    from_video(
        "longer file",
        {"video": as_input(CLIP, "video/mp4"), "operation": "extend", "duration_seconds": 16},
        lambda sdk: sdk.videos.extend(prompt="a lighthouse at dawn", video=MP4, seconds="16"),
    ),
    from_video(
        "longer video made before",
        {"video_id": BEFORE, "operation": "extend", "duration_seconds": 20},
        lambda sdk: sdk.post(
            "/videos/extensions",
            cast_to=object,
            body={"prompt": "a lighthouse at dawn", "video": {"id": BEFORE}, "seconds": "20"},
        ),
    ),
]
SPEECH = [
    speech("speech of a text alone", {}, sends={}),
    *(
        speech(f"speech as {name}", {"output_format": {"format": name}}, sends={"response_format": name})
        for name in ("mp3", "opus", "aac", "flac", "wav", "pcm")
    ),
    *(
        speech(f"speech of {name}", {"voice_id": name}, sends={"voice": name})
        for name in ("ash", "coral", "nova", "marin", "cedar")
    ),
    speech("speech of one's own voice", {"voice_id": "voice_1234"}, sends={"voice": {"id": "voice_1234"}}),
    speech("slow speech", {"voice_settings": {"speed": 0.25}}, sends={"speed": 0.25}),
    speech("fast speech", {"voice_settings": {"speed": 4}}, sends={"speed": 4}),
    speech(
        "speech with instructions", {"voice_settings": {"instructions": "Whisper."}}, sends={"instructions": "Whisper."}
    ),
    speech("speech by tts-1", {}, "tts-1", sends={}),
    speech("speech by tts-1-hd", {"voice_settings": {"speed": 1.5}}, "tts-1-hd", sends={"speed": 1.5}),
    speech("speech by a dated model", {}, "gpt-4o-mini-tts-2025-12-15", sends={}),
    speech("speech in other letters", {"text": "Güten Täg, 灯台 🗼"}, sends={"input": "Güten Täg, 灯台 🗼"}),
    speech("speech of the longest text", {"text": LONG_TEXT}, sends={"input": LONG_TEXT}),
    speech(
        "speech with everything",
        {
            "voice_id": "fable",
            "output_format": {"format": "wav"},
            "voice_settings": {"speed": 1.1, "instructions": "Sing."},
        },
        sends={"voice": "fable", "response_format": "wav", "speed": 1.1, "instructions": "Sing."},
    ),
]
CASES = [*IMAGES, *VIDEOS, *SPEECH]
