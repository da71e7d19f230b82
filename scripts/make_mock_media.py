# /// script
# requires-python = ">=3.11"
# dependencies = ["av", "imageio-ffmpeg", "pillow"]
# ///
"""Make the media that the mock provider returns, and a manifest that says what each file really is.

    python scripts/make_mock_media.py [folder]

The folder defaults to the assets of tarash-core. ffmpeg comes from the PATH or from the package imageio-ffmpeg; av
measures the finished files, so the manifest holds what a decoder sees and not what was asked of the encoder.
Pictures are a synthetic gradient with the word MOCK, sounds a quiet sine: nothing here was taken from anywhere.
"""

import json
import shutil
import subprocess
import sys
import tempfile
from pathlib import Path

import av
from av.container import InputContainer
from PIL import Image, ImageDraw, ImageFont

ASSETS = Path(__file__).parents[1] / "packages/tarash-core/src/tarash/tarash_gateway/assets"

# Frame sizes of the images in pixels: exactly the ratio, and small, because every wheel carries them.
FRAMES = {
    "16x9": (320, 180),
    "9x16": (180, 320),
    "1x1": (240, 240),
    "4x3": (320, 240),
    "3x4": (240, 320),
    "21x9": (336, 144),
}
# Videos come in these numbers of lines (of the shorter side), with so few frames that all of them stay small.
LINES = (480, 720, 1080)
FRAME_RATE = 4
VIDEO_SECONDS = 2
COLOURS = "c0=0x123a5a:c1=0x2f7f86:c2=0xd9a441:nb_colors=3"

# Two parts of one word: without bitexact the files would name the encoder's version and differ from machine to machine.
REPRODUCIBLE = ["-map_metadata", "-1", "-fflags", "+bitexact", "-flags", "+bitexact", "-threads", "1"]
H264 = ["-c:v", "libx264", "-profile:v", "baseline", "-pix_fmt", "yuv420p", "-preset", "veryslow", "-crf", "38"]
# A clock that divides by whatever length the mock gives a film later.
CLOCK = ["-video_track_timescale", "90000"]

# File name: sample rate in Hz, length in seconds, encoder options.
SOUNDS = {
    "audio.mp3": (44_100, 1.0, ["-c:a", "libmp3lame", "-b:a", "128k"]),
    "audio.wav": (24_000, 0.5, ["-c:a", "pcm_s16le"]),
    "audio.flac": (24_000, 1.0, ["-c:a", "flac", "-sample_fmt", "s16"]),
    "audio.opus": (48_000, 1.0, ["-c:a", "libopus", "-b:a", "32k", "-f", "ogg"]),
    "audio.pcm": (24_000, 0.5, ["-c:a", "pcm_s16le", "-f", "s16le"]),
}
# What a reader of headerless samples has to be told, because the bytes do not say it.
RAW_SAMPLES = {"sample_rate": "24000", "ch_layout": "mono"}

CONTENT_TYPES = {
    ".mp4": "video/mp4",
    ".png": "image/png",
    ".mp3": "audio/mpeg",
    ".wav": "audio/wav",
    ".flac": "audio/flac",
    ".opus": "audio/ogg",
    ".pcm": "audio/pcm",
}


def find_ffmpeg() -> str:
    installed = shutil.which("ffmpeg")
    if installed:
        return installed
    import imageio_ffmpeg  # type: ignore[import-untyped]

    return str(imageio_ffmpeg.get_ffmpeg_exe())


def ffmpeg(*arguments: object) -> None:
    subprocess.run([find_ffmpeg(), "-v", "error", "-nostdin", "-y", *map(str, arguments)], check=True)


def gradient(size: tuple[int, int], seconds: int) -> str:
    width, height = size
    corners = f"x0=0:y0=0:x1={width - 1}:y1={height - 1}"
    return f"gradients=s={width}x{height}:r={FRAME_RATE}:d={seconds}:speed=0.1:seed=7:{COLOURS}:{corners}"


def sine(sample_rate: int, seconds: float) -> str:
    # The filter's own level is -18 dBFS; 12 dB less is audible and startles nobody.
    return f"sine=frequency=440:sample_rate={sample_rate}:duration={seconds},volume=-12dB"


