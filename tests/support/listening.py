"""What must hold of every stream of speech. `first`, `last` and `piece` are pieces of an answer's body, with sound."""

import time
import tracemalloc
from typing import Any

import pytest
from tests.support.speech import SpeechDesk

from tarash.tarash_gateway.exceptions import SubmitOutcomeUnknownError
from tarash.tarash_gateway.models import AudioChunk
from tarash.testkit.steps import Chunk, Close, EndlessBody, Finish, Gate, Hang, Hold, Reset, Start


def assert_heard_at_once(desk: SpeechDesk, first: bytes, last: bytes, **changes: Any) -> None:
    """The sound of the piece `first` is heard before the vendor has sent `last`; both are pieces of a body."""
    gate = Gate()
    desk.vendor.fail_next("stream", Start(200), Chunk(first), Hold(gate), Chunk(last), Finish())
    chunks: list[AudioChunk] = []

    def heard(chunk: AudioChunk) -> None:
        chunks.append(chunk)
        gate.open()

    desk.attend(heard, **changes)
    # The network may cut a piece in two.
    assert len(chunks) >= 2
    assert all(chunk.audio for chunk in chunks)


def assert_leaving_closes(desk: SpeechDesk, first: bytes, **changes: Any) -> None:
    """The connection of a stream that is left early is closed within 50 ms."""
    desk.vendor.fail_next("stream", Start(200), Chunk(first), Hang())
    desk.attend(lambda chunk: True, **changes)
    left = time.monotonic()
    while desk.vendor.server.connections.open:
        assert time.monotonic() - left < 0.05


def assert_nothing_repeated(desk: SpeechDesk, first: bytes, **changes: Any) -> None:
    """A chain goes on after a stream that broke before its first sound, and never after one that broke later."""
    usual = {"fallback_configs": [desk.config()], **changes}
    desk.vendor.fail_next("stream", Reset())
    assert desk.listen(**usual)
    assert desk.vendor.ledger.posts == 2
    desk.vendor.fail_next("stream", Start(200), Chunk(first), Close())
    chunks: list[AudioChunk] = []
    with pytest.raises(SubmitOutcomeUnknownError) as caught:
        desk.attend(chunks.append, **usual)
    assert chunks
    assert (caught.value.retryable, desk.vendor.ledger.posts) == (False, 3)


LONG = 50 * 2**20
MOST_MEMORY = 8 * 2**20


def assert_flat(desk: SpeechDesk, piece: bytes, **changes: Any) -> None:
    """A stream of 50 MiB of sound, whose body is `piece` again and again, takes no more than 8 MiB of memory."""
    desk.vendor.fail_next("stream", EndlessBody(block=piece))
    total = 0

    def heard(chunk: AudioChunk) -> bool:
        nonlocal total
        total += len(chunk.audio)
        return total >= LONG

    tracemalloc.start()
    try:
        desk.attend(heard, **changes)
        _, peak = tracemalloc.get_traced_memory()
    finally:
        tracemalloc.stop()
    assert total >= LONG
    assert peak < MOST_MEMORY, f"{peak / 2**20:.1f} MiB"
