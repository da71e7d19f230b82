"""What Hume takes, judged as its framework does. Unknown names are refused, which the vendor may not do.

Source: signatures and types of hume 0.14.1 (PyPI).
"""

import json
from typing import Annotated, Any, Literal, Self

from pydantic import BaseModel, ConfigDict, Field, model_validator

from tarash.testkit.requests import RecordedRequest


class Fields(BaseModel):
    """Names that are not known are refused."""

    model_config = ConfigDict(extra="forbid")


class VoiceChoice(Fields):
    """A voice by its id or by its name. Without a provider it is one of the account's own."""

    id: str | None = None
    name: str | None = None
    provider: Literal["HUME_AI", "CUSTOM_VOICE"] = "CUSTOM_VOICE"

    @model_validator(mode="after")
    def one_of_both(self) -> Self:
        if (self.id is None) == (self.name is None):
            raise ValueError("either id or name must be given")
        return self


class Utterance(Fields):
    """One text to be spoken."""

    text: Annotated[str, Field(max_length=5000)]
    voice: VoiceChoice | None = None
    description: Annotated[str, Field(max_length=1000)] | None = None
    speed: Annotated[float, Field(ge=0.5, le=2)] | None = None
    trailing_silence: Annotated[float, Field(ge=0, le=5)] | None = None


class Format(Fields):
    """The container; the sample rate is always the same."""

    type: Literal["mp3", "wav", "pcm"] = "mp3"


class Context(Fields):
    """What was spoken before."""

    generation_id: str | None = None
    utterances: list[Utterance] | None = None


class Speech(Fields):
    """The body of a text-to-speech request; `instant_mode` is on by default where the answer is streamed."""

    utterances: Annotated[list[Utterance], Field(min_length=1)]
    format: Format = Format()
    version: Literal["1", "2"] | None = None
    num_generations: Annotated[int, Field(ge=1, le=5)] = 1
    split_utterances: bool = True
    strip_headers: bool = False
    temperature: Annotated[float, Field(ge=0.1, le=1)] | None = None
    include_timestamp_types: list[Literal["word", "phoneme"]] = []
    context: Context | None = None
    instant_mode: bool | None = None

    @property
    def text(self) -> str:
        return " ".join(utterance.text for utterance in self.utterances)

    @property
    def has_voice(self) -> bool:
        return self.utterances[0].voice is not None


class Conversion(Fields):
    """The parts of a voice conversion."""

    audio: bytes
    voice: VoiceChoice | None = None
    format: Format = Format()
    strip_headers: bool = False
    context: Context | None = None
    include_timestamp_types: list[Literal["word", "phoneme"]] = []


def form_of(request: RecordedRequest) -> dict[str, Any]:
    """The parts by name: all but the file are JSON. What is null was not set: the vendor's SDK sends such parts."""
    parts = request.parts
    values = {part.name or "": json.loads(part.content) for part in parts if part.file_name is None}
    files = {part.name or "": part.content for part in parts if part.file_name is not None}
    return {**{name: value for name, value in values.items() if value is not None}, **files}
