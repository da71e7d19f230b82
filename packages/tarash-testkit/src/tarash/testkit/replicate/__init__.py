"""A simulator of Replicate that the vendor's own SDK cannot tell from the real one.

Made after the wire of replicate 1.0.7 (PyPI) and Replicate's OpenAPI document 1.0.0-a1.
"""

from tarash.testkit.replicate.catalogue import MODELS, PublishedModel
from tarash.testkit.replicate.predictions import Prediction, PredictionOutcome, SignedWebhook
from tarash.testkit.replicate.simulator import DEFAULT_KEY, ReplicateSimulator

__all__ = [
    "DEFAULT_KEY",
    "MODELS",
    "Prediction",
    "PredictionOutcome",
    "PublishedModel",
    "ReplicateSimulator",
    "SignedWebhook",
]
