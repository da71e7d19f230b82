"""The media decode, and are what they are said to be."""

import io
import wave

import av
import pytest
from PIL import Image

from tarash.testkit import media


@pytest.mark.parametrize(("width", "height"), [(1, 1), (64, 64), (320, 180)])
def test_a_png_decodes(width: int, height: int) -> None:
    made = media.png(width, height, (1, 2, 3))
    with Image.open(io.BytesIO(made.content)) as image:
        image.load()
        assert (image.format, image.size, image.getpixel((width - 1, height - 1))) == (
            "PNG",
            (width, height),
            (1, 2, 3),
        )
    assert (made.content_type, made.width, made.height) == ("image/png", width, height)


def test_a_wav_decodes() -> None:
    made = media.wav(0.5, 8000)
    with wave.open(io.BytesIO(made.content)) as file:
        assert (file.getnchannels(), file.getframerate(), file.getnframes()) == (1, 8000, 4000)
        assert len(set(file.readframes(100))) > 10, "a tone, not silence"
    assert (made.content_type, made.duration, made.sample_rate) == ("audio/wav", 0.5, 8000)


@pytest.mark.parametrize("ratio", ["16:9", "9:16", "1:1", "4:3", "3:4", "21:9"])
def test_the_videos_of_the_core_decode(ratio: str) -> None:
    made = media.mp4(ratio)
    with av.open(io.BytesIO(made.content), "r") as container:
        stream = container.streams.video[0]
        frames = len(list(container.decode(stream)))
        assert (stream.width, stream.height) == (made.width, made.height)
    assert made.duration is not None
    assert frames > 5
    assert made.content_type == "video/mp4"


def test_the_mp3_of_the_core_decodes() -> None:
    made = media.mp3()
    with av.open(io.BytesIO(made.content), "r") as container:
        samples: int = sum([frame.samples for frame in container.decode(audio=0)])
    assert made.sample_rate is not None
    assert made.duration is not None
    assert samples / made.sample_rate == pytest.approx(made.duration, abs=0.1)


def test_a_video_that_the_core_does_not_ship() -> None:
    with pytest.raises(FileNotFoundError):
        media.mp4("17:3")
