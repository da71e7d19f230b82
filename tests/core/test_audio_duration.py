"""The length of sound, compared with what a decoder puts out, for whole, streamed, cut, joined and hostile files."""

import io
import json
import struct
import subprocess
from importlib.resources import files
from pathlib import Path

import av
import imageio_ffmpeg  # type: ignore[import-untyped]
import pytest

from tarash.tarash_gateway.audio_duration import audio_duration

ASSETS = Path(str(files("tarash.tarash_gateway") / "assets"))
MANIFEST = json.loads((ASSETS / "manifest.json").read_text())
SOUNDS = [name for name in MANIFEST if name.startswith("audio.")]
TOLERANCE = 0.05

WAV = (ASSETS / "audio.wav").read_bytes()
MP3 = (ASSETS / "audio.mp3").read_bytes()
OPUS = (ASSETS / "audio.opus").read_bytes()
FLAC = (ASSETS / "audio.flac").read_bytes()

# Options for an encoder, and the length in seconds of the tone that goes in.
ENCODED = {
    "wav": ("-f wav", 1.234),
    "wav, stereo, 24 bit": ("-ac 2 -c:a pcm_s24le -f wav", 1.234),
    "wav, 8 bit": ("-c:a pcm_u8 -f wav", 1.234),
    "wav, floating point": ("-ac 6 -c:a pcm_f32le -f wav", 0.7),
    "wav, mu-law": ("-ar 8000 -c:a pcm_mulaw -f wav", 1.234),
    "wav, a-law": ("-ar 8000 -c:a pcm_alaw -f wav", 1.234),
    "wav, adpcm": ("-c:a adpcm_ima_wav -f wav", 2.5),
    "wav, mp3 inside": ("-c:a libmp3lame -f wav", 2.5),
    "wav with remarks": ("-metadata title=odd -bitexact -f wav", 0.333),
    "rf64": ("-rf64 always -f wav", 1.234),
    "mp3": ("-c:a libmp3lame -b:a 128k -f mp3", 3.21),
    "mp3, 48 kHz, stereo": ("-ar 48000 -ac 2 -c:a libmp3lame -b:a 192k -f mp3", 3.21),
    "mp3, 24 kHz": ("-ar 24000 -c:a libmp3lame -b:a 48k -f mp3", 3.21),
    "mp3, 22.05 kHz, stereo": ("-ar 22050 -ac 2 -c:a libmp3lame -b:a 32k -f mp3", 3.21),
    "mp3, 8 kHz": ("-ar 8000 -c:a libmp3lame -b:a 16k -f mp3", 3.21),
    "mp3, variable bit rate": ("-c:a libmp3lame -q:a 4 -f mp3", 3.21),
    "mp3, average bit rate": ("-c:a libmp3lame -abr 1 -b:a 96k -f mp3", 3.21),
    "mp3 without summary": ("-c:a libmp3lame -b:a 64k -write_xing 0 -f mp3", 3.21),
    "mp3, variable without summary": ("-ac 2 -c:a libmp3lame -q:a 2 -write_xing 0 -f mp3", 3.21),
    "mp3 with both tags": ("-c:a libmp3lame -metadata title=x -write_id3v1 1 -write_xing 0 -f mp3", 3.21),
    "mp3 without tags": ("-c:a libmp3lame -id3v2_version 0 -write_xing 0 -f mp3", 3.21),
    "mp2": ("-ar 48000 -c:a mp2 -f mp2", 3.21),
    "mp2, 16 kHz": ("-ar 16000 -c:a mp2 -b:a 64k -f mp2", 3.21),
    "flac": ("-c:a flac -f flac", 1.234),
    "flac, 96 kHz, 24 bit": ("-ar 96000 -c:a flac -sample_fmt s32 -f flac", 1.234),
    "opus": ("-c:a libopus -f ogg", 2.345),
    "opus of 16 kHz": ("-ar 16000 -c:a libopus -b:a 24k -f ogg", 2.345),
    "opus, long frames": ("-c:a libopus -frame_duration 60 -page_duration 20000 -f ogg", 2.345),
    "vorbis": ("-ac 2 -c:a libvorbis -f ogg", 2.345),
    "vorbis, 8 kHz": ("-ar 8000 -c:a libvorbis -f ogg", 2.345),
    "flac in ogg": ("-c:a flac -f ogg", 2.345),
    "aac": ("-c:a aac -f adts", 2.345),
    "aac, 16 kHz": ("-ar 16000 -c:a aac -b:a 32k -f adts", 2.345),
    "aac with a tag": ("-c:a aac -write_id3v2 1 -metadata title=x -f adts", 2.345),
    "m4a": ("-c:a aac -f ipod", 2.345),
    "m4a, index first": ("-c:a aac -movflags +faststart -f ipod", 2.345),
    "mov": ("-c:a pcm_s16le -f mov", 2.345),
}
# Formats that a server can write to a socket, where no size can be filled in afterwards.
STREAMED = [name for name in ENCODED if not name.startswith(("wav, adpcm", "wav, mp3", "rf64", "m4a", "mov"))]


