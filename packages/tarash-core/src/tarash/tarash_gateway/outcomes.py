"""One outcome for each field of a request, from the notes that were taken while the vendor's parameters were filled.

A note is an outcome whose `field` is the source of the parameter: the field itself, or a member of it, such as
"voice_settings.speed".
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

from tarash.tarash_gateway.models import ParameterOutcome

_SEVERITY = ("sent", "renamed", "converted", "rounded", "ignored", "refused")
_UNUSED = ("ignored", "refused")

Notes = Sequence[ParameterOutcome]


def is_used(outcome: ParameterOutcome) -> bool:
    """True when something of the field was sent, or done in another way."""
    return outcome.outcome not in _UNUSED


def is_used_in_part(name: str, notes: Notes) -> bool:
    """True when some members of the field are used, others are not, and none is refused."""
    return all(_members(name, notes)) and _worst(notes).outcome != "refused"


def in_one(name: str, notes: Notes) -> ParameterOutcome:
    """The outcome of a field that went to several places: the one that people must know of most.

    Of members that went their own ways the reason names each that is ignored, and those that are used.
    """
    worst = _worst(notes)
    parameters = ", ".join(sorted({note.parameter for note in notes if note.parameter and note.outcome != "ignored"}))
    outcome = replace(worst, field=name, parameter=parameters or worst.parameter)
    used, ignored = _members(name, notes)
    if worst.outcome != "ignored" or not ignored:
        return outcome
    lost = [f"{note.field}: {note.reason}" for note in ignored]
    return _without_some(outcome, used, lost) if used else replace(outcome, reason="; ".join(lost))


def _members(name: str, notes: Notes) -> tuple[Notes, Notes]:
    """The notes about members of the field, by their own names: of the used ones, and of the ignored ones."""
    members = [replace(note, field=note.field.removeprefix(f"{name}.")) for note in notes if note.field != name]
    return [note for note in members if is_used(note)], [note for note in members if note.outcome == "ignored"]


def _without_some(outcome: ParameterOutcome, used: Notes, lost: Sequence[str]) -> ParameterOutcome:
    worst = _worst(used)
    names = list(dict.fromkeys(note.field for note in used))
    kept = f"only {' and '.join(names)} {'is' if len(names) == 1 else 'are'} used"
    changes = dict.fromkeys(note.reason for note in used if note.reason)
    reason = "; ".join([kept, *changes, *lost])
    changed = max(worst.outcome, "converted", key=_SEVERITY.index)
    return replace(outcome, outcome=changed, given=worst.given, used=worst.used, reason=reason)


def _worst(notes: Notes) -> ParameterOutcome:
    return max(notes, key=lambda note: _SEVERITY.index(note.outcome))
