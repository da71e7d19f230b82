"""A simulator of Stability AI, which has no SDK: made after the vendor's OpenAPI document and reference of 2026."""

from tarash.testkit.stability.simulator import DEFAULT_KEY, StabilitySimulator
from tarash.testkit.stability.works import Outcome, Work

__all__ = ["DEFAULT_KEY", "Outcome", "StabilitySimulator", "Work"]
