"""The two worlds, and tests that need only one of them."""

import pytest

from tarash.testkit.worlds import WORLDS, AsyncWorld, SyncWorld, World

__all__ = ["WORLDS", "AsyncWorld", "SyncWorld", "World", "in_one_world"]

in_one_world = pytest.mark.parametrize("world", ["sync"], indirect=True)
"""For tests that go through a long table, of which no line depends on the world."""
