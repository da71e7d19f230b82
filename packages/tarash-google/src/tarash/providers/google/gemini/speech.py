"""Gemini speech: which fields of a request become which parameters. What is below `local` is done by tarash itself.

Sources: types of google-genai 3.4.0; ai.google.dev, guide of speech generation, 2026-11.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from functools import partial
from typing import Any

from tarash.tarash_gateway.models import TTSRequest
from tarash.tarash_gateway.providers.field_mappers import (
    Converted,
    FieldMapper,
    FieldMapping,
    constant_field_mapper,
    find_mapping,
    omitted_field_mapper,
    omitted_settings,
    one_of,
    passthrough_field_mapper,
)

VOICES = (
    *("Zephyr", "Puck", "Charon", "Kore", "Fenrir", "Leda", "Orus", "Aoede", "Callirrhoe", "Autonoe", "Enceladus"),
    *("Iapetus", "Umbriel", "Algieba", "Despina", "Erinome", "Algenib", "Rasalgethi", "Laomedeia", "Achernar"),
    *("Alnilam", "Schedar", "Gacrux", "Pulcherrima", "Achird", "Zubenelgenubi", "Vindemiatrix", "Sadachbia"),
    *("Sadaltager", "Sulafat"),
)
STORED_VOICES = ("voice_", "voicekey_")
NEWEST = "gemini-3.8-"
"""The models with fields of their own for voices and style."""

MOST_SPEAKERS = 2
SPEECH_HERTZ = 24000
SETTINGS = ("style", "speakers")
CONFIG = "generationConfig.speechConfig"
SEVERAL = f"{CONFIG}.multiSpeakerVoiceConfig.speakerVoiceConfigs"
NAME = "prebuiltVoiceConfig.voiceName"
"""Where older models have a voice's name."""


_known_voice = one_of(VOICES)


def _any_voice(voice: str) -> str:
    return voice if voice.startswith(STORED_VOICES) else _known_voice(voice)


def _speakers(place: str, voice_of: Callable[[str], str], speakers: Any) -> list[Any]:
    if not isinstance(speakers, Mapping) or not 1 <= len(speakers) <= MOST_SPEAKERS:
        raise ValueError("speakers maps the names in the text to voices, two at most")
    outer, _, inner = place.partition(".")
    voices = {name: voice_of(str(voice)) for name, voice in speakers.items()}
    return [
        {"speaker": name, "voiceConfig": {outer: {inner: voice} if inner else voice}} for name, voice in voices.items()
    ]


def _audio_format(wanted: str) -> Converted:
    """WAV and PCM are what there is; the usual wish for MP3 gets WAV, anything rarer is refused."""
    if wanted not in ("mp3", "wav", "pcm"):
        raise ValueError(f"{wanted[:20]!r} is not one of wav, pcm")
    made = "pcm" if wanted == "pcm" else "wav"
    return Converted(made, reason=f"the model makes {made} at {SPEECH_HERTZ} Hz, mono, 16 bits")


VOICED: Mapping[str, FieldMapping] = {
    NEWEST: {
        f"{CONFIG}.voiceConfig.voice": FieldMapper(("voice_id",), _any_voice),
        SEVERAL: FieldMapper(("voice_settings.speakers",), partial(_speakers, "voice", _any_voice)),
    },
    "": {
        f"{CONFIG}.voiceConfig.{NAME}": FieldMapper(("voice_id",), _known_voice),
        SEVERAL: FieldMapper(("voice_settings.speakers",), partial(_speakers, NAME, _known_voice)),
    },
}
NO_VOICE = omitted_field_mapper("voice_id", "voice_settings['speakers'] gives the voices")
SPEECH: FieldMapping = {
    "contents.text": passthrough_field_mapper("text"),
    "contents.style": passthrough_field_mapper("voice_settings.style"),
    f"{CONFIG}.languageCode": passthrough_field_mapper("language_code"),
    "generationConfig.responseModalities": constant_field_mapper(["AUDIO"]),
    "local.audio_format": FieldMapper(("output_format.format",), _audio_format),
}


def speech_mapping(model: str, request: TTSRequest) -> FieldMapping:
    settings = request.voice_settings or {}
    voiced = find_mapping(VOICED, model) or {}
    if settings.get("speakers"):
        voiced = {name: NO_VOICE if mapper.sources == ("voice_id",) else mapper for name, mapper in voiced.items()}
    return {**SPEECH, **voiced, **omitted_settings(settings, SETTINGS)}
