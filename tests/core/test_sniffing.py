"""Media is recognised by its bytes, whoever made it and however little is there; texts are not taken for media."""

import json
import math
import struct
import subprocess
from importlib.resources import files
from pathlib import Path

import imageio_ffmpeg  # type: ignore[import-untyped]
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tarash.tarash_gateway.sniffing import Sniffed, looks_like_text_error, sniff

ASSETS = Path(str(files("tarash.tarash_gateway") / "assets"))
MANIFEST = json.loads((ASSETS / "manifest.json").read_text())
HEAD = 65_536

PICTURE = "testsrc2=size=64x48:rate=12:duration=0.5"
TONE = "sine=sample_rate=48000:duration=0.5"
FILM = f"-f lavfi -i {PICTURE} -f lavfi -i {TONE}"
SILENT_FILM = f"-f lavfi -i {PICTURE}"
STILL = f"-f lavfi -i {PICTURE} -frames:v 1"
SOUND = f"-f lavfi -i {TONE}"

# What ffmpeg is asked to make, and what it must be recognised as: type, extension, kind.
ENCODED = {
    "film.mp4": (f"{FILM} -c:v libx264 -c:a aac", "video/mp4", "mp4", "video"),
    "film-faststart.mp4": (f"{FILM} -c:v libx264 -c:a aac -movflags +faststart", "video/mp4", "mp4", "video"),
    "fragments.mp4": (f"{FILM} -c:v libx264 -movflags frag_keyframe+empty_moov", "video/mp4", "mp4", "video"),
    "silent.mp4": (f"{SILENT_FILM} -c:v libx264 -movflags +faststart", "video/mp4", "mp4", "video"),
    "sound-only.mp4": (f"{SOUND} -c:a aac -movflags +faststart", "audio/mp4", "m4a", "audio"),
    "film.m4v": (f"{FILM} -c:v libx264 -f ipod", "video/mp4", "mp4", "video"),
    "sound.m4a": (f"{SOUND} -c:a aac", "audio/mp4", "m4a", "audio"),
    "film.mov": (f"{FILM} -c:v libx264", "video/quicktime", "mov", "video"),
    "film.3gp": (f"{SILENT_FILM} -c:v libx264", "video/3gpp", "3gp", "video"),
    "film.3g2": (f"{SILENT_FILM} -c:v libx264", "video/3gpp2", "3g2", "video"),
    "film.webm": (f"{FILM} -c:v libvpx-vp9 -c:a libopus", "video/webm", "webm", "video"),
    "silent.webm": (f"{SILENT_FILM} -c:v libvpx-vp9", "video/webm", "webm", "video"),
    "sound.webm": (f"{SOUND} -c:a libopus", "audio/webm", "weba", "audio"),
    "film.mkv": (f"{FILM} -c:v libx264 -c:a aac", "video/matroska", "mkv", "video"),
    "sound.mka": (f"{SOUND} -c:a aac", "audio/matroska", "mka", "audio"),
    "film.avi": (f"{FILM} -c:v mpeg4 -c:a libmp3lame", "video/x-msvideo", "avi", "video"),
    "film.ts": (f"{FILM} -c:v libx264 -c:a aac", "video/mp2t", "ts", "video"),
    "film.m2ts": (f"{FILM} -c:v libx264 -c:a aac", "video/mp2t", "ts", "video"),
    "film.mpg": (f"{SILENT_FILM} -r 25 -c:v mpeg2video", "video/mpeg", "mpg", "video"),
    "film.flv": (f"{SILENT_FILM} -c:v libx264", "video/x-flv", "flv", "video"),
    "film.ogv": (f"{FILM} -c:v libtheora -c:a libvorbis", "video/ogg", "ogv", "video"),
    "film.gif": (SILENT_FILM, "image/gif", "gif", "image"),
    "film.apng": (f"{SILENT_FILM} -f apng", "image/apng", "apng", "image"),
    "still.png": (STILL, "image/png", "png", "image"),
    "still.jpg": (STILL, "image/jpeg", "jpg", "image"),
    "still.webp": (f"{STILL} -c:v libwebp", "image/webp", "webp", "image"),
    "film.webp": (f"{SILENT_FILM} -c:v libwebp_anim", "image/webp", "webp", "image"),
    "still.avif": (f"{STILL} -c:v libaom-av1 -cpu-used 8", "image/avif", "avif", "image"),
    "still.bmp": (STILL, "image/bmp", "bmp", "image"),
    "still.tiff": (STILL, "image/tiff", "tiff", "image"),
    "still.exr": (f"{STILL} -pix_fmt gbrapf32le", "image/x-exr", "exr", "image"),
    "sound.mp3": (f"{SOUND} -c:a libmp3lame", "audio/mpeg", "mp3", "audio"),
    "untagged.mp3": (f"{SOUND} -c:a libmp3lame -id3v2_version 0 -write_xing 0", "audio/mpeg", "mp3", "audio"),
    "slow.mp3": (f"{SOUND} -c:a libmp3lame -ar 16000 -id3v2_version 0", "audio/mpeg", "mp3", "audio"),
    "sound.mp2": (f"{SOUND} -c:a mp2", "audio/mpeg", "mp2", "audio"),
    "sound.wav": (SOUND, "audio/wav", "wav", "audio"),
    "long.wav": (f"{SOUND} -rf64 always", "audio/wav", "wav", "audio"),
    "sound.flac": (SOUND, "audio/flac", "flac", "audio"),
    "sound.opus": (f"{SOUND} -c:a libopus", "audio/ogg", "opus", "audio"),
    "sound.ogg": (f"{SOUND} -c:a libvorbis", "audio/ogg", "ogg", "audio"),
    "lossless.ogg": (f"{SOUND} -c:a flac", "audio/ogg", "ogg", "audio"),
    "sound.aac": (f"{SOUND} -c:a aac", "audio/aac", "aac", "audio"),
    "tagged.aac": (f"{SOUND} -c:a aac -write_id3v2 1 -metadata title=x", "audio/aac", "aac", "audio"),
    "sound.aiff": (SOUND, "audio/aiff", "aiff", "audio"),
    "sound.caf": (SOUND, "audio/x-caf", "caf", "audio"),
}


