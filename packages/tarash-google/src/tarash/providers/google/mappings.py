"""Which fields of a request become which of Google's parameters, for each family of models.

Parameters stand where the wire has them, with three exceptions: below `input` and `contents` are the pieces that the
step puts together as one list, and what is below `local` is done by tarash itself and never sent.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from typing import Any

from tarash.providers.google import tables
from tarash.tarash_gateway.models import ImageGenerationRequest, TTSRequest, VideoGenerationRequest
from tarash.tarash_gateway.providers.field_mappers import (
    Converted,
    FieldMapper,
    FieldMapping,
    constant_field_mapper,
    duration_field_mapper,
    find_mapping,
    image_field_mapper,
    images_field_mapper,
    media_field_mapper,
    omitted_field_mapper,
    parse_size,
    passthrough_field_mapper,
)

_TAGS = re.compile(r"\[# |<(FIRST_FRAME|LAST_FRAME|PREVIOUS_VIDEO|(IMAGE_REF|VIDEO_REF|VIDEO)_\d+)>")
_PARTS = {
    "first_frame": "the first frame",
    "last_frame": "the last frame",
    "reference": "a reference",
    "asset": "a reference for a person or thing",
    "style": "a reference for the style",
}


def _known(table: Mapping[str, Any], model: str) -> Any:
    """The entry of the longest prefix that fits; None for a family that nothing is known of."""
    return find_mapping(table, model)


# --- Gemini Omni


def omni_mapping(model: str, request: VideoGenerationRequest, *, vertex: bool, bucket: str | None) -> FieldMapping:
    """Videos through interactions. Roles of images are said in the prompt, so it depends on them."""
    roles = _ordered(image["type"] for image in request.image_list)
    seconds = _omni_seconds(model)
    mapping: dict[str, FieldMapper] = {
        "input.prompt": FieldMapper(
            ("prompt",), lambda text: _with_roles(text, roles, _worded(model, request, seconds))
        ),
        "input.first_frame": image_field_mapper("first_frame"),
        "input.last_frame": image_field_mapper("last_frame", convert=None if "first_frame" in roles else _alone),
        "input.references": _references(model),
        "input.video": media_field_mapper("video"),
        "response_format.type": constant_field_mapper("video"),
        "response_format.duration": seconds,
        "response_format.resolution": passthrough_field_mapper("resolution", allowed=tables.OMNI_RESOLUTIONS),
        "response_format.aspect_ratio": passthrough_field_mapper("aspect_ratio", allowed=tables.OMNI_RATIOS),
        "generation_config.seed": passthrough_field_mapper("seed"),
        "generate_audio": omitted_field_mapper("generate_audio", "Omni always makes sound; word it in the prompt"),
        "background": constant_field_mapper(True),
        **_delivery(vertex, bucket),
    }
    task = _task(roles, request)
    if task and "task" not in request.extra_params:
        mapping["generation_config.video_config.task"] = constant_field_mapper(task)
    return mapping if model.startswith("gemini-omni-") else {name: one.lenient() for name, one in mapping.items()}


def _delivery(vertex: bool, bucket: str | None) -> FieldMapping:
    """Videos of more than about 4 MB come as links only; on Vertex AI those need a bucket of the caller's own."""
    link = {"response_format.delivery": constant_field_mapper("uri")}
    if not vertex:
        return link
    return {**link, "response_format.gcs_uri": constant_field_mapper(bucket)} if bucket else {}


def _omni_seconds(model: str) -> FieldMapper:
    limits = _known(tables.OMNI_SECONDS, model)
    allowed = [f"{seconds}s" for seconds in range(limits[0], limits[1] + 1)] if limits else None
    return duration_field_mapper("str", allowed_values=allowed, suffix="s")


def _references(model: str) -> FieldMapper:
    many = _known(tables.OMNI_IMAGES, model)
    return images_field_mapper("reference", "asset", "style", maximum=many).lenient()


def _ordered(roles: Any) -> list[str]:
    """The parts that the images play, in the order in which they are attached."""
    frames = ("first_frame", "last_frame")
    return sorted(roles, key=lambda role: frames.index(role) if role in frames else len(frames))


def _task(roles: Sequence[str], request: VideoGenerationRequest) -> str | None:
    """The task that the inputs mean; None leaves mixtures and plain text to the model."""
    if request.video is not None:
        return "extend"
    frames = {"first_frame", "last_frame"} & set(roles)
    if frames and set(roles) - frames:
        return None
    return "image_to_video" if frames else "reference_to_video" if roles else None


def _worded(model: str, request: VideoGenerationRequest, seconds: FieldMapper) -> str:
    if request.duration_seconds is None or not model.startswith(tables.WORDED_SECONDS) or seconds.convert is None:
        return ""
    told = seconds.convert(request.duration_seconds)
    return f" The video lasts {(told.value if isinstance(told, Converted) else told)[:-1]} seconds."