def encode(options: str, seconds: float, target: str) -> bytes:
    """Encode a tone into a file, or into a pipe when the target is `-`."""
    source = f"-f lavfi -i sine=sample_rate=44100:duration={seconds}"
    command = [imageio_ffmpeg.get_ffmpeg_exe(), *f"-v error -nostdin -y {source} {options}".split(), target]
    piped = subprocess.run(command, check=True, stdout=subprocess.PIPE).stdout
    return piped if target == "-" else Path(target).read_bytes()


def decoded_seconds(data: bytes) -> float:
    with av.open(io.BytesIO(data), mode="r") as media:
        (stream,) = media.streams.audio
        return sum(frame.samples for frame in media.decode(stream)) / stream.rate


@pytest.mark.parametrize("name", ENCODED)
def test_agrees_with_a_decoder_on_files(name: str, tmp_path: Path) -> None:
    options, seconds = ENCODED[name]
    data = encode(options, seconds, str(tmp_path / "sound"))
    assert audio_duration(data) == pytest.approx(decoded_seconds(data), abs=TOLERANCE)
    # Formats that cannot say how much of the last frame is silence are up to two frames longer than what went in.
    assert audio_duration(data) == pytest.approx(seconds, abs=0.15)


@pytest.mark.parametrize("name", STREAMED)
def test_agrees_with_a_decoder_on_streams(name: str) -> None:
    options, seconds = ENCODED[name]
    data = encode(options, seconds, "-")
    assert audio_duration(data) == pytest.approx(decoded_seconds(data), abs=TOLERANCE)


@pytest.mark.parametrize("name", SOUNDS)
def test_agrees_with_the_manifest(name: str) -> None:
    entry = MANIFEST[name]
    data = (ASSETS / name).read_bytes()
    found = audio_duration(data, entry["content_type"], entry["sample_rate"])
    assert found == pytest.approx(entry["duration"], abs=0.001)


@pytest.mark.parametrize("name", [name for name in SOUNDS if name != "audio.pcm"])
@pytest.mark.parametrize("declared", [None, "", "application/octet-stream", "audio/pcm", "video/mp4", "text/html", "x"])
def test_the_bytes_decide_and_not_the_label(name: str, declared: str | None) -> None:
    data = (ASSETS / name).read_bytes()
    # The MP3 stands under its ID3 tag; without any tag it would be no safe match for bytes declared as samples.
    assert audio_duration(data, declared, 8_000) == pytest.approx(MANIFEST[name]["duration"], abs=0.001)


# --- WAV headers as servers send them


def wav(riff_size: int, data_size: int, body: bytes, before: bytes = b"", magic: bytes = b"RIFF") -> bytes:
    layout = struct.pack("<HHIIHH", 1, 1, 24_000, 48_000, 2, 16)
    head = magic + struct.pack("<I", riff_size) + b"WAVE"
    return head + before + b"fmt \x10\0\0\0" + layout + b"data" + struct.pack("<I", data_size) + body


def extensible(bytes_per_second: int) -> bytes:
    layout = struct.pack("<HHIIHHHHIH", 0xFFFE, 2, 24_000, bytes_per_second, 4, 16, 22, 16, 3, 1) + bytes(14)
    return b"RIFF\0\0\0\0WAVEfmt \x28\0\0\0" + layout + b"data\0\0\0\0" + SECOND


def adpcm(fact: bytes) -> bytes:
    layout = struct.pack("<HHIIHH", 0x11, 1, 24_000, 12_000, 1_024, 4)
    return b"RIFF\0\0\0\0WAVEfmt \x10\0\0\0" + layout + fact + b"data\xff\xff\xff\xff" + SECOND


SECOND = bytes(48_000)
ODD_CHUNK = b"LIST\xa1\x0f\0\0" + bytes(4_001) + b"\0"
DS64 = b"ds64\x1c\0\0\0" + struct.pack("<QQQI", 48_072, 48_000, 24_000, 0)

