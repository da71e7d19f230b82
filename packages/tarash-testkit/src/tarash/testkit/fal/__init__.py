"""A simulator of fal (queue.fal.run and its other hosts) that fal's own clients cannot tell from the real one.

Made after fal-client 1.0.3 and @fal-ai/client 1.10.1 as seen on the wire, and fal's documentation and OpenAPI pages.
"""

from tarash.testkit.fal.catalogue import Endpoint
from tarash.testkit.fal.jobs import Job, MediaFile, Outcome
from tarash.testkit.fal.simulator import DEFAULT_KEY, FalSimulator
from tarash.testkit.fal.storage import StoredFile
from tarash.testkit.fal.webhooks import SignedWebhook

__all__ = [
    "DEFAULT_KEY",
    "Endpoint",
    "FalSimulator",
    "Job",
    "MediaFile",
    "Outcome",
    "SignedWebhook",
    "StoredFile",
]
