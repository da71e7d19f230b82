"""Putting pieces of sound one behind another, into one file, without decoding them."""

from __future__ import annotations

import struct
from collections.abc import Callable, Mapping, Sequence
from itertools import count

from tarash.tarash_gateway._audio.frames import skip_id3
from tarash.tarash_gateway._audio.mpeg import mp3_sound, with_summary
from tarash.tarash_gateway._audio.ogg import ogg_serials, renumbered
from tarash.tarash_gateway._audio.wav import wav_contents
from tarash.tarash_gateway.audio_duration import sound_type

JOINABLE = ("mp3", "wav", "pcm", "opus", "aac", "ulaw", "alaw")
"""Formats of a request whose pieces can be joined."""

_LONGEST_WAV = 0xFFFFFFFF - 64


def join_sounds(pieces: Sequence[bytes], content_type: str | None = None) -> bytes:
    """One file that plays the pieces one after another.

    The bytes decide what they are; `content_type` matters only for samples without a header. Raises ValueError for
    pieces that differ (in format, sample rate or channels), or that cannot be joined without a codec.
    """
    if len(pieces) == 1:
        return pieces[0]
    kinds = {sound_type(piece, content_type) for piece in pieces}
    if len(kinds) > 1:
        raise ValueError(f"they differ: {', '.join(sorted(str(kind) for kind in kinds))}")
    [kind] = kinds
    if kind is None:
        return b"".join(pieces)
    if kind not in _JOINERS:
        raise ValueError(f"{kind} cannot be joined")
    return _JOINERS[kind](pieces)


def _join_wav(pieces: Sequence[bytes]) -> bytes:
    contents = [found for piece in pieces if (found := wav_contents(piece))]
    layouts = {layout for layout, _ in contents}
    if len(contents) < len(pieces) or len(layouts) > 1:
        raise ValueError("the samples of these WAV files differ in kind, or are compressed")
    samples = b"".join(sound for _, sound in contents)
    if len(samples) > _LONGEST_WAV:
        raise ValueError("they are too long for one WAV file")
    [layout] = layouts
    chunks = b"".join((_chunk(b"fmt ", layout), _chunk(b"data", samples)))
    return b"RIFF" + struct.pack("<I", 4 + len(chunks)) + b"WAVE" + chunks


def _chunk(name: bytes, content: bytes) -> bytes:
    return name + struct.pack("<I", len(content)) + content + b"\0" * (len(content) & 1)


def _join_mp3(pieces: Sequence[bytes]) -> bytes:
    """All frames behind one summary. Tags and summaries in the middle would be heard, or end the sound."""
    sounds = [sound for piece in pieces if (sound := mp3_sound(piece))]
    streams = {(sound[0][1] & 0xFE, sound[0][2] & 0x0C, sound[0][3] >> 6 == 3) for sound in sounds}
    if len(sounds) < len(pieces) or len(streams) > 1:
        raise ValueError("these MP3 files differ in sample rate or channels, or hold no sound")
    return with_summary([frame for sound in sounds for frame in sound])


def _join_ogg(pieces: Sequence[bytes]) -> bytes:
    """A chain (RFC 3533): whole files one behind another, whose streams all have numbers of their own."""
    used: set[int] = set()
    joined = []
    for piece in pieces:
        own = ogg_serials(piece)
        free = (number for number in count(1) if number not in used | own)
        numbers = {old: next(free) for old in sorted(own & used)}
        joined.append(renumbered(piece, numbers) if numbers else piece)
        used |= {numbers.get(old, old) for old in own}
    return b"".join(joined)


def _join_adts(pieces: Sequence[bytes]) -> bytes:
    """Every frame has a header of its own."""
    return b"".join(piece[skip_id3(piece) :] for piece in pieces)


_JOINERS: Mapping[str, Callable[[Sequence[bytes]], bytes]] = {
    "audio/wav": _join_wav,
    "audio/mpeg": _join_mp3,
    "audio/ogg": _join_ogg,
    "audio/aac": _join_adts,
}
