"""Requests: what to generate. Keyword arguments that are not fields are kept in `extra_params`."""

from __future__ import annotations

from typing import Annotated, Any, Literal, TypedDict

from pydantic import AfterValidator, BeforeValidator, Field, PlainSerializer, model_validator

from tarash.tarash_gateway.media_forms import MediaType, check_media
from tarash.tarash_gateway.models.base import MediaField, Model, media_to_json

Resolution = Literal["360p", "480p", "720p", "1080p", "4k"]
AspectRatio = Literal["16:9", "9:16", "1:1", "4:3", "21:9"]
ImageRole = Literal["reference", "first_frame", "last_frame", "asset", "style"]
ROLES = ("reference", "first_frame", "last_frame", "asset", "style")


def sendable_text(value: str) -> str:
    try:
        value.encode()
    except UnicodeEncodeError as error:
        raise ValueError(f"the text holds half a character (a lone surrogate) at position {error.start}") from None
    return value


Text = Annotated[str, AfterValidator(sendable_text)]
Voice = Annotated[str, Field(min_length=1), AfterValidator(sendable_text)]


class ImageType(TypedDict):
    """An input image and the part it plays."""

    image: MediaType
    type: ImageRole


def as_image(value: Any) -> ImageType:
    """Plain media is a reference image."""
    if isinstance(value, dict) and "image" in value:
        role = value.get("type", "reference")
        if role not in ROLES or set(value) - {"image", "type"}:
            raise ValueError(f"an image is given as {{'image': ..., 'type': one of {', '.join(ROLES)}}}")
        return {"image": check_media(value["image"]), "type": role}
    return {"image": check_media(value), "type": "reference"}


def as_images(value: Any) -> Any:
    if value is None:
        return []
    if not isinstance(value, list | tuple):
        raise ValueError("image_list must be a list")
    return [as_image(item) for item in value]


def images_to_json(images: list[ImageType]) -> list[dict[str, str]]:
    return [{"image": media_to_json(image["image"]), "type": image["type"]} for image in images]


Images = Annotated[list[Any], BeforeValidator(as_images), PlainSerializer(images_to_json, when_used="json")]


class GenerationRequest(Model):
    """What all requests share: parameters of the vendor's own, sent under their own names."""

    extra_params: dict[str, Any] = Field(default_factory=dict)

    @model_validator(mode="before")
    @classmethod
    def _capture_unknown(cls, values: Any) -> Any:
        if not isinstance(values, dict) or values.keys() <= cls.model_fields.keys():
            return values
        known = {name: value for name, value in values.items() if name in cls.model_fields}
        unknown = {name: value for name, value in values.items() if name not in cls.model_fields}
        explicit = known.get("extra_params") or {}
        # What is no dict is left to the field's own check.
        return {**known, "extra_params": {**explicit, **unknown}} if isinstance(explicit, dict) else known


class VideoGenerationRequest(GenerationRequest):
    """A video to be made. `duration_seconds` may be rounded by the provider; the response's `parameters` tell.

    `audio` is speech or music that the video follows, for models of talking heads and the like.
    `resolution` and `aspect_ratio` are usually one of `Resolution` and `AspectRatio`; some models take others.
    """

    prompt: Text
    duration_seconds: Annotated[int | float, Field(gt=0, allow_inf_nan=False)] | None = None
    resolution: Resolution | str | None = None
    aspect_ratio: AspectRatio | str | None = None
    generate_audio: bool | None = None
    image_list: Images = Field(default_factory=list)
    video: MediaField | None = None
    audio: MediaField | None = None
    seed: int | None = None
    number_of_videos: int = Field(default=1, ge=1)
    negative_prompt: Text | None = None
    enhance_prompt: bool | None = None


class ImageGenerationRequest(GenerationRequest):
    """An image to be made. `size` is "WIDTHxHEIGHT" in pixels; in `mask_image` white marks the area to edit."""

    prompt: Text
    negative_prompt: Text | None = None
    size: str | None = None
    quality: str | None = None
    style: str | None = None
    n: int | None = Field(default=None, ge=1)
    aspect_ratio: AspectRatio | str | None = None
    image_list: Images = Field(default_factory=list)
    mask_image: MediaField | None = None
    seed: int | None = None
    enhance_prompt: bool | None = None


class AudioOutputFormat(Model):
    """`sample_rate` is in Hz, `bitrate` in kbit/s."""

    format: Literal["mp3", "wav", "pcm", "flac", "opus"] | str = "mp3"
    sample_rate: int | None = Field(default=None, gt=0)
    bitrate: int | None = Field(default=None, gt=0)


def default_audio_format() -> AudioOutputFormat:
    return AudioOutputFormat(format="mp3", sample_rate=44100, bitrate=128)


class TTSRequest(GenerationRequest):
    """Text to be spoken.

    A text longer than the model takes is refused before anything is paid. With `split_text` it is cut at the ends of
    sentences, each piece is bought by a request of its own, and their sound is joined.
    """

    text: Text
    voice_id: str | None = None
    output_format: AudioOutputFormat = Field(default_factory=default_audio_format)
    language_code: str | None = None
    voice_settings: dict[str, Any] | None = None
    split_text: bool = False


class STSRequest(GenerationRequest):
    """Speech to be spoken by another voice. `prompt` tells models that can be told how."""

    audio: MediaField
    prompt: Text | None = None
    voice_id: Voice
    output_format: AudioOutputFormat = Field(default_factory=default_audio_format)
    voice_settings: dict[str, Any] | None = None
