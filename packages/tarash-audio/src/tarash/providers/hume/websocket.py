"""Text that is still being written, spoken over Hume's WebSocket (`stream/input`).

Source: wire and types of hume 0.14.1 (PyPI, 2026-08-17); the vendor's API reference, read 2026-11.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any

from tarash.providers.hume.errors import vendor_error
from tarash.tarash_gateway.exceptions import ProtocolError, TarashException
from tarash.tarash_gateway.messages import Conversation, Json, Request, Response
from tarash.tarash_gateway.models import AudioChunk
from tarash.tarash_gateway.providers.base import Call
from tarash.tarash_gateway.providers.conversations import JsonFrames
from tarash.tarash_gateway.providers.multipart import text_pairs
from tarash.tarash_gateway.providers.sounds import Reader

LONGEST_TEXT = 5000
QUERY = ("version", "instant_mode", "strip_headers", "include_timestamp_types", "context_generation_id", "temperature")


def conversation(call: Call, same: Request, read: Reader) -> Conversation:
    """`same` is the same call over HTTP, without a text. The vendor closes the connection after the last sound."""
    assert isinstance(same.body, Json)
    body = same.body.value
    (utterance,) = body["utterances"]
    told = {name: body[name] for name in QUERY if name in body}
    # Without it sound comes as bare bytes, and its times do not come at all.
    named = text_pairs({"format_type": body["format"]["type"], "no_binary": True, **told})
    # What is asked for several times stands under its own name each time.
    query = [(name.removesuffix("[]"), text) for name, text in named]

    def heard(message: dict[str, Any]) -> AudioChunk | None:
        if message.get("type") not in ("audio", "timestamp"):
            raise frame_error(message)
        return read(message)

    return Conversation(
        request=Request("GET", f"{call.base_url}/v0/tts/stream/input", query=query),
        decoder=JsonFrames(heard),
        say=lambda text: {"text": text, **utterance},
        closing=[{"close": True}],
        # Whether the vendor joins texts that are parts of a sentence is not documented.
        unit="sentence",
        longest=LONGEST_TEXT,
    )


def frame_error(message: Mapping[str, Any]) -> TarashException:
    """What an error inside a conversation means: by the table of errors over HTTP."""
    refusal = vendor_error(Response(400, body=json.dumps(message).encode()), note="")
    return refusal or ProtocolError("Hume sent a message that is neither sound nor an error.")
