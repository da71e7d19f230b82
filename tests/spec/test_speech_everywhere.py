"""The promised pages on speech, by the letter, at every provider that speaks: what comes out decodes as it declares."""

import base64
import warnings
from pathlib import Path
from typing import Any

import pytest
from tests.support.purchases import PURCHASES
from tests.support.speech import CONTAINERS, PROMISED, RESPONSE, heard, promised_fields
from tests.support.worlds import WORLDS

from tarash.tarash_gateway.clock import use_clock
from tarash.tarash_gateway.models import AudioGenerationConfig, STSRequest, TTSRequest
from tarash.testkit.clock import VirtualClock
from tarash.testkit.simulators import Simulator, find_simulator
from tarash.testkit.sounds import sound

REQUESTS: dict[str, Any] = {"tts": TTSRequest, "sts": STSRequest}
SPEAKING = [(name, kind) for name, kinds in PURCHASES.items() for kind in kinds if kind in REQUESTS]
RECORDING = {"content": sound("wav", 16_000, seconds=1.0), "content_type": "audio/wav"}
NEEDED: dict[str, dict[str, Any]] = {"tts": {}, "sts": {"audio": RECORDING}}
DURATION_MAY_BE_UNKNOWN = {"fal"}
"""Whose answer is a link, and tells no length: nothing is fetched before `save`."""


def config_of(simulator: Simulator, model: str | None) -> AudioGenerationConfig:
    """Every promised field, and the simulator's address."""
    options = {**PROMISED["AudioGenerationConfig"], **simulator.settings, "model": model}
    return AudioGenerationConfig(**options)


@pytest.mark.parametrize("world", list(WORLDS))
@pytest.mark.parametrize(("provider", "kind"), SPEAKING)
def test_the_pages_are_kept(provider: str, kind: str, world: str, tmp_path: Path) -> None:
    name, purchase, clock = kind.upper(), PURCHASES[provider][kind], VirtualClock()
    for model in ("AudioGenerationConfig", f"{name}Request"):
        assert promised_fields(model) == list(PROMISED[model])
    assert promised_fields(f"{name}Response") == list(RESPONSE)
    fields = {**PROMISED[f"{name}Request"], **NEEDED[kind], **purchase["request"]}
    one = WORLDS[world]()
    with find_simulator(provider)(clock=clock) as simulator, use_clock(clock), warnings.catch_warnings():
        warnings.simplefilter("ignore")
        config = config_of(simulator, purchase.get("model"))
        response = one.call(f"generate_{kind}", config, REQUESTS[kind](**fields), lambda update: None)
        saved = one.save(response, tmp_path / "made")
    one.close()
    for field, type_ in RESPONSE.items():
        optional = field == "duration" and provider in DURATION_MAY_BE_UNKNOWN
        assert isinstance(getattr(response, field), type_) or optional, field
    assert (response.status, response.is_mock) == ("completed", False)
    assert response.execution_metadata.successful_attempt == 1
    assert_declared(saved, response)


def assert_declared(saved: Path, response: Any) -> None:
    """The file decodes; its ending and the declared type say what it is, and the length is true where it is told."""
    declared = {content_type: (form, rest) for form, (*rest, content_type) in CONTAINERS.items()}
    form, (container, codec) = declared[response.content_type.partition(";")[0]]
    assert saved.suffix == f".{form}"
    found = heard(saved.read_bytes(), form, 24_000)
    assert (found.container, found.codec) == (container, codec)
    if response.duration is not None:
        assert response.duration == pytest.approx(found.seconds, abs=0.15)
    if not response.audio.startswith("http"):
        assert base64.b64decode(response.audio) == saved.read_bytes()
