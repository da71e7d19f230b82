"""What ElevenLabs has: models with their limits, voices, output formats, and the plans that some of them need.

Sources: types of elevenlabs 2.78.0 (PyPI), the vendor's pages on models and on output formats, read 2026-11.
"""

from dataclasses import dataclass
from typing import Any


@dataclass(frozen=True)
class Model:
    """`longest` is in characters, `cost` in credits for a character. `language`: whether it takes a language code."""

    id: str
    longest: int = 10_000
    speaks: bool = True
    language: bool = True
    stitches: bool = True
    cost: float = 1.0

    def described(self) -> dict[str, Any]:
        return {
            "model_id": self.id,
            "name": self.id.replace("_", " ").title(),
            "can_do_text_to_speech": self.speaks,
            "can_do_voice_conversion": not self.speaks,
            "maximum_text_length_per_request": self.longest,
            "languages": [{"language_id": "en", "name": "English"}],
            "model_rates": {"character_cost_multiplier": self.cost},
        }


MODELS = {
    model.id: model
    for model in (
        Model("eleven_v4", stitches=False),
        Model("eleven_v4_turbo", stitches=False, cost=0.5),
        Model("eleven_v3", 5000, stitches=False),
        Model("eleven_v3_conversational", 5000, stitches=False),
        Model("eleven_multilingual_v2", language=False),
        Model("eleven_flash_v2_5", 40_000, cost=0.5),
        Model("eleven_turbo_v2_5", 40_000, cost=0.5),
        Model("eleven_flash_v2", 30_000, language=False, cost=0.5),
        Model("eleven_turbo_v2", 30_000, language=False, cost=0.5),
        Model("eleven_multilingual_v1"),
        Model("eleven_monolingual_v1", language=False),
        Model("eleven_multilingual_sts_v2", speaks=False),
        Model("eleven_english_sts_v2", speaks=False),
    )
}
CREDITS_PER_SECOND = 12
"""What a second of a recording costs in another voice."""


@dataclass(frozen=True)
class Voice:
    """A voice of the account or of the library."""

    id: str
    name: str
    category: str = "premade"
    language: str = "en"

    def described(self) -> dict[str, Any]:
        return {
            "voice_id": self.id,
            "name": self.name,
            "category": self.category,
            "labels": {"language": self.language, "accent": "neutral"},
            "preview_url": f"https://storage.example/{self.id}.mp3",
            "settings": {"stability": 0.5, "similarity_boost": 0.75, "style": 0.0, "use_speaker_boost": True},
        }


NAMES = ("Ada", "Bela", "Cora", "Dara", "Emil", "Fynn", "Gala", "Hugo", "Ines", "Juno", "Kaya", "Levi")
VOICES = (
    Voice("JBFqnCBsd6RMkjVDRZzb", "George"),
    *(Voice(f"{name}{number:016d}", name, "cloned", "de") for number, name in enumerate(NAMES)),
)
"""A voice that the vendor's pages speak with, and as many of the account as make more than a page of ten."""


@dataclass(frozen=True)
class OutputFormat:
    """One of the vendor's formats: `form` as in `sounds.FORMS`, Hz, kbit/s."""

    form: str
    sample_rate: int
    bitrate: int | None = None

    @property
    def name(self) -> str:
        return "_".join(str(part) for part in (self.form, self.sample_rate, self.bitrate) if part)


_RATES = (8000, 16_000, 22_050, 24_000, 32_000, 44_100, 48_000)
FORMATS = {
    one.name: one
    for one in (
        OutputFormat("mp3", 22_050, 32),
        OutputFormat("mp3", 24_000, 48),
        *(OutputFormat("mp3", 44_100, bitrate) for bitrate in (32, 64, 96, 128, 192)),
        *(OutputFormat(form, rate) for form in ("pcm", "wav") for rate in _RATES),
        *(OutputFormat("opus", 48_000, bitrate) for bitrate in (32, 64, 96, 128, 192)),
        OutputFormat("ulaw", 8000),
        OutputFormat("alaw", 8000),
    )
}
CONTENT_TYPES = {
    "mp3": "audio/mpeg",
    "pcm": "audio/pcm",
    "wav": "audio/wav",
    "opus": "audio/ogg",
    "ulaw": "audio/basic",
    "alaw": "audio/x-alaw-basic",
}
TIERS = ("free", "starter", "creator", "pro", "scale", "business")
WANTED_TIERS = {"mp3_44100_192": "creator", "pcm_44100": "pro", "wav_44100": "pro"}