def box(name: bytes, body: bytes) -> bytes:
    return struct.pack(">I4s", 8 + len(body), name) + body


def brands(major: bytes, *compatible: bytes) -> bytes:
    return box(b"ftyp", major + b"\0\0\0\0" + b"".join(compatible))


def id3(size: int) -> bytes:
    return b"ID3\x04\0\0" + bytes(size >> shift & 0x7F for shift in (21, 14, 7, 0)) + bytes(size)


def mp3_frames(count: int) -> bytes:
    # 128 kbit/s at 44.1 kHz, no padding: 417 bytes each.
    return (b"\xff\xfb\x90\x00" + bytes(413)) * count


def ebml(doc_type: bytes) -> bytes:
    return b"\x1a\x45\xdf\xa3\x9f\x42\x86\x81\x01\x42\x82" + bytes([0x80 | len(doc_type)]) + doc_type + bytes(8)


# Headers made by hand: what ffmpeg does not write, and what vendors' own writers do.
HAND_MADE = {
    "heic": (brands(b"heic", b"mif1", b"heic"), "image/heic"),
    "heic sequence": (brands(b"hevc", b"msf1"), "image/heic"),
    "heif that says HEVC later": (brands(b"mif1", b"mif1", b"heic"), "image/heic"),
    "heif that says AV1 later": (brands(b"mif1", b"miaf", b"avif"), "image/avif"),
    "heif of another codec": (brands(b"mif1", b"miaf", b"jpeg"), "image/heif"),
    "avif sequence": (brands(b"avis", b"avif"), "image/avif"),
    "mp4 of an unknown brand": (brands(b"abcd", b"isom"), "video/mp4"),
    "mp4 whose first box lies about its size": (b"\xff\xff\xff\xffftypmp42" + bytes(40), "video/mp4"),
    "audiobook": (brands(b"M4B "), "audio/mp4"),
    "segment of a stream": (box(b"styp", b"msdh\0\0\0\0msdh"), "video/mp4"),
    "quicktime before brands": (box(b"wide", b"") + box(b"mdat", bytes(64)), "video/quicktime"),
    "webm without tracks": (ebml(b"webm"), "video/webm"),
    "matroska without tracks": (ebml(b"matroska"), "video/matroska"),
    "theora": (b"OggS\0\x02" + bytes(20) + b"\x01\x2a\x80theora\x03\x02\x01", "video/ogg"),
    "ogg of an unknown codec": (b"OggS\0\x02" + bytes(20) + b"\x01\x08fishead\0", "application/ogg"),
    "gif87a": (b"GIF87a\x01\0\x01\0", "image/gif"),
    "jpeg with exif": (b"\xff\xd8\xff\xe1\x10\0Exif\0\0", "image/jpeg"),
    "tiff, big-endian": (b"MM\0*\0\0\0\x08", "image/tiff"),
    "bigtiff": (b"II+\0\x08\0\0\0" + bytes(8), "image/tiff"),
    "jpeg xl": (b"\0\0\0\x0cJXL \r\n\x87\n", "image/jxl"),
    "bmp of windows 3": (b"BM\x3a\0\0\0\0\0\0\0\x36\0\0\0\x28\0\0\0", "image/bmp"),
    "png with a colour profile, animated": (
        b"\x89PNG\r\n\x1a\n" + bytes(300) + b"\0\0\0\x08acTL" + bytes(12) + b"\0\0\0\x01IDAT",
        "image/apng",
    ),
    "png that has acTL in its pixels": (b"\x89PNG\r\n\x1a\n" + bytes(25) + b"\0\0\0\x10IDATxxacTL", "image/png"),
    "wav of a streaming server": (b"RIFF\xff\xff\xff\xffWAVEfmt \x10\0\0\0", "audio/wav"),
    "wav with no sizes": (b"RIFF\0\0\0\0WAVE", "audio/wav"),
    "bw64": (b"BW64\xff\xff\xff\xffWAVEds64", "audio/wav"),
    "rifx": (b"RIFX\0\0\0\x24WAVEfmt ", "audio/wav"),
    "aifc": (b"FORM\0\0\0\x40AIFCFVER", "audio/aiff"),
    "mp3 behind a tag with a large picture": (id3(200_000)[:HEAD], "audio/mpeg"),
    "mp3 behind a small tag": (id3(300) + mp3_frames(3), "audio/mpeg"),
    "mp3, one frame only": (mp3_frames(1), "audio/mpeg"),
    "mp3 frame before its trailing tag": (mp3_frames(1) + b"TAG" + bytes(125), "audio/mpeg"),
    "mp3, a header and nothing more": (b"\xff\xfb\x90\x00", "audio/mpeg"),
    "flac behind a tag": (id3(300) + b"fLaC\0\0\0\x22", "audio/flac"),
    "adts with checksum": (b"\xff\xf0\x50\x80\x02\x00\xfc", "audio/aac"),
    "glb": (b"glTF\x02\0\0\0\x40\0\0\0\x20\0\0\0JSON", "model/gltf-binary"),
    "zip": (b"PK\x03\x04\x14\0\0\0", "application/zip"),
    "empty zip": (b"PK\x05\x06" + bytes(18), "application/zip"),
    "gzip": (b"\x1f\x8b\x08\0\0\0\0\0", "application/gzip"),
    "pdf": (b"%PDF-1.7\n%\xe2\xe3\xcf\xd3", "application/pdf"),
}

