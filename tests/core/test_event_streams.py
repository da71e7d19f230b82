"""Pieces of a stream, however the network cuts them."""

import json
from typing import Any

import pytest

from tarash.tarash_gateway.exceptions import ProtocolError
from tarash.tarash_gateway.models import AudioChunk
from tarash.tarash_gateway.providers.sounds import EventStream, JsonLines

PIECES = [{"text": "one"}, {"text": "two"}, {"text": "three", "done": True}]


def chunk_of(piece: dict[str, Any]) -> AudioChunk:
    return AudioChunk(piece["text"].encode())


def is_last(piece: dict[str, Any]) -> bool:
    return bool(piece.get("done"))


def heard(decoder: JsonLines, *parts: bytes) -> list[bytes]:
    chunks = [chunk for part in parts for chunk in decoder.feed(part)]
    return [chunk.audio for chunk in (*chunks, *decoder.finish())]


@pytest.mark.parametrize("end", [b"\n", b"\r\n"], ids=["LF", "CRLF"])
@pytest.mark.parametrize("kind", [JsonLines, EventStream])
def test_every_cut_gives_the_same(kind: type[JsonLines], end: bytes) -> None:
    is_event = kind is EventStream
    before, after = (b"event: piece" + end + b"data: ", end + end) if is_event else (b"", end)
    body = b"".join(before + json.dumps(piece).encode() + after for piece in PIECES)
    for cut in range(len(body) + 1):
        assert heard(kind(chunk_of, is_last), body[:cut], body[cut:]) == [b"one", b"two", b"three"]
    assert heard(kind(chunk_of), *(body[at : at + 1] for at in range(len(body)))) == [b"one", b"two", b"three"]


def test_a_last_piece_without_a_line_end_counts() -> None:
    assert heard(JsonLines(chunk_of, is_last), b'{"text": "a", "done": true}') == [b"a"]


def test_a_stream_without_its_last_piece_is_not_whole() -> None:
    with pytest.raises(ProtocolError, match="ended before the last"):
        heard(JsonLines(chunk_of, is_last), b'{"text": "a"}\n')
    assert heard(JsonLines(chunk_of), b'{"text": "a"}\n') == [b"a"]


@pytest.mark.parametrize("wrong", [b"no json\n", b"[1]\n", b'"text"\n'])
def test_what_is_no_object_is_no_piece(wrong: bytes) -> None:
    with pytest.raises(ProtocolError):
        heard(JsonLines(chunk_of), wrong)
