"""Where keys come from: the configuration, else the provider's own environment variables, and no others."""

from typing import Any, ClassVar

import pytest
from tests.support.acme import Acme
from tests.support.bench import REQUEST, Bench
from tests.support.worlds import World

from tarash.tarash_gateway import register_provider
from tarash.tarash_gateway.exceptions import ValidationError
from tarash.tarash_gateway.models import (
    AudioGenerationConfig,
    GenerationConfig,
    GenerationRequest,
    ImageGenerationConfig,
    ImageGenerationRequest,
    STSRequest,
    TTSRequest,
    VideoGenerationConfig,
)
from tarash.tarash_gateway.plugins import registry
from tarash.tarash_gateway.providers.base import Provider

PROMISED = {
    "fal": ["FAL_KEY"],
    "openai": ["OPENAI_API_KEY"],
    "azure-openai": ["AZURE_OPENAI_API_KEY"],
    "runway": ["RUNWAYML_API_SECRET"],
    "google": ["GOOGLE_API_KEY", "GEMINI_API_KEY"],
    "replicate": ["REPLICATE_API_TOKEN"],
    "stability": ["STABILITY_API_KEY"],
    "xai": ["XAI_API_KEY"],
    "luma": ["LUMAAI_API_KEY", "LUMA_API_KEY"],
    "elevenlabs": ["ELEVENLABS_API_KEY"],
    "cartesia": ["CARTESIA_API_KEY"],
    "sarvam": ["SARVAM_API_KEY"],
    "hume": ["HUME_API_KEY"],
}
EVERY_VARIABLE = [variable for variables in PROMISED.values() for variable in variables]


WORK: dict[str, tuple[type[GenerationConfig], GenerationRequest]] = {
    "video": (VideoGenerationConfig, REQUEST),
    "image": (ImageGenerationConfig, ImageGenerationRequest(prompt="x")),
    "tts": (AudioGenerationConfig, TTSRequest(text="x")),
    "sts": (AudioGenerationConfig, STSRequest(audio=b"x", voice_id="v")),
}
INSTALLED = [provider for provider in PROMISED if registry.owners(provider)]


def test_every_promised_provider_is_installed() -> None:
    missing = sorted(set(PROMISED) - set(INSTALLED))
    if missing:
        pytest.skip(f"no installed distribution provides {', '.join(missing)}")


@pytest.mark.parametrize("provider", INSTALLED)
def test_a_provider_reads_the_variables_that_were_promised(provider: str) -> None:
    handler = registry.handler(provider)
    assert isinstance(handler, Provider)
    assert list(handler.key_variables) == PROMISED[provider]


@pytest.mark.parametrize("provider", INSTALLED)
def test_without_its_own_variable_it_says_which_one_it_wants(
    world: World, monkeypatch: pytest.MonkeyPatch, provider: str
) -> None:
    for variable in EVERY_VARIABLE:
        if variable not in PROMISED[provider]:
            monkeypatch.setenv(variable, "the-key-of-another-provider")
    # Azure has no address that is right for everybody.
    address = "https://studio.openai.azure.com" if provider == "azure-openai" else None
    kind = next(iter(registry.handler(provider).operations))
    config, request = WORK[kind]
    with pytest.raises(ValidationError, match=" or ".join(PROMISED[provider])):
        world.call(f"generate_{kind}", config(provider=provider, model="maker/film", base_url=address), request)


class TwoVariables(Acme):
    id = "acme-two"
    key_variables: ClassVar[Any] = ("ACME_KEY_1", "ACME_KEY_2")


@pytest.fixture
def two_variables() -> None:
    register_provider("acme-two", TwoVariables())


def sent_key(bench: Bench) -> str | None:
    return bench.server.requests.matching("POST")[0].headers.get("x-acme-key")


@pytest.mark.parametrize(
    ("given", "environment", "sent"),
    [
        ("from-config", {}, "from-config"),
        ("from-config", {"ACME_KEY_1": "from-first"}, "from-config"),
        (None, {"ACME_KEY_1": "from-first"}, "from-first"),
        (None, {"ACME_KEY_2": "from-second"}, "from-second"),
        (None, {"ACME_KEY_1": "from-first", "ACME_KEY_2": "from-second"}, "from-first"),
        (None, {"ACME_KEY_1": "", "ACME_KEY_2": "from-second"}, "from-second"),
        (None, {"ACME_KEY_1": "  ", "ACME_KEY_2": "from-second"}, "from-second"),
        (" from-config\n", {}, "from-config"),
        (None, {"ACME_KEY_1": "\tfrom-first \r\n"}, "from-first"),
    ],
)
def test_the_configuration_comes_first_then_the_variables_in_their_order(
    bench: Bench,
    two_variables: None,
    monkeypatch: pytest.MonkeyPatch,
    given: str | None,
    environment: dict[str, str],
    sent: str,
) -> None:
    for name, value in environment.items():
        monkeypatch.setenv(name, value)
    bench.generate(provider="acme-two", api_key=given)
    assert sent_key(bench) == sent


def test_the_environment_is_read_at_each_call(bench: Bench, monkeypatch: pytest.MonkeyPatch) -> None:
    config = bench.config(api_key=None)
    for key in ("first-key", "second-key"):
        monkeypatch.setenv("ACME_KEY", key)
        bench.world.call("generate_video", config, REQUEST)
    assert [one.headers["x-acme-key"] for one in bench.server.requests.matching("POST")] == ["first-key", "second-key"]
