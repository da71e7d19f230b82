"""A simulator of ElevenLabs that the vendor's own SDK cannot tell from the real one.

Made after the wire and the types of elevenlabs 2.78.0 (PyPI). Needs the extra `tarash-testkit[audio]`.
"""

from tarash.testkit.elevenlabs.catalogue import VOICES, Voice
from tarash.testkit.elevenlabs.simulator import DEFAULT_KEY, ElevenLabsSimulator

__all__ = ["DEFAULT_KEY", "VOICES", "ElevenLabsSimulator", "Voice"]
