"""Text that is still being written, spoken over Cartesia's WebSocket, in one context.

Source: wire and types of cartesia 4.2.0 (PyPI, 2026-09-02); the vendor's API reference, read 2026-11.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from tarash.tarash_gateway.messages import Conversation, Json, Request
from tarash.tarash_gateway.models import AudioChunk
from tarash.tarash_gateway.providers.base import Call
from tarash.tarash_gateway.providers.conversations import JsonFrames
from tarash.tarash_gateway.providers.sounds import Reader

SOUND = ("chunk", "timestamps", "error")


def conversation(call: Call, same: Request, read: Reader) -> Conversation:
    """The vendor joins the texts of a context as they are. `same` is the same call over HTTP, without a text."""
    assert isinstance(same.body, Json)
    fields = same.body.value
    context = {**fields, "output_format": _raw(fields["output_format"]), "context_id": call.request_id}
    if call.options.get("timings"):
        context["add_timestamps"] = True

    def heard(message: dict[str, Any]) -> AudioChunk | None:
        return read(message) if message.get("type") in SOUND else None

    return Conversation(
        request=Request("GET", f"{call.base_url}/tts/websocket", same.headers),
        decoder=JsonFrames(heard, lambda message: message.get("type") == "done"),
        say=lambda text: {**context, "transcript": text, "continue": True},
        closing=[{**context, "transcript": "", "continue": False}],
    )


def _raw(wanted: Mapping[str, Any]) -> dict[str, Any]:
    """Messages hold bare samples only: of the format that was asked for the rate and the encoding are left."""
    encoding = wanted.get("encoding", "pcm_s16le")
    return {"container": "raw", "encoding": encoding, "sample_rate": wanted["sample_rate"]}
