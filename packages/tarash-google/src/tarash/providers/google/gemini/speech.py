"""Gemini speech: which fields of a request become which parameters. What is below `local` is done by tarash itself.

Sources: types of google-genai 3.4.0; ai.google.dev, guide of speech generation, 2026-11.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from functools import partial
from typing import Any

from tarash.providers.google.places import model_name
from tarash.tarash_gateway.models import AudioOutputFormat
from tarash.tarash_gateway.providers.base import Call
from tarash.tarash_gateway.providers.field_mappers import (
    Converted,
    FieldMapper,
    FieldMapping,
    constant_field_mapper,
    find_mapping,
    omitted_field_mapper,
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
CONFIG = "generationConfig.speechConfig"
SEVERAL = f"{CONFIG}.multiSpeakerVoiceConfig.speakerVoiceConfigs"

_known_voice = one_of(VOICES)


def _any_voice(voice: str) -> str:
    return voice if voice.startswith(STORED_VOICES) else _known_voice(voice)


def _speakers(voice_config: Callable[[str], Mapping[str, Any]], speakers: Any) -> list[Any]:
    if not isinstance(speakers, Mapping) or not 1 <= len(speakers) <= MOST_SPEAKERS:
        raise ValueError("speakers maps the names in the text to voices, two at most")
    return [{"speaker": name, "voiceConfig": voice_config(str(voice))} for name, voice in speakers.items()]


def _audio_format(formats: Mapping[str, str], wanted: AudioOutputFormat) -> Converted:
    if wanted.format not in formats:
        raise ValueError(f"{wanted.format[:20]!r} is not one of wav, pcm")
    made = formats[wanted.format]
    bitrate = "" if wanted.bitrate is None else "; the bit rate cannot be chosen"
    return Converted(made, reason=f"it is made as {made} at {SPEECH_HERTZ} Hz, mono, 16 bits{bitrate}")


def _styled(said: Mapping[str, Any]) -> Converted:
    style, text = said["voice_settings.style"], said["text"]
    return Converted(f"{style}: {text}" if style else text, reason="the style is said before the text")


WHOLE = {"mp3": "wav", "wav": "wav", "pcm": "pcm"}
"""What is made of each wish; the usual one for MP3 gets WAV, anything rarer is refused."""
STREAMED = dict.fromkeys(WHOLE, "pcm")
FORMATS: Mapping[bool, FieldMapping] = {
    streamed: {"local.audio_format": FieldMapper(("output_format",), partial(_audio_format, formats))}
    for streamed, formats in ((False, WHOLE), (True, STREAMED))
}
VOICED: Mapping[str, FieldMapping] = {
    NEWEST: {
        f"{CONFIG}.voiceConfig.voice": FieldMapper(("voice_id",), _any_voice),
        SEVERAL: FieldMapper(
            ("voice_settings.speakers",), partial(_speakers, lambda voice: {"voice": _any_voice(voice)})
        ),
    },
    "": {
        f"{CONFIG}.voiceConfig.prebuiltVoiceConfig.voiceName": FieldMapper(("voice_id",), _known_voice),
        SEVERAL: FieldMapper(
            ("voice_settings.speakers",),
            partial(_speakers, lambda voice: {"prebuiltVoiceConfig": {"voiceName": _known_voice(voice)}}),
        ),
    },
}
STYLED: Mapping[str, FieldMapping] = {
    NEWEST: {"contents.speechMetadata.style": passthrough_field_mapper("voice_settings.style")},
    "": {"contents.text": FieldMapper(("text", "voice_settings.style"), _styled, together=True)},
}
NO_VOICE = omitted_field_mapper("voice_id", "voice_settings['speakers'] gives the voices")
SPEECH: FieldMapping = {
    "contents.text": passthrough_field_mapper("text"),
    f"{CONFIG}.languageCode": passthrough_field_mapper("language_code"),
    "generationConfig.responseModalities": constant_field_mapper(["AUDIO"]),
}


def speech_mapping(call: Call) -> FieldMapping:
    settings, model = call.request.voice_settings or {}, model_name(call.model)
    voiced = find_mapping(VOICED, model) or {}
    if settings.get("speakers"):
        voiced = {name: NO_VOICE if mapper.sources == ("voice_id",) else mapper for name, mapper in voiced.items()}
    styled = {} if settings.get("style") is None else find_mapping(STYLED, model) or {}
    return {**SPEECH, **FORMATS[call.streamed], **voiced, **styled}
