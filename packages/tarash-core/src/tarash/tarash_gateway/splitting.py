"""Cutting a long text into pieces that a vendor takes: at the ends of sentences, else of clauses, else of words."""

from __future__ import annotations

import re
import unicodedata
from bisect import bisect_right
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from itertools import takewhile
from typing import Any

from tarash.tarash_gateway.exceptions import ValidationError
from tarash.tarash_gateway.joining import JOINABLE
from tarash.tarash_gateway.parameters import SPLIT_FIELD, count_asked, takes_count
from tarash.tarash_gateway.providers.field_mappers import FieldMapping, TextLimit

_CLOSING = r"[\"'”’»›)\]」』】）》〉]*"
# Full stops that end a sentence whatever follows: CJK, danda, Urdu, Burmese, Khmer, Ethiopic, Tibetan, Armenian.
_STOPS = "。！？｡．।॥۔؟။។།።։"
_DOTS = ".!?…"
_LEVELS = (
    # A dot before a small letter is an abbreviation. The group is that letter; a blank line ends a heading, too.
    re.compile(rf"[{_STOPS}]+{_CLOSING}|(?<![{_DOTS}])[{_DOTS}]+{_CLOSING}(?=\s+(\S))|\S(?=\s*\n\s*\n)"),
    re.compile(rf"[，、；：،؛]{_CLOSING}|[,;:–—]{_CLOSING}(?=\s)"),
    re.compile(r"\S(?=\s)"),
)
"""What ends a sentence, a clause and a word."""

_JOINERS = "\u200d\u200c"
_FLAGS = range(0x1F1E6, 0x1F200)
_SKIN_TONES = range(0x1F3FB, 0x1F400)
_INNER_JAMO = range(0x1160, 0x1200)
_VIRAMA = 9


def split_text(text: str, most: int, count: Callable[[str], int] = len) -> list[str]:
    """`text` in as few pieces as fit `most`, as `count` measures them (at least one for each character).

    The cuts lie at the ends of sentences; within a sentence that is too long by itself at the ends of clauses, then of
    words, and only within a word that is too long by itself, never before a combining mark. Only the blanks at the
    cuts are lost. A text without anything but blanks has no pieces.
    """
    pieces, start = [], 0
    text = text.strip()
    while start < len(text):
        stop = _reach(text, start, most, count)
        cut = len(text) if stop == len(text) else _last_end(text, start, stop)
        pieces.append(text[start:cut].rstrip())
        start = cut
        while start < len(text) and text[start].isspace():
            start += 1
    return pieces


def _reach(text: str, start: int, most: int, count: Callable[[str], int]) -> int:
    """Where the longest piece that fits would end; at least one character belongs to it."""
    furthest = min(len(text), start + most)
    lengths = range(start + 1, furthest + 1)
    return start + max(1, bisect_right(lengths, most, key=lambda end: count(text[start:end])))


def _last_end(text: str, start: int, stop: int) -> int:
    """Where to cut: behind the last sentence before `stop`, else the last clause, else the last word."""
    seen = next(at for at in range(stop, len(text)) if not text[at].isspace()) + 1
    for level in _LEVELS:
        ends = [match.end() for match in level.finditer(text, start, seen) if not _goes_on(text, start, match)]
        position = bisect_right(ends, stop)
        if position:
            return ends[position - 1]
    return _whole_characters(text, start, stop)


def _goes_on(text: str, start: int, match: re.Match[str]) -> bool:
    """Whether this is no end: of an abbreviation, which a small letter follows, or in the middle of a character."""
    end = match.end()
    abbreviated = match.lastindex is not None and match[1].islower()
    return abbreviated or (end < len(text) and _is_inside(text, start, end))


def _whole_characters(text: str, start: int, stop: int) -> int:
    """The last place up to `stop` where no character that people see is torn; `stop` itself when there is none."""
    cut = stop
    while cut > start and _is_inside(text, start, cut):
        cut -= 1
    return cut if cut > start else stop


def _is_inside(text: str, start: int, cut: int) -> bool:
    """Whether what stands before and behind `cut` is one character to its readers."""
    before, behind = text[cut - 1], text[cut]
    if unicodedata.category(behind).startswith("M") or behind in _JOINERS or before in _JOINERS:
        return True
    if ord(behind) in _SKIN_TONES or ord(behind) in _INNER_JAMO or unicodedata.combining(before) == _VIRAMA:
        return True
    flags = sum(1 for _ in takewhile(lambda at: ord(text[at]) in _FLAGS, range(cut - 1, start - 1, -1)))
    return ord(behind) in _FLAGS and flags % 2 == 1


def text_limit(request: Any, mapping: FieldMapping) -> TextLimit | None:
    """How much of the request's text the model takes, as far as that is known here."""
    for parameter, mapper in mapping.items():
        if mapper.longest is not None and "text" in mapper.sources:
            # Whoever gives the vendor's own parameter says all of the text there.
            return None if parameter.partition(".")[0] in request.extra_params else mapper.longest
    return None


@dataclass(frozen=True)
class Division:
    """The requests that are bought, one by one, for one request of the caller's.

    `notes` are what the account is to tell besides, by field. `is_text`: each speaks a piece of the text.
    """

    requests: Sequence[Any]
    notes: Mapping[str, Mapping[str, Any]] = field(default_factory=dict)
    is_text: bool = False


def divide(request: Any, mapping: FieldMapping) -> Division:
    """With `split_text` a request for each piece of a text that is too long; else one for each output, if need be.

    Raises `ValidationError` where the sound that is wanted cannot be joined.
    """
    limit = text_limit(request, mapping) if getattr(request, "split_text", False) else None
    if limit is None or limit.count(request.text) <= limit.most:
        return _apart(request, 1 if takes_count(mapping) else count_asked(request))
    wanted = request.output_format.format
    if wanted not in JOINABLE:
        raise ValidationError(
            f"The text is too long for one request ({limit.most} {limit.unit}), and pieces of {wanted} cannot be "
            f"joined. Ask for one of {', '.join(JOINABLE)}. Nothing was sent or paid."
        )
    pieces = split_text(request.text, limit.most, limit.count)
    if len(pieces) < 2:
        return Division([request])
    reason = f"spoken in {len(pieces)} pieces, each by a paid request"
    note = {SPLIT_FIELD: {"given": True, "used": len(pieces), "reason": reason}}
    return Division([request.model_copy(update={"text": piece}) for piece in pieces], note, is_text=True)


def _apart(request: Any, count: int) -> Division:
    """The same request so many times. A seed counts up, or all outputs would be the same, and each is paid for."""
    seed = getattr(request, "seed", None)
    if count == 1 or seed is None or seed < 0:
        return Division([request] * count)
    reason = f"each output has a seed of its own ({seed} to {seed + count - 1}), or they would all be the same"
    note = {"seed": {"outcome": "converted", "reason": reason}}
    return Division([request.model_copy(update={"seed": seed + index}) for index in range(count)], note)
