"""Responses and progress updates."""

from __future__ import annotations

from pathlib import Path
from typing import Any, Literal, Protocol

from pydantic import Field, PrivateAttr

from tarash.tarash_gateway.models.base import MediaField, Model, Status
from tarash.tarash_gateway.models.job import Job
from tarash.tarash_gateway.models.metadata import ExecutionMetadata, ParameterOutcome


class Saver(Protocol):
    """Fetches and writes the outputs of a response."""

    def save(self, response: Any, path: str | Path, index: int, overwrite: bool, max_bytes: int) -> Path: ...

    async def save_async(
        self, response: Any, path: str | Path, index: int, overwrite: bool, max_bytes: int
    ) -> Path: ...


_MAX_SAVED_BYTES = 4 * 1024**3
_default_saver: list[Saver] = []


def install_default_saver(saver: Saver) -> None:
    """The saver of responses that lost theirs, because they were built by hand or travelled as JSON or a pickle."""
    _default_saver[:] = [saver]


class GenerationResponse(Model):
    """What all responses share.

    `parameters` tells what became of each field that the caller set; `raw_response` is the provider's own JSON.
    """

    request_id: str
    status: Literal["completed", "failed"] = "completed"
    content_type: str | None = None
    is_mock: bool = False
    raw_response: dict[str, Any] = Field(default_factory=dict)
    provider_metadata: dict[str, Any] = Field(default_factory=dict)
    execution_metadata: ExecutionMetadata | None = None
    parameters: list[ParameterOutcome] = Field(default_factory=list)
    job: Job | None = None
    _saver: Saver | None = PrivateAttr(default=None)

    def outputs(self) -> list[Any]:
        """All generated media, in order: links, base64 text, or `{"content", "content_type"}`."""
        raise NotImplementedError

    def save(
        self, path: str | Path, *, index: int = 0, overwrite: bool = False, max_bytes: int = _MAX_SAVED_BYTES
    ) -> Path:
        """Write output number `index` to `path` and return where it is.

        The bytes decide the extension: it is added when `path` has none, and put right when it names another kind of
        media. The file appears whole or not at all, and an existing file is only replaced with `overwrite=True`.
        Raises `DownloadError` (with the job and the link) when the result cannot be fetched or is larger than
        `max_bytes`, `ValidationError` when the folder or the name is unusable.
        """
        return self._active_saver().save(self, path, index, overwrite, max_bytes)

    async def save_async(
        self, path: str | Path, *, index: int = 0, overwrite: bool = False, max_bytes: int = _MAX_SAVED_BYTES
    ) -> Path:
        """`save` without blocking the event loop."""
        return await self._active_saver().save_async(self, path, index, overwrite, max_bytes)

    def save_all(self, path: str | Path, *, overwrite: bool = False, max_bytes: int = _MAX_SAVED_BYTES) -> list[Path]:
        """Write all outputs: `path` itself for the first, then `name-2`, `name-3` and so on beside it."""
        return [
            self.save(numbered(path, index), index=index, overwrite=overwrite, max_bytes=max_bytes)
            for index in range(len(self.outputs()))
        ]

    async def save_all_async(
        self, path: str | Path, *, overwrite: bool = False, max_bytes: int = _MAX_SAVED_BYTES
    ) -> list[Path]:
        """`save_all` without blocking the event loop."""
        return [
            await self.save_async(numbered(path, index), index=index, overwrite=overwrite, max_bytes=max_bytes)
            for index in range(len(self.outputs()))
        ]

    def attach_saver(self, saver: Saver) -> None:
        """Used by tarash: who fetches the outputs, with which credentials."""
        self._saver = saver

    def _active_saver(self) -> Saver:
        return self._saver or _default_saver[0]

    def __getstate__(self) -> dict[Any, Any]:
        # The saver holds the account's key and open clients; neither may travel.
        return {**super().__getstate__(), "__pydantic_private__": {"_saver": None}}


def numbered(path: str | Path, index: int) -> Path:
    target = Path(path)
    return target if index == 0 else target.with_stem(f"{target.stem}-{index + 1}")


class VideoGenerationResponse(GenerationResponse):
    """A generated video. `duration` is in seconds. `videos` holds all of them when several were asked for."""

    video: MediaField
    videos: list[MediaField] = Field(default_factory=list)
    duration: float | None = None
    resolution: str | None = None
    aspect_ratio: str | None = None
    audio_url: str | None = None

    def outputs(self) -> list[Any]:
        return list(self.videos) or [self.video]


class ImageGenerationResponse(GenerationResponse):
    """Generated images, as links or base64 text."""

    images: list[str]
    content_type: str | None = "image/png"
    revised_prompt: str | None = None

    def outputs(self) -> list[Any]:
        return list(self.images)


class SpeechResponse(GenerationResponse):
    """Generated speech: `audio` is base64 text, `duration` seconds."""

    audio: str = Field(repr=False)
    duration: float | None = None

    def outputs(self) -> list[Any]:
        return [self.audio]


class TTSResponse(SpeechResponse):
    """Speech made from text."""


class STSResponse(SpeechResponse):
    """Speech made from speech."""


class GenerationUpdate(Model):
    """One step of progress. `progress_percent` never decreases and is None when the provider tells nothing."""

    request_id: str
    status: Status
    progress_percent: int | None = None
    update: dict[str, Any] = Field(default_factory=dict)
    error: str | None = None


class VideoGenerationUpdate(GenerationUpdate):
    """Progress of a video."""

    result: VideoGenerationResponse | None = None


class ImageGenerationUpdate(GenerationUpdate):
    """Progress of an image."""

    result: ImageGenerationResponse | None = None


class TTSUpdate(GenerationUpdate):
    """Progress of speech made from text."""

    result: TTSResponse | None = None


class STSUpdate(GenerationUpdate):
    """Progress of speech made from speech."""

    result: STSResponse | None = None
