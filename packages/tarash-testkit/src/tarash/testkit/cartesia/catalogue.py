"""What Cartesia has: versions of its interface, models, languages, voices and output formats.

Sources: types of cartesia 4.2.0 (PyPI) and its predecessors; the vendor's pages, read 2026-11. sonic-3.6 is not in
those types, but other public clients use it.
"""

from dataclasses import dataclass
from typing import Any
from uuid import NAMESPACE_URL, uuid5

VERSIONS = (
    *("2024-06-10", "2024-11-13", "2025-04-16", "2025-11-04"),
    *("2026-03-01", "2026-08-14"),
)
JSON_ERRORS_SINCE = "2026-03-01"
PLAIN_VOICE_SINCE = "2026-08-14"

MODELS = frozenset(
    {
        *("sonic-3.6", "sonic-3.6-2026-08-27", "sonic-3.5", "sonic-3.5-2026-05-04"),
        *("sonic-3", "sonic-3-2026-01-12", "sonic-3-2025-10-27", "sonic-latest"),
    }
)

LANGUAGES = frozenset(
    {
        *("en", "fr", "de", "es", "pt", "zh", "ja", "hi", "it", "ko", "nl"),
        *("pl", "ru", "sv", "tr", "tl", "bg", "ro", "ar", "cs", "el", "fi"),
        *("hr", "ms", "sk", "da", "ta", "uk", "hu", "no", "vi", "bn", "th"),
        *("he", "ka", "id", "te", "gu", "kn", "ml", "mr", "pa", "or", "ur"),
    }
)
CREDITS_PER_CHARACTER = 1
CREDITS_PER_SECOND = 15
"""What a second of a recording costs in another voice."""

FORMS = {
    ("mp3", None): "mp3",
    ("wav", "pcm_s16le"): "wav",
    ("wav", "pcm_f32le"): "wav float",
    ("wav", "pcm_mulaw"): "wav ulaw",
    ("wav", "pcm_alaw"): "wav alaw",
    ("raw", "pcm_s16le"): "pcm",
    ("raw", "pcm_f32le"): "float",
    ("raw", "pcm_mulaw"): "ulaw",
    ("raw", "pcm_alaw"): "alaw",
}
"""The form, as in `sounds.FORMS`, of each container and encoding."""
CONTENT_TYPES = {"mp3": "audio/mpeg", "wav": "audio/wav", "raw": "audio/pcm"}


@dataclass(frozen=True)
class Voice:
    """A voice of the account or of the library."""

    id: str
    name: str
    language: str = "en"
    gender: str = "feminine"
    is_owner: bool = False

    def described(self, *, preview: bool = False) -> dict[str, Any]:
        region = {"en": "US", "hi": "IN"}.get(self.language, self.language.upper())
        return {
            "id": self.id,
            "name": self.name,
            "tagline": "Calm narrator",
            "description": f"{self.name} reads as if there were time.",
            "language": self.language,
            "locales": [{"locale": f"{self.language}-{region}", "is_native": True}],
            "gender": self.gender,
            "access": "private" if self.is_owner else "public",
            "visibility": "owner" if self.is_owner else "all",
            "is_owner": self.is_owner,
            "created_at": "2026-08-20T10:00:00Z",
            **({"preview_file_url": f"https://files.example/{self.id}"} if preview else {}),
        }


EXAMPLE_VOICE = "6ccbfb76-1fc6-48f7-b71d-91ac6298247b"
"""A voice of the vendor's public library, which its pages take for examples."""
VOICES = (
    Voice(EXAMPLE_VOICE, "Ayla"),
    *(
        Voice(str(uuid5(NAMESPACE_URL, name)), name, language, gender, is_owner=name in ("Hana", "Ilka"))
        for name, language, gender in (
            *(("Bram", "en", "masculine"), ("Chiara", "it", "feminine"), ("Dieter", "de", "masculine")),
            *(("Esra", "tr", "feminine"), ("Farid", "ar", "masculine"), ("Gita", "hi", "feminine")),
            *(("Hana", "ja", "feminine"), ("Ilka", "en", "gender_neutral"), ("Jules", "fr", "masculine")),
            *(("Kiri", "en", "feminine"), ("Lars", "sv", "masculine")),
        )
    ),
)
"""Twelve voices: more than a page of the vendor's usual ten."""
