"""What the simulator serves: media that really decode, in the formats that were asked for."""

from functools import cache
from importlib import resources

from tarash.testkit.media import Media, mp3, mp4, picture, wav

SAMPLE_RATE = 24_000
RATIOS = {"1280x720": "16:9", "1920x1080": "16:9", "1792x1024": "16:9"}
_SILENCE = bytes.fromhex("00c800802380")
"""One frame of silence in AAC-LC, mono."""


def speech(wanted: str) -> bytes:
    """Sound in one of the vendor's formats; PCM and WAV have 24,000 samples a second."""
    match wanted:
        case "mp3":
            return mp3().content
        case "wav":
            return wav(0.4, SAMPLE_RATE).content
        case "pcm":
            return wav(0.4, SAMPLE_RATE).content[44:]
        case "aac":
            return _aac()
        case _:
            return (resources.files("tarash.tarash_gateway") / "assets" / f"audio.{wanted}").read_bytes()


@cache
def _aac(frames: int = 12) -> bytes:
    length = 7 + len(_SILENCE)
    # Sync word, MPEG-4, no checksum; profile LC, 24 kHz (index 6), one channel; then the length of the frame.
    head = bytes((0xFF, 0xF1, 0x58, 0x40 | length >> 11, length >> 3 & 0xFF, (length & 7) << 5 | 0x1F, 0xFC))
    return (head + _SILENCE) * frames


def sized_picture(size: str, wanted: str, number: int) -> bytes:
    width, height = map(int, size.split("x"))
    return picture(width, height, wanted, number)


def video(size: str) -> Media:
    return mp4(RATIOS.get(size, "9:16"))


def thumbnail() -> bytes:
    return picture(64, 64, "webp", 1)
