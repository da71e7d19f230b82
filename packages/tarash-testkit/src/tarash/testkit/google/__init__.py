"""A simulator of Google (Gemini API, Vertex AI, tokens, storage) that Google's own SDK cannot tell from the real one.

Made after google-genai 3.4.0 and google-auth 2.62.2 as seen on the wire, and Google's pages of 2026.
"""

from tarash.testkit.google.jobs import Job, Outcome
from tarash.testkit.google.oauth import new_service_account
from tarash.testkit.google.simulator import DEFAULT_KEY, PROJECT, GoogleSimulator

__all__ = ["DEFAULT_KEY", "PROJECT", "GoogleSimulator", "Job", "Outcome", "new_service_account"]
