"""A simulator of OpenAI and of Azure OpenAI that the vendor's own SDK cannot tell from the real ones.

Made after the wire of openai 3.52 and 3.54 (PyPI, `OpenAI` and `AzureOpenAI`) and the types in it.
"""

from tarash.testkit.openai.simulator import DEFAULT_KEY, AzureOpenAISimulator, OpenAISimulator
from tarash.testkit.openai.videos import Video, VideoOutcome
from tarash.testkit.openai.webhooks import SignedWebhook

__all__ = ["DEFAULT_KEY", "AzureOpenAISimulator", "OpenAISimulator", "SignedWebhook", "Video", "VideoOutcome"]