WAVS = {
    "right sizes": (wav(48_036, 48_000, SECOND), 1.0),
    "no sizes": (wav(0, 0, SECOND), 1.0),
    "all ones": (wav(0xFFFFFFFF, 0xFFFFFFFF, SECOND), 1.0),
    "largest signed number": (wav(0x7FFFFFFF, 0x7FFFFFFF, SECOND), 1.0),
    "all ones less the header": (wav(0xFFFFFFFF, 0xFFFFFFFF - 36, SECOND), 1.0),
    "cut": (wav(96_036, 96_000, SECOND), 1.0),
    "remarks in front": (wav(52_046, 48_000, SECOND, ODD_CHUNK), 1.0),
    "remarks behind": (wav(52_046, 48_000, SECOND + ODD_CHUNK), 1.0),
    "rf64": (wav(0xFFFFFFFF, 0xFFFFFFFF, SECOND + ODD_CHUNK, DS64, b"RF64"), 1.0),
    "bw64": (wav(0xFFFFFFFF, 0xFFFFFFFF, SECOND, DS64, b"BW64"), 1.0),
    "rf64 without its sizes": (wav(0xFFFFFFFF, 0xFFFFFFFF, SECOND, b"", b"RF64"), 1.0),
    "empty": (wav(36, 0, b""), 0.0),
    "empty, remarks behind": (wav(4_046, 0, ODD_CHUNK), 0.0),
    "begun": (wav(0xFFFFFFFF, 0xFFFFFFFF, b""), 0.0),
    "no data chunk": (wav(0, 0, b"")[:-8], None),
    "no format": (b"RIFF\x2c\0\0\0WAVEdata\x04\0\0\0abcd", None),
    "no more than a name": (b"RIFF\0\0\0\0WAVE", None),
    "cut in the format": (wav(0, 0, b"")[:30], None),
    "rate of zero": (wav(36, 0, SECOND).replace(struct.pack("<II", 24_000, 48_000), bytes(8)), None),
    "careless byte rate": (wav(0, 0, SECOND).replace(struct.pack("<I", 48_000) + b"\2", bytes(4) + b"\2"), 1.0),
    "big-endian": (
        b"RIFX\0\0\xbb\xa4WAVEfmt "
        + struct.pack(">IHHIIHH", 16, 1, 1, 24_000, 48_000, 2, 16)
        + b"data\0\0\xbb\x80"
        + SECOND,
        1.0,
    ),
    "extensible": (extensible(96_000), 0.5),
    "extensible, careless byte rate": (extensible(0), 0.5),
    "compressed, samples noted": (adpcm(b"fact\4\0\0\0" + struct.pack("<I", 12_000)), 0.5),
    "compressed, samples unknown": (adpcm(b"fact\4\0\0\0\xff\xff\xff\xff"), 4.0),
    "compressed, nothing noted": (adpcm(b""), 4.0),
}


@pytest.mark.parametrize(("data", "seconds"), WAVS.values(), ids=WAVS)
def test_wav_headers(data: bytes, seconds: float | None) -> None:
    assert audio_duration(data) == (None if seconds is None else pytest.approx(seconds, abs=0.001))


# --- MP3


def plain_mp3(seconds: float) -> bytes:
    return encode("-c:a libmp3lame -b:a 128k -id3v2_version 0 -write_xing 0 -f mp3", seconds, "-")


def id3(size: int, flags: int = 0) -> bytes:
    footer = b"3DI\x04\0\x10" + bytes(4) if flags & 0x10 else b""
    length = bytes(size >> shift & 0x7F for shift in (21, 14, 7, 0))
    return b"ID3\x04\0" + bytes([flags]) + length + bytes(size) + footer


def test_mp3_tags_are_not_sound() -> None:
    bare = plain_mp3(2)
    expected = decoded_seconds(bare)
    with_a_picture = id3(300_000) + bare
    for data in (bare, with_a_picture, id3(10) + id3(99, flags=0x10) + bare, bare + b"TAG" + b"\xff\xfb" * 62 + b"\0"):
        assert audio_duration(data) == pytest.approx(expected, abs=0.001)


def test_mp3_is_counted_over_garbage() -> None:
    bare = plain_mp3(2)
    expected = decoded_seconds(bare)
    middle = 8_500
    garbage = b"\xff\xfb garbage \xff\xff" * 20
    torn = bare[:middle] + garbage + bare[middle : 2 * middle] + garbage + bare[2 * middle :]
    assert audio_duration(torn) == pytest.approx(expected, abs=TOLERANCE)
    assert audio_duration(id3(0) + bytes(1_000) + bare) == pytest.approx(expected, abs=0.001)


