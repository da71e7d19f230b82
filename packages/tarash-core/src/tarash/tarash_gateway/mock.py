"""The mock: a provider without a network. Its steps go through the same driver as everybody's.

Its output is real, playable media that ships with the core, chosen to match the request and labelled with what it
really is.
"""

from __future__ import annotations

import copy
import random
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from pydantic import JsonValue

from tarash.tarash_gateway.exceptions import GenerationFailedError, ProtocolError, TarashException, ValidationError
from tarash.tarash_gateway.media import load_media
from tarash.tarash_gateway.messages import (
    Cancellation,
    Conversation,
    Done,
    Output,
    Pending,
    Step,
    Streaming,
    number_or_none,
)
from tarash.tarash_gateway.mock_media import asset, lasting, manifest, matching_asset
from tarash.tarash_gateway.models import AudioChunk, Kind, MockConfig, MockPollingConfig, MockResponse, Voice
from tarash.tarash_gateway.parameters import SPLIT_FIELD, count_asked
from tarash.tarash_gateway.providers.base import Call, Operation, Provider
from tarash.tarash_gateway.providers.field_mappers import FieldMapping, passthrough_field_mapper

__all__ = ["MockConfig", "MockPollingConfig", "MockProvider", "MockResponse", "reports_progress"]

_CHUNK = 4096
_VOICES = (("Ada", "en", "female"), ("Emil", "de", "male"), ("Kiran", "hi", "neutral"))
_OUTPUTS: dict[Kind, str] = {"video": "video", "image": "image", "tts": "audio", "sts": "audio"}


def reports_progress(config: MockConfig | None) -> bool:
    """A mock without polling calls no callback; everybody else does."""
    return config is None or not config.enabled or (config.polling is not None and config.polling.enabled)


class MockProvider(Provider):
    """Answers from a `MockConfig`."""

    id = "mock"
    base_url = "https://mock.invalid"
    key_required = False
    default_models: Mapping[Kind, str] = dict.fromkeys(_OUTPUTS, "mock")

    def __init__(self, config: MockConfig) -> None:
        self.play = MockOperation(config)
        self.operations = dict.fromkeys(_OUTPUTS, self.play)

    def known_voices(self, model: str | None) -> Sequence[Voice]:
        return [
            Voice(id=f"mock-{name.lower()}", name=f"{name} (mock)", languages=(language,), gender=gender)
            for name, language, gender in _VOICES
        ]

    def finish(self, call: Call, response: Any) -> Any:
        ready = self.play.chosen.mock_response
        if ready is None:
            return response
        if type(ready) is not type(response):
            raise ValidationError(f"The mock_response is a {type(ready).__name__}, not a {type(response).__name__}.")
        own = {"request_id": call.request_id, "is_mock": True, "job": response.job, "parameters": response.parameters}
        return ready.model_copy(update=own)


