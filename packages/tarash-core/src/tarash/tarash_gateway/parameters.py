"""The account of parameters: applying a mapping yields the payload, and one outcome for each field the caller set."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any

from tarash.tarash_gateway.exceptions import ValidationError
from tarash.tarash_gateway.media import Media
from tarash.tarash_gateway.models import GenerationRequest, ParameterOutcome
from tarash.tarash_gateway.outcomes import in_one, is_used, is_used_in_part
from tarash.tarash_gateway.providers.field_mappers import LOCAL, Converted, Elsewhere, FieldMapper, FieldMapping, Omit
from tarash.tarash_gateway.secrets import shorten

DEEPEST = 100
"""An extra parameter may be nested so deeply."""

COUNT_FIELDS = ("number_of_videos", "n")
SPLIT_FIELD = "split_text"
WITHIN_LIMIT = "the text is within the limits that are known, and spoken in one piece"
_MISSING = object()
_UNSET: tuple[Any, ...] = (None, [], {})
# Without case and punctuation, so that no spelling slips through. Keys of other services (`openai_api_key`) are inputs
# that some models really take.
_RESERVED = frozenset(
    {
        *("authorization", "proxyauthorization", "headers", "bearer", "bearertoken", "accesstoken", "authtoken"),
        *("apikey", "xapikey", "xiapikey", "xgoogapikey", "xfalkey", "apikeyid", "apisecret", "credentials"),
        *("callback", "callbackurl", "callbackuri", "callbackurls", "notifyurl", "notifyhook", "notificationurl"),
    }
)
_WEBHOOK = re.compile(r"webhook|^xfal")


def is_reserved(name: str, reserved: frozenset[str]) -> bool:
    """True for a parameter that would set who pays or who is told: that is said in the configuration only."""
    plain = _plain(name)
    return plain in _RESERVED or bool(_WEBHOOK.search(plain)) or plain in {_plain(own) for own in reserved}


def _plain(name: str) -> str:
    return "".join(character for character in name.lower() if character.isalnum())


@dataclass
class Applied:
    """What a mapping made of a request. `warnings` are sentences for people.

    `in_part` names the fields that are used, but of which some members are not.
    """

    payload: dict[str, Any] = field(default_factory=dict)
    outcomes: list[ParameterOutcome] = field(default_factory=list)
    warnings: list[str] = field(default_factory=list)
    in_part: set[str] = field(default_factory=set)

    def named(self, name: str) -> list[ParameterOutcome]:
        return [outcome for outcome in self.outcomes if outcome.outcome == name]


def fields_set(request: GenerationRequest) -> dict[str, Any]:
    """The standard fields that the caller set to something."""
    return {
        name: getattr(request, name)
        for name in type(request).model_fields
        if name in request.model_fields_set and name != "extra_params" and getattr(request, name) not in (None, [], {})
    }


def count_asked(request: GenerationRequest) -> int:
    """How many outputs the caller asked for."""
    return next((count for name in COUNT_FIELDS if (count := getattr(request, name, None))), 1)


class _Account:
    """Applies one mapping to one request, and remembers what became of each field."""

    def __init__(self, request: GenerationRequest) -> None:
        self.request = request
        self.applied = Applied()
        self.by_field: dict[str, list[ParameterOutcome]] = {}
        self.images: list[Any] = list(getattr(request, "image_list", ()))
        self.images_taken: list[int] = []
        self.mapping: FieldMapping = {}

    def note(self, source: str, outcome: Any, parameter: str | None = None, **details: Any) -> None:
        self._note_at(source.partition(".")[0], outcome, parameter, source, **details)

    def _note_at(self, name: str, outcome: Any, parameter: str | None, source: str = "", **details: Any) -> None:
        if parameter and parameter.startswith(LOCAL):
            parameter = None
        self.by_field.setdefault(name, []).append(ParameterOutcome(source or name, outcome, parameter, **details))

    def apply(self, mapping: FieldMapping) -> None:
        self.mapping = mapping
        taken = self._share_images(mapping)
        for parameter, mapper in mapping.items():
            source, value = self._value(mapper, taken.get(parameter, _MISSING))
            if value is _MISSING:
                self._missing(parameter, mapper)
            else:
                self._fill(parameter, mapper, source, value)
                self._cover(mapper, source)
        self._account_for_members(mapping)

    def _cover(self, mapper: FieldMapper, source: str) -> None:
        """What became of the other sources: they had a part in it, or no say at all."""
        notes = self.by_field.get(source.partition(".")[0])
        for other in mapper.sources:
            name = other.partition(".")[0]
            if not notes or other == source or name not in fields_set(self.request) or self._is_unset(other):
                continue
            if mapper.together:
                self.by_field.setdefault(name, []).append(replace(notes[-1], field=other))
            else:
                self.note(other, "ignored", reason=f"{source} decides this already")

    def _is_unset(self, source: str) -> bool:
        return read(self.request, source) in _UNSET

    def _value(self, mapper: FieldMapper, images: Any) -> tuple[str, Any]:
        if mapper.roles:
            return "image_list", images
        found = {source: value for source in mapper.sources if (value := read(self.request, source)) not in _UNSET}
        if mapper.together and found:
            return next(iter(found)), found
        return next(iter(found.items()), ("", _MISSING))

    def _share_images(self, mapping: FieldMapping) -> dict[str, Any]:
        """Give each image to one parameter: first where its role is wanted most."""
        mappers = {name: mapper for name, mapper in mapping.items() if mapper.roles}
        taken: dict[str, list[int]] = {}
        for preference in range(max((len(mapper.roles) for mapper in mappers.values()), default=0)):
            for name, mapper in mappers.items():
                if preference < len(mapper.roles):
                    self._take(taken, name, mapper, mapper.roles[preference])
        # Prompts speak of "the first image": whatever their roles, several images stay in the caller's order.
        shared = {name: [self.images[index]["image"] for index in sorted(numbers)] for name, numbers in taken.items()}
        return {name: images if mappers[name].many else images[0] for name, images in shared.items()}

    def _take(self, taken: dict[str, list[int]], name: str, mapper: FieldMapper, role: str) -> None:
        for index, image in enumerate(self.images):
            if image["type"] != role or index in self.images_taken or (name in taken and not mapper.many):
                continue
            self.images_taken.append(index)
            taken.setdefault(name, []).append(index)

    def _missing(self, parameter: str, mapper: FieldMapper) -> None:
        if mapper.constant is not None:
            put(self.applied.payload, parameter, mapper.constant)
        elif mapper.required and parameter.partition(".")[0] not in self.request.extra_params:
            self._complain(mapper, parameter, _wanted(parameter, mapper), None)

    def _fill(self, parameter: str, mapper: FieldMapper, source: str, given: Any) -> None:
        try:
            converted = mapper.convert(given) if mapper.convert else given
        except Elsewhere:
            return None
        except Omit as reason:
            return self.note(source, "ignored", parameter, reason=str(reason))
        except (ValueError, TypeError, KeyError) as error:
            return self.note(source, "refused", parameter, given=_shown(given), reason=str(error))
        change = converted if isinstance(converted, Converted) else None
        value = self._as_allowed(mapper, change.value if change else converted)
        problem = judge(mapper, value)
        if problem and mapper.strict:
            return self.note(source, "refused", parameter, given=_shown(given), reason=problem)
        if problem:
            self.applied.warnings.append(f"{source}: {problem}; it is sent all the same, because this list may be old")
        put(self.applied.payload, parameter, value)
        self._note_sent(parameter, source, given, value, change)
        return None

    @staticmethod
    def _as_allowed(mapper: FieldMapper, value: Any) -> Any:
        """The vendor's own spelling of a value that differs only in case."""
        if mapper.allowed is None or value in mapper.allowed or not isinstance(value, str):
            return value
        return next((one for one in mapper.allowed if str(one).lower() == value.lower()), value)

    def _note_sent(self, parameter: str, source: str, given: Any, value: Any, change: Converted | None) -> None:
        if change:
            outcome: Any = change.outcome
        elif source == "image_list" or value == given:
            outcome = "sent" if parameter == source else "renamed"
        else:
            outcome = "converted"
        reason = change.reason if change else None
        shown = {} if outcome in ("sent", "renamed") else {"given": _shown(given), "used": _shown(value)}
        self.note(source, outcome, parameter, reason=reason, **shown)

    def _complain(self, mapper: FieldMapper, parameter: str, problem: str, given: Any) -> None:
        if mapper.strict:
            source = mapper.sources[0] if mapper.sources else parameter
            self.note(source, "refused", parameter, given=_shown(given), reason=problem)
        else:
            self.applied.warnings.append(f"{problem} (as far as known here)")

    def finish(self, reserved: frozenset[str]) -> Applied:
        self._add_extra(reserved)
        for name in fields_set(self.request):
            if name == "image_list":
                self._account_for_images()
            elif name in COUNT_FIELDS and name not in self.by_field:
                self.note(name, "converted", reason="the model makes one at a time: as many submits as outputs")
            elif name == SPLIT_FIELD:
                self.note(name, "converted", reason=WITHIN_LIMIT)
            elif name not in self.by_field:
                self.note(name, "ignored", reason="the model has no such parameter")
        outcomes = [in_one(name, notes) for name, notes in self.by_field.items()]
        # A default that went along is nobody's wish; only what keeps a request from being sent is always told.
        asked = {*fields_set(self.request), *self.request.extra_params}
        self.applied.outcomes = [one for one in outcomes if one.field in asked or one.outcome == "refused"]
        self.applied.in_part = {name for name, notes in self.by_field.items() if is_used_in_part(name, notes)} & asked
        return self.applied

    def _account_for_members(self, mapping: FieldMapping) -> None:
        """Members of an object that no parameter took, where the object is not taken as a whole."""
        sources = {source for mapper in mapping.values() for source in mapper.sources}
        for name, value in fields_set(self.request).items():
            if isinstance(value, dict) and name not in sources:
                for member in value:
                    if f"{name}.{member}" not in sources:
                        self.note(f"{name}.{member}", "ignored", reason="the model has no such setting")

    def _account_for_images(self) -> None:
        roles = [image["type"] for index, image in enumerate(self.images) if index not in self.images_taken]
        if roles:
            reason = f"the model has no place for these images: {', '.join(roles)}"
            self.note("image_list", "ignored", reason=reason)

    def _add_extra(self, reserved: frozenset[str]) -> None:
        for name, value in self.request.extra_params.items():
            if is_reserved(name, reserved):
                reason = "it is reserved: keys and webhooks are set in the configuration"
                self._note_at(name, "refused", name, reason=reason)
                continue
            if not is_shallow(value):
                self._note_at(name, "refused", name, reason="it is nested too deeply")
                continue
            problem = self._problem_by_name(name, value)
            if problem:
                self._note_at(name, "refused", name, given=_shown(value), reason=problem)
                continue
            mapped = any(note.parameter == name for notes in self.by_field.values() for note in notes)
            self._override(name, value)
            self.applied.payload[name] = value if mapped else merged(self.applied.payload.get(name), value)
            self._note_at(name, "sent", name)

    def _problem_by_name(self, name: str, value: Any) -> str | None:
        """What a parameter that no field fills, and that only callers give by its name, has against a value."""
        mapper = self.mapping.get(name)
        if mapper is None or mapper.sources:
            return None
        problem = judge(mapper, value)
        if problem and not mapper.strict:
            self.applied.warnings.append(f"{name}: {problem}; it is sent all the same, because this list may be old")
            return None
        return problem

    def _override(self, name: str, value: Any) -> None:
        for source, notes in self.by_field.items():
            self.by_field[source] = [
                ParameterOutcome(note.field, "ignored", note.parameter, reason=f"extra_params sets {name!r} itself")
                if note.parameter and _decides(name, value, note.parameter)
                else note
                for note in notes
            ]


