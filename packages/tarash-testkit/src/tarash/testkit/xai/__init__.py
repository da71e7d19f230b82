"""A simulator of xAI: videos, images, speech and files.

Made after docs.x.ai, the wire of @ai-sdk/xai 5.0.12 (npm) and the descriptors of xai-sdk 1.21.0 (PyPI). The vendor
publishes no Python client of this interface; OpenAI's SDK makes images with it.
"""

from tarash.testkit.xai.simulator import DEFAULT_KEY, XaiSimulator
from tarash.testkit.xai.videos import Video, VideoOutcome

__all__ = ["DEFAULT_KEY", "Video", "VideoOutcome", "XaiSimulator"]
