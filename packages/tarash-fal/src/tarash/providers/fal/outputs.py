"""Reading a model's output by its shape: fal's models name their files differently, but a file is always a file.

A file is `{"url", "content_type"?, "file_name"?, "file_size"?}`; images add width and height, videos also fps, duration
and num_frames, audio duration and sample_rate (type map of @fal-ai/client 1.10.1).
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from tarash.tarash_gateway.messages import Done, Output, as_object, number_or_none
from tarash.tarash_gateway.models import Kind

MAIN_NAMES: Mapping[Kind, tuple[str, ...]] = {
    "video": ("video", "videos", "video_url", "output_video", "output"),
    "image": ("images", "image", "image_url", "image_urls", "output_image", "output"),
    "tts": ("audio", "audio_url", "audio_file", "audios", "output_audio", "output"),
    "sts": ("audio", "audio_url", "audio_file", "audios", "output_audio", "output"),
}
MEDIA_TYPES: Mapping[Kind, str] = {"video": "video/", "image": "image/", "tts": "audio/", "sts": "audio/"}
SIDE_NAMES = ("thumbnail", "spritesheet", "preview", "mask", "debug", "frames_zip", "input")
_MAX_DEPTH = 4


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
    audio = body.get("audio")
    link = audio.get("url") if kind == "video" and isinstance(audio, dict) else None
    return {"duration": seconds, "revised_prompt": prompt if isinstance(prompt, str) else None, "audio_url": link}


def _main_outputs(kind: Kind, body: Mapping[str, Any]) -> list[Output]:
    for name in MAIN_NAMES[kind]:
        outputs = [_output(item) for item in _files(body.get(name), 0)]
        if outputs:
            return outputs
    return []


def _any_outputs(kind: Kind, body: Mapping[str, Any]) -> list[Output]:
    """Files under other names: those of the right media type, else all that are not by-products."""
    found = [
        _output(item)
        for name, value in body.items()
        if not any(side in name.lower() for side in SIDE_NAMES)
        for item in _files(value, 0)
    ]
    fitting = [output for output in found if (output.content_type or "").startswith(MEDIA_TYPES[kind])]
    return fitting or found


def _files(value: Any, depth: int) -> Iterator[Mapping[str, Any]]:
    if isinstance(value, str) and value.startswith(("http://", "https://", "data:")):
        yield {"url": value}
    elif isinstance(value, dict) and isinstance(value.get("url"), str) and value["url"]:
        yield value
    elif depth < _MAX_DEPTH and isinstance(value, dict | list):
        for item in value.values() if isinstance(value, dict) else value:
            yield from _files(item, depth + 1)


def _output(file: Mapping[str, Any]) -> Output:
    content_type = file.get("content_type")
    return Output(
        url=file["url"],
        content_type=content_type if isinstance(content_type, str) else None,
        width=_pixels(file.get("width")),
        height=_pixels(file.get("height")),
        duration=number_or_none(file.get("duration")),
    )


def _pixels(value: Any) -> int | None:
    number = number_or_none(value)
    return int(number) if number and number > 0 else None
