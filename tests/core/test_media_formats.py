"""Content types and file extensions lead to each other, in all the spellings that servers and users have."""

import json
from importlib.resources import files
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tarash.tarash_gateway.sniffing import content_type_for, extension_for

ASSETS = Path(str(files("tarash.tarash_gateway") / "assets"))
MANIFEST = json.loads((ASSETS / "manifest.json").read_text())

CONTENT_TYPES = {
    "video/mp4": "mp4",
    "video/webm": "webm",
    "video/quicktime": "mov",
    "video/x-matroska": "mkv",
    "video/mp2t": "ts",
    "image/png": "png",
    "image/jpeg": "jpg",
    "image/jpg": "jpg",
    "image/webp": "webp",
    "image/gif": "gif",
    "image/avif": "avif",
    "image/svg+xml": "svg",
    "image/svg+xml; charset=utf-8": "svg",
    "IMAGE/PNG": "png",
    "audio/mpeg": "mp3",
    "audio/mp3": "mp3",
    "audio/mpeg; charset=binary": "mp3",
    "audio/wav": "wav",
    "audio/x-wav": "wav",
    "audio/wave": "wav",
    "audio/vnd.wave": "wav",
    "audio/flac": "flac",
    "audio/ogg": "ogg",
    "audio/ogg; codecs=opus": "opus",
    'audio/ogg;codecs="opus"': "opus",
    "audio/opus": "opus",
    "audio/aac": "aac",
    "audio/mp4": "m4a",
    "audio/x-m4a": "m4a",
    "audio/pcm": "pcm",
    "audio/L16;codec=pcm;rate=24000": "pcm",
    "audio/webm;codecs=opus": "weba",
    "audio/basic": "ulaw",
    "model/gltf-binary": "glb",
    "application/zip": "zip",
    "application/json": "json",
    "text/html; charset=utf-8": "html",
    "text/css": "css",
    "application/octet-stream": None,
    "binary/octet-stream": None,
    "made/up": None,
    "": None,
    ";": None,
    "mp4": None,
}

EXTENSIONS = {
    "mp4": "video/mp4",
    ".mp4": "video/mp4",
    ".MP4": "video/mp4",
    "m4v": "video/mp4",
    "mov": "video/quicktime",
    "mkv": "video/matroska",
    "jpg": "image/jpeg",
    "jpeg": "image/jpeg",
    "tif": "image/tiff",
    "heic": "image/heic",
    "mp3": "audio/mpeg",
    "wav": "audio/wav",
    "aif": "audio/aiff",
    "m4a": "audio/mp4",
    "opus": "audio/ogg",
    "oga": "audio/ogg",
    "pcm": "audio/pcm",
    "glb": "model/gltf-binary",
    "html": "text/html",
    "csv": "text/csv",
    "unheard-of": None,
    "": None,
    ".": None,
    "../etc/passwd": None,
}


@pytest.mark.parametrize(("content_type", "extension"), CONTENT_TYPES.items())
def test_extensions_of_content_types(content_type: str, extension: str | None) -> None:
    assert extension_for(content_type) == extension


@pytest.mark.parametrize(("extension", "content_type"), EXTENSIONS.items())
def test_content_types_of_extensions(extension: str, content_type: str | None) -> None:
    assert content_type_for(extension) == content_type


@pytest.mark.parametrize("name", MANIFEST)
def test_the_assets_of_the_mock_are_saved_under_an_extension_that_leads_back(name: str) -> None:
    extension = extension_for(MANIFEST[name]["content_type"])
    assert extension is not None
    assert content_type_for(extension) == MANIFEST[name]["content_type"]


@pytest.mark.parametrize("content_type", [name for name, extension in CONTENT_TYPES.items() if extension])
def test_every_name_of_a_format_leads_to_one_name(content_type: str) -> None:
    extension = extension_for(content_type)
    usual = content_type_for(extension or "")
    assert usual is not None
    assert content_type_for(extension_for(usual) or "") == usual


@settings(deadline=None)
@given(st.text(max_size=40))
def test_any_name_is_looked_up(name: str) -> None:
    assert extension_for(name) is None or not str(extension_for(name)).startswith(".")
    assert content_type_for(name) is None or "/" in str(content_type_for(name))
