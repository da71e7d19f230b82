"""The media that the mock hands out: real files that ship with the core, chosen and timed to match a request."""

from __future__ import annotations

import struct
from functools import lru_cache
from importlib.resources import files
from typing import Any

from tarash.tarash_gateway.models import Kind
from tarash.tarash_gateway.providers.field_mappers import parse_size

_ASSETS = "tarash.tarash_gateway"
_AUDIO = {"mp3": "audio.mp3", "wav": "audio.wav", "pcm": "audio.pcm", "flac": "audio.flac", "opus": "audio.opus"}
_RATIOS = ("16:9", "9:16", "1:1", "4:3", "3:4", "21:9")
_LINES = (480, 720, 1080)
_USUAL_LINES = 720
_NAMED_LINES = {"2k": 1440, "4k": 2160, "8k": 4320}
_CLOCK = 90_000
"""Ticks a second of a film's own clock."""


@lru_cache(maxsize=32)
def asset(name: str) -> bytes:
    return (files(_ASSETS) / "assets" / name).read_bytes()


@lru_cache(maxsize=1)
def manifest() -> dict[str, dict[str, Any]]:
    """What each asset really is: content type, width, height, duration, sample rate."""
    from pydantic_core import from_json

    return from_json(asset("manifest.json"))  # type: ignore[no-any-return]


def matching_asset(kind: Kind, request: Any) -> str:
    """The name of the asset that is nearest to what was asked for."""
    if kind in ("tts", "sts"):
        wanted = getattr(request, "output_format", None)
        return _AUDIO.get(getattr(wanted, "format", "mp3"), "audio.mp3")
    ratio = _nearest_ratio(request, "16:9" if kind == "video" else "1:1").replace(":", "x")
    return f"video_{ratio}_{_nearest_lines(request)}p.mp4" if kind == "video" else f"image_{ratio}.png"


def _nearest_ratio(request: Any, usual: str) -> str:
    text = getattr(request, "aspect_ratio", None) or getattr(request, "size", None) or usual
    try:
        wanted = _value(text) if ":" in text else _value("{}:{}".format(*parse_size(text)))
    except (ValueError, ZeroDivisionError):
        wanted = _value(usual)
    return min(_RATIOS, key=lambda one: abs(_value(one) - wanted))


def _value(ratio: str) -> float:
    width, _, height = ratio.partition(":")
    return int(width) / int(height)


def _nearest_lines(request: Any) -> int:
    text = (getattr(request, "resolution", None) or "").lower()
    digits = text.removesuffix("p")
    wanted = _NAMED_LINES.get(text, int(digits) if digits.isdecimal() else _USUAL_LINES)
    return min(_LINES, key=lambda lines: abs(lines - wanted))


def lasting(film: bytes, seconds: float) -> bytes:
    """One of our MP4 files, its few frames shown so long that it lasts `seconds`."""
    made = bytearray(film)
    frames, _ = _at(made, b"stts", 12, 16)
    delta = max(1, round(seconds * _CLOCK / frames))
    length = delta * frames * 1000 // _CLOCK
    for box, offset, value in (
        (b"mvhd", 20, length),  # in the file's clock, of a thousand ticks a second
        (b"tkhd", 24, length),
        (b"elst", 12, length),
        (b"mdhd", 20, delta * frames),
        (b"stts", 16, delta),
    ):
        struct.pack_into(">I", made, made.index(box) + offset, value)
    return bytes(made)


def _at(data: bytearray, box: bytes, *offsets: int) -> list[int]:
    return [struct.unpack_from(">I", data, data.index(box) + offset)[0] for offset in offsets]