def is_shallow(value: Any, left: int = DEEPEST) -> bool:
    """False for values nested so deeply (or endlessly, in a circle) that nobody could read them."""
    if isinstance(value, dict):
        return left > 0 and all(is_shallow(item, left - 1) for item in value.values())
    if isinstance(value, list | tuple):
        return left > 0 and all(is_shallow(item, left - 1) for item in value)
    return True


def apply_mapping(mapping: FieldMapping, request: GenerationRequest, reserved: frozenset[str] = frozenset()) -> Applied:
    """Fill the vendor's parameters from `request`. Nothing is raised here: refusals are among the outcomes."""
    account = _Account(request)
    account.apply(mapping)
    return account.finish(reserved)


def without_field(
    name: str, mapping: FieldMapping, request: GenerationRequest
) -> tuple[FieldMapping, GenerationRequest]:
    """A mapping and a request as if there were no such field: what it says comes in another way."""
    others = {parameter: mapper for parameter, mapper in mapping.items() if name not in mapper.sources}
    return others, type(request).model_construct(request.model_fields_set - {name}, **dict(request))


def in_one_account(pieces: Sequence[Applied], notes: Mapping[str, Mapping[str, Any]]) -> Applied:
    """What became of a request that was divided: the first piece tells it, and the others' refusals are refusals.

    `notes` are laid over the outcomes of fields that were used.
    """
    first, *others = pieces
    outcomes = [
        replace(one, **notes[one.field]) if one.field in notes and is_used(one) else one for one in first.outcomes
    ]
    refused = [refusal for other in others for refusal in other.named("refused") if refusal not in outcomes]
    return replace(first, outcomes=[*outcomes, *refused])


