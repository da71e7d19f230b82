"""A simulator of both of Luma's interfaces that the vendor's own SDKs cannot tell from the real ones.

Made after the wire and the types of lumaai 1.21.0 and luma-agents 0.5.0 (PyPI), and after what these say in words.
"""

from tarash.testkit.luma.generations import Generation, GenerationOutcome
from tarash.testkit.luma.simulator import DEFAULT_DREAM_MACHINE_KEY, DEFAULT_KEY, LumaSimulator

__all__ = ["DEFAULT_DREAM_MACHINE_KEY", "DEFAULT_KEY", "Generation", "GenerationOutcome", "LumaSimulator"]
