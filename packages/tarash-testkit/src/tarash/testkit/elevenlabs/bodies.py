"""What ElevenLabs takes, judged as its framework does. Unknown names are refused, which the vendor may not do.

Source: signatures and types of elevenlabs 2.78.0 (PyPI).
"""

import json
from typing import Annotated, Any, Literal, TypeVar

from pydantic import AfterValidator, BaseModel, ConfigDict, Field
from pydantic_core import PydanticCustomError

from tarash.testkit.elevenlabs import errors
from tarash.testkit.elevenlabs.catalogue import FORMATS
from tarash.testkit.requests import RecordedRequest
from tarash.testkit.speech import judged


class Fields(BaseModel):
    """Names that are not known are refused."""

    model_config = ConfigDict(extra="forbid")


def known_format(name: str) -> str:
    if name not in FORMATS:
        raise PydanticCustomError("enum", "Input should be one of {values}", {"values": ", ".join(FORMATS)})
    return name


def streamed_format(name: str) -> str:
    if name.startswith("wav"):
        raise PydanticCustomError("enum", "Input should be a format that can be streamed")
    return known_format(name)


class Query(Fields):
    """The query of every request that makes sound."""

    output_format: Annotated[str, AfterValidator(known_format)] = "mp3_44100_128"
    enable_logging: bool = True
    optimize_streaming_latency: Annotated[int, Field(ge=0, le=4)] | None = None


class StreamQuery(Query):
    """The same for streams."""

    output_format: Annotated[str, AfterValidator(streamed_format)] = "mp3_44100_128"


Share = Annotated[float, Field(ge=0, le=1)] | None


class VoiceSettings(Fields):
    """How a voice speaks."""

    stability: Share = None
    similarity_boost: Share = None
    style: Share = None
    clone_strength: Share = None
    use_speaker_boost: bool | None = None
    speed: Annotated[float, Field(ge=0.25, le=4)] | None = None


class Locator(Fields):
    """A pronunciation dictionary."""

    pronunciation_dictionary_id: str
    version_id: str | None = None


class Effects(Fields):
    """Effects that are laid over the speech."""

    filter_preset_id: str | None = None
    distance: float | None = None
    environment_id: str | None = None
    background_noise_id: str | None = None
    send_level: float | None = None
    pan: float | None = None


Seed = Annotated[int, Field(ge=0, le=4_294_967_295)] | None
RequestIds = Annotated[list[str], Field(max_length=3)] | None


class Speech(Fields):
    """The body of a text-to-speech request."""

    text: str
    model_id: str = "eleven_multilingual_v2"
    language_code: Annotated[str, Field(pattern=r"^[a-z]{2,3}$")] | None = None
    voice_settings: VoiceSettings | None = None
    pronunciation_dictionary_locators: Annotated[list[Locator], Field(max_length=3)] | None = None
    seed: Seed = None
    previous_text: str | None = None
    next_text: str | None = None
    previous_request_ids: RequestIds = None
    next_request_ids: RequestIds = None
    apply_text_normalization: Literal["auto", "on", "off"] = "auto"
    apply_language_text_normalization: bool = False
    use_pvc_as_ivc: bool = False
    audio_effects: Effects | None = None

    @property
    def stitched(self) -> bool:
        return any((self.previous_text, self.next_text, self.previous_request_ids, self.next_request_ids))


class Conversion(Fields):
    """The parts of a voice-changer request."""

    audio: bytes
    model_id: str = "eleven_english_sts_v2"
    voice_settings: VoiceSettings | None = None
    seed: Seed = None
    remove_background_noise: bool = False
    file_format: Literal["other", "pcm_s16le_16"] = "other"


Judged = TypeVar("Judged", bound=Fields)


def query_of(request: RecordedRequest, kind: type[Judged]) -> Judged:
    return judged(kind, lambda: dict(request.query), "query", errors.invalid)


def form_of(request: RecordedRequest) -> dict[str, Any]:
    """The parts by name; settings are a text with JSON in it."""
    parts = request.parts
    texts = {part.name or "": part.text for part in parts if part.file_name is None}
    files = {part.name or "": part.content for part in parts if part.file_name is not None}
    settings = {"voice_settings": json.loads(texts["voice_settings"])} if "voice_settings" in texts else {}
    return {**texts, **settings, **files}
