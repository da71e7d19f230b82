"""One purchase of each kind of work at each provider, and the classes that it is written with."""

import json
from pathlib import Path
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
PURCHASES = json.loads((Path(__file__).parents[2] / "scripts" / "purchases.json").read_text())
