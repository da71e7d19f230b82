"""Speech that is heard while it is still being made."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Literal


@dataclass(frozen=True, slots=True)
class Timing:
    """When a piece of the text is spoken, in seconds from the start of the audio."""

    text: str
    start: float
    end: float
    unit: Literal["word", "character"] = "word"


@dataclass(frozen=True, slots=True)
class AudioChunk:
    """The next piece of the audio; all pieces joined are the audio. Some carry only timings, and no bytes."""

    audio: bytes = field(default=b"", repr=False)
    timings: tuple[Timing, ...] = ()
    content_type: str | None = None
