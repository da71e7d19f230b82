"""The mock's configuration: what a generation without any provider should look like."""

from __future__ import annotations

from typing import Annotated, Any, Literal

from pydantic import AliasChoices, ConfigDict, Field, PlainSerializer, WithJsonSchema, model_validator

from tarash.tarash_gateway.media_forms import LINK
from tarash.tarash_gateway.models.base import MediaField, Model, Status
from tarash.tarash_gateway.models.response import GenerationResponse

RaisedError = Annotated[Exception, PlainSerializer(repr, when_used="json"), WithJsonSchema({"type": "string"})]


class MockResponse(Model):
    """One possible outcome of a mocked generation; which one happens is drawn by `weight`.

    At most one of a ready response (`mock_response`), an output and an `error` may be given; with none of them the
    mock makes an output that matches the request. `output_*_type` says whether the output is handed out as a link
    (or data URI), or as content.
    """

    model_config = ConfigDict(populate_by_name=True, extra="forbid")

    weight: float = Field(default=1.0, gt=0, allow_inf_nan=False)
    mock_response: Any = None
    output_video: MediaField | None = Field(default=None, validation_alias=AliasChoices("output_video", "video_url"))
    output_video_type: Literal["url", "content"] = "url"
    output_image: MediaField | None = None
    output_image_type: Literal["url", "content"] = "url"
    output_audio: MediaField | None = None
    output_audio_type: Literal["url", "content"] = "content"
    error: RaisedError | None = None

    @model_validator(mode="after")
    def _one_outcome(self) -> MockResponse:
        outcomes = (self.mock_response, self.output_video, self.output_image, self.output_audio, self.error)
        if sum(outcome is not None for outcome in outcomes) > 1:
            raise ValueError("give at most one of mock_response, an output and error")
        if self.mock_response is not None and not isinstance(self.mock_response, GenerationResponse):
            raise ValueError("mock_response is a response, such as VideoGenerationResponse(...)")
        if isinstance(self.output_audio, str) and LINK.match(self.output_audio):
            raise ValueError("output_audio is handed out as content, and a mock fetches no link: give the audio itself")
        return self


class MockPollingConfig(Model):
    """The progress that a mocked generation reports. `delay_between_updates` is in seconds."""

    model_config = ConfigDict(extra="forbid")

    enabled: bool = True
    status_sequence: list[Status] = Field(default=["queued", "processing", "completed"], min_length=1)
    delay_between_updates: Annotated[float, Field(ge=0, allow_inf_nan=False)] = 0.5
    progress_percentages: list[int | None] | None = None
    custom_updates: list[dict[str, Any]] | None = None

    @model_validator(mode="after")
    def _same_lengths(self) -> MockPollingConfig:
        for name in ("progress_percentages", "custom_updates"):
            values = getattr(self, name)
            if values is not None and len(values) != len(self.status_sequence):
                raise ValueError(f"{name} needs one entry for each of the {len(self.status_sequence)} statuses")
        return self


class MockConfig(Model):
    """Switches the mock on. Without `responses`: one success that fits the request. Without `polling`: no updates."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    enabled: bool = True
    responses: list[MockResponse] | None = Field(default=None, min_length=1)
    polling: MockPollingConfig | None = None
