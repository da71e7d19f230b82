"""What Sarvam has: models with their limits, languages, speakers, codecs and sample rates.

Sources: types and texts of sarvamai 0.1.39 (PyPI); what other clients do where those leave a question open, 2026-10.
"""

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cache
from importlib import resources

Limits = tuple[float, float]


@dataclass(frozen=True)
class Model:
    """`longest` is in characters, `pitch` and `loudness` are None where the model has no such setting."""

    id: str
    longest: int = 2500
    pace: Limits = (0.5, 2.0)
    pitch: Limits | None = None
    loudness: Limits | None = None
    high_rates: bool = True
    opus: bool = False
    ended: bool = False

    @property
    def speakers(self) -> Sequence[str]:
        return _speakers()[self.id]

    @property
    def limits(self) -> Mapping[str, Limits | None]:
        return {"pace": self.pace, "pitch": self.pitch, "loudness": self.loudness, "temperature": (0.01, 1.0)}


MODELS = {
    model.id: model
    for model in (
        Model("bulbul:v3"),
        # The SDK's texts deny pitch and loudness to this model; the vendor's page on it and other clients send them.
        Model("bulbul:v4-flash", pitch=(-0.75, 0.75), loudness=(0.1, 3.0)),
        Model(
            "bulbul:v2",
            longest=1500,
            pace=(0.3, 3.0),
            pitch=(-0.75, 0.75),
            loudness=(0.3, 3.0),
            high_rates=False,
            opus=True,
            ended=True,
        ),
    )
}
DEFAULT_MODEL = "bulbul:v3"
LONGEST_STREAMED = 3500
LANGUAGES = tuple(f"{code}-IN" for code in ("bn", "en", "gu", "hi", "kn", "ml", "mr", "od", "pa", "ta", "te"))

FORMS = {
    "mp3": "mp3",
    "linear16": "pcm",
    "mulaw": "ulaw",
    "alaw": "alaw",
    "opus": "opus",
    "flac": "flac",
    "aac": "aac",
    "wav": "wav",
}
"""The form, as in `sounds.FORMS`, of each codec."""
CONTENT_TYPES = {
    "mp3": "audio/mpeg",
    "linear16": "audio/pcm",
    "mulaw": "audio/basic",
    "alaw": "audio/x-alaw-basic",
    "opus": "audio/ogg",
    "flac": "audio/flac",
    "aac": "audio/aac",
    "wav": "audio/wav",
}
BITRATES = ("32k", "64k", "96k", "128k", "192k")
RATES = (8000, 16_000, 22_050, 24_000)
HIGH_RATES = (32_000, 44_100, 48_000)
OPUS_RATES = (8000, 12_000, 16_000, 24_000, 48_000)
DEFAULT_RATE = 22_050


@cache
def _speakers() -> Mapping[str, Sequence[str]]:
    speakers: Mapping[str, Sequence[str]] = json.loads(
        (resources.files(__package__ or "") / "speakers.json").read_text("utf-8")
    )
    return speakers