def _with_roles(prompt: str, roles: Sequence[str], worded: str) -> Any:
    """The prompt with a header that gives each image its part, unless the caller's own tags do."""
    if _TAGS.search(prompt) or not (roles or worded):
        return prompt
    numbered = [(role, f"@Image{number}") for number, role in enumerate(roles, 1)]
    sources = [f"<{role.upper()}>{name}" for role, name in numbered if role.endswith("_frame")]
    others = [name for role, name in numbered if not role.endswith("_frame")]
    references = [f"<IMAGE_REF_{number}>{name}" for number, name in enumerate(others)]
    groups = [
        f"[# {title} {' '.join(tags)}]" for title, tags in (("Sources", sources), ("References", references)) if tags
    ]
    closing = "".join(f" {name} is {_PARTS[role]}." for role, name in numbered)
    text = f"{' '.join([*groups, prompt])}{closing}{worded}"
    return Converted(text, reason="what has no field of its own (parts of images, length) is said in the prompt")


def _alone(image: Any) -> Any:
    raise ValueError("a last frame needs a first frame beside it")


# --- Veo


def veo_mapping(model: str, request: VideoGenerationRequest, *, vertex: bool, bucket: str | None) -> FieldMapping:
    """Videos as long-running operations. A lone reference is the picture to start from."""
    roles = [image["type"] for image in request.image_list]
    start = ("first_frame", "reference") if roles == ["reference"] else ("first_frame",)
    with_references = bool({"reference", "asset", "style"} & set(roles)) and roles != ["reference"]
    seconds = _known(tables.VEO_SECONDS, model)
    mapping: dict[str, FieldMapper] = {
        "instances.prompt": passthrough_field_mapper("prompt"),
        "instances.image": image_field_mapper(*start),
        "instances.lastFrame": image_field_mapper("last_frame"),
        "instances.referenceImages": _veo_references("style" in roles),
        "instances.video": media_field_mapper("video"),
        "parameters.durationSeconds": duration_field_mapper(
            "int", allowed_values=seconds[-1:] if seconds and with_references else seconds
        ),
        "parameters.aspectRatio": passthrough_field_mapper("aspect_ratio", allowed=tables.VEO_RATIOS),
        "parameters.resolution": passthrough_field_mapper("resolution", allowed=_known(tables.VEO_RESOLUTIONS, model)),
        "parameters.negativePrompt": passthrough_field_mapper("negative_prompt"),
        "parameters.enhancePrompt": passthrough_field_mapper("enhance_prompt"),
    }
    if vertex:
        mapping["parameters.seed"] = passthrough_field_mapper("seed", minimum=0, maximum=tables.MAX_SEED)
        mapping["parameters.generateAudio"] = passthrough_field_mapper("generate_audio")
        mapping["parameters.storageUri"] = constant_field_mapper(bucket)
    if "number_of_videos" in request.model_fields_set:
        mapping["parameters.sampleCount"] = passthrough_field_mapper("number_of_videos", maximum=4)
    return mapping


def _veo_references(style: bool) -> FieldMapper:
    """One style image or up to three of people and things, never both."""
    kind, roles = ("STYLE", ("style",)) if style else ("ASSET", ("asset", "reference"))

    def convert(images: Sequence[Any]) -> list[Any]:
        return [{"image": image, "referenceType": kind} for image in images]

    maximum = tables.MAX_STYLES if style else tables.MAX_ASSETS
    return images_field_mapper(*roles, maximum=maximum, convert=convert)


# --- images


def image_mapping(model: str, request: ImageGenerationRequest) -> FieldMapping:
    """Images through `generateContent`; one a call. A size in pixels gives the nearest ratio and size class."""
    newest = model.startswith("gemini-3.1-flash-image")
    sizes = ("512", *tables.IMAGE_SIZES) if newest else tables.IMAGE_SIZES
    ratios = tables.IMAGE_LONG_RATIOS if newest else tables.IMAGE_RATIOS
    size = FieldMapper(("size",), lambda text: _size_class(text, sizes), allowed=sizes)
    if model.startswith("gemini-2.5-"):
        size = omitted_field_mapper("size", f"{model} has one size only")
    return {
        "contents.images": images_field_mapper(*_PARTS, maximum=tables.IMAGE_INPUTS).lenient(),
        "contents.prompt": passthrough_field_mapper("prompt"),
        "generationConfig.responseModalities": constant_field_mapper(["TEXT", "IMAGE"]),
        "generationConfig.imageConfig.imageSize": size,
        "generationConfig.imageConfig.aspectRatio": _ratio(request, ratios),
        "generationConfig.seed": passthrough_field_mapper("seed"),
    }


