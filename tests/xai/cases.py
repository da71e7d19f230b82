"""The same logical calls, said to tarash and to the vendor's own SDK, with the body that they mean in JSON.

`sent` is that body without model and prompt (or text). `sdk` is given the SDK's client; speech has none, because the
vendor's SDK has no speech. `ignored` names fields of which nothing is sent, each with a piece of the reason.
"""

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

from tests.support.desks import as_input
from tests.xai.desk import CLIP, CLIP_LINK, LINK, LINK_2, LINK_3, MODELS, PICTURE, frame

STORED_FILE = "file_00000001"
PROMPT = "a lighthouse at dawn"
FIRST = "grok-imagine-video"
BYTES = as_input(PICTURE.content)
OF_PICTURE = "keeps the shape of the picture"
OF_VIDEO = "follows the video"


@dataclass(frozen=True)
class Case:
    name: str
    kind: str
    model: str
    request: dict[str, Any]
    sent: dict[str, Any]
    path: str
    sdk: Callable[[Any], Any] | None = None
    ignored: dict[str, str] = field(default_factory=dict)


def video(
    name: str,
    request: dict[str, Any],
    sent: dict[str, Any],
    told: dict[str, Any] | None = None,
    *,
    model: str = MODELS["video"],
    **rest: Any,
) -> Case:
    """`told` is what the SDK is told beside prompt and model; without it what is sent."""
    way = request.get("operation", "edit" if "video" in str(request.keys()) + str(request.get("extra_params")) else "")
    method = "extend_start" if way == "extend" else "start"
    path = {"extend": "videos/extensions", "edit": "videos/edits"}.get(way, "videos/generations")
    named = {"prompt": request.get("prompt", PROMPT), "model": model, **(sent if told is None else told)}
    return Case(name, "video", model, request, sent, path, lambda sdk: getattr(sdk.video, method)(**named), **rest)


def image(
    name: str,
    request: dict[str, Any],
    sent: dict[str, Any],
    told: dict[str, Any] | None = None,
    *,
    model: str = MODELS["image"],
    **rest: Any,
) -> Case:
    path = "images/edits" if {"image", "images"} & sent.keys() else "images/generations"
    named = {"prompt": PROMPT, "model": model, **(sent if told is None else told)}
    if "n" in named:
        return Case(name, "image", model, request, sent, path, lambda sdk: sdk.image.sample_batch(**named), **rest)
    return Case(name, "image", model, request, sent, path, lambda sdk: sdk.image.sample(**named), **rest)


def speech(name: str, request: dict[str, Any], sent: dict[str, Any], **rest: Any) -> Case:
    return Case(name, "tts", MODELS["tts"], request, {"language": "auto", **sent}, "tts", **rest)


def at(*links: str) -> list[dict[str, str]]:
    return [{"url": link} for link in links]


def inputs(*links: str) -> list[dict[str, str]]:
    return [{"url": link, "type": "image_url"} for link in links]


STORED = {"filename": "dawn.mp4", "expires_after": 7200, "public_url": True}
STORED_LONGER = {"filename": "dawn.mp4", "public_url": {"expires_after": 86400}}
VOICES = [{"voice_id": "ara"}, {"voice_id": "rex"}]
KEYFRAMES = {
    "sent": [{"image": {"url": LINK}, "timestamp_s": 1.5}, {"image": {"file_id": STORED_FILE}, "timestamp_s": 3.0}],
    "told": [{"image_url": LINK, "timestamp": 1.5}, {"image_file_id": STORED_FILE, "timestamp": 3.0}],
}