def takes_count(mapping: FieldMapping) -> bool:
    """True when one submit can make several outputs."""
    return any(source in COUNT_FIELDS for mapper in mapping.values() for source in mapper.sources)


def enforce(applied: Applied, policy: str, where: str) -> list[str]:
    """Raise `ValidationError` for refused fields, and for ignored ones under "error"; else return what to warn of.

    A field of which a part is not used is as bad as an ignored one.
    """
    refused = applied.named("refused")
    in_part = [outcome for outcome in applied.outcomes if outcome.field in applied.in_part]
    if policy == "error":
        refused += applied.named("ignored") + in_part
    if refused:
        reasons = "; ".join(f"{outcome.field}: {outcome.reason}" for outcome in refused)
        raise ValidationError(f"{where} cannot take this request. {reasons}. Nothing was sent or paid.")
    ignored = [f"{outcome.field} is ignored: {outcome.reason}" for outcome in applied.named("ignored")]
    partly = [f"{outcome.field}: {outcome.reason}" for outcome in in_part]
    return [] if policy == "ignore" else [*ignored, *partly, *applied.warnings]


def read(request: Any, source: str) -> Any:
    """The value of a field, or of something inside it ("output_format.sample_rate")."""
    value = request
    for name in source.split("."):
        value = value.get(name) if isinstance(value, Mapping) else getattr(value, name, None)
    return value


