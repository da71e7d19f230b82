"""Masks: in tarash white marks the area to edit, at OpenAI a fully transparent pixel does.

Source: types of openai 3.52 (`mask` of image edits: PNG under 4 MB, of the same size as the first image).
"""

from __future__ import annotations

import importlib
import io
from typing import Any

from tarash.tarash_gateway.exceptions import ValidationError
from tarash.tarash_gateway.media import Media, from_bytes
from tarash.tarash_gateway.providers.field_mappers import Converted

WHITE_FROM = 128
"""Grey values from here on count as white: JPEG and soft brushes leave no pure white, and half is no edit."""

_NO_PILLOW = "converting a mask needs Pillow: pip install 'tarash-openai[masks]'"
_NOTHING_TO_EDIT = (
    "The mask has no white area, so there is nothing to edit: in tarash white marks the area to edit. For a mask in "
    "OpenAI's own form (transparent marks it) set provider_config={'mask_form': 'transparent'}. Nothing was paid."
)


def accept_mask(mask: Media) -> Converted:
    """A mask that will be converted before the submit. Raises ValueError when that could not be done here."""
    try:
        importlib.import_module("PIL.Image")
    except ImportError:
        raise ValueError(_NO_PILLOW) from None
    return Converted(mask, reason="white marks the area to edit; it was made transparent, as OpenAI wants it")


def transparent_mask(mask: bytes, image: bytes) -> Media:
    """The mask as a PNG that is transparent where the given one is white, and opaque elsewhere.

    Transparent pixels of the given mask are not white, whatever colour hides below them. Raises `ValidationError` when
    it is no picture, has another size than the image, or marks nothing.
    """
    from PIL import Image

    grey = _grey(mask)
    size = _size(image)
    if grey.size != size:
        given, wanted = (f"{width}x{height}" for width, height in (grey.size, size))
        raise ValidationError(f"The mask has {given} pixels, the image {wanted}; they must be equal. Nothing was paid.")
    alpha = grey.point([255 if value < WHITE_FROM else 0 for value in range(256)])
    if alpha.getextrema() == (255, 255):
        raise ValidationError(_NOTHING_TO_EDIT)
    made = Image.new("RGBA", size)
    made.putalpha(alpha)
    file = io.BytesIO()
    made.save(file, "PNG")
    return from_bytes(file.getvalue(), "image/png")


def _grey(mask: bytes) -> Any:
    from PIL import Image

    picture = _opened(mask, "mask")
    black = Image.new("RGBA", picture.size, (0, 0, 0, 255))
    return Image.alpha_composite(black, picture).convert("L")


def _size(image: bytes) -> Any:
    return _opened(image, "image").size


def _opened(data: bytes, what: str) -> Any:
    from PIL import Image

    try:
        return Image.open(io.BytesIO(data)).convert("RGBA")
    except (OSError, ValueError, Image.DecompressionBombError):
        raise ValidationError(f"The {what} cannot be read as a picture. Nothing was paid.") from None
