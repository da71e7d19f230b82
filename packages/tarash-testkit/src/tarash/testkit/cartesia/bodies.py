"""What Cartesia takes, judged field by field. Unknown names are refused, which the vendor may not do.

Source: signatures and types of cartesia 4.2.0 (PyPI).
"""

import re
from typing import Annotated, Any, Literal

from pydantic import BaseModel, ConfigDict, Field, TypeAdapter, ValidationError, model_validator

from tarash.testkit.cartesia.catalogue import CONTENT_TYPES, FORMS
from tarash.testkit.requests import RecordedRequest

Rate = Literal[8000, 16000, 22050, 24000, 44100, 48000]
Encoding = Literal["pcm_s16le", "pcm_f32le", "pcm_mulaw", "pcm_alaw"]


class Fields(BaseModel):
    """Names that are not known are refused."""

    model_config = ConfigDict(extra="forbid")


class Uncompressed(Fields):
    """Samples, bare or in a WAV file."""

    container: Literal["raw", "wav"]
    encoding: Encoding
    sample_rate: Rate


class Mp3(Fields):
    """`bit_rate` is in bits a second."""

    container: Literal["mp3"]
    sample_rate: Rate
    bit_rate: Literal[32000, 64000, 96000, 128000, 192000]


Format = Annotated[Uncompressed | Mp3, Field(discriminator="container")]


class GenerationConfig(Fields):
    """How a voice speaks."""

    speed: Annotated[float, Field(ge=0.6, le=1.5)] | None = None
    volume: Annotated[float, Field(ge=0.5, le=2)] | None = None
    emotion: str | None = None


class Speech(Fields):
    """The body of a text-to-speech request. `voice` is judged by the version of the interface."""

    model_id: str
    transcript: Annotated[str, Field(min_length=1)]
    voice: str | dict[str, Any]
    output_format: Format
    language: str | None = None
    locale: str | None = None
    normalization: str | None = None
    generation_config: GenerationConfig | None = None
    pronunciation_dict_id: str | None = None
    save: bool | None = None
    speed: Literal["slow", "normal", "fast"] | None = None

    @model_validator(mode="after")
    def _one_language(self) -> "Speech":
        if self.language and self.locale:
            raise ValueError("A request may set language or locale, never both")
        return self


class Events(Speech):
    """The same for a stream of events."""

    add_timestamps: bool | None = None
    add_phoneme_timestamps: bool | None = None
    use_normalized_timestamps: bool | None = None
    context_id: str | None = None

    @model_validator(mode="after")
    def _bare_samples(self) -> "Events":
        if self.output_format.container != "raw":
            raise ValueError("Only the raw container is supported for events")
        return self


class Conversion(Fields):
    """The parts of a voice-changer request."""

    clip: bytes
    voice: dict[Literal["id"], str]
    output_format: Format


class Listing(Fields):
    """The query of the list of voices."""

    limit: Annotated[int, Field(ge=1, le=100)] = 10
    q: str | None = None
    gender: Literal["masculine", "feminine", "gender_neutral"] | None = None
    is_owner: bool | None = None
    starting_after: str | None = None
    ending_before: str | None = None
    expand: list[Literal["preview_file_url"]] = []


def form_of(wanted: Uncompressed | Mp3) -> str:
    """The form, as in `sounds.FORMS`."""
    return FORMS[wanted.container, getattr(wanted, "encoding", None)]


def content_type(wanted: Uncompressed | Mp3) -> str:
    return CONTENT_TYPES[wanted.container]


def bitrate(wanted: Uncompressed | Mp3) -> int | None:
    """In kbit/s."""
    return wanted.bit_rate // 1000 if isinstance(wanted, Mp3) else None


_BRACKETS = re.compile(r"(\w+)\[(\w*)\]\Z")
_NUMBERS = TypeAdapter(int)


def parts_of(request: RecordedRequest) -> dict[str, Any]:
    """The parts by name; `name[key]` is a member of an object, and what is all digits a number."""
    values: dict[str, Any] = {}
    for part in request.parts:
        value: Any = part.content if part.file_name is not None else part.text
        _put(values, part.name or "", value)
    return values


def query_of(request: RecordedRequest) -> dict[str, Any]:
    """The query by name; `name[]` is one of a list."""
    values: dict[str, Any] = {}
    for name, value in request.query:
        _put(values, name, value)
    return values


def _put(values: dict[str, Any], name: str, value: Any) -> None:
    match = _BRACKETS.match(name)
    if match is None:
        values[name] = value
    elif match[2]:
        values.setdefault(match[1], {})[match[2]] = _as_number(value)
    else:
        values.setdefault(match[1], []).append(value)


def _as_number(value: Any) -> Any:
    try:
        return _NUMBERS.validate_python(value)
    except ValidationError:
        return value
