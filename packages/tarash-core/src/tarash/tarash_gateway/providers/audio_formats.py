"""Audio formats: from what a caller asked for to the nearest that a vendor offers, and what the difference is."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any, NamedTuple

from tarash.tarash_gateway.models import AudioOutputFormat
from tarash.tarash_gateway.providers.field_mappers import Converted, FieldMapper

CONTENT_TYPES = {
    "mp3": "audio/mpeg",
    "wav": "audio/wav",
    "pcm": "audio/pcm",
    "flac": "audio/flac",
    "opus": "audio/ogg",
}


class Offer(NamedTuple):
    """One combination that a vendor makes: `rate` in Hz, `bitrate` in kbit/s (None where nothing is to choose)."""

    rate: int
    bitrate: int | None = None


Offers = Mapping[str, Sequence[Offer]]
"""Per format the combinations, the vendor's usual one first."""


def offers(rates: Sequence[int], bitrates: Sequence[int | None] = (None,)) -> list[Offer]:
    """Every combination of rates and bit rates; the first of each is the usual one."""
    return [Offer(rate, bitrate) for rate in rates for bitrate in bitrates]


def nearest_offer(wanted: AudioOutputFormat, table: Offers) -> Offer:
    """The offer that comes nearest: first by sample rate, then by bit rate. Raises ValueError for an unknown format."""
    choices = table.get(wanted.format)
    if not choices:
        raise ValueError(f"the vendor makes {', '.join(table)}, not {wanted.format!r}")
    rate = choices[0].rate if wanted.sample_rate is None else wanted.sample_rate
    best = min(abs(offer.rate - rate) for offer in choices)
    same_rate = [offer for offer in choices if abs(offer.rate - rate) == best]
    bitrate = wanted.bitrate
    return (
        same_rate[0] if bitrate is None else min(same_rate, key=lambda offer: abs((offer.bitrate or bitrate) - bitrate))
    )


def audio_format_mapper(table: Offers, spell: Callable[[str, Offer], Any]) -> FieldMapper:
    """Send `output_format` as `spell` writes it; a format that is only near is recorded as rounded."""

    def convert(wanted: AudioOutputFormat) -> Any:
        offer = nearest_offer(wanted, table)
        value = spell(wanted.format, offer)
        changes = list(_changes(wanted, offer))
        return Converted(value, "rounded", "; ".join(changes)) if changes else Converted(value)

    return FieldMapper(("output_format",), convert)


def _changes(wanted: AudioOutputFormat, offer: Offer) -> Sequence[str]:
    changes = []
    if wanted.sample_rate not in (None, offer.rate):
        changes.append(f"the nearest sample rate is {offer.rate} Hz")
    if wanted.bitrate not in (None, offer.bitrate):
        nearest = f"the nearest bit rate is {offer.bitrate} kbit/s"
        changes.append(nearest if offer.bitrate else "the bit rate cannot be chosen")
    return changes


def first_subtag(code: str) -> Any:
    """The language of a tag such as en-US, without its region."""
    language = code.replace("_", "-").partition("-")[0].lower()
    return language if language == code else Converted(language, reason="the vendor takes languages without a region")
