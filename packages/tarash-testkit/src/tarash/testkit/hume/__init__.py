"""A simulator of Hume's speech (Octave) that the vendor's own SDK cannot tell from the real one.

Made after the wire and the types of hume 0.14.1 (PyPI). Needs the extra `tarash-testkit[audio]`.
"""

from tarash.testkit.hume.simulator import DEFAULT_KEY, LIBRARY, OWN_VOICES, HumeSimulator, Voice

__all__ = ["DEFAULT_KEY", "LIBRARY", "OWN_VOICES", "HumeSimulator", "Voice"]
