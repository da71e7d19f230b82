"""A stream of 200 MB passes through: it is never held."""

import gc
import tracemalloc
from collections.abc import Iterator

import pytest
from tests.core.test_streaming import Speaker, config, listen
from tests.support.worlds import World

from tarash.tarash_gateway import register_provider
from tarash.tarash_gateway.models import AudioChunk
from tarash.testkit.server import ScriptedServer
from tarash.testkit.steps import Chunk, Finish, Start, Step

BLOCK = b"sound..." * 8192
BLOCKS = 200 * 1024 * 1024 // len(BLOCK)
MOST = 4 * 1024 * 1024
"""Bytes that reader and server together may hold at any moment."""


@pytest.fixture(scope="module", autouse=True)
def speaker() -> None:
    register_provider("speaker", Speaker())


def endless_speech() -> Iterator[Step]:
    yield Start(200)
    for _ in range(BLOCKS):
        yield Chunk(BLOCK)
    yield Finish()


def test_memory_stays_flat_over_200_megabytes(world: World) -> None:
    total = 0

    def count(chunk: AudioChunk) -> None:
        nonlocal total
        total += len(chunk.audio)

    with ScriptedServer(lambda request: endless_speech()) as server:
        listen(world, config(server), lambda chunk: True)
        gc.collect()
        tracemalloc.start()
        try:
            before = tracemalloc.get_traced_memory()[0]
            listen(world, config(server), count)
            peak = tracemalloc.get_traced_memory()[1] - before
        finally:
            tracemalloc.stop()
    print(f"{world.name}: {total / 2**20:.0f} MiB, at most {peak / 2**20:.2f} MiB held")
    assert total == BLOCKS * len(BLOCK)
    assert peak < MOST
