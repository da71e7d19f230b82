"""Rules for speech endpoints: which inputs take the text, the sound, the voice, its settings and the format."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

from tarash.providers.fal.catalogue import Endpoint, Input
from tarash.providers.fal.values import code_mapper, format_mappers, language_mapper, nearest_mapper, voice_mapper
from tarash.tarash_gateway.models import Kind
from tarash.tarash_gateway.providers.field_mappers import (
    Elsewhere,
    FieldMapper,
    constant_field_mapper,
    passthrough_field_mapper,
)

TEXTS = (
    *("text", "gen_text", "input_text", "transcript", "script", "prompt", "text_prompt", "input"),
    *("lyrics_prompt", "lyrics", "tags"),
)
INSTRUCTIONS = ("prompt", "text_prompt", "tags")
SOUNDS = ("audio_url", "source_audio_url", "input_audio_url", "speech_url", "video_url")
VOICES = ("voice", "voice_id", "target_voice", "speaker", "speaker_id")
SAMPLES = (
    *("target_voice_audio_url", "reference_audio_url", "ref_audio_url", "audio_prompt_url", "voice_audio_url"),
    *("speaker_audio_url", "audio_url"),
)
LANGUAGES = ("language_boost", "language", "language_code")
FORMATS = ("output_format", "audio_format")
SETTINGS = (
    *("speed", "pitch", "volume", "emotion", "stability", "similarity_boost", "style", "use_speaker_boost"),
    *("temperature", "exaggeration", "voice_speed"),
)
"""Inputs of their own that `voice_settings` may name."""

_TEXT, _LINK = ("string", "unknown"), ("file",)


def speech_mapping(endpoint: Endpoint, kind: Kind, *, strict: bool) -> dict[str, FieldMapper]:
    """The mapping of a speech endpoint, without the limits of its inputs."""
    inputs = endpoint.inputs
    found: dict[str, FieldMapper] = {}
    if kind == "tts":
        found.update(_plain(inputs, "text", TEXTS, _TEXT))
    else:
        found.update(_plain(inputs, "audio", SOUNDS, _LINK))
        found.update(_plain(inputs, "prompt", INSTRUCTIONS, _TEXT))
    found.update(_voices({name: value for name, value in inputs.items() if name not in found}, strict))
    found.update(_settings({name: value for name, value in inputs.items() if name not in found}))
    found.update(_formats(inputs))
    if kind == "tts" and (name := _first(inputs, LANGUAGES, _TEXT)):
        found[name] = language_mapper(inputs[name])
    return found


def _first(inputs: Mapping[str, Input], names: Iterable[str], types: Iterable[str]) -> str | None:
    return next((name for name in names if name in inputs and inputs[name].type in types), None)


def _plain(
    inputs: Mapping[str, Input], source: str, names: Iterable[str], types: Iterable[str]
) -> dict[str, FieldMapper]:
    name = _first(inputs, names, types)
    return {name: passthrough_field_mapper(source)} if name else {}


def _voices(inputs: Mapping[str, Input], strict: bool) -> dict[str, FieldMapper]:
    """A voice by name, by a sample of it, or by either; MiniMax and Cartesia have an object for it."""
    for name in ("voice_setting", *VOICES):
        if name in inputs and inputs[name].type == "object" and inputs[name].fields:
            return {name: voice_mapper(inputs[name], strict=strict)}
    named, sample = _first(inputs, VOICES, _TEXT), _first(inputs, SAMPLES, _LINK)
    if named and sample:
        return {named: FieldMapper(("voice_id",), _only_name), sample: FieldMapper(("voice_id",), _only_link)}
    return {name: passthrough_field_mapper("voice_id") for name in (named, sample) if name}


def _is_link(voice: str) -> bool:
    return voice.startswith(("https://", "http://", "data:"))


def _only_name(voice: str) -> str:
    if _is_link(voice):
        raise Elsewhere("the voice is given by a sample")
    return voice


def _only_link(voice: str) -> str:
    if not _is_link(voice):
        raise Elsewhere("the voice is given by name")
    return voice


def _settings(inputs: Mapping[str, Input]) -> dict[str, FieldMapper]:
    names = [name for name in SETTINGS if name in inputs and inputs[name].type not in ("object", "array")]
    return {name: passthrough_field_mapper(f"voice_settings.{name}") for name in names}


def _formats(inputs: Mapping[str, Input]) -> dict[str, FieldMapper]:
    """The format of the sound: an object, a word, or (MiniMax) an `output_format` that means link or hexadecimal."""
    found: dict[str, FieldMapper] = {}
    if "audio_setting" in inputs:
        found.update(format_mappers("audio_setting", inputs["audio_setting"]))
    for name in FORMATS:
        allowed: tuple[Any, ...] = (inputs[name].allowed or ()) if name in inputs else ()
        if "url" in allowed:
            found[name] = constant_field_mapper("url")
        elif allowed:
            found[name] = code_mapper(inputs[name])
    if (rate := inputs.get("sample_rate")) is not None and (rate.type in ("number", "integer")):
        found["sample_rate"] = nearest_mapper("output_format.sample_rate", rate)
    return found