def test_mp3_that_was_cut_counts_as_far_as_it_reaches() -> None:
    for whole in (MP3, plain_mp3(1)):
        half = whole[: len(whole) // 2]
        assert audio_duration(half) == pytest.approx(0.5, abs=TOLERANCE)


def test_a_joined_mp3_counts_with_both_parts() -> None:
    part = plain_mp3(1)
    assert audio_duration(part + part) == pytest.approx(2 * decoded_seconds(part), abs=0.001)


@pytest.mark.parametrize("frames", [0, 1 << 20, 0xFFFFFFFF])
def test_an_mp3_summary_that_cannot_be_true_is_not_believed(frames: int) -> None:
    place = MP3.index(b"Info") + 8
    lying = MP3[:place] + struct.pack(">I", frames) + MP3[place + 4 :]
    assert audio_duration(lying) == pytest.approx(1.0, abs=TOLERANCE)


def test_the_summary_of_fraunhofers_encoder_is_read() -> None:
    # One frame of 417 bytes with a VBRI tag that speaks of fewer frames than follow: only its readers find that number.
    tag = b"VBRI" + struct.pack(">HHHIIHHHH", 1, 0, 75, 20_000, 50, 0, 1, 2, 1)
    first = (b"\xff\xfb\x90\xc0" + bytes(32) + tag).ljust(417, b"\0")
    assert audio_duration(first + plain_mp3(2)) == pytest.approx(50 * 1_152 / 44_100, abs=0.001)


def summary_frame(flags: int, frames: int, checksum: bytes = b"") -> bytes:
    header = b"\xff\xfa\x90\xc0" if checksum else b"\xff\xfb\x90\xc0"
    tag = b"Xing" + struct.pack(">II", flags, frames)
    return (header + checksum + bytes(17) + tag).ljust(417, b"\0")


def test_the_summary_of_other_encoders_is_read() -> None:
    following = plain_mp3(2)
    for summary in (summary_frame(1, 50), summary_frame(1, 50, checksum=b"ab")):
        assert audio_duration(summary + following) == pytest.approx(50 * 1_152 / 44_100, abs=0.001)
    # A number that is not marked as present is none.
    assert audio_duration(summary_frame(2, 50) + following) == pytest.approx(decoded_seconds(following), abs=0.001)


KILOBITS = (32, 40, 48, 56, 64, 80, 96, 112, 128, 160, 192, 224, 256, 320)
KILOBITS_LOW_RATE = (8, 16, 24, 32, 40, 48, 56, 64, 80, 96, 112, 128, 144, 160)
KILOBITS_LAYER_2 = (32, 48, 56, 64, 80, 96, 112, 128, 160, 192)
ADTS_RATES = (96_000, 88_200, 64_000, 48_000, 44_100, 32_000, 24_000, 22_050, 16_000, 12_000, 11_025, 8_000, 7_350)
FRAMES = [
    *(f"-c:a libmp3lame -b:a {kilobits}k -ar 44100 -write_xing 0 -f mp3" for kilobits in KILOBITS),
    *(f"-c:a libmp3lame -b:a {kilobits}k -ar 24000 -write_xing 0 -f mp3" for kilobits in KILOBITS_LOW_RATE),
    *(f"-c:a libmp3lame -b:a 32k -ar {rate} -write_xing 0 -f mp3" for rate in (48_000, 32_000, 22_050, 16_000)),
    *(f"-c:a libmp3lame -b:a 32k -ar {rate} -write_xing 0 -f mp3" for rate in (12_000, 11_025, 8_000)),
    *(f"-c:a mp2 -b:a {kilobits}k -ar 44100 -f mp2" for kilobits in KILOBITS_LAYER_2),
    *(f"-c:a aac -ar {rate} -f adts" for rate in ADTS_RATES),
]


@pytest.mark.parametrize("options", FRAMES)
def test_frames_of_every_rate_are_counted(options: str) -> None:
    data = encode(options, 1, "-")
    assert audio_duration(data) == pytest.approx(decoded_seconds(data), abs=0.001)


# --- Ogg, FLAC, MP4


def test_joined_ogg_streams_count_with_all_their_parts() -> None:
    vorbis = encode("-c:a libvorbis -f ogg", 0.8, "-")
    assert audio_duration(OPUS + OPUS) == pytest.approx(2.0, abs=0.001)
    assert audio_duration(OPUS + vorbis + OPUS) == pytest.approx(2.8, abs=0.001)


def test_an_ogg_file_that_was_cut_counts_as_far_as_it_reaches() -> None:
    whole = encode("-c:a libopus -page_duration 100000 -f ogg", 3, "-")
    assert audio_duration(whole[: len(whole) // 2]) == pytest.approx(1.5, abs=0.15)


def test_pictures_in_an_ogg_file_do_not_count(tmp_path: Path) -> None:
    options = "-f lavfi -i testsrc2=size=64x48:rate=10:duration=3 -c:v libtheora -c:a libvorbis -f ogg"
    data = encode(options, 1.5, str(tmp_path / "film"))
    assert audio_duration(data) == pytest.approx(1.5, abs=TOLERANCE)


@pytest.mark.parametrize("options", ["-frame_size 1152", "-frame_size 4096", "-ac 2 -ar 16000", "-sample_fmt s32"])
@pytest.mark.parametrize("seconds", [0.05, 1.0, 47.11])
def test_a_flac_stream_without_a_total_is_measured_by_its_last_frame(options: str, seconds: float) -> None:
    data = encode(f"{options} -c:a flac -f flac", seconds, "-")
    unpatched = int.from_bytes(data[18:26], "big") & 0xFFFFFFFFF
    assert unpatched == 0, "the encoder knew the total, so this proves nothing"
    assert audio_duration(data) == pytest.approx(seconds, abs=0.00001)


@pytest.mark.parametrize("rate", [8_000, 11_025, 13_000, 33_330, 88_200, 192_000])
def test_a_flac_stream_of_any_rate_is_measured_by_its_last_frame(rate: int) -> None:
    data = encode(f"-ar {rate} -c:a flac -f flac", 2, "-")
    assert audio_duration(data) == pytest.approx(2, abs=0.001)


@pytest.mark.parametrize("block", [192, 256, 576, 1_152, 2_304, 4_608, 4_096, 16_384, 32_768])
def test_a_flac_stream_of_whole_blocks_is_measured_by_its_last_frame(block: int) -> None:
    data = encode(f"-af atrim=end_sample={block * 3} -frame_size {block} -c:a flac -f flac", 3, "-")
    assert audio_duration(data) == pytest.approx(block * 3 / 44_100, abs=0.00001)


def test_flac_behind_a_tag_is_read() -> None:
    assert audio_duration(id3(500) + FLAC) == pytest.approx(1.0, abs=0.001)


def test_a_fragmented_mp4_says_its_length_only_in_mehd(tmp_path: Path) -> None:
    data = encode("-c:a aac -movflags frag_keyframe+empty_moov -f mp4", 1, str(tmp_path / "sound"))
    assert audio_duration(data) is None
    timescale = struct.unpack_from(">I", data, data.index(b"mvhd") + 16)[0]
    grown = with_mehd(data, struct.pack(">II", 0, timescale * 3))
    assert audio_duration(grown) == pytest.approx(3.0)
    assert audio_duration(with_mehd(data, struct.pack(">IQ", 1 << 24, timescale * 4))) == pytest.approx(4.0)


def with_mehd(data: bytes, body: bytes) -> bytes:
    extra = struct.pack(">I4s", 8 + len(body), b"mehd") + body
    for name in (b"moov", b"mvex"):
        place = data.index(name) - 4
        size = struct.unpack_from(">I", data, place)[0] + len(extra)
        data = data[:place] + struct.pack(">I", size) + data[place + 4 :]
    behind_name = data.index(b"mvex") + 4
    return data[:behind_name] + extra + data[behind_name:]


def mp4(header: bytes) -> bytes:
    inner = struct.pack(">I4s", 88 + len(header), b"mvhd") + header + bytes(80)
    movie = struct.pack(">I4sQ", 1, b"moov", 16 + len(inner)) + inner
    return struct.pack(">I4s4sI", 16, b"ftyp", b"M4A ", 0) + movie


def movie_header(timescale: int, duration: int, wide: bool) -> bytes:
    return struct.pack(">IQQIQ" if wide else ">IIIII", wide << 24, 0, 0, timescale, duration)


DAY = 86_400


@pytest.mark.parametrize(
    ("header", "seconds"),
    [
        (movie_header(1_000, 2_500, wide=False), 2.5),
        (movie_header(1_000, 2_500, wide=True), 2.5),
        (movie_header(1, 7 * DAY, wide=False), 7.0 * DAY),
        (movie_header(1, 7 * DAY + 1, wide=False), None),
        (movie_header(1 << 20, (1 << 32) - 1, wide=False), None),
        (movie_header((1 << 32) - 1, (1 << 64) - 1, wide=True), None),
        (movie_header(0, 2_500, wide=False), None),
        (movie_header(1_000, 0, wide=True), None),
    ],
)
def test_movie_headers(header: bytes, seconds: float | None) -> None:
    assert audio_duration(mp4(header)) == seconds
