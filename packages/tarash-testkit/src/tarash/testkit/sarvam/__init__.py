"""A simulator of Sarvam that the vendor's own SDK cannot tell from the real one.

Made after the wire and the types of sarvamai 0.1.39 (PyPI). Needs the extra `tarash-testkit[audio]`.
"""

from tarash.testkit.sarvam.simulator import DEFAULT_KEY, SarvamSimulator

__all__ = ["DEFAULT_KEY", "SarvamSimulator"]
