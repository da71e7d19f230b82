"""The models of tarash: configurations, requests, responses, updates, jobs and metadata."""

from tarash.tarash_gateway.media_forms import MediaContent, MediaType
from tarash.tarash_gateway.models.audio_stream import AudioChunk, Timing
from tarash.tarash_gateway.models.base import Kind, Status
from tarash.tarash_gateway.models.config import (
    AudioGenerationConfig,
    GenerationConfig,
    ImageGenerationConfig,
    VideoGenerationConfig,
)
from tarash.tarash_gateway.models.handler import (
    ImageProgressCallback,
    ProgressCallback,
    ProviderHandler,
    STSProgressCallback,
    TTSProgressCallback,
)
from tarash.tarash_gateway.models.job import Job
from tarash.tarash_gateway.models.metadata import AttemptMetadata, ExecutionMetadata, ParameterOutcome
from tarash.tarash_gateway.models.mocking import MockConfig, MockPollingConfig, MockResponse
from tarash.tarash_gateway.models.request import (
    AspectRatio,
    AudioOutputFormat,
    GenerationRequest,
    ImageGenerationRequest,
    ImageType,
    Resolution,
    STSRequest,
    TTSRequest,
    VideoGenerationRequest,
)
from tarash.tarash_gateway.models.response import (
    GenerationResponse,
    GenerationUpdate,
    ImageGenerationResponse,
    ImageGenerationUpdate,
    STSResponse,
    STSUpdate,
    TTSResponse,
    TTSUpdate,
    VideoGenerationResponse,
    VideoGenerationUpdate,
)
from tarash.tarash_gateway.models.voice import Voice

__all__ = [
    "AspectRatio",
    "AttemptMetadata",
    "AudioChunk",
    "AudioGenerationConfig",
    "AudioOutputFormat",
    "ExecutionMetadata",
    "GenerationConfig",
    "GenerationRequest",
    "GenerationResponse",
    "GenerationUpdate",
    "ImageGenerationConfig",
    "ImageGenerationRequest",
    "ImageGenerationResponse",
    "ImageGenerationUpdate",
    "ImageProgressCallback",
    "ImageType",
    "Job",
    "Kind",
    "MediaContent",
    "MediaType",
    "MockConfig",
    "MockPollingConfig",
    "MockResponse",
    "ParameterOutcome",
    "ProgressCallback",
    "ProviderHandler",
    "Resolution",
    "STSProgressCallback",
    "STSRequest",
    "STSResponse",
    "STSUpdate",
    "Status",
    "TTSProgressCallback",
    "TTSRequest",
    "TTSResponse",
    "TTSUpdate",
    "Timing",
    "VideoGenerationConfig",
    "VideoGenerationRequest",
    "VideoGenerationResponse",
    "VideoGenerationUpdate",
    "Voice",
]
