"""Reading a model's output by its shape: fal's models name their files differently, but a file is always a file.

A file is `{"url", "content_type"?, "file_name"?, "file_size"?}`; images add width and height, videos also fps, duration
and num_frames, audio duration and sample_rate (type map of @fal-ai/client 1.10.1).
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from tarash.tarash_gateway.messages import Done, Output, as_object, number_or_none
from tarash.tarash_gateway.models import Kind
from tarash.tarash_gateway.providers.outputs import MEDIA_TYPES, as_output, files_in
from tarash.tarash_gateway.providers.reading import object_of

MAIN_NAMES: Mapping[Kind, tuple[str, ...]] = {
    "video": ("video", "videos", "video_url", "output_video", "output"),
    "image": ("images", "image", "image_url", "image_urls", "output_image", "output"),
    "tts": ("audio", "audio_url", "audio_file", "audios", "output_audio", "output"),
    "sts": ("audio", "audio_url", "audio_file", "audios", "output_audio", "output"),
}
SIDE_NAMES = ("thumbnail", "spritesheet", "preview", "mask", "debug", "frames_zip", "input")


def read_result(kind: Kind, value: Any, headers: Mapping[str, str]) -> Done:
    """The outputs and facts of a finished job. Raises `ProtocolError` when the result is no JSON object."""
    body = as_object(value, "the result")
    outputs = _main_outputs(kind, body) or _any_outputs(kind, body)
    metadata = {name: item for name, item in body.items() if name not in MAIN_NAMES[kind]}
    if units := headers.get("x-fal-billable-units"):
        metadata["billable_units"] = units
    return Done(outputs, body, _facts(kind, body), metadata)


def _facts(kind: Kind, body: Mapping[str, Any]) -> dict[str, Any]:
    milliseconds = number_or_none(body.get("duration_ms"))
    seconds = milliseconds / 1000 if milliseconds is not None else number_or_none(body.get("duration"))
    prompt = body.get("actual_prompt") or body.get("revised_prompt") or body.get("expanded_prompt")
    link = object_of(body.get("audio")).get("url") if kind == "video" else None
    return {"duration": seconds, "revised_prompt": prompt if isinstance(prompt, str) else None, "audio_url": link}


def _main_outputs(kind: Kind, body: Mapping[str, Any]) -> list[Output]:
    named = ([as_output(file) for file in files_in(body.get(name))] for name in MAIN_NAMES[kind])
    return next(filter(None, named), [])


def _any_outputs(kind: Kind, body: Mapping[str, Any]) -> list[Output]:
    """Files under other names: those of the right media type, else all that are not by-products."""
    found = [
        as_output(item)
        for name, value in body.items()
        if not any(side in name.lower() for side in SIDE_NAMES)
        for item in files_in(value)
    ]
    fitting = [output for output in found if (output.content_type or "").startswith(MEDIA_TYPES[kind])]
    return fitting or found
