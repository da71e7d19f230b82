"""What both processes must agree on: the classes of each kind of work."""

from typing import Any

from tarash.tarash_gateway.models import (
    AudioGenerationConfig,
    ImageGenerationConfig,
    ImageGenerationRequest,
    STSRequest,
    TTSRequest,
    VideoGenerationConfig,
    VideoGenerationRequest,
)

CLASSES: dict[str, tuple[Any, Any]] = {
    "video": (VideoGenerationConfig, VideoGenerationRequest),
    "image": (ImageGenerationConfig, ImageGenerationRequest),
    "tts": (AudioGenerationConfig, TTSRequest),
    "sts": (AudioGenerationConfig, STSRequest),
}
