"""Rules for models of speech: which inputs take the text, the sound, the voice, its settings and the format."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any

from tarash.tarash_gateway.models import Kind
from tarash.tarash_gateway.providers.field_mappers import (
    Elsewhere,
    FieldMapper,
    constant_field_mapper,
    passthrough_field_mapper,
)
from tarash.tarash_gateway.providers.schemas.inputs import LINK, TEXT, Inputs, InputType, first_of
from tarash.tarash_gateway.providers.schemas.sounds import (
    code_mapper,
    format_mappers,
    language_mapper,
    nearest_mapper,
    voice_mapper,
)


@dataclass(frozen=True)
class SpeechNames:
    """How a vendor's models call the inputs of speech, most wanted first.

    `samples` are recordings that a voice is learnt from, `settings` the inputs that `voice_settings` may name.
    """

    texts: tuple[str, ...]
    instructions: tuple[str, ...]
    sounds: tuple[str, ...]
    voices: tuple[str, ...]
    samples: tuple[str, ...]
    languages: tuple[str, ...]
    formats: tuple[str, ...]
    settings: tuple[str, ...]


def speech_mapping(inputs: Inputs, kind: Kind, names: SpeechNames, *, strict: bool) -> dict[str, FieldMapper]:
    """The mapping of a model of speech, without the limits of its inputs."""
    found: dict[str, FieldMapper] = {}
    if kind == "tts":
        found.update(_plain(inputs, "text", names.texts, TEXT))
    else:
        found.update(_plain(inputs, "audio", names.sounds, LINK))
        found.update(_plain(inputs, "prompt", names.instructions, TEXT))
    found.update(_voices({name: value for name, value in inputs.items() if name not in found}, names, strict))
    found.update(_settings({name: value for name, value in inputs.items() if name not in found}, names))
    found.update(_formats(inputs, names))
    if kind == "tts" and (name := first_of(inputs, names.languages, TEXT)):
        found[name] = language_mapper(inputs[name])
    return found


def _plain(inputs: Inputs, source: str, names: Iterable[str], types: Iterable[InputType]) -> dict[str, FieldMapper]:
    name = first_of(inputs, names, types)
    return {name: passthrough_field_mapper(source)} if name else {}


def _voices(inputs: Inputs, names: SpeechNames, strict: bool) -> dict[str, FieldMapper]:
    """A voice by name, by a sample of it, or by either; MiniMax and Cartesia have an object for it."""
    for name in ("voice_setting", *names.voices):
        if name in inputs and inputs[name].type == "object" and inputs[name].fields:
            return {name: voice_mapper(inputs[name], strict=strict)}
    named, sample = first_of(inputs, names.voices, TEXT), first_of(inputs, names.samples, LINK)
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


def _settings(inputs: Inputs, names: SpeechNames) -> dict[str, FieldMapper]:
    known = [name for name in names.settings if name in inputs and inputs[name].type not in ("object", "array")]
    return {name: passthrough_field_mapper(f"voice_settings.{name}") for name in known}


def _formats(inputs: Inputs, names: SpeechNames) -> dict[str, FieldMapper]:
    """The format of the sound: an object, a word, or (MiniMax) an `output_format` that means link or hexadecimal."""
    found: dict[str, FieldMapper] = {}
    if "audio_setting" in inputs:
        found.update(format_mappers("audio_setting", inputs["audio_setting"]))
    for name in names.formats:
        allowed: tuple[Any, ...] = (inputs[name].allowed or ()) if name in inputs else ()
        if "url" in allowed:
            found[name] = constant_field_mapper("url")
        elif allowed:
            found[name] = code_mapper(inputs[name])
    if (rate := inputs.get("sample_rate")) is not None and (rate.type in ("number", "integer")):
        found["sample_rate"] = nearest_mapper("output_format.sample_rate", rate)
    return found
