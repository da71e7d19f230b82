"""What Sarvam takes, judged field by field. Unknown names are refused, which the vendor may not do.

Source: signatures of sarvamai 0.1.39 (PyPI). `target_language_code` is the older name of `language_code`, which clients
of 2026-10 still send.
"""

from typing import Literal

from pydantic import AliasChoices, BaseModel, ConfigDict, Field

from tarash.testkit.sarvam.catalogue import BITRATES, DEFAULT_MODEL, DEFAULT_RATE, FORMS

_LANGUAGE_NAMES = AliasChoices("language_code", "target_language_code")


class Speech(BaseModel):
    """The body of a text-to-speech request. Numbers are judged by what the model takes."""

    model_config = ConfigDict(extra="forbid")

    text: str
    language_code: str = Field(validation_alias=_LANGUAGE_NAMES)
    speaker: str | None = None
    model: str = DEFAULT_MODEL
    pace: float | None = None
    temperature: float | None = None
    pitch: float | None = None
    loudness: float | None = None
    enable_preprocessing: bool | None = None
    enable_cached_responses: bool | None = None
    dict_id: str | None = None
    speech_sample_rate: int = DEFAULT_RATE
    output_audio_codec: Literal[tuple(FORMS)] = "wav"  # type: ignore[valid-type]


class StreamedSpeech(Speech):
    """The same for a stream; here the bit rate can be chosen, and the language left out."""

    language_code: str | None = Field(None, validation_alias=_LANGUAGE_NAMES)  # type: ignore[assignment]
    output_audio_codec: Literal[tuple(FORMS)] = "mp3"  # type: ignore[valid-type]
    output_audio_bitrate: Literal[BITRATES] | None = None  # type: ignore[valid-type]