def imagen_mapping(model: str, request: ImageGenerationRequest, *, vertex: bool, bucket: str | None) -> FieldMapping:
    """Imagen, up to four images a call. The capability models edit: an image, and a mask whose white is the area."""
    sizes = tables.IMAGEN_SIZES
    mapping: dict[str, FieldMapper] = {
        "instances.prompt": passthrough_field_mapper("prompt"),
        "parameters.sampleCount": passthrough_field_mapper("n", maximum=4),
        "parameters.sampleImageSize": FieldMapper(("size",), lambda text: _size_class(text, sizes), allowed=sizes),
        "parameters.aspectRatio": _ratio(request, tables.IMAGEN_RATIOS),
        "parameters.includeRaiReason": constant_field_mapper(True),
    }
    if not vertex:
        return mapping
    if "-capability-" in model:
        mapping["instances.referenceImages"] = images_field_mapper("reference", "first_frame")
        mapping["instances.mask"] = media_field_mapper("mask_image")
    return {
        **mapping,
        "parameters.seed": passthrough_field_mapper("seed", minimum=0, maximum=tables.MAX_SEED),
        "parameters.negativePrompt": passthrough_field_mapper("negative_prompt"),
        "parameters.storageUri": constant_field_mapper(bucket),
    }


def _size_class(text: str, sizes: Sequence[str]) -> Any:
    if "x" not in text.lower():
        return text.upper() if text.upper() in sizes else text
    long_side = max(parse_size(text))
    name = min(sizes, key=lambda size: abs(tables.LONG_SIDES[size] - long_side))
    return Converted(name, "rounded", f"the model has size classes: {', '.join(sizes)}")


def _ratio(request: ImageGenerationRequest, ratios: Sequence[str]) -> FieldMapper:
    if request.aspect_ratio is not None or "x" not in (request.size or "").lower():
        return passthrough_field_mapper("aspect_ratio", allowed=ratios)
    return FieldMapper(("size",), lambda text: _nearest_ratio(text, ratios))


def _nearest_ratio(text: str, ratios: Sequence[str]) -> Converted:
    width, height = parse_size(text)
    name = min(ratios, key=lambda ratio: abs(_value(ratio) / (width / height) - 1))
    return Converted(name, "converted", "the nearest ratio of sides")


def _value(ratio: str) -> float:
    width, _, height = ratio.partition(":")
    return int(width) / int(height)


# --- speech


def speech_mapping(model: str, request: TTSRequest) -> FieldMapping:
    """Speech through `generateContent`. The newest models have fields of their own for voices and style."""
    settings = request.voice_settings or {}
    newest = model.startswith("gemini-3.8-")
    place = "generationConfig.speechConfig."
    named = f"{place}voiceConfig.voice" if newest else f"{place}voiceConfig.prebuiltVoiceConfig.voiceName"
    unknown = [name for name in settings if name not in ("style", "speakers")]
    return {
        "contents.text": passthrough_field_mapper("text"),
        "contents.style": passthrough_field_mapper("voice_settings.style"),
        named: _no_voice() if settings.get("speakers") else FieldMapper(("voice_id",), _voice_of(newest)),
        f"{place}multiSpeakerVoiceConfig.speakerVoiceConfigs": FieldMapper(
            ("voice_settings.speakers",), lambda speakers: _speakers(speakers, newest)
        ),
        f"{place}languageCode": passthrough_field_mapper("language_code"),
        "generationConfig.responseModalities": constant_field_mapper(["AUDIO"]),
        "local.audio_format": FieldMapper(("output_format.format",), _audio_format),
        **{f"voice_settings.{name}": _no_setting(name) for name in unknown},
    }


def _no_voice() -> FieldMapper:
    return omitted_field_mapper("voice_id", "voice_settings['speakers'] gives the voices")


def _no_setting(name: str) -> FieldMapper:
    return omitted_field_mapper(
        f"voice_settings.{name}", f"Gemini speech has no setting {name!r}, only style and speakers"
    )


def _voice_of(newest: bool) -> Any:
    def convert(voice: str) -> str:
        found = next((name for name in tables.VOICES if name.lower() == voice.lower()), None)
        if found is None and not (newest and voice.startswith(tables.STORED_VOICES)):
            raise ValueError(f"{voice[:60]!r} is not one of {', '.join(tables.VOICES)}")
        return found or voice

    return convert


def _speakers(speakers: Any, newest: bool) -> list[Any]:
    if not isinstance(speakers, Mapping) or not 1 <= len(speakers) <= tables.MAX_SPEAKERS:
        raise ValueError("speakers maps the names in the text to voices, two at most")
    voice_of = _voice_of(newest)
    configs = {name: voice_of(str(voice)) for name, voice in speakers.items()}
    return [
        {"speaker": name, "voiceConfig": {"voice": voice} if newest else {"prebuiltVoiceConfig": {"voiceName": voice}}}
        for name, voice in configs.items()
    ]


def _audio_format(wanted: str) -> Converted:
    """WAV and PCM are what there is; the usual wish for MP3 gets WAV, anything rarer is refused."""
    if wanted not in ("mp3", "wav", "pcm"):
        raise ValueError(f"{wanted[:20]!r} is not one of wav, pcm")
    made = "pcm" if wanted == "pcm" else "wav"
    return Converted(made, reason=f"the model makes {made} at {tables.SPEECH_HERTZ} Hz, mono, 16 bits")
