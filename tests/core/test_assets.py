"""The media that the mock returns is real: decoders accept every file, and the manifest says what they see."""

import json
from importlib.resources import files
from pathlib import Path

import av
import pytest
from av.audio import AudioStream
from av.container import InputContainer
from av.video import VideoStream
from PIL import Image

ASSETS = Path(str(files("tarash.tarash_gateway") / "assets"))
MANIFEST = json.loads((ASSETS / "manifest.json").read_text())

RATIOS = {"16x9": 16 / 9, "9x16": 9 / 16, "1x1": 1.0, "4x3": 4 / 3, "3x4": 3 / 4, "21x9": 21 / 9}
VIDEOS = [f"video_{ratio}_{lines}p.mp4" for ratio in RATIOS for lines in (480, 720, 1080)]
IMAGES = ["image.png", *(f"image_{ratio}.png" for ratio in RATIOS)]
SOUNDS = {
    "audio.mp3": ("audio/mpeg", "mp3float", 44_100),
    "audio.wav": ("audio/wav", "pcm_s16le", 24_000),
    "audio.flac": ("audio/flac", "flac", 24_000),
    "audio.opus": ("audio/ogg", "opus", 48_000),
    "audio.pcm": ("audio/pcm", "pcm_s16le", 24_000),
}


def open_media(name: str) -> InputContainer:
    if name.endswith(".pcm"):
        options = {"sample_rate": str(MANIFEST[name]["sample_rate"]), "ch_layout": "mono"}
        return av.open(ASSETS / name, mode="r", format="s16le", options=options)
    return av.open(ASSETS / name, mode="r")


def audio_seconds(media: InputContainer, stream: AudioStream) -> float:
    return sum(frame.samples for frame in media.decode(stream)) / stream.rate


def only_video(media: InputContainer) -> VideoStream:
    (stream,) = media.streams.video
    return stream


def test_the_manifest_lists_exactly_the_files_that_ship() -> None:
    shipped = {path.name for path in ASSETS.iterdir()} - {"manifest.json"}
    assert shipped == set(MANIFEST) == {*VIDEOS, *IMAGES, *SOUNDS}


def test_the_manifest_tells_the_sizes_and_together_they_are_small() -> None:
    sizes = {name: (ASSETS / name).stat().st_size for name in MANIFEST}
    assert sizes == {name: entry["bytes"] for name, entry in MANIFEST.items()}
    assert sum(sizes.values()) + (ASSETS / "manifest.json").stat().st_size < 500_000
    assert sum(sizes[name] for name in VIDEOS) < 400_000


@pytest.mark.parametrize("name", VIDEOS)
def test_videos_play_as_the_manifest_says(name: str) -> None:
    entry = MANIFEST[name]
    with open_media(name) as media:
        stream = only_video(media)
        pictures = list(media.decode(stream))
        assert (stream.width, stream.height) == (entry["width"], entry["height"])
        assert {(picture.width, picture.height) for picture in pictures} == {(entry["width"], entry["height"])}
        assert stream.average_rate == 4
        assert len(pictures) / 4 == pytest.approx(entry["duration"]) == 2.0
        assert media.duration == pytest.approx(2_000_000, abs=1_000)
    assert entry["content_type"] == "video/mp4"


@pytest.mark.parametrize("name", VIDEOS)
def test_videos_suit_every_player(name: str) -> None:
    with open_media(name) as media:
        stream = only_video(media)
        assert stream.codec_context.name == "h264"
        assert stream.codec_context.profile in ("Baseline", "Constrained Baseline")
        assert stream.codec_context.pix_fmt == "yuv420p"
    data = (ASSETS / name).read_bytes()
    assert 0 < data.find(b"moov") < data.find(b"mdat"), "the index must come first, so that playing can begin at once"


@pytest.mark.parametrize("name", VIDEOS)
def test_videos_move(name: str) -> None:
    with open_media(name) as media:
        pictures = [bytes(picture.reformat(format="gray").planes[0]) for picture in media.decode(only_video(media))]
    changes = [abs(before - after) for before, after in zip(pictures[0], pictures[-1], strict=True)]
    assert sum(changes) / len(changes) > 5


@pytest.mark.parametrize("name", IMAGES)
def test_images_decode_as_the_manifest_says(name: str) -> None:
    entry = MANIFEST[name]
    with Image.open(ASSETS / name) as picture:
        picture.load()
        assert picture.format == "PNG"
        assert picture.size == (entry["width"], entry["height"])
        assert len(picture.convert("RGB").getcolors(1 << 24) or []) > 16
    assert (entry["content_type"], entry["duration"], entry["sample_rate"]) == ("image/png", None, None)


@pytest.mark.parametrize("ratio", RATIOS)
def test_frames_have_the_ratio_of_their_name(ratio: str) -> None:
    for name in [f"image_{ratio}.png", *(name for name in VIDEOS if f"_{ratio}_" in name)]:
        entry = MANIFEST[name]
        assert entry["width"] / entry["height"] == pytest.approx(RATIOS[ratio], rel=0.001)
        assert entry["width"] % 2 == entry["height"] % 2 == 0


@pytest.mark.parametrize("name", SOUNDS)
def test_sounds_decode_as_the_manifest_says(name: str) -> None:
    content_type, codec, sample_rate = SOUNDS[name]
    entry = MANIFEST[name]
    with open_media(name) as media:
        (stream,) = media.streams.audio
        assert (stream.codec_context.name, stream.codec_context.channels) == (codec, 1)
        assert stream.rate == entry["sample_rate"] == sample_rate
        assert audio_seconds(media, stream) == pytest.approx(entry["duration"], abs=0.001)
    assert (entry["content_type"], entry["width"], entry["height"]) == (content_type, None, None)


def test_the_raw_samples_are_the_sound_of_the_wav_file() -> None:
    raw = (ASSETS / "audio.pcm").read_bytes()
    assert len(raw) == MANIFEST["audio.pcm"]["duration"] * MANIFEST["audio.pcm"]["sample_rate"] * 2
    assert (ASSETS / "audio.wav").read_bytes().endswith(raw)


def test_the_mp3_has_a_constant_bit_rate() -> None:
    with open_media("audio.mp3") as media:
        packets = [packet.size for packet in media.demux(media.streams.audio[0]) if packet.size]
    # 128 kbit/s at 44.1 kHz: 417 bytes, or 418 where padding keeps the average.
    assert set(packets) == {417, 418}
