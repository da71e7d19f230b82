"""What a piece of media is, told by its first bytes.

Servers mislabel media, leave the label out, or send an error page under a media type; the bytes are the only witness.
Signatures after the formats' own specifications and the WHATWG "MIME Sniffing" standard.
"""

import re
from codecs import BOM_UTF8, BOM_UTF16_BE, BOM_UTF16_LE, getincrementaldecoder
from collections.abc import Callable

from tarash.tarash_gateway import _media_formats as formats
from tarash.tarash_gateway._audio.frames import LAYER_3, is_frame_start, read_adts_frame, read_mpeg_frame, skip_id3
from tarash.tarash_gateway._media_formats import Sniffed, content_type_for, extension_for

__all__ = ["Sniffed", "content_type_for", "extension_for", "looks_like_text_error", "sniff"]

# Beginnings that say everything.
_SIGNATURES = (
    (b"\xff\xd8\xff", formats.JPEG),
    (b"GIF87a", formats.GIF),
    (b"GIF89a", formats.GIF),
    (b"II*\0", formats.TIFF),
    (b"MM\0*", formats.TIFF),
    (b"II+\0\x08\0\0\0", formats.TIFF),
    (b"MM\0+\0\x08\0\0", formats.TIFF),
    (b"\0\0\0\x0cJXL \r\n\x87\n", formats.JPEG_XL),
    (b"v/1\x01", formats.EXR),
    (b"fLaC", formats.FLAC),
    (b"caff\0\x01", formats.CAF),
    (b"glTF\x01\0\0\0", formats.GLB),
    (b"glTF\x02\0\0\0", formats.GLB),
    (b"PK\x03\x04", formats.ZIP),
    (b"PK\x05\x06", formats.ZIP),
    (b"PK\x07\x08", formats.ZIP),
    (b"\x1f\x8b\x08", formats.GZIP),
    (b"%PDF-", formats.PDF),
    (b"\0\0\x01\xba", formats.MPEG_PS),
    (b"FLV\x01", formats.FLV),
)

# Containers of the IFF family: the four bytes at 0 and at 8.
_IFF = {
    (b"RIFF", b"WAVE"): formats.WAV,
    (b"RIFX", b"WAVE"): formats.WAV,
    (b"RF64", b"WAVE"): formats.WAV,
    (b"BW64", b"WAVE"): formats.WAV,
    (b"RIFF", b"AVI "): formats.AVI,
    (b"RIFF", b"WEBP"): formats.WEBP,
    (b"FORM", b"AIFF"): formats.AIFF,
    (b"FORM", b"AIFC"): formats.AIFF,
}

# Brands of ISO base media files that say more than "MP4" (registry: mp4ra.org).
_BRANDS = {
    b"qt  ": formats.QUICKTIME,
    b"M4A ": formats.M4A,
    b"M4B ": formats.M4A,
    b"M4P ": formats.M4A,
    b"F4A ": formats.M4A,
    b"avif": formats.AVIF,
    b"avis": formats.AVIF,
    b"heic": formats.HEIC,
    b"heix": formats.HEIC,
    b"heim": formats.HEIC,
    b"heis": formats.HEIC,
    b"hevc": formats.HEIC,
    b"hevx": formats.HEIC,
    b"mif1": formats.HEIF,
    b"msf1": formats.HEIF,
}
# The oldest QuickTime files have no brand at all and begin with one of these boxes.
_UNBRANDED_BOXES = frozenset({b"moov", b"mdat", b"wide", b"free", b"skip", b"pnot"})

# What stands in the first packets of an Ogg file. A film is named before the sound that goes with it.
_OGG_CODECS = (
    (b"\x80theora", formats.OGG_VIDEO),
    (b"OpusHead", formats.OPUS),
    (b"\x01vorbis", formats.OGG),
    (b"\x7fFLAC", formats.OGG),
    (b"Speex   ", formats.OGG),
)

