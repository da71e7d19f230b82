"""Samples without a header play as long as their rate says; what is no sound at all has no length."""

import math
import struct
from importlib.resources import files
from pathlib import Path

import pytest

from tarash.tarash_gateway.audio_duration import audio_duration

ASSETS = Path(str(files("tarash.tarash_gateway") / "assets"))
PCM = struct.pack("<24000h", *(round(9_000 * math.sin(at / 9)) for at in range(24_000)))

HEADERLESS: dict[str, tuple[tuple[str | None, int | None, int], float | None]] = {
    "rate given": (("audio/pcm", 24_000, 1), 1.0),
    "other rate": (("audio/pcm", 48_000, 1), 0.5),
    "stereo": (("audio/pcm", 24_000, 2), 0.5),
    "rate in the type": (("audio/L16;codec=pcm;rate=24000", None, 1), 1.0),
    "rate in the type, spaced and quoted": (('Audio/L16; Rate = "24000" ; channels=2', None, 1), 0.5),
    "the type wins": (("audio/l16; rate=24000; channels=1", 8_000, 2), 1.0),
    "no type": ((None, 24_000, 1), 1.0),
    "a type that says nothing": (("application/octet-stream", 24_000, 1), 1.0),
    "no rate": (("audio/pcm", None, 1), None),
    "no type and no rate": ((None, None, 1), None),
    "rate that is no number": (("audio/L16;rate=fast", None, 1), None),
    "rate of many digits": (("audio/L16;rate=" + "9" * 10_000, None, 1), None),
    "rate in other digits": (("audio/L16;rate=²٤", None, 1), None),
    "rate of zero": (("audio/pcm", 0, 1), None),
    "rate below zero": (("audio/pcm", -24_000, 1), None),
    "no channels": (("audio/pcm", 24_000, 0), None),
    "24 bit": (("audio/L24;rate=16000", None, 1), 1.0),
    "mu-law": (("audio/basic", None, 1), 6.0),
    "mu-law by its newer name": (("audio/PCMU", None, 1), 6.0),
    "mu-law at another rate": (("audio/x-mulaw", 48_000, 1), 1.0),
    "a-law": (("audio/pcma", 8_000, 1), 6.0),
    "declared as something else": (("audio/mpeg", 24_000, 1), None),
}


@pytest.mark.parametrize(("arguments", "seconds"), HEADERLESS.values(), ids=HEADERLESS)
def test_samples_without_a_header(arguments: tuple[str | None, int | None, int], seconds: float | None) -> None:
    assert audio_duration(PCM, *arguments) == (None if seconds is None else pytest.approx(seconds))


def test_samples_that_look_like_an_mp3_frame_are_still_samples() -> None:
    frames = b"".join(b"\xff\xfb\x90\x00" + bytes(413) for _ in range(100))
    assert audio_duration(frames, "audio/pcm", 24_000) == pytest.approx(len(frames) / 48_000, abs=0.001)
    assert audio_duration(frames, None, 24_000) == pytest.approx(100 * 1_152 / 44_100, abs=0.001)


@pytest.mark.parametrize(
    "data",
    [b"", b'{"error": "quota exceeded"}', b"<html><body>502</body></html>", (ASSETS / "image.png").read_bytes()],
    ids=["nothing", "json", "page", "picture"],
)
@pytest.mark.parametrize("content_type", [None, "audio/pcm", "audio/mpeg"])
def test_what_is_not_sound_has_no_length(data: bytes, content_type: str | None) -> None:
    assert audio_duration(data, content_type, 24_000) is None
