"""How long a piece of sound plays, found in its bytes, because hardly any vendor of speech says it."""

import struct
from collections.abc import Callable
from typing import NamedTuple

from tarash.tarash_gateway._audio.flac import flac_seconds
from tarash.tarash_gateway._audio.frames import skip_id3
from tarash.tarash_gateway._audio.mp4 import mp4_seconds
from tarash.tarash_gateway._audio.mpeg import adts_seconds, mp3_seconds
from tarash.tarash_gateway._audio.ogg import ogg_seconds
from tarash.tarash_gateway._audio.wav import wav_seconds
from tarash.tarash_gateway.sniffing import looks_like_text_error, sniff

_HEAD = 65_536
# A result longer than a week comes from a corrupt header, not from a speaker.
_LONGEST = 7 * 86_400.0


class _Samples(NamedTuple):
    """A headerless format: bytes per sample, and the rate in Hz if the format itself implies one."""

    width: int
    sample_rate: int | None = None


_S16 = _Samples(2)
_G711 = _Samples(1, 8_000)
_HEADERLESS = {
    "audio/pcm": _S16,
    "audio/x-pcm": _S16,
    "audio/l16": _S16,
    "audio/raw": _S16,
    "audio/x-raw": _S16,
    "audio/l8": _Samples(1),
    "audio/l24": _Samples(3),
    "audio/basic": _G711,
    "audio/mulaw": _G711,
    "audio/x-mulaw": _G711,
    "audio/ulaw": _G711,
    "audio/pcmu": _G711,
    "audio/alaw": _G711,
    "audio/x-alaw": _G711,
    "audio/pcma": _G711,
}
_SAYS_NOTHING = frozenset({"", "application/octet-stream", "binary/octet-stream"})


def _flac_behind_tags(data: bytes) -> float | None:
    return flac_seconds(data, skip_id3(data))


_READERS: dict[str, Callable[[bytes], float | None]] = {
    "audio/wav": wav_seconds,
    "audio/mpeg": mp3_seconds,
    "audio/aac": adts_seconds,
    "audio/flac": _flac_behind_tags,
    "audio/ogg": ogg_seconds,
    "video/ogg": ogg_seconds,
    "audio/mp4": mp4_seconds,
    "video/mp4": mp4_seconds,
    "video/quicktime": mp4_seconds,
    "video/3gpp": mp4_seconds,
}
# Formats that are recognised by a few bits, which plain samples may have by chance.
_WEAKLY_MARKED = frozenset({"audio/mpeg", "audio/aac"})


def audio_duration(
    data: bytes, content_type: str | None = None, sample_rate: int | None = None, channels: int = 1
) -> float | None:
    """Seconds that `data` plays, or None when that cannot be told. Never raises, whatever the bytes are.

    Reads WAV (also with the placeholder sizes of streaming servers), RF64, MP3, AAC in ADTS, FLAC, Ogg (Opus, Vorbis,
    FLAC) and MP4. The bytes decide what it is; `content_type` matters only for samples without a header: 16-bit PCM,
    mu-law, A-law. Those need `sample_rate` (Hz) and `channels`, unless the type names them as in
    `audio/L16;rate=24000;channels=1`; what the type says wins. G.711 without any rate is taken as 8,000 Hz (RFC 3551).
    Unmarked bytes without a content type are 16-bit PCM if a sample rate is given.

    Incomplete files count as far as they reach, except where only the header knows (MP4, and FLAC with a total).
    Encoder delay and padding are subtracted where the file notes them (LAME tag, Opus pre-skip).
    """
    try:
        seconds = _measure(data, content_type or "", sample_rate, channels)
    except struct.error:
        # The one way in which a reader runs into the end of the bytes.
        return None
    return seconds if seconds is not None and 0 <= seconds <= _LONGEST else None


def sound_type(data: bytes, content_type: str | None = None) -> str | None:
    """What the bytes are by their own marks; None for samples without a header, as `content_type` may say of them."""
    head = data[:_HEAD]
    sniffed = sniff(head)
    headerless = _split(content_type or "")[0] in _HEADERLESS
    doubtful = sniffed and headerless and sniffed.content_type in _WEAKLY_MARKED and not head.startswith(b"ID3")
    return sniffed.content_type if sniffed and not doubtful else None


def _measure(data: bytes, content_type: str, sample_rate: int | None, channels: int) -> float | None:
    essence, parameters = _split(content_type)
    samples = _HEADERLESS.get(essence)
    marked = sound_type(data, content_type)
    if marked:
        reader = _READERS.get(marked)
        return reader(data) if reader else None
    if samples is None and essence in _SAYS_NOTHING:
        samples = _S16
    if samples is None or looks_like_text_error(data[:_HEAD]):
        return None
    rate = _number(parameters.get("rate")) or sample_rate or samples.sample_rate or 0
    return _samples_seconds(data, samples.width, rate, _number(parameters.get("channels")) or channels)


def _samples_seconds(data: bytes, width: int, sample_rate: int, channels: int) -> float | None:
    if not data or sample_rate <= 0 or channels <= 0:
        return None
    return len(data) // (width * channels) / sample_rate


def _split(content_type: str) -> tuple[str, dict[str, str]]:
    """The bare type in lower case, and its parameters."""
    essence, *rest = (part.strip() for part in content_type.lower().split(";"))
    pairs = (part.partition("=") for part in rest)
    return essence, {name.strip(): value.strip(' "') for name, _, value in pairs}


def _number(text: str | None) -> int | None:
    # Nine digits are ample, and int() refuses texts of thousands of them with an error.
    return int(text) if text and text.isascii() and text.isdigit() and len(text) < 10 else None
