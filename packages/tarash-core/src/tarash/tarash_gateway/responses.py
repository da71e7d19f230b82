"""Building the response of each kind of work from what a provider's steps returned."""

from __future__ import annotations

import base64
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any

from tarash.tarash_gateway.audio_duration import audio_duration
from tarash.tarash_gateway.messages import Done, Output, number_or_none
from tarash.tarash_gateway.models import (
    GenerationResponse,
    ImageGenerationResponse,
    ImageGenerationUpdate,
    Job,
    Kind,
    ParameterOutcome,
    STSResponse,
    STSUpdate,
    TTSResponse,
    TTSUpdate,
    VideoGenerationResponse,
    VideoGenerationUpdate,
)
from tarash.tarash_gateway.sniffing import content_type_for, sniff

UPDATES: dict[Kind, Any] = {
    "video": VideoGenerationUpdate,
    "image": ImageGenerationUpdate,
    "tts": TTSUpdate,
    "sts": STSUpdate,
}


@dataclass
class Ingredients:
    """What a response is made of. `audio` is the bytes of speech, which callers get as base64."""

    kind: Kind
    request_id: str
    dones: Sequence[Done]
    parameters: Sequence[ParameterOutcome]
    job: Job | None
    is_mock: bool
    request: Any = None
    audio: bytes = b""
    outputs: list[Output] = field(default_factory=list)

    def __post_init__(self) -> None:
        self.outputs = [output for done in self.dones for output in done.outputs]


def build_response(made_of: Ingredients) -> Any:
    """The response. Nothing in here may fail: the result is paid for, so odd facts are left out without complaint."""
    builders = {"video": _video, "image": _image, "tts": _speech(TTSResponse), "sts": _speech(STSResponse)}
    return builders[made_of.kind](made_of)


def _common(made_of: Ingredients) -> Any:
    first = made_of.dones[0]
    raw = dict(first.raw) if len(made_of.dones) == 1 else {"responses": [dict(done.raw) for done in made_of.dones]}
    return {
        "request_id": made_of.request_id,
        "status": "completed",
        "content_type": _content_type(made_of.outputs[0]),
        "is_mock": made_of.is_mock,
        "raw_response": raw,
        "provider_metadata": {name: value for done in made_of.dones for name, value in done.metadata.items()},
        "parameters": list(made_of.parameters),
        "job": made_of.job,
    }


def _content_type(output: Output) -> str | None:
    known = sniff(output.data[:65536]) if output.data else None
    if known:
        return known.content_type
    name = (output.url or "").partition("?")[0].rpartition(".")[2]
    return output.content_type or content_type_for(f".{name}" if name else "")


def _fact(made_of: Ingredients, name: str) -> Any:
    return next((done.facts[name] for done in made_of.dones if done.facts.get(name) is not None), None)


def _text_fact(made_of: Ingredients, name: str) -> str | None:
    value = _fact(made_of, name)
    return value if isinstance(value, str) else None


def _video(made_of: Ingredients) -> VideoGenerationResponse:
    first = made_of.outputs[0]
    videos = [_as_media(output) for output in made_of.outputs]
    common = _common(made_of)
    common["content_type"] = common["content_type"] or "video/mp4"
    return VideoGenerationResponse.model_construct(
        **common,
        video=videos[0],
        videos=videos,
        duration=number_or_none(_fact(made_of, "duration")) or first.duration,
        resolution=_text_fact(made_of, "resolution") or _resolution(first),
        aspect_ratio=_text_fact(made_of, "aspect_ratio") or _aspect_ratio(first),
        audio_url=_text_fact(made_of, "audio_url"),
    )


def _image(made_of: Ingredients) -> ImageGenerationResponse:
    return ImageGenerationResponse.model_construct(
        **_common(made_of),
        images=[_as_text(output) for output in made_of.outputs],
        revised_prompt=_text_fact(made_of, "revised_prompt"),
    )


def _speech(response: type[GenerationResponse]) -> Any:
    def build(made_of: Ingredients) -> GenerationResponse:
        common = _common(made_of)
        known = sniff(made_of.audio[:65536])
        content_type = known.content_type if known else common["content_type"]
        common["content_type"] = content_type
        told = _told_seconds(made_of.dones)
        wanted = getattr(made_of.request, "output_format", None)
        return response.model_construct(
            **common,
            audio=base64.b64encode(made_of.audio).decode(),
            duration=told or audio_duration(made_of.audio, content_type, getattr(wanted, "sample_rate", None)),
        )

    return build


def _told_seconds(dones: Sequence[Done]) -> float | None:
    """Seconds of all parts of a speech, where the vendor tells them of each."""
    each = [number_or_none(done.facts.get("duration")) or done.outputs[0].duration for done in dones if done.outputs]
    known = [seconds for seconds in each if seconds]
    return sum(known) if len(known) == len(each) else None


def _as_media(output: Output) -> Any:
    if output.data is None:
        return output.url
    return {"content": output.data, "content_type": _content_type(output) or "video/mp4"}


def _as_text(output: Output) -> str:
    return output.url or "" if output.data is None else base64.b64encode(output.data).decode()


def _resolution(output: Output) -> str | None:
    """The usual name of a frame's size: its shorter side."""
    if not (output.width and output.height):
        return None
    short = min(output.width, output.height)
    return "4k" if short >= 2160 else f"{short}p"


_RATIOS = ((16, 9), (9, 16), (1, 1), (4, 3), (3, 4), (21, 9), (9, 21), (3, 2), (2, 3), (5, 4), (4, 5))


def _aspect_ratio(output: Output) -> str | None:
    """The usual ratio nearest to a frame's sides, within two per cent (encoders round to even numbers)."""
    if not (output.width and output.height):
        return None
    ratio = output.width / output.height
    width, height = min(_RATIOS, key=lambda pair: abs(pair[0] / pair[1] - ratio))
    return f"{width}:{height}" if abs(width / height / ratio - 1) < 0.02 else None


def build_update(kind: Kind, request_id: str, status: str, **details: Any) -> Any:
    """One progress update of the right type."""
    return UPDATES[kind].model_construct(
        request_id=request_id,
        status=status,
        progress_percent=details.get("progress"),
        update=dict(details.get("event") or {}),
        result=details.get("result"),
        error=details.get("error"),
    )