class MockOperation(Operation):
    """Plays the status sequence, then succeeds or fails as drawn. What was drawn stands in the job's state."""

    def __init__(self, config: MockConfig) -> None:
        self._responses = config.responses or [MockResponse()]
        self._drawn = random.choices(range(len(self._responses)), [one.weight for one in self._responses])[0]
        self._polling = config.polling if config.polling is not None and config.polling.enabled else None

    @property
    def chosen(self) -> MockResponse:
        return self._responses[self._drawn]

    def describe(self, call: Call) -> Step[FieldMapping | None]:
        others = ("extra_params", "image_list", SPLIT_FIELD)
        fields = [name for name in type(call.request).model_fields if name not in others]
        mapping = {name: passthrough_field_mapper(name) for name in fields}
        if hasattr(call.request, "image_list"):
            mapping["image_list"] = passthrough_field_mapper("image_list")
        return mapping
        yield

    def submit(self, call: Call) -> Step[Pending | Done]:
        clip, count = Clip.matching(call), count_asked(call.request)
        if self._polling is None:
            return self._end(call.kind, clip, count)
        about = {"asset": clip.asset, "seconds": clip.seconds}
        state: JsonValue = {"next": 0, "drawn": self._drawn, "count": count, **about}
        return Pending(state, retry_after=0.0)
        yield

    def poll(self, call: Call, state: JsonValue) -> Step[Pending | Done]:
        position, clip, count = self._read(state)
        polling = self._polling
        if polling is None or position >= len(polling.status_sequence):
            return self._end(call.kind, clip, count)
        status = polling.status_sequence[position]
        event = polling.custom_updates[position] if polling.custom_updates else {"mock": True, "status": status}
        if status == "failed":
            raise self._error() or GenerationFailedError("The mock was told to fail.")
        if status == "completed":
            return self._end(call.kind, clip, count, event)
        percentages = polling.progress_percentages
        return Pending(
            {**_fields(state), "next": position + 1},
            running=status == "processing",
            progress=percentages[position] if percentages else None,
            retry_after=polling.delay_between_updates,
            event=event,
        )
        yield

    def _read(self, state: JsonValue) -> tuple[int, Clip, int]:
        """What a job's state says, perhaps one of another process with another mock."""
        fields = _fields(state)
        drawn = fields.get("drawn")
        if isinstance(drawn, int) and 0 <= drawn < len(self._responses):
            self._drawn = drawn
        position, count, clip = fields.get("next"), fields.get("count"), Clip.read(fields)
        if not (isinstance(position, int) and isinstance(count, int) and clip):
            raise ProtocolError("The job's state is not one that the mock wrote.")
        return position, clip, count

    def stream(self, call: Call) -> Step[Streaming]:
        return Streaming(None, self._whole_audio(call))
        yield

    def converse(self, call: Call) -> Step[Conversation]:
        return Conversation(None, self._whole_audio(call))
        yield

    def _whole_audio(self, call: Call) -> _WholeAudio:
        output = self._end(call.kind, Clip.matching(call), 1).outputs[0]
        data = output.data or load_media(output.url).require_bytes()
        return _WholeAudio(data, output.content_type)

    def cancel(self, call: Call, state: JsonValue) -> Step[Cancellation]:
        return Cancellation.CANCELLED
        yield

    def _error(self) -> TarashException | None:
        """What was drawn to be raised: a copy, because errors are completed with the story of one call."""
        error = self.chosen.error
        if error is None or isinstance(error, TarashException):
            return copy.copy(error)
        wrapped = TarashException(f"The mock was told to raise {type(error).__name__}: {error}")
        wrapped.__cause__ = error
        return wrapped

    def _end(self, kind: Kind, clip: Clip, count: int, event: Mapping[str, Any] | None = None) -> Done:
        error = self._error()
        if error is not None:
            raise error
        return Done(self._outputs(kind, clip, count), event or {"mock": True})

    def _outputs(self, kind: Kind, clip: Clip, count: int) -> list[Output]:
        given = getattr(self.chosen, f"output_{_OUTPUTS[kind]}")
        wanted = getattr(self.chosen, f"output_{_OUTPUTS[kind]}_type")
        if given is not None:
            return [_as(wanted, given)]
        label = manifest()[clip.asset]
        about = {"width": label["width"], "height": label["height"], "duration": clip.seconds}
        media = {"content": clip.content, "content_type": label["content_type"]}
        return [_as(wanted, media, **about)] * count


def _fields(state: JsonValue) -> dict[str, JsonValue]:
    return state if isinstance(state, dict) else {}


@dataclass(frozen=True)
class Clip:
    """What a job will make: an asset, and how long it is to last in seconds (pictures have no length)."""

    asset: str
    seconds: float | None

    @classmethod
    def matching(cls, call: Call) -> Clip:
        name = matching_asset(call.kind, call.request)
        return cls(name, getattr(call.request, "duration_seconds", None) or manifest()[name]["duration"])

    @classmethod
    def read(cls, fields: Mapping[str, JsonValue]) -> Clip | None:
        """The clip of a job's state, which may have been tampered with."""
        name, seconds = fields.get("asset"), number_or_none(fields.get("seconds"))
        return cls(name, seconds) if isinstance(name, str) and name in manifest() else None

    @property
    def content(self) -> bytes:
        film = self.asset.endswith(".mp4") and self.seconds
        return lasting(asset(self.asset), self.seconds or 0) if film else asset(self.asset)


class _WholeAudio:
    """A stream that is there already, cut into chunks."""

    finished = False

    def __init__(self, data: bytes, content_type: str | None) -> None:
        self._data, self._content_type = data, content_type

    def feed(self, data: bytes) -> Sequence[AudioChunk]:
        return ()

    def finish(self) -> Sequence[AudioChunk]:
        pieces = range(0, len(self._data), _CHUNK)
        return [AudioChunk(self._data[at : at + _CHUNK], content_type=self._content_type) for at in pieces]


def _as(wanted: str, value: Any, **about: Any) -> Output:
    """An output handed out as a link (a data URI for content) or as content."""
    media = load_media(value)
    if media.url is not None:
        return Output(url=media.url, **about)
    if wanted == "url":
        return Output(url=media.data_uri(), content_type=media.content_type, **about)
    return Output(data=media.require_bytes(), content_type=media.content_type, **about)
