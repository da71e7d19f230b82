"""The interface of providers that bring methods of their own instead of steps."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from typing import Any, Protocol

from tarash.tarash_gateway.models.config import (
    AudioGenerationConfig,
    ImageGenerationConfig,
    VideoGenerationConfig,
)
from tarash.tarash_gateway.models.request import (
    ImageGenerationRequest,
    STSRequest,
    TTSRequest,
    VideoGenerationRequest,
)
from tarash.tarash_gateway.models.response import (
    ImageGenerationResponse,
    ImageGenerationUpdate,
    STSResponse,
    STSUpdate,
    TTSResponse,
    TTSUpdate,
    VideoGenerationResponse,
    VideoGenerationUpdate,
)

ProgressCallback = Callable[[VideoGenerationUpdate], Awaitable[Any] | Any]
ImageProgressCallback = Callable[[ImageGenerationUpdate], Awaitable[Any] | Any]
TTSProgressCallback = Callable[[TTSUpdate], Awaitable[Any] | Any]
STSProgressCallback = Callable[[STSUpdate], Awaitable[Any] | Any]


class ProviderHandler(Protocol):
    """Interface that all provider implementations must satisfy.

    A handler may have only some of the methods: a kind of work without methods raises NotImplementedError, and a
    missing half is bridged (an async call runs the plain method in a thread, a plain call runs the async method in an
    event loop of its own). What is lost beside a provider made of steps: resume, uniform retries, redaction.
    """

    def generate_video(
        self,
        config: VideoGenerationConfig,
        request: VideoGenerationRequest,
        on_progress: ProgressCallback | None = None,
    ) -> VideoGenerationResponse: ...

    async def generate_video_async(
        self,
        config: VideoGenerationConfig,
        request: VideoGenerationRequest,
        on_progress: ProgressCallback | None = None,
    ) -> VideoGenerationResponse: ...

    def generate_image(
        self,
        config: ImageGenerationConfig,
        request: ImageGenerationRequest,
        on_progress: ImageProgressCallback | None = None,
    ) -> ImageGenerationResponse: ...

    async def generate_image_async(
        self,
        config: ImageGenerationConfig,
        request: ImageGenerationRequest,
        on_progress: ImageProgressCallback | None = None,
    ) -> ImageGenerationResponse: ...

    def generate_tts(
        self, config: AudioGenerationConfig, request: TTSRequest, on_progress: TTSProgressCallback | None = None
    ) -> TTSResponse: ...

    async def generate_tts_async(
        self, config: AudioGenerationConfig, request: TTSRequest, on_progress: TTSProgressCallback | None = None
    ) -> TTSResponse: ...

    def generate_sts(
        self, config: AudioGenerationConfig, request: STSRequest, on_progress: STSProgressCallback | None = None
    ) -> STSResponse: ...

    async def generate_sts_async(
        self, config: AudioGenerationConfig, request: STSRequest, on_progress: STSProgressCallback | None = None
    ) -> STSResponse: ...
