"""Speech: which field becomes which parameter. What comes out is a task like any other.

Source: types of runwayml 5.24.0 (PyPI); the bounds of `speed` and of the text from the vendor's OpenAPI document of
2026-08. That the results are MP3 where nothing can be chosen is what is seen in practice, and not promised.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

from tarash.providers.runway.catalogue import find
from tarash.providers.runway.endpoints import endpoint_of
from tarash.providers.runway.mappings import text_mapper
from tarash.tarash_gateway.media import Media
from tarash.tarash_gateway.models import AudioOutputFormat
from tarash.tarash_gateway.providers.base import Call
from tarash.tarash_gateway.providers.field_mappers import (
    Converted,
    FieldMapper,
    FieldMapping,
    Omit,
    choice_field_mapper,
    media_field_mapper,
    omitted_field_mapper,
    one_of,
    passthrough_field_mapper,
)

# fmt: off
VOICES = (
    "Maya", "Arjun", "Serene", "Bernard", "Billy", "Mark", "Clint", "Mabel", "Chad", "Leslie", "Eleanor", "Elias",
    "Elliot", "Grungle", "Brodie", "Sandra", "Kirk", "Kylie", "Lara", "Lisa", "Malachi", "Marlene", "Martin", "Miriam",
    "Monster", "Paula", "Pip", "Rusty", "Ragnar", "Xylar", "Maggie", "Jack", "Katie", "Noah", "James", "Rina", "Ella",
    "Mariah", "Frank", "Claudia", "Niki", "Vincent", "Kendrick", "Myrna", "Tom", "Wanda", "Benjamin", "Kiana", "Rachel",
)
# fmt: on
DEFAULT_VOICE = "Maya"
LINKS = ("https://", "data:audio/", "runway://")
FORMATS = {"mp3": "mp3", "wav": "wav", "opus": "ogg_opus", "ogg_opus": "ogg_opus"}
EFFECT_FORMATS = {"mp3": "mp3", "wav": "wav", "flac": "flac"}
SAMPLE_RATES = (8000, 16000, 24000, 32000, 44100, 48000)
NO_CHOICE = "the vendor chooses the format (MP3)"


def _preset(name: str) -> dict[str, str]:
    return {"type": "runway-preset", "presetId": name}


def known_voice(voice: str) -> dict[str, str]:
    return _preset(one_of(VOICES)(voice))


def heard_voice(voice: str) -> dict[str, str]:
    """A voice that is learnt from a recording."""
    if not voice.startswith(LINKS):
        raise ValueError(f"the voice is learnt from a recording: give a link ({', '.join(LINKS)})")
    return {"type": "reference-audio", "audioUri": voice}


def any_voice(voice: str) -> dict[str, str]:
    return heard_voice(voice) if voice.startswith(LINKS) else _preset(voice)


def no_format(wanted: AudioOutputFormat) -> Any:
    if wanted.format != "mp3":
        raise ValueError(f"the vendor makes MP3 here, not {wanted.format[:20]}")
    raise Omit(NO_CHOICE)


def nearest_rate(wanted: int) -> Any:
    """The nearest sample rate in Hz; of two equally near the higher."""
    rate = min(SAMPLE_RATES, key=lambda one: (abs(one - wanted), -one))
    return rate if rate == wanted else Converted(rate, "rounded", f"the nearest sample rate is {rate} Hz")


def _setting(name: str, low: float | None = None, high: float | None = None) -> FieldMapper:
    return passthrough_field_mapper(f"voice_settings.{name}", minimum=low, maximum=high)


def _text(most: int = 0) -> FieldMapping:
    return {"promptText": text_mapper("text", most, required=True)}


def _voice(convert: Callable[[str], Any], default: str | None = DEFAULT_VOICE) -> FieldMapping:
    return {"voice": FieldMapper(("voice_id",), convert, constant=_preset(default) if default else None)}


_BITRATE = omitted_field_mapper("output_format.bitrate", "the vendor chooses the bit rate")
_RATE = omitted_field_mapper("output_format.sample_rate", "the vendor chooses the sample rate")
_FIXED: FieldMapping = {"format": FieldMapper(("output_format",), no_format)}
_CHOSEN: FieldMapping = {
    "outputFormat": choice_field_mapper("output_format.format", FORMATS),
    "sampleRate": FieldMapper(("output_format.sample_rate",), nearest_rate),
    "bitrate": _BITRATE,
}
_EFFECT_CHOSEN: FieldMapping = {
    "format": choice_field_mapper("output_format.format", EFFECT_FORMATS),
    "rate": _RATE,
    "bitrate": _BITRATE,
}
_SETTINGS: FieldMapping = {
    "stability": _setting("stability", 0, 1),
    "similarityBoost": _setting("similarity_boost", 0, 1),
    "style": _setting("style", 0, 1),
    "speed": _setting("speed", 0.7, 1.2),
    "useSpeakerBoost": _setting("use_speaker_boost"),
    "languageCode": passthrough_field_mapper("language_code"),
}
_RATES: FieldMapping = {
    "speechRate": _setting("speech_rate", -50, 100),
    "pitchRate": _setting("pitch_rate", -12, 12),
    "loudnessRate": _setting("loudness_rate"),
}
_NEEDS_SECONDS: FieldMapping = {"duration": FieldMapper(required=True)}

SPEECH: Mapping[tuple[str, str], tuple[FieldMapping, FieldMapping]] = {
    ("text_to_speech", "eleven_multilingual_v2"): ({**_text(1000), **_voice(known_voice)}, _FIXED),
    ("text_to_speech", "eleven_v3"): ({**_text(), **_voice(known_voice), **_SETTINGS}, _FIXED),
    ("text_to_speech", "eleven_v4"): ({**_text(), **_voice(known_voice), **_SETTINGS}, _FIXED),
    ("text_to_speech", "seed_audio"): ({**_text(), **_voice(heard_voice, None), **_RATES}, _CHOSEN),
    ("sound_effect", "seed_audio"): ({**_text(), **_RATES}, _CHOSEN),
    ("sound_effect", "eleven_text_to_sound_v2"): (_text(), _FIXED),
    ("sound_effect", "mirelo_sfx_2_0"): ({**_text(), **_NEEDS_SECONDS}, _EFFECT_CHOSEN),
    ("text_to_speech", ""): ({**_text(), **_voice(any_voice)}, {}),
    ("sound_effect", ""): (_text(), {}),
}
"""By endpoint and model: the parameters, and those for the format, which are sent only when the caller set one."""


def speech_mapping(call: Call) -> FieldMapping:
    parameters, formats = SPEECH[endpoint_of(call), find(call.model, "tts").info.id]
    return {**parameters, **formats} if "output_format" in call.request.model_fields_set else parameters


def media_type(media: Media) -> str:
    return "video" if media.content_type.startswith("video/") else "audio"


def conversion_mapping(call: Call) -> FieldMapping:
    """Another voice for a recording."""
    known = bool(find(call.model, "sts").info.id)
    mapping: FieldMapping = {
        "media.type": FieldMapper(("audio",), media_type),
        "media.uri": media_field_mapper("audio", required=True),
        **_voice(known_voice if known else any_voice),
        "removeBackgroundNoise": _setting("remove_background_noise"),
    }
    return {**mapping, **_FIXED} if known and "output_format" in call.request.model_fields_set else mapping
