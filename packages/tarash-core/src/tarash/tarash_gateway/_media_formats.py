"""The media formats that tarash knows by name, and the tables between content types and file extensions.

Types as registered with IANA, or the established ones where nothing is registered.
"""

import mimetypes
from dataclasses import dataclass
from functools import cache
from typing import Literal


@dataclass(frozen=True, slots=True)
class Sniffed:
    """A recognised format. The extension has no dot."""

    content_type: str
    extension: str
    kind: Literal["video", "image", "audio", "other"]


MP4 = Sniffed("video/mp4", "mp4", "video")
QUICKTIME = Sniffed("video/quicktime", "mov", "video")
THREE_GP = Sniffed("video/3gpp", "3gp", "video")
THREE_G2 = Sniffed("video/3gpp2", "3g2", "video")
WEBM = Sniffed("video/webm", "webm", "video")
MATROSKA = Sniffed("video/matroska", "mkv", "video")
AVI = Sniffed("video/x-msvideo", "avi", "video")
MPEG_TS = Sniffed("video/mp2t", "ts", "video")
MPEG_PS = Sniffed("video/mpeg", "mpg", "video")
FLV = Sniffed("video/x-flv", "flv", "video")
OGG_VIDEO = Sniffed("video/ogg", "ogv", "video")
PNG = Sniffed("image/png", "png", "image")
APNG = Sniffed("image/apng", "apng", "image")
JPEG = Sniffed("image/jpeg", "jpg", "image")
GIF = Sniffed("image/gif", "gif", "image")
WEBP = Sniffed("image/webp", "webp", "image")
AVIF = Sniffed("image/avif", "avif", "image")
HEIC = Sniffed("image/heic", "heic", "image")
HEIF = Sniffed("image/heif", "heif", "image")
BMP = Sniffed("image/bmp", "bmp", "image")
TIFF = Sniffed("image/tiff", "tiff", "image")
SVG = Sniffed("image/svg+xml", "svg", "image")
JPEG_XL = Sniffed("image/jxl", "jxl", "image")
EXR = Sniffed("image/x-exr", "exr", "image")
MP3 = Sniffed("audio/mpeg", "mp3", "audio")
MP2 = Sniffed("audio/mpeg", "mp2", "audio")
WAV = Sniffed("audio/wav", "wav", "audio")
FLAC = Sniffed("audio/flac", "flac", "audio")
OGG = Sniffed("audio/ogg", "ogg", "audio")
OPUS = Sniffed("audio/ogg", "opus", "audio")
AAC = Sniffed("audio/aac", "aac", "audio")
M4A = Sniffed("audio/mp4", "m4a", "audio")
AIFF = Sniffed("audio/aiff", "aiff", "audio")
WEBM_AUDIO = Sniffed("audio/webm", "weba", "audio")
MATROSKA_AUDIO = Sniffed("audio/matroska", "mka", "audio")
CAF = Sniffed("audio/x-caf", "caf", "audio")
GLB = Sniffed("model/gltf-binary", "glb", "other")
ZIP = Sniffed("application/zip", "zip", "other")
GZIP = Sniffed("application/gzip", "gz", "other")
PDF = Sniffed("application/pdf", "pdf", "other")
OGG_OTHER = Sniffed("application/ogg", "ogx", "other")

# Where one content type has several extensions, the one that stands first is the one to save under.
_FORMATS = (
    MP4, QUICKTIME, THREE_GP, THREE_G2, WEBM, MATROSKA, AVI, MPEG_TS, MPEG_PS, FLV, OGG_VIDEO,
    PNG, APNG, JPEG, GIF, WEBP, AVIF, HEIC, HEIF, BMP, TIFF, SVG, JPEG_XL, EXR,
    MP3, MP2, WAV, FLAC, OGG, OPUS, AAC, M4A, AIFF, WEBM_AUDIO, MATROSKA_AUDIO, CAF,
    GLB, ZIP, GZIP, PDF, OGG_OTHER,
)  # fmt: skip

# Names in use that differ from the formats' own.
_OTHER_CONTENT_TYPES = {
    "audio/mp3": "mp3",
    "audio/x-mp3": "mp3",
    "audio/mpeg3": "mp3",
    "audio/x-wav": "wav",
    "audio/wave": "wav",
    "audio/vnd.wave": "wav",
    "audio/x-pn-wav": "wav",
    "audio/x-flac": "flac",
    "audio/opus": "opus",
    "audio/ogg;codecs=opus": "opus",
    "audio/x-m4a": "m4a",
    "audio/m4a": "m4a",
    "audio/x-aac": "aac",
    "audio/aacp": "aac",
    "audio/x-aiff": "aiff",
    "audio/pcm": "pcm",
    "audio/x-pcm": "pcm",
    "audio/l16": "pcm",
    "audio/basic": "ulaw",
    "audio/pcmu": "ulaw",
    "audio/x-mulaw": "ulaw",
    "audio/mulaw": "ulaw",
    "audio/pcma": "alaw",
    "audio/x-alaw": "alaw",
    "audio/alaw": "alaw",
    "image/jpg": "jpg",
    "image/pjpeg": "jpg",
    "image/x-png": "png",
    "image/vnd.mozilla.apng": "apng",
    "image/x-ms-bmp": "bmp",
    "image/svg": "svg",
    "image/heic-sequence": "heic",
    "image/heif-sequence": "heif",
    "video/x-m4v": "mp4",
    "application/mp4": "mp4",
    "video/avi": "avi",
    "video/x-matroska": "mkv",
    "audio/x-matroska": "mka",
    "application/x-zip-compressed": "zip",
    "application/x-gzip": "gz",
}
_OTHER_EXTENSIONS = {
    "m4v": "video/mp4",
    "qt": "video/quicktime",
    "mpeg": "video/mpeg",
    "m2ts": "video/mp2t",
    "jpeg": "image/jpeg",
    "jpe": "image/jpeg",
    "tif": "image/tiff",
    "wave": "audio/wav",
    "m4b": "audio/mp4",
    "oga": "audio/ogg",
    "spx": "audio/ogg",
    "aif": "audio/aiff",
    "aifc": "audio/aiff",
    "pcm": "audio/pcm",
    "ulaw": "audio/pcmu",
    "alaw": "audio/pcma",
}
_SAYS_NOTHING = frozenset({"application/octet-stream", "binary/octet-stream"})

_EXTENSIONS = {entry.content_type: entry.extension for entry in reversed(_FORMATS)} | _OTHER_CONTENT_TYPES
_CONTENT_TYPES = {entry.extension: entry.content_type for entry in _FORMATS} | _OTHER_EXTENSIONS


def extension_for(content_type: str) -> str | None:
    """The usual file extension, without a dot; None for unknown types and for those that say nothing (octet-stream).

    Upper case and parameters do not matter, except that `audio/ogg; codecs=opus` is `opus`.
    """
    whole = content_type.lower().replace(" ", "").replace('"', "")
    essence = whole.partition(";")[0]
    if essence in _SAYS_NOTHING:
        return None
    found = _EXTENSIONS.get(whole) or _EXTENSIONS.get(essence) or _standard_types().guess_extension(essence)
    return found.removeprefix(".") if found else None


def content_type_for(extension: str) -> str | None:
    """The content type of files with this extension (with or without a dot, in any case), or None if unknown."""
    bare = extension.lower().removeprefix(".")
    return _CONTENT_TYPES.get(bare) or _standard_types().types_map[True].get("." + bare)


@cache
def _standard_types() -> mimetypes.MimeTypes:
    # Python's own table without the system's, so that the same file gets the same name on every machine.
    return mimetypes.MimeTypes()
