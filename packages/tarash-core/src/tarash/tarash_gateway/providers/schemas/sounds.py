"""Field mappers for what models of speech want in forms of their own: languages, formats and voices."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from tarash.tarash_gateway.providers.field_mappers import Converted, FieldMapper, Omit
from tarash.tarash_gateway.providers.schemas.inputs import Input
from tarash.tarash_gateway.providers.schemas.values import listed

USUAL_FORMAT = "mp3"
"""The format of a request that names none."""

_LANGUAGES = """
    af Afrikaans, ar Arabic, bg Bulgarian, ca Catalan, cs Czech, da Danish, de German, el Greek, en English, es Spanish,
    fi Finnish, fr French, he Hebrew, hi Hindi, hr Croatian, hu Hungarian, id Indonesian, it Italian, ja Japanese,
    ko Korean, ms Malay, nb Norwegian, nl Dutch, nn Nynorsk, no Norwegian, pl Polish, pt Portuguese, ro Romanian,
    ru Russian, sk Slovak, sl Slovenian, sv Swedish, th Thai, tr Turkish, uk Ukrainian, vi Vietnamese, zh Chinese
"""
LANGUAGES = {entry.split()[0]: entry.split()[1] for entry in _LANGUAGES.split(",")} | {"yue": "Chinese,Yue"}
"""ISO 639 codes and the names that models use for them."""


def language_mapper(value: Input) -> FieldMapper:
    """`language_code` (ISO) as the model spells languages: by code, or by English name where it lists names."""
    spelled = {str(one).lower(): one for one in value.allowed or ()}

    def convert(code: str) -> Any:
        base = code.replace("_", "-").partition("-")[0].lower()
        for wanted in (code, code.replace("_", "-"), LANGUAGES.get(base, code), base):
            if wanted.lower() in spelled:
                return spelled[wanted.lower()]
        return code

    return FieldMapper(("language_code",), convert)


def nearest_mapper(source: str, value: Input, factor: int = 1) -> FieldMapper:
    """A number, times `factor`; of a list of numbers the nearest."""
    known = {int(str(one)): one for one in value.allowed or () if str(one).isdigit()}

    def convert(number: int) -> Any:
        wanted = number * factor
        if not known:
            return wanted
        nearest = min(known, key=lambda one: abs(one - wanted))
        return known[nearest] if nearest == wanted else Converted(known[nearest], "rounded", f"of {listed(known)}")

    return FieldMapper((source,), convert)


def code_mapper(value: Input) -> FieldMapper:
    """An output format in one word, such as "mp3_44100_128" (ElevenLabs), "ogg_opus" or plain "mp3"."""
    allowed = [str(one) for one in value.allowed or ()]

    def convert(wanted: Any) -> Any:
        fitting = [one for one in allowed if wanted.format in one.split("_")[:2]]
        return (
            min(fitting, key=lambda one: _distance(one, wanted)) if fitting else _other_format(wanted.format, allowed)
        )

    return FieldMapper(("output_format",), convert)


def _other_format(wanted: str, allowed: Sequence[Any]) -> str:
    """A format that the model does not list. The usual one gives way, for most callers never asked for it."""
    if allowed and wanted == USUAL_FORMAT:
        raise Omit(f"the model makes {listed(allowed)}")
    return wanted


def _distance(code: str, wanted: Any) -> tuple[int, int]:
    numbers = [int(part) for part in code.split("_")[1:] if part.isdigit()] + [0, 0]
    return abs(numbers[0] - (wanted.sample_rate or 0)), abs(numbers[1] - (wanted.bitrate or 0))


def voice_mapper(value: Input, *, strict: bool) -> FieldMapper:
    """A voice as an object: its id, and `voice_settings` beside it. With `strict`, settings it lacks are refused."""
    identity = next((name for name in ("voice_id", "id", "voice") if name in value.fields), "voice_id")
    known = [name for name in value.fields if name != identity]

    def convert(found: Mapping[str, Any]) -> dict[str, Any]:
        settings = dict(found.get("voice_settings") or {})
        unknown = [name for name in settings if name not in known]
        if unknown and strict:
            raise ValueError(f"the model has no voice setting {listed(unknown)}; it has {listed(known)}")
        return {**settings, identity: found["voice_id"]} if "voice_id" in found else settings

    return FieldMapper(("voice_id", "voice_settings"), convert, together=True)


def word_mapper(value: Input) -> FieldMapper:
    """The name of an audio format."""
    allowed = value.allowed or ()

    def convert(wanted: str) -> str:
        return wanted if wanted in allowed else _other_format(wanted, allowed)

    return FieldMapper(("output_format.format",), convert, allowed=value.allowed)


def format_mappers(name: str, value: Input) -> dict[str, FieldMapper]:
    """The parts of an audio format given as an object. Bitrates are in bit/s there, in kbit/s with us."""
    found: dict[str, FieldMapper] = {}
    if (kind := value.fields.get("format")) is not None:
        found[f"{name}.format"] = word_mapper(kind)
    if (rate := value.fields.get("sample_rate")) is not None:
        found[f"{name}.sample_rate"] = nearest_mapper("output_format.sample_rate", rate)
    if (bitrate := value.fields.get("bitrate")) is not None:
        found[f"{name}.bitrate"] = nearest_mapper("output_format.bitrate", bitrate, 1000)
    return found
