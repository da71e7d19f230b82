"""The speakers, which belong to a model each.

Source: types of sarvamai 0.1.39 (PyPI, 2026-10-26), in `voices.json`.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from tarash.tarash_gateway.models import Voice
from tarash.tarash_gateway.providers.catalogues import bundled_json


def speakers(model: str | None) -> Sequence[Voice]:
    """The speakers of `model`; those of all models where it is not known."""
    by_model = _by_model()
    names = by_model.get(model or "") or [name for names in by_model.values() for name in names]
    return [_voice(name) for name in names]


def models_of(speaker: str) -> list[str]:
    """The models that a speaker belongs to; none for one that is not known."""
    return [model for model, names in _by_model().items() if speaker in names]


def _by_model() -> Mapping[str, Sequence[str]]:
    by_model: Mapping[str, Sequence[str]] = bundled_json("tarash.providers.sarvam", "voices.json")
    return by_model


def _voice(speaker: str) -> Voice:
    """The newest speakers are called NAME_LANGUAGES_STYLE, such as shubh_enhi_ads."""
    name, languages, *style = [*speaker.split("_"), ""]
    codes = tuple(f"{languages[at : at + 2]}-IN" for at in range(0, len(languages), 2))
    return Voice(id=speaker, name=name.title(), languages=codes, description=" ".join(style).strip() or None)
