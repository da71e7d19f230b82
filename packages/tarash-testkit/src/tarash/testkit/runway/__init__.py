"""A simulator of Runway that the vendor's own SDK cannot tell from the real one.

Made after the wire and the types of runwayml 5.24.0 (PyPI); bounds after the vendor's OpenAPI document of 2026-08.
"""

from tarash.testkit.runway.simulator import DEFAULT_KEY, VERSION, RunwaySimulator
from tarash.testkit.runway.tasks import Task, TaskOutcome

__all__ = ["DEFAULT_KEY", "VERSION", "RunwaySimulator", "Task", "TaskOutcome"]