_BITMAP_HEADER_SIZES = frozenset({12, 16, 40, 52, 56, 64, 108, 124})
_TRANSPORT_PACKET = 188

# Prolog, comments and document type may stand before the root. The groups are atomic, so hostile input cannot make the
# search go back and try again.
_SVG_ROOT = re.compile(
    rb"(?:\xef\xbb\xbf)?"
    rb"(?>\s+|<\?.*?\?>|<!--.*?-->|<!DOCTYPE\s+(?:svg:)?svg(?>[^>\[]*)(?>\[.*?\]\s*)?>)*+"
    rb"<(?:svg:)?svg[\s>/]",
    re.DOTALL | re.IGNORECASE,
)
# Pages in any encoding, as far as their first tag leaves no doubt.
_MARKUP = re.compile(rb"\s*<(?:!doctype|\?xml|!--|html|head|body|title|error|center|script|soap:)", re.IGNORECASE)
_WEBM_TRACK = re.compile(rb"\x86[\x80-\xc0]([AV])_[A-Z]")
_NOT_IN_TEXT = bytes(set(range(32)) - set(b"\t\n\f\r\x1b")) + b"\x7f"


def sniff(head: bytes) -> Sniffed | None:
    """Recognise media by its first bytes; None for what is unknown or does not say, such as raw PCM. Never raises.

    `head` may be anything from empty to a whole file; 64 kB are enough to tell sound from film in every container, and
    32 bytes for nearly all else.
    """
    for signature, known in _SIGNATURES:
        if head.startswith(signature):
            return known
    return next((found for recognise in _RECOGNISERS if (found := recognise(head))), None)


def _sniff_png(head: bytes) -> Sniffed | None:
    if not head.startswith(b"\x89PNG\r\n\x1a\n"):
        return None
    # An animation announces itself before the image data.
    return formats.APNG if b"acTL" in head.partition(b"IDAT")[0] else formats.PNG


def _sniff_iff(head: bytes) -> Sniffed | None:
    return _IFF.get((head[:4], head[8:12]))


def _sniff_iso_media(head: bytes) -> Sniffed | None:
    size, box = int.from_bytes(head[:4], "big"), head[4:8]
    if box in (b"ftyp", b"styp"):
        return _sniff_brands(head, [head[8:12], *_compatible_brands(head, size)])
    # Text could read "…free" too, but its first letters would make a box of gigabytes.
    return formats.QUICKTIME if box in _UNBRANDED_BOXES and 0 < size < 1 << 27 else None


def _compatible_brands(head: bytes, size: int) -> list[bytes]:
    return [head[position : position + 4] for position in range(16, min(size, len(head), 1_024), 4)]


def _sniff_brands(head: bytes, brands: list[bytes]) -> Sniffed:
    major = brands[0]
    if major.startswith((b"3gp", b"3gr", b"3gs", b"3ge", b"3gg")):
        return formats.THREE_GP
    if major.startswith(b"3g2"):
        return formats.THREE_G2
    found = _BRANDS.get(major)
    if found is formats.HEIF:
        # Only "some still image": the codec stands among the compatible brands.
        codecs = (_BRANDS.get(brand) for brand in brands)
        return next((codec for codec in codecs if codec in (formats.AVIF, formats.HEIC)), None) or formats.HEIF
    return found or (formats.M4A if _has_only_sound(head) else formats.MP4)


def _has_only_sound(head: bytes) -> bool:
    """Whether the track list lies within reach and names sound but no picture."""
    _, marker, movie = head.partition(b"moov")
    size = int.from_bytes(head[: -len(movie) - len(marker)][-4:], "big")
    if not marker or size > len(movie) + 8:
        return False
    handlers = {movie[found.end() + 8 : found.end() + 12] for found in re.finditer(b"hdlr", movie)}
    return b"soun" in handlers and b"vide" not in handlers


