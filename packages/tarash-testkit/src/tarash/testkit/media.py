"""Small media that really decode, for simulators to serve.

Images and WAV are made here from the standard library; MP4 and MP3 are those that ship with the core.
"""

import base64
import io
import json
import math
import struct
import wave
import zlib
from dataclasses import dataclass
from functools import cache
from importlib import resources


@dataclass(frozen=True)
class Media:
    """A file and what it really is: pixels, seconds, Hz; None where a measure does not apply."""

    content: bytes
    content_type: str
    file_name: str
    width: int | None = None
    height: int | None = None
    duration: float | None = None
    sample_rate: int | None = None

    @property
    def data_uri(self) -> str:
        return f"data:{self.content_type};base64,{base64.b64encode(self.content).decode()}"


@cache
def png(width: int = 64, height: int = 64, colour: tuple[int, int, int] = (38, 92, 160)) -> Media:
    """A picture in one colour (RGB, 8 bits)."""
    row = b"\0" + bytes(colour) * width
    chunks = (
        _png_chunk(b"IHDR", struct.pack(">IIBBBBB", width, height, 8, 2, 0, 0, 0)),
        _png_chunk(b"IDAT", zlib.compress(row * height, 9)),
        _png_chunk(b"IEND", b""),
    )
    return Media(b"\x89PNG\r\n\x1a\n" + b"".join(chunks), "image/png", "image.png", width, height)


def _png_chunk(kind: bytes, data: bytes) -> bytes:
    return struct.pack(">I", len(data)) + kind + data + struct.pack(">I", zlib.crc32(kind + data))


def numbered_png(width: int, height: int, number: int) -> Media:
    """A picture, each number in another colour."""
    return png(width, height, (40 * number % 256, 92, 160))


@cache
def picture(width: int, height: int, wanted: str, number: int) -> bytes:
    """The same in a format of Pillow's; only those other than "png" need Pillow."""
    drawn = numbered_png(width, height, number).content
    if wanted == "png":
        return drawn
    from PIL import Image

    file = io.BytesIO()
    Image.open(io.BytesIO(drawn)).save(file, wanted.upper())
    return file.getvalue()


@cache
def wav(seconds: float = 0.2, sample_rate: int = 24_000, pitch: float = 440.0) -> Media:
    """A tone of `pitch` Hz: mono, 16 bits."""
    count = round(seconds * sample_rate)
    samples = (round(8000 * math.sin(2 * math.pi * pitch * number / sample_rate)) for number in range(count))
    file = io.BytesIO()
    with wave.open(file, "wb") as writer:
        writer.setnchannels(1)
        writer.setsampwidth(2)
        writer.setframerate(sample_rate)
        writer.writeframes(struct.pack(f"<{count}h", *samples))
    return Media(file.getvalue(), "audio/wav", "audio.wav", duration=count / sample_rate, sample_rate=sample_rate)


def mp4(aspect_ratio: str = "16:9") -> Media:
    """The core's video of this aspect ratio. Raises FileNotFoundError for one that it does not ship."""
    return _asset(f"video_{aspect_ratio.replace(':', 'x')}_480p.mp4")


def mp3() -> Media:
    return _asset("audio.mp3")


@cache
def _asset(name: str) -> Media:
    folder = resources.files("tarash.tarash_gateway") / "assets"
    content = (folder / name).read_bytes()
    facts = json.loads((folder / "manifest.json").read_text(encoding="utf-8"))[name]
    measures = {measure: facts[measure] for measure in ("width", "height", "duration", "sample_rate")}
    return Media(content, facts["content_type"], name, **measures)
