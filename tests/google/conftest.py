"""One simulator of Google, both worlds, and both ways in: the Gemini API with a key, Vertex AI with a token."""

from collections.abc import Generator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pytest
from tests.support.worlds import World

from tarash.providers.google import GoogleProvider
from tarash.tarash_gateway import register_provider, stream_tts
from tarash.tarash_gateway.models import (
    AudioChunk,
    AudioGenerationConfig,
    GenerationConfig,
    ImageGenerationConfig,
    ImageGenerationRequest,
    TTSRequest,
    VideoGenerationConfig,
    VideoGenerationRequest,
)
from tarash.testkit.clock import VirtualClock
from tarash.testkit.google import PROJECT, GoogleSimulator
from tarash.testkit.ledger import Ledger

CONFIGS = {"video": VideoGenerationConfig, "image": ImageGenerationConfig, "tts": AudioGenerationConfig}
REQUESTS = {"video": VideoGenerationRequest, "image": ImageGenerationRequest, "tts": TTSRequest}


@dataclass
class Studio:
    """A world that calls, the simulator that is called, and the way in ("gemini" or "vertex")."""

    world: World
    google: GoogleSimulator
    way: str = "gemini"
    options: dict[str, Any] = field(default_factory=dict)

    def config(self, kind: str = "video", **fields: Any) -> GenerationConfig:
        options = {**self.options, **fields.pop("provider_config", {})}
        if self.way == "gemini":
            fields.setdefault("api_key", self.google.key)
        else:
            options = {"gcp_project": PROJECT, "storage_url": self.google.url, **options}
        fields.setdefault("base_url", self.google.url)
        config: GenerationConfig = CONFIGS[kind](provider="google", provider_config=options, **fields)
        return config

    def generate(self, kind: str = "video", model: str | None = None, **fields: Any) -> Any:
        config = fields.pop("config", None) or self.config(kind, model=model)
        fields.setdefault("text" if kind == "tts" else "prompt", "a cat")
        return self.world.call(f"generate_{kind}", config, REQUESTS[kind](**fields))

    def listen(self, config: Any, **fields: Any) -> list[AudioChunk]:
        """All chunks of a streamed speech, in the sync world."""
        return list(stream_tts(config, TTSRequest(**fields)))

    def body(self, operation: str) -> Any:
        """The body of the last request of an operation."""
        return self.google.requests(operation)[-1].json


@pytest.fixture(scope="session", autouse=True)
def provider() -> None:
    register_provider("google", GoogleProvider())


@pytest.fixture
def google(virtual_clock: VirtualClock, ledger: Ledger) -> Generator[GoogleSimulator]:
    with GoogleSimulator(clock=virtual_clock, ledger=ledger, run_seconds=20, file_seconds=5, unpack_seconds=7) as one:
        yield one


@pytest.fixture
def gemini(world: World, google: GoogleSimulator) -> Generator[Studio]:
    yield Studio(world, google)
    _check_the_wire(google, google.key)


@pytest.fixture
def vertex(world: World, google: GoogleSimulator, tmp_path: Path) -> Generator[Studio]:
    login = google.write_user_login(tmp_path / "login.json")
    yield Studio(world, google, "vertex", {"credentials_path": str(login)})
    for token in google.tokens.issued:
        _check_the_wire(google, token)


@pytest.fixture(params=["gemini", "vertex"])
def either(request: pytest.FixtureRequest, world: World) -> Studio:
    studio: Studio = request.getfixturevalue(request.param)
    return studio


def _check_the_wire(google: GoogleSimulator, secret: str) -> None:
    """Nothing was charged twice, and what proves who calls stood in its own header only."""
    assert not google.server.malformed
    assert all(google.ledger.charges(job) == 1 for job in google.ledger.charged_jobs)
    if any(secret in value for _, value in google.ledger.headers_at(google.url)):
        google.ledger.assert_key_only_at(google.url, secret)