def put(payload: dict[str, Any], parameter: str, value: Any) -> None:
    *path, last = parameter.split(".")
    for name in path:
        payload = payload.setdefault(name, {})
    payload[last] = value


def merged(old: Any, new: Any) -> Any:
    """`new` laid over `old`: objects are merged member by member, anything else is replaced."""
    if not (isinstance(old, dict) and isinstance(new, dict)):
        return new
    return {**old, **{name: merged(old.get(name), value) for name, value in new.items()}}


def _decides(name: str, value: Any, parameter: str) -> bool:
    """True when an extra parameter `name` says itself what the mapped `parameter` would say."""
    if isinstance(value, dict) and value and parameter != name:
        return any(_decides(f"{name}.{inner}", item, parameter) for inner, item in value.items())
    return parameter == name or parameter.startswith(f"{name}.")


def judge(mapper: FieldMapper, value: Any) -> str | None:
    """What is wrong with a vendor value, as a sentence; None when nothing is."""
    if mapper.allowed is not None and value not in mapper.allowed:
        return f"{shorten(value)!r} is not one of {', '.join(map(str, mapper.allowed))}"
    if mapper.longest is not None and isinstance(value, str):
        length = mapper.longest.count(value)
        if length > mapper.longest.most:
            return f"the text has {length} {mapper.longest.unit}, the model takes {mapper.longest.most}"
    size = len(value) if mapper.many and isinstance(value, list) else value
    if isinstance(size, int | float) and mapper.minimum is not None and size < mapper.minimum:
        return f"{size} is less than {mapper.minimum:g}"
    if isinstance(size, int | float) and mapper.maximum is not None and size > mapper.maximum:
        return f"{size} is more than {mapper.maximum:g}"
    return None


def _shown(value: Any) -> Any:
    """A value as it may stand in a response: short, and no media."""
    if isinstance(value, list | tuple):
        return [_shown(item) for item in value]
    return repr(value) if isinstance(value, Media) else shorten(value)


def _wanted(parameter: str, mapper: FieldMapper) -> str:
    if mapper.roles:
        return f"the model needs {parameter!r}: give an image in image_list with type {mapper.roles[0]!r}"
    return f"the model needs {parameter!r}: set {' or '.join(mapper.sources) or 'it in extra_params'}"
