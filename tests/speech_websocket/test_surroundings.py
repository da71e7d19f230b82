"""What the machine has and trusts: the optional package, and certificates. Each in a process of its own."""

import os
import subprocess
import sys

import pytest
from tests.support.conversing import VENDORS

from tarash.testkit.tls import LocalAuthority
from tarash.testkit.websockets import WebSocketServer

SPEAK = """
import asyncio, sys, warnings
from tarash import tarash_gateway as tarash
from tarash.tarash_gateway.models import AudioGenerationConfig, TTSRequest

_, world, url, key, missing = sys.argv
if missing:
    sys.modules[missing] = None  # as if it were not installed
config = AudioGenerationConfig(provider="elevenlabs", api_key=key, base_url=url, timeout=5)
request = TTSRequest(text="", voice_id="v1")

async def collect():
    return [chunk async for chunk in tarash.stream_tts_async(config, request, text=["Hello."])]

try:
    chunks = list(tarash.stream_tts(config, request, text=["Hello."])) if world == "sync" else asyncio.run(collect())
except Exception as error:
    print(type(error).__name__, error)
else:
    print("heard", sum(len(chunk.audio) for chunk in chunks))
"""


def speak(world: str, server: WebSocketServer, *, missing: str = "", **environment: str) -> str:
    arguments = [world, server.url, server.vendor.key, missing]  # type: ignore[attr-defined]
    done = subprocess.run(
        [sys.executable, "-c", SPEAK, *arguments],
        env={**os.environ, **environment},
        capture_output=True,
        text=True,
        timeout=30,
        check=True,
    )
    return done.stdout


@pytest.mark.parametrize("world", ["sync", "async"])
def test_without_the_package_nothing_is_sent(world: str) -> None:
    with WebSocketServer(VENDORS["elevenlabs"]()) as server:
        said = speak(world, server, missing="websockets")
        assert server.visits == []
    assert said.startswith("UnsupportedOperationError")
    assert "pip install 'tarash-core[websocket]'" in said
    assert "Nothing was sent" in said


@pytest.mark.parametrize("world", ["sync", "async"])
def test_certificates_are_trusted_as_over_http(world: str) -> None:
    with LocalAuthority() as authority, WebSocketServer(VENDORS["elevenlabs"](), authority=authority) as server:
        assert speak(world, server, SSL_CERT_FILE=str(authority.ca_file)).startswith("heard ")
        stranger = speak(world, server)
        assert stranger.startswith("HTTPConnectionError")
        assert "certificate" in stranger
        assert len(server.visits) == 1