def draw_label(path: Path) -> None:
    # Pillow brings a font of its own, so the word looks the same wherever this runs.
    font = ImageFont.load_default(size=40)
    left, top, right, bottom = (int(edge) for edge in font.getbbox("MOCK"))
    label = Image.new("RGBA", (right - left + 24, bottom - top + 20), (0, 0, 0, 150))
    ImageDraw.Draw(label).text((12 - left, 10 - top), "MOCK", font=font, fill="white")
    label.save(path)


def frame_of(ratio: str, lines: int) -> tuple[int, int]:
    """Pixels of a film; even, as H.264 4:2:0 requires."""
    width, height = map(int, ratio.split("x"))
    longer = round(lines * max(width, height) / min(width, height) / 2) * 2
    return (longer, lines) if width >= height else (lines, longer)


def make_video(path: Path, size: tuple[int, int], label: Path) -> None:
    picture = ["-f", "lavfi", "-i", gradient(size, VIDEO_SECONDS), "-i", label]
    centred = ["-filter_complex", "[0][1]overlay=(W-w)/2:(H-h)/2[out]", "-map", "[out]"]
    ffmpeg(*picture, *centred, *H264, *CLOCK, *REPRODUCIBLE, "-movflags", "+faststart", path)


def make_image(path: Path, size: tuple[int, int], label: Path) -> None:
    ffmpeg("-f", "lavfi", "-i", gradient(size, 1), "-i", label, "-filter_complex", "overlay=(W-w)/2:(H-h)/2",
           "-frames:v", 1, path)  # fmt: skip
    with Image.open(path) as picture:
        small = picture.convert("RGB").quantize(48, dither=Image.Dither.NONE)
    small.save(path, optimize=True)


def make_sound(path: Path, sample_rate: int, seconds: float, options: list[str]) -> None:
    ffmpeg("-f", "lavfi", "-i", sine(sample_rate, seconds), "-ac", 1, *options, *REPRODUCIBLE, path)


def make_all(folder: Path) -> None:
    with tempfile.TemporaryDirectory() as scratch:
        label = Path(scratch, "label.png")
        draw_label(label)
        for ratio, size in FRAMES.items():
            make_image(folder / f"image_{ratio}.png", size, label)
            for lines in LINES:
                make_video(folder / f"video_{ratio}_{lines}p.mp4", frame_of(ratio, lines), label)
    shutil.copyfile(folder / "image_1x1.png", folder / "image.png")
    for name, (sample_rate, seconds, options) in SOUNDS.items():
        make_sound(folder / name, sample_rate, seconds, options)


def decoded_seconds(path: Path) -> float:
    """Length of what a decoder puts out, after encoder delay and padding have been cut off."""
    with open_media(path) as media:
        if media.streams.video:
            return sum(1 for _ in media.decode(video=0)) / FRAME_RATE
        samples = sum(frame.samples for frame in media.decode(media.streams.audio[0]))
        return samples / media.streams.audio[0].rate


def open_media(path: Path) -> InputContainer:
    raw = path.suffix == ".pcm"
    return av.open(path, mode="r", format="s16le" if raw else None, options=RAW_SAMPLES if raw else None)


def describe(path: Path) -> dict[str, object]:
    with open_media(path) as media:
        video = media.streams.video[0] if media.streams.video else None
        audio = media.streams.audio[0] if media.streams.audio else None
        width, height = (video.width, video.height) if video else (None, None)
        sample_rate = audio.rate if audio else None
    still = path.suffix == ".png"
    return {
        "content_type": CONTENT_TYPES[path.suffix],
        "width": width,
        "height": height,
        "duration": None if still else round(decoded_seconds(path), 3),
        "sample_rate": sample_rate,
        "bytes": path.stat().st_size,
    }


def write_manifest(folder: Path) -> None:
    files = sorted(path for path in folder.iterdir() if path.suffix in CONTENT_TYPES)
    manifest = {path.name: describe(path) for path in files}
    (folder / "manifest.json").write_text(json.dumps(manifest, indent=2) + "\n")


def main() -> None:
    folder = Path(sys.argv[1]) if len(sys.argv) > 1 else ASSETS
    folder.mkdir(parents=True, exist_ok=True)
    make_all(folder)
    write_manifest(folder)


if __name__ == "__main__":
    main()