SVG = {
    "bare": b'<svg xmlns="http://www.w3.org/2000/svg"/>',
    "prolog": b'<?xml version="1.0" encoding="UTF-8"?>\n<svg width="1">',
    "mark and blanks": b"\xef\xbb\xbf \r\n\t<svg>",
    "comments": b"<?xml version='1.0'?><!-- made by > someone --><!-- else --><svg\nid='a'>",
    "document type": b'<!DOCTYPE svg PUBLIC "-//W3C//DTD SVG 1.1//EN" "http://www.w3.org/svg11.dtd"><svg>',
    "entities": b'<!DOCTYPE svg [ <!ENTITY a "b"> ]>\n<svg>',
    "style sheet": b'<?xml version="1.0"?><?xml-stylesheet href="a.css"?><svg>',
    "prefix": b'<svg:svg xmlns:svg="http://www.w3.org/2000/svg">',
}

# Not media, though some begin like it.
UNKNOWN = {
    "nothing": b"",
    "one byte": b"\xff",
    "zeros": bytes(4_096),
    "all ones": b"\xff" * 4_096,
    "BM and a text": b"BMW builds cars in Munich, and other places",
    "a G and other letters": b"Gateway timeout" * 100,
    "ID3 in a sentence": b"ID3 tags could not be read from the upload",
    "free in a sentence": b"Get free credits now",
    "RIFF of something else": b"RIFF\x24\0\0\0ACONanih",
    "layer I": b"\xff\xff\x90\x00" + bytes(600),
    "free-format bit rate": b"\xff\xfb\x00\x00" + bytes(600),
    "forbidden bit rate": b"\xff\xfb\xf0\x00" + bytes(600),
    "reserved sample rate": b"\xff\xfb\x9c\x00" + bytes(600),
    "reserved version": b"\xff\xeb\x90\x00" + bytes(600),
    "mp3 header by chance": b"\xff\xfb\x90\x00" + bytes(4_000),
    "adts header by chance": b"\xff\xf1\x50\x80\x10\x1f\xfc" + bytes(4_000),
    "adts of no length": b"\xff\xf1\x50\x80\x00\x1f\xfc",
    "two transport packets": (b"G" + bytes(187)) * 2,
    "an svg inside a page": b"<html><body><svg></svg></body></html>",
    "svgs": b"<svgs>",
    "comment without end": b"<!--" + b"<!-- -->" * 8_000,
    "prologs without end": b"<?x?>" * 10_000 + b"<",
    "document types without end": b"<!DOCTYPE svg [" * 4_000,
}