VIDEOS = [
    video("video of a prompt alone", {}, {}),
    video("video of the first model", {}, {}, model=FIRST),
    video("video of a second", {"duration_seconds": 1}, {"duration": 1}),
    video("video of fifteen seconds", {"duration_seconds": 15}, {"duration": 15}),
    video("video of a rounded length", {"duration_seconds": 6.4}, {"duration": 6}),
    *(
        video(f"video in {ratio}", {"aspect_ratio": ratio}, {"aspect_ratio": ratio})
        for ratio in ("16:9", "9:16", "1:1", "4:3", "3:4", "3:2", "2:3")
    ),
    *(video(f"video in {size}", {"resolution": size}, {"resolution": size}) for size in ("480p", "720p", "1080p")),
    video("small video of the first model", {"resolution": "720p"}, {"resolution": "720p"}, model=FIRST),
    video("silent video", {"generate_audio": False}, {"generate_audio": False}),
    video("video with sound", {"generate_audio": True}, {"generate_audio": True}),
    video("first frame", {"image_list": [frame(LINK)]}, {"image": {"url": LINK}}, {"image_url": LINK}),
    video(
        "first frame from bytes",
        {"image_list": [frame(BYTES)]},
        {"image": {"url": PICTURE.data_uri}},
        {"image_url": PICTURE.data_uri},
        model=FIRST,
    ),
    video(
        "first frame of the vendor's files",
        {"extra_params": {"image": {"file_id": STORED_FILE}}},
        {"image": {"file_id": STORED_FILE}},
        {"image_file_id": STORED_FILE},
    ),
    video(
        "first and last frame",
        {"image_list": [frame(LINK_2, "last_frame"), frame(LINK)]},
        {"image": {"url": LINK}, "last_frame": {"url": LINK_2}},
        {"image_url": LINK, "last_frame_url": LINK_2},
    ),
    video(
        "last frame alone, without a prompt",
        {"image_list": [frame(LINK, "last_frame")], "prompt": ""},
        {"last_frame": {"url": LINK}},
        {"last_frame_url": LINK},
    ),
    video("one reference", {"image_list": [LINK]}, {"reference_images": at(LINK)}, {"reference_image_urls": [LINK]}),
    video(
        "references of all roles, in their order",
        {"image_list": [frame(LINK, "style"), LINK_2, frame(LINK_3, "asset")]},
        {"reference_images": at(LINK, LINK_2, LINK_3)},
        {"reference_image_urls": [LINK, LINK_2, LINK_3]},
        model=FIRST,
    ),
    video(
        "first frame beside references",
        {"image_list": [frame(LINK), LINK_2]},
        {"image": {"url": LINK}, "reference_images": at(LINK_2)},
        {"image_url": LINK, "reference_image_urls": [LINK_2]},
    ),
    video(
        "references and voices",
        {"image_list": [LINK], "reference_audios": VOICES},
        {"reference_images": at(LINK), "reference_audios": VOICES},
        {"reference_image_urls": [LINK], "reference_audios": VOICES},
    ),
    video(
        "keyframes",
        {"keyframes": KEYFRAMES["sent"]},
        {"keyframes": KEYFRAMES["sent"]},
        {"keyframes": KEYFRAMES["told"]},
    ),
    video("stored video", {"storage_options": STORED}, {"storage_options": STORED}),
    video("stored and shared video", {"storage_options": STORED_LONGER}, {"storage_options": STORED_LONGER}),
    video(
        "video with everything",
        {
            "duration_seconds": 5,
            "aspect_ratio": "9:16",
            "resolution": "720p",
            "generate_audio": False,
            "image_list": [LINK],
        },
        {
            "duration": 5,
            "aspect_ratio": "9:16",
            "resolution": "720p",
            "generate_audio": False,
            "reference_images": at(LINK),
        },
        {
            "duration": 5,
            "aspect_ratio": "9:16",
            "resolution": "720p",
            "generate_audio": False,
            "reference_image_urls": [LINK],
        },
    ),
    video("edit of a link", {"video": CLIP_LINK}, {"video": {"url": CLIP_LINK}}, {"video_url": CLIP_LINK}),
    video(
        "edit of bytes",
        {"video": as_input(CLIP.content, "video/mp4")},
        {"video": {"url": CLIP.data_uri}},
        {"video_url": CLIP.data_uri},
        model=FIRST,
    ),
    video(
        "edit of the vendor's files",
        {"extra_params": {"video": {"file_id": STORED_FILE}}},
        {"video": {"file_id": STORED_FILE}},
        {"video_file_id": STORED_FILE},
    ),
    video(
        "edit whose form is given",
        {"video": CLIP_LINK, "duration_seconds": 5, "aspect_ratio": "1:1", "resolution": "720p"},
        {"video": {"url": CLIP_LINK}},
        {"video_url": CLIP_LINK},
        ignored=dict.fromkeys(("duration_seconds", "aspect_ratio", "resolution"), OF_VIDEO),
    ),
    video(
        "longer video",
        {"video": CLIP_LINK, "operation": "extend"},
        {"video": {"url": CLIP_LINK}},
        {"video_url": CLIP_LINK},
    ),
    video(
        "video longer by ten seconds, and stored",
        {"video": CLIP_LINK, "operation": "extend", "duration_seconds": 10, "storage_options": STORED},
        {"video": {"url": CLIP_LINK}, "duration": 10, "storage_options": STORED},
        {"video_url": CLIP_LINK, "duration": 10, "storage_options": STORED},
    ),
    video(
        "longer video whose form is given",
        {"video": CLIP_LINK, "operation": "extend", "aspect_ratio": "1:1", "resolution": "720p"},
        {"video": {"url": CLIP_LINK}},
        {"video_url": CLIP_LINK},
        model=FIRST,
        ignored=dict.fromkeys(("aspect_ratio", "resolution"), OF_VIDEO),
    ),
    video("video of an unknown model", {"duration_seconds": 3}, {"duration": 3}, model="grok-imagine-video-3"),
]
IMAGES = [
    image("image of a prompt alone", {}, {}),
    image("image of the first model", {}, {}, model="grok-imagine-image"),
    image("four images", {"n": 4}, {"n": 4}),
    *(
        image(f"image in {ratio}", {"aspect_ratio": ratio}, {"aspect_ratio": ratio})
        for ratio in ("1:1", "16:9", "9:19.5", "19.5:9", "20:9", "1:2")
    ),
    *(image(f"image in {name} quality", {"quality": name}, {"quality": name}) for name in ("low", "medium")),
    *(image(f"image in {name}", {"resolution": name}, {"resolution": name}) for name in ("1k", "2k")),
    image("image of a size", {"size": "1024x1024"}, {"aspect_ratio": "1:1", "resolution": "1k"}),
    image("image of a large size", {"size": "2730x1536"}, {"aspect_ratio": "16:9", "resolution": "2k"}),
    image(
        "image of a ratio and a size",
        {"size": "2048x2048", "aspect_ratio": "3:4"},
        {"aspect_ratio": "3:4", "resolution": "2k"},
    ),
    image(
        "image as base64 for a user",
        {"response_format": "b64_json", "user": "user-1"},
        {"response_format": "b64_json", "user": "user-1"},
        {"image_format": "base64", "user": "user-1"},
    ),
    image("stored image", {"storage_options": STORED}, {"storage_options": STORED}),
    image(
        "quality of a model without",
        {"quality": "low"},
        {},
        model="grok-imagine-image",
        ignored={"quality": "only grok-imagine-image-2.0"},
    ),
    image("edit of one image", {"image_list": [LINK]}, {"image": inputs(LINK)[0]}, {"image_url": LINK}),
    image(
        "edit of bytes",
        {"image_list": [BYTES]},
        {"image": inputs(PICTURE.data_uri)[0]},
        {"image_url": PICTURE.data_uri},
        model="grok-imagine-image",
    ),
    image(
        "edit of one image, with size and ratio",
        {"image_list": [LINK], "aspect_ratio": "1:1", "size": "2048x2048"},
        {"image": inputs(LINK)[0], "resolution": "2k"},
        {"image_url": LINK, "resolution": "2k"},
        ignored={"aspect_ratio": OF_PICTURE},
    ),
    image(
        "edit of three images",
        {"image_list": [LINK, frame(LINK_2, "style"), frame(LINK_3, "first_frame")]},
        {"images": inputs(LINK, LINK_2, LINK_3)},
        {"image_urls": [LINK, LINK_2, LINK_3]},
    ),
    image(
        "edit of two images, with everything",
        {"image_list": [LINK, LINK_2], "aspect_ratio": "2:1", "n": 2, "quality": "low", "resolution": "1k"},
        {"images": inputs(LINK, LINK_2), "aspect_ratio": "2:1", "n": 2, "quality": "low", "resolution": "1k"},
        {"image_urls": [LINK, LINK_2], "aspect_ratio": "2:1", "n": 2, "quality": "low", "resolution": "1k"},
    ),
]


