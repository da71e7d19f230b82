"""A simulator of Cartesia that the vendor's own SDK cannot tell from the real one.

Made after the wire and the types of cartesia 4.2.0 (PyPI). Needs the extra `tarash-testkit[audio]`.
"""

from tarash.testkit.cartesia.catalogue import VOICES, Voice
from tarash.testkit.cartesia.simulator import DEFAULT_KEY, CartesiaSimulator

__all__ = ["DEFAULT_KEY", "VOICES", "CartesiaSimulator", "Voice"]