def _sniff_matroska(head: bytes) -> Sniffed | None:
    if not head.startswith(b"\x1a\x45\xdf\xa3"):
        return None
    tracks = {found[1] for found in _WEBM_TRACK.finditer(head)}
    only_sound = tracks == {b"A"}
    if b"webm" in head[:64]:
        return formats.WEBM_AUDIO if only_sound else formats.WEBM
    return formats.MATROSKA_AUDIO if only_sound else formats.MATROSKA


def _sniff_ogg(head: bytes) -> Sniffed | None:
    if not head.startswith(b"OggS\0"):
        return None
    beginning = head[:1_024]
    return next((found for codec, found in _OGG_CODECS if codec in beginning), formats.OGG_OTHER)


def _sniff_bitmap(head: bytes) -> Sniffed | None:
    header_size = int.from_bytes(head[14:18], "little")
    return formats.BMP if head.startswith(b"BM") and header_size in _BITMAP_HEADER_SIZES else None


def _sniff_id3(head: bytes) -> Sniffed | None:
    # Versions in use, and a size of four times seven bits: a text may begin with "ID3", too.
    if not head.startswith((b"ID3\x02", b"ID3\x03", b"ID3\x04")) or len(head) < 10 or max(head[6:10]) > 0x7F:
        return None
    behind = skip_id3(head)
    if head.startswith(b"fLaC", behind):
        return formats.FLAC
    return _sniff_frames(head[behind:]) or formats.MP3


def _sniff_frames(head: bytes) -> Sniffed | None:
    """MP3 and AAC without a container."""
    if is_frame_start(head, 0, read_mpeg_frame):
        return formats.MP3 if head[1] >> 1 & 3 == LAYER_3 else formats.MP2
    return formats.AAC if is_frame_start(head, 0, read_adts_frame) else None


def _sniff_transport_stream(head: bytes) -> Sniffed | None:
    # Blu-ray packets have four bytes of time code in front.
    for packet, offset in ((_TRANSPORT_PACKET, 0), (_TRANSPORT_PACKET + 4, 4)):
        if head[offset : 3 * packet : packet] == b"GGG":
            return formats.MPEG_TS
    return None


def _sniff_svg(head: bytes) -> Sniffed | None:
    return formats.SVG if _SVG_ROOT.match(head) else None


_RECOGNISERS: tuple[Callable[[bytes], Sniffed | None], ...] = (
    _sniff_png,
    _sniff_iff,
    _sniff_iso_media,
    _sniff_matroska,
    _sniff_ogg,
    _sniff_bitmap,
    _sniff_id3,
    _sniff_frames,
    _sniff_transport_stream,
    _sniff_svg,
)


def looks_like_text_error(head: bytes) -> bool:
    """Whether these bytes, received where media was expected, are a text: an error page, JSON, XML, a plain sentence.

    False for everything that `sniff` recognises (SVG is text, but media), for raw samples and for nothing at all. Meant
    for video, images and sound: media that is text by nature, such as subtitles, would be taken for an error.
    """
    if not head or sniff(head):
        return False
    if head.startswith((BOM_UTF16_LE, BOM_UTF16_BE)):
        return _is_wide_markup(head)
    plain = head.removeprefix(BOM_UTF8)
    if _MARKUP.match(plain):
        return True
    return _is_text(plain) and _is_varied(plain)


def _is_wide_markup(head: bytes) -> bool:
    # Samples may begin like a byte order mark, so only what a document begins with counts.
    text = head[2:34].decode("utf-16-le" if head.startswith(BOM_UTF16_LE) else "utf-16-be", "replace")
    return text.isascii() and text.lstrip().startswith(("<", "{", "["))


def _is_text(head: bytes) -> bool:
    if head.translate(None, _NOT_IN_TEXT) != head:
        return False
    try:
        # Incremental, because the head may end in the middle of a letter.
        getincrementaldecoder("utf-8")().decode(head)
    except UnicodeDecodeError:
        return False
    return True


def _is_varied(head: bytes) -> bool:
    """Not one or two byte values over and over, as a constant level of samples has them."""
    return len(head) < 16 or len(set(head)) > 2