TEXTS = {
    "page": b"<!DOCTYPE html>\n<html><head><title>502 Bad Gateway</title></head></html>",
    "page without document type": b"<html>\r\n<head><title>403 Forbidden</title></head>",
    "page after blanks": b"\n\n   <HTML><BODY>Not found</BODY></HTML>",
    "page in an old encoding": b"<html><body>Acc\xe8s refus\xe9</body></html>",
    "page with a mark": b"\xef\xbb\xbf<!doctype html><p>",
    "page in utf-16": "<html><body>no</body></html>".encode("utf-16"),
    "json in utf-16, big-endian": b"\xfe\xff" + '{"error": "no"}'.encode("utf-16-be"),
    "page with an svg": b"<!doctype html><svg></svg>",
    "json object": b'{"error": {"message": "expired", "code": 401}}',
    "json array": b'[{"detail": "nope"}]',
    "short json": b"{}",
    "null": b"null",
    "xml of a storage service": b'<?xml version="1.0" encoding="UTF-8"?>\n<Error><Code>AccessDenied</Code></Error>',
    "xml without prolog": b"<ErrorResponse><Code>ExpiredToken</Code></ErrorResponse>",
    "soap": b"<soap:Envelope><soap:Body/></soap:Envelope>",
    "sentence": b"upstream connect error or disconnect/reset before headers",
    "word": b"OK",
    "other letters": "許可されていません。リンクの期限が切れています".encode(),
    "cut in a letter": "Der Schlüssel ist ungültig: ü".encode()[:-1],
    "events": b'data: {"type": "error"}\n\ndata: [DONE]\n\n',
    "colours of a terminal": b"\x1b[31merror:\x1b[0m no such file",
    "base64 in place of bytes": b"UklGRiQAAABXQVZFZm10IBAAAAABAAEA" * 20,
}


def sine_samples(amplitude: int, period: float, count: int) -> bytes:
    return struct.pack(f"<{count}h", *(round(amplitude * math.sin(2 * math.pi * at / period)) for at in range(count)))


RAW = {
    "silence": bytes(4_800),
    "sine": sine_samples(12_000, 54.5, 2_400),
    "quiet sine": sine_samples(3, 54.5, 2_400),
    "loud sine": sine_samples(32_767, 17.3, 2_400),
    "begins like a mark": b"\xff\xfe" + sine_samples(900, 100, 1_000)[2:],
    "begins like a mark and letters": b"\xff\xfe" + struct.pack("<400H", *range(65, 465)),
    "begins like a mark and a tag": b"\xff\xfe" + struct.pack("<400H", *range(60, 40_060, 100)),
    "constant level, letters": b"AB" * 500,
    "constant level, blanks": b" " * 1_000,
    "mu-law silence": b"\xff" * 800,
    "a-law silence": b"\xd5" * 800,
    "a-law silence, other sign": b"\x55" * 800,
    "floating point": struct.pack("<500f", *(math.sin(at / 9) for at in range(500))),
}


