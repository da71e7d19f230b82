"""What a conformance test buys: the part that the author of a provider supplies."""

from dataclasses import dataclass
from urllib.parse import urlsplit

from tarash.tarash_gateway.models import (
    GenerationConfig,
    ImageGenerationRequest,
    Kind,
    STSRequest,
    TTSRequest,
    VideoGenerationRequest,
)
from tarash.testkit.server import ScriptedServer

Order = VideoGenerationRequest | ImageGenerationRequest | TTSRequest | STSRequest
_KINDS: dict[type[Order], Kind] = {
    VideoGenerationRequest: "video",
    ImageGenerationRequest: "image",
    TTSRequest: "tts",
    STSRequest: "sts",
}


@dataclass(frozen=True)
class Purchase:
    """One kind of work of one provider, which can be bought again and again.

    `server` plays the provider: its handler answers as the real one does and charges what it accepts (`Charge`, or
    `ledger.charge`), on the server's clock. `config` leads to it, so it has a `base_url`, and an `api_key` that is at
    least twelve letters long and that the server insists upon. `request` is the smallest that is accepted, with one
    output; it is bought with other prompts or texts, too.

    `run_seconds` is how long a job is asked for before it is done, in seconds of the server's clock; 0 where the result
    is in the answer to the paid request.
    """

    server: ScriptedServer
    config: GenerationConfig
    request: Order
    run_seconds: float = 0.0

    @property
    def kind(self) -> Kind:
        return _KINDS[type(self.request)]

    @property
    def key(self) -> str:
        if not self.config.api_key:
            raise ValueError("the configuration of a conformance test needs an api_key")
        return self.config.api_key

    @property
    def origin(self) -> str:
        """The one place that the key may be sent to."""
        parts = urlsplit(self.config.base_url or "")
        if not parts.netloc:
            raise ValueError("the configuration of a conformance test needs the base_url of the server")
        return f"{parts.scheme}://{parts.netloc}"