def form(codec: str, rate: int, bit_rate: int | None = None) -> dict[str, Any]:
    sent = {"codec": codec, "sample_rate": rate}
    return {"output_format": sent if bit_rate is None else {**sent, "bit_rate": bit_rate}}


SPEECH = [
    speech("speech of a text alone", {}, {}),
    *(speech(f"speech of {name}", {"voice_id": name}, {"voice_id": name}) for name in ("eve", "leo", "own-1")),
    *(speech(f"speech in {code}", {"language_code": code}, {"language": code}) for code in ("en", "pt-BR", "auto")),
    *(
        speech(
            f"speech as mp3 at {rate} Hz and {bits} kbit/s",
            {"output_format": {"format": "mp3", "sample_rate": rate, "bitrate": bits}},
            form("mp3", rate, bits * 1000),
        )
        for rate, bits in ((8000, 32), (16000, 64), (22050, 96), (24000, 128), (44100, 128), (48000, 192))
    ),
    *(
        speech(f"speech as {codec}", {"output_format": {"format": codec, "sample_rate": rate}}, form(codec, rate))
        for codec, rate in (("wav", 48000), ("pcm", 16000), ("mulaw", 8000), ("alaw", 8000))
    ),
    speech("speech in the usual form", {"output_format": {"format": "mp3"}}, form("mp3", 24000, 128000)),
    speech(
        "speech of a near form",
        {"output_format": {"format": "mp3", "sample_rate": 32000, "bitrate": 320}},
        form("mp3", 24000, 192000),
    ),
    speech("slow speech", {"voice_settings": {"speed": 0.7}}, {"speed": 0.7}),
    speech("fast speech", {"voice_settings": {"speed": 1.5}}, {"speed": 1.5}),
    speech(
        "speech with the vendor's own parameters",
        {"optimize_streaming_latency": 1, "text_normalization": True, "replace": {"xAI": "x A I"}},
        {"optimize_streaming_latency": 1, "text_normalization": True, "replace": {"xAI": "x A I"}},
    ),
    speech(
        "speech with a setting of others",
        {"voice_settings": {"stability": 1}},
        {},
        ignored={"voice_settings": "stability: the model has no such setting"},
    ),
]
CASES = [*VIDEOS, *IMAGES, *SPEECH]
