"""The last touch on a body: inputs in the form that each parameter wants, in lists and with their positions."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any

from tarash.providers.runway.catalogue import Row
from tarash.tarash_gateway.exceptions import ValidationError
from tarash.tarash_gateway.media import Media

TAGS = "reference_tags"
"""Names for the reference images, in their order, by which a prompt speaks of them (@name): an extra parameter."""

TYPES = {"referenceVideos": "video", "referenceAudio": "audio"}
LISTS = frozenset({"references", "referenceImages", *TYPES})
PLACES: Mapping[str, Mapping[str, Any]] = {
    "promptImage[last]": {"position": "last"},
    "references[first]": {"position": "first"},
    "references[last]": {"position": "last"},
    "keyframes[first]": {"at": 0.0},
    "keyframes[last]": {"at": 1.0},
}
_TAG = re.compile(r"[A-Za-z][A-Za-z0-9_]{2,15}\Z")


def dressed(payload: Mapping[str, Any], row: Row) -> dict[str, Any]:
    """The body without the model; `Media` values still stand for inputs. Raises `ValidationError` for bad tags."""
    body = {name: value for name, value in payload.items() if name not in PLACES and name != TAGS}
    types = {**TYPES, **row.get("typed", {}), **dict.fromkeys(row.get("untyped", ()))}
    for name in LISTS & body.keys():
        body[name] = _entries(body[name], types.get(name))
    for name, place in PLACES.items():
        if name in payload:
            target = name.partition("[")[0]
            body[target] = [*_entries(body.get(target, []), None, position="first"), {"uri": payload[name], **place}]
    if TAGS in payload:
        body["referenceImages"] = _tagged(body.get("referenceImages", []), payload[TAGS])
    return body


def _entries(value: Any, kind: str | None, position: str | None = None) -> list[Any]:
    """Inputs as entries of a list; what the caller wrote himself stays as it is."""
    further = {"type": kind} if kind else {}
    items = value if isinstance(value, list) else [value]
    at = {"position": position} if position and not isinstance(value, list) else {}
    return [{**further, "uri": item, **at} if isinstance(item, Media | str) else item for item in items]


def _tagged(images: Any, tags: Any) -> list[Any]:
    named = isinstance(tags, list) and all(isinstance(tag, str) and _TAG.match(tag) for tag in tags)
    if not named or not isinstance(images, list) or len(tags) != len(images):
        raise ValidationError(
            f"{TAGS} names each reference image: as many names as images ({len(images)}), each of 3 to 16 letters, "
            "digits and '_', beginning with a letter. Nothing was sent or paid."
        )
    return [{**image, "tag": tag} for image, tag in zip(images, tags, strict=True)]
