"""Lists of voices: pages of a vendor's answers, and tables of vendors whose voices are fixed."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from typing import Any

from tarash.tarash_gateway.exceptions import ProtocolError
from tarash.tarash_gateway.messages import Request, Step, as_object, text_at
from tarash.tarash_gateway.models import Voice

MOST_PAGES = 200
"""A list that goes on after so many pages has no end."""

Cursor = str | int
Page = Mapping[str, Any]


def paged_voices(
    ask: Callable[[Cursor | None], Request],
    read: Callable[[Page], Voice],
    voices_in: str,
    next_page: Callable[[Page], Cursor | None],
) -> Step[Sequence[Voice]]:
    """All voices of a list in pages: `ask` makes the request of a page (None: the first), `read` a voice of an item.

    `voices_in` names the items of a page, `next_page` what to ask next with; None ends the list.
    Raises `ProtocolError` for a page of another shape, and for a list without an end.
    """
    found: list[Voice] = []
    cursor: Cursor | None = None
    for _ in range(MOST_PAGES):
        answer = yield ask(cursor)
        page = answer.object()
        items = page.get(voices_in)
        if not isinstance(items, list):
            raise ProtocolError(f"The answer has no list of {voices_in!r}.")
        found += [read(as_object(item, "a voice")) for item in items]
        cursor = next_page(page)
        if cursor is None:
            return found
    raise ProtocolError(f"The list of voices did not end after {MOST_PAGES} pages.")


def voice_from(item: Page, *, identity: str = "id", languages: Iterable[Any] = (), **fields: Any) -> Voice:
    """A voice of a vendor's object. What is no text there counts as missing. Raises `ProtocolError` without an id."""
    known = dict.fromkeys(code for code in languages if isinstance(code, str) and code)
    told = {name: value for name, value in fields.items() if isinstance(value, str) and value}
    name = item.get("name")
    voice_id = text_at(item, identity)
    return Voice(
        id=voice_id,
        name=name if isinstance(name, str) and name else voice_id,
        languages=tuple(known),
        raw=dict(item),
        **told,
    )


def fixed_voices(names: Iterable[str], **fields: Any) -> Sequence[Voice]:
    """Voices that are called by their names."""
    return tuple(Voice(id=name, name=name, **fields) for name in names)