@pytest.fixture(scope="session")
def encoded(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("encoded")


def encode(folder: Path, name: str, options: str) -> bytes:
    command = [imageio_ffmpeg.get_ffmpeg_exe(), "-v", "error", "-nostdin", "-y", *options.split(), str(folder / name)]
    subprocess.run(command, check=True)
    return (folder / name).read_bytes()


@pytest.mark.parametrize("name", ENCODED)
def test_recognises_what_an_encoder_wrote(encoded: Path, name: str) -> None:
    options, *expected = ENCODED[name]
    data = encode(encoded, name, options)
    assert sniff(data[:HEAD]) == sniff(data) == Sniffed(*expected)  # type: ignore[arg-type]
    assert not looks_like_text_error(data[:HEAD])


def test_a_file_is_not_called_sound_before_all_its_tracks_are_seen(encoded: Path) -> None:
    data = encode(encoded, "sound-only.mp4", ENCODED["sound-only.mp4"][0])
    behind_index = data.index(b"mdat") - 4
    while data[behind_index - 4 : behind_index] == b"free":
        behind_index -= 8
    assert sniff(data[:behind_index]) == Sniffed("audio/mp4", "m4a", "audio")
    assert sniff(data[: behind_index - 1]) == Sniffed("video/mp4", "mp4", "video")


@pytest.mark.parametrize("name", [name for name in MANIFEST if name != "audio.pcm"])
def test_recognises_the_assets_of_the_mock_by_few_bytes(name: str) -> None:
    data = (ASSETS / name).read_bytes()
    found = sniff(data)
    assert found == sniff(data[:HEAD]) == sniff(data[:64])
    assert found is not None
    assert (found.content_type, found.extension) == (MANIFEST[name]["content_type"], name.rpartition(".")[2])


@pytest.mark.parametrize(("head", "content_type"), HAND_MADE.values(), ids=HAND_MADE)
def test_recognises_headers(head: bytes, content_type: str) -> None:
    found = sniff(head)
    assert found is not None
    assert found.content_type == content_type
    assert not looks_like_text_error(head)


@pytest.mark.parametrize("head", SVG.values(), ids=SVG)
def test_svg_is_an_image_and_no_error(head: bytes) -> None:
    assert sniff(head) == Sniffed("image/svg+xml", "svg", "image")
    assert not looks_like_text_error(head)


@pytest.mark.parametrize("head", [*UNKNOWN.values(), *TEXTS.values()], ids=[*UNKNOWN, *TEXTS])
def test_takes_nothing_else_for_media(head: bytes) -> None:
    assert sniff(head) is None


@pytest.mark.parametrize("head", TEXTS.values(), ids=TEXTS)
def test_a_text_in_place_of_media_is_an_error(head: bytes) -> None:
    assert looks_like_text_error(head)


@pytest.mark.parametrize("name", ["page", "page in an old encoding", "json object", "sentence", "other letters"])
@pytest.mark.parametrize("cut", [HEAD, HEAD - 1, HEAD - 2])
def test_the_head_of_a_long_text_is_an_error(name: str, cut: int) -> None:
    head = (TEXTS[name] * 2_000)[:cut]
    assert len(head) == cut
    assert looks_like_text_error(head)


@pytest.mark.parametrize("head", RAW.values(), ids=RAW)
def test_raw_samples_are_neither_known_nor_text(head: bytes) -> None:
    assert sniff(head) is None
    assert not looks_like_text_error(head)


def test_nothing_at_all_is_no_text() -> None:
    assert not looks_like_text_error(b"")


def test_the_raw_asset_is_neither_known_nor_text() -> None:
    head = (ASSETS / "audio.pcm").read_bytes()
    assert sniff(head) is None
    assert not looks_like_text_error(head)


BEGINNINGS = [head[:64] for head, _ in HAND_MADE.values()] + [head[:64] for head in (*SVG.values(), *TEXTS.values())]


@settings(deadline=None)
@given(st.binary(max_size=512))
def test_any_bytes_are_judged(head: bytes) -> None:
    found = sniff(head)
    assert found is None or found.kind in ("video", "image", "audio", "other")
    assert not (found and looks_like_text_error(head))


@settings(deadline=None)
@given(st.sampled_from(BEGINNINGS), st.integers(0, 64), st.binary(max_size=256))
def test_any_bytes_behind_a_known_beginning_are_judged(beginning: bytes, kept: int, rest: bytes) -> None:
    head = beginning[:kept] + rest
    assert not (sniff(head) and looks_like_text_error(head))


@settings(deadline=None)
@given(st.integers(1, 32_767), st.floats(2.5, 400), st.integers(8, 600))
def test_no_tone_is_taken_for_text(amplitude: int, period: float, count: int) -> None:
    assert not looks_like_text_error(sine_samples(amplitude, period, count))


@settings(deadline=None)
@given(st.text(st.characters(min_codepoint=32, max_codepoint=0xD7FF, exclude_categories=["Cc"]), min_size=16))
def test_every_text_of_some_variety_is_an_error_unless_it_is_media(text: str) -> None:
    head = text.encode()
    assert looks_like_text_error(head) == (len(set(head)) > 2 and sniff(head) is None)
